"""Read Jira completely or not at all: the ``jira`` library silently returns too little.

The library pages, retries and signs in for people at a prompt: it stops after one page, follows a repeated page token
for ever, and reads an expired token as "no issues". Here every page is asked for by ourselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from okrsync.ports import ConnectorContext
from okrsync_jira import answers
from okrsync_jira.changelog import Move, Shared, moves
from okrsync_jira.connection import JiraConnection, LostPage
from okrsync_jira.issues import ReadIssues, SearchResult, changed, warned
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


class Site:
    """One Jira as one account sees it. It connects at the first question, and is shared by threads."""

    def __init__(self, settings: JiraSettings, context: ConnectorContext) -> None:
        self.settings = settings
        self._connection = JiraConnection(settings, context)
        self._jira = self._connection.jira
        self._ask = self._connection.ask
        self._state = context.state
        self._deployment: Deployment | None = settings.known_deployment

    @property
    def budget(self) -> str:
        """What Jira said last of how many requests are left."""
        return self._connection.budget

    # ---- What can be asked ------------------------------------------------------------------------------------

    def deployment(self) -> Deployment:
        """Cloud or Data Center; the server is asked once, and the connection's state keeps the answer."""
        if self._deployment is None:
            page, state = f"deployment of {self.settings.url}", self._state
            if state.get(page) not in {"cloud", "data_center"}:
                state[page] = "cloud" if self.server().get("deploymentType") == "Cloud" else "data_center"
            self._deployment = "cloud" if state[page] == "cloud" else "data_center"
        # The library's own switch between its two kinds of search.
        self._jira.deploymentType = "Cloud" if self._deployment == "cloud" else "Server"
        return self._deployment

    def server(self) -> Mapping[str, Any]:
        """serverInfo, which Jira shows to anybody: it proves nothing about the account."""
        return self._ask(self._jira.server_info, answers.Server, "its serverInfo")

    def myself(self) -> Mapping[str, Any]:
        """The account that is signed in. Raises ``AccessError`` if nobody is."""
        answer = self._ask(self._jira.myself, answers.Account, "who is signed in (/rest/api/2/myself)")
        if not (answer.get("accountId") or answer.get("name") or answer.get("key")):
            raise self._connection.errors.denied("Jira does not say who is signed in")
        return answer

    def fields(self) -> Sequence[Mapping[str, Any]]:
        return self._ask(self._jira.fields, list[answers.FieldAnswer], "its fields (/rest/api/2/field)")

    def statuses(self) -> Sequence[Mapping[str, Any]]:
        asked = "its statuses (/rest/api/2/status)"
        return self._ask(self._jira.all_statuses, list[answers.StatusAnswer], asked)

    def projects(self) -> Sequence[Mapping[str, Any]]:
        """The projects that the account sees; on Cloud the first hundred, by their keys."""
        if self.deployment() == "cloud":
            ask = partial(self._jira.listed, "project/search", {"orderBy": "key", "maxResults": 100})
            return self._ask(ask, answers.ProjectPage, "its projects (/rest/api/2/project/search)")["values"]
        ask = partial(self._jira.listed, "project", {})
        return self._ask(ask, list[answers.ProjectAnswer], "its projects (/rest/api/2/project)")

    def filters(self) -> Sequence[Mapping[str, Any]]:
        """The saved filters that the account sees, a hundred at the most; on Data Center its favourites."""
        if self.deployment() == "cloud":
            ask = partial(self._jira.listed, "filter/search", {"expand": "jql", "maxResults": 100})
            return self._ask(ask, answers.FilterPage, "its filters (/rest/api/2/filter/search)")["values"]
        # Data Center has no list of all filters.
        ask = partial(self._jira.listed, "filter/favourite", {})
        return self._ask(ask, list[answers.FilterAnswer], "its filters (/rest/api/2/filter/favourite)")

    def count(self, jql: str) -> SearchResult:
        """How many issues there are, exactly: by their keys on Cloud, by one request on Data Center."""
        if self.deployment() == "cloud":
            return self.search(jql, ())
        answer = self._ask(partial(self._jira.total, jql), answers.Total)
        note = warned(answer.get("warningMessages") or (), found=answer["total"])
        return SearchResult(jql=jql, count=answer["total"], note=note)

    def estimate(self, jql: str) -> SearchResult:
        """Jira Cloud's own estimate of how many issues there are."""
        self.deployment()
        answer = self._ask(
            partial(self._jira.approximate_issue_count, jql, json_result=True), answers.Estimate
        )
        return SearchResult(jql=jql, count=answer["count"], note=(("approximate", "Jira's own estimate"),))

    def roughly(self, jql: str) -> int:
        """How many issues there are, with one request: as Cloud estimates, as Data Center counts."""
        return (self.estimate if self.deployment() == "cloud" else self.count)(jql).count

    def search(self, jql: str, fields: Iterable[str], history: frozenset[str] | None = None) -> SearchResult:
        """Every issue with ``fields`` (ids), and with the changes of ``history`` (ids; of all if it is empty).

        Raises ``Unavailable`` if Jira breaks the list off, and ``DataError`` if an issue cannot be read.
        """
        # By immutable values: issues that change while they are read must not move between pages.
        ordered = f"{jql} ORDER BY created ASC, key ASC"
        wanted = ("key", *sorted(set(fields) - {"key"}))
        # Jira's answers are let go of page by page: a changelog in JSON takes ten times the memory of what is kept.
        shared = Shared()
        read = self._read(ordered, wanted, shared, with_changes=history is not None)
        found = read.whole()
        if history is not None and self.deployment() == "cloud":
            for some, more in self._changes(tuple(found), history, shared):
                read.pages += more
                found |= {name: changed(found[name], made) for name, made in some.items()}
        note = warned(read.warnings, found=len(found))
        return SearchResult(
            jql=ordered, count=len(found), issues=tuple(found.values()), pages=read.pages, note=note
        )

    def sample(self, jql: str, size: int) -> Sequence[Mapping[str, Any]]:
        """A few issues as Jira gives them, with all their fields."""
        if self.deployment() == "cloud":
            return next(iter(self._token_pages(jql, ("*all", "key"), size)))["issues"]
        ask = partial(self._jira.numbered_page, jql, ("*all",), size, 0)
        return self._ask(ask, answers.CountedPage)["issues"]

    def board(self, number: int) -> Mapping[str, Any]:
        """How a board is set up."""
        ask = partial(self._jira.board_page, f"{number}/configuration", 0)
        return self._ask(ask, answers.Board, f"board {number}")

    def closed_sprints(self, number: int) -> Sequence[Mapping[str, Any]]:
        """Every closed sprint that a board shows, also those that were begun on another board."""
        found: list[Mapping[str, Any]] = []
        while True:
            ask = partial(self._jira.board_page, f"{number}/sprint", len(found))
            page = self._ask(ask, answers.SprintPage, f"the sprints of board {number}")
            found += page["values"]
            if page.get("isLast", not page["values"]):
                return found
            if not page["values"]:
                how = f"after {len(found)} sprints it says there are more, but gives none"
                raise self._connection.broken_off(how)

    def finds_any(self, jql: str) -> bool:
        """Whether there is at least one issue."""
        if self.deployment() == "data_center":
            return self.count(jql).count > 0
        return any(page["issues"] for page in self._token_pages(jql, ("key",), size=1))

    # ---- Pages ------------------------------------------------------------------------------------------------

    def _read(self, jql: str, fields: Sequence[str], shared: Shared, *, with_changes: bool) -> ReadIssues:
        """All pages of a search. It begins again once if Jira has forgotten a page that it named itself."""
        for attempt in (1, 2):
            read = ReadIssues(shared)
            try:
                for page in self._pages(jql, fields, with_changes=with_changes):
                    read.pages += 1
                    read.warnings += page.get("warningMessages") or ()
                    for raw in page["issues"]:
                        read.take(raw, fields, self._log(raw))
            except LostPage as lost:
                if attempt == 2:
                    raise self._connection.broken_off(f"it does not know its next page ({lost})") from None
                continue
            return read
        raise AssertionError

    def _log(self, raw: answers.IssueAnswer) -> Sequence[Mapping[str, Any]]:
        """The changes that came with an issue. Raises ``Unavailable`` if they are not all."""
        changes = raw.get("changelog")
        if changes is None:
            return ()
        if changes.get("total", 0) > len(changes["histories"]):
            how = f"of {raw.get('key')} it gave {len(changes['histories'])} of {changes['total']} changes"
            raise self._connection.broken_off(how, what="changelog")
        return changes["histories"]

    def _pages(
        self, jql: str, fields: Sequence[str], *, with_changes: bool
    ) -> Iterator[answers.TokenPage | answers.CountedPage]:
        if self.deployment() == "cloud":
            return self._token_pages(jql, fields, size=CLOUD_PAGE)
        return self._numbered_pages(jql, fields, with_changes=with_changes)

    def _changes(
        self, issues: Sequence[str], fields: frozenset[str], shared: Shared
    ) -> Iterator[tuple[dict[str, tuple[Move, ...]], int]]:
        """Cloud's changes by the id of the issue, a thousand issues at a time, and how many pages they took."""
        named = sorted(fields) if len(fields) <= MOST_FIELDS else []
        for start in range(0, len(issues), ISSUES_AT_ONCE):
            some = issues[start : start + ISSUES_AT_ONCE]
            try:
                log, pages = self._log_of(some, named)
            except LostPage:
                try:
                    log, pages = self._log_of(some, named)
                except LostPage as lost:
                    how = f"it does not know its next page ({lost})"
                    raise self._connection.broken_off(how, what="list of changes") from None
            yield {name: moves(log[name], shared) for name in some if name in log}, pages

    def _log_of(
        self, issues: Sequence[str], fields: Sequence[str]
    ) -> tuple[dict[str, list[Mapping[str, Any]]], int]:
        """The histories of some issues; those of one issue may come on several pages."""
        token: str | None = None
        seen: set[str] = set()
        log: dict[str, list[Mapping[str, Any]]] = {}
        pages = 0
        while True:
            ask = partial(self._jira.changes_page, issues, fields, CHANGES_PAGE, token)
            page = self._ask(ask, answers.ChangesPage, later_page=token is not None)
            pages += 1
            for one in page["issueChangeLogs"]:
                log.setdefault(one["issueId"], []).extend(one["changeHistories"])
            token = page.get("nextPageToken")
            if not token:
                return log, pages
            if token in seen:
                how = "it names a page that was already read"
                raise self._connection.broken_off(how, what="list of changes")
            seen.add(token)

    def _token_pages(self, jql: str, fields: Sequence[str], size: int) -> Iterator[answers.TokenPage]:
        token: str | None = None
        seen: set[str] = set()
        issues = empty = 0
        broken_off = self._connection.broken_off
        while True:
            ask = partial(self._jira.token_page, jql, fields, size, token)
            page = self._ask(ask, answers.TokenPage, later_page=token is not None)
            yield page
            issues += len(page["issues"])
            empty = 0 if page["issues"] else empty + 1
            token = page.get("nextPageToken")
            if not token:
                if page.get("isLast") is False:
                    raise broken_off(f"after {issues} issues it says there are more, but not where")
                return
            if token in seen:
                raise broken_off(f"after {issues} issues it names a page that was already read")
            if empty > MOST_EMPTY_PAGES:
                raise broken_off(f"{empty} pages in a row are empty")
            seen.add(token)

    def _numbered_pages(
        self, jql: str, fields: Sequence[str], *, with_changes: bool
    ) -> Iterator[answers.CountedPage]:
        start = 0
        size, expand = (SERVER_PAGE_OF_CHANGES, ["changelog"]) if with_changes else (SERVER_PAGE, [])
        # A counted page whose issues all have their changelog.
        shape = (
            cast("type[answers.CountedPage]", answers.PageWithChanges)
            if with_changes
            else answers.CountedPage
        )
        seen: set[str] = set()
        while True:
            page = self._ask(partial(self._jira.numbered_page, jql, fields, size, start, expand), shape)
            yield page
            # The server's own limit may be lower than what was asked: go on after what came.
            start += len(page["issues"])
            seen.update(raw["id"] for raw in page["issues"])
            if start >= page["total"] or not page["issues"]:
                if len(seen) < page["total"]:
                    raise self._connection.broken_off(f"it gave {len(seen)} of {page['total']} issues")
                return
