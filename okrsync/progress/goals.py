"""Declare the goals, and compute the progress of a value towards one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, assert_never

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class FromTo:
    """A way from ``start`` to ``target``, up or down. ``strict``: the target must be passed, not only reached."""

    start: Decimal
    target: Decimal
    strict: bool = False

    def __post_init__(self) -> None:
        if self.start == self.target:
            raise ValueError(
                f"start and target are both {self.start}: there is no way to go; "
                f"to keep a level write at_least: {self.target} or at_most: {self.target}"
            )


@dataclass(frozen=True, slots=True)
class AtMost:
    """A ceiling that must hold. From ``limit`` up to ``risk`` it is missed, but only by a little (behind)."""

    limit: Decimal
    strict: bool = False
    risk: Decimal | None = None

    def __post_init__(self) -> None:
        if self.risk is not None and self.risk <= self.limit:
            raise ValueError(
                f"the risk threshold {self.risk} of at_most {self.limit} must lie above the limit"
            )


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A floor that must hold. From ``limit`` down to ``risk`` it is missed, but only by a little (behind)."""

    limit: Decimal
    strict: bool = False
    risk: Decimal | None = None

    def __post_init__(self) -> None:
        if self.risk is not None and self.risk >= self.limit:
            raise ValueError(
                f"the risk threshold {self.risk} of at_least {self.limit} must lie below the limit"
            )


@dataclass(frozen=True, slots=True)
class Within:
    """A range that must hold, both ends included."""

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if self.high < self.low:
            raise ValueError(
                f"the range {self.low} to {self.high} is empty: its low end is above its high end"
            )


@dataclass(frozen=True, slots=True)
class Milestones:
    """``parts`` parts, or their weights together; the value is the parts done, or their weights together."""

    parts: Decimal = _ONE

    def __post_init__(self) -> None:
        if self.parts <= 0:
            raise ValueError(f"milestones need at least one part, not {self.parts}")


@dataclass(frozen=True, slots=True)
class YesNo:
    """Done from a value of 1 on."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Find a baseline: any value will do, and there is no progress."""


Goal = FromTo | AtMost | AtLeast | Within | Milestones | YesNo | Baseline


def relative(baseline: Decimal, change: Decimal) -> FromTo:
    """A way from ``baseline`` by ``change`` (0.25 = +25 %) of its size: -40 by +25 % goes to -30."""
    if baseline == 0:
        raise ValueError("the baseline is 0, and a percentage of 0 is nothing; write the target as a number")
    return delta(baseline, abs(baseline) * change)


def delta(baseline: Decimal, change: Decimal) -> FromTo:
    """A way from ``baseline`` to ``baseline + change``."""
    return FromTo(baseline, baseline + change)


def band(tolerance: Decimal) -> Within:
    """Stay within ``tolerance`` of the norm; the value is the deviation from it, signed or not."""
    return Within(-tolerance, tolerance)


def progress(goal: Goal, value: Decimal) -> Decimal | None:
    """The raw fraction of the way, unclamped; 1 or 0 for a goal that holds or does not; None for ``Baseline``."""
    match goal:
        case FromTo(start, target):
            return (value - start) / (target - start)
        case Milestones(parts):
            return value / parts
        case Baseline():
            return None
        case _:
            return _ONE if achieved(goal, value) else _ZERO


def achieved(goal: Goal, value: Decimal) -> bool:
    """Whether ``value`` fulfils the goal; hitting the figure exactly does, unless the goal is strict."""
    match goal:
        case FromTo(start, target, strict):
            beyond = value > target if target > start else value < target
            return beyond or (value == target and not strict)
        case AtMost(limit, strict):
            return value < limit or (value == limit and not strict)
        case AtLeast(limit, strict):
            return value > limit or (value == limit and not strict)
        case Within(low, high):
            return low <= value <= high
        case Milestones(parts):
            return value >= parts
        case YesNo():
            return value >= 1
        case Baseline():
            return False
        case _ as never:
            assert_never(never)


def clamp(share: Decimal) -> Decimal:
    """``share`` brought into 0 to 1, for display."""
    return min(max(share, _ZERO), _ONE)


def paced(goal: Goal) -> bool:
    """Whether the goal is a way to go, to be judged against the pace, rather than a limit that holds or does not."""
    return isinstance(goal, FromTo | Milestones | YesNo)


def in_risk_band(goal: Goal, value: Decimal) -> bool:
    """Whether a limit is missed, but not by more than its risk threshold allows."""
    match goal:
        case AtMost(_, strict, Decimal() as risk) | AtLeast(_, strict, Decimal() as risk):
            near = AtMost(risk, strict) if isinstance(goal, AtMost) else AtLeast(risk, strict)
            return not achieved(goal, value) and achieved(near, value)
        case _:
            return False
