"""Names in the YAML: any case, name or id, today's or a former one; one that nobody knows is no number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from okrsync.model import PERCENT, Cause, Dimension, Unit
from tests.contract.jira.test_history import BUGS, OCTOBER, SEED, SHARE, STORIES, epic, step
from tests.support.jira_site import World, ask, fact

DAYS = Unit(dimension=Dimension.DURATION, detail="days")


@pytest.fixture
def seed() -> Mapping[str, Any]:
    return SEED


# ---- Names that nothing has -----------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [None, "10-12"])
@pytest.mark.parametrize(
    ("state", "unknown"),
    [
        ({"status": "Dooing"}, "'Dooing'"),
        ({"status": {"not": "Dnoe"}}, "'Dnoe'"),
        ({"status": ["Done", "Dnoe"]}, "'Dnoe'"),
        ({"resolution": "Wont Do"}, "'Wont Do'"),
        ({"assignee": "Nobody There"}, "'Nobody There'"),
        ({"assignee": {"not": "Nobody There"}}, "'Nobody There'"),
        ({"reporter": "Nobody There"}, "'Nobody There'"),
        ({"priority": "Urgentest"}, "'Urgentest'"),
        ({"sprint": "Sprint 99"}, "'Sprint 99'"),
        ({"parent": "APP-999"}, "'APP-999'"),
        ({"labels": "uxx"}, "'uxx'"),
        ({"fix_versions": "9.9"}, "'9.9'"),
        ({"components": "Frontend"}, "'Frontend'"),
        ({"fields": {"Team": "Nobody"}}, "'Nobody'"),
    ],
)
def test_a_name_that_nothing_has_is_no_number(
    world: World, day: str | None, state: Any, unknown: str
) -> None:
    world.jira.load({"fields": [{"id": "customfield_10050", "name": "Team", "type": "option"}]})
    held = world.none(day, scope=BUGS, state=state)
    assert unknown in held.reason
    assert "no issue that was read ever had it" in held.reason
    part = world.none(day, scope=BUGS, measure="ratio", part_state=state)
    assert unknown in part.reason


def test_near_names_are_offered(world: World) -> None:
    assert "did you mean 'In Progress'?" in world.none(scope=BUGS, state={"status": "In Progres"}).hint
    assert 'did you mean "Won\'t Do"?' in world.none(scope=BUGS, state={"resolution": "Wont Do"}).hint
    query: dict[str, Any] = {"scope": BUGS, "measure": "time_in_status", "unit": DAYS}
    assert "did you mean 'In Progress'?" in world.none(**query, statuses="In Progres").hint


def test_a_name_that_jira_knows_but_no_issue_has_is_a_fact(world: World) -> None:
    world.jira.load(
        {"issues": [{"key": "OPS-1", "labels": ["ux"], "fix_versions": ["2.0"], "resolution": "Duplicate"}]}
    )
    states: list[dict[str, Any]] = [
        {"labels": "ux"},
        {"fix_versions": "2.0"},
        {"resolution": "Duplicate"},
        {"priority": "Highest"},
        {"sprint": "Sprint 12"},
        {"assignee": "Bot"},
    ]
    for state in states:
        assert world.value(scope=BUGS, state=state).value == 0, state
        (name,) = state
        assert world.value(scope=BUGS, state={name: {"not": state[name]}}).value == 3, state
    # Jira is asked once a day for each of them.
    world.jira.server.forget()
    assert world.value(scope=BUGS, state={"resolution": "Duplicate"}).value == 0
    assert world.jira.server.count("search") <= 2


def test_a_metric_with_an_unknown_name_costs_no_other(world: World) -> None:
    lost, kept = world.read(
        ask(scope=BUGS, state={"status": "Dooing"}), ask(scope=BUGS, state={"status": "Done"})
    )
    assert "Dooing" in getattr(lost, "reason", "")
    assert getattr(kept, "value", None) == 1


# ---- One rule for all names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Won't Do", "won't do", "WON'T DO", "10001"])
def test_the_case_of_a_name_and_its_id_do_not_matter(world: World, name: str) -> None:
    assert world.value("10-31", scope=BUGS, state={"resolution": name}).value == 1
    excludes = {"done_excludes": {"resolution": name}}
    query: dict[str, Any] = {"scope": BUGS, "window": OCTOBER, **excludes}
    assert world.value(**query, measure="throughput").value == 1
    lead = world.none(**query, measure="lead_time", unit=DAYS)
    assert "0 issues finished" in lead.reason
    assert world.value("11-01", **query, measure="lead_time", unit=DAYS).value == 9
    epic(world)
    world.jira.load(
        {
            "issues": [
                {
                    "key": "OPS-66",
                    "type": "Story",
                    "parent": "OPS-50",
                    "status": "Done",
                    "resolution": "Won't Do",
                }
            ]
        }
    )
    assert world.value(**SHARE, **excludes).value == 75
    assert fact(world.value(**SHARE, **excludes), "left out") == f"1 with resolution {name}"


def test_an_excluded_resolution_that_nothing_has_is_no_number(world: World) -> None:
    epic(world)
    excludes = {"done_excludes": {"resolution": ["Won't Do", "Wont Fix"]}}
    for query in ({"scope": BUGS, "measure": "throughput"}, SHARE):
        held = world.none(**query, **excludes)
        assert "'Wont Fix'" in held.reason
    # One that Jira knows, and no issue has, excludes nothing.
    fine = {"done_excludes": {"resolution": ["Won't Do", "Cannot Reproduce"]}}
    assert world.value(**SHARE, **fine).value == 75


@pytest.mark.parametrize("name", ["in progress", "IN PROGRESS", "3"])
def test_time_in_a_status_follows_the_same_rule(world: World, name: str) -> None:
    query: dict[str, Any] = {"scope": STORIES, "measure": "time_in_status", "unit": DAYS, "aggregate": "sum"}
    assert world.value(**query, statuses=name).value == 8


# ---- Former names ---------------------------------------------------------------------------------------------


def test_a_former_name_of_a_status_means_the_status(world: World) -> None:
    """Called Doing on 5 October, In Progress since."""
    changes = world.jira.world.issues["APP-1"].changes
    object.__setattr__(changes[0].items[0], "new_text", "Doing")
    object.__setattr__(changes[1].items[0], "old_text", "Doing")
    for name in ("Doing", "doing", "In Progress", "3"):
        assert world.value("10-09", scope=BUGS, state={"status": name}).value == 1, name
        assert world.value("10-09", scope=BUGS, state={"status": {"not": name}}).value == 1, name
    query: dict[str, Any] = {"scope": BUGS, "measure": "time_in_status", "unit": DAYS, "aggregate": "min"}
    assert world.value(**query, statuses="Doing", window=OCTOBER).value == 5


def test_a_former_name_of_a_person_means_the_person(world: World) -> None:
    """Eva's name in the changes is not the one that she has today."""
    world.jira.load(
        {
            "users": [
                {"email": "bot@acme.example", "name": "Bot", "token": "t0ken"},
                {"email": "eva@acme.example", "name": "Eva Schmidt", "account_id": "712020:7"},
            ]
        }
    )
    moved = step("10-20", "eva@acme.example", "bot@acme.example", "assignee")
    world.jira.load(
        {
            "issues": [
                {"key": "OPS-1", "created": "2026-10-01", "assignee": "bot@acme.example", "history": [moved]},
                {"key": "OPS-2", "created": "2026-10-01", "assignee": "eva@acme.example"},
            ]
        }
    )
    change = world.jira.world.issues["OPS-1"].changes[0].items[0]
    object.__setattr__(change, "old", "eva" if world.kind == "data_center" else "712020:7")
    object.__setattr__(change, "old_text", "Eva Müller")
    for name in ("Eva Schmidt", "eva müller"):
        assert world.value("10-10", scope="project = OPS", state={"assignee": name}).value == 2, name


