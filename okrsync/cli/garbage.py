"""Decide how often Python looks for objects that only refer to each other."""

from __future__ import annotations

import gc
from typing import Final

# By itself it looks after each 700 new objects: 260 times in a sync, at objects that imports make and that stay, which took a
# sixth of the processor's time.
_ONE_COMMAND: Final = (200_000, 20, 20)
# What one company leaves behind is freed before the next ones need the memory: 30 MiB less for a hundred companies.
_MANY_COMPANIES: Final = (10_000, 20, 20)


def for_one_command() -> None:
    """Hardly ever: the process ends soon."""
    gc.set_threshold(*_ONE_COMMAND)


def for_many_companies() -> None:
    """Often enough for a process that goes on."""
    gc.set_threshold(*_MANY_COMPANIES)


def loaded_stays() -> None:
    """Leave alone for good what is loaded by now; only once, as nothing of it is ever freed."""
    if not gc.get_freeze_count():
        gc.freeze()
