"""DuckDB's engine, without the Python interface that builds queries from objects.

That takes two thirds of the time that DuckDB takes to load, and okrsync writes its queries itself.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

duckdb: Any
try:
    duckdb = import_module("_duckdb")
except ImportError:  # releases that keep the engine elsewhere
    duckdb = import_module("duckdb")

__all__ = ["duckdb"]