def test_an_id_without_a_name_is_asked_of_jira(cloud: World) -> None:
    """Team-managed projects write the id of the parent alone, and Jira knows whose it is."""
    tie = {**step("10-12", "OPS-50", "OPS-51", "parent"), "as": "IssueParentAssociation"}
    epics = [{"key": f"OPS-5{n}", "type": "Epic", "created": "2026-10-01"} for n in (0, 1)]
    story = {"key": "OPS-60", "type": "Story", "created": "2026-10-01", "parent": "OPS-51", "history": [tie]}
    cloud.jira.load({"issues": [*epics, story]})
    for change in cloud.jira.world.issues["OPS-60"].changes[0].items:
        object.__setattr__(change, "old_text", None)
        object.__setattr__(change, "new_text", None)
    number = str(cloud.jira.world.issues["OPS-50"].id)
    scope = "project = OPS AND type = Story"
    assert cloud.value("10-11", scope=scope, state={"parent": "OPS-50"}).value == 1
    assert "'OPS-99'" in cloud.none("10-11", scope=scope, state={"parent": "OPS-99"}).reason
    assert cloud.value("10-11", scope=scope, state={"parent": number}).value == 1
    assert cloud.value("10-13", scope=scope, state={"parent": "OPS-51"}).value == 1
    share: dict[str, Any] = {"measure": "done_share", "unit": PERCENT, "scope": scope}
    assert cloud.value("10-11", **share, parent="OPS-50").evidence.rows == 1
    assert cloud.value("10-13", **share, parent="OPS-51").value == 0
    # With one story below it today, Jira need not be asked.
    cloud.jira.load(
        {"issues": [{"key": "OPS-61", "type": "Story", "created": "2026-10-01", "parent": "OPS-50"}]}
    )
    assert cloud.value("10-11", scope=scope, state={"parent": "OPS-50"}).value == 2
    assert cloud.value("10-11", **share, parent="OPS-50").evidence.rows == 2


