"""The only place that touches the ``jira`` library, and what keeps it from returning too little in silence.

The library pages, retries and signs in for people at a prompt: it stops after one page, follows a repeated page token
for ever, and reads an expired token as "no issues". Here every page is asked for by ourselves, every answer is looked
at before it is believed, and every wait is ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from jira import JIRA, JIRAError

from okrsync.errors import Unavailable
from okrsync.http import USER_AGENT, Again, limiter, patiently
from okrsync.ports import Opening
from okrsync_jira.found import Found, Issue, has, is_count, is_page
from okrsync_jira.settings import Anonymous, ApiToken, Auth, Deployment, JiraSettings, Password, ScopedToken
from okrsync_jira.verdicts import Verdicts, passing

TIMEOUT: Final = (5.0, 60.0)
CLOUD_PAGE: Final = 5000
SERVER_PAGE: Final = 1000
# A longer JQL does not fit into every proxy's idea of an address.
LONGEST_ADDRESS: Final = 1500
MOST_EMPTY_PAGES: Final = 20

# Half of what Cloud allows a user for POST /search/jql, and what a modest Data Center node bears.
_PACE: Final[Mapping[Deployment, tuple[float, int]]] = {"cloud": (50.0, 100), "data_center": (20.0, 20)}


class Garbled(Exception):
    """An answer that has Jira's status but not Jira's shape."""


class LeanJIRA(JIRA):
    """The library without its needless calls: it is given ids of fields, so it need not read all their names."""

    @property
    def _fields_cache(self) -> dict[str, str]:
        return {}

    def server_info(self) -> dict[str, Any]:
        """serverInfo, once: the library asks up to four times where the answer is empty."""
        answer: dict[str, Any] = self._get_json("serverInfo")
        return answer

    def token_page(self, jql: str, fields: Sequence[str], size: int, token: str | None) -> Any:
        """A page of Cloud's search.

        Values are read by GET where the address allows it: only there Jira can be told to fail rather than to leave
        out, without a word, the values it could not load.
        """
        if list(fields) != ["key"] and len(jql) <= LONGEST_ADDRESS:
            sent = {"jql": jql, "fields": list(fields), "maxResults": size, "failFast": "true"}
            return self._get_json("search/jql", params=sent | ({"nextPageToken": token} if token else {}))
        return self.enhanced_search_issues(
            jql,
            nextPageToken=token,
            maxResults=size,
            fields=list(fields),
            # The library would send null for both, which is outside Jira's own description of this request.
            expand="",
            properties=[],
            json_result=True,
            use_post=True,
        )

    def numbered_page(self, jql: str, fields: Sequence[str], size: int, start: int) -> Any:
        """A page of Data Center's search."""
        return self.search_issues(
            jql, startAt=start, maxResults=size, fields=list(fields), json_result=True, use_post=True
        )

    def total(self, jql: str) -> Any:
        """Data Center's answer to how many, without any issue; the library's own search warns of a page of 0."""
        return self._get_json(
            "search", params={"jql": jql, "maxResults": 0, "fields": ["key"]}, use_post=True
        )

    def watch(self, look: Callable[..., None]) -> None:
        """Have every answer looked at before the library makes anything of it."""
        self._session.hooks["response"].append(look)
        if self._session.auth is None:
            # Else requests would sign in with whatever it finds in a .netrc file.
            self._session.auth = lambda request: request


