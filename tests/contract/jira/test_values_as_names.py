"""What a state may ask for beside names: numbers, no value, parents that were moved; and what it may not."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from okrsync.model import PERCENT, Cause
from tests.contract.jira.test_history import BUGS, OCTOBER, SEED, STORIES, step
from tests.support.jira_site import World


@pytest.fixture
def seed() -> Mapping[str, Any]:
    return SEED


def test_a_number_is_a_number_however_it_is_written(world: World) -> None:
    """Jira gives the points of today as 5.0, and in the changelog as 5."""
    for points in (5, "5", "5.0", "5.00"):
        state = {"fields": {"Story Points": points}}
        assert world.value(scope=STORIES, state=state).value == 1
        assert world.value("10-21", scope=STORIES, state=state).value == 1
        assert world.value("10-19", scope=STORIES, state=state).value == 0
    assert world.value("10-19", scope=STORIES, state={"fields": {"Story Points": 3}}).value == 1
    held = world.none(scope=STORIES, state={"fields": {"Story Points": "five"}})
    assert "holds numbers, and 'five' is none" in held.reason


def test_a_name_of_which_jira_takes_any_must_be_found(world: World) -> None:
    tags = {"id": "customfield_10060", "name": "Tags", "type": "labels"}
    world.jira.load({"fields": [tags]})
    tagged = {"key": "APP-60", "type": "Bug", "created": "2026-10-02", "fields": {"Tags": ["ux"]}}
    world.jira.load({"issues": [tagged]})
    assert world.value(scope=BUGS, state={"fields": {"Tags": "UX"}}).value == 1
    for wanted in ("typo", {"not": "typo"}):
        held = world.none(scope=BUGS, state={"fields": {"Tags": wanted}})
        assert "no Tags is called 'typo': no issue in Jira has it" in held.reason
        assert "'ux'" in held.hint


def test_unresolved_is_the_lack_of_a_resolution(world: World) -> None:
    """As in JQL and on Jira's pages; a resolution that is really called that is meant by its name."""
    assert world.value(scope=BUGS, state={"resolution": "Unresolved"}).value == 2
    assert world.value(scope=BUGS, state={"resolution": {"not": "unresolved"}}).value == 1
    assert world.value("10-19", scope=BUGS, state={"resolution": "Unresolved"}).value == 2
    named = {"key": "APP-61", "type": "Bug", "created": "2026-10-02", "resolution": "Unresolved"}
    world.jira.load({"issues": [named]})
    assert world.value(scope=BUGS, state={"resolution": "Unresolved"}).value == 1


def test_what_is_no_name_is_refused_with_the_way_to_write_it(world: World) -> None:
    moment = world.none(scope=BUGS, state={"fields": {"Created": "2026-10-01"}})
    assert moment.cause is Cause.CONFIG
    assert "holds a moment" in moment.reason
    assert "date:" in moment.hint
    assert world.none(scope=BUGS, state={"status": "not Done"}).hint == "write {not: Done}"
    assert "function of JQL" in world.none(scope=BUGS, state={"sprint": "openSprints()"}).hint


def test_a_parent_that_was_moved_is_found_by_its_former_key(world: World) -> None:
    """Its children name it by the key of today, and Jira finds it by both."""
    step_of_key = {"at": "2026-10-15T09:00:00Z", "field": "Key", "from": "APP-500", "to": "OPS-5"}
    epic = {"key": "OPS-5", "type": "Epic", "created": "2026-09-01", "history": [step_of_key]}
    story: dict[str, Any] = {"type": "Story", "parent": "OPS-5", "created": "2026-09-02"}
    done = {**story, "key": "APP-501", "status": "Done", "history": [step("10-20", "To Do", "Done")]}
    world.jira.load({"issues": [epic, done, {**story, "key": "APP-502", "status": "To Do"}]})
    share: dict[str, Any] = {"measure": "done_share", "unit": PERCENT}
    for key in ("OPS-5", "APP-500"):
        for day in (None, "11-01"):
            assert world.value(day, scope="project = APP", state={"parent": key}).value == 2
            assert world.value(day, **share, parent=key).value == 50
            assert world.value(day, **share, parent=key, by="children_mean").value == 50
        assert world.value("10-10", **share, parent=key).value == 0
        assert world.value(**share, parent=key, frozen=True, window=OCTOBER).value == 50
    assert "'APP-999'" in world.none(scope="project = APP", state={"parent": "APP-999"}).reason


def test_a_velocity_without_any_points_is_no_number(world: World) -> None:
    story: dict[str, Any] = {"type": "Story", "sprint": [11], "created": "2026-09-02"}
    done = {**story, "key": "APP-80", "status": "Done", "history": [step("10-10", "To Do", "Done")]}
    world.jira.load({"issues": [done, {**story, "key": "APP-81", "status": "To Do"}]})
    velocity: dict[str, Any] = {"measure": "velocity", "board": 1}
    assert world.value(**velocity).value == Decimal("0.5")
    held = world.none(**velocity, by="points")
    assert held.cause is Cause.EMPTY
    assert "none of the 1 issues that were completed has a value in Story Points" in held.reason


def test_what_is_no_number_is_called_by_its_name(world: World) -> None:
    held = world.none(measure="sum", field="status", jql=STORIES)
    assert "status of APP-10 is 'Done', not a number" in held.reason
