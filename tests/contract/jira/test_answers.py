"""Answers of another shape than Jira's, and answers that are not Jira's: one source's fault, named and never a number."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests

from okrsync.errors import OkrsyncError
from okrsync.loopback import Fault
from okrsync.model import PERCENT, Cause, Dimension, NoValue, Reading, Unit
from okrsync_emulators.jira import faults
from tests.contract.jira.test_history import OCTOBER, POINTS, SEED, SHARE, STORIES, desk, epic, run
from tests.support.jira_site import NOW, World, ask, fact

DAYS = Unit(dimension=Dimension.DURATION, detail="days")
BUGS = "project = APP AND type = Bug"


@pytest.fixture
def seed() -> Mapping[str, Any]:
    return SEED


def answered(world: World, request: Any) -> Any:
    """What Jira answers to a request that okrsync has sent."""
    url = f"{world.jira.url}{request.path}{'?' + request.query if request.query else ''}"
    headers = {name: value for name, value in dict(request.headers).items() if name != "content-length"}
    return requests.request(request.method, url, data=request.body, headers=headers, timeout=120).json()


def day_of(query: Mapping[str, Any]) -> str | None:
    """A day of the past, if the question has one."""
    return None if query.get("measure") == "sum" and "jql" in query else "10-25"


def recorded(world: World, **query: Any) -> list[tuple[str, Any]]:
    """The last part of each path that a question asks, and what was answered there."""
    world.jira.server.forget()
    world.state.clear()
    world.one(day_of(query), **query)
    return [(one.path, answered(world, one)) for one in list(world.jira.server.requests)]


# ---- One issue that cannot be read ----------------------------------------------------------------------------


def page_of(world: World, change: Callable[[dict[str, Any]], None], jql: str = BUGS) -> Fault:
    """Jira's page of all bugs, changed."""
    world.jira.server.forget()
    world.one(scope=jql, state={"statusCategory": ["to do", "in progress", "done"]})
    search = next(one for one in world.jira.server.requests if "search" in one.path)
    page = answered(world, search)
    change(page)
    world.jira.server.forget()
    return Fault(where="search", times=99, status=200, body=json.dumps(page).encode())


EVERY: Mapping[str, Any] = {"scope": BUGS, "state": {"statusCategory": ["to do", "in progress", "done"]}}


@pytest.mark.parametrize("lost", ["fields", "created"])
def test_an_issue_without_its_fields_is_named_with_the_reason(world: World, lost: str) -> None:
    def change(page: dict[str, Any]) -> None:
        issue = page["issues"][1]
        del (issue if lost == "fields" else issue["fields"])[lost]

    world.jira.server.faults.append(page_of(world, change))
    held = world.none(**EVERY)
    assert held.cause is Cause.DATA
    assert held.reason.startswith("1 of 3 issues cannot be read: APP-2 came without its")
    assert "security level" in held.hint


def test_one_issue_without_fields_is_none_that_is_empty(world: World) -> None:
    """If no issue has fields, the site has no such field; if one of three has none, something hides them."""
    query: dict[str, Any] = {"jql": STORIES, "measure": "sum", "field": POINTS}
    assert world.value(**query).value == 15
    search = next(one for one in world.jira.server.requests if "search" in one.path)
    page = answered(world, search)
    del page["issues"][1]["fields"]
    body = json.dumps(page).encode()
    world.jira.server.faults.append(Fault(where="search", times=99, status=200, body=body))
    held = world.none(**query)
    assert held.reason == "1 of 3 issues cannot be read: APP-11 came without its fields"


def test_an_issue_of_another_shape_is_named(world: World) -> None:
    def change(page: dict[str, Any]) -> None:
        page["issues"][2]["fields"]["status"] = ["Done"]

    world.jira.server.faults.append(page_of(world, change))
    held = world.none(**EVERY)
    assert held.cause is Cause.UNAVAILABLE
    assert "status of APP-3" in held.reason


def test_an_issue_whose_date_is_no_date_is_named(world: World) -> None:
    def change(page: dict[str, Any]) -> None:
        page["issues"][0]["fields"]["created"] = "yesterday"

    world.jira.server.faults.append(page_of(world, change))
    held = world.none(**EVERY)
    assert "1 of 3 issues cannot be read: APP-1 " in held.reason
    assert "'yesterday'" in held.reason


def test_a_warning_beside_issues_is_a_fact(world: World) -> None:
    def change(page: dict[str, Any]) -> None:
        page["warningMessages"] = ["The value 'Old' is archived."]

    world.jira.server.faults.append(page_of(world, change))
    answer = world.value(**EVERY)
    assert answer.value == 3
    assert fact(answer, "Jira warns") == "The value 'Old' is archived."


