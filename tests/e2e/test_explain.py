"""`okrsync explain` says why, and goes on to the records: issues, cells and rows, as they are."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest


def lines(desk: Any, *words: str) -> str:
    ended = desk.run("explain", "demo", *words)
    assert ended.code == 0, ended.err
    return str(ended.out)


def test_the_reason_of_a_status_and_what_would_change_it(desk: Any) -> None:
    desk.run("sync", "demo")
    before = desk.stage.requests
    limit = lines(desk, "KR-4")
    assert (
        "a limit holds or does not: 92% is not at least 95%, so progress is 0%, however near it is" in limit
    )
    assert "it becomes 100% when the value is at least 95%" in limit
    assert "write `from:` (where it started) and `to: 95%` at the key result" in limit
    way = lines(desk, "KR-5")
    assert "7.74 points behind what is expected by now; on track up to 5 points behind" in way
    assert "on track from €1,863,461.54 on, today" in way
    assert "100% at €3,500,000" in way
    assert "cell current   €1,767,504 (written)" in way
    assert "cell progress  50.5% (written)" in way
    assert "last edit      by okrsync, Mon 23 Nov 2026, 07:00" in way
    assert "→ okrsync explain demo KR-5 --limit 20 lists the records behind it" in way
    assert desk.stage.requests == before
    because = desk.run("explain", "demo", "KR-5", "--json").json["because"]
    assert "on track from €1,863,461.54 on, today" in because


def test_who_wrote_last(desk: Any) -> None:
    desk.run("sync", "demo")
    assert "last edit      by okrsync, Mon 23 Nov 2026, 07:00" in lines(desk, "KR-9")
    # A row that okrsync cannot fill, and that a person has edited.
    desk.notion.edit("Key results", "KR-13", "Current", 77)
    desk.run("sync", "demo")
    assert "last edit      by a person or another program (Notion's page history says who)" in lines(
        desk, "KR-13"
    )
    assert desk.run("explain", "demo", "KR-13", "--json").json["last_edit"]["by_okrsync"] is False


def test_the_records_behind_a_number(desk: Any) -> None:
    desk.run("sync", "demo")
    writes = desk.writes
    issues = lines(desk, "KR-2", "--limit", "2")
    assert "points: 2 of 42 records, as they are now" in issues
    assert "APP-155  summary Story APP-155  status Done  Story Points 3.0  http://127.0.0.1" in issues
    assert "/browse/APP-156" in issues
    rows = lines(desk, "KR-5", "--limit", "1")
    assert "revenue: 1 of 26 records" in rows
    assert "deals-2026-11-22.csv, line 2  Deal ID 1013  Amount 48.000,00" in rows
    cell = desk.run("explain", "demo", "KR-9", "--limit", "5", "--json").json["records"]
    assert [one["total"] for one in cell] == [1]
    assert "docs.google.com/spreadsheets/d/" in cell[0]["records"][0]["link"]
    assert "range=" in cell[0]["records"][0]["link"]

    # An expression has the records of all its inputs; everything goes into the CSV.
    ended = desk.run("explain", "demo", "KR-6", "--records")
    found = list(csv.DictReader(io.StringIO(ended.out)))
    answer = desk.run("explain", "demo", "KR-6", "--json").json["answer"]
    counts = {one["metric"]: one["rows"] for one in answer["inputs"]}
    assert {name: sum(row["metric"] == name for row in found) for name in counts} == counts
    assert {row["Stage"] for row in found if row["metric"] == "won"} == {"Won"}
    assert desk.writes == writes
    assert "records" not in desk.run("explain", "demo", "KR-6", "--json").json


def test_what_has_no_list_says_so_and_a_source_that_is_down_too(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run("sync", "demo")
    desk.edit_yaml("measure: count, jql", "measure: lead_time, unit: days, jql")
    ended = desk.run("explain", "demo", "KR-1", "--limit", "3")
    assert ended.code == 3
    assert "open_bugs: " in ended.out
    desk.edit_yaml("measure: lead_time, unit: days, jql", "measure: count, jql")
    monkeypatch.setenv("DEMO_JIRA_TOKEN", "revoked")
    ended = desk.run("explain", "demo", "KR-1", "--records")
    assert ended.code == 3
    assert ended.out == "metric,record,link\n"
    assert "okrsync: open_bugs: " in ended.err


def test_a_title_is_no_link_no_formula_and_no_command(desk: Any) -> None:
    """What is typed in Jira reaches neither a terminal as a command, nor a spreadsheet as a formula."""
    desk.run("sync", "demo")
    desk.jira.world.issue("APP-155").values["summary"] = "=HYPERLINK(1)\x1b]8;;http://evil\x1b\\here\u202e"
    shown = lines(desk, "KR-2", "--limit", "2")
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    row = next(csv.DictReader(io.StringIO(desk.run("explain", "demo", "KR-2", "--records").out)))
    assert row["summary"].startswith("'=HYPERLINK")
