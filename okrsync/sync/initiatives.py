"""Initiatives: work towards key results, shown beside them and never counted into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from okrsync.cells import INITIATIVES
from okrsync.config import Company, Initiative
from okrsync.model import PERCENT, Answer, Decision, Hold, NoValue, Reading, Row, Wanted
from okrsync.planning import Aim, Proposal, held_for_lack_of_data
from okrsync.ports import Destination
from okrsync.sync.asking import Ask
from okrsync.sync.assessing import absent, percent, propose, provenance
from okrsync.sync.outcomes import answer_detail, outcome_of
from okrsync.units import to_unit


def initiative_aims(
    company: Company,
    answers: Mapping[Ask, Answer],
    rows: Mapping[str, Row | None],
    destination: Destination | None,
    now: datetime,
) -> list[Aim]:
    """What every initiative's row should show; nothing where the company has no table for them."""
    if destination is None:
        return []
    return [
        Aim(
            subject=one.id,
            row=rows[one.id],
            absent=absent(company, INITIATIVES, one.id),
            proposals={
                cell: _proposal(company, cell, one, answers[Ask(one.metric, now)], rows, destination, now)
                for cell in company.tables[INITIATIVES].cells
            },
            unguarded=True,
        )
        for one in company.initiatives
    ]


def _proposal(
    company: Company,
    cell: str,
    initiative: Initiative,
    answer: Answer,
    rows: Mapping[str, Row | None],
    destination: Destination,
    now: datetime,
) -> Proposal:
    if isinstance(answer, NoValue):
        return held_for_lack_of_data(answer)
    wanted: Wanted
    match cell:
        case "updated":
            wanted = now
        case "source":
            wanted = provenance(company, answer)
        case "key_result":
            row = rows[initiative.key_result]
            if row is None or row.problem:
                reason = f"{initiative.key_result} has no row to relate to"
                return Proposal(hold=Hold.NO_ROW, reason=reason, answer=answer)
            wanted = row.id
        case _:
            wanted = percent(to_unit(answer.value, answer.unit, PERCENT) / 100)
    return propose(destination, cell, wanted, answer)


def effort_detail(
    initiative: Initiative, answer: Answer, row: Row | None, decisions: Sequence[Decision]
) -> dict[str, Any]:
    """What a run found of an initiative, as plain data."""
    done = to_unit(answer.value, answer.unit, PERCENT) / 100 if isinstance(answer, Reading) else None
    detail = outcome_of(None, row, decisions)
    return detail | {
        "title": initiative.title or detail["title"] or initiative.id,
        "initiative_of": initiative.key_result,
        "metric": initiative.metric,
        "progress": f"{done.normalize():f}" if done is not None else None,
        "answer": answer_detail(answer),
    }
