"""Reads Jira completely or not at all, where the ``jira`` library would silently return too little.

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
from jira import JIRAError

from okrsync.errors import Unavailable
from okrsync.http import Again, limiter, patiently
from okrsync.ports import Opening
from okrsync_jira.changelog import Move, Shared, moves
from okrsync_jira.http_errors import HttpErrors, passing
from okrsync_jira.issues import (
    Issue,
    SearchResult,
    changed,
    has,
    is_change_page,
    is_count,
    is_counted_page,
    is_page,
    is_page_with_changes,
    issue,
)
from okrsync_jira.library import connect, credential_of
from okrsync_jira.settings import Deployment, JiraSettings

CLOUD_PAGE: Final = 5000
SERVER_PAGE: Final = 1000
# Data Center reads every changelog of a page from its database before it answers.
SERVER_PAGE_OF_CHANGES: Final = 100
ISSUES_AT_ONCE: Final = 1000
CHANGES_PAGE: Final = 10_000
# Jira's limit on how many fields' changes can be asked for by id.
MOST_FIELDS: Final = 10
MOST_EMPTY_PAGES: Final = 20

# Half of what Cloud allows a user for POST /search/jql, and what a modest Data Center node bears.
_PACE: Final[Mapping[Deployment, tuple[float, int]]] = {"cloud": (50.0, 100), "data_center": (20.0, 20)}


class MalformedAnswer(Exception):
    """An answer that has Jira's status but not Jira's shape."""


class Site:
    """One Jira as one account sees it. It connects at the first question, and is shared by threads."""

    def __init__(self, settings: JiraSettings, opening: Opening) -> None:
        credential = credential_of(settings.auth)
        self.settings = settings
        self.budget = ""
        self._clock = opening.clock
        self._memo = opening.memo
        self._http_errors = HttpErrors(opening.name, settings)
        self._jira = connect(settings.base, credential)
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
            raise self._http_errors.denied("Jira does not say who is signed in")
        return answer

    def fields(self) -> Sequence[Mapping[str, Any]]:
        answer: list[Mapping[str, Any]] = self._ask(
            self._jira.fields, lambda answer: isinstance(answer, list)
        )
        return answer

    def count(self, jql: str) -> SearchResult:
        """How many issues there are, exactly: by their keys on Cloud, by one request on Data Center."""
        if self.deployment() == "cloud":
            return self.search(jql, ())
        answer = self._ask(partial(self._jira.total, jql), lambda answer: is_count(answer, "total"))
        return SearchResult(jql=jql, count=answer["total"])

    def estimate(self, jql: str) -> SearchResult:
        """Jira Cloud's own estimate of how many issues there are."""
        ask = partial(self._jira.approximate_issue_count, jql, json_result=True)
        self.deployment()
        answer = self._ask(ask, lambda answer: is_count(answer, "count"))
        return SearchResult(jql=jql, count=answer["count"], note=(("approximate", "Jira's own estimate"),))

    def search(self, jql: str, fields: Iterable[str], history: frozenset[str] | None = None) -> SearchResult:
        """Every issue with ``fields`` (ids), and with the changes of ``history`` (ids; of all where it is empty).

        Raises ``Unavailable`` where Jira breaks the list off.
        """
        # By immutable values: issues that change while they are read must not move between pages.
        ordered = f"{jql} ORDER BY created ASC, key ASC"
        wanted = ("key", *sorted(set(fields) - {"key"}))
        pages = 0
        found: dict[str, Issue] = {}
        # Jira's answers are let go of page by page: a changelog in JSON takes ten times the memory of what is kept.
        shared = Shared()
        for page in self._pages(ordered, wanted, with_changes=history is not None):
            pages += 1
            found |= {raw["id"]: issue(raw, moves(self._log(raw), shared), shared) for raw in page}
        if history is not None and self.deployment() == "cloud":
            for some, more in self._changes(tuple(found), history, shared):
                pages += more
                found |= {name: changed(found[name], made) for name, made in some.items()}
        return SearchResult(jql=ordered, count=len(found), issues=tuple(found.values()), pages=pages)

    def _log(self, raw: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The changes that came with an issue. Raises ``Unavailable`` where they are not all."""
        changes = raw.get("changelog") or {}
        log: Sequence[Mapping[str, Any]] = changes.get("histories", ())
        if changes.get("total", 0) > len(log):
            how = f"of {raw.get('key')} it gave {len(log)} of {changes['total']} changes"
            raise self._broken_off(how, what="changelog")
        return log

    def sample(self, jql: str, size: int) -> Sequence[Mapping[str, Any]]:
        """A few issues as Jira gives them, with all their fields."""
        if self.deployment() == "cloud":
            return next(iter(self._token_pages(jql, ("*all", "key"), size)))
        ask = partial(self._jira.numbered_page, jql, ("*all",), size, 0)
        found: Sequence[Mapping[str, Any]] = self._ask(ask, is_counted_page)["issues"]
        return found

    def statuses(self) -> Sequence[Mapping[str, Any]]:
        answer: list[Mapping[str, Any]] = self._ask(
            self._jira.all_statuses,
            lambda answer: isinstance(answer, list) and all(has(one, "id") for one in answer),
        )
        return answer

    def board(self, number: int) -> Mapping[str, Any]:
        """How a board is set up."""
        answer: Mapping[str, Any] = self._ask(
            partial(self._jira.board_page, f"{number}/configuration", 0),
            lambda answer: has(answer, "id"),
            f"board {number}",
        )
        return answer

    def closed_sprints(self, number: int) -> Sequence[Mapping[str, Any]]:
        """Every closed sprint that a board shows, also those that were begun on another board."""
        found: list[Mapping[str, Any]] = []
        while True:
            page = self._ask(
                partial(self._jira.board_page, f"{number}/sprint", len(found)),
                lambda answer: isinstance(answer, dict) and isinstance(answer.get("values"), list),
                f"the sprints of board {number}",
            )
            found += page["values"]
            if page.get("isLast", not page["values"]):
                return found
            if not page["values"]:
                raise self._broken_off(f"after {len(found)} sprints it says there are more, but gives none")

    def finds_any(self, jql: str) -> bool:
        """Whether there is at least one issue."""
        if self.deployment() == "data_center":
            return self.count(jql).count > 0
        return any(page for page in self._token_pages(jql, ("key",), size=1))

    # ---- Pages ------------------------------------------------------------------------------------------------

    def _pages(
        self, jql: str, fields: Sequence[str], *, with_changes: bool
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        if self.deployment() == "cloud":
            return self._token_pages(jql, fields, size=CLOUD_PAGE)
        return self._numbered_pages(jql, fields, with_changes=with_changes)

    def _changes(
        self, issues: Sequence[str], fields: frozenset[str], shared: Shared
    ) -> Iterator[tuple[dict[str, tuple[Move, ...]], int]]:
        """Cloud's changes by the id of the issue, a thousand issues at a time, and how many pages they took."""
        named = sorted(fields) if len(fields) <= MOST_FIELDS else []
        for start in range(0, len(issues), ISSUES_AT_ONCE):
            some, token, seen, pages = issues[start : start + ISSUES_AT_ONCE], None, set(), 0
            # One issue's changes may come on several pages.
            log: dict[str, list[Mapping[str, Any]]] = {}
            while True:
                ask = partial(self._jira.changes_page, some, named, CHANGES_PAGE, token)
                page = self._ask(ask, is_change_page)
                pages += 1
                for one in page["issueChangeLogs"]:
                    log.setdefault(one["issueId"], []).extend(one["changeHistories"])
                token = page.get("nextPageToken")
                if not token:
                    break
                if token in seen:
                    raise self._broken_off("it names a page that was already read", what="list of changes")
                seen.add(token)
            yield {name: moves(log[name], shared) for name in some if name in log}, pages

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

    def _numbered_pages(
        self, jql: str, fields: Sequence[str], *, with_changes: bool
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        start = 0
        size, expand = (SERVER_PAGE_OF_CHANGES, ["changelog"]) if with_changes else (SERVER_PAGE, [])
        seen: set[str] = set()
        while True:
            page = self._ask(
                partial(self._jira.numbered_page, jql, fields, size, start, expand),
                is_page_with_changes if with_changes else is_counted_page,
            )
            yield page["issues"]
            # The server's own limit may be lower than what was asked: go on after what came.
            start += len(page["issues"])
            seen.update(raw["id"] for raw in page["issues"])
            if start >= page["total"] or not page["issues"]:
                if len(seen) < page["total"]:
                    raise self._broken_off(f"it gave {len(seen)} of {page['total']} issues")
                return

    def _broken_off(self, how: str, what: str = "list of issues") -> Unavailable:
        return Unavailable(
            f"{self._http_errors.name}: Jira broke the {what} off: {how}", hint="run again later"
        )

    # ---- One request ------------------------------------------------------------------------------------------

    def _ask(
        self, call: Callable[[], Any], expected: Callable[[Any], bool], asked: str = "the search"
    ) -> Any:
        def checked() -> Any:
            answer = call()
            if not expected(answer):
                raise MalformedAnswer
            if isinstance(answer, dict) and (warnings := answer.get("warningMessages")):
                raise self._http_errors.explained(400, "; ".join(map(str, warnings)))
            return answer

        host = urlsplit(self.settings.base).netloc
        what = f"{self._http_errors.name}: Jira at {host}"
        try:
            return patiently(checked, clock=self._clock, limit=self._limit, again=self._again, what=what)
        except JIRAError as error:
            raise self._http_errors.explained(error.status_code, error.text, asked) from None
        except requests.RequestException as error:
            raise self._http_errors.unreachable(error) from None

    def _again(self, error: Exception) -> Again | None:
        if isinstance(error, JIRAError):
            headers = error.response.headers if error.response is not None else {}
            return passing(error.status_code, headers, self._clock.now())
        if isinstance(error, MalformedAnswer | requests.JSONDecodeError):
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
        if (refusal := self._http_errors.refusal(response)) is not None:
            response.close()
            raise refusal
