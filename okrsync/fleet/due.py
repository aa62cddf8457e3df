"""Answer when a company is due: for ``--due``, the scheduler and the workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from okrsync import __version__
from okrsync.config import Company
from okrsync.errors import ConfigError
from okrsync.model import StateEntry
from okrsync.ports import Ledger
from okrsync.schedules import Schedule

STATE: Final = "@dues"
"""Under this name, which no company can have, the ledger keeps when companies are due. It is stored: it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What decides when a company is due."""

    company: str
    schedule: Schedule | None

    def due(self, last: datetime | None, now: datetime) -> bool:
        """Whether its schedule has come since ``last``, when its last sync ended. Without a schedule it is never due."""
        return self.schedule is not None and self.schedule.due(last, now)


def timing(company: Company) -> Timing:
    return Timing(company=company.id, schedule=company.schedule)


def due_names(
    names: Iterable[str], time_of: Callable[[str], Timing], last: Mapping[str, datetime], now: datetime
) -> list[str]:
    """Those of ``names`` whose schedule has come since their last sync (``last``, by company).

    A company without a schedule is never due. One whose YAML cannot be read is: its run says why.
    """
    return [name for name in names if is_due(name, time_of, last.get, now)]


def is_due(
    name: str, time_of: Callable[[str], Timing], last_of: Callable[[str], datetime | None], now: datetime
) -> bool:
    """As ``due_names``, for one name; ``last_of`` gives when a company was last synced."""
    try:
        found = time_of(name)
    except ConfigError:
        return True
    return found.due(last_of(found.company), now)


def timings(
    load: Callable[[str], Company], file: Callable[[str], Path], ledger: Ledger
) -> Callable[[str], Timing]:
    """``timing`` by a company's name, which reads a YAML again only if it has changed: reading takes longest.

    The ledger's notes keep the answer with the digest of the file, so that no process reads what another has read.
    """
    notes = {key: value for (_, key), value in ledger.recall(STATE).state.items()}
    known: dict[str, tuple[tuple[int, ...], Timing]] = {}

    def time_of(name: str) -> Timing:
        path = file(name)
        version = file_version(path)
        if name not in known or known[name][0] != version:
            known[name] = (version, read(name, path))
        return known[name][1]

    def read(name: str, path: Path) -> Timing:
        key, digest = str(path.absolute()), _digest(path)
        noted = _unpacked(notes.get(key, ""), digest)
        if noted is not None:
            return noted
        found = timing(load(name))
        if digest and digest == _digest(path):  # else it changed meanwhile: which one was read?
            notes[key] = _packed(found, digest)
            ledger.record(STATE, StateEntry(connection=STATE, key=key, value=notes[key]))
        return found

    return time_of


def _digest(path: Path) -> str:
    """Of a YAML and this version of okrsync, which decides what it means; empty if the file cannot be read."""
    try:
        return hashlib.sha256(__version__.encode() + path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _packed(found: Timing, digest: str) -> str:
    line, zone = (found.schedule.line, found.schedule.zone.key) if found.schedule is not None else ("", "")
    return json.dumps([digest, found.company, zone, line])


def _unpacked(note: str, digest: str) -> Timing | None:
    if not note:
        return None
    noted, company, zone, line = json.loads(note)
    if noted != digest:
        return None
    return Timing(company=company, schedule=Schedule(line=line, zone=ZoneInfo(zone)) if line else None)


def file_version(path: Path) -> tuple[int, ...]:
    """Differs after every change of the file; empty if the file is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)
