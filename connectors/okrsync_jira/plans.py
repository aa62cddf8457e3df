"""What has to be asked of Jira for a question, and what makes a number of it. Nothing is fetched here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from okrsync.model import Cause, Dimension, Question, Window
from okrsync_jira import clauses, reducers
from okrsync_jira.errors import NoValue
from okrsync_jira.fields import SECONDS, Field, FieldNames
from okrsync_jira.hierarchy import Links
from okrsync_jira.reducers import Outcome
from okrsync_jira.settings import DATES, EVENT_DATES, OTHER_MEASURES, Deployment, JiraQuery

_JQL_NAMES: Final = {"due": "duedate"}


@dataclass(frozen=True, slots=True)
class Search:
    """All issues of a JQL, with these fields. Not ``exact``: an estimate of their number will do."""

    jql: str
    fields: frozenset[str] = frozenset()
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Below:
    """The pieces of work below these parents, with these fields."""

    parents: tuple[str, ...]
    links: Links
    fields: frozenset[str] = frozenset()


Need = Search | Below
Subject = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """``reduce`` takes what was found for each of ``needs``, in order."""

    needs: tuple[Need, ...]
    reduce: Callable[..., Outcome]


def subject(need: Need) -> Subject:
    """What two needs must have in common to be fetched as one."""
    return need.jql if isinstance(need, Search) else need.parents


def merged(needs: Iterable[Need]) -> dict[Subject, Need]:
    """Each subject once, with the union of the fields that anybody needs of it."""
    found: dict[Subject, Need] = {}
    for need in needs:
        known = found.setdefault(subject(need), need)
        wider = replace(known, fields=known.fields | need.fields)
        if isinstance(wider, Search) and isinstance(need, Search):
            wider = replace(wider, exact=wider.exact or need.exact)
        found[subject(need)] = wider
    return found


def refuse(question: Question) -> None:
    """Raise ``NoValue`` where no request could answer ``question``."""
    query: JiraQuery = question.query
    if query.date is not None and question.window is None:
        raise NoValue(
            "the metric has a date, but no window", cause=Cause.CONFIG, hint="add window: cycle, say"
        )
    if query.date is None and question.window is not None:
        raise NoValue(
            "the metric has a window, but no date that falls into it",
            cause=Cause.CONFIG,
            hint="add date: created, resolved, updated, due, or a date field",
        )
    numberless = question.unit.dimension in {Dimension.DURATION, Dimension.MONEY}
    if query.measure in OTHER_MEASURES and numberless:
        raise NoValue(
            f"{query.measure} cannot be in {question.unit}", cause=Cause.CONFIG, hint="correct the unit"
        )
    if question.past:
        _refuse_the_past(question, query)
    if question.window and query.date in EVENT_DATES and question.window.start >= question.at:
        raise NoValue(f"its window begins on {question.window.start:%Y-%m-%d}, after the moment asked about")


def _refuse_the_past(question: Question, query: JiraQuery) -> None:
    if query.measure not in {"count", "ratio"} or query.date not in EVENT_DATES:
        raise NoValue(
            f"Jira shows issues as they are today, not as they were on {question.at:%Y-%m-%d}",
            cause=Cause.PAST,
            hint="the past is known for a count or ratio with date: created or resolved and a window",
        )
    for jql in (query.jql, query.part):
        if jql and (piece := clauses.moving(jql)):
            raise NoValue(
                f"{piece!r} in the JQL holds for today, not for {question.at:%Y-%m-%d}",
                cause=Cause.PAST,
                hint="the past is known for conditions that do not change, such as project and type",
            )


def plan(question: Question, names: FieldNames, deployment: Deployment, zone: str) -> Plan:
    """Raises ``ConfigError`` where a name of the query means no field, or more than one."""
    query: JiraQuery = question.query
    fields = tuple(names.resolve(name) for name in query.field)
    ids = frozenset(field.id for field in fields)
    if query.measure == "done_share":
        needs = (Below(query.parent, _links(names, deployment), ids),)
        return Plan(needs, partial(reducers.done_share, query, question.unit, fields))
    jql = _within(question, query, names, zone)
    if query.measure == "count":
        return Plan((Search(jql, exact=query.exact),), reducers.count)
    if query.measure == "ratio":
        part = clauses.both(jql, query.part or "")
        needs_of_ratio = (Search(jql, exact=query.exact), Search(part, exact=query.exact))
        return Plan(needs_of_ratio, partial(reducers.ratio, query, question.unit))
    if query.measure == "distinct":
        return Plan((Search(jql, ids),), partial(reducers.distinct, query, fields))
    _refuse_texts(fields)
    return Plan((Search(jql, ids),), partial(reducers.measured, query, question.unit, fields))


def _within(question: Question, query: JiraQuery, names: FieldNames, zone: str) -> str:
    jql = query.jql or ""
    if query.date is None or question.window is None:
        return jql
    # What happened after the moment asked about is not part of its answer.
    end = min(question.window.end, question.at) if question.past else question.window.end
    window = Window(start=question.window.start, end=end)
    if query.date in DATES:
        if query.date == "due":
            return clauses.during_days(jql, "duedate", window, zone)
        return clauses.during(jql, query.date, window)
    field = names.resolve(query.date, typed=True)
    if field.type == "date":
        return clauses.during_days(jql, field.clause, window, zone)
    if field.type == "datetime":
        return clauses.during(jql, field.clause, window)
    raise NoValue(
        f"date: {field} holds {field.type or 'no dates'}", cause=Cause.CONFIG, hint="name a date field"
    )


def _links(names: FieldNames, deployment: Deployment) -> Links:
    if deployment == "cloud":
        return Links()
    known = {name: names.find(name) for name in ("Epic Link", "Parent Link")}
    present = tuple(f'"{name}"' for name, field in known.items() if field is not None)
    epic = known["Epic Link"]
    return Links(names=("parent", *present), epic=epic.id if epic else "")


def _refuse_texts(fields: Sequence[Field]) -> None:
    for field in fields:
        if field.type not in {"", "number"} and field.id not in SECONDS:
            raise NoValue(
                f"{field} holds {field.type}, not numbers", cause=Cause.CONFIG, hint="measure: distinct?"
            )
