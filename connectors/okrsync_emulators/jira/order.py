"""Arrange the issues of an answer as ORDER BY says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from okrsync_emulators.jira.tree import Query
from okrsync_emulators.jira.values import Asker, searched
from okrsync_emulators.jira.world import PRIORITIES, Issue, World

_MOST_SORTS: Final = 7


def arrangement(world: World, asker: Asker, query: Query) -> Callable[[list[Issue]], list[Issue]]:
    """How to sort, in place. Unknown: the order of a query without ORDER BY; here the newest come first."""
    if len(query.order) > _MOST_SORTS:
        raise asker.refuse("too_many_sorts")
    steps = [(_key(world, asker, sort.field), bool(sort.descending)) for sort in reversed(query.order)]
    steps = steps or [(_rank, True)]

    def arrange(issues: list[Issue]) -> list[Issue]:
        for key, descending in steps:
            issues.sort(key=key, reverse=descending)
        return issues

    return arrange


def _key(world: World, asker: Asker, name: str) -> Callable[[Issue], Any]:
    """Empty fields come last in ascending order. Unknown: ranks; here they follow the order of creation."""
    if name.casefold() == "rank":
        return _rank
    field_id = searched(world, asker, name)[0].id
    if field_id == "issuekey":
        return lambda issue: (issue.project, issue.number)
    if field_id == "project":
        return lambda issue: issue.project
    if field_id == "priority":
        ranks = {kind: -rank for rank, kind in enumerate(PRIORITIES)}
        return lambda issue: ranks.get(issue.values.get("priority", ""), 1)
    if field_id in {"status", "statusCategory"}:
        places = {status: place for place, status in enumerate(world.statuses)}
        return lambda issue: places[issue.values["status"]]
    if field_id in {"created", "updated"}:
        return lambda issue: issue.values[field_id]
    return lambda issue: (field_id not in issue.values, issue.values.get(field_id))


def _rank(issue: Issue) -> Any:
    return issue.values["created"], issue.id
