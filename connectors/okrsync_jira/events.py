"""Count created or resolved issues in many windows, from one list if that takes fewer requests."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Final

from okrsync.errors import OkrsyncError
from okrsync.model import Window
from okrsync_jira.changelog import moment
from okrsync_jira.client import SERVER_PAGE, Site
from okrsync_jira.issues import SearchResult
from okrsync_jira.jql import during
from okrsync_jira.reads import Events, Search
from okrsync_jira.reducers import MOST_SAMPLES

Counted = Mapping[Window, SearchResult | OkrsyncError]

# What Cloud puts on a page if it is asked for more than keys.
CLOUD_PAGE_OF_VALUES: Final = 100
_FIELDS: Final[Mapping[str, str]] = {"created": "created", "resolved": "resolutiondate"}


def counted(site: Site, read: Events, fetch: Callable[[Search], SearchResult]) -> Counted:
    """What each window holds. ``fetch`` makes one search, and believes it only if that is safe."""
    searches = {window: during(read.jql, read.date, window) for window in read.windows}
    if len(searches) > 1:
        whole = during(read.jql, read.date, _around(read.windows))
        if _pages(site, whole) < len(searches):
            found = fetch(Search(whole, frozenset({_FIELDS[read.date]})))
            return _cut(found, _FIELDS[read.date], searches)
    return {window: _fetched(fetch, jql) for window, jql in searches.items()}


def in_window(window: Window, found: Counted) -> SearchResult:
    """What the window holds. Raises the error that kept it from being read."""
    one = found[window]
    if isinstance(one, OkrsyncError):
        raise one
    return one


def _around(windows: frozenset[Window]) -> Window:
    return Window(start=min(one.start for one in windows), end=max(one.end for one in windows))


def _pages(site: Site, jql: str) -> int:
    """How many requests it takes to see them all, this one included."""
    if site.deployment() == "cloud":
        return 2 + site.estimate(jql).count // CLOUD_PAGE_OF_VALUES
    return 2 + site.count(jql).count // SERVER_PAGE


def _fetched(fetch: Callable[[Search], SearchResult], jql: str) -> SearchResult | OkrsyncError:
    try:
        return fetch(Search(jql))
    except OkrsyncError as error:
        return error


def _cut(found: SearchResult, field: str, searches: Mapping[Window, str]) -> Counted:
    events = sorted(
        ((moment(issue.fields.get(field)), issue) for issue in found.issues), key=lambda one: one[0]
    )
    times = [at for at, _ in events]
    note = (("counted in", f"one list of {found.count} issues, for all dates"),)
    cut = {}
    for window, jql in searches.items():
        first, end = bisect_left(times, window.start), bisect_left(times, window.end)
        sample = tuple(issue for _, issue in events[first : min(end, first + MOST_SAMPLES)])
        cut[window] = SearchResult(jql=jql, count=end - first, issues=sample, pages=found.pages, note=note)
    return cut
