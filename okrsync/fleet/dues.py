"""Who is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from okrsync.config import Company
from okrsync.errors import ConfigError
from okrsync.schedules import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What of a company is needed to know when it is due."""

    company: str
    schedule: Schedule | None


def timing(company: Company) -> Timing:
    return Timing(company=company.id, schedule=company.schedule)


def due_names(
    names: Iterable[str], time_of: Callable[[str], Timing], last: Mapping[str, datetime], now: datetime
) -> list[str]:
    """Those of ``names`` whose schedule has come since their last sync (``last``, by company).

    Without a schedule nobody is due. Who cannot be read is: its run says why.
    """
    return [name for name in names if is_due(name, time_of, last.get, now)]


def is_due(
    name: str, time_of: Callable[[str], Timing], last_of: Callable[[str], datetime | None], now: datetime
) -> bool:
    """As ``due_names``, of one; ``last_of`` tells of a company when it was last synced."""
    try:
        found = time_of(name)
    except ConfigError:
        return True
    return found.schedule is not None and found.schedule.due(last_of(found.company), now)


def remembered(load: Callable[[str], Company], file: Callable[[str], Path]) -> Callable[[str], Timing]:
    """``timing`` of what ``load`` gives, read anew only where the YAML has changed: reading costs most of a look."""
    known: dict[str, tuple[tuple[int, ...], Timing]] = {}

    def time_of(name: str) -> Timing:
        look = look_of(file(name))
        if name not in known or known[name][0] != look:
            known[name] = (look, timing(load(name)))
        return known[name][1]

    return time_of


def look_of(path: Path) -> tuple[int, ...]:
    """What tells a file from itself after a change; empty where it is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)
