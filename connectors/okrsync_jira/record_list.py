"""List the issues behind a number, with the address that opens each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync.model import Cause, Question, SourceRecord, SourceRecords
from okrsync.ports import ConnectorContext
from okrsync_jira.client import Site
from okrsync_jira.fields import FieldNames
from okrsync_jira.hierarchy import children
from okrsync_jira.issues import Issue, SearchResult
from okrsync_jira.plans import MetricPlan, plan
from okrsync_jira.queries import JiraQuery
from okrsync_jira.reads import Below, Catalogue, Search
from okrsync_jira.refusals import refuse
from okrsync_jira.settings import Anonymous, JiraSettings
from okrsync_jira.statuses import Statuses, statuses

SHOWN: Final = ("summary", "status")
_NAMES: Final = ("name", "value", "displayName", "key")


def issues_behind(
    settings: JiraSettings, question: Question, limit: int | None, context: ConnectorContext
) -> SourceRecords:
    """The issues that the number counts now, in the order of their creation. Reads only.

    Raises ``NoValueError`` for a measure that has no list of issues, else what a read raises.
    """
    refuse(question)
    query: JiraQuery = question.query
    site = Site(settings, context)
    if not isinstance(settings.auth, Anonymous):
        site.myself()
    names = FieldNames(site, context.state, context.clock.now())
    planned = plan(question, names, site.deployment(), context.timezone)
    if planned.behind is None:
        raise NoValueError(
            Cause.CONFIG,
            f"{query.measure} has no list of issues: it is computed from what was changed in them",
            hint="open the query in Jira's issue search",
        )
    found = [_found(site, read) for read in planned.reads]
    whole, part = _whole_and_part(planned, found)
    fields = {name: site_field for name in query.field for site_field in (names.resolve(name).id,)}
    records = tuple(
        SourceRecord(
            id=issue.key, link=f"{settings.url}/browse/{issue.key}", cells=_cells(issue, fields, part)
        )
        for issue in whole.issues[:limit]
    )
    return SourceRecords(records=records, total=len(whole.issues))


def _found(site: Site, read: Any) -> SearchResult | Statuses:
    if isinstance(read, Catalogue):
        return statuses(site.statuses(), site.settings.status_map)
    if isinstance(read, Below):
        return children(site, read.parents, read.fields | set(SHOWN), read.links, read.history, read.former)
    assert isinstance(read, Search)
    jql = f"({read.jql}) AND ({read.narrow})" if read.narrow else read.jql
    return site.search(jql, {*read.fields, *SHOWN}, read.history)


def _whole_and_part(planned: MetricPlan, found: list[Any]) -> tuple[SearchResult, frozenset[str] | None]:
    """The issues, and the ids of those that are in the part of a ratio."""
    assert planned.behind is not None
    whole, part = planned.behind(*found)
    return whole, None if part is None else frozenset(issue.id for issue in part.issues)


def _cells(
    issue: Issue, fields: Mapping[str, str], part: frozenset[str] | None
) -> tuple[tuple[str, str], ...]:
    cells = [(name, _shown(issue.fields.get(name))) for name in SHOWN]
    cells += [(name, _shown(issue.fields.get(field))) for name, field in fields.items()]
    cells += [("in the part", "yes" if issue.id in part else "no")] if part is not None else []
    return tuple(cells)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    if isinstance(value, Mapping):
        return next((str(value[name]) for name in _NAMES if value.get(name) is not None), "")
    return "" if value is None else str(value)
