"""Plan what to read from Jira for a question, and how to reduce it to one number. Fetch nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from okrsync.connector import NoValueError
from okrsync.model import Cause, Question, Window
from okrsync_jira import epic_progress, flows, reducers, sla, velocity
from okrsync_jira.events import in_window
from okrsync_jira.fields import SECONDS, Field, FieldNames
from okrsync_jira.hierarchy import Links
from okrsync_jira.issues import SearchResult
from okrsync_jira.jql import both, during, during_days
from okrsync_jira.queries import DATES, EVENT_DATES, JiraQuery
from okrsync_jira.reads import Below, Catalogue, Events, Read, Search, Sprints
from okrsync_jira.reducers import MetricValue
from okrsync_jira.replay import Replayed
from okrsync_jira.scopes import EVERYWHERE, rules
from okrsync_jira.settings import Deployment
from okrsync_jira.states import State
from okrsync_jira.values import (
    COMPONENTS,
    FIX_VERSIONS,
    LABELS,
    PARENT,
    PROJECT,
    RESOLUTION,
    STATUS,
    WOUND_LISTS,
)

_CATEGORY_IDS: Final = {"new": "2", "done": "3", "indeterminate": "4"}
_FLOW_FIELDS: Final = frozenset({"created", "status", "resolution", "resolutiondate"})
_STATE_FIELDS: Final[Mapping[str, Field]] = {
    "status": STATUS,
    "status_category": STATUS,
    "labels": LABELS,
    "fix_versions": FIX_VERSIONS,
    "components": COMPONENTS,
}


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """``reduce`` takes what was found for each of ``reads``, in order; ``past`` names how it tells an earlier day.

    ``behind`` takes the same and gives the issues that count, and those of a ratio's part; None: there is no such list.
    """

    reads: tuple[Read, ...]
    reduce: Callable[..., MetricValue]
    past: str = "changelog"
    behind: Callable[..., tuple[SearchResult, SearchResult | None]] | None = None


def plan(question: Question, names: FieldNames, deployment: Deployment, zone: str) -> MetricPlan:
    """Raises ``ConfigError`` if a name of the query means no field, or more than one."""
    query: JiraQuery = question.query
    if query.measure == "done_share":
        return _of_children(question, query, names, deployment)
    if query.measure == "velocity":
        return _of_sprints(question, query, names, deployment)
    if query.measure in flows.MEASURES:
        return _of_flows(question, query, names, deployment)
    if query.measure == "age" or (query.scope and query.measure != "sla"):
        return _of_scope(question, query, names, deployment)
    return _of_today(question, query, names, zone)


# ---- As it is today ---------------------------------------------------------------------------------------


def _of_today(question: Question, query: JiraQuery, names: FieldNames, zone: str) -> MetricPlan:
    if query.measure == "sla":
        fields = tuple(names.resolve(name, typed=True) for name in query.field)
        read = Search(query.issues, frozenset(field.id for field in fields))
        return MetricPlan((read,), partial(sla.agreement, question, fields), "events")
    fields = tuple(names.resolve(name) for name in query.field)
    ids = frozenset(field.id for field in fields)
    if question.past and question.window and query.date in EVENT_DATES and query.exact:
        return _of_events(question, query)
    jql = _within(question, query, names, zone)
    if query.measure == "count":
        return MetricPlan((Search(jql, exact=query.exact),), reducers.count, "events", _as_found)
    if query.measure == "ratio":
        part = both(jql, query.part or "")
        reads_of_ratio = (Search(jql, exact=query.exact), Search(part, exact=query.exact))
        return MetricPlan(reads_of_ratio, partial(reducers.ratio, query, question.unit), "events", _as_found)
    if query.measure == "distinct":
        return MetricPlan((Search(jql, ids),), partial(reducers.distinct, query, fields), behind=_as_found)
    _refuse_texts(fields)
    reduce = partial(reducers.measured, query, question.unit, fields)
    return MetricPlan((Search(jql, ids),), reduce, behind=_as_found)


def _as_found(
    whole: SearchResult, part: SearchResult | None = None
) -> tuple[SearchResult, SearchResult | None]:
    return whole, part


def _of_events(question: Question, query: JiraQuery) -> MetricPlan:
    """Counts and shares of the past: one window of the many that are asked of the same events."""
    assert question.window is not None
    window = until_asked(question, question.window)
    whole, date = query.jql or "", query.date or ""

    def read(jql: str) -> Events:
        return Events(jql, date, frozenset({window}))

    if query.measure == "count":
        return MetricPlan((read(whole),), lambda found: reducers.count(in_window(window, found)), "events")
    return MetricPlan(
        (read(whole), read(both(whole, query.part or ""))),
        lambda found, part: reducers.ratio(
            query, question.unit, in_window(window, found), in_window(window, part)
        ),
        "events",
    )


def _within(question: Question, query: JiraQuery, names: FieldNames, zone: str) -> str:
    jql = query.jql or ""
    if query.date is None or question.window is None:
        return jql
    window = until_asked(question, question.window)
    if query.date in DATES:
        if query.date == "due":
            return during_days(jql, "duedate", window, zone)
        return during(jql, query.date, window)
    field = names.resolve(query.date, typed=True)
    if field.type == "date":
        return during_days(jql, field.clause, window, zone)
    if field.type == "datetime":
        return during(jql, field.clause, window)
    raise NoValueError(
        Cause.CONFIG, f"date: {field} holds {field.type or 'no dates'}", hint="name a date field"
    )


def until_asked(question: Question, window: Window) -> Window:
    """The window without what happened after the moment asked about: that is not part of its answer."""
    end = min(window.end, question.at) if question.past else window.end
    return Window(start=window.start, end=end)


def _refuse_texts(fields: Sequence[Field]) -> None:
    for field in fields:
        if field.type not in {"", "number"} and field.id not in SECONDS:
            raise NoValueError(
                Cause.CONFIG, f"{field} holds {field.type}, not numbers", hint="measure: distinct?"
            )


# ---- As it was ------------------------------------------------------------------------------------------------


def _of_scope(question: Question, query: JiraQuery, names: FieldNames, deployment: Deployment) -> MetricPlan:
    """Today's answer needs no changes, unless it is about when the status was last changed."""
    fields = tuple(names.resolve(name, typed=True) for name in query.field)
    if query.measure not in {"distinct", "count", "ratio", "age"}:
        _refuse_texts(fields)
    wanted = _replayed(fields, query.state, names, deployment)
    part = _replayed((), query.part_state, names, deployment)
    scope = rules(query.issues) if question.past else EVERYWHERE
    wanted = replace(wanted, fields=(*fields, *_tracked(part)), scope=scope)
    tracked = _tracked(wanted) | set(scope.fields)
    history = None
    if question.past or (query.measure == "age" and query.since == "status"):
        history = _history(tracked | {STATUS}, names, deployment, several_projects=scope.several_projects)
    fetched = frozenset(field.id for field in tracked) | {"created", "status"}
    # What is not in the category today cannot count today; for another day it may.
    narrow = "" if question.past else _in_category(query.state)
    reads = (Search(query.issues, fetched, history=history, narrow=narrow, scoped=True), Catalogue())
    if query.measure == "age":
        return MetricPlan(reads, partial(flows.age, question, wanted))
    reduce = partial(reducers.of_scope, question, fields, wanted, part)
    return MetricPlan(reads, reduce, behind=partial(reducers.in_scope, question, wanted, part))


