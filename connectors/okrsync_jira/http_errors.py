"""Judge an HTTP answer of Jira: believe it, retry it, or tell the operator what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import requests

from okrsync.connector import passes
from okrsync.errors import AccessError, ConfigError, OkrsyncError, Unavailable
from okrsync.http import Again, retry_after
from okrsync.redaction import redact
from okrsync_jira.settings import Anonymous, ApiToken, JiraSettings, Password, ScopedToken, ServiceAccount

TOKEN_PAGE: Final = "https://id.atlassian.com/manage-profile/security/api-tokens"  # noqa: S105 - an address
WEB_PAGE: Final = "a web page"
SEARCH: Final = "the search"
# One of these is in every answer of Jira itself, even if it refuses in HTML.
_OF_JIRA: Final = (
    *(
        "X-Seraph-LoginReason",
        "X-AREQUESTID",
        "X-AUSERNAME",
        "X-AACCOUNTID",
        "ATL-TraceId",
        "WWW-Authenticate",
    ),
)


class RefusedJqlError(ConfigError):
    """Jira does not take a JQL: a word in it is wrong, or names what is not there."""


@dataclass(frozen=True, slots=True)
class HttpErrors:
    """What to say of answers that came over the connection ``name``."""

    name: str
    settings: JiraSettings

    def refusal(self, response: requests.Response) -> OkrsyncError | None:
        """Why ``response`` is not an answer to this account, or None if it may be one.

        Jira Cloud answers an expired token with status 200 and no issues; only a header tells.
        """
        headers, base = response.headers, self.settings.base
        if captcha := headers.get("X-Authentication-Denied-Reason"):
            return self.denied(f"Jira asks for a CAPTCHA ({short(captcha)}): sign in once with a browser")
        reason = headers.get("X-Seraph-LoginReason", "")
        # serverInfo is the same for everybody, and tells which way of signing in would be the right one.
        public = response.ok and urlsplit(response.url).path.endswith("/serverInfo")
        if ("FAILED" in reason or "DENIED" in reason) and not public:
            return self.denied(f"Jira did not accept the login ({short(reason)})")
        if response.status_code == requests.codes.unauthorized and not _of_jira(response):
            return self._in_between(response.status_code)
        if response.status_code == requests.codes.unauthorized:
            return self.denied("Jira did not accept the login (HTTP 401)")
        if response.is_redirect:
            target = urlsplit(headers.get("Location", "")).netloc or "another page"
            return ConfigError(
                f"{self.name}: {base} sends us on to {target}, which may be a sign-in page or the site's new address",
                hint="write the address that people end up at into url",
            )
        if response.ok and "html" in headers.get("Content-Type", "").lower():
            return ConfigError(
                f"{self.name}: {base} answers with a web page instead of data",
                hint="a sign-in page or a proxy is in between, or url lacks Jira's path (such as /jira)",
            )
        return None

    def denied(self, why: str) -> AccessError:
        """The account may not read. Names the secret's place, never its text."""
        auth = self.settings.auth
        if isinstance(auth, Anonymous):
            return AccessError(
                f"{self.name}: {why}; nobody is signed in (auth: {{anonymous: true}})",
                hint="this Jira shows nothing to the whole world: write an account into auth",
            )
        if isinstance(auth, ApiToken):
            hint = f"API tokens expire after a year at most; create a new one at {TOKEN_PAGE}"
        elif isinstance(auth, ScopedToken | ServiceAccount):
            hint = f"create a token with the scopes read:jira-work and read:jira-user at {TOKEN_PAGE}"
        else:
            hint = f"sign in at {self.settings.url} to see whether the account is well, then renew the credential"
        secret = auth.password if isinstance(auth, Password) else auth.token
        return AccessError(f"{self.name}: {why}; the credential is in the {secret}", hint=hint)

    def _in_between(self, status: int | None) -> Unavailable:
        return Unavailable(
            f"{self.name}: something between okrsync and {self.settings.base} answers HTTP {status} with {WEB_PAGE}",
            hint="look at proxies and firewalls; Jira itself answers in JSON",
        )

    def explained(self, status: int | None, text: str | None, asked: str = SEARCH) -> OkrsyncError:
        """A status that will not get better by repeating; ``asked`` is what was asked for."""
        base, said = self.settings.base, short(text)
        if "/rest/" in asked and status in {requests.codes.not_found, requests.codes.not_allowed}:
            return ConfigError(
                f"{self.name}: {base} does not know {asked} (HTTP {status}: {said})",
                hint="check url with its path (such as /jira), deployment, and what a proxy in between lets through",
            )
        if asked != SEARCH and status in {requests.codes.not_found, requests.codes.bad_request}:
            return ConfigError(
                f"Jira refuses {asked}: {said}", hint="check its number, and whether the account may see it"
            )
        if status == requests.codes.forbidden and said == WEB_PAGE:
            return self._in_between(status)
        if status == requests.codes.forbidden:
            return self.denied(f"the account may not ask this (HTTP 403: {said})")
        if status == requests.codes.gone:
            return ConfigError(
                f"{self.name}: {base} is a Cloud site (HTTP 410)", hint="write deployment: cloud"
            )
        if status in {requests.codes.not_found, requests.codes.not_allowed}:
            return ConfigError(
                f"{self.name}: there is no such Jira at {base} (HTTP {status})",
                hint="check url with its path (such as /jira), and deployment",
            )
        if status == requests.codes.bad_request:
            return RefusedJqlError(
                f"Jira refuses the search: {said}", hint="try the JQL in Jira's own issue search"
            )
        return Unavailable(f"{self.name}: {base} answers HTTP {status}: {said}", hint="run again later")

    def unreachable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"{self.name}: no connection to {self.settings.base} ({type(error).__name__})",
            hint="check url and the server's TLS certificate",
        )


def _of_jira(response: requests.Response) -> bool:
    """Whether a refusal is Jira's own: what comes in between answers with a page and without Jira's headers."""
    in_html = "html" in response.headers.get("Content-Type", "").lower()
    return not in_html or any(name in response.headers for name in _OF_JIRA)


def passing(status: int | None, headers: Mapping[str, str], now: datetime) -> Again | None:
    """Whether a status passes, and the wait the server itself asks for, in whichever of its three spellings."""
    if not passes(status):
        return None
    kind = headers.get("RateLimit-Reason")
    wait = retry_after(headers.get("Retry-After"), now)
    if wait is None and status == requests.codes.too_many_requests:
        wait = _until(headers.get("X-RateLimit-Reset"), now)
    busy = status == requests.codes.too_many_requests
    return Again(f"HTTP {status} ({short(kind)})" if kind else f"HTTP {status}", after=wait, busy=busy)


def short(text: str | None) -> str:
    """Jira's own words, on one line and without secrets."""
    said = redact(" ".join((text or "").split())) or "no reason given"
    if said.startswith("<"):
        return WEB_PAGE
    return said if len(said) <= 300 else f"{said[:300]}…"


def _until(reset: str | None, now: datetime) -> float | None:
    try:
        moment = datetime.fromisoformat(reset or "")
    except ValueError:
        return None
    return max(0.0, (moment - now).total_seconds()) if moment.tzinfo else None