class Site:
    """One Jira as one account sees it. It connects at the first question, and is shared by threads."""

    def __init__(self, settings: JiraSettings, opening: Opening) -> None:
        credential = _credential(settings.auth)
        self.settings = settings
        self.budget = ""
        self._clock = opening.clock
        self._memo = opening.memo
        self._verdicts = Verdicts(opening.name, settings)
        self._jira = _connect(settings.base, credential)
        self._jira.watch(self._look)
        self._deployment: Deployment | None = settings.known_deployment
        account = hashlib.sha256(f"{settings.base} {sorted(credential.items())}".encode()).hexdigest()
        rate, burst = _PACE[self._deployment or "data_center"]
        self._limit = limiter(opening.clock, account, rate=rate, burst=burst)

    # ---- What can be asked ------------------------------------------------------------------------------------

    def deployment(self) -> Deployment:
        """Cloud or Data Center; the server is asked at most once in the life of the connection's notebook."""
        if self._deployment is None:
            page, memo = f"deployment of {self.settings.url}", self._memo
            if memo.get(page) not in {"cloud", "data_center"}:
                memo[page] = "cloud" if self.server().get("deploymentType") == "Cloud" else "data_center"
            self._deployment = "cloud" if memo[page] == "cloud" else "data_center"
        # The library's own switch between its two kinds of search.
        self._jira.deploymentType = "Cloud" if self._deployment == "cloud" else "Server"
        return self._deployment

    def server(self) -> Mapping[str, Any]:
        """serverInfo, which Jira shows to anybody: it proves nothing about the account."""
        answer: Mapping[str, Any] = self._ask(self._jira.server_info, lambda answer: has(answer, "baseUrl"))
        return answer

    def myself(self) -> Mapping[str, Any]:
        """The account that is signed in. Raises ``AccessError`` where nobody is."""
        answer: Mapping[str, Any] = self._ask(self._jira.myself, lambda answer: isinstance(answer, dict))
        if not any(answer.get(name) for name in ("accountId", "name", "key")):
            raise self._verdicts.denied("Jira does not say who is signed in")
        return answer

    def fields(self) -> Sequence[Mapping[str, Any]]:
        answer: list[Mapping[str, Any]] = self._ask(
            self._jira.fields, lambda answer: isinstance(answer, list)
        )
        return answer

    def count(self, jql: str) -> Found:
        """How many issues there are, exactly: by their keys on Cloud, by one request on Data Center."""
        if self.deployment() == "cloud":
            return self.search(jql, ())
        answer = self._ask(partial(self._jira.total, jql), lambda answer: is_count(answer, "total"))
        return Found(jql=jql, count=answer["total"])

    def estimate(self, jql: str) -> Found:
        """Jira Cloud's own estimate of how many issues there are."""
        ask = partial(self._jira.approximate_issue_count, jql, json_result=True)
        self.deployment()
        answer = self._ask(ask, lambda answer: is_count(answer, "count"))
        return Found(jql=jql, count=answer["count"], note=(("approximate", "Jira's own estimate"),))

    def search(self, jql: str, fields: Iterable[str]) -> Found:
        """Every issue with ``fields`` (ids). Raises ``Unavailable`` where Jira breaks the list off."""
        # By immutable values: issues that change while they are read must not move between pages.
        ordered = f"{jql} ORDER BY created ASC, key ASC"
        wanted = ("key", *sorted(set(fields) - {"key"}))
        pages = 0
        issues: dict[str, Issue] = {}
        for page in self._pages(ordered, wanted):
            pages += 1
            issues |= {
                raw["id"]: Issue(raw["id"], raw.get("key", raw["id"]), raw.get("fields") or {})
                for raw in page
            }
        return Found(jql=ordered, count=len(issues), issues=tuple(issues.values()), pages=pages)

    def finds_any(self, jql: str) -> bool:
        """Whether there is at least one issue."""
        if self.deployment() == "data_center":
            return self.count(jql).count > 0
        return any(page for page in self._token_pages(jql, ("key",), size=1))

    # ---- Pages ------------------------------------------------------------------------------------------------

    def _pages(self, jql: str, fields: Sequence[str]) -> Iterator[Sequence[Mapping[str, Any]]]:
        if self.deployment() == "cloud":
            return self._token_pages(jql, fields, size=CLOUD_PAGE)
        return self._numbered_pages(jql, fields)

    def _token_pages(
        self, jql: str, fields: Sequence[str], size: int
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        token: str | None = None
        seen: set[str] = set()
        issues = empty = 0
        while True:
            page = self._ask(partial(self._jira.token_page, jql, fields, size, token), is_page)
            yield page["issues"]
            issues += len(page["issues"])
            empty = 0 if page["issues"] else empty + 1
            token = page.get("nextPageToken")
            if not token:
                if page.get("isLast") is False:
                    raise self._broken_off(f"after {issues} issues it says there are more, but not where")
                return
            if token in seen:
                raise self._broken_off(f"after {issues} issues it names a page that was already read")
            if empty > MOST_EMPTY_PAGES:
                raise self._broken_off(f"{empty} pages in a row are empty")
            seen.add(token)

    def _numbered_pages(self, jql: str, fields: Sequence[str]) -> Iterator[Sequence[Mapping[str, Any]]]:
        start = 0
        seen: set[str] = set()
        while True:
            page = self._ask(
                partial(self._jira.numbered_page, jql, fields, SERVER_PAGE, start),
                lambda answer: is_page(answer) and is_count(answer, "total"),
            )
            yield page["issues"]
            # The server's own limit may be lower than what was asked: go on after what came.
            start += len(page["issues"])
            seen.update(raw["id"] for raw in page["issues"])
            if start >= page["total"] or not page["issues"]:
                if len(seen) < page["total"]:
                    raise self._broken_off(f"it gave {len(seen)} of {page['total']} issues")
                return

    def _broken_off(self, how: str) -> Unavailable:
        return Unavailable(
            f"{self._verdicts.name}: Jira broke the list of issues off: {how}", hint="run again later"
        )

    # ---- One request ------------------------------------------------------------------------------------------

    def _ask(self, call: Callable[[], Any], expected: Callable[[Any], bool]) -> Any:
        def checked() -> Any:
            answer = call()
            if not expected(answer):
                raise Garbled
            if isinstance(answer, dict) and (warnings := answer.get("warningMessages")):
                raise self._verdicts.explained(400, "; ".join(map(str, warnings)))
            return answer

        host = urlsplit(self.settings.base).netloc
        what = f"{self._verdicts.name}: Jira at {host}"
        try:
            return patiently(checked, clock=self._clock, limit=self._limit, again=self._again, what=what)
        except JIRAError as error:
            raise self._verdicts.explained(error.status_code, error.text) from None
        except requests.RequestException as error:
            raise self._verdicts.unreachable(error) from None

    def _again(self, error: Exception) -> Again | None:
        if isinstance(error, JIRAError):
            headers = error.response.headers if error.response is not None else {}
            return passing(error.status_code, headers, self._clock.now())
        if isinstance(error, Garbled | requests.JSONDecodeError):
            return Again("the answer has not the shape of Jira's answers")
        if isinstance(error, requests.exceptions.SSLError):
            return None
        if isinstance(error, requests.Timeout):
            return Again("no answer in time")
        broken = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
        return Again("the connection failed") if isinstance(error, broken) else None

    def _look(self, response: requests.Response, **_: Any) -> None:
        """Runs for every answer, redirects included, before requests or the library act on it."""
        headers = response.headers
        self.budget = headers.get("RateLimit") or headers.get("X-RateLimit-Remaining") or self.budget
        if headers.get("X-RateLimit-NearLimit", "").lower() == "true":
            self._limit.pause(1.0)
        if (refusal := self._verdicts.refusal(response)) is not None:
            response.close()
            raise refusal


def _credential(auth: Auth) -> dict[str, Any]:
    """How the library is told to sign in. Raises ``AccessError`` where the secret is not to be had."""
    if isinstance(auth, Anonymous):
        return {}
    if isinstance(auth, Password):
        return {"basic_auth": (auth.user, auth.password.reveal())}
    if isinstance(auth, ApiToken | ScopedToken):
        return {"basic_auth": (auth.email, auth.token.reveal())}
    return {"token_auth": auth.token.reveal()}


def _connect(base: str, credential: Mapping[str, Any]) -> LeanJIRA:
    # Names of statuses and errors come in the account's language unless English is forced.
    headers = {"User-Agent": USER_AGENT, "Accept-Language": "en", "X-Force-Accept-Language": "true"}
    return LeanJIRA(
        options={"server": base, "headers": headers},
        get_server_info=False,
        logging=False,
        max_retries=0,
        timeout=TIMEOUT,
        **credential,
    )
