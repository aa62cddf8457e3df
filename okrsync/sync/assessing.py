"""From answers to what each key result and objective should show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from okrsync.config import Company, Objective
from okrsync.errors import DataError
from okrsync.key_results import Form, KeyResult, direction, settle
from okrsync.model import (
    OBSERVED,
    PERCENT,
    Answer,
    Cause,
    Decision,
    Hold,
    NoValue,
    Quantity,
    Reading,
    Row,
    Wanted,
)
from okrsync.periods import Linear, expected
from okrsync.planning import Proposal, held_for_lack_of_data
from okrsync.ports import Destination
from okrsync.progress import (
    Baseline,
    FromTo,
    Goal,
    Judge,
    Part,
    Rolled,
    Rollup,
    Status,
    achieved,
    budget,
    clamp,
    in_risk_band,
    judge,
    paced,
    progress,
    rollup,
    status,
)
from okrsync.units import to_unit

# A query longer than this is named by its metric where people read it.
SHORT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one key result stands: its value, goal, raw progress and status, as far as they are known.

    ``blocked`` is why there is a value but no progress. ``history`` are the judged periods' values, oldest first.
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
    baseline: Reading | None = None
    history: tuple[Decimal | None, ...] = ()


def assess(
    company: Company,
    key_result: KeyResult,
    row: Row | None,
    answer: Answer,
    baseline: Reading | None,
    history: Sequence[Decimal | None],
    now: datetime,
) -> Standing:
    """Compute one key result. ``history`` holds a value for every complete period that is judged."""
    today = now.astimezone(company.zone).date()
    standing = Standing(
        key_result=key_result,
        row=row,
        answer=answer,
        expected=expected(company.cycle, today, company.pace),
        baseline=baseline,
        history=tuple(history),
    )
    if isinstance(answer, NoValue):
        return standing
    unit = key_result.unit
    value = to_unit(answer.value, answer.unit, unit)
    measured = to_unit(baseline.value, baseline.unit, unit) if baseline is not None else None
    goal = settle(
        key_result,
        row.baseline if row is not None else None,
        row.target if row is not None else None,
        measured,
    )
    if isinstance(goal, NoValue):
        return replace(standing, value=value, blocked=goal)
    return with_value(company, replace(standing, goal=goal), value, now)


def with_value(company: Company, standing: Standing, value: Decimal, now: datetime) -> Standing:
    """The same key result, were its number ``value``: a person's own number counts where theirs is kept."""
    goal, judging = standing.goal, standing.key_result.judging
    assert goal is not None
    try:
        if judging is None:
            done = progress(goal, value)
        else:
            done = judge(goal, [*standing.history, value], judging.how, missing=judging.missing)
    except ValueError as error:
        why = NoValue(metric=standing.key_result.metric, cause=Cause.CONFIG, reason=str(error))
        return replace(standing, value=value, blocked=why)
    return replace(
        standing, value=value, progress=done, status=_status(company, standing, goal, value, done, now)
    )


def _status(
    company: Company, standing: Standing, goal: Goal, value: Decimal, done: Decimal | None, now: datetime
) -> Status:
    today = now.astimezone(company.zone).date()
    return status(
        actual=done,
        expected=standing.expected,
        achieved=_holds(company, standing, goal, value, done, now),
        preset=company.status.preset,
        elapsed=expected(company.cycle, today, Linear()),
        tolerance=company.status.tolerance,
        grace=company.status.grace,
        limit=not paced(goal) and not isinstance(goal, Baseline),
        in_risk_band=in_risk_band(goal, value),
        moved_wrong_way=done is not None and done < 0,
        ended=now >= company.cycle.closes,
        started=isinstance(goal, Baseline),
    )


