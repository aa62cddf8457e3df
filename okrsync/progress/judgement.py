"""Judge a goal over the periods of a cycle."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final, assert_never

from okrsync.progress.goals import AtLeast, AtMost, Baseline, Goal, Within, achieved, progress

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)


class Judge(StrEnum):
    """How a goal is judged over the periods of a cycle."""

    LAST = "last"
    HELD = "held"
    AVERAGE = "average"
    WORST = "worst"
    DISTANCE = "distance"


class MissingPeriod(StrEnum):
    """What a period without a value counts as: not met, nothing at all, or its predecessor's value."""

    MISS = "miss"
    SKIP = "skip"
    CARRY = "carry"


def judge(
    goal: Goal,
    values: Sequence[Decimal | None],
    how: Judge,
    expected_periods: int | None = None,
    missing: MissingPeriod = MissingPeriod.SKIP,
) -> Decimal | None:
    """Progress over ``values``, one for each period that has passed, oldest first; None is a period without a value.

    ``held`` is the share of ``expected_periods`` (default: those passed) in which the goal was met; ``average`` judges
    the mean value, ``worst`` the worst one, ``last`` the last one. ``distance`` says by how much the last value meets
    the limit (Profit.co): 2 - V/T for a ceiling, V/T for a floor. A mean has no room for a value that does not exist,
    so ``miss`` leaves it out there. None if nothing can be judged.
    """
    periods = len(values) if expected_periods is None else expected_periods
    if periods < len(values):
        raise ValueError(f"{len(values)} periods have passed, but only {periods} are expected")
    if isinstance(goal, Baseline):
        return None
    filled = carried(values) if missing is MissingPeriod.CARRY else list(values)
    known = [value for value in filled if value is not None]
    missed = missing is MissingPeriod.MISS
    if not known and not (missed and filled):
        return None
    match how:
        case Judge.HELD:
            met = sum(achieved(goal, value) for value in known)
            out = 0 if missed else len(filled) - len(known)
            return Decimal(met) / (periods - out)
        case Judge.AVERAGE:
            return progress(goal, sum(known, _ZERO) / len(known)) if known else _ZERO
        case Judge.WORST:
            found = [_measured(goal, value) for value in known]
            return min([*found, _ZERO] if missed and len(known) < len(filled) else found)
        case Judge.LAST | Judge.DISTANCE:
            if missed and filled[-1] is None:
                return _ZERO
            return _measured(goal, known[-1]) if how is Judge.LAST else _distance(goal, known[-1])
        case _ as never:
            assert_never(never)


def judged(
    history: Sequence[Decimal | None], value: Decimal, how: Judge, missing: MissingPeriod
) -> Sequence[Decimal | None]:
    """What ``judge`` looks at: the complete periods of ``history``, oldest first, or the present ``value``.

    ``last`` and ``distance`` look at the present. The others do so only while nothing is known of any complete period:
    half a week's count is not the week's, and what looks back on a week is that week's value once more.
    """
    if how in {Judge.LAST, Judge.DISTANCE}:
        return [*history, value]
    known = any(one is not None for one in history)
    return history if known or (history and missing is MissingPeriod.MISS) else [value]


def _measured(goal: Goal, value: Decimal) -> Decimal:
    found = progress(goal, value)
    assert found is not None
    return found


def carried(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    """``values`` with every gap filled by its predecessor; a gap at the beginning stays one."""
    filled: list[Decimal | None] = []
    for value in values:
        filled.append(value if value is not None or not filled else filled[-1])
    return filled


def _distance(goal: Goal, value: Decimal) -> Decimal:
    match goal:
        case AtMost(limit):
            return _ONE + (limit - value) / _size(limit)
        case AtLeast(limit):
            return _ONE + (value - limit) / _size(limit)
        case Within(low, high):
            if value > high:
                return _distance(AtMost(high), value)
            return _distance(AtLeast(low), value) if value < low else _ONE
        case _:
            return _measured(goal, value)


def _size(limit: Decimal) -> Decimal:
    if limit == 0:
        raise ValueError(
            "the distance from a limit of 0 is not a share of it; judge by last, held, average or worst"
        )
    return abs(limit)
