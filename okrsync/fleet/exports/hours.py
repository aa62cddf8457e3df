"""Find the hours of UTC in which a company can be due, for schedulers that know no other zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from okrsync.schedules import Schedule

MINUTE: Final = 7
"""The minute of the hour at which a job begins: at the full hour such systems are late."""

_YEAR: Final = timedelta(days=370)
_MOST: Final = 3000


def utc_hours(schedules: Iterable[Schedule], now: datetime) -> Sequence[int]:
    """The hours in which a job must begin to find each company due within the hour, all year long.

    Daylight saving is in it: a company that is due at 7:00 in Berlin needs 5 and 6 o'clock UTC, and in the one that is
    too early nobody is due. Each has the hour after it, too, in which a job that was dropped is made up for. Without a
    schedule there is none.
    """
    found: set[int] = set()
    for one in set(schedules):
        found |= _hours(one, now)
    return sorted(found | {(hour + 1) % 24 for hour in found})


def _hours(schedule: Schedule, now: datetime) -> set[int]:
    found: set[int] = set()
    moment = now
    for _ in range(_MOST):
        moment = schedule.after(moment)
        if moment > now + _YEAR or len(found) == 24:
            break
        found.add((moment + timedelta(minutes=59 - MINUTE)).hour)
    return found