def _holds(
    company: Company, standing: Standing, goal: Goal, value: Decimal, done: Decimal | None, now: datetime
) -> bool:
    """Whether the goal is met: judged over time, or within its error budget, where the YAML says so.

    With an error budget it is met while that lasts. Without one, a period missed does not put a limit at risk for the
    rest of the cycle: until its end, ``held`` goes by now.
    """
    judging = standing.key_result.judging
    if judging is not None and judging.misses is not None:
        passed = standing.history
        return budget(goal, passed, len(passed), None, judging.missing).missed <= judging.misses
    if judging is None or (judging.how is Judge.HELD and now < company.cycle.closes):
        return achieved(goal, value)
    return done is not None and done >= 1


def proposals(
    company: Company, standing: Standing, cells: Sequence[str], destination: Destination, now: datetime
) -> dict[str, Proposal]:
    """What every configured cell of a key result should hold."""
    return {
        cell: _proposal(company, cell, standing, destination, now)
        for cell in cells
        if not (cell in {"progress", "expected"} and standing.key_result.aimed.form is Form.BASELINE)
    }


def _proposal(
    company: Company, cell: str, standing: Standing, destination: Destination, now: datetime
) -> Proposal:
    if isinstance(standing.answer, NoValue):
        return held_for_lack_of_data(standing.answer)
    wanted: Wanted
    match cell:
        case "current":
            assert standing.value is not None
            wanted = Quantity(value=standing.value, unit=standing.key_result.unit)
        case "updated":
            wanted = now
        case "source":
            wanted = provenance(company, standing.answer)
        case "expected":
            wanted = percent(standing.expected)
        case _ if standing.blocked is not None:
            return held_for_lack_of_data(standing.blocked)
        case "progress":
            assert standing.progress is not None
            wanted = percent(standing.progress)
        case _:
            assert standing.status is not None
            wanted = str(standing.status)
    return propose(destination, cell, wanted, standing.answer)


def propose(destination: Destination, cell: str, wanted: Wanted, answer: Answer | None) -> Proposal:
    """A proposal in the destination's own form, or held where its column cannot take the value."""
    try:
        value = destination.canonical(cell, wanted)
    except DataError as error:
        return Proposal(
            shown=wanted,
            hold=Hold.INVALID,
            reason=error.message,
            hint=error.hint,
            cause=Cause.CONFIG,
            answer=answer,
        )
    return Proposal(shown=wanted, value=value, answer=answer)


def provenance(company: Company, answer: Reading) -> str:
    """Where a number came from in a few words, for a cell that people read; ``explain`` has the whole query."""
    metric = company.metrics[answer.metric]
    what = answer.evidence.query if len(answer.evidence.query) <= SHORT else answer.metric
    rows = f", {answer.evidence.rows} rows" if answer.evidence.rows not in {None, 1} else ""
    how = ", recomputed" if answer.method != OBSERVED else ""
    return f"{metric.connection or 'computed'}: {what}{rows}{how}"


def percent(share: Decimal) -> Quantity:
    return Quantity(value=clamp(share) * 100, unit=PERCENT)


def as_it_will_stand(
    company: Company, standing: Standing, decision: Decision | None, now: datetime
) -> Standing:
    """The standing that the row will show: with a person's number where theirs is kept."""
    theirs = decision is not None and decision.hold in {Hold.EDITED, Hold.UNCLAIMED}
    if decision is None or not theirs or standing.goal is None or not isinstance(decision.now, Decimal):
        return standing
    value = decision.now * 100 if decision.fraction else decision.now
    return with_value(company, standing, value, now)


def roll_up(objective: Objective, parts: Sequence[Standing]) -> Rolled:
    """The objective's progress from its key results. Raises ``ValueError`` where they cannot be added up."""
    if objective.rollup is Rollup.SUM:
        return _added_up(parts)
    shares = [Part(one.progress, one.key_result.weight, one.status) for one in parts]
    return rollup(shares, objective.rollup)


