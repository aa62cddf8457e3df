"""A clock that was ahead once: its times are said aloud, hide nothing, and keep no company from being due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from okrsync.ledger import open_ledger
from okrsync.testing import JumpClock

AHEAD = "the ledger has a run that ended on 2026-12-23 06:00 UTC, which is still to come: a clock was wrong"


@pytest.fixture
def synced_ahead(desk: Any) -> Any:
    """The demo company was synced once with a clock that was 30 days ahead."""
    ahead = JumpClock(desk.clock.now() + timedelta(days=30))
    assert desk.run("sync", "demo", clock=ahead).code == 3
    return desk


def fix_ten_bugs(desk: Any) -> None:
    for number in range(2, 12):
        desk.jira.edit("APP", f"APP-{number}", "status", "Done")


def test_the_company_is_due_and_it_is_said(synced_ahead: Any) -> None:
    desk = synced_ahead
    fix_ten_bugs(desk)
    ended = desk.run("sync", "--all", "--due")
    assert AHEAD in ended.err
    assert desk.table()["KR-1"]["Current"] == "62"
    assert "1 company" in ended.out


def test_after_one_right_run_it_is_not_due_again(synced_ahead: Any) -> None:
    desk = synced_ahead
    desk.run("sync", "--all", "--due")
    desk.stage.forget()
    ended = desk.run("sync", "--all", "--due")
    assert (ended.code, ended.out) == (0, "")
    assert desk.notion.server.count("query") == 0
    desk.clock.sleep(86_400)
    assert "1 company" in desk.run("sync", "--all", "--due").out


def test_newer_results_are_shown_though_they_look_older(synced_ahead: Any) -> None:
    desk = synced_ahead
    fix_ten_bugs(desk)
    desk.run("sync", "demo")
    ended = desk.run("status", "demo", "--json")
    (row,) = [one for one in ended.json["rows"] if one["id"] == "KR-1"]
    assert (row["value"], row["at"][:10]) == ("62", "2026-11-23")
    assert AHEAD in ended.err
    assert "62" in desk.run("explain", "demo", "KR-1").out


@pytest.mark.parametrize("command", [("sync", "demo"), ("plan", "demo"), ("status", "demo")])
def test_a_time_that_is_still_to_come_is_said(synced_ahead: Any, command: tuple[str, ...]) -> None:
    assert AHEAD in synced_ahead.run(*command).err


def test_the_doctor_names_it(synced_ahead: Any) -> None:
    ended = synced_ahead.run("doctor", "demo")
    assert "which is still to come" in " ".join(ended.out.split())
    assert ended.code == 3


def test_nothing_is_said_when_clocks_agree(desk: Any) -> None:
    desk.run("sync", "demo")
    for command in (("sync", "demo"), ("status", "demo")):
        assert "still to come" not in desk.run(*command).err


def test_a_lease_from_a_clock_that_was_ahead_lasts_its_own_length_from_now(synced_ahead: Any) -> None:
    desk = synced_ahead
    ahead = JumpClock(desk.clock.now() + timedelta(days=7))
    url = f"sqlite:///{desk.folder / 'ledger.db'}"
    with open_ledger(url, ahead, owner="a container that died") as ledger, ledger.hold("demo"):
        assert desk.run("sync", "demo").code == 11
        desk.clock.sleep(59)
        assert desk.run("sync", "demo").code == 11
        desk.clock.sleep(2)
        assert desk.run("sync", "demo").code == 3