def _in_category(state: State | None) -> str:
    """By the categories' ids: their names follow the language."""
    if state is None or state.status_category is None:
        return ""
    ids = ", ".join(sorted(_CATEGORY_IDS[name] for name in set(state.status_category.names)))
    return f"statusCategory {'not in' if state.status_category.negated else 'in'} ({ids})"


def _of_flows(question: Question, query: JiraQuery, names: FieldNames, deployment: Deployment) -> MetricPlan:
    since = question.window.start if question.window and query.measure != "time_in_status" else None
    scope = rules(query.issues) if question.past else EVERYWHERE
    wanted = replace(_replayed((), query.state, names, deployment), scope=scope)
    tracked = _tracked(wanted) | set(scope.fields)
    history = _history(
        tracked | {STATUS, RESOLUTION}, names, deployment, several_projects=scope.several_projects
    )
    fetched = _FLOW_FIELDS | {field.id for field in tracked}
    read = Search(query.issues, fetched, history=history, since=since, scoped=True)
    return MetricPlan((read, Catalogue()), partial(flows.MEASURES[query.measure], question, wanted))


def _of_children(
    question: Question, query: JiraQuery, names: FieldNames, deployment: Deployment
) -> MetricPlan:
    links = _links(names, deployment)
    replayed = question.past or query.frozen
    fields = tuple(names.resolve(name, typed=replayed) for name in query.field)
    wound = frozenset({STATUS, RESOLUTION, *links.fields, *fields})
    history = _history(wound, names, deployment) if replayed else None
    moment = question.window.start if query.frozen and question.window else question.at
    former = (query.scope or "", moment) if replayed else ("", None)
    read = Below(query.parent, links, frozenset(field.id for field in fields), history, *former)
    reduce = partial(epic_progress.done_share, question, fields, links)
    behind = None if replayed else _as_found
    return MetricPlan((read, Catalogue()) if replayed else (read,), reduce, behind=behind)


