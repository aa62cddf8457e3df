"""The emulated Jira site against the real client library and plain requests: what a connector may rely on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

import pytest
import requests
from jira import JIRA, JIRAError

from okrsync_emulators.jira import BadSeed, JiraEmulator, faults

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SEED: dict[str, Any] = {
    "users": [
        {"email": "bot@acme.example", "name": "Bot", "token": "bot-token"},
        {"email": "hans@acme.example", "name": "Hans", "token": "hans-token", "locale": "de_DE", "can_see": ["APP"]},
        {"email": "scoped@acme.example", "token": "scoped-token", "credential": "scoped"},
        {"email": "robot@acme.example", "token": "robot-token", "credential": "service"},
    ],
    "fields": [
        {"id": "customfield_10016", "name": "Story Points", "type": "number"},
        {"id": "customfield_10026", "name": "Story point estimate", "type": "number", "project": "OPS"},
        {"id": "customfield_10030", "name": "Time to resolution", "type": "sla"},
        {"id": "customfield_10040", "name": "Customer", "type": "option"},
        {"id": "customfield_10041", "name": "Markets", "type": "options"},
    ],
    "projects": [{"key": "APP", "name": "App"}, {"key": "OPS"}, {"key": "PUB", "public": True}],
    "boards": [
        {"id": 1, "name": "App board", "project": "APP", "estimation": "Story Points"},
        {"id": 2, "name": "Flow", "project": "APP", "type": "kanban"},
        {"id": 3, "name": "Mine", "project": "APP", "private": True},
    ],
    "sprints": [
        {"id": 11, "board": 1, "start": "2026-10-01T08:00:00Z", "end": "2026-10-14T08:00:00Z", "complete": "2026-10-15T08:00:00Z"},
        {"id": 12, "board": 1, "state": "active", "start": "2026-11-16T08:00:00Z"},
        {"id": 13, "board": 9, "state": "closed"},
    ],
    "filters": [{"id": 12345, "name": "Bugs", "jql": "type = Bug"}],
    "issues": [
        {"key": "APP-9", "type": "Epic", "status": "In Progress", "created": "2026-10-01T08:00:00Z"},
        {
            "key": "APP-1", "type": "Story", "status": "Done", "created": "2026-10-05T09:00:00.123Z", "parent": "APP-9",
            "resolved": "2026-10-09T10:00:00Z", "assignee": "bot@acme.example", "labels": ["x"], "sprint": [11, 13],
            "fix_versions": ["1.0"], "due": "2026-12-01",
            "fields": {"Story Points": 5, "Customer": "Initech", "Markets": ["EU", "US"],
                       "customfield_10030": {"id": "1", "completedCycles": []}},
            "history": [
                {"at": "2026-10-06T09:00:00Z", "field": "status", "from": "To Do", "to": "In Progress"},
                {"at": "2026-10-07T09:00:00Z", "field": "Story Points", "from": 3, "to": 5},
                {"at": "2026-10-08T09:00:00Z", "field": "RemoteIssueLink", "to": "This links to a page"},
                {"at": "2026-10-09T10:00:00Z", "field": "status", "from": "In Progress", "to": "Done"},
                {"at": "2026-10-09T10:00:00Z", "field": "resolution", "to": "Done"},
            ],
        },
        {"key": "APP-2", "type": "Bug", "created": "2026-10-06T09:00:00Z", "fields": {"Story Points": 2}, "sprint": 12},
        {"key": "OPS-1", "type": "Bug", "status": "Done", "created": "2026-10-07T09:00:00Z", "resolved": "2026-10-08T09:00:00Z"},
        {"key": "PUB-1", "type": "Task", "created": "2026-10-08T09:00:00Z"},
    ],
}  # fmt: skip
BOT, HANS = ("bot@acme.example", "bot-token"), ("hans@acme.example", "hans-token")
ENGLISH = {"X-Force-Accept-Language": "true", "Accept-Language": "en"}

Make = Callable[..., JiraEmulator]
KINDS: tuple[Literal["cloud", "data_center"], ...] = ("cloud", "data_center")


@pytest.fixture(scope="module")
def started() -> Iterator[dict[str, JiraEmulator]]:
    sites: dict[str, JiraEmulator] = {kind: JiraEmulator(kind) for kind in KINDS}
    yield sites
    for emulator in sites.values():
        emulator.close()


@pytest.fixture
def make(started: dict[str, JiraEmulator]) -> Make:
    """One site of each kind for all tests: emptied, then seeded."""

    def seeded(
        kind: str = "cloud",
        seed: dict[str, Any] = SEED,
        *,
        now: Callable[[], datetime] = lambda: NOW,
        page_cap: int = 100,
        history_cap: int = 40,
    ) -> JiraEmulator:
        emulator = started[kind]
        emulator.reset()
        emulator.world.now = lambda: int(now().timestamp() * 1000)
        emulator.site.page_cap, emulator.site.history_cap = page_cap, history_cap
        emulator.load(seed)
        return emulator

    return seeded


@pytest.fixture
def cloud(make: Make) -> JiraEmulator:
    return make()


@pytest.fixture
def server(make: Make) -> JiraEmulator:
    return make("data_center")


def get(site: JiraEmulator, path: str, *, auth: Any = BOT, base: str = "", **how: Any) -> requests.Response:
    return requests.get(f"{base or site.url}/rest/{path}", auth=auth, timeout=120, **how)


def post(site: JiraEmulator, path: str, body: Any, *, auth: Any = BOT, **how: Any) -> requests.Response:
    return requests.post(f"{site.url}/rest/{path}", auth=auth, json=body, timeout=120, **how)


def search(site: JiraEmulator, jql: str = "project = APP", *, auth: Any = BOT, **body: Any) -> Any:
    answer = post(site, "api/3/search/jql", {"jql": jql, **body}, auth=auth)
    assert answer.status_code == 200, answer.text
    return answer.json()


def client(site: JiraEmulator, **how: Any) -> JIRA:
    how = how or {"basic_auth": BOT}
    return JIRA(site.url, max_retries=0, timeout=120, **how)


# ---- the real client library -----------------------------------------------------------------------------------


def test_the_library_pages_through_cloud(make: Make) -> None:
    bulk = {
        "project": "BIG",
        "type": "Bug",
        "count": 12_345,
        "created": "2020-01-01T00:00:00Z",
        "every": "1h",
    }
    site = make(seed={"bulk": [bulk]})
    jira = client(site, basic_auth=(site.email, site.secret()))
    site.server.forget()
    seen: list[str] = []
    token, started = None, time.perf_counter()
    while True:
        page = jira.enhanced_search_issues(
            "project = BIG AND statusCategory != Done ORDER BY created ASC, key ASC",
            nextPageToken=token, maxResults=5000, fields="id", json_result=True,
        )  # fmt: skip
        seen += [issue["id"] for issue in page["issues"]]
        # The library turns "id" into "issuekey", one of whose clause names it is; no fields come all the same.
        assert all("fields" not in issue for issue in page["issues"])
        token = page.get("nextPageToken")
        if token is None:
            break
    assert len(seen) == len(set(seen)) == 12_345
    assert seen == sorted(seen, key=int)
    assert site.server.count("search/jql") == 3
    assert time.perf_counter() - started < 5
    count = jira.approximate_issue_count("project = BIG")
    assert count == 12_345


def test_the_library_is_told_to_leave_the_old_search(cloud: JiraEmulator) -> None:
    jira = client(cloud)
    jira.deploymentType = "Server"  # an old client, which knows no Cloud
    with pytest.raises(JIRAError) as caught:
        jira.search_issues("project = APP", json_result=True)
    assert caught.value.status_code == 410
    assert "CHANGE-2046" in str(caught.value.text)


def test_the_library_reads_data_center(make: Make) -> None:
    site = make(
        "data_center", seed={"bulk": [{"project": "BIG", "count": 2300, "created": "2020-01-01T00:00:00Z"}]}
    )
    jira = client(site, token_auth=site.secret())
    with pytest.warns(Warning, match="All issues cannot be fetched"):
        counted = jira.search_issues("project = BIG", maxResults=0, json_result=True)
    assert (counted["total"], counted["issues"]) == (2300, [])
    page = jira.search_issues(
        "project = BIG", startAt=2000, maxResults=5000, fields="status", json_result=True
    )
    assert (page["startAt"], page["maxResults"], page["total"], len(page["issues"])) == (
        2000,
        1000,
        2300,
        300,
    )
    beyond = jira.search_issues("project = BIG", startAt=2300, maxResults=100, json_result=True)
    assert (beyond["total"], beyond["issues"]) == (2300, [])


def test_the_library_reads_boards_and_sprints(cloud: JiraEmulator) -> None:
    jira = client(cloud)
    assert [board.name for board in jira.boards()] == ["App board", "Flow", "Mine"]
    sprints = jira.sprints(1, state="closed")
    assert [(sprint.id, sprint.originBoardId) for sprint in sprints] == [(11, 1), (13, 9)]
    assert sprints[0].completeDate == "2026-10-15T08:00:00.000Z"


# ---- Cloud: search ---------------------------------------------------------------------------------------------


def test_only_the_id_comes_unless_more_is_asked_for(cloud: JiraEmulator) -> None:
    assert search(cloud, "key = APP-1") == {"issues": [{"id": "10002"}], "isLast": True}
    (issue,) = search(cloud, "key = APP-1", fields=["key"])["issues"]
    assert issue["key"] == "APP-1"
    assert "fields" not in issue
    (issue,) = search(cloud, "key = APP-1", fields=["customfield_10016"])["issues"]
    assert issue["fields"] == {"customfield_10016": 5.0}
    got = get(
        cloud, "api/2/search/jql", params={"jql": "key = APP-1", "fields": "key,status", "startAt": "7"}
    )
    assert list(got.json()["issues"][0]["fields"]) == ["status"]


def test_values_have_jiras_shapes(cloud: JiraEmulator) -> None:
    (issue,) = search(cloud, "key = APP-1", fields=["*all"])["issues"]
    values = issue["fields"]
    assert values["created"] == "2026-10-05T11:00:00.123+0200"  # in the profile's zone
    assert values["resolutiondate"] == "2026-10-09T12:00:00.000+0200"
    assert values["statuscategorychangedate"] == "2026-10-09T12:00:00.000+0200"
    assert values["duedate"] == "2026-12-01"
    assert values["status"]["statusCategory"] == {
        "self": f"{cloud.url}/rest/api/3/statuscategory/3",
        "id": 3, "key": "done", "colorName": "green", "name": "Done",
    }  # fmt: skip
    assert (values["issuetype"]["hierarchyLevel"], values["issuetype"]["subtask"]) == (0, False)
    assert values["assignee"]["accountId"] == "712020:00000001"
    assert values["parent"]["key"] == "APP-9"
    assert values["parent"]["fields"]["issuetype"]["hierarchyLevel"] == 1
    assert values["labels"] == ["x"]
    assert [version["name"] for version in values["fixVersions"]] == ["1.0"]
    assert values["customfield_10016"] == 5.0
    assert values["customfield_10030"] == {"id": "1", "completedCycles": []}
    assert values["customfield_10040"]["value"] == "Initech"
    assert [option["value"] for option in values["customfield_10041"]] == ["EU", "US"]
    assert [(sprint["id"], sprint["boardId"]) for sprint in values["customfield_10020"]] == [
        (11, 1),
        (13, 9),
    ]
    assert "customfield_10026" not in values  # another project's field
    (empty,) = search(cloud, "key = APP-9", fields=["*all"])["issues"]
    assert (empty["fields"]["customfield_10016"], empty["fields"]["resolution"]) == (None, None)


def test_pages_shrink_when_fields_are_asked_for(make: Make) -> None:
    site = make(
        seed={"bulk": [{"project": "BIG", "count": 30, "created": "2026-01-01T00:00:00Z"}]}, page_cap=10
    )
    auth = (site.email, site.secret())
    assert len(search(site, "project = BIG", auth=auth, maxResults=5000)["issues"]) == 30
    page = search(site, "project = BIG", auth=auth, maxResults=5000, fields=["status"])
    assert (len(page["issues"]), page["isLast"]) == (10, False)
    assert len(search(site, "project = BIG", auth=auth)["issues"]) == 30
    assert len(search(site, "project = BIG", auth=auth, maxResults=3)["issues"]) == 3


def test_tokens_are_opaque_and_checked(cloud: JiraEmulator) -> None:
    first = search(cloud, maxResults=2)
    assert first["isLast"] is False
    second = search(cloud, maxResults=2, nextPageToken=first["nextPageToken"])
    assert len(second["issues"]) == 1
    assert "nextPageToken" not in second
    assert second["isLast"] is True
    full = search(cloud, maxResults=3)
    assert (len(full["issues"]), full["isLast"], "nextPageToken" in full) == (3, True, False)
    for token in ("garbage", "%%%", first["nextPageToken"][:-3]):
        refused = post(cloud, "api/3/search/jql", {"jql": "project = APP", "nextPageToken": token})
        assert refused.status_code == 400, token
    other = post(cloud, "api/3/search/jql", {"jql": "type = Bug", "nextPageToken": first["nextPageToken"]})
    assert other.status_code == 400


def test_a_token_lives_seven_days(make: Make) -> None:
    moment = [NOW]
    site = make(now=lambda: moment[0])
    token = search(site, maxResults=1)["nextPageToken"]
    moment[0] += timedelta(days=7)
    assert search(site, maxResults=1, nextPageToken=token)["issues"]
    moment[0] += timedelta(minutes=1)
    late = post(site, "api/3/search/jql", {"jql": "project = APP", "nextPageToken": token})
    assert late.status_code == 400


@pytest.mark.parametrize("size", [0, -1, 5001])
def test_page_sizes_outside_the_limits_are_refused(cloud: JiraEmulator, size: int) -> None:
    assert post(cloud, "api/3/search/jql", {"jql": "project = APP", "maxResults": size}).status_code == 400
    params = {"jql": "project = APP", "maxResults": str(size)}
    assert get(cloud, "api/3/search/jql", params=params).status_code == 400


@pytest.mark.parametrize(
    "member",
    [
        {"startAt": 0},
        {"validateQuery": True},
        {"maxResults": "50"},
        {"fields": "key"},
        {"maxResults": True},
        {"jql": 1},
    ],
)
def test_a_body_with_strange_members_is_refused(cloud: JiraEmulator, member: dict[str, Any]) -> None:
    refused = post(cloud, "api/3/search/jql", {"jql": "project = APP", **member})
    assert refused.status_code == 400
    assert refused.json()["errorMessages"][0].startswith("Invalid request payload")


def test_a_body_that_is_no_json_is_refused(cloud: JiraEmulator) -> None:
    broken = requests.post(f"{cloud.url}/rest/api/3/search/jql", data=b"{", auth=BOT, timeout=120)
    assert broken.status_code == 400
    assert post(cloud, "api/3/search/jql", []).status_code == 400


def test_nulls_are_as_jira_takes_them(cloud: JiraEmulator) -> None:
    assert search(cloud, expand=None, properties=None, nextPageToken=None)["isLast"]
    assert (
        post(cloud, "api/3/search/jql", {"jql": "project = APP", "reconcileIssues": None}).status_code == 500
    )
    many = {"jql": "project = APP", "reconcileIssues": list(range(51))}
    assert post(cloud, "api/3/search/jql", many).status_code == 400


def test_the_estimate_needs_a_bound(cloud: JiraEmulator) -> None:
    assert post(cloud, "api/3/search/approximate-count", {"jql": "project = APP"}).json() == {"count": 3}
    unbound = post(cloud, "api/3/search/approximate-count", {"jql": ""})
    assert unbound.json()["errorMessages"][0].startswith("Unbounded JQL")
    cloud.skew_count(-1)
    assert post(cloud, "api/3/search/approximate-count", {"jql": "project = APP"}).json() == {"count": 2}


def test_parse_says_what_is_wrong_without_searching(cloud: JiraEmulator) -> None:
    queries = ["project = APP", "project =", "nope = 1"]
    answer = post(cloud, "api/3/jql/parse?validation=strict", {"queries": queries}).json()["queries"]
    assert [entry["query"] for entry in answer] == queries
    assert "errors" not in answer[0]
    assert answer[1]["errors"][0].startswith("Error in the JQL Query")
    assert answer[2]["errors"] == ["Field 'nope' does not exist or you do not have permission to view it."]
    (warned,) = post(cloud, "api/3/jql/parse?validation=warn", {"queries": ["nope = 1"]}).json()["queries"]
    assert "errors" not in warned
    assert warned["warnings"]
    (plain,) = post(cloud, "api/3/jql/parse?validation=none", {"queries": ["nope = 1"]}).json()["queries"]
    assert set(plain) == {"query", "structure"}


# ---- signing in ------------------------------------------------------------------------------------------------


def test_a_wrong_token_on_cloud_is_an_empty_answer_with_a_header(cloud: JiraEmulator) -> None:
    wrong = ("bot@acme.example", "old-token")
    found = post(cloud, "api/3/search/jql", {"jql": "type = Bug"}, auth=wrong)
    assert (found.status_code, found.json()) == (200, {"issues": [], "isLast": True})
    assert found.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    myself = get(cloud, "api/3/myself", auth=wrong)
    assert (myself.status_code, myself.json()["message"]) == (
        401,
        "Client must be authenticated to access this resource.",
    )
    info = get(cloud, "api/3/serverInfo", auth=wrong)
    assert info.status_code == 200
    assert "serverTime" not in info.json()
    by_project = post(cloud, "api/3/search/jql", {"jql": "project = APP"}, auth=wrong)
    assert by_project.status_code == 400
    assert by_project.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"


def test_a_right_token_leaves_no_doubt(cloud: JiraEmulator) -> None:
    me = get(cloud, "api/3/myself")
    assert "X-Seraph-LoginReason" not in me.headers
    assert (me.json()["emailAddress"], me.json()["timeZone"]) == ("bot@acme.example", "Europe/Berlin")
    assert me.headers["RateLimit-Policy"] == '"jira-burst-based";q=100;w=1'
    assert int(me.headers["X-RateLimit-Remaining"]) < int(me.headers["X-RateLimit-Limit"]) == 350
    info = get(cloud, "api/3/serverInfo").json()
    assert (info["deploymentType"], info["baseUrl"]) == ("Cloud", cloud.url)
    assert info["serverTime"] == "2026-11-23T13:00:00.000+0100"
    cloud.rename_site("https://other.example")
    assert get(cloud, "api/3/serverInfo").json()["baseUrl"] == "https://other.example"


def test_tokens_expire(cloud: JiraEmulator) -> None:
    cloud.expire_tokens()
    assert search(cloud, "type = Bug")["issues"] == []
    assert get(cloud, "api/3/myself").status_code == 401
    cloud.renew_tokens()
    assert len(search(cloud, "type = Bug")["issues"]) == 2


def test_nobody_sees_what_is_public_only(cloud: JiraEmulator) -> None:
    anonymous = post(cloud, "api/3/search/jql", {"jql": "created > 0"}, auth=None)
    assert len(anonymous.json()["issues"]) == 1
    assert "X-Seraph-LoginReason" not in anonymous.headers


def test_the_gateway_is_for_scoped_tokens_and_service_accounts(cloud: JiraEmulator) -> None:
    path, scoped = "api/3/myself", ("scoped@acme.example", "scoped-token")
    robot = {"Authorization": "Bearer robot-token"}
    assert get(cloud, path, auth=scoped, base=cloud.gateway).json()["emailAddress"] == "scoped@acme.example"
    assert get(cloud, path, auth=None, headers=robot, base=cloud.gateway).json()["accountType"] == "app"
    assert get(cloud, path, auth=scoped).status_code == 401
    assert get(cloud, path, auth=None, headers=robot).status_code == 401
    refused = get(
        cloud, "api/3/search/jql?jql=type%3DBug", auth=("scoped@acme.example", "x"), base=cloud.gateway
    )
    assert (refused.status_code, refused.json()) == (401, {"code": 401, "message": "Unauthorized"})
    assert get(cloud, path, auth=scoped, base=f"{cloud.url}/ex/jira/elsewhere").status_code == 404
    jira = JIRA(cloud.gateway, token_auth="robot-token", max_retries=0)
    assert jira.enhanced_search_issues("type = Bug", json_result=True, fields="id")["isLast"]


def test_the_cloud_id_can_be_found(cloud: JiraEmulator) -> None:
    tenant = requests.get(f"{cloud.url}/_edge/tenant_info", timeout=120).json()
    address = f"{cloud.url}/oauth/token/accessible-resources"
    (resource,) = requests.get(address, headers={"Authorization": "Bearer robot-token"}, timeout=120).json()
    assert cloud.gateway.endswith(tenant["cloudId"])
    assert (resource["id"], resource["url"]) == (tenant["cloudId"], cloud.url)
    assert requests.get(address, headers={"Authorization": "Bearer x"}, timeout=120).status_code == 401


def test_data_center_says_401(server: JiraEmulator) -> None:
    bearer = {"Authorization": "Bearer bot-token"}
    assert get(server, "api/2/myself", auth=None, headers=bearer).json()["name"] == "bot"
    assert get(server, "api/2/myself", auth=("bot", "bot-token")).json()["name"] == "bot"
    for how in ({"auth": None, "headers": {"Authorization": "Bearer x"}}, {"auth": ("bot", "x")}):
        refused = get(server, "api/2/search?jql=type%3DBug", **how)
        assert refused.status_code == 401
        assert refused.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    with pytest.raises(JIRAError) as caught:
        client(server, token_auth="x")
    assert caught.value.status_code == 401
    server.captcha()
    refused = get(server, "api/2/myself", auth=("bot", "bot-token"))
    assert refused.status_code == 403
    assert refused.headers["X-Authentication-Denied-Reason"].startswith("CAPTCHA_CHALLENGE")


# ---- permissions -----------------------------------------------------------------------------------------------


def test_what_may_not_be_seen_is_silently_absent(cloud: JiraEmulator) -> None:
    assert len(search(cloud, "type = Bug")["issues"]) == 2
    assert len(search(cloud, "type = Bug", auth=HANS)["issues"]) == 1
    refused = post(cloud, "api/3/search/jql", {"jql": "project = OPS"}, auth=HANS, headers=ENGLISH)
    assert refused.json() == {
        "errorMessages": ["The value 'OPS' does not exist for the field 'project'."],
        "errors": {},
    }
    assert get(cloud, "api/3/issue/OPS-1", auth=HANS).status_code == 404
    cloud.forbid("APP", "bot@acme.example")
    assert len(search(cloud, "type = Bug")["issues"]) == 1
    assert len(search(cloud, "type = Bug", auth=HANS)["issues"]) == 1
    cloud.forbid("APP")
    assert search(cloud, "type = Bug", auth=HANS)["issues"] == []
    cloud.allow("APP", "bot@acme.example")
    cloud.allow("APP")
    cloud.hide("APP-2")
    assert len(search(cloud, "type = Bug")["issues"]) == 1


def test_my_permissions(cloud: JiraEmulator) -> None:
    params = {"projectKey": "APP", "permissions": "BROWSE_PROJECTS"}
    assert get(cloud, "api/3/mypermissions", params=params).json()["permissions"]["BROWSE_PROJECTS"][
        "havePermission"
    ]
    assert (
        get(cloud, "api/3/mypermissions", params={**params, "projectKey": "OPS"}, auth=HANS).status_code
        == 404
    )
    assert get(cloud, "api/3/mypermissions").status_code == 400


def test_projects_and_filters(cloud: JiraEmulator) -> None:
    found = get(cloud, "api/3/project/search").json()
    assert [entry["key"] for entry in found["values"]] == ["APP", "OPS", "PUB"]
    assert [entry["key"] for entry in get(cloud, "api/3/project/search", auth=HANS).json()["values"]] == [
        "APP",
        "PUB",
    ]
    assert get(cloud, "api/3/project/OPS", auth=HANS).status_code == 404
    assert get(cloud, "api/3/filter/12345").json()["jql"] == "type = Bug"
    assert get(cloud, "api/3/filter/1").status_code == 404


# ---- changelogs ------------------------------------------------------------------------------------------------


def statuses(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(entry["from"], entry["to"]) for entry in items if entry["field"] == "status"]


def test_an_issues_changelog_is_oldest_first(cloud: JiraEmulator) -> None:
    page = get(cloud, "api/3/issue/APP-1/changelog", params={"maxResults": "2"}).json()
    assert (page["total"], page["isLast"], len(page["values"])) == (4, False, 2)
    assert page["values"][0]["created"] == "2026-10-06T11:00:00.000+0200"
    (item,) = page["values"][0]["items"]
    assert item == {
        "field": "status", "fieldtype": "jira", "fieldId": "status",
        "from": "10000", "fromString": "To Do", "to": "3", "toString": "In Progress",
    }  # fmt: skip
    (points,) = page["values"][1]["items"]
    assert (points["field"], points["fieldtype"], points["fromString"], points["toString"]) == (
        "Story Points",
        "custom",
        "3",
        "5",
    )
    rest = get(cloud, "api/3/issue/APP-1/changelog", params={"startAt": "2"}).json()
    assert [entry["field"] for entry in rest["values"][0]["items"]] == ["RemoteIssueLink"]
    assert "fieldId" not in rest["values"][0]["items"][0]
    assert [entry["field"] for entry in rest["values"][1]["items"]] == ["status", "resolution"]


def test_an_embedded_changelog_is_newest_first_and_capped(make: Make) -> None:
    site = make(history_cap=3)
    (issue,) = search(site, "key = APP-1", fields=["status"], expand="changelog")["issues"]
    log = issue["changelog"]
    assert (log["total"], len(log["histories"])) == (4, 3)
    assert log["histories"][0]["created"] > log["histories"][-1]["created"]
    (lean,) = search(site, "key = APP-1", expand="changelog")["issues"]
    assert lean["changelog"]["total"] == 4


def test_bulk_changes_come_as_one_stream(cloud: JiraEmulator) -> None:
    body: dict[str, Any] = {
        "issueIdsOrKeys": ["APP-1", "OPS-1", "10003", "NO-1"],
        "fieldIds": ["status"],
        "maxResults": 2,
    }
    first = post(cloud, "api/3/changelog/bulkfetch", body).json()
    assert [(log["issueId"], len(log["changeHistories"])) for log in first["issueChangeLogs"]] == [
        ("10002", 1),
        ("10004", 1),
    ]
    assert first["issueChangeLogs"][0]["changeHistories"][0]["created"] == 1791277200000
    second = post(
        cloud, "api/3/changelog/bulkfetch", {**body, "nextPageToken": first["nextPageToken"]}
    ).json()
    (log,) = second["issueChangeLogs"]
    assert statuses(log["changeHistories"][0]["items"]) == [("3", "10002")]
    assert len(log["changeHistories"][0]["items"]) == 1
    assert "nextPageToken" not in second
    cloud.site.switches.bulk_created = "s"
    again = post(cloud, "api/3/changelog/bulkfetch", body).json()
    assert again["issueChangeLogs"][0]["changeHistories"][0]["created"] == 1791277200
    wrongs: list[dict[str, Any]] = [
        {"issueIdsOrKeys": []},
        {**body, "fieldIds": ["x"] * 11 + list("abcdefghijk")},
        {**body, "maxResults": 10_001},
    ]
    for wrong in wrongs:
        assert post(cloud, "api/3/changelog/bulkfetch", wrong).status_code == 400


def test_bulk_issues(cloud: JiraEmulator) -> None:
    answer = post(
        cloud, "api/3/issue/bulkfetch", {"issueIdsOrKeys": ["APP-2", "10002", "NO-1"], "fields": ["status"]}
    ).json()
    assert [issue["key"] for issue in answer["issues"]] == ["APP-1", "APP-2"]
    assert [error["issueIdOrKey"] for error in answer["issueErrors"]] == ["NO-1"]
    assert post(cloud, "api/3/issue/bulkfetch", {"issueIdsOrKeys": ["APP-1"] * 101}).status_code == 400


def test_history_is_only_what_the_seed_implies(cloud: JiraEmulator) -> None:
    resolved = get(cloud, "api/3/issue/OPS-1/changelog").json()["values"]
    assert [statuses(entry["items"]) for entry in resolved] == [[("10000", "10002")]]
    assert resolved[0]["created"] == "2026-10-08T11:00:00.000+0200"
    assert get(cloud, "api/3/issue/APP-9/changelog").json()["values"] == []


# ---- languages, fields, statuses --------------------------------------------------------------------------------


def test_names_come_in_the_persons_language_unless_english_is_forced(cloud: JiraEmulator) -> None:
    def names(**how: Any) -> list[tuple[str, str, str, str]]:
        found = get(cloud, "api/3/status", auth=HANS, **how).json()
        return [
            (one["id"], one["name"], one["statusCategory"]["key"], one["statusCategory"]["name"])
            for one in found
        ]

    german, english = names(), names(headers=ENGLISH)
    assert german[1] == ("3", "In Arbeit", "indeterminate", "In Arbeit")
    assert english[1] == ("3", "In Progress", "indeterminate", "In Progress")
    assert names(headers={"Accept-Language": "en"}) == german
    assert get(cloud, "api/3/status").json()[0]["name"] == "To Do"


def test_fields_tell_their_schema(cloud: JiraEmulator) -> None:
    known = {entry["id"]: entry for entry in get(cloud, "api/3/field").json()}
    points = known["customfield_10016"]
    assert points["schema"] == {
        "type": "number", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:float", "customId": 10016,
    }  # fmt: skip
    assert points["clauseNames"] == ["cf[10016]", "Story Points"]
    assert known["customfield_10026"]["scope"]["project"]["id"] == "10001"
    assert known["customfield_10030"]["schema"]["custom"] == "com.atlassian.servicedesk:sd-sla-field"
    assert known["status"]["schema"] == {"type": "status", "system": "status"}
    cloud.hide_field("customfield_10016")
    assert "customfield_10016" not in {entry["id"] for entry in get(cloud, "api/3/field").json()}
    (issue,) = search(cloud, "key = APP-1", fields=["customfield_10016", "key"])["issues"]
    assert "fields" not in issue
    gone = post(cloud, "api/3/search/jql", {"jql": '"Story Points" > 1'})
    assert "does not exist or you do not have permission" in gone.json()["errorMessages"][0]


def test_values_that_fail_to_load_are_silent_unless_failfast(cloud: JiraEmulator) -> None:
    cloud.fail_field("customfield_10016")
    wanted = ["customfield_10016", "status"]
    (issue,) = search(cloud, "key = APP-1", fields=wanted)["issues"]
    assert list(issue["fields"]) == ["status"]
    for fields in (wanted, ["*all"]):
        body = {"jql": "key = APP-1", "fields": fields, "failFast": True}
        assert post(cloud, "api/3/search/jql", body).status_code == 500
    body = {"jql": "key = APP-1", "fields": ["status"], "failFast": True}
    assert post(cloud, "api/3/search/jql", body).status_code == 200


def test_jiras_own_lengths_of_time_are_there_from_the_start(cloud: JiraEmulator) -> None:
    known = {entry["id"]: entry["schema"] for entry in get(cloud, "api/3/field").json()}
    for name in ("timespent", "timeoriginalestimate", "timeestimate", "aggregatetimespent"):
        assert known[name] == {"type": "number", "system": name}


def test_a_move_between_epics_keeps_the_name_and_the_id_of_the_old_field(cloud: JiraEmulator) -> None:
    cloud.create(key="APP-900", type="Epic")
    cloud.edit("APP", "APP-1", "Parent", "APP-900")
    (item,) = get(cloud, "api/3/issue/APP-1/changelog").json()["values"][-1]["items"]
    assert (item["field"], item["fieldId"]) == ("Epic Link", "customfield_10014")
    assert item["toString"] == "APP-900"
    cloud.edit("APP", "APP-1", "Parent", "APP-2")
    (item,) = get(cloud, "api/3/issue/APP-1/changelog").json()["values"][-1]["items"]
    assert "fieldId" in item  # it left an epic
    cloud.edit("APP", "APP-1", "Parent", "APP-3")
    (item,) = get(cloud, "api/3/issue/APP-1/changelog").json()["values"][-1]["items"]
    assert "fieldId" not in item
    assert (item["field"], item["toString"]) == ("IssueParentAssociation", "APP-3")


def test_a_deleted_status_lives_on_in_changelogs(cloud: JiraEmulator) -> None:
    with pytest.raises(BadSeed, match="in use"):
        cloud.delete_status("Done")
    cloud.edit("APP", "APP-2", "Status", "In Review")
    cloud.edit("APP", "APP-2", "Status", "To Do")
    cloud.delete_status("In Review")
    assert "In Review" not in {entry["name"] for entry in get(cloud, "api/3/status").json()}
    log = get(cloud, "api/3/issue/APP-2/changelog").json()["values"]
    assert [statuses(entry["items"]) for entry in log] == [[("10000", "10001")], [("10001", "10000")]]
    assert len(search(cloud, 'status WAS "In Review"')["issues"]) == 1


# ---- what disturbs -----------------------------------------------------------------------------------------------


def test_an_index_that_flaps(cloud: JiraEmulator) -> None:
    cloud.flap()
    assert [len(search(cloud)["issues"]) for _ in range(4)] == [3, 0, 3, 0]
    cloud.flap(keep=1)
    assert [len(search(cloud)["issues"]) for _ in range(2)] == [3, 1]
    cloud.flap(None)
    assert [len(search(cloud)["issues"]) for _ in range(2)] == [3, 3]


def test_an_index_that_lags(cloud: JiraEmulator) -> None:
    cloud.lag(2)
    assert cloud.create(project="APP", type="Bug") == "APP-10"
    assert [len(search(cloud)["issues"]) for _ in range(3)] == [3, 3, 4]


def test_a_token_that_repeats(cloud: JiraEmulator) -> None:
    cloud.repeat_token()
    first = search(cloud, maxResults=1)["nextPageToken"]
    second = search(cloud, maxResults=1, nextPageToken=first)
    assert second["nextPageToken"] == first


def test_a_token_that_is_lost(cloud: JiraEmulator) -> None:
    cloud.lose_token()
    page = search(cloud, maxResults=2)
    assert (len(page["issues"]), page["isLast"], "nextPageToken" in page) == (2, False, False)


def test_a_page_that_is_empty_in_the_middle(cloud: JiraEmulator) -> None:
    cloud.empty_pages(1)
    first = search(cloud)
    assert (first["issues"], first["isLast"]) == ([], False)
    assert len(search(cloud, nextPageToken=first["nextPageToken"])["issues"]) == 3


def test_a_result_that_ends_early(cloud: JiraEmulator) -> None:
    cloud.truncate(after=2)
    page = search(cloud)
    assert len(page["issues"]) == 2
    assert "nextPageToken" not in page
    assert post(cloud, "api/3/search/approximate-count", {"jql": "project = APP"}).json() == {"count": 3}


@pytest.mark.parametrize("wait", ["1", "0.5", format_datetime(NOW, usegmt=True), None])
def test_too_many_requests(cloud: JiraEmulator, wait: str | None) -> None:
    cloud.server.faults.append(faults.rate_limited(retry_after=wait))
    refused = post(cloud, "api/3/search/jql", {"jql": "project = APP"})
    assert refused.status_code == 429
    assert refused.headers.get("Retry-After") == wait
    assert refused.headers["RateLimit-Reason"] == "jira-burst-based"
    assert search(cloud)["issues"]


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_the_site_is_unwell(cloud: JiraEmulator, status: int) -> None:
    cloud.server.faults.append(faults.server_error(status=status, times=2, skip=1))
    seen = [post(cloud, "api/3/search/jql", {"jql": "project = APP"}).status_code for _ in range(4)]
    assert seen == [200, status, status, 200]


def test_a_login_page_instead_of_json(cloud: JiraEmulator) -> None:
    cloud.server.faults += [faults.html_page(), faults.single_sign_on(), faults.cut_json(), faults.lost()]
    for _ in range(2):
        page = get(cloud, "api/3/search/jql?jql=type%3DBug")
        assert page.status_code == 200
        assert page.headers["Content-Type"].startswith("text/html")
        assert "Log in" in page.text
    with pytest.raises(ValueError, match=r"JSON|Expecting|Unterminated"):
        get(cloud, "api/3/search/jql?jql=type%3DBug").json()
    with pytest.raises(requests.ConnectionError):
        get(cloud, "api/3/search/jql?jql=type%3DBug")


def test_what_is_not_there_fails_loudly(cloud: JiraEmulator, server: JiraEmulator) -> None:
    assert get(cloud, "api/3/nothing").status_code == 404
    assert get(cloud, "api/3/issue/APP-1/worklog").status_code == 404
    assert post(cloud, "api/3/myself", {}).status_code == 405
    assert requests.delete(f"{cloud.url}/rest/api/3/issue/APP-1", auth=BOT, timeout=120).status_code == 405
    assert post(cloud, "api/3/search", {"jql": "project = APP"}).status_code == 410
    wrong_context = requests.get(f"{server.url}/jira/rest/api/2/myself", timeout=120)
    assert (wrong_context.status_code, wrong_context.headers["Content-Type"][:9]) == (404, "text/html")
    for path in ("api/2/search/jql?jql=type%3DBug", "api/3/myself", "api/2/issue/APP-1/changelog"):
        assert get(server, path).status_code == 404
    assert post(server, "api/2/search/approximate-count", {"jql": "type = Bug"}).status_code == 404


# ---- Data Center -------------------------------------------------------------------------------------------------


def test_data_center_keeps_parents_in_three_places(make: Make) -> None:
    issues = [
        {"key": "P-1", "type": "Initiative"},
        {"key": "P-2", "type": "Epic", "parent": "P-1"},
        {"key": "P-3", "type": "Story", "parent": "P-2"},
        {"key": "P-4", "type": "Sub-task", "parent": "P-3"},
    ]
    site = make("data_center", seed={"issues": issues})
    auth = (site.email, site.secret())

    def found(jql: str) -> list[str]:
        answer = get(site, "api/2/search", params={"jql": jql, "fields": "key"}, auth=auth)
        return [issue["key"] for issue in answer.json()["issues"]]

    assert found('"Epic Link" = P-2') == ["P-3"]
    assert found('"Parent Link" = P-1') == ["P-2"]
    assert found("parent in (P-1, P-2, P-3)") == ["P-4"]
    values = get(site, "api/2/issue/P-3", auth=auth).json()["fields"]
    assert values["customfield_10014"] == "P-2"
    assert values["parent"] is None
    cloud = make(seed={"issues": issues})
    assert len(search(cloud, "parent in (P-1, P-2, P-3)", auth=auth)["issues"]) == 3


def test_data_center_shows_its_own_shapes(server: JiraEmulator) -> None:
    params = {"jql": "key = APP-1", "expand": "changelog"}
    (issue,) = get(server, "api/2/search", params=params).json()["issues"]
    assert issue["key"] == "APP-1"
    assert issue["fields"]["assignee"]["name"] == "bot"
    assert "hierarchyLevel" not in issue["fields"]["issuetype"]
    assert issue["fields"]["customfield_10020"][0].startswith(
        "com.atlassian.greenhopper.service.sprint.Sprint@1f[id=11,"
    )
    log = issue["changelog"]
    assert log["total"] == len(log["histories"]) == 4
    assert "fieldId" not in log["histories"][0]["items"][0]
    everything = get(server, "api/2/search", params={"maxResults": "2", "startAt": "1"}).json()
    assert (everything["total"], len(everything["issues"])) == (5, 2)
    by_post = post(
        server,
        "api/2/search",
        {"jql": "type = Bug", "maxResults": 1, "fields": ["status"], "validateQuery": True},
    )
    assert (by_post.json()["total"], len(by_post.json()["issues"])) == (2, 1)
    assert "X-RateLimit-Limit" not in by_post.headers
    info = get(server, "api/2/serverInfo").json()
    assert (info["deploymentType"], info["versionNumbers"]) == ("Server", [9, 12, 5])
    busy = faults.data_center_busy()
    server.server.faults.append(busy)
    assert get(server, "api/2/search").headers["X-RateLimit-FillRate"] == "10"


# ---- boards ------------------------------------------------------------------------------------------------------


def test_boards_sprints_and_their_issues(cloud: JiraEmulator) -> None:
    setup = get(cloud, "agile/1.0/board/1/configuration").json()
    assert setup["estimation"]["field"] == {"fieldId": "customfield_10016", "displayName": "Story Points"}
    assert [column["name"] for column in setup["columnConfig"]["columns"]][-1] == "Done"
    assert setup["columnConfig"]["columns"][-1]["statuses"][0]["id"] == "10002"
    assert [
        entry["id"] for entry in get(cloud, "agile/1.0/board/1/sprint?state=active").json()["values"]
    ] == [12]
    inside = get(cloud, "agile/1.0/sprint/11/issue", params={"fields": "status"}).json()
    assert (inside["total"], [issue["key"] for issue in inside["issues"]]) == (1, ["APP-1"])
    of_board = get(cloud, "agile/1.0/board/1/sprint/12/issue?jql=type%3DBug").json()
    assert [issue["key"] for issue in of_board["issues"]] == ["APP-2"]
    assert get(cloud, "agile/1.0/board/1/issue?maxResults=1").json()["total"] == 3


def test_boards_that_refuse(cloud: JiraEmulator) -> None:
    kanban = get(cloud, "agile/1.0/board/2/sprint")
    assert (kanban.status_code, kanban.json()["errorMessages"]) == (
        400,
        ["The board does not support sprints"],
    )
    assert get(cloud, "agile/1.0/board/3").status_code == 200
    for path in ("board/3/sprint", "board/3/configuration", "board/77", "sprint/77/issue"):
        assert get(cloud, f"agile/1.0/{path}").status_code == 404, path


# ---- the emulator as a thing ---------------------------------------------------------------------------------------


def test_a_person_edits_an_issue(cloud: JiraEmulator) -> None:
    cloud.edit("APP", "APP-2", "Status", "Done")
    cloud.edit("APP", "APP-2", "Story Points", "8")
    cloud.edit("APP", "APP-2", "Story Points", 8)  # the same again is no change
    (issue,) = search(cloud, "key = APP-2", fields=["*all"], expand="changelog")["issues"]
    assert issue["fields"]["resolutiondate"] == issue["fields"]["updated"] == "2026-11-23T13:00:00.000+0100"
    assert issue["fields"]["customfield_10016"] == 8.0
    assert [[entry["field"] for entry in log["items"]] for log in issue["changelog"]["histories"]] == [
        ["Story Points"],
        ["status", "resolution"],
    ]
    cloud.edit("APP", "APP-2", "Status", "To Do")
    (issue,) = search(cloud, "key = APP-2", fields=["resolution", "resolutiondate"])["issues"]
    assert set(issue["fields"].values()) == {None}
    with pytest.raises(KeyError):
        cloud.edit("APP", "APP-77", "Status", "Done")
    with pytest.raises(KeyError):
        cloud.edit("APP", "APP-2", "No such column", "Done")


def test_the_tables_show_what_people_see(cloud: JiraEmulator) -> None:
    tables = {table.title: table for table in cloud.tables()}
    app = tables["APP"]
    row = dict(zip(app.columns, next(row for row in app.rows if row[0] == "APP-1"), strict=True))
    assert (row["Key"], row["Status"], row["Story Points"], row["Sprint"]) == (
        "APP-1",
        "Done",
        "5",
        "Sprint 11, Sprint 13",
    )
    assert cloud.secret() == "bot-token"
    assert cloud.email == "bot@acme.example"


@pytest.mark.parametrize(
    "seed",
    [
        {"isues": []},
        {"issues": [{"key": "X-1", "stauts": "Done"}]},
        {"issues": [{"key": "X-1", "status": "Nowhere"}]},
        {"issues": [{"key": "x-1"}]},
        {"issues": [{"key": "X-1", "fields": {"No such field": 1}}]},
        {"fields": [{"id": "customfield_1", "name": "F", "type": "nonsense"}]},
        {"statuses": [{"name": "S", "category": "nonsense"}]},
        {"issues": [{"key": "X-1", "created": 5}]},
    ],
)
def test_a_seed_with_mistakes_is_refused(make: Make, seed: dict[str, Any]) -> None:
    with pytest.raises(BadSeed):
        make(seed=seed)


def test_twenty_thousand_issues_are_quick(make: Make) -> None:
    bulk = {
        "project": "BIG",
        "type": "Bug",
        "count": 20_000,
        "created": "2024-01-01T00:00:00Z",
        "every": "10m",
    }
    site = make(seed={"bulk": [bulk]})
    auth = (site.email, site.secret())
    body = {
        "jql": "project = BIG AND statusCategory != Done ORDER BY created ASC, key ASC",
        "maxResults": 5000,
    }
    took = []
    for _ in range(3):
        started = time.perf_counter()
        assert len(post(site, "api/3/search/jql", body, auth=auth).json()["issues"]) == 5000
        took.append(time.perf_counter() - started)
    assert min(took) < 0.5  # about 0.06 s on a quiet machine


def test_match_says_which_of_some_issues_each_query_finds(cloud: JiraEmulator) -> None:
    numbers = [int(issue["id"]) for issue in search(cloud, "project = APP")["issues"]]
    asked = {"jqls": ["type = Bug", "nope = 1"], "issueIds": [*numbers, 1]}
    bugs, refused = post(cloud, "api/3/jql/match", asked).json()["matches"]
    bug = search(cloud, "project = APP AND type = Bug")["issues"]
    assert bugs["matchedIssues"] == [int(one["id"]) for one in bug]
    assert bugs["errors"] == []
    assert refused["matchedIssues"] == []
    assert refused["errors"] == ["Field 'nope' does not exist or you do not have permission to view it."]


def test_parse_shows_the_tree_of_a_query(cloud: JiraEmulator) -> None:
    jql = 'project = APP AND (type in (Bug, "New Task") OR NOT assignee is EMPTY) ORDER BY created DESC, key'
    (parsed,) = post(cloud, "api/3/jql/parse?validation=none", {"queries": [jql]}).json()["queries"]
    where = parsed["structure"]["where"]
    assert where["operator"] == "and"
    project, either = where["clauses"]
    assert project == {
        "field": {"name": "project", "encodedName": "project"},
        "operator": "=",
        "operand": {"value": "APP", "encodedValue": "APP"},
    }
    assert either["operator"] == "or"
    assert either["clauses"][0]["operand"]["encodedOperand"] == '(Bug, "New Task")'
    assert either["clauses"][1]["operator"] == "not"
    assert either["clauses"][1]["clauses"][0]["operand"] == {"keyword": "empty", "encodedOperand": "EMPTY"}
    assert parsed["structure"]["orderBy"]["fields"] == [
        {"field": {"name": "created", "encodedName": "created"}, "direction": "desc"},
        {"field": {"name": "key", "encodedName": "key"}},
    ]
    past = "status WAS Done ON startOfDay(-1d)"
    (parsed,) = post(cloud, "api/3/jql/parse?validation=none", {"queries": [past]}).json()["queries"]
    (predicate,) = parsed["structure"]["where"]["predicates"]
    assert predicate["operator"] == "on"
    assert predicate["operand"]["encodedOperand"] == "startOfDay(-1d)"
