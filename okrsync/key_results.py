"""Declare a key result as it is configured, and settle its goal once baseline and target are known.

People may keep baseline and target in the destination, and a relative target needs a measured baseline. So each run
settles a key result's goal again: from the YAML first, and from the row for what the YAML leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from okrsync.model import COUNT, Cause, NoValue, Quantity, Unit
from okrsync.progress import (
    AtLeast,
    AtMost,
    Baseline,
    FromTo,
    Goal,
    Judge,
    Milestones,
    MissingPeriod,
    Within,
    YesNo,
    delta,
    relative,
)


class Form(StrEnum):
    """The forms of a key result."""

    FROM_TO = "from_to"
    RELATIVE = "relative"
    DELTA = "delta"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    WITHIN = "within"
    MILESTONES = "milestones"
    YES_NO = "yes_no"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aimed:
    """What the YAML says of a goal, in the key result's unit. None means: the row says it.

    ``start`` and ``target`` of FROM_TO; ``target`` of AT_MOST, AT_LEAST and MILESTONES; ``start`` (low) and ``target``
    (high) of WITHIN; ``change`` of RELATIVE (0.25 for +25 %) and DELTA, whose ``start`` is the given baseline or None
    if it is measured. ``measured`` is when: at the start of the cycle (also if it is empty), or at the end of the
    quarter before it. A FROM_TO that has it starts from what was measured.
    """

    form: Form
    start: Decimal | None = None
    target: Decimal | None = None
    change: Decimal | None = None
    strict: bool = False
    risk: Decimal | None = None
    measured: Literal["", "cycle_start", "previous_quarter"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """How a threshold is judged over the complete periods (``every``: day, week, month) of the cycle.

    ``misses`` is its error budget: how many periods may miss the threshold. None: it has none. ``from_the_start``:
    periods before the first known value are periods without a value like any other.
    """

    how: Judge
    every: str
    missing: MissingPeriod
    misses: int | None = None
    from_the_start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResult:
    """One key result of a company's YAML. ``place`` is ``file:line:column``; ``page`` its row's address, if named."""

    id: str
    metric: str
    aimed: Aimed
    place: str
    title: str = ""
    unit: Unit = COUNT
    objective: str = ""
    owner: str = ""
    weight: Decimal | None = None
    page: str = ""
    judging: Judging | None = None
    may_drop: bool = False

    @property
    def measured_baseline(self) -> bool:
        """Whether the baseline is captured from the source and frozen."""
        grows = self.aimed.form in {Form.RELATIVE, Form.DELTA} and self.aimed.start is None
        return grows or self.aimed.measured != ""

    @property
    def row_has_baseline(self) -> bool:
        """Whether people keep the baseline in the key result's row."""
        return self.aimed.form is Form.FROM_TO and self.aimed.start is None and not self.aimed.measured

    @property
    def row_has_target(self) -> bool:
        """Whether people keep the target in the key result's row."""
        kept = {Form.FROM_TO, Form.AT_MOST, Form.AT_LEAST, Form.MILESTONES}
        return self.aimed.form in kept and self.aimed.target is None


def settle(
    key_result: KeyResult,
    baseline: Quantity | None,
    target: Quantity | None,
    measured: Decimal | None,
    unmeasured: str = "",
) -> Goal | NoValue:
    """The key result's goal for this run.

    ``baseline`` and ``target`` are what the row says, ``measured`` is the captured baseline in the key result's unit, and
    ``unmeasured`` why there is none.
    NoValue if a needed number is nowhere, or if the numbers make no goal (start equals target).
    """
    try:
        return _goal(key_result, baseline, target, measured, unmeasured)
    except ValueError as error:
        return NoValue(
            metric=key_result.metric,
            cause=Cause.CONFIG,
            reason=f"{key_result.id} has no goal to measure against: {error}",
            hint=_where(key_result),
        )


def _where(key_result: KeyResult) -> str:
    """Where a person corrects the numbers of a goal: in its row, if the YAML leaves one of them to it."""
    if key_result.row_has_baseline or key_result.row_has_target:
        return f"correct it in its row in Notion, or write it at {key_result.place}"
    return f"see {key_result.place}"


def direction(goal: Goal) -> int:
    """+1 if the number should rise, -1 if it should fall, 0 if neither is better."""
    match goal:
        case FromTo(start=start, target=target):
            return 1 if target > start else -1
        case AtLeast() | Milestones() | YesNo():
            return 1
        case AtMost():
            return -1
        case _:
            return 0


def _goal(
    key_result: KeyResult,
    baseline: Quantity | None,
    target: Quantity | None,
    measured: Decimal | None,
    unmeasured: str,
) -> Goal:
    aimed = key_result.aimed

    def known(number: Decimal | None, row: Quantity | None, word: str) -> Decimal:
        if number is not None:
            return number
        if row is None:
            raise ValueError(f"neither the YAML nor the row says its {word}")
        # A person writes the number in the key result's own unit, whatever the column looks like.
        return row.value

    match aimed.form:
        case Form.FROM_TO:
            start = (
                _captured(measured, "from", unmeasured)
                if aimed.measured
                else known(aimed.start, baseline, "baseline")
            )
            return FromTo(start=start, target=known(aimed.target, target, "target"), strict=aimed.strict)
        case Form.RELATIVE | Form.DELTA:
            start_from = (
                aimed.start if aimed.start is not None else _captured(measured, "baseline", unmeasured)
            )
            assert aimed.change is not None
            grow = relative if aimed.form is Form.RELATIVE else delta
            return replace(grow(start_from, aimed.change), strict=aimed.strict)
        case Form.AT_MOST:
            limit = known(aimed.target, target, "limit")
            return AtMost(limit=limit, strict=aimed.strict, risk=aimed.risk)
        case Form.AT_LEAST:
            limit = known(aimed.target, target, "limit")
            return AtLeast(limit=limit, strict=aimed.strict, risk=aimed.risk)
        case Form.WITHIN:
            assert aimed.start is not None
            assert aimed.target is not None
            return Within(low=aimed.start, high=aimed.target)
        case Form.MILESTONES:
            return Milestones(parts=known(aimed.target, target, "number of parts"))
        case Form.YES_NO:
            return YesNo()
        case _:
            return Baseline()


def _captured(measured: Decimal | None, instead: str, unmeasured: str) -> Decimal:
    if measured is None:
        why = f" ({unmeasured})" if unmeasured else ""
        raise ValueError(
            f"its baseline was not measured when the cycle began{why}; write `{instead}:` with a number"
        )
    return measured
