"""Compute what a team completed in its closed sprints, rebuilt from what is known today.

Jira's own velocity report has an address that Atlassian does not document. Rebuilt are the issues that were in the sprint
and done when it was completed, with their points at that moment; work already done when the sprint began is left out.
Commitment cannot be rebuilt, and is not offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from okrsync.connector import NoValueError
from okrsync.errors import ConfigError
from okrsync.model import Cause, Question
from okrsync_jira.changelog import moment
from okrsync_jira.client import Site
from okrsync_jira.conditions import category
from okrsync_jira.fields import Field
from okrsync_jira.issues import Issue, SearchResult
from okrsync_jira.queries import JiraQuery
from okrsync_jira.reads import Sprints
from okrsync_jira.reducers import MetricValue, about, enough, filled_in, names_of, numbers_of
from okrsync_jira.replay import Replayed, as_of
from okrsync_jira.statuses import Statuses
from okrsync_jira.values import STATUS, words


@dataclass(frozen=True, slots=True)
class ClosedSprint:
    id: int
    name: str
    start: datetime | None
    completed: datetime


@dataclass(frozen=True, slots=True)
class BoardSprints:
    """A board's closed sprints, the latest last, with the issues of those that were asked for."""

    board: int
    sprints: tuple[ClosedSprint, ...]
    found: SearchResult
    sprint: Field
    estimation: Field | None = None


def closed(site: Site, read: Sprints) -> BoardSprints:
    """Fetch what ``read`` says. Raises ``ConfigError`` if the board does not estimate by a field."""
    estimation = _estimation(site.board(read.board)) if read.estimated else None
    if read.estimated and estimation is None:
        raise ConfigError(
            f"board {read.board} does not estimate by a field", hint="write field: Story Points, or by: count"
        )
    sprints = _sprints(site.closed_sprints(read.board), read.board)
    wanted = {sprint.id for at, most in read.asked for sprint in _last(sprints, at, most)}
    fields = {*read.fields, STATUS, read.sprint, *([estimation] if estimation else [])}
    found = SearchResult(jql=f"closed sprints of board {read.board}", count=0)
    if wanted:
        ids = frozenset(field.id for field in fields)
        jql = f"sprint in ({', '.join(map(str, sorted(wanted)))})"
        found = site.search(jql, ids | {"created"}, ids)
    return BoardSprints(read.board, sprints, found, read.sprint, estimation)


def completed(
    question: Question, fields: Sequence[Field], board: BoardSprints, statuses: Statuses
) -> MetricValue:
    """The mean of what was completed in the last closed sprints before the moment asked about."""
    query: JiraQuery = question.query
    sprints = _last(board.sprints, question.at, query.sprints)
    if not sprints:
        raise NoValueError(Cause.EMPTY, f"board {board.board} had closed no sprint by {question.at:%Y-%m-%d}")
    enough(len(sprints), query.min_samples, f"closed sprints of board {board.board}")
    if not _seen_in(sprints, board):
        raise NoValueError(
            Cause.EMPTY,
            f"no issue that this account sees was in {_sprints_named(sprints)} of board {board.board}",
            hint="give the account the right to browse the board's projects; if the issues are gone, name another board",
        )
    counted = fields or ((board.estimation,) if board.estimation and query.by == "points" else ())
    done = {sprint: _done_in(sprint, board, counted, statuses) for sprint in sprints}
    everything = [issue for issues in done.values() for issue in issues]
    if counted and everything and not _values(query, counted, everything, board):
        raise NoValueError(
            Cause.EMPTY,
            f"none of the {len(everything)} issues that were completed has a value in {names_of(counted)}",
            hint="estimate them, or write by: count",
        )
    sums = {sprint: _worth(query, counted, issues, board) for sprint, issues in done.items()}
    return MetricValue(
        value=sum(sums.values(), Decimal(0)) / len(sprints),
        query=board.found.jql,
        rows=sum(map(len, done.values())),
        facts=(
            ("reconstructed", "done when the sprint was completed, by today's boards and changelogs"),
            *((("field", names_of(counted)),) if counted else ()),
            *(
                (sprint.name, f"{sums[sprint].normalize():f} in {len(done[sprint])} issues")
                for sprint in sprints
            ),
            *about(board.found),
        ),
    )


def _sprints_named(sprints: Sequence[ClosedSprint]) -> str:
    return "the closed sprint" if len(sprints) == 1 else f"the last {len(sprints)} closed sprints"


def _seen_in(sprints: Sequence[ClosedSprint], board: BoardSprints) -> bool:
    """Whether any issue says that it is, or was, in one of the sprints: without one nothing is known of them."""
    ids = {str(sprint.id) for sprint in sprints}
    return any(ids & set(words(issue.fields.get(board.sprint.id))) for issue in board.found.issues)


def _done_in(
    sprint: ClosedSprint, board: BoardSprints, fields: Sequence[Field], statuses: Statuses
) -> list[Issue]:
    wanted = Replayed((STATUS, board.sprint, *fields))
    before = as_of(board.found, sprint.start, wanted, statuses).issues if sprint.start else ()
    inside = [
        issue
        for issue in as_of(board.found, sprint.completed, wanted, statuses).issues
        if str(sprint.id) in words(issue.fields.get(board.sprint.id))
    ]
    mine = {issue.id for issue in inside}
    already = {issue.id for issue in before if issue.id in mine and category(issue) == "done"}
    return [issue for issue in inside if issue.id not in already and category(issue) == "done"]


def _worth(
    query: JiraQuery, fields: Sequence[Field], issues: Sequence[Issue], board: BoardSprints
) -> Decimal:
    if not fields:
        return Decimal(len(issues))
    return sum(_values(query, fields, issues, board), Decimal(0))


def _values(
    query: JiraQuery, fields: Sequence[Field], issues: Sequence[Issue], board: BoardSprints
) -> list[Decimal]:
    found = SearchResult(jql=board.found.jql, count=len(issues), issues=tuple(issues))
    values, _ = filled_in(query, fields, found)
    return numbers_of(values)


def _last(sprints: Sequence[ClosedSprint], at: datetime, most: int) -> Sequence[ClosedSprint]:
    return [sprint for sprint in sprints if sprint.completed <= at][-most:]


def _sprints(raw: Iterable[Mapping[str, Any]], board: int) -> tuple[ClosedSprint, ...]:
    """By when they were really completed. A sprint of another board is that board's."""
    found = [
        ClosedSprint(
            id=int(one["id"]),
            name=str(one.get("name", one["id"])),
            start=moment(one["startDate"]) if one.get("startDate") else None,
            completed=moment(one["completeDate"]),
        )
        for one in raw
        if one.get("completeDate") and one.get("originBoardId", board) == board
    ]
    return tuple(sorted(found, key=lambda sprint: (sprint.completed, sprint.id)))


def _estimation(configuration: Mapping[str, Any]) -> Field | None:
    field = (configuration.get("estimation") or {}).get("field") or {}
    return Field(field["fieldId"], field.get("displayName", ""), "number") if field.get("fieldId") else None
