"""A unit that changes in mid-cycle: what was measured in the other one is left out and counted, and nothing stops."""

from __future__ import annotations

from typing import Any

import pytest

NPS = 'nps: {from: sheets, cell: "KPI!B2", unit: index}'
LEFT_OUT = "3 values are left out: its metric, its query or its unit was another one then"


@pytest.fixture
def changed(desk: Any) -> Any:
    """Three mornings with the net promoter score as an index; then its unit becomes percent."""
    for _ in range(3):
        desk.run("sync", "demo")
        desk.clock.sleep(86_400)
    desk.edit_yaml(NPS, NPS.replace("index", "percent"))
    return desk


@pytest.mark.parametrize("command", ["status", "explain", "history"])
def test_values_in_another_unit_are_left_out_and_counted(changed: Any, command: str) -> None:
    words = [command, "demo"] if command == "status" else [command, "demo", "KR-9"]
    ended = changed.run(*words)
    assert ended.code in {0, 3}, ended.err
    assert LEFT_OUT in " ".join((ended.out + ended.err).split())


def test_programs_are_told_how_many(changed: Any) -> None:
    ended = changed.run("explain", "demo", "KR-9", "--json")
    assert (ended.json["left_out"], ended.json["trend"]) == (3, [])


def test_other_key_results_keep_theirs(changed: Any) -> None:
    assert changed.run("explain", "demo", "KR-10", "--json").json["left_out"] == 0
    assert "left out" not in changed.run("history", "demo", "KR-10").err


def test_the_next_sync_goes_on_in_the_new_unit(changed: Any) -> None:
    assert changed.run("sync", "demo").code == 3
    ended = changed.run("explain", "demo", "KR-9", "--json")
    assert ended.json["unit"] == "percent"
    assert ended.json["left_out"] == 3


def test_the_next_cycle_and_a_backfill_go_on(changed: Any) -> None:
    ended = changed.run("init", "demo", "--next-cycle")
    assert ended.code in {0, 3}, ended.err
    ended = changed.run("backfill", "demo", "--from", "2026-11-23", "--to", "2026-11-25", "--every", "day")
    assert ended.code in {0, 3}, ended.err


def test_a_judged_key_result_plans_on(desk: Any) -> None:
    desk.edit_yaml(
        "title: Net Promoter Score, metric: nps",
        "title: Score, metric: nps, at_least: 40, judge: held, every: day",
    )
    for _ in range(3):
        desk.run("sync", "demo")
        desk.clock.sleep(86_400)
    desk.edit_yaml(NPS, NPS.replace("index", "percent"))
    for command in ("plan", "sync", "status"):
        ended = desk.run(command, "demo")
        assert ended.code == 3, ended.err
