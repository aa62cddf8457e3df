"""Make the tree of objectives from the last outcomes of their key results, by a sync's own rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from okrsync.config import Objective
from okrsync.key_results import KeyResult
from okrsync.memory import Outcome
from okrsync.model import Cause, NoValue
from okrsync.pace import expected
from okrsync.progress import Status
from okrsync.report.held import held_items
from okrsync.report.key_result_card import Facts, decimal, draft_card, key_result_card
from okrsync.report.page import NO_DATA, ObjectiveSection
from okrsync.tables.assessment import Assessment, goal_from
from okrsync.tables.objectives import ObjectiveTree


def objective_sections(facts: Facts) -> tuple[ObjectiveSection, ...]:
    """All objectives, each before those below it."""
    company = facts.company
    synced = last_sync(facts) or facts.now
    assessments = [_assessment(facts, one) for one in company.key_results]
    tree = ObjectiveTree(company, synced, assessments)
    return tuple(_section(facts, tree, one, level, synced) for one, level in _in_order(facts))


def last_sync(facts: Facts) -> datetime | None:
    """The moment of the newest outcome; None if there never was a sync."""
    return max((one.at for one in facts.outcomes.values()), default=None)


def objective_title(objective: Objective, detail: Mapping[str, Any]) -> str:
    return str(objective.title or detail.get("title") or objective.id)


def _in_order(facts: Facts) -> Iterator[tuple[Objective, int]]:
    def below(parent: str, level: int) -> Iterator[tuple[Objective, int]]:
        for one in facts.company.objectives:
            if one.parent == parent:
                yield one, level
                yield from below(one.id, level + 1)

    yield from below("", 1)


def _assessment(facts: Facts, key_result: KeyResult) -> Assessment:
    """The key result's state as the last sync left it."""
    outcome: Outcome | None = facts.outcomes.get(key_result.id)
    detail = outcome.detail if outcome is not None else {}
    goal = detail.get("goal")
    today = facts.now.astimezone(facts.company.zone).date()
    return Assessment(
        key_result=key_result,
        row=None,
        answer=NoValue(metric=key_result.metric, cause=Cause.EMPTY, reason=""),
        expected=expected(facts.company.cycle, today, facts.company.pace),
        value=decimal(detail.get("value")),
        goal=goal_from(goal) if goal is not None else None,
        progress=decimal(detail.get("progress")),
        status=Status(detail["status"]) if detail.get("status") else None,
    )


def _section(
    facts: Facts, tree: ObjectiveTree, objective: Objective, level: int, synced: datetime
) -> ObjectiveSection:
    words, company = facts.words, facts.company
    outcome = facts.outcomes.get(objective.id)
    detail: Mapping[str, Any] = outcome.detail if outcome is not None else {}
    title = objective_title(objective, detail)
    problem, done, status = "", None, None
    try:
        done, status = tree.rolled(objective).progress, tree.status(objective)
    except ValueError as error:
        problem = str(error)
    due = expected(company.cycle, synced.astimezone(company.zone).date(), company.pace)
    own = [one for one in company.key_results if one.objective == objective.id]
    return ObjectiveSection(
        id=objective.id,
        title=title,
        level=level,
        status=str(status) if status is not None else NO_DATA,
        key_results=(
            *(key_result_card(facts, one) for one in own),
            *(draft_card(facts, one) for one in tree.drafts(objective)),
        ),
        progress=done,
        share=words.share(done),
        expected=due if done is not None else None,
        expected_share=words.share(due),
        url=detail.get("url", ""),
        owner=objective.owner or detail.get("owner", ""),
        problem=problem,
        held=held_items(words, [(objective.id, title, detail)]),
    )