def _of_sprints(
    question: Question, query: JiraQuery, names: FieldNames, deployment: Deployment
) -> MetricPlan:
    fields = tuple(names.resolve(name, typed=True) for name in query.field)
    _refuse_texts(fields)
    sprint = names.resolve("Sprint", typed=True)
    _history(frozenset({STATUS, sprint, *fields}), names, deployment)
    read = Sprints(
        board=query.board or 0,
        fields=frozenset(fields),
        estimated=query.by == "points" and not fields,
        sprint=sprint,
        asked=frozenset({(question.at, query.sprints)}),
    )
    return MetricPlan((read, Catalogue()), partial(velocity.completed, question, fields))


def _replayed(
    fields: tuple[Field, ...], state: State | None, names: FieldNames, deployment: Deployment
) -> Replayed:
    places: dict[str, tuple[Field, ...]] = {}
    for name in state.conditions if state else ():
        if state and name in state.fields:
            places[name] = (_no_moment(names.resolve(name, typed=True)),)
        elif name == "parent":
            places[name] = _links(names, deployment).fields
        elif name == "sprint":
            places[name] = (names.resolve("Sprint", typed=True),)
        else:
            places[name] = (_STATE_FIELDS.get(name) or Field(name, name, name),)
    return Replayed(fields, state, places)


def _no_moment(field: Field) -> Field:
    if field.type == "datetime":
        raise NoValueError(
            Cause.CONFIG,
            f"{field} holds a moment, which is no name that a state can ask for",
            hint="write date: and window: for the issues of a time",
        )
    return field


def _tracked(wanted: Replayed) -> frozenset[Field]:
    return frozenset({*wanted.fields, *(field for some in (wanted.places or {}).values() for field in some)})


def _history(
    fields: frozenset[Field], names: FieldNames, deployment: Deployment, *, several_projects: bool = False
) -> frozenset[str]:
    """Which changes to ask for; nothing means all."""
    for field in fields:
        if field.type == "array" and field.name.casefold() != "sprint" and field.id not in WOUND_LISTS:
            raise NoValueError(Cause.PAST, f"the changes of {field} cannot be wound back: it holds lists")
        if deployment == "data_center" and field.id.startswith("customfield_"):
            names.refuse_namesakes(field)
    # Neither the tie to the parent nor the key before a move has an id to ask by.
    by_all = PARENT in fields or (PROJECT in fields and several_projects)
    return frozenset() if by_all else frozenset(field.id for field in fields)


def _links(names: FieldNames, deployment: Deployment) -> Links:
    if deployment == "cloud":
        return Links()
    known = {name: names.find(name) for name in ("Epic Link", "Parent Link")}
    present = {f'"{name}"': field for name, field in known.items() if field is not None}
    epic = known["Epic Link"]
    return Links(("parent", *present), epic.id if epic else "", (PARENT, *present.values()))
