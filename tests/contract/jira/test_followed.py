"""Issues whose changes do not tell when they finished, and changes that are hard to read: said, never counted as 0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from okrsync.model import Cause, Dimension, NoValue, Question, Reading, Unit, Window
from okrsync_jira import JiraQuery
from okrsync_jira.changelog import Shared, moves
from tests.contract.jira.test_history import OCTOBER, POINTS, SEED, STORIES, step
from tests.support.jira_site import NOW, World, fact

DAYS = Unit(dimension=Dimension.DURATION, detail="days")


@pytest.fixture
def seed() -> Mapping[str, Any]:
    closed = {"id": "29", "name": "Closed now", "category": "done"}
    return {**SEED, "statuses": [*SEED["statuses"], closed]}


def migrated(world: World, number: int, *, followed: int = 2) -> None:
    """So many finished issues whose history leads to a status that they do not have, beside two that can be followed."""
    done = {"type": "Bug", "created": "2026-10-01T09:00:00Z", "resolved": "2026-10-20T09:00:00Z"}
    history = [step("10-20", "To Do", "Done")]
    issues = [
        {**done, "key": f"OPS-{n}", "status": "Closed now" if n <= number else "Done", "history": history}
        for n in range(1, number + followed + 1)
    ]
    world.jira.load({"issues": issues})


def test_a_throughput_that_lacks_issues_is_no_number(world: World) -> None:
    migrated(world, 8)
    query: dict[str, Any] = {"scope": "project = OPS", "window": OCTOBER}
    held = world.none(**query, measure="throughput")
    assert held.cause is Cause.DATA
    assert "8 of 10 finished issues cannot be followed: OPS-1, OPS-2" in held.reason
    assert "date: resolved" in held.hint
    lead = world.value(**query, measure="lead_time", unit=DAYS)
    assert lead.value == 19
    assert fact(lead, "finished, but cannot be followed").endswith("of 10")
    # In a window in which nothing of them finished they lack nowhere.
    november = {**query, "window": Window(start=OCTOBER.end, end=NOW)}
    assert world.value(**november, measure="throughput").value == 0
    assert world.value("10-15", **query, measure="throughput").value == 0


def test_a_length_says_why_nothing_finished(world: World) -> None:
    migrated(world, 8, followed=0)
    held = world.none(scope="project = OPS", window=OCTOBER, measure="lead_time", unit=DAYS)
    assert "0 issues finished" in held.reason
    assert "8 (OPS-1, OPS-2" in held.reason
    assert "more cannot be followed" in held.reason


def test_issues_imported_as_done_are_missing_and_not_none(world: World) -> None:
    """Resolved in the window, created before it, and no history at all."""
    imported = {"status": "Done", "created": "2026-09-01", "resolved": "2026-10-20T09:00:00Z", "history": []}
    world.jira.load(
        {"issues": [{**imported, "key": f"OPS-{n}", "updated": "2026-11-01"} for n in range(1, 6)]}
    )
    query: dict[str, Any] = {"scope": "project = OPS", "window": OCTOBER}
    held = world.none(**query, measure="throughput")
    assert "5 of 5 finished issues cannot be followed" in held.reason
    assert (
        world.value(**{**query, "window": Window(start=OCTOBER.end, end=NOW)}, measure="throughput").value
        == 0
    )
    # Created as done in one save, an issue finished nowhere.
    born = {
        "status": "Done",
        "created": "2026-10-20T09:00:00Z",
        "resolved": "2026-10-20T09:00:01Z",
        "history": [],
    }
    world.jira.load({"issues": [{**born, "key": "SUP-1"}]})
    assert world.value(scope="project = SUP", window=OCTOBER, measure="throughput").value == 0


def test_what_is_excluded_or_in_another_state_is_not_missing(world: World) -> None:
    migrated(world, 8)
    query: dict[str, Any] = {"scope": "project = OPS", "window": OCTOBER, "measure": "throughput"}
    assert world.value(**query, state={"status": "Done"}).value == 2


# ---- Changes that are hard to read ----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["5,5", "1,000", "NaN"])
def test_a_number_that_is_none_is_named_with_its_date(world: World, text: str) -> None:
    for key in ("APP-11", "APP-12"):
        issue = world.jira.world.issues[key]
        world.jira.world.change(issue, *odd(text))
    held = world.none("10-21", scope=STORIES, measure="sum", field="Story Points")
    assert held.cause is Cause.DATA
    assert f"of APP-11 was {text!r} until 2026-10-22, which is no number" in held.reason
    assert "2 issues cannot tell" in held.reason
    assert "likewise APP-12" in held.reason
    assert "2026-10" in held.reason
    assert world.value("10-25", scope=STORIES, measure="sum", field="Story Points").value == 15


def test_the_text_of_a_change_is_the_number_and_its_raw_value_the_seconds(world: World) -> None:
    """A raw value beside the text may be anything, but of a length of time it is what the field holds."""
    from okrsync_emulators.jira.world import Item

    at = int(datetime(2026, 10, 22, tzinfo=UTC).timestamp() * 1000)
    points = Item(
        field="Story Points", field_id=POINTS, old="99", old_text="3", new="5", new_text="5", custom=True
    )
    spent = Item(
        field="timespent", field_id="timespent", old="3600", old_text="1h", new="7200", new_text="2h"
    )
    world.jira.world.change(world.jira.world.issues["APP-11"], at, "bot@acme.example", [points, spent])
    world.jira.world.issues["APP-11"].values["timespent"] = 7200.0
    assert world.value("10-21", scope=STORIES, measure="min", field="Story Points").value == 2
    assert world.value("10-21", scope=STORIES, measure="sum", field="Story Points").value == 8 + 3 + 2
    hours = Unit(dimension=Dimension.DURATION, detail="hours")
    query: dict[str, Any] = {"scope": STORIES, "measure": "max", "field": "timespent", "unit": hours}
    assert world.value("10-21", **query).value == 1
    assert world.value(**query).value == 2


def odd(text: str) -> tuple[int, str, Any]:
    from okrsync_emulators.jira.world import Item

    at = int(datetime(2026, 10, 22, tzinfo=UTC).timestamp() * 1000)
    item = Item(
        field="Story Points", field_id=POINTS, old=None, old_text=text, new=None, new_text="5", custom=True
    )
    return at, "bot@acme.example", [item]


def test_changes_of_one_millisecond_are_put_so_that_they_follow(world: World) -> None:
    """Three saves in one millisecond, with ids in another order."""

    def history(number: int, old: str, new: str) -> dict[str, Any]:
        return {"id": str(number), "created": 500, "items": [{"field": "status", "from": old, "to": new}]}

    before = {"id": "1", "created": 100, "items": [{"field": "status", "from": "9", "to": "1"}]}
    found = moves([before, history(12, "1", "2"), history(11, "2", "3"), history(10, "3", "4")], Shared())
    assert [(move.old, move.new) for move in found] == [("9", "1"), ("1", "2"), ("2", "3"), ("3", "4")]
    first = moves([history(12, "1", "2"), history(11, "2", "3")], Shared())
    assert [move.old for move in first] == ["1", "2"]
    same = "2026-10-10T09:00:00Z"
    steps = [
        {"at": same, "field": "status", "from": "In Progress", "to": "Done"},
        {"at": same, "field": "status", "from": "To Do", "to": "In Progress", "by": "eva@acme.example"},
    ]
    world.jira.load(
        {"issues": [{"key": "OPS-1", "status": "Done", "created": "2026-10-01T09:00:00Z", "history": steps}]}
    )
    query: dict[str, Any] = {"scope": "project = OPS", "window": OCTOBER}
    assert world.value(**query, measure="throughput").value == 1
    assert world.value(**query, measure="lead_time", unit=DAYS).value == 9


def test_other_values_that_are_no_numbers_are_counted_and_named(world: World) -> None:
    world.jira.load({"fields": [{"id": "customfield_10080", "name": "Size", "type": "text"}]})
    sizes = [{"key": f"OPS-{n}", "fields": {"Size": "big"}} for n in range(1, 8)]
    world.jira.load({"issues": sizes})
    held = world.none(jql="project = OPS", measure="sum", field="customfield_10080")
    assert "of OPS-1 is 'big', not a number; likewise 6 (OPS-2" in held.reason
    assert "of 7 issues" in held.reason


# ---- The very moment ------------------------------------------------------------------------------------------


def test_what_finishes_at_the_windows_edge_is_in_one_window_only(world: World) -> None:
    midnight = {"at": "2026-10-10T00:00:00Z", "field": "status", "from": "In Progress", "to": "Done"}
    begun = {"at": "2026-10-10T00:00:00Z", "field": "status", "from": "To Do", "to": "In Progress"}
    issue = {"key": "OPS-1", "status": "Done", "created": "2026-10-01T00:00:00Z"}
    world.jira.load({"issues": [{**issue, "history": [step("10-05", "To Do", "In Progress"), midnight]}]})
    edge = datetime(2026, 10, 10, tzinfo=UTC)
    before = Window(start=edge - timedelta(days=5), end=edge)
    after = Window(start=edge, end=edge + timedelta(days=5))
    for measure in ("throughput", "lead_time", "cycle_time"):
        unit: dict[str, Any] = {} if measure == "throughput" else {"unit": DAYS}
        query = JiraQuery.model_validate({"scope": "project = OPS", "measure": measure})
        around = Window(start=before.start, end=after.end)
        inside, outside, asked_then = world.read(
            Question(metric="m", query=query, at=NOW, now=NOW, window=after, **unit),
            Question(metric="m", query=query, at=NOW, now=NOW, window=before, **unit),
            # Asked at the very moment, it has finished.
            Question(metric="m", query=query, at=edge, now=NOW, window=around, **unit),
        )
        for one in (inside, asked_then):
            assert isinstance(one, Reading), one
            assert one.evidence.rows == 1
        assert getattr(outside, "value", 0) == 0
    # Begun in the very moment in which it was finished: no start before the end, so no cycle.
    world.jira.load({"issues": [{**issue, "key": "SUP-1", "history": [begun, midnight]}]})
    never = world.none(scope="project = SUP", measure="cycle_time", unit=DAYS)
    assert isinstance(never, NoValue)