def test_a_comma_in_a_sprints_name_does_not_cut_it(world: World) -> None:
    world.jira.load(
        {"sprints": [{"id": 21, "board": 1, "name": "Alpha, Beta"}, {"id": 22, "board": 1, "name": "Gamma"}]}
    )
    moved = {"at": "2026-10-15T09:00:00Z", "field": "Sprint", "from": [21, 22], "to": [22]}
    story = {"key": "OPS-1", "type": "Story", "created": "2026-10-01", "sprint": [22], "history": [moved]}
    world.jira.load({"issues": [story]})
    scope = "project = OPS"
    assert world.value("10-14", scope=scope, state={"sprint": "21"}).value == 1
    assert world.value("10-14", scope=scope, state={"sprint": "22"}).value == 1
    for piece in ("Alpha", "Beta"):
        assert f"'{piece}'" in world.none("10-14", scope=scope, state={"sprint": piece}).reason


# ---- Statuses that are gone -----------------------------------------------------------------------------------


def test_all_unknown_statuses_are_named_at_once_as_yaml(world: World) -> None:
    gone = [
        {"id": str(number), "name": name, "category": "done", "deleted": True}
        for number, name in ((10077, "Shipped"), (10078, "Live"), (10079, "Parked"))
    ]
    world.jira.load({"statuses": gone})
    ways = [("To Do", "Shipped", "Done"), ("To Do", "Live", "Done"), ("Parked", "To Do", "Done")]
    issues = [
        {
            "key": f"OPS-{number}",
            "type": "Story",
            "status": "Done",
            "created": "2026-09-01",
            "history": [step("09-10", *way[:2]), step("10-10", *way[1:])],
        }
        for number, way in enumerate(ways, 1)
    ]
    world.jira.load({"issues": issues})
    queries: list[dict[str, Any]] = [
        {"measure": "lead_time", "unit": DAYS},
        {"state": {"statusCategory": "done"}},
    ]
    for query in queries:
        held = world.none("09-20", scope="project = OPS", **query)
        assert held.cause is Cause.CONFIG
        assert "3 statuses are gone from Jira" in held.reason
        assert "'Shipped' (id 10077), in which OPS-1 was" in held.reason
        assert 'status_map: {"10077": done, "10078": done, "10079": done}' in held.hint
    mapped = {"10077": "done", "10078": "in progress", "10079": "to do"}
    done = world.one(
        "09-20", scope="project = OPS", state={"statusCategory": "done"}, more={"status_map": mapped}
    )
    assert getattr(done, "value", None) == 1
