"""What each kind of Jira refuses in a request's body, and that okrsync sends only what it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from okrsync.model import PERCENT, Dimension, Unit, Window
from okrsync_emulators.jira import bodies, routes
from tests.contract.jira.test_history import OCTOBER, SEED, SHARE, STORIES, epic
from tests.support.jira_site import NOW, Build, World

DAYS = Unit(dimension=Dimension.DURATION, detail="days")
DECLARED: Mapping[str, bodies.Declared] = {
    "search": bodies.COUNTED_SEARCH,
    "search/jql": bodies.TOKEN_SEARCH,
    "search/approximate-count": bodies.APPROXIMATE_COUNT,
    "jql/parse": bodies.PARSE,
    "jql/match": bodies.MATCH,
    "issue/bulkfetch": bodies.BULK_ISSUES,
    "changelog/bulkfetch": bodies.BULK_CHANGES,
}
WRONG: Mapping[type, Any] = {str: ["a"], int: "1", bool: "true"}


@pytest.fixture
def seed() -> Mapping[str, Any]:
    return SEED


def post(world: World, path: str, body: Any) -> requests.Response:
    token = world.jira.secret()
    auth = ("bot@acme.example", token) if world.kind == "cloud" else None
    headers = {} if auth else {"Authorization": f"Bearer {token}"}
    url = f"{world.jira.url}/rest/api/2/{path}"
    return requests.post(url, json=body, auth=auth, headers=headers, timeout=120)


def taken_by(kind: str) -> list[str]:
    """The paths of this kind that take a body and do not answer that they are gone."""
    return [path for path in DECLARED if (path == "search") is (kind == "data_center")]


def test_every_endpoint_that_takes_a_body_declares_it() -> None:
    posts = {pattern.partition("V/")[2] for method, pattern, _, _ in routes.ROUTES if method == "POST"}
    assert posts == set(DECLARED)


def test_a_member_of_another_type_is_refused(world: World) -> None:
    for path in taken_by(world.kind):
        for name, declared in DECLARED[path].items():
            wrong = "changelog" if isinstance(declared, list) else WRONG[declared]
            assert post(world, path, {name: wrong}).status_code == 400, (path, name)
            if isinstance(declared, list):
                assert post(world, path, {name: [WRONG[declared[0]]]}).status_code == 400, (path, name)


def test_an_unknown_member_is_refused(world: World) -> None:
    for path in taken_by(world.kind):
        assert post(world, path, {"startFrom": 1}).status_code == 400


def test_each_kind_says_in_its_own_words_that_expand_is_of_the_wrong_type(
    cloud: World, server: World
) -> None:
    refused = post(server, "search", {"jql": "project = APP", "expand": "changelog"})
    assert refused.json()["errorMessages"] == [
        "Can not deserialize instance of java.util.ArrayList out of VALUE_STRING token"
    ]
    found = post(server, "search", {"jql": "project = APP", "expand": ["changelog"]})
    assert all("changelog" in issue for issue in found.json()["issues"])
    unknown = post(server, "search", {"jql": "project = APP", "properties": []})
    assert unknown.json()["errorMessages"][0].startswith('Unrecognized field "properties"')
    refused = post(cloud, "search/jql", {"jql": "project = APP", "expand": ["changelog"]})
    assert refused.json()["errorMessages"][0].startswith("Invalid request payload")


MEASURES: list[dict[str, Any]] = [
    {"jql": STORIES},
    {"jql": STORIES, "exact": False},
    {"jql": STORIES, "measure": "sum", "field": "Story Points"},
    {"jql": STORIES, "measure": "ratio", "part": "status = Done"},
    {"scope": STORIES, "state": {"statusCategory": "done"}},
    {"scope": STORIES, "measure": "lead_time", "unit": DAYS, "window": OCTOBER},
    {"scope": STORIES, "measure": "cycle_time", "unit": DAYS, "window": OCTOBER},
    {"scope": STORIES, "measure": "throughput", "window": OCTOBER},
    {"scope": STORIES, "measure": "time_in_status", "statuses": "In Progress", "unit": DAYS},
    {"scope": STORIES, "measure": "age", "since": "status", "unit": DAYS},
    {**SHARE},
    {**SHARE, "frozen": True, "window": Window(start=OCTOBER.start, end=NOW)},
    {"measure": "velocity", "board": 1, "by": "points"},
]


def test_what_okrsync_sends_is_what_is_declared(world: World) -> None:
    """Whatever it asks, no answer is a refusal, and each body has only declared members of the declared types."""
    epic(world)
    for query in MEASURES:
        for day in (None, "10-25"):
            world.one(day, **query)
    sent = [request for request in world.jira.server.requests if request.method == "POST"]
    assert sent
    for request in sent:
        declared = DECLARED[request.path.partition("/rest/api/2/")[2]]
        bodies.read_body(world.jira.world.kind, request.body, declared)
    with_changes = [json.loads(one.body).get("expand") for one in sent if b"expand" in one.body]
    if world.kind == "data_center":
        assert ["changelog"] in with_changes
    lead = world.value(scope=STORIES, measure="lead_time", unit=DAYS, window=OCTOBER)
    assert lead.value == 8


# ---- Moves between epics --------------------------------------------------------------------------------------

SPELLINGS = [
    ("Epic Link", "customfield_10014"),
    ("Epic Link", None),
    ("IssueParentAssociation", None),
    ("Parent", None),
    ("parent", "parent"),
    ("Parent Link", "customfield_10018"),
]


@pytest.mark.parametrize(
    ("kind", "field", "field_id"),
    [*(("cloud", *one) for one in SPELLINGS), *(("data_center", *one) for one in SPELLINGS[:2])],
)
def test_a_move_between_epics_is_known_by_each_spelling(
    build: Build, kind: str, field: str, field_id: str | None
) -> None:
    """A done story moved from OPS-90 to OPS-91 on 10 November, asked for 1 November."""
    world = build(kind)
    tie = "parent" if world.kind == "cloud" else "Epic Link"
    move = {"at": "2026-11-10T09:00:00Z", "field": tie, "from": "OPS-90", "to": "OPS-91"}
    done = {"at": "2026-10-05T09:00:00Z", "field": "status", "from": "To Do", "to": "Done"}
    story = {"type": "Story", "status": "Done", "created": "2026-10-01"}
    epics = [{"key": f"OPS-9{n}", "type": "Epic", "created": "2026-10-01"} for n in (0, 1)]
    spelled = {**move, "as": field, "field_id": field_id}
    moved = {**story, "key": "OPS-92", "parent": "OPS-91", "history": [done, spelled]}
    stayed = {"key": "OPS-93", "type": "Story", "created": "2026-10-01", "parent": "OPS-90"}
    world.jira.load({"issues": [*epics, moved, stayed]})
    scope = "project = OPS"
    assert world.value("11-01", scope=scope, state={"parent": "OPS-90"}).value == 2
    assert world.value("11-01", scope=scope, state={"parent": "OPS-91"}).value == 0
    share: dict[str, Any] = {"measure": "done_share", "unit": PERCENT, "scope": scope}
    assert world.value("11-01", **share, parent="OPS-90").value == 50
    assert "no children" in world.none("11-01", **share, parent="OPS-91").reason
    window = Window(start=OCTOBER.end, end=NOW)
    assert world.value(**share, parent="OPS-90", frozen=True, window=window).value == 50
