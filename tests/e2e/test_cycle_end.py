"""A cycle has a beginning, an end and closing days; outside them nothing is written, and everybody says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from okrsync.testing import JumpClock

BEFORE = datetime(2026, 9, 28, 6, tzinfo=UTC)
CLOSING = datetime(2027, 1, 4, 6, tzinfo=UTC)
OVER = datetime(2027, 1, 8, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "said", "next_step"),
    [
        (BEFORE, "the cycle 2026-Q4 begins on 2026-10-01: nothing is written before", "see `cycle:`"),
        (OVER, "the cycle 2026-Q4 ended on 2026-12-31, and its closing days on 2027-01-07", "--next-cycle"),
    ],
)
def test_outside_the_cycle_nothing_is_asked_and_nothing_written(
    desk: Any, at: datetime, said: str, next_step: str
) -> None:
    clock = JumpClock(at)
    for command in ("plan", "sync"):
        ended = desk.run(command, "demo", clock=clock)
        assert ended.code == 3
        assert said in ended.out
        assert next_step in ended.out
        assert ended.out.strip().splitlines()[-1] == "Nothing to write · 16 held"
        assert desk.run(command, "demo", "--json", clock=clock).json["notice"].startswith(said)
    assert desk.stage.requests == 0
    for command in ("status", "validate"):
        ended = desk.run(command, "demo", clock=clock)
        # A YAML that was written ahead of its cycle is valid.
        assert ended.code == (0 if command == "validate" and at == BEFORE else 3)
        assert said in ended.out
    assert said in desk.run("doctor", "demo", clock=clock).out


def test_a_closed_cycle_keeps_what_was_found_in_it(desk: Any) -> None:
    desk.run("sync", "demo")
    before = desk.run("status", "demo", "--json").json["rows"]
    desk.run("sync", "demo", clock=JumpClock(OVER))
    assert desk.run("status", "demo", "--json").json["rows"] == before


def test_in_the_closing_days_the_numbers_are_those_of_the_last_moment(desk: Any) -> None:
    desk.edit_yaml("stale_after: 2d", "stale_after: 60d")
    desk.run("sync", "demo")
    desk.sheets.edit("KPI", "NPS", "Now", 58)
    # Closed in January: the count of open bugs asks for today, the points have a window.
    ended = desk.run("sync", "demo", clock=JumpClock(CLOSING))
    assert ended.code == 3
    assert "until 2027-01-07 the numbers of its last moment are written" in ended.out
    assert "okrsync init demo --next-cycle" in ended.out
    table = desk.table()
    assert table["KR-9"]["Current"] == "46"
    assert "a spreadsheet shows only today's value, and 2026-12-31 is asked" in ended.out


def test_no_closing_days_close_at_once(desk: Any) -> None:
    desk.edit_yaml("end: 2026-12-31}", "end: 2026-12-31, closing_days: 0}")
    ended = desk.run("sync", "demo", clock=JumpClock(CLOSING))
    assert "the cycle 2026-Q4 ended on 2026-12-31: nothing is written any more" in ended.out
    assert desk.stage.requests == 0


def test_due_companies_whose_cycle_is_over_say_so_and_write_nothing(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.stage.forget()
    ended = desk.run("sync", "--all", "--due", clock=JumpClock(OVER))
    assert ended.code == 3
    assert desk.stage.requests == 0


@pytest.mark.parametrize("words", [("release", "KR-9"), ("accept", "KR-9"), ("adopt",)])
def test_what_would_change_a_closed_row_says_that_the_cycle_is_over(
    desk: Any, words: tuple[str, ...]
) -> None:
    desk.run("sync", "demo")
    desk.stage.forget()
    command, *subjects = words
    ended = desk.run(command, "demo", *subjects, clock=JumpClock(OVER))
    assert ended.code == 2
    assert "the cycle 2026-Q4 ended on 2026-12-31" in ended.err
    assert "okrsync init demo --next-cycle" in ended.err
    assert desk.stage.requests == 0


def test_a_goal_is_shown_though_its_number_is_held(desk: Any) -> None:
    """KR-13: 4,000 + 500."""
    desk.run("sync", "demo")
    (row,) = [one for one in desk.run("status", "demo", "--json").json["rows"] if one["id"] == "KR-13"]
    assert (row["value"], row["goal"]["start"], row["goal"]["target"]) == (None, "4000", "4500")
