"""A backfill adds the check-ins of weeks that are over, and touches none that is there."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta
from typing import Any, Literal

import pytest

from okrsync.ledger import open_ledger
from okrsync.loopback import Fault
from tests.support.check_ins import keep_check_ins, rows

POST = "POST /v1/pages"
PAST = ("backfill", "demo", "--from", "2026-10-05", "--to", "2026-11-22")
CHOSEN = ("--only", "KR-5", "--only", "KR-12")
WEEKS = [f"2026-W{week}" for week in range(41, 48)]


@pytest.fixture
def desk(desk: Any) -> Any:
    keep_check_ins(desk)
    return desk


def values(desk: Any, key_result: str) -> list[str]:
    found = rows(desk)
    return [found[f"demo/{key_result}/{week}"]["Value"] for week in WEEKS]


def memory(desk: Any) -> Any:
    with open_ledger(f"sqlite:///{desk.folder / 'ledger.db'}", desk.clock) as ledger:
        return ledger.recall("demo")


def test_each_week_that_is_over_gets_its_row(desk: Any) -> None:
    ended = desk.run(*PAST, *CHOSEN)
    assert ended.code == 0, ended.err
    assert "Check-ins: 14 added\n" in ended.out
    assert values(desk, "KR-12") == ["41000"] * 3 + ["44900"] * 4
    assert values(desk, "KR-5")[0] == "471502"
    assert rows(desk)["demo/KR-5/2026-W47"] == {
        "Name": "Revenue from new deals · 2026-W47",
        "Check-in": "demo/KR-5/2026-W47",
        "Key result": "Revenue from new deals",
        "Date": "2026-11-16",
        "Value": "1767504",
        "Progress": "50.5%",
        "Status": "Behind",
        "Source": "deals: revenue, 26 rows, recomputed",
        "Confidence": "",
        "Comment": "",
    }
    # The pace is the week's own: half of the way was on track in the middle of the cycle.
    assert rows(desk)["demo/KR-5/2026-W46"]["Status"] == "On track"
    assert len(rows(desk)) == 14
    assert desk.table()["KR-5"]["Current"] == "", "a past value never becomes the current one"


def test_a_second_run_adds_nothing_and_asks_no_source(desk: Any) -> None:
    desk.run(*PAST, *CHOSEN)
    before = rows(desk)
    desk.stage.forget()
    again = desk.run(*PAST, *CHOSEN)
    assert (again.code, rows(desk)) == (0, before)
    assert "Check-ins: 14 there already\n" in again.out
    assert desk.writes == 0
    assert desk.jira.server.count() + desk.sheets.server.count() == 0


def test_a_dry_run_says_what_would_be_added(desk: Any) -> None:
    ended = desk.run(*PAST, *CHOSEN, "--dry-run")
    assert "Check-ins: 14 would be added\n  → the same without --dry-run" in ended.out
    assert (desk.writes, rows(desk)) == (0, {})
    said = desk.run(*PAST, *CHOSEN, "--dry-run", "--json").json["check_ins"]
    assert (said["added"][0], said["there"], said["not_added"]) == ("demo/KR-5/2026-W41", 0, [])
    assert "okrsync: 14 of 14 check-ins" in ended.err


def test_they_can_be_left_out(desk: Any) -> None:
    ended = desk.run(*PAST, *CHOSEN, "--no-check-ins", "--json")
    assert (ended.code, ended.json["check_ins"]) == (0, None)
    assert desk.notion.server.count() == 0


def test_only_where_a_date_ends_a_week_of_this_cycle(desk: Any) -> None:
    ended = desk.run("backfill", "demo", "--from", "2026-10-01", "--every", "month", *CHOSEN)
    assert "Check-ins: none, as no week of this cycle ends on these dates\n" in ended.out
    assert desk.notion.server.count() == 0
    dates = ("--from", "2026-09-01", "--to", "2026-10-12", "--every", "day")
    desk.run("backfill", "demo", *dates, "--only", "KR-12")
    assert sorted(rows(desk)) == ["demo/KR-12/2026-W40", "demo/KR-12/2026-W41"]


def test_what_is_there_is_left_as_it_is(desk: Any) -> None:
    desk.notion.add_row("Check-ins", {"Name": "Mine", "Check-in": "demo/KR-3/2026-W44", "Comment": "typed"})
    desk.run("sync", "demo")
    seen = rows(desk)["demo/KR-12/2026-W48"]
    desk.clock.sleep(timedelta(days=7).total_seconds())
    desk.sheets.edit("Web", "10/31/26", "Organic visitors", 45000)
    desk.stage.forget()
    chosen = ("--only", "KR-3", "--only", "KR-12")
    ended = desk.run("backfill", "demo", "--from", "2026-10-26", "--to", "2026-11-29", *chosen, "--json")
    assert ended.json["check_ins"]["there"] == 3
    assert len(ended.json["check_ins"]["added"]) == 7
    found = rows(desk)
    assert (found["demo/KR-3/2026-W44"]["Comment"], found["demo/KR-3/2026-W44"]["Value"]) == ("typed", "")
    assert found["demo/KR-12/2026-W48"] == seen
    assert found["demo/KR-12/2026-W47"]["Value"] == "45000"
    assert desk.notion.server.count("PATCH") == 0


def test_one_in_the_trash_stays_there(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.trash("demo/KR-12/2026-W48")
    desk.clock.sleep(timedelta(days=7).total_seconds())
    desk.run("sync", "demo")
    week = ("backfill", "demo", "--from", "2026-11-23", "--to", "2026-11-29", *CHOSEN)
    desk.stage.forget()
    ended = desk.run(*week, "--json")
    assert ended.json["check_ins"]["there"] == 2
    assert desk.notion.server.count(POST) == 0


def test_the_cells_of_weeks_that_are_over_are_forgotten(desk: Any) -> None:
    desk.run("sync", "demo")
    kept = len(memory(desk).last_written)
    desk.clock.sleep(timedelta(days=7).total_seconds())
    desk.run("sync", "demo")
    assert len(memory(desk).last_written) <= kept
    keys = {key for _, key in memory(desk).state if key.startswith("check-in ")}
    assert {key[-3:] for key in keys} == {"W48", "W49"}
    desk.run(*PAST, *CHOSEN)
    desk.run("sync", "demo")
    assert len(memory(desk).last_written) <= kept


def test_no_number_no_check_in(desk: Any) -> None:
    ended = desk.run(*PAST, "--only", "KR-9")
    assert ended.code == 3
    assert "Check-ins: none, for want of numbers\n" in ended.out
    assert rows(desk) == {}


def test_the_baseline_is_measured_frozen_and_the_same_for_a_later_sync(desk: Any) -> None:
    desk.edit_yaml('metric: revenue, reach: "€3.5M"', "metric: revenue, change: +25%")
    first = desk.run(*PAST, "--only", "KR-5", "--json")
    assert first.code == 3
    (held,) = {one["reason"] for one in first.json["check_ins"]["not_added"]}
    assert "its baseline was not measured when the cycle began" in held
    assert rows(desk) == {}
    # The first week's value, found now, is within the days from which a baseline may be taken.
    whole = ("backfill", "demo", "--from", "2026-10-01", "--to", "2026-11-22", "--only", "KR-5")
    assert desk.run(*whole).code == 0
    assert rows(desk)["demo/KR-5/2026-W40"]["Progress"] == "0%"
    desk.run("sync", "demo")
    assert "€185,500.50, frozen" in desk.run("explain", "demo", "KR-5").out


def test_a_baseline_that_no_check_in_needs_is_left_to_the_sync(desk: Any) -> None:
    desk.edit_yaml('metric: revenue, reach: "€3.5M"', "metric: revenue, change: +25%")
    desk.run("backfill", "demo", "--from", "2026-10-01", "--only", "KR-5", "--no-check-ins")
    assert desk.run(*PAST, "--only", "KR-12").code == 0
    (frozen,) = memory(desk).baselines
    assert frozen.startswith("KR-12 on 2026-10-01 as ")


def test_a_sync_under_way_is_not_crossed(desk: Any) -> None:
    url = f"sqlite:///{desk.folder / 'ledger.db'}"
    with open_ledger(url, desk.clock) as other, other.hold("demo"):
        ended = desk.run(*PAST, *CHOSEN)
        assert ended.code == 11
        assert desk.stage.requests == 0
        assert desk.run(*PAST, *CHOSEN, "--dry-run").code == 0
        assert desk.run(*PAST, *CHOSEN, "--no-check-ins").code == 0
    assert desk.run(*PAST, *CHOSEN).code == 0


def test_a_refused_credential_stops_the_adding(desk: Any) -> None:
    desk.notion.server.faults.append(Fault(where=POST, status=401, times=10_000))
    ended = desk.run(*PAST, *CHOSEN)
    assert ended.code == 12
    assert desk.notion.server.count(POST) <= 8, "those side by side, and no more"
    desk.notion.server.faults.clear()
    assert desk.run(*PAST, *CHOSEN).code == 0
    assert len(rows(desk)) == 14


def test_a_lost_answer_is_found_again_even_by_the_next_run(desk: Any) -> None:
    desk.notion._state.lag = 8
    desk.notion.server.faults.append(Fault(where=POST, skip=3, cut="after"))
    ended = desk.run(*PAST, *CHOSEN)
    assert ended.code == 3
    assert "Check-ins: 13 added · 1 not added\n" in ended.out
    assert "it is not listed (yet)" in ended.out
    again = desk.run(*PAST, *CHOSEN)
    assert again.code == 0
    assert len(rows(desk)) == 14
    assert desk.notion.server.count(POST) == 14
    assert memory(desk).intents == {}


@pytest.mark.parametrize("when", ["before", "after"])
def test_kill_9_in_the_midst_doubles_nothing(desk: Any, when: Literal["before", "after"]) -> None:
    started = threading.Event()
    process: list[Any] = []

    def kill() -> None:
        assert started.wait(timeout=120)
        os.kill(process[0].pid, signal.SIGKILL)
        process[0].wait()

    fault = Fault(where=POST, skip=5, cut=when)
    if when == "before":
        fault.prelude = kill
    else:
        fault.postlude = kill
    desk.notion.server.faults.append(fault)
    process.append(desk.start(*PAST, *CHOSEN))
    started.set()
    process[0].communicate(timeout=120)
    assert process[0].returncode == -signal.SIGKILL
    assert 0 < len(rows(desk)) < 14
    ended = desk.run(*PAST, *CHOSEN)
    assert ended.code == 0, ended.out
    assert len(rows(desk)) == 14
    assert memory(desk).intents == {}


def test_weeks_that_are_judged_count_those_before_them(desk: Any) -> None:
    desk.edit_yaml(
        "date: created, window: cycle, unit: percent}", "date: created, window: week, unit: percent}"
    )
    desk.edit_yaml("at_least: 95%, risk: 90%", "at_least: 95%, judge: held, missing_periods: skip")
    assert desk.run(*PAST, "--only", "KR-4").code == 0
    found = rows(desk)
    # The week of 4 October held, the next four did not, then three did: each week with those before it.
    assert [found[f"demo/KR-4/{week}"]["Progress"] for week in WEEKS] == [
        "50%",
        "33.33%",
        "25%",
        "20%",
        "33.33%",
        "42.86%",
        "50%",
    ]
