"""Send requests to one Jira: paced, retried, and each answer judged before it is believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
from jira import JIRAError

from okrsync.errors import Unavailable
from okrsync.http import Again, limiter, patiently
from okrsync.network import note_date
from okrsync.ports import ConnectorContext
from okrsync_jira.answers import MalformedAnswer, read
from okrsync_jira.http_errors import SEARCH, HttpErrors, passing
from okrsync_jira.library import connect, credential_of
from okrsync_jira.settings import Deployment, JiraSettings

T = TypeVar("T")

# Half of what Cloud allows a user for POST /search/jql, and what a modest Data Center node bears.
_PACE: Final[Mapping[Deployment, tuple[float, int]]] = {"cloud": (50.0, 100), "data_center": (20.0, 20)}


class LostPage(Exception):
    """Jira no longer knows a page that it has named itself."""


class JiraConnection:
    """One Jira and one account. It sends nothing before the first ``ask``, and is shared by threads."""

    def __init__(self, settings: JiraSettings, context: ConnectorContext) -> None:
        credential = credential_of(settings.auth)
        self.base = settings.base
        self.budget = ""
        self.errors = HttpErrors(context.name, settings)
        self.jira = connect(settings.base, credential)
        self.jira.watch(self._look)
        self._clock = context.clock
        account = hashlib.sha256(f"{settings.base} {sorted(credential.items())}".encode()).hexdigest()
        rate, burst = _PACE[settings.known_deployment or "data_center"]
        self._limit = limiter(context.clock, account, rate=rate, burst=burst)

    def ask(
        self, call: Callable[[], Any], shape: type[T], asked: str = SEARCH, *, later_page: bool = False
    ) -> T:
        """The answer to ``call`` in its ``shape``; ``asked`` names in messages what it asks for.

        ``later_page``: a page of a list, by a token that Jira gave out. Raises ``LostPage`` if Jira refuses that.
        """
        what = f"{self.errors.name}: Jira at {urlsplit(self.base).netloc}"
        try:
            return patiently(
                lambda: read(call, shape), clock=self._clock, limit=self._limit, again=self._again, what=what
            )
        except JIRAError as error:
            if later_page and error.status_code == requests.codes.bad_request:
                raise LostPage(error.text) from None
            raise self.errors.explained(error.status_code, error.text, asked) from None
        except requests.RequestException as error:
            raise self.errors.unreachable(error) from None

    def broken_off(self, how: str, what: str = "list of issues") -> Unavailable:
        return Unavailable(f"{self.errors.name}: Jira broke the {what} off: {how}", hint="run again later")

    def _again(self, error: Exception) -> Again | None:
        if isinstance(error, JIRAError):
            headers = error.response.headers if error.response is not None else {}
            return passing(error.status_code, headers, self._clock.now())
        if isinstance(error, MalformedAnswer):
            return Again(f"the answer has not the shape of Jira's answers ({error})")
        if isinstance(error, requests.JSONDecodeError):
            return Again("the answer has not the shape of Jira's answers (it is no JSON)")
        if isinstance(error, requests.exceptions.SSLError):
            return None
        if isinstance(error, requests.Timeout):
            return Again("no answer in time")
        broken = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
        return Again("the connection failed") if isinstance(error, broken) else None

    def _look(self, response: requests.Response, **_: Any) -> None:
        """Runs for every answer, redirects included, before requests or the library act on it."""
        headers = response.headers
        note_date(response.url, headers.get("Date"))
        self.budget = headers.get("RateLimit") or headers.get("X-RateLimit-Remaining") or self.budget
        if headers.get("X-RateLimit-NearLimit", "").lower() == "true":
            self._limit.pause(1.0)
        if (refusal := self.errors.refusal(response)) is not None:
            response.close()
            raise refusal
