"""Say which endpoint answers which path, on Cloud and on Data Center."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from okrsync_emulators.jira import agile, endpoints, search
from okrsync_emulators.jira.site import Call
from okrsync_emulators.jira.texts import Refusal
from okrsync_emulators.jira.world import Kind

Handler = Callable[[Call], Any]
_CLOUD: Final = frozenset({"cloud"})
_SERVER: Final = frozenset({"data_center"})
_BOTH: Final = _CLOUD | _SERVER
ROUTES: Final[Sequence[tuple[str, str, frozenset[str], Handler]]] = (
    ("GET", "api/V/serverInfo", _BOTH, endpoints.server_info),
    ("GET", "api/V/myself", _BOTH, endpoints.myself),
    ("GET", "api/V/field", _BOTH, endpoints.fields),
    ("GET", "api/V/status", _BOTH, endpoints.statuses),
    ("GET", "api/V/search", _CLOUD, search.gone),
    ("POST", "api/V/search", _CLOUD, search.gone),
    ("GET", "api/V/search", _SERVER, search.get_search),
    ("POST", "api/V/search", _SERVER, search.post_search),
    ("GET", "api/V/search/jql", _CLOUD, search.get_jql),
    ("POST", "api/V/search/jql", _CLOUD, search.post_jql),
    ("POST", "api/V/search/approximate-count", _CLOUD, search.approximate_count),
    ("POST", "api/V/jql/parse", _CLOUD, search.parse_queries),
    ("POST", "api/V/jql/match", _CLOUD, search.match_issues),
    ("GET", "api/V/issue/([^/]+)", _BOTH, endpoints.issue),
    ("GET", "api/V/issue/([^/]+)/changelog", _CLOUD, endpoints.issue_changelog),
    ("POST", "api/V/issue/bulkfetch", _CLOUD, endpoints.bulk_issues),
    ("POST", "api/V/changelog/bulkfetch", _CLOUD, endpoints.bulk_changes),
    ("GET", "api/V/mypermissions", _BOTH, endpoints.my_permissions),
    ("GET", "api/V/project/search", _CLOUD, endpoints.project_search),
    ("GET", "api/V/project", _BOTH, endpoints.projects),
    ("GET", "api/V/project/([^/]+)", _BOTH, endpoints.project),
    ("GET", "api/V/filter/search", _CLOUD, endpoints.filter_search),
    ("GET", "api/V/filter/favourite", _BOTH, endpoints.favourite_filters),
    (
        "GET",
        r"api/V/filter/(\d+)",
        _BOTH,
        endpoints.saved_filter,
    ),
    ("GET", "agile/1.0/board", _BOTH, agile.boards),
    ("GET", r"agile/1.0/board/(\d+)", _BOTH, agile.board),
    ("GET", r"agile/1.0/board/(\d+)/configuration", _BOTH, agile.configuration),
    ("GET", r"agile/1.0/board/(\d+)/sprint", _BOTH, agile.board_sprints),
    ("GET", r"agile/1.0/board/(\d+)/issue", _BOTH, agile.board_issues),
    ("GET", r"agile/1.0/board/(\d+)/sprint/(\d+)/issue", _BOTH, agile.sprint_issues),
    ("GET", r"agile/1.0/sprint/(\d+)", _BOTH, agile.sprint),
    ("GET", r"agile/1.0/sprint/(\d+)/issue", _BOTH, agile.sprint_issues),
)
_VERSIONS: Final = {"cloud": "(?:2|3|latest)", "data_center": "(?:2|latest)"}


def route(kind: Kind, method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
    """The endpoint of a path below the site's address, and the parts of the path. Raises ``Refusal``: 404 or 405."""
    known = False
    for wanted, pattern, kinds, handler in ROUTES:
        full = "/rest/" + pattern.replace("/V/", f"/{_VERSIONS[kind]}/").replace("1.0", r"1\.0")
        found = re.fullmatch(full, path)
        if found is None or kind not in kinds:
            continue
        known = True
        # POST issue/bulkfetch is no issue called "bulkfetch": the method tells them apart.
        if wanted == method:
            return handler, found.groups()
    if known:
        raise Refusal(405, body={"message": "HTTP 405 Method Not Allowed", "status-code": 405})
    if not path.startswith("/rest/"):
        raise Refusal(404, html="<html><head><title>Oops, you've found a dead link.</title></head></html>")
    # Unknown: Cloud's own words for a path that does not exist.
    raise Refusal(404, body={"message": f"null for uri: {path}", "status-code": 404})
