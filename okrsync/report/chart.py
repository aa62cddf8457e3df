"""Say what a chart shows: lines, levels and a forecast as points, days counted from the first one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from okrsync.forecast import Forecast
from okrsync.model import Unit
from okrsync.pace import Pace, expected
from okrsync.periods import Cycle
from okrsync.progress import AtLeast, AtMost, FromTo, Goal, Milestones, Within, YesNo
from okrsync.words import Words

PACE_POINTS: Final = 24
"""So many points are enough for the line of the expected pace, however crooked it is."""
_MARGIN: Final = Decimal("0.08")
_REACH: Final = 2
"""A forecast may widen the scale to so many times what values and goal need; what lies beyond is cut off."""

Dot = tuple[int, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A horizontal line. ``aim``: the target or a limit; else where the way began."""

    value: Decimal
    label: str
    aim: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cone:
    """A forecast: from the last value to what is to be expected at the end."""

    start: Dot
    end: Dot
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """``days`` is the last day of the axis, the first is 0; ``ticks`` are days with their labels.

    ``text`` says in one sentence what the picture shows. ``last`` labels the last value.
    """

    days: int
    ticks: tuple[tuple[int, str], ...]
    values: tuple[Dot, ...]
    levels: tuple[Level, ...]
    low: Decimal
    high: Decimal
    text: str
    last: str
    pace: tuple[Dot, ...] = ()
    check_ins: tuple[Dot, ...] = ()
    cone: Cone | None = None
    today: int | None = None


def levels(goal: Goal | None, unit: Unit, words: Words) -> tuple[Level, ...]:
    """The lines that a goal draws."""

    def level(value: Decimal, *, aim: bool = True) -> Level:
        return Level(value=value, label=words.short(value, unit), aim=aim)

    match goal:
        case FromTo(start, target):
            return level(start, aim=False), level(target)
        case AtMost(limit) | AtLeast(limit):
            return (level(limit),)
        case Within(low, high):
            return level(low), level(high)
        case Milestones(parts):
            return level(Decimal(0), aim=False), level(parts)
        case YesNo():
            return level(Decimal(0), aim=False), level(Decimal(1))
        case _:
            return ()


def pace_line(goal: Goal | None, cycle: Cycle, pace: Pace) -> tuple[Dot, ...]:
    """What the value should be on each day, for a goal that is a way to go."""
    match goal:
        case FromTo(start, target):
            begin, way = start, target - start
        case Milestones(parts):
            begin, way = Decimal(0), parts
        case _:
            return ()
    length = (cycle.end - cycle.start).days
    step = max(1, -(-length // PACE_POINTS))
    days = [*range(0, length, step), length]
    return tuple(
        (day, begin + way * expected(cycle, cycle.start + timedelta(days=day), pace)) for day in days
    )


def cone(values: Sequence[Dot], found: object, first: date, zone_day: date) -> Cone | None:
    """The forecast from the last value on; None if there is none."""
    if not isinstance(found, Forecast) or not values:
        return None
    return Cone(start=values[-1], end=((zone_day - first).days, found.value), low=found.low, high=found.high)


def scale(needed: Iterable[Decimal], ahead: Cone | None) -> tuple[Decimal, Decimal]:
    """The lowest and the highest number of the axis, with a margin; a wide forecast does not flatten the rest."""
    numbers = list(needed)
    low, high = min(numbers), max(numbers)
    if ahead is not None:
        room = (high - low or abs(high) or Decimal(1)) * (_REACH - 1)
        low = max(min(low, ahead.low, ahead.end[1]), low - room)
        high = min(max(high, ahead.high, ahead.end[1]), high + room)
    margin = (high - low) * _MARGIN or abs(high) * _MARGIN or Decimal(1)
    return low - margin, high + margin


def ticks(first: date, last: date, words: Words) -> tuple[tuple[int, str], ...]:
    """The beginnings of months, or of weeks if there are few months; at most eight."""
    months = list(_months(first, last))
    if len(months) >= 3:
        step = -(-len(months) // 8)
        return tuple(((day - first).days, words.month(day)) for day in months[::step])
    length = (last - first).days
    step = max(7, -(-length // 6))
    return tuple((day, words.short_day(first + timedelta(days=day))) for day in range(0, length + 1, step))


def _months(first: date, last: date) -> Iterator[date]:
    day = first if first.day == 1 else (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    while day <= last:
        yield day
        day = (day + timedelta(days=32)).replace(day=1)
