"""Count the error budget of a goal over time: how many periods may miss it, and how many are left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from okrsync.progress.goals import Goal, achieved
from okrsync.progress.judgement import MissingPeriod, carried


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """``held`` of ``judged`` periods met the goal, ``missed`` did not; ``periods`` are those of the whole cycle.

    ``without`` are periods that have passed without a value and are not judged.
    """

    held: int
    judged: int
    periods: int
    allowed: int | None
    without: int = 0

    @property
    def missed(self) -> int:
        return self.judged - self.held

    @property
    def left(self) -> int | None:
        """How many more periods may miss, below 0 if it is overspent; None if no budget was set."""
        return None if self.allowed is None else self.allowed - self.missed


def budget(
    goal: Goal, values: Sequence[Decimal | None], periods: int, allowed: int | None, missing: MissingPeriod
) -> Budget:
    """Count ``values``, one for each complete period, oldest first; None is a period without a value.

    A period without a value is a miss, is left out, or has its predecessor's value, as ``missing`` says; without
    a predecessor it is left out.
    """
    filled = carried(values) if missing is MissingPeriod.CARRY else list(values)
    known = [value for value in filled if value is not None]
    judged = len(filled) if missing is MissingPeriod.MISS else len(known)
    held = sum(achieved(goal, value) for value in known)
    return Budget(held=held, judged=judged, periods=periods, allowed=allowed, without=len(filled) - judged)
