"""Compute the share of a cycle's way that should be done by a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from okrsync.periods import Cycle

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Linear:
    """An equal step each day: 0 on the first day of the cycle, all of it on the last."""


@dataclass(frozen=True, slots=True)
class Phased:
    """The share (0 to 1) that should be done by given days, straight lines between them.

    The cycle starts at 0 and its last day is 1, unless a point says otherwise.
    """

    points: tuple[tuple[date, Decimal], ...]

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("a phased pace needs at least one date with its share")
        for (day, share), (later, more) in zip(self.points, self.points[1:], strict=False):
            if later <= day or more < share:
                raise ValueError(
                    f"a phased pace must rise with time, but {later} {more} follows {day} {share}"
                )
        for day, share in self.points:
            if not _ZERO <= share <= _ONE:
                raise ValueError(f"the phased share of {day} is {share}; write a share from 0 to 1")


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """An equal step each Monday to Friday that is not a holiday; each day, if the cycle has no working day."""

    holidays: frozenset[date] = frozenset()


Pace = Linear | Phased | WorkingDays


def expected(cycle: Cycle, on: date, pace: Pace) -> Decimal:
    """The share of the way that should be done by ``on``, from 0 on the first day to 1 on the last.

    Raises ``ValueError`` for a phased pace with a date outside the cycle.
    """
    day = min(max(on, cycle.start), cycle.end)
    match pace:
        case Phased(points):
            return _phased(cycle, day, points)
        case WorkingDays(holidays) if total := _working(cycle.start, cycle.end, holidays):
            return Decimal(_working(cycle.start, day, holidays)) / total
        case _:
            days = (cycle.end - cycle.start).days
            return Decimal((day - cycle.start).days) / days if days else _ONE


def _phased(cycle: Cycle, day: date, points: tuple[tuple[date, Decimal], ...]) -> Decimal:
    for outside, _ in points:
        if not cycle.start <= outside <= cycle.end:
            raise ValueError(
                f"the phased pace names {outside}, but {cycle.name} is {cycle.start} to {cycle.end}"
            )
    curve = sorted(({cycle.start: _ZERO, cycle.end: _ONE} | dict(points)).items())
    before, done = next(point for point in reversed(curve) if point[0] <= day)
    after, due = next(point for point in curve if point[0] >= day)
    return done + (due - done) * (day - before).days / ((after - before).days or 1)


def _working(start: date, end: date, holidays: frozenset[date]) -> int:
    """Working days after ``start`` up to and with ``end``."""
    days = (start + timedelta(days=offset) for offset in range(1, (end - start).days + 1))
    return sum(day.weekday() < 5 and day not in holidays for day in days)
