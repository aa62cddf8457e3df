"""Examine a Jira connection as an operator would, and say what to do about each fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from okrsync.errors import AccessError, OkrsyncError
from okrsync.ports import ConnectorContext, Finding
from okrsync_jira.client import Site
from okrsync_jira.settings import Anonymous, Deployment, JiraSettings
from okrsync_jira.source import lost_permissions

_KINDS: Final[Mapping[Deployment, str]] = {"cloud": "Cloud", "data_center": "Data Center"}


def examine(settings: JiraSettings, context: ConnectorContext) -> Iterator[Finding]:
    """Address, deployment, account, canary and request budget. Stops if going on would only repeat a fault."""
    subject = "credential"
    try:
        site = Site(settings, context)
        subject = "address"
        server = site.server()
        yield _address(settings.url, str(server["baseUrl"]).rstrip("/"))
        subject = "deployment"
        yield _deployment(site, "cloud" if server.get("deploymentType") == "Cloud" else "data_center")
        subject = "account"
        yield _account(site, context)
        subject = "canary"
        if settings.canary is not None:
            yield _canary(site, settings.canary)
        subject = "status_map"
        if settings.status_map:
            yield _status_map(site)
    except OkrsyncError as error:
        if isinstance(error, AccessError) and subject == "address":
            subject = "account"
        yield Finding(subject=subject, ok=False, detail=error.message, hint=error.hint)
        return
    if site.budget:
        yield Finding(subject="request budget", ok=True, detail=site.budget)


def _address(url: str, real: str) -> Finding:
    if real.lower() == url.lower():
        return Finding(subject="address", ok=True, detail=url)
    return Finding(
        subject="address",
        ok=False,
        detail=f"url is {url}, but this Jira calls itself {real}",
        hint=f"write url: {real}; the other address may be an old name that sends requests on",
    )


def _deployment(site: Site, real: Deployment) -> Finding:
    known = site.deployment()
    if known != real:
        detail = f"taken for {_KINDS[known]}, but Jira says it is {_KINDS[real]}"
        return Finding(subject="deployment", ok=False, detail=detail, hint=f"write deployment: {real}")
    if problem := site.settings.misfit(real):
        return Finding(subject="deployment", ok=False, detail=problem, hint="correct auth")
    return Finding(subject="deployment", ok=True, detail=_KINDS[real])


def _account(site: Site, context: ConnectorContext) -> Finding:
    if isinstance(site.settings.auth, Anonymous):
        return Finding(subject="account", ok=True, detail="nobody signs in: only public issues are seen")
    account = site.myself()
    name = account.get("displayName") or account.get("name") or account.get("accountId")
    zone = account.get("timeZone", "unknown")
    detail = f"signed in as {name}, time zone {zone}"
    if zone != context.timezone:
        detail += f" (the company's is {context.timezone}: windows are right, JQL like startOfDay() follows the account)"
    return Finding(subject="account", ok=True, detail=detail)


def _canary(site: Site, canary: str) -> Finding:
    if (lost := lost_permissions(site, canary)) is not None:
        raise lost
    return Finding(subject="canary", ok=True, detail=f"'{canary}' finds issues")


def _status_map(site: Site) -> Finding:
    """The map speaks of statuses that are gone; Jira itself speaks of those that are there."""
    today = {
        name.casefold(): str(raw.get("name"))
        for raw in site.statuses()
        for name in (str(raw["id"]), str(raw.get("name")))
    }
    if there := sorted(today[status] for status in site.settings.status_map if status in today):
        return Finding(
            subject="status_map",
            ok=False,
            detail=f"{', '.join(there)} is still there, and counts as Jira says",
            hint="take it out of status_map; its category is set in Jira",
        )
    return Finding(
        subject="status_map", ok=True, detail=f"speaks of {len(site.settings.status_map)} that are gone"
    )
