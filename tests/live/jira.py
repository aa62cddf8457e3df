"""What the emulated Jira Cloud assumes, asked of a real site. Nothing is written: every request only reads."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from okrsync.settings import Secret
from tests.live.report import CannotTry, Check, Http

NEEDS: Final = (
    "OKRSYNC_LIVE_JIRA_URL",
    "OKRSYNC_LIVE_JIRA_EMAIL",
    "OKRSYNC_LIVE_JIRA_TOKEN",
    "OKRSYNC_LIVE_JIRA_PROJECT",
)
_API: Final = "/rest/api/3"
_GATEWAY: Final = "https://api.atlassian.com"
_NOWHERE: Final = "00000000-0000-4000-8000-000000000000"


class Site:
    """A Jira Cloud site, one of its accounts, and a project with some issues."""

    def __init__(self) -> None:
        base, self.email, _, self.project = (os.environ[name] for name in NEEDS)
        signed = base64.b64encode(f"{self.email}:{Secret(env=NEEDS[2]).reveal()}".encode()).decode()
        self.headers = {
            "Authorization": f"Basic {signed}",
            "Accept-Language": "en",
            "X-Force-Accept-Language": "true",
        }
        self.http = Http(base.rstrip("/"), self.headers)
        self.gateway = os.environ.get("OKRSYNC_LIVE_JIRA_GATEWAY", _GATEWAY)

    def search(self, jql: str, **body: Any) -> Any:
        return self.http.ask(
            "POST", f"{_API}/search/jql", {"jql": jql, "maxResults": 5, "fields": ["summary"], **body}
        )

    def first(self) -> str:
        """The id of an issue of the project."""
        issues = self.search(f"project = {self.project}", fields=["key"]).body.get("issues", [])
        if not issues:
            raise CannotTry(f"{self.project} has no issue")
        return str(issues[0]["id"])


@contextmanager
def site() -> Iterator[Site]:
    yield Site()


def _said(method: str, path: str, body: Any = None, **query: Any) -> Callable[[Site], str]:
    def find(site: Site) -> str:
        return site.http.ask(method, path, body, **query).said

    return find


def _refused(jql: str, **body: Any) -> Callable[[Site], str]:
    def find(site: Site) -> str:
        reply = site.search(jql.replace("PROJECT", site.project), **body)
        return "200" if reply.status == 200 else reply.said

    return find


def _sprint_state(site: Site) -> str:
    boards = site.http.got("GET", "/rest/agile/1.0/board", type="scrum")["values"]
    if not boards:
        raise CannotTry("the account sees no scrum board")
    return site.http.ask("GET", f"/rest/agile/1.0/board/{boards[0]['id']}/sprint", state="nope").said


def _anonymous_fields(site: Site) -> str:
    reply = Http(site.http.base, {}).ask("GET", f"{_API}/field")
    if reply.status != 200:
        raise CannotTry(f"nobody may ask without an account: {reply.said}")
    return "custom fields too" if any(field["custom"] for field in reply.body) else "the system's only"


def _changes(site: Site) -> list[Any]:
    body = {"issueIdsOrKeys": [site.first()], "fieldIds": ["status"]}
    for issue in site.http.got("POST", f"{_API}/changelog/bulkfetch", body).get("issueChangeLogs", []):
        if histories := issue.get("changeHistories"):
            return list(histories)
    raise CannotTry("the newest issue has no change of its status")


def _cut_down(site: Site) -> str:
    fields = {item.get("fieldId") for change in _changes(site) for item in change["items"]}
    return "cut down" if fields == {"status"} else f"whole: {sorted(map(str, fields))}"


def _unit(site: Site) -> str:
    created = _changes(site)[0]["created"]
    if not isinstance(created, int):
        return "a text"
    return "milliseconds" if created > 10**11 else "seconds"


def _order(site: Site) -> str:
    issues = site.search(f"project = {site.project}", fields=["created"]).body["issues"]
    ids = [int(issue["id"]) for issue in issues]
    if len(ids) < 3:
        raise CannotTry(f"{site.project} has too few issues")
    return "the newest first" if ids == sorted(ids, reverse=True) else f"another: {ids}"


def _key(site: Site) -> str:
    issue = site.search(f"project = {site.project}", fields=["summary"]).body["issues"][0]
    return "with key" if "key" in issue else "without key"


def _at_gateway(site: Site) -> str:
    cloud = site.http.got("GET", "/_edge/tenant_info")["cloudId"]
    return f"{site.http.ask('GET', f'{site.gateway}/ex/jira/{cloud}{_API}/myself').status}"


def _no_number(site: Site) -> str:
    fields = site.http.got("GET", f"{_API}/field")
    numbers = [one for one in fields if one["custom"] and one.get("schema", {}).get("type") == "number"]
    if not numbers:
        raise CannotTry("the site has no custom field for numbers")
    name = f"cf[{numbers[0]['id'].removeprefix('customfield_')}]"
    said: str = site.search(f"project = {site.project} AND {name} = nope").said
    return said.replace(name, "FIELD")


def _quoted(site: Site) -> str:
    body = {"queries": ['summary ~ "two words" AND summary ~ one-word']}
    parsed = site.http.got("POST", f"{_API}/jql/parse", body)["queries"][0]
    clauses = parsed["structure"]["where"]["clauses"]
    return " ".join(
        str(clause["operand"].get("encodedValue", clause["operand"]["value"])) for clause in clauses
    )


def _german(site: Site) -> str:
    headers = {"Accept-Language": "de", "X-Force-Accept-Language": "true"}
    reply = site.http.ask(
        "POST", f"{_API}/search/jql", {"jql": f"project = {site.project} AND nope = 1"}, headers=headers
    )
    return reply.said


CHECKS: Final[Sequence[Check]] = (
    Check(
        mark="jira/agile.board_sprints: …",
        assumed="400: The sprint state 'nope' is not valid.",
        find=_sprint_state,
    ),
    Check(
        mark="jira/agile._visible_sprint: …",
        assumed="404: The sprint with ID 999999999 does not exist.",
        find=_said("GET", "/rest/agile/1.0/sprint/999999999"),
    ),
    Check(
        mark="jira/application._inside: …",
        assumed="404: Not Found",
        find=lambda site: site.http.ask("GET", f"{site.gateway}/ex/jira/{_NOWHERE}{_API}/myself").said,
    ),
    Check(
        mark="jira/endpoints.favourite_filters: …",
        why="it needs an account with favourite filters of other people",
    ),
    Check(mark="jira/changes.moved: …", why="it needs an issue that was moved from one project to another"),
    Check(mark="jira/world.issue: …", why="it needs an epic that was moved from one project to another"),
    Check(
        mark="jira/defaults.default_fields: …",
        assumed="200",
        find=_refused("project = PROJECT AND aggregatetimespent > 0"),
    ),
    Check(mark="jira/endpoints.fields: …", assumed="the system's only", find=_anonymous_fields),
    Check(
        mark="jira/endpoints.bulk_issues: …",
        assumed="400: The number of issues must be between 1 and 100.",
        find=_said("POST", f"{_API}/issue/bulkfetch", {"issueIdsOrKeys": []}),
    ),
    Check(
        mark="jira/endpoints.bulk_changes: the words",
        assumed="400: issueIdsOrKeys, fieldIds or maxResults is outside its limits.",
        find=_said("POST", f"{_API}/changelog/bulkfetch", {"issueIdsOrKeys": []}),
    ),
    Check(
        mark="jira/endpoints.bulk_changes: the words (2)",
        assumed="400: The nextPageToken is invalid.",
        find=lambda site: (
            site.http.ask(
                "POST",
                f"{_API}/changelog/bulkfetch",
                {"issueIdsOrKeys": [site.first()], "nextPageToken": "nope"},
            ).said
        ),
    ),
    Check(mark="jira/endpoints._bulk_change: whether…", assumed="cut down", find=_cut_down),
    Check(mark="jira/endpoints._bulk_change: the unit…", assumed="milliseconds", find=_unit),
    Check(
        mark="jira/endpoints.my_permissions: …",
        assumed="400: Unrecognized permission: NOPE",
        find=_said("GET", f"{_API}/mypermissions", permissions="NOPE"),
    ),
    Check(
        mark="jira/endpoints.saved_filter: …",
        assumed="404: The selected filter with the ID '999999999' does not exist.",
        find=_said("GET", f"{_API}/filter/999999999"),
    ),
    Check(
        mark="jira/grammar._expected: …",
        assumed="400: Error in the JQL Query: Expecting a field name before the end of the query. (line 1, character 20)",
        find=_refused("project = PROJECT AND ("),
    ),
    Check(
        mark="jira/history: …", why="it needs an issue whose status changed at a known minute near midnight"
    ),
    Check(
        mark="jira/history.history_test: …",
        assumed="400: The operator 'from/to' is not supported by the 'status' field.",
        find=_refused("project = PROJECT AND status WAS Done FROM Open"),
    ),
    Check(
        mark="jira/moments: …",
        assumed="400: Date value '-12345678901d' for field 'created' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.",
        find=_refused("project = PROJECT AND created > -12345678901d"),
    ),
    Check(mark="jira/order.arrangement: …", assumed="the newest first", find=_order),
    Check(mark="jira/order._key: …", why="a rank is moved by hand, and nothing is written to Jira"),
    Check(
        mark="jira/routes.route: …",
        assumed="404: null for uri: /rest/api/3/nope",
        find=_said("GET", f"{_API}/nope"),
    ),
    Check(
        mark="jira/search.post_jql: …",
        assumed="400: The maximum number of reconcileIssues is 50.",
        find=_refused("project = PROJECT", reconcileIssues=list(range(1, 52))),
    ),
    Check(
        mark="jira/search._token_page: the words",
        assumed="400: The value 0 for 'maxResults' must be between 1 and 5000.",
        find=_refused("project = PROJECT", maxResults=0),
    ),
    Check(mark="jira/search._token_page: status…", why="it needs a field whose values Jira cannot load"),
    Check(
        mark="jira/search._token_page: whether…",
        why="it needs an issue that changes between two pages, and nothing is written to Jira",
    ),
    Check(
        mark="jira/search._offset: the words",
        assumed="400: The provided next page token is invalid or expired.",
        find=_refused("project = PROJECT", nextPageToken="nope"),
    ),
    Check(mark="jira/search._offset: the words (2)", why="it needs a page token of a week ago"),
    Check(
        mark="jira/search.parse_queries: …",
        assumed="400: The validation parameter has an invalid value: nope",
        find=_said("POST", f"{_API}/jql/parse?validation=nope", {"queries": ["a = 1"]}),
    ),
    Check(mark="jira/search._counted_page: …", why="it is a question to Data Center, and this is Cloud"),
    Check(mark="jira/shapes.issue: …", assumed="without key", find=_key),
    Check(mark="jira/site.zone: …", why="it needs a visitor without a profile, and a public project"),
    Check(
        mark="jira/site.number: …",
        assumed="400: The value 'nope' of 'maxResults' is not a number.",
        find=_said("GET", f"{_API}/project/search", maxResults="nope"),
    ),
    Check(mark="jira/site._match: …", assumed="401", find=_at_gateway),
    Check(mark="jira/structure._encoded: …", assumed='"two words" one-word', find=_quoted),
    Check(
        mark="jira/texts: the words",
        assumed="400: Value '\"nope\"' is invalid for the 'FIELD' field. Please enter a number.",
        find=_no_number,
    ),
    Check(
        mark="jira/texts: the words (2)",
        assumed="400: The maximum number of ORDER BY fields is 7.",
        find=_refused(
            "project = PROJECT ORDER BY key, created, updated, priority, status, summary, assignee, reporter"
        ),
    ),
    Check(
        mark="jira/texts: the words of…",
        assumed="400: Das Feld 'nope' existiert nicht oder Sie dürfen es nicht anzeigen.",
        find=_german,
    ),
    Check(
        mark="jira/values._candidates: whether the key…",
        assumed="400: The value 'indeterminate' does not exist for the field 'statusCategory'.",
        find=_refused("project = PROJECT AND statusCategory = indeterminate"),
    ),
    Check(
        mark="jira/values._candidates: whether Cloud…",
        assumed="200",
        find=lambda site: _refused(f'project = PROJECT AND assignee = "{site.email}"')(site),
    ),
)
