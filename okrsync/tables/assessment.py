"""Assess a key result: its value, goal, progress and status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, get_args

from okrsync.codec import number, plain
from okrsync.config import Company
from okrsync.key_results import KeyResult, direction, settle
from okrsync.model import Answer, Cause, Decision, Hold, NoValue, Reading, Row
from okrsync.pace import Linear, expected
from okrsync.periods import complete
from okrsync.progress import (
    Baseline,
    Goal,
    Judge,
    Status,
    achieved,
    budget,
    in_risk_band,
    judge,
    judged,
    paced,
    progress,
    status,
)
from okrsync.units import to_unit

THEIRS: Final = frozenset({Hold.EDITED, Hold.UNCLAIMED})
"""Why a row keeps the number that a person put there."""
STAYING: Final = THEIRS | {Hold.DOUBTFUL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The value, goal, raw progress and status of one key result, as far as they are known.

    ``blocked`` is why there is a value but no progress, ``doubt`` why the value is held until a person accepts it.
    ``history`` are the judged periods' values, oldest first.
    """

    key_result: KeyResult
    row: Row | None
    answer: Answer
    expected: Decimal
    value: Decimal | None = None
    goal: Goal | None = None
    progress: Decimal | None = None
    status: Status | None = None
    blocked: NoValue | None = None
    doubt: NoValue | None = None
    baseline: Reading | None = None
    history: tuple[Decimal | None, ...] = ()

    @property
    def direction(self) -> int:
        """+1 if the key result's number should rise, -1 if it should fall, else 0."""
        return direction(self.goal) if self.goal is not None else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentInput:
    """What was read for a key result: its metric, its frozen baseline, and a value for each complete period that is judged.

    ``unmeasured`` is why a baseline could not be measured, if the source was asked for it.
    """

    answer: Answer
    baseline: Reading | None = None
    unmeasured: str = ""
    history: Sequence[Decimal | None] = ()


def assess(
    company: Company, key_result: KeyResult, row: Row | None, measured: AssessmentInput, now: datetime
) -> Assessment:
    """Compute one key result from what was ``measured``."""
    answer, baseline = measured.answer, measured.baseline
    assessment = Assessment(
        key_result=key_result,
        row=row,
        answer=answer,
        expected=expected(company.cycle, now.astimezone(company.zone).date(), company.pace),
        baseline=baseline,
        history=tuple(_since_known(key_result, measured.history)),
    )
    unit = key_result.unit
    begin = to_unit(baseline.value, baseline.unit, unit) if baseline is not None else None
    goal = settle(
        key_result,
        row.baseline if row is not None else None,
        row.target if row is not None else None,
        begin,
        measured.unmeasured,
    )
    if isinstance(answer, NoValue):
        return replace(assessment, goal=goal if not isinstance(goal, NoValue) else None)
    value = to_unit(answer.value, answer.unit, unit)
    if isinstance(goal, NoValue):
        return replace(assessment, value=value, blocked=goal)
    return with_value(company, replace(assessment, goal=goal), value, now)


def _since_known(key_result: KeyResult, history: Sequence[Decimal | None]) -> Sequence[Decimal | None]:
    """The periods since the first one with a value: those before are unknown, not missed, unless the YAML says so."""
    judging = key_result.judging
    if judging is None or judging.from_the_start:
        return history
    first = next((index for index, value in enumerate(history) if value is not None), len(history))
    return history[first:]


def with_value(company: Company, assessment: Assessment, value: Decimal, now: datetime) -> Assessment:
    """The same key result if its number were ``value``: a person's own number counts if theirs is kept."""
    goal, judging = assessment.goal, assessment.key_result.judging
    assert goal is not None
    try:
        if judging is None:
            done = progress(goal, value)
        else:
            seen = judged(assessment.history, value, judging.how, judging.missing)
            done = judge(goal, seen, judging.how, missing=judging.missing)
    except ValueError as error:
        why = NoValue(metric=assessment.key_result.metric, cause=Cause.CONFIG, reason=str(error))
        return replace(assessment, value=value, blocked=why)
    moved = replace(assessment, value=value, progress=done)
    return replace(moved, status=_status(company, moved, now))


