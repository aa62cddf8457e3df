"""Forecast a number by a robust line through its values, and say how far to trust the forecast.

The line is Theil's and Sen's: its slope is the median of the slopes between every two points, so that a bad week or
two do not turn it. The range around the forecast adds two doubts: that of the slope, and the scatter of the points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from statistics import median
from typing import Final

from okrsync.progress import Goal, achieved

POINTS: Final = 5
"""Fewer points than this say nothing: their slopes' range would be all of them."""
SPAN: Final = Decimal("0.25")
"""The points must cover at least this share of the time that the forecast reaches beyond the last of them."""
RECENT: Final = 120
"""At most so many points count, the latest: every two of them are compared."""
CONFIDENCE: Final = Decimal("0.8")
"""How often the range is meant to hold what comes, at the least."""
_Z: Final = 1.2816  # the standard normal distribution's 90th percentile: 10 % are left out on each side
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Point:
    """A value that was true at a moment."""

    at: datetime
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What ``value`` is to be expected at the moment ``at``, and from ``low`` to ``high`` in four of five cases.

    ``slope`` is the change in a day, ``points`` how many values it rests on.
    """

    at: datetime
    value: Decimal
    low: Decimal
    high: Decimal
    slope: Decimal
    points: int


@dataclass(frozen=True, slots=True)
class NotYet:
    """There is no forecast, and why."""

    reason: str


class Outlook(StrEnum):
    """Whether a forecast fulfils a goal: anywhere in its range, nowhere in it, or in a part of it."""

    LIKELY = "likely"
    OPEN = "open"
    UNLIKELY = "unlikely"


def forecast(
    points: Sequence[Point], at: datetime, least: Decimal | None = None, most: Decimal | None = None
) -> Forecast | NotYet:
    """The value to be expected at ``at``; ``points`` in any order, of one moment the last counts.

    Slope: the median of all pairwise slopes (Theil 1950; Sen 1968, "Estimates of the regression coefficient based on
    Kendall's tau", JASA 63). The line runs through the medians of the times and of the values (Conover 1980). The
    slope's range are the slopes of the ranks (N - C)/2 and (N + C)/2 + 1 of N, where C is 1.2816 times the standard
    deviation of Kendall's S: var(S) = (n(n-1)(2n+5) - sum of t(t-1)(2t+5) over values that occur t times) / 18
    (Hollander and Wolfe 1999, 9.3 and 8.1). To the slope's range the smallest and the largest distance of a point from
    the line are added. ``least`` and ``most`` are bounds that the number cannot pass (a count never falls below 0).
    """
    seen = sorted({one.at: one for one in points}.values(), key=lambda one: one.at)[-RECENT:]
    if len(seen) < POINTS:
        return NotYet(f"{len(seen)} of the {POINTS} values that a forecast needs")
    covered, ahead = seen[-1].at - seen[0].at, at - seen[-1].at
    if ahead <= timedelta(0):
        return NotYet("the last value is not before the day to be forecast")
    if covered < ahead * float(SPAN):
        return NotYet(
            f"values of {covered // _DAY} days for a forecast of {math.ceil(ahead / _DAY)}: "
            f"too short, it needs {math.ceil(ahead * float(SPAN) / _DAY)}"
        )
    days = [_days(one.at - seen[0].at) for one in seen]
    values = [one.value for one in seen]
    slopes = sorted(
        (y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(zip(days, values, strict=True), 2)
    )
    slope, flattest, steepest = median(slopes), *_range(slopes, values)
    middle, level = median(days), median(values)
    off = [value - level - slope * (day - middle) for day, value in zip(days, values, strict=True)]
    reach = _days(at - seen[0].at) - middle

    def bounded(value: Decimal) -> Decimal:
        raised = value if least is None else max(value, least)
        return raised if most is None else min(raised, most)

    return Forecast(
        at=at,
        value=bounded(level + slope * reach),
        low=bounded(level + flattest * reach + min(*off, Decimal(0))),
        high=bounded(level + steepest * reach + max(*off, Decimal(0))),
        slope=slope,
        points=len(seen),
    )


def outlook(goal: Goal, expected: Forecast) -> Outlook:
    """Whether the goal will be met, according to the forecast."""
    met = {achieved(goal, one) for one in (expected.low, expected.value, expected.high)}
    if met == {True}:
        return Outlook.LIKELY
    return Outlook.OPEN if True in met else Outlook.UNLIKELY


def _range(slopes: Sequence[Decimal], values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    count, pairs = len(values), len(slopes)
    ties = [values.count(value) for value in set(values)]
    variance = (_spread(count) - sum(_spread(tied) for tied in ties)) / 18
    width = _Z * math.sqrt(variance)
    lower = max(math.floor((pairs - width) / 2), 1)
    return slopes[lower - 1], slopes[pairs - lower]


def _spread(count: int) -> int:
    return count * (count - 1) * (2 * count + 5)


def _days(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1)) / Decimal(86_400_000_000)
