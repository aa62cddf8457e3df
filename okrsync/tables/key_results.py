"""Plan the table of key results: what its rows should show, and what the ledger keeps of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from okrsync.cells import CURRENT, EXPECTED, KEY_RESULTS, PROGRESS, SOURCE, STATUS, UPDATED, leads
from okrsync.codec import answer_data
from okrsync.config import Company
from okrsync.key_results import Form, KeyResult
from okrsync.model import Answer, NoValue, Quantity, Reading, Wanted
from okrsync.planning import DesiredCell, DesiredRow, Plan, plan, without_value
from okrsync.progress import achieved
from okrsync.run_context import Ask, Run
from okrsync.tables.assessment import (
    THEIRS,
    Assessment,
    AssessmentInput,
    as_the_row_will_show,
    assess,
    goal_data,
    number_or_none,
)
from okrsync.tables.desired import desire, no_row, percent, provenance
from okrsync.tables.doubts import accepted, first_doubt, restarted
from okrsync.tables.kept_edits import released
from okrsync.tables.notes import note_of, own_cells
from okrsync.tables.past_values import (
    baseline_asks,
    frozen,
    judged_asks,
    judged_values,
    new_baselines,
    why_unmeasured,
)


def ids(company: Company) -> Iterable[str]:
    return [one.id for one in company.key_results]


def asks(run: Run) -> Iterable[Ask]:
    """What must be asked of the sources: today's values, baselines to be frozen, periods to be judged."""
    for one in run.company.key_results:
        yield Ask(one.metric, run.at)
        yield from baseline_asks(run, one)
        yield from judged_asks(run.company, one, run.now)


def settled(run: Run) -> Run:
    """The run with its new baselines and its assessment of each key result."""
    run = replace(run, baselines=new_baselines(run, run.company.key_results))
    assessments = [assessed(run, one, run.answer(one.metric), run.now) for one in run.company.key_results]
    return replace(run, assessments=tuple(assessments))


def assessed(run: Run, key_result: KeyResult, answer: Answer, at: datetime) -> Assessment:
    """Assess the key result at ``at``, by its ``answer`` and the periods judged before."""
    baseline = frozen(run, key_result) if key_result.measured_baseline else None
    if isinstance(baseline, NoValue):
        # A number beside a goal that was measured with something else would make no sense.
        answer, baseline = baseline, None
    return assess(
        run.company,
        key_result,
        run.rows[key_result.id],
        AssessmentInput(
            answer=answer,
            baseline=baseline,
            unmeasured=why_unmeasured(run, key_result),
            history=judged_values(run, key_result, at),
        ),
        at,
    )


def shown(run: Run, decided: Plan) -> list[Assessment]:
    """The assessments as the rows will show them by what is ``decided``, a person's numbers included."""
    current = {one.subject: one for one in decided.decisions if one.cell == CURRENT.name}
    return [
        as_the_row_will_show(run.company, one, current.get(one.key_result.id), run.now)
        for one in run.assessments
    ]


def desired(run: Run, _decided: Plan) -> list[DesiredRow]:
    """What the rows should show. If a person's number stays, the cells beside it are computed from that number."""
    rows = [_desired_row(run, one, one) for one in run.assessments]
    leading = [replace(one, cells=_leading(one.cells)) for one in released(run, rows)]
    first = plan(run.company.id, leading, run.memory, run.company.limits)
    staying = {one.subject: one for one in first.decisions if leads(one.cell) and one.hold in THEIRS}
    return [
        _desired_row(
            run, assessment, as_the_row_will_show(run.company, assessment, staying[row.subject], run.now)
        )
        if row.subject in staying
        else row
        for row, assessment in zip(rows, run.assessments, strict=True)
    ]


def _leading(cells: Mapping[str, DesiredCell]) -> dict[str, DesiredCell]:
    return {name: cell for name, cell in cells.items() if leads(name)}


def _desired_row(run: Run, assessment: Assessment, shown_as: Assessment) -> DesiredRow:
    """The row of a key result whose number is as in ``assessment`` and whose other cells go by ``shown_as``."""
    key_result = assessment.key_result
    before = run.memory.outcomes.get(key_result.id)
    unpaced = {PROGRESS.name, EXPECTED.name} if key_result.aimed.form is Form.BASELINE else frozenset()
    return DesiredRow(
        subject=key_result.id,
        row=run.rows[key_result.id],
        absent=no_row(run, KEY_RESULTS, key_result.id),
        cells={
            cell: _desired_cell(run, cell, assessment, shown_as)
            for cell in own_cells(run, KEY_RESULTS)
            if cell not in unpaced
        },
        note=note_of(run, KEY_RESULTS),
        direction=assessment.direction,
        restarted=restarted(assessment.answer, before.detail if before is not None else None),
        unguarded=key_result.may_drop,
        first_doubt=_first_doubt(assessment),
        accepted=accepted(run, key_result.id),
        kept=shown_as is not assessment,
    )


def _first_doubt(assessment: Assessment) -> str:
    goal, value = assessment.goal, assessment.value
    reaches = goal is not None and value is not None and achieved(goal, value)
    return first_doubt(assessment.answer, value, reaches=reaches)


def _desired_cell(run: Run, cell: str, source: Assessment, assessment: Assessment) -> DesiredCell:
    if isinstance(assessment.answer, NoValue):
        return without_value(assessment.answer)
    wanted: Wanted
    match cell:
        case CURRENT.name:
            assert source.value is not None
            wanted = Quantity(value=source.value, unit=source.key_result.unit)
        case UPDATED.name:
            wanted = run.now
        case SOURCE.name:
            wanted = provenance(run.company, assessment.answer)
            if assessment is not source:
                wanted = f"a person's number; {wanted} says otherwise"
        case EXPECTED.name:
            wanted = percent(assessment.expected)
        case _ if assessment.blocked is not None:
            return without_value(assessment.blocked)
        case PROGRESS.name:
            assert assessment.progress is not None
            wanted = percent(assessment.progress, over_100=KEY_RESULTS in run.company.over_100)
        case STATUS.name:
            assert assessment.status is not None
            wanted = str(assessment.status)
        case _:
            raise AssertionError(cell)
    return desire(run.destinations[KEY_RESULTS], cell, wanted, assessment.answer)


def details(run: Run, decided: Plan) -> dict[str, dict[str, Any]]:
    """What the row of each key result shows after the run, and what the source says, as JSON for ``status``."""
    return {one.key_result.id: _details(one) for one in shown(run, decided)}


def _details(assessment: Assessment) -> dict[str, Any]:
    key_result, answer = assessment.key_result, assessment.answer
    detail: dict[str, Any] = {
        "metric": key_result.metric,
        "unit": str(key_result.unit),
        "goal": goal_data(assessment.goal),
        "value": number_or_none(assessment.value),
        "progress": number_or_none(assessment.progress),
        "expected": number_or_none(assessment.expected),
        "status": str(assessment.status) if assessment.status is not None else None,
        "blocked": assessment.blocked.reason if assessment.blocked is not None else None,
        "answer": answer_data(answer),
        "baseline": answer_data(assessment.baseline) if assessment.baseline is not None else None,
        "history": [number_or_none(value) for value in assessment.history],
    }
    if isinstance(answer, Reading) and answer.window is not None:
        detail["window"] = answer.window.label
    return detail
