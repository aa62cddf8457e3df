"""A person's edit, given up by a tick in Notion or after the time that the YAML sets."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest

from okrsync.config.yamlfile import parse_yaml

BOX = "okrsync may write"


@pytest.fixture
def ticking(desk: Any) -> Any:
    text = (files("okrsync.sandbox") / "demo" / "notion.yaml").read_text(encoding="utf-8")
    seed = parse_yaml(text, name="notion.yaml").data
    seed["databases"][0]["data_sources"][0]["properties"][BOX] = "checkbox"
    desk.notion.load(seed)
    desk.edit_yaml("    baseline: Start\n", f"    baseline: Start\n    release: {BOX}\n")
    desk.run("sync", "demo")
    return desk


def edit_and_move_on(desk: Any) -> None:
    desk.notion.edit("Key results", "Open bugs", "Current", 70)
    for number in range(2, 12):
        desk.jira.edit("APP", f"APP-{number}", "status", "Done")


def test_a_tick_releases_the_row_and_is_taken_back(ticking: Any) -> None:
    desk = ticking
    edit_and_move_on(desk)
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "70"
    desk.notion.edit("Key results", "Open bugs", BOX, True)
    desk.stage.forget()
    ended = desk.run("sync", "demo")
    row = desk.table()["KR-1"]
    assert (row["Current"], row["Progress"], row[BOX]) == ("62", "64.44%", ""), ended.out
    assert desk.notion.server.count("^PATCH /v1/pages") == 2, "the row and its objective, one PATCH each"
    desk.stage.forget()
    assert desk.run("sync", "demo").code == 3
    assert desk.writes == 0


def test_a_tick_releases_its_own_row_only(ticking: Any) -> None:
    desk = ticking
    edit_and_move_on(desk)
    desk.notion.edit("Key results", "Net Promoter Score", "Current", 45)
    desk.notion.edit("Key results", "Open bugs", BOX, True)
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "62"
    assert desk.table()["KR-9"]["Current"] == "45"


def test_a_tick_adopts_what_stood_there_before(desk: Any, ticking: Any) -> None:
    for path in desk.folder.glob("ledger.db*"):
        path.unlink()
    edit_and_move_on(desk)
    desk.notion.edit("Key results", "Open bugs", BOX, True)
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "62"


def test_a_tick_without_an_edit_is_only_taken_back(ticking: Any) -> None:
    desk = ticking
    desk.notion.edit("Key results", "Open bugs", BOX, True)
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.table()["KR-1"][BOX] == ""
    assert desk.notion.server.count("^PATCH") == 1


def test_a_tick_waits_for_data(ticking: Any) -> None:
    desk = ticking
    desk.notion.edit("Key results", "Followers", "Current", 3)
    desk.notion.edit("Key results", "Followers", BOX, True)
    desk.run("sync", "demo")
    assert (desk.table()["KR-13"]["Current"], desk.table()["KR-13"][BOX]) == ("3", "✓")
    desk.sheets.edit("KPI", "Followers", "Now", 4100)
    desk.run("sync", "demo")
    assert (desk.table()["KR-13"]["Current"], desk.table()["KR-13"][BOX]) == ("4,100", "")


def test_plan_says_that_a_tick_releases_and_writes_nothing(ticking: Any) -> None:
    desk = ticking
    edit_and_move_on(desk)
    desk.notion.edit("Key results", "Open bugs", BOX, True)
    desk.stage.forget()
    ended = desk.run("plan", "demo")
    assert "70 → 62" in ended.out
    assert desk.writes == 0


def test_the_box_must_be_a_checkbox(desk: Any) -> None:
    desk.edit_yaml("    baseline: Start\n", "    baseline: Start\n    release: Comment\n")
    ended = desk.run("plan", "demo")
    assert ended.code == 2
    assert "`release` needs a checkbox column" in ended.err
    assert "✗ notion: release → Comment" in desk.run("doctor", "demo").out


def test_an_edit_is_kept_as_long_as_the_yaml_says(desk: Any) -> None:
    desk.edit_yaml("\nmetrics:", "keep_edits: 2d\n\nmetrics:")
    desk.run("sync", "demo")
    edit_and_move_on(desk)
    desk.run("sync", "demo")
    desk.clock.sleep(timedelta(days=1).total_seconds())
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "70"
    # Another edit starts the time again.
    desk.notion.edit("Key results", "Open bugs", "Current", 71)
    desk.run("sync", "demo")
    desk.clock.sleep(timedelta(hours=36).total_seconds())
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "71"
    desk.clock.sleep(timedelta(hours=12).total_seconds())
    assert "71 → 62" in desk.run("plan", "demo").out
    assert desk.table()["KR-1"]["Current"] == "71"
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "62"


def test_without_a_time_an_edit_is_kept_for_good(desk: Any) -> None:
    desk.run("sync", "demo")
    edit_and_move_on(desk)
    desk.run("sync", "demo")
    desk.clock.sleep(timedelta(days=20).total_seconds())
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "70"


def test_the_time_is_for_edits_not_for_what_stood_there_before(desk: Any) -> None:
    desk.edit_yaml("\nmetrics:", "keep_edits: 2d\n\nmetrics:")
    desk.notion.edit("Key results", "Open bugs", "Current", 70)
    desk.run("sync", "demo")
    desk.clock.sleep(timedelta(days=3).total_seconds())
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "70"
