"""Answer when a company is due: for ``--due``, the scheduler and the workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from okrsync import __version__
from okrsync.config import Company
from okrsync.errors import ConfigError
from okrsync.memory import StateEntry
from okrsync.periods import Phase
from okrsync.ports import Ledger
from okrsync.schedules import Schedule

STATE: Final = "@dues"
"""Under this name, which no company can have, the ledger keeps when companies are due. It is stored: it stays."""

UTC: Final = ZoneInfo("UTC")
NOTED: Final = 6
"""So many things are noted of a company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What decides when a company is due, and what ``okrsync status --all`` shows without reading its YAML again.

    ``digest`` is when its digest is due. ``cycle`` are the cycle's first and last day, and the last of its closing days.
    """

    company: str
    schedule: Schedule | None
    digest: Schedule | None = None
    zone: ZoneInfo = UTC
    cycle: tuple[date, date, date] | None = None

    def due(self, last: datetime | None, now: datetime) -> bool:
        """Whether one of its times has come since ``last``, when its last sync ended. Without any it is never due.

        A digest has its own times: a sync comes first, so that its numbers are fresh.
        """
        return any(one.due(last, now) for one in self.times)

    def after(self, moment: datetime) -> datetime | None:
        """Its first time after ``moment``, None without any."""
        return min((one.after(moment) for one in self.times), default=None)

    @property
    def times(self) -> list[Schedule]:
        return [one for one in (self.schedule, self.digest) if one is not None]

    def phase(self, now: datetime) -> Phase:
        """Where ``now`` lies with respect to the cycle."""
        if self.cycle is None:
            return Phase.RUNNING
        (start, end, closed), today = self.cycle, now.astimezone(self.zone).date()
        if today < start:
            return Phase.BEFORE
        if today <= end:
            return Phase.RUNNING
        return Phase.CLOSING if today <= closed else Phase.OVER

    def next(self, last: datetime | None, now: datetime) -> datetime | None:
        """When it is due next: ``now`` if it is, None if it never is."""
        return now if self.due(last, now) else self.after(now)


def timing(company: Company) -> Timing:
    cycle = company.cycle
    return Timing(
        company=company.id,
        schedule=company.schedule,
        digest=company.notify.digest if company.notify is not None else None,
        zone=company.zone,
        cycle=(cycle.start, cycle.end, cycle.last_day_of_closing),
    )


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
    lines = [one.line if one is not None else "" for one in (found.schedule, found.digest)]
    return json.dumps([digest, found.company, found.zone.key, *lines, [*map(str, found.cycle or ())]])


def _unpacked(note: str, digest: str) -> Timing | None:
    noted = json.loads(note) if note else []
    if len(noted) != NOTED or noted[0] != digest:  # an older okrsync noted less
        return None
    _, company, key, line, digest_line, days = noted
    zone = ZoneInfo(key)
    start, end, closed = map(date.fromisoformat, days)
    return Timing(
        company=company,
        schedule=Schedule(line=line, zone=zone) if line else None,
        digest=Schedule(line=digest_line, zone=zone) if digest_line else None,
        zone=zone,
        cycle=(start, end, closed),
    )


def file_version(path: Path) -> tuple[int, ...]:
    """Differs after every change of the file; empty if the file is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)