def test_a_service_level_that_jira_cannot_show_is_like_an_empty_one(world: World) -> None:
    desk(world)
    broken = [
        {"errorMessage": "metric not found"},
        {"id": "1", "name": "Time to resolution", "ongoingCycle": {"breached": False}},
    ]
    issues = [
        {"key": f"DESK-{9 - n}", "created": "2026-09-01", "fields": {"customfield_10070": value}}
        for n, value in enumerate(broken)
    ]
    world.jira.load({"issues": issues})
    query: dict[str, Any] = {"measure": "sla", "jql": "project = DESK", "field": "Time to resolution"}
    answer = world.value(**query, unit=PERCENT)
    assert answer.value == 75
    assert fact(answer, "Jira shows no agreement of") == "1 (DESK-9)"
    assert fact(answer, "still running") == "2"
    torn = {**run("10-05", 2, breached=False), "elapsedTime": {}}
    world.jira.load(
        {"issues": [{"key": "DESK-7", "fields": {"customfield_10070": {"completedCycles": [torn]}}}]}
    )
    assert "DESK-7" in world.none(**query, unit=PERCENT).reason


# ---- Pages that are forgotten ---------------------------------------------------------------------------------

FORGOTTEN = json.dumps({"errorMessages": ["The provided next page token is invalid or expired."]}).encode()


def test_a_page_that_jira_has_forgotten_is_searched_again_once(cloud: World) -> None:
    cloud.jira.load({"bulk": [{"project": "OPS", "count": 250, "fields": {POINTS: 1}}]})
    query: dict[str, Any] = {"jql": "project = OPS", "measure": "sum", "field": POINTS}
    cloud.jira.server.faults.append(Fault(where="search", skip=1, status=400, body=FORGOTTEN))
    assert cloud.value(**query).value == 250
    assert cloud.jira.server.count("search") == 5
    twice = [Fault(where="search", skip=skip, status=400, body=FORGOTTEN) for skip in (1, 2)]
    cloud.jira.server.faults += twice
    held = cloud.none(**query)
    assert held.cause is Cause.UNAVAILABLE
    assert "does not know its next page" in held.reason
    assert "JQL" not in held.hint


def test_a_later_page_that_is_refused_for_another_reason_is_not_searched_again(cloud: World) -> None:
    cloud.jira.load({"bulk": [{"project": "OPS", "count": 250, "fields": {POINTS: 1}}]})
    body = json.dumps({"errorMessages": ["No."]}).encode()
    cloud.jira.server.faults.append(Fault(where="search", skip=1, times=99, status=409, body=body))
    held = cloud.none(jql="project = OPS", measure="sum", field=POINTS)
    assert "HTTP 409: No." in held.reason
    assert cloud.jira.server.count("search") == 2