def _added_up(parts: Sequence[Standing]) -> Rolled:
    """The way of all parts together: the distances covered over the distances to go, in one unit."""
    units = {str(one.key_result.unit) for one in parts}
    if len(units) > 1:
        raise ValueError(
            f"key results in {' and '.join(sorted(units))} cannot be added up; write rollup: mean"
        )
    covered, whole, statuses = Decimal(0), Decimal(0), []
    for one in parts:
        if not isinstance(one.goal, FromTo) and one.goal is not None:
            raise ValueError(f"{one.key_result.id} has no way from a number to a number; write rollup: mean")
        if one.goal is not None and one.value is not None:
            covered += one.value - one.goal.start
            whole += one.goal.target - one.goal.start
            statuses.append(Part(None, status=one.status))
    counted = len(statuses)
    worst = rollup(statuses, Rollup.WORST).status
    complete = counted == len(parts) and whole != 0
    return Rolled(covered / whole if complete else None, counted, len(parts), worst)


def objective_proposals(
    company: Company,
    objective: Objective,
    parts: Sequence[Standing],
    cells: Sequence[str],
    destination: Destination,
    now: datetime,
) -> dict[str, Proposal]:
    """What every configured cell of an objective should hold."""
    try:
        rolled = roll_up(objective, parts)
    except ValueError as error:
        blocked = NoValue(
            metric=objective.id, cause=Cause.CONFIG, reason=str(error), hint=f"see {objective.place}"
        )
        return {cell: held_for_lack_of_data(blocked) for cell in cells}
    none = NoValue(
        metric=objective.id,
        cause=Cause.EMPTY,
        reason=f"{rolled.counted} of {rolled.total} key results have a progress",
    )
    today = now.astimezone(company.zone).date()
    wanted: Mapping[str, Wanted] = {
        "progress": percent(rolled.progress) if rolled.progress is not None else None,
        "status": str(word) if (word := _of_objective(company, objective, rolled, now)) is not None else None,
        "expected": percent(expected(company.cycle, today, company.pace)),
        "summary": _summary(parts, rolled),
        "count": f"{sum((one.progress or 0) >= 1 for one in parts)} of {len(parts)} key results",
        "updated": now,
    }
    return {
        cell: propose(destination, cell, wanted[cell], None)
        if wanted[cell] is not None
        else held_for_lack_of_data(none)
        for cell in cells
    }


def _of_objective(company: Company, objective: Objective, rolled: Rolled, now: datetime) -> Status | None:
    """The worst status of the key results or, for an averaged objective, that of its own progress."""
    if not objective.averaged or rolled.progress is None:
        return None if objective.averaged else rolled.status
    today = now.astimezone(company.zone).date()
    return status(
        actual=rolled.progress,
        expected=expected(company.cycle, today, company.pace),
        achieved=rolled.progress >= 1,
        preset=company.status.preset,
        elapsed=expected(company.cycle, today, Linear()),
        tolerance=company.status.tolerance,
        grace=company.status.grace,
        ended=now >= company.cycle.closes,
    )


def _summary(parts: Sequence[Standing], rolled: Rolled) -> str:
    well = sum(one.status in {Status.ON_TRACK, Status.ACHIEVED} for one in parts)
    text = f"{well} of {rolled.total} key results on track"
    return text if rolled.counted == rolled.total else f"{text}, {rolled.total - rolled.counted} without data"


def restarted(standing: Standing, before: Mapping[str, object] | None) -> bool:
    """Whether the value's window began anew since the last run (a new week counts from 0)."""
    if not isinstance(standing.answer, Reading) or standing.answer.window is None or before is None:
        return False
    return before.get("window") not in {None, standing.answer.window.label}


def heading(standing: Standing) -> int:
    """+1 where the key result's number should rise, -1 where it should fall, else 0."""
    return direction(standing.goal) if standing.goal is not None else 0


def absent(company: Company, table: str, subject: str) -> str:
    """That ``subject`` has no row, and what to do about it."""
    match = getattr(company.tables[table].settings, "match", None)
    where = f"no row has {subject!r} in its column {match!r}" if match else f"no row is named for {subject}"
    return f"{where}: add it there, or name the row with `page:` in {company.path.name}"
