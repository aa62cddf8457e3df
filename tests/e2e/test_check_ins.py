"""Check-ins: one row for each key result and week, added once whatever happens, with what people add left to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import pytest

from okrsync.loopback import Fault
from tests.support.check_ins import keep_check_ins, rows

POST = "POST /v1/pages"
# All key results but KR-13, whose cell holds an error.
WITH_DATA = 12


@pytest.fixture
def desk(desk: Any) -> Any:
    keep_check_ins(desk)
    return desk


def forget_ledger(desk: Any) -> None:
    for path in desk.folder.glob("ledger.db*"):
        path.unlink()


def fix_bugs(desk: Any) -> None:
    for number in range(2, 12):
        desk.jira.edit("APP", f"APP-{number}", "status", "Done")


def test_a_week_has_one_row_for_each_key_result_with_data(desk: Any) -> None:
    ended = desk.run("sync", "demo")
    assert ended.code == 3, ended.err
    found = rows(desk)
    assert len(found) == WITH_DATA
    first = found["demo/KR-1/2026-W48"]
    assert first["Name"] == "Open bugs · 2026-W48"
    assert (first["Value"], first["Progress"], first["Status"]) == ("72", "53.33%", "On track")
    assert first["Date"] == "2026-11-23"
    assert first["Key result"] == "Open bugs"
    assert first["Source"].startswith("jira: open_bugs")
    assert first["Confidence"] == first["Comment"] == ""
    assert "demo/KR-13/2026-W48" not in found
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0
    assert desk.notion.server.count("query") == 3


def test_the_row_of_the_week_is_brought_up_to_date_and_the_next_week_gets_its_own(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.edit("Check-ins", "demo/KR-1/2026-W48", "Confidence", "High")
    desk.notion.edit("Check-ins", "demo/KR-1/2026-W48", "Comment", "Getting there")
    fix_bugs(desk)
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.notion.server.count(POST) == 0
    now = rows(desk)["demo/KR-1/2026-W48"]
    assert (now["Value"], now["Confidence"], now["Comment"]) == ("62", "High", "Getting there")
    desk.clock.sleep(timedelta(days=7).total_seconds())
    desk.stage.forget()
    desk.run("sync", "demo")
    found = rows(desk)
    assert found["demo/KR-1/2026-W48"]["Value"] == "62"
    assert found["demo/KR-1/2026-W49"]["Date"] == "2026-11-30"
    # The rows of the week before are not even read.
    bodies = [one.body.decode() for one in desk.notion.server.requests if "query" in one.path]
    assert sum("/2026-W49" in body for body in bodies) == 1


def test_a_persons_number_in_a_check_in_is_kept_until_released(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.edit("Check-ins", "demo/KR-1/2026-W48", "Value", 70)
    fix_bugs(desk)
    ended = desk.run("sync", "demo")
    assert "okrsync release demo demo/KR-1/2026-W48" in ended.out
    assert rows(desk)["demo/KR-1/2026-W48"]["Value"] == "70"
    assert rows(desk)["demo/KR-1/2026-W48"]["Progress"] == "53.33%"
    assert "value: the next sync may write over 70" in desk.run("release", "demo", "demo/KR-1/2026-W48").out
    desk.run("sync", "demo")
    assert rows(desk)["demo/KR-1/2026-W48"]["Value"] == "62"


def test_a_check_in_says_what_the_key_results_row_shows(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.edit("Key results", "Open bugs", "Current", 30)
    desk.run("sync", "demo")
    assert rows(desk)["demo/KR-1/2026-W48"]["Value"] == "30"
    assert rows(desk)["demo/KR-1/2026-W48"]["Progress"] == "100%"


def test_plan_shows_new_rows_and_adds_none(desk: Any) -> None:
    ended = desk.run("plan", "demo")
    assert "demo/KR-1/2026-W48" in ended.out
    assert desk.writes == 0
    assert rows(desk) == {}


def test_a_row_in_the_trash_is_not_added_again(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.trash("demo/KR-1/2026-W48")
    desk.stage.forget()
    ended = desk.run("sync", "demo")
    assert "the row is in Notion's trash" in ended.out
    assert desk.notion.server.count(POST) == 0


def test_two_rows_with_one_key_are_reported_and_both_left_alone(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.add_row("Check-ins", {"Name": "A copy", "Check-in": "demo/KR-1/2026-W48", "Value": 1})
    fix_bugs(desk)
    desk.stage.forget()
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "2 rows have the id 'demo/KR-1/2026-W48'" in ended.out
    table = desk.notion.workspace.source("Check-ins")
    assert sum(not row.in_trash for row in table.rows.values()) == WITH_DATA + 1
    assert desk.notion.server.count(POST) == 0


def test_a_row_whose_answer_was_lost_is_found_even_where_it_is_listed_late(desk: Any) -> None:
    desk.notion._state.lag = 2
    desk.notion.server.faults.append(Fault(where=POST, skip=3, cut="after"))
    desk.run("sync", "demo")
    assert len(rows(desk)) == WITH_DATA
    assert desk.notion.server.count(POST) == WITH_DATA
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0


def test_a_row_listed_too_late_is_said_and_found_by_the_next_run(desk: Any) -> None:
    desk.notion._state.lag = 8
    desk.notion.server.faults.append(Fault(where=POST, skip=3, cut="after"))
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "it is not listed (yet)" in ended.out
    assert desk.notion.server.count(POST) == WITH_DATA
    desk.run("sync", "demo")
    assert len(rows(desk)) == WITH_DATA
    assert desk.notion.server.count(POST) == WITH_DATA


def test_a_row_that_is_not_listed_yet_is_known_by_its_id(desk: Any) -> None:
    desk.notion._state.lag = 89
    desk.run("sync", "demo")
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0
    assert desk.notion.server.count("GET /v1/pages") == WITH_DATA


def test_a_refused_row_is_tried_again_without_a_search(desk: Any) -> None:
    body = b'{"object":"error","status":400,"code":"validation_error","message":"block limit"}'
    desk.notion.server.faults.append(Fault(where=POST, status=400, body=body))
    ended = desk.run("sync", "demo")
    assert "block limit" in ended.out
    assert len(rows(desk)) == WITH_DATA - 1
    desk.stage.forget()
    desk.run("sync", "demo")
    assert len(rows(desk)) == WITH_DATA
    assert desk.notion.server.count("query") == 3


@pytest.mark.parametrize("lag", [0, 3])
@pytest.mark.parametrize(("when", "moved"), [("before", False), ("after", False), ("after", True)])
def test_kill_9_around_a_new_row_doubles_nothing(
    desk: Any, when: Literal["before", "after"], moved: bool, lag: int
) -> None:
    desk.notion._state.lag = lag
    desk.killed(["sync", "demo"], desk.notion, Fault(where=POST, skip=3, cut=when))
    if moved:
        fix_bugs(desk)
        desk.sheets.edit("KPI", "NPS", "Now", 47)
        desk.sheets.edit("KPI", "Chat response", "Now", 88)
    ended = desk.run("sync", "demo", "--json")
    held = [
        row["id"] for row in ended.json["rows"] if any(c["verdict"] == "held" for c in row["cells"].values())
    ]
    assert held == ["KR-13", "demo/KR-13/2026-W48"], ended.err
    assert len(rows(desk)) == WITH_DATA
    if moved:
        assert rows(desk)["demo/KR-1/2026-W48"]["Value"] == "62"
        assert rows(desk)["demo/KR-11/2026-W48"]["Value"] == "88"
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("every: week", "every: wek", "there is no period 'wek'\n  → did you mean 'week'?"),
        ("    match: Check-in\n", "", "check-ins are found again by their key"),
        ("value: Value", "vlue: Value", "there is no cell 'vlue'\n  → did you mean 'value'?"),
    ],
)
def test_a_bad_table_is_said(desk: Any, old: str, new: str, said: str) -> None:
    desk.edit_yaml(old, new)
    ended = desk.run("plan", "demo")
    assert ended.code == 2
    assert said in ended.err


def test_a_column_of_a_wrong_type_holds_the_check_ins_alone(desk: Any) -> None:
    desk.edit_yaml("value: Value", "value: Name")
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "the column 'Name' is a title column" in ended.out
    assert desk.notion.server.count(POST) == 0
    assert desk.table()["KR-1"]["Current"] == "72"


def test_a_row_changed_by_a_person_before_it_was_found_is_theirs(desk: Any) -> None:
    desk.notion._state.lag = 8
    desk.notion.server.faults.append(Fault(where=POST, cut="after"))
    desk.run("sync", "demo")
    key = next(iter(rows(desk)))
    desk.notion.edit("Check-ins", key, "Value", 1)
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert rows(desk)[key]["Value"] == "1"
    assert len(rows(desk)) == WITH_DATA