def test_a_page_of_changes_that_jira_has_forgotten_is_read_again_once(
    cloud: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("okrsync_jira.client.CHANGES_PAGE", 2)
    where = "changelog/bulkfetch"
    cloud.jira.server.faults.append(Fault(where=where, skip=1, status=400, body=FORGOTTEN))
    assert cloud.value("10-12", scope=BUGS, state={"status": "Done"}).value == 1
    cloud.jira.server.faults += [Fault(where=where, skip=skip, status=400, body=FORGOTTEN) for skip in (1, 2)]
    held = cloud.none("10-12", scope=BUGS, state={"status": "Done"})
    assert held.cause is Cause.UNAVAILABLE


# ---- What is not Jira -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_a_page_of_a_proxy_is_not_the_accounts_fault(world: World, status: int) -> None:
    page = b"<html><head><title>Access denied by your firewall</title></head></html>"
    blocked = Fault(where="search", times=99, status=status, headers={"content-type": "text/html"}, body=page)
    world.jira.server.faults.append(blocked)
    held = world.none(jql=BUGS)
    assert held.cause is Cause.UNAVAILABLE
    assert f"something between okrsync and {world.jira.url} answers HTTP {status}" in held.reason
    assert "JIRA_TOKEN" not in held.reason


def test_a_refusal_of_jira_in_html_is_the_accounts(server: World) -> None:
    server.monkeypatch.setenv("JIRA_TOKEN", "another-token")
    with pytest.raises(OkrsyncError, match="JIRA_TOKEN"):
        server.read(ask(jql=BUGS))


def test_one_address_that_is_missing_does_not_mean_that_jira_is(world: World) -> None:
    body = json.dumps({"message": "null for uri: /rest/api/2/myself"}).encode()
    world.jira.server.faults.append(Fault(where="myself", times=99, status=404, body=body))
    held = world.none(jql=BUGS)
    assert held.cause is Cause.CONFIG
    assert "does not know who is signed in (/rest/api/2/myself) (HTTP 404: null for uri" in held.reason
    assert "there is no such Jira" not in held.reason


# ---- Secrets ---------------------------------------------------------------------------------------------------


def test_the_form_in_which_a_token_is_sent_is_in_no_text(cloud: World) -> None:
    cloud.jira.load({"users": [{"email": "bot@acme.example", "token": "s3cret-t0ken"}]})
    cloud.monkeypatch.setenv("JIRA_TOKEN", "s3cret-t0ken")
    cloud.value(jql=BUGS)
    sent = dict(cloud.jira.server.requests[-1].headers)["authorization"].partition(" ")[2]
    token = cloud.jira.secret()
    assert base64.b64decode(sent).decode().endswith(token)
    echo = json.dumps({"errorMessages": [f"cannot parse Authorization: Basic {sent}"]}).encode()
    texts = []
    for status in (400, 401, 403, 404, 500):
        cloud.jira.server.faults[:] = [Fault(where="search", status=status, body=echo, times=99)]
        try:
            texts += [repr(cloud.one(jql=BUGS)), repr(cloud.examine(canary=BUGS))]
        except OkrsyncError as error:
            texts.append(repr(error))
    assert len(texts) > 6
    assert sent not in "".join(texts)


# ---- Every answer, changed somewhere --------------------------------------------------------------------------


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, child in children:
        yield from places(child, (*path, name))


WRONG: tuple[Any, ...] = (None, [], {}, "", "x", 0, -1, 10**400, True, 1e308, [None], [[]], {"a": None})


def damaged(answer: Any, dice: random.Random) -> bytes:
    """An answer with one node of another type, or without it, or a body that is cut, doubled or no JSON."""
    whole = json.dumps(answer).encode()
    if dice.random() < 0.2:
        return dice.choice(
            [whole[: len(whole) // 2], whole * 2, b"", b"null", b"5", b"NaN", b"\xef\xbb\xbf" + whole]
        )
    path = dice.choice(list(places(answer)))
    if not path:
        return json.dumps(dice.choice(WRONG)).encode()
    changed = copy.deepcopy(answer)
    node = changed
    for name in path[:-1]:
        node = node[name]
    if dice.random() < 0.3:
        del node[path[-1]]
    else:
        node[path[-1]] = dice.choice(WRONG)
    return json.dumps(changed).encode()


MEASURES: list[dict[str, Any]] = [
    {"jql": STORIES, "measure": "sum", "field": "Story Points"},
    {"scope": BUGS, "state": {"statusCategory": "not done", "resolution": "empty", "assignee": "not empty"}},
    {"scope": STORIES, "measure": "lead_time", "unit": DAYS, "window": OCTOBER, "done_excludes": {"resolution": "Duplicate"}},
    {"scope": STORIES, "measure": "distinct", "field": "status"},
    {**SHARE, "by": "points", "field": POINTS},
    {"measure": "velocity", "board": 1, "by": "points"},
    {"measure": "sla", "jql": "project = DESK", "field": "Time to resolution", "unit": PERCENT},
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(MEASURES)))
def test_whatever_is_wrong_with_an_answer_ends_in_an_answer(world: World, number: int) -> None:
    """For each answer of Jira and many changes of it: a value, none with a reason, or the source's own error."""
    epic(world)
    desk(world)
    query = MEASURES[number]
    dice = random.Random(f"{world.kind} {number}")
    answers = recorded(world, **query)
    assert len(answers) >= 3
    for path, answer in answers:
        for _ in range(12):
            world.state.clear()
            body = damaged(answer, dice)
            world.jira.server.faults[:] = [
                Fault(where=path.rpartition("/rest/")[2], times=99, status=200, body=body)
            ]
            try:
                seen = world.one(day_of(query), **query)
            except OkrsyncError:
                continue
            assert isinstance(seen, Reading | NoValue), body[:300]


@pytest.mark.parametrize("depth", [100_000])
def test_an_answer_that_is_nested_too_deeply_is_none(world: World, depth: int) -> None:
    body = b'{"issues": ' + b"[" * depth + b"]" * depth + b', "total": 1}'
    world.jira.server.faults.append(Fault(where="search", times=99, status=200, body=body))
    held = world.none(jql=BUGS)
    assert held.cause is Cause.UNAVAILABLE
    assert "nested too deeply" in held.reason


@pytest.mark.parametrize("body", [b'{"errorMessages": null}', b"5", b"null", b'{"errors": null}', b"[]"])
@pytest.mark.parametrize("status", [400, 404, 409])
def test_a_refusal_without_a_text_is_a_refusal(world: World, status: int, body: bytes) -> None:
    world.jira.server.faults.append(Fault(where="search", times=99, status=status, body=body))
    first, second = world.read(ask(jql=BUGS, at=NOW), ask(jql="type = Story", at=NOW))
    assert isinstance(first, NoValue)
    assert isinstance(second, NoValue)


def test_a_broken_answer_holds_its_question_alone(world: World) -> None:
    world.jira.server.faults.append(faults.html_page("search", times=1))
    first, second = world.read(ask(jql=BUGS), ask(jql="type = Story"), parallel=1)
    assert isinstance(first, NoValue)
    assert isinstance(second, Reading)
