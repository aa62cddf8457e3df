"""Plan the table of initiatives: work towards key results, which is never counted into them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from okrsync.cells import INITIATIVES, KEY_RESULT, KEY_RESULTS, PROGRESS, SOURCE, UPDATED
from okrsync.codec import answer_data
from okrsync.config import Company, Initiative
from okrsync.model import PERCENT, NoValue, Reading, Wanted
from okrsync.planning import DesiredCell, DesiredRow, Plan, without_value
from okrsync.run_context import Ask, Run
from okrsync.tables.assessment import number_or_none
from okrsync.tables.desired import desire, no_row, percent, provenance, related
from okrsync.tables.notes import note_of, own_cells
from okrsync.units import to_unit


def ids(company: Company) -> Iterable[str]:
    return [one.id for one in company.initiatives]


def asks(run: Run) -> Iterable[Ask]:
    return [Ask(one.metric, run.at) for one in run.company.initiatives]


def desired(run: Run, _decided: Plan) -> list[DesiredRow]:
    """What every initiative's row should show."""
    return [
        DesiredRow(
            subject=one.id,
            row=run.rows[one.id],
            absent=no_row(run, INITIATIVES, one.id),
            cells={
                cell: _cell(run, cell, one)
                for cell in own_cells(run, INITIATIVES)
                # An initiative that belongs to no key result has no relation to show.
                if cell != KEY_RESULT.name or one.key_result
            },
            note=note_of(run, INITIATIVES),
            unguarded=True,
        )
        for one in run.company.initiatives
    ]


def _cell(run: Run, cell: str, initiative: Initiative) -> DesiredCell:
    answer = run.answer(initiative.metric)
    if isinstance(answer, NoValue):
        return without_value(answer)
    wanted: Wanted
    match cell:
        case UPDATED.name:
            wanted = run.now
        case SOURCE.name:
            wanted = provenance(run.company, answer)
        case KEY_RESULT.name:
            # A key result that is not measured yet has its row all the same.
            listed = (row for row in run.listed.get(KEY_RESULTS, ()) if row.key == initiative.key_result)
            row = run.rows.get(initiative.key_result) or next(listed, None)
            return related(run.destinations[INITIATIVES], cell, row, initiative.key_result, answer)
        case PROGRESS.name:
            wanted = percent(to_unit(answer.value, answer.unit, PERCENT) / 100)
        case _:
            raise AssertionError(cell)
    return desire(run.destinations[INITIATIVES], cell, wanted, answer)


def details(run: Run, _decided: Plan) -> dict[str, dict[str, Any]]:
    """What a run found of each initiative, as JSON for ``status``."""
    return {one.id: _details(run, one) for one in run.company.initiatives}


def _details(run: Run, initiative: Initiative) -> dict[str, Any]:
    answer = run.answer(initiative.metric)
    done = to_unit(answer.value, answer.unit, PERCENT) / 100 if isinstance(answer, Reading) else None
    row = run.rows.get(initiative.id)
    return {
        "title": initiative.title or (row.title if row is not None else "") or initiative.id,
        "initiative_of": initiative.key_result,
        "metric": initiative.metric,
        "progress": number_or_none(done),
        "answer": answer_data(answer),
    }
