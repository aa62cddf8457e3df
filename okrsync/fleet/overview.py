"""Say how every company is doing.

The ledger is asked with one statement, and a YAML is read again only if it has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from okrsync.errors import ConfigError, ExitCode
from okrsync.fleet.due import UTC, Timing
from okrsync.fleet.runs import SEVERITY
from okrsync.ledger.overview import Known
from okrsync.periods import Phase

EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
LATEST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyOverview:
    """One company. ``known`` is what the ledger has of it, ``due`` its next time, None without a schedule.

    ``error`` is why its YAML cannot be read: then only the name is known.
    """

    name: str
    company: str = ""
    known: Known | None = None
    zone: ZoneInfo = UTC
    phase: Phase | None = None
    due: datetime | None = None
    error: ConfigError | None = None

    @property
    def last_run(self) -> datetime | None:
        """When the last sync ended, well or not."""
        return self.known.sync_ended if self.known is not None else None

    @property
    def last_code(self) -> ExitCode | None:
        """How the last sync ended, None if none has; 2 if the YAML cannot be read."""
        if self.error is not None:
            return ExitCode.CONFIG
        code = self.known.sync_code if self.known is not None else None
        return ExitCode(code) if code is not None else None

    @property
    def held(self) -> int | None:
        return self.known.held if self.known is not None else None

    @property
    def code(self) -> ExitCode:
        """What it adds to the exit code of the whole: a company that never ran or is outside its cycle is not in sync."""
        code = self.last_code if self.last_code is not None else ExitCode.HELD
        return ExitCode.HELD if code is ExitCode.IN_SYNC and self.phase is not Phase.RUNNING else code


def overviews(
    names: Iterable[str], time_of: Callable[[str], Timing], known: Mapping[str, Known], now: datetime
) -> list[CompanyOverview]:
    """All companies in the order of ``names``; ``known`` is what the ledger has of each, by company."""
    return [_overview(name, time_of, known, now) for name in names]


def _overview(
    name: str, time_of: Callable[[str], Timing], known: Mapping[str, Known], now: datetime
) -> CompanyOverview:
    try:
        timing = time_of(name)
    except ConfigError as error:
        return CompanyOverview(name=name, error=error)
    found = known.get(timing.company)
    one = CompanyOverview(
        name=name, company=timing.company, known=found, zone=timing.zone, phase=timing.phase(now)
    )
    last = found.last_sync if found is not None else None
    return replace(one, due=timing.next(last, now))


SORTS: Final[Mapping[str, Callable[[CompanyOverview], object]]] = {
    "name": lambda one: one.name,
    "last": lambda one: one.last_run or EARLIEST,
    "code": lambda one: -SEVERITY.index(one.code),
    "held": lambda one: -(one.held or 0),
    "cycle": lambda one: -list(Phase).index(one.phase) if one.phase is not None else -len(Phase),
    "due": lambda one: one.due or LATEST,
}
"""By which column the table can be sorted, and how: what needs a person first."""


def ordered(found: Iterable[CompanyOverview], by: str) -> list[CompanyOverview]:
    """Sorted by one of ``SORTS``, and among equals by name."""
    key = SORTS[by]
    return sorted(sorted(found, key=lambda one: one.name), key=key)  # type: ignore[arg-type]  # each sorts by one type
