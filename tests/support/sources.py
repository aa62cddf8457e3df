"""The product's own source files, parsed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def modules() -> Mapping[str, ast.Module]:
    """Every module of the product by its path from the project's folder."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for folder in ("okrsync", "connectors")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


def classes() -> dict[str, list[str]]:
    """Class name -> the modules that define it; emulators and the types of JSON output aside."""
    found: dict[str, list[str]] = {}
    for path, tree in modules().items():
        if path.startswith("connectors/okrsync_emulators/") or path == "okrsync/render/outputs.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(path)
    return found
