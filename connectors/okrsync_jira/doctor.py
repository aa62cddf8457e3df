"""Look at a Jira connection as an operator would, and say what to do about what is not well."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from okrsync.errors import OkrsyncError
from okrsync.ports import Finding, Opening
from okrsync_jira.client import Site
from okrsync_jira.settings import Anonymous, JiraSettings
from okrsync_jira.source import lost_permissions


def examine(settings: JiraSettings, opening: Opening) -> Iterator[Finding]:
    """Address, deployment, account, canary and request budget. Stops where going on would only repeat the fault."""
    try:
        site = Site(settings, opening)
    except OkrsyncError as error:
        yield Finding(subject="credential", ok=False, detail=error.message, hint=error.hint)
        return
    for subject, look in (("address", _address), ("deployment", _deployment), ("account", _account)):
        finding = _looked(subject, look, site, opening)
        yield finding
        if not finding.ok and subject != "address":
            return
    if settings.canary is not None:
        yield _looked("canary", _canary, site, opening)
    if site.budget:
        yield Finding(subject="request budget", ok=True, detail=site.budget)


def _looked(subject: str, look: Callable[[Site, Opening], Finding], site: Site, opening: Opening) -> Finding:
    try:
        return look(site, opening)
    except OkrsyncError as error:
        return Finding(subject=subject, ok=False, detail=error.message, hint=error.hint)


def _address(site: Site, _: Opening) -> Finding:
    url, real = site.settings.url, str(site.server()["baseUrl"]).rstrip("/")
    if real.lower() == url.lower():
        return Finding(subject="address", ok=True, detail=url)
    return Finding(
        subject="address",
        ok=False,
        detail=f"url is {url}, but this Jira calls itself {real}",
        hint=f"write url: {real}; the other address may be an old name that sends requests on",
    )


def _deployment(site: Site, _: Opening) -> Finding:
    deployment = site.deployment()
    kind = "Cloud" if deployment == "cloud" else "Data Center"
    if problem := site.settings.misfit(deployment):
        return Finding(subject="deployment", ok=False, detail=f"{kind}; {problem}", hint="correct auth")
    said = "Cloud" if site.server().get("deploymentType") == "Cloud" else "Data Center"
    if said != kind:
        hint = f"write deployment: {'cloud' if said == 'Cloud' else 'data_center'}"
        return Finding(
            subject="deployment", ok=False, detail=f"the settings say {kind}, Jira says {said}", hint=hint
        )
    return Finding(subject="deployment", ok=True, detail=kind)


def _account(site: Site, opening: Opening) -> Finding:
    if isinstance(site.settings.auth, Anonymous):
        return Finding(subject="account", ok=True, detail="nobody signs in: only public issues are seen")
    account = site.myself()
    name = account.get("displayName") or account.get("name") or account.get("accountId")
    zone = account.get("timeZone", "unknown")
    detail = f"signed in as {name}, time zone {zone}"
    if zone != opening.timezone:
        detail += f" (the company's is {opening.timezone}: windows are right, JQL like startOfDay() follows the account)"
    return Finding(subject="account", ok=True, detail=detail)


def _canary(site: Site, _: Opening) -> Finding:
    canary = site.settings.canary
    if (lost := lost_permissions(site, canary)) is not None:
        raise lost
    return Finding(subject="canary", ok=True, detail=f"'{canary}' finds issues")
