"""Scopes on earlier days: what moved into a project or a type since was not there then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from okrsync.model import Cause, Dimension, Unit, Window
from okrsync_jira.scopes import rules
from okrsync_jira.values import PROJECT, TYPE
from tests.contract.jira.test_history import OCTOBER, SEED, step
from tests.support.jira_site import NOW, World

DAYS = Unit(dimension=Dimension.DURATION, detail="days")
NOVEMBER = Window(start=OCTOBER.end, end=NOW)
OLD: Mapping[str, Any] = {"type": "Bug", "created": "2026-10-01"}


@pytest.fixture
def seed() -> Mapping[str, Any]:
    return {**SEED, "projects": [{"key": "NEW", "name": "New things"}, {"key": "OPS", "name": "Operations"}]}


def moved(world: World) -> None:
    """NEW-1 was always there; NEW-2 came from OPS, NEW-3 was a task: both on 10 November."""
    came = {"at": "2026-11-10T09:00:00Z", "field": "Key", "from": "OPS-7", "to": "NEW-2"}
    done = step("10-20", "To Do", "Done")
    world.jira.load(
        {
            "issues": [
                {**OLD, "key": "NEW-1", "status": "Done", "history": [done]},
                {**OLD, "key": "NEW-2", "status": "Done", "history": [done, came]},
                {
                    **OLD,
                    "key": "NEW-3",
                    "status": "Done",
                    "history": [done, step("11-10", "Task", "Bug", "issuetype")],
                },
            ]
        }
    )


@pytest.mark.parametrize(
    ("scope", "before", "after"),
    [
        ("project = NEW", 2, 3),
        ("project = new", 2, 3),
        ('project = "New things"', 2, 3),
        ("project in (NEW) AND created > 0", 2, 3),
        ("type = Bug AND key in (NEW-1, NEW-2, NEW-3)", 2, 3),
        ("project = NEW AND type in (Bug)", 1, 3),
        ("project = NEW AND type in (Bug, Task)", 2, 3),
        ("project in (NEW, OPS) AND type in (Bug, Task)", 3, 3),
    ],
)
def test_what_moved_in_was_not_there_before(world: World, scope: str, before: int, after: int) -> None:
    moved(world)
    world.jira.load({"issues": [{"key": "OPS-1", "type": "Epic", "created": "2026-11-20"}]})
    assert world.value("11-01", scope=scope, state={"statusCategory": "done"}).value == before
    assert world.value("11-11", scope=scope, state={"statusCategory": "done"}).value == after
    assert world.value(scope=scope, state={"statusCategory": "done"}).value == after
    assert world.value("11-01", scope=scope, measure="throughput", window=OCTOBER).value == before
    assert world.value(scope=scope, measure="throughput", window=OCTOBER).value == after
    lead: dict[str, Any] = {"measure": "lead_time", "unit": DAYS, "window": OCTOBER}
    assert world.value("11-01", scope=scope, **lead).evidence.rows == before
    # The same for JQL without the word scope.
    assert world.value("11-01", jql=scope, **lead).evidence.rows == before


def test_a_scope_that_is_not_simple_is_held_only_for_what_moved(world: World) -> None:
    moved(world)
    scope = "project = NEW OR project = APP"
    held = world.none("11-01", scope=scope)
    assert held.cause is Cause.DATA
    assert "NEW-2 has changed its project since" in held.reason
    assert "project in (…)" in held.hint
    assert world.value("11-11", scope=scope).value == 9
    assert world.value("10-02", scope="project = APP OR project = OPS").value == 3


def test_a_project_that_nothing_is_in_any_more_is_not_guessed(cloud: World) -> None:
    moved(cloud)
    save = cloud.jira.world.issues["NEW-2"].changes[1]
    object.__setattr__(save, "items", tuple(item for item in save.items if item.field != "Key"))
    held = cloud.none("11-01", scope="project in (NEW, OPS)")
    assert "NEW-2 was in project" in held.reason
    assert "whether that is OPS is not known" in held.reason
    number = cloud.jira.world.projects["OPS"].id
    assert cloud.value("11-01", scope=f"project in (NEW, {number})").value == 3


def test_rules_of_a_scope() -> None:
    assert rules("project = APP AND (type = Bug AND key = APP-1)").demanded == (
        (PROJECT, frozenset({"APP"})),
        (TYPE, frozenset({"Bug"})),
    )
    assert rules("project != APP").unclear == (PROJECT,)
    assert rules("NOT project = APP AND issuetype = Bug").fields == (TYPE, PROJECT)
    assert rules("created > 0").fields == ()


# ---- What was refused in a scope, as a state ------------------------------------------------------------------

CHANGED: Mapping[str, Any] = {
    "labels": (["x"], [], ["x", "y"]),
    "fixVersions": (["1.0"], [], ["2.0", "1.0"]),
    "components": (["UI"], [], ["API", "UI"]),
}


@pytest.mark.parametrize("field", CHANGED)
def test_lists_are_wound_back(world: World, field: str) -> None:
    (name,), none, both = CHANGED[field]
    other = next(one for one in both if one != name)
    key = {"labels": "labels", "fixVersions": "fix_versions", "components": "components"}[field]
    history = [
        {**step("10-05", None, None, field), "from": none, "to": both},
        {**step("11-20", None, None, field), "from": both, "to": [name]},
    ]
    world.jira.load({"issues": [{"key": "NEW-1", "created": "2026-10-01", key: [name], "history": history}]})
    scope = "project = NEW"
    assert world.value("10-02", scope=scope, state={key: name}).value == 0
    assert world.value("10-02", scope=scope, state={key: "empty"}).value == 1
    for value in (name, other, name.upper()):
        assert world.value("11-01", scope=scope, state={key: value}).value == 1, value
    assert world.value("11-21", scope=scope, state={key: other}).value == 0
    assert world.value(scope=scope, state={key: name}).value == 1
    assert world.value("11-01", scope=scope, state={key: {"not": [name, other]}}).value == 0


def test_a_label_put_on_later_does_not_count_before(world: World) -> None:
    put = {**step("11-20", None, None, "labels"), "from": [], "to": ["x"]}
    done = step("10-20", "To Do", "Done")
    world.jira.load(
        {
            "issues": [
                {
                    "key": "NEW-1",
                    "created": "2026-10-01",
                    "status": "Done",
                    "labels": ["x"],
                    "history": [done, put],
                }
            ]
        }
    )
    query: dict[str, Any] = {"scope": "project = NEW", "state": {"labels": "x"}}
    assert world.value("11-01", **query).value == 0
    assert world.value("11-21", **query).value == 1
    finished: dict[str, Any] = {**query, "measure": "throughput", "window": OCTOBER}
    assert world.value("11-01", **finished).value == 0
    assert world.value(**finished).value == 1
    with_jql = world.none("11-01", jql="project = NEW AND labels = x", measure="throughput", window=OCTOBER)
    assert with_jql.cause is Cause.PAST
    assert "{labels: x}" in with_jql.hint


def test_any_other_field_is_wound_back_by_its_name(world: World) -> None:
    world.jira.load({"fields": [{"id": "customfield_10050", "name": "Team", "type": "option"}]})
    swapped = step("11-10", "Red", "Blue", "Team")
    issue = {"key": "NEW-1", "created": "2026-10-01", "fields": {"Team": "Blue"}, "history": [swapped]}
    later = {"key": "NEW-3", "created": "2026-11-15", "fields": {"Team": "Red"}}
    world.jira.load({"issues": [issue, later, {"key": "NEW-2", "created": "2026-10-01"}]})
    for name, before, after in (("Red", 1, 1), ("blue", 0, 1), ("empty", 1, 1)):
        state = {"fields": {"Team": name}}
        assert world.value("11-01", scope="project = NEW", state=state).value == before, name
        assert world.value(scope="project = NEW", state=state).value == after, name
    reporter = {"reporter": "eva"}
    assert world.value(scope="project = NEW", state=reporter).value == 0
