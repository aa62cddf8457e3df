"""List the projects and saved filters that a Jira account can see, for ``okrsync init``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from okrsync.discovery import Discovery, Offer, Resource
from okrsync.errors import ConfigError
from okrsync.ports import ConnectorContext
from okrsync_jira.client import Site
from okrsync_jira.jql import changing
from okrsync_jira.settings import Anonymous, JiraSettings

MOST_PROJECTS: Final = 20
"""For so many projects metrics are offered: more would be a list that nobody reads."""


def discover(settings: JiraSettings, context: ConnectorContext) -> Discovery:
    """The account, its projects and its filters, with metrics that OKRs often measure. At most five requests."""
    site = Site(settings, context)
    if problem := settings.misfit(site.deployment()):
        raise ConfigError(f"{context.name}: {problem}")
    account = "nobody: only public issues are seen"
    if not isinstance(settings.auth, Anonymous):
        known = site.myself()
        account = str(known.get("displayName") or known.get("name") or known.get("accountId"))
    projects, filters = site.projects(), site.filters()
    seen = [Resource(kind="project", name=one["name"], address=one["key"]) for one in projects]
    seen += [
        Resource(kind="filter", name=one["name"], address=str(one["id"]), detail=one.get("jql") or "")
        for one in filters
    ]
    offers = [_of_filter(one["name"], str(one["id"]), one.get("jql") or "") for one in filters]
    for one in projects[:MOST_PROJECTS]:
        offers += _of_project(one["key"], one["name"])
    notes = () if projects else ("the account sees no project: an administrator gives it Browse projects",)
    return Discovery(account=account, resources=tuple(seen), offers=tuple(offers), notes=notes)


def _of_filter(name: str, number: str, jql: str) -> Offer:
    # A filter's own JQL may be ordered and may change under us; its number always means what it means today.
    found = {"jql": f"filter = {number}"} if not jql or changing(jql) else {"scope": f"filter = {number}"}
    return Offer(name=f"filter_{number}", about=name, keys={"measure": "count", **found})


def _of_project(key: str, name: str) -> Iterator[Offer]:
    """What OKRs often measure of one project."""
    own = f"{name} {key}"
    slug = "".join(letter for letter in key.lower() if letter.isalnum())
    scope = f"project = {json.dumps(key)}"
    bugs = f"{scope} AND type = Bug"
    yield Offer(
        name=f"{slug}_open_bugs",
        about="open bugs",
        also=own,
        keys={"measure": "count", "scope": bugs, "state": {"statusCategory": "not done"}},
    )
    yield Offer(
        name=f"{slug}_open_issues",
        about="open issues",
        also=own,
        keys={"measure": "count", "scope": scope, "state": {"statusCategory": "not done"}},
    )
    yield Offer(
        name=f"{slug}_lead_time",
        about="lead time",
        also=own,
        keys={
            "measure": "lead_time",
            "scope": scope,
            "window": "last 30d",
            "aggregate": "median",
            "unit": "days",
        },
    )
    yield Offer(
        name=f"{slug}_throughput",
        about="throughput",
        also=own,
        keys={"measure": "throughput", "scope": scope, "window": "cycle"},
    )