def as_the_row_will_show(
    company: Company, assessment: Assessment, decision: Decision | None, now: datetime
) -> Assessment:
    """What the row will show: the assessment with the number that stays, if it is a person's or the new one is in doubt."""
    if decision is None or decision.hold not in STAYING or assessment.goal is None:
        return assessment
    if decision.hold is Hold.DOUBTFUL:
        why = NoValue(
            metric=assessment.key_result.metric,
            cause=Cause.DATA,
            reason=f"its number is in doubt: {decision.reason}",
            hint=decision.hint,
        )
        assessment = replace(assessment, doubt=why)
    if not isinstance(decision.now, Decimal):
        kept = NoValue(
            metric=assessment.key_result.metric,
            cause=Cause.DATA,
            reason="its row keeps a cell without a number",
            hint=decision.hint,
        )
        return replace(assessment, progress=None, status=None, blocked=assessment.doubt or kept)
    value = decision.now * 100 if decision.fraction else decision.now
    return with_value(company, assessment, value, now)


def _status(company: Company, assessment: Assessment, now: datetime) -> Status:
    goal, value, done = assessment.goal, assessment.value, assessment.progress
    assert goal is not None
    assert value is not None
    return status(
        actual=done,
        expected=assessment.expected,
        achieved=_holds(company, assessment, now),
        preset=company.status.preset,
        elapsed=expected(company.cycle, now.astimezone(company.zone).date(), Linear()),
        tolerance=company.status.tolerance,
        grace=company.status.grace,
        limit=not paced(goal) and not isinstance(goal, Baseline),
        in_risk_band=in_risk_band(goal, value),
        moved_wrong_way=done is not None and done < 0,
        ended=now >= company.cycle.closes,
        started=isinstance(goal, Baseline),
    )


def _holds(company: Company, assessment: Assessment, now: datetime) -> bool:
    """Whether the goal is met: judged over time, or within its error budget, if the YAML says so.

    With an error budget it is met while that lasts. Without one, a period missed does not put a limit at risk for the
    rest of the cycle: until its end, ``held`` goes by now, and ``worst`` by now too.
    """
    goal, judging = assessment.goal, assessment.key_result.judging
    assert goal is not None
    assert assessment.value is not None
    if judging is not None and judging.misses is not None:
        passed = assessment.history
        return budget(goal, passed, len(passed), None, judging.missing).missed <= judging.misses
    done = assessment.progress is not None and assessment.progress >= 1
    if judging is None:
        return achieved(goal, assessment.value)
    if now < company.cycle.closes and judging.how in {Judge.HELD, Judge.WORST}:
        return _holds_now(company, assessment) and (done or judging.how is Judge.HELD)
    return done


def _holds_now(company: Company, assessment: Assessment) -> bool:
    """Whether the goal is met by the present value; if that covers a part of its period only, by the last whole one."""
    goal, value = assessment.goal, assessment.value
    assert goal is not None
    assert value is not None
    known = [one for one in assessment.history if one is not None]
    return achieved(goal, known[-1] if known and _has_only_begun(company, assessment.answer) else value)


def _has_only_begun(company: Company, answer: Answer) -> bool:
    """Whether the value, or a part of an expression, counts a period that is not over yet."""
    if isinstance(answer, NoValue):
        return False
    if answer.inputs:
        return any(_has_only_begun(company, one) for one in answer.inputs)
    kind = company.metrics[answer.metric].window
    return answer.window is not None and not complete(kind, answer.window, company.cycle.calendar)


def goal_data(goal: Goal | None) -> dict[str, Any] | None:
    """The goal as JSON, with the name of its form."""
    if goal is None:
        return None
    return {"form": type(goal).__name__, **{name: plain(value) for name, value in asdict(goal).items()}}


def goal_from(data: Mapping[str, Any]) -> Goal:
    """The goal that ``goal_data`` wrote."""
    kind = {one.__name__: one for one in get_args(Goal)}[data["form"]]
    numbers = {
        name: Decimal(value) if isinstance(value, str) else value
        for name, value in data.items()
        if name != "form"
    }
    goal: Goal = kind(**numbers)
    return goal


def number_or_none(value: Decimal | None) -> str | None:
    return number(value) if value is not None else None
