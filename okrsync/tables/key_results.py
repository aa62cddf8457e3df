"""The table of key results: what its rows should show, and what the ledger keeps of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from okrsync.cells import CURRENT, EXPECTED, KEY_RESULTS, PROGRESS, SOURCE, STATUS, UPDATED
from okrsync.codec import answer_data
from okrsync.config import Company
from okrsync.key_results import Form, KeyResult
from okrsync.model import Answer, NoValue, Quantity, Reading, Wanted
from okrsync.planning import DesiredCell, DesiredRow, Plan, without_value
from okrsync.run_context import Ask, Run
from okrsync.tables.desired import desire, no_row, percent, provenance
from okrsync.tables.past_values import baseline_asks, frozen_as, judged_asks, judged_values, new_baselines
from okrsync.tables.standing import Standing, as_it_will_stand, assess, goal_data, number_or_none, restarted


def ids(company: Company) -> Iterable[str]:
    return [one.id for one in company.key_results]


def asks(run: Run) -> Iterable[Ask]:
    """What must be asked of the sources: today's values, baselines to be frozen, periods to be judged."""
    for one in run.company.key_results:
        yield Ask(one.metric, run.now)
        yield from baseline_asks(run, one)
        yield from judged_asks(run.company, one, run.now)


def settled(run: Run) -> Run:
    """The run with its new baselines, and with the standing of each key result."""
    run = replace(run, baselines=new_baselines(run, run.company.key_results))
    standings = [stand(run, one, run.answer(one.metric), run.now) for one in run.company.key_results]
    return replace(run, standings=tuple(standings))


def stand(run: Run, key_result: KeyResult, answer: Answer, at: datetime) -> Standing:
    """Where the key result stands, or stood, at ``at`` by its ``answer`` and the periods judged before."""
    frozen = {**run.memory.baselines, **run.baselines}
    return assess(
        run.company,
        key_result,
        run.rows[key_result.id],
        answer,
        frozen.get(frozen_as(run.company, key_result)),
        judged_values(run, key_result, at),
        at,
    )


def shown(run: Run, decided: Plan) -> list[Standing]:
    """The standings as the rows will show them by what is ``decided``, a person's numbers included."""
    current = {one.subject: one for one in decided.decisions if one.cell == CURRENT.name}
    return [
        as_it_will_stand(run.company, one, current.get(one.key_result.id), run.now) for one in run.standings
    ]


def desired(run: Run, _decided: Plan) -> list[DesiredRow]:
    return [_desired_row(run, one) for one in run.standings]


def _desired_row(run: Run, standing: Standing) -> DesiredRow:
    key_result = standing.key_result
    before = run.memory.outcomes.get(key_result.id)
    unpaced = {PROGRESS.name, EXPECTED.name} if key_result.aimed.form is Form.BASELINE else frozenset()
    return DesiredRow(
        subject=key_result.id,
        row=run.rows[key_result.id],
        absent=no_row(run, KEY_RESULTS, key_result.id),
        cells={
            cell: _desired_cell(run, cell, standing)
            for cell in run.company.tables[KEY_RESULTS].cells
            if cell not in unpaced
        },
        direction=standing.direction,
        restarted=restarted(standing, before.detail if before is not None else None),
        unguarded=key_result.may_drop,
    )


def _desired_cell(run: Run, cell: str, standing: Standing) -> DesiredCell:
    if isinstance(standing.answer, NoValue):
        return without_value(standing.answer)
    wanted: Wanted
    match cell:
        case CURRENT.name:
            assert standing.value is not None
            wanted = Quantity(value=standing.value, unit=standing.key_result.unit)
        case UPDATED.name:
            wanted = run.now
        case SOURCE.name:
            wanted = provenance(run.company, standing.answer)
        case EXPECTED.name:
            wanted = percent(standing.expected)
        case _ if standing.blocked is not None:
            return without_value(standing.blocked)
        case PROGRESS.name:
            assert standing.progress is not None
            wanted = percent(standing.progress)
        case STATUS.name:
            assert standing.status is not None
            wanted = str(standing.status)
        case _:
            raise AssertionError(cell)
    return desire(run.destinations[KEY_RESULTS], cell, wanted, standing.answer)


def details(run: Run) -> dict[str, dict[str, Any]]:
    """What a run found of each key result, as JSON for ``status`` and ``explain``."""
    return {one.key_result.id: _details(one) for one in run.standings}


def _details(standing: Standing) -> dict[str, Any]:
    key_result, answer = standing.key_result, standing.answer
    detail: dict[str, Any] = {
        "metric": key_result.metric,
        "unit": str(key_result.unit),
        "goal": goal_data(standing.goal),
        "value": number_or_none(standing.value),
        "progress": number_or_none(standing.progress),
        "expected": number_or_none(standing.expected),
        "status": str(standing.status) if standing.status is not None else None,
        "blocked": standing.blocked.reason if standing.blocked is not None else None,
        "answer": answer_data(answer),
        "baseline": answer_data(standing.baseline) if standing.baseline is not None else None,
        "history": [number_or_none(value) for value in standing.history],
    }
    if isinstance(answer, Reading) and answer.window is not None:
        detail["window"] = answer.window.label
    return detail
