"""Start an emulator as the product finds it: by its entry point."""

from __future__ import annotations

from typing import Any

from okrsync.plugins import emulator_of


def started(name: str) -> Any:
    """Whoever starts it closes its server."""
    factory = emulator_of(name)
    assert factory is not None
    return factory()
