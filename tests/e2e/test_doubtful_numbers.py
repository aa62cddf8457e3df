"""A doubtful number holds its own key result and what follows from it; the others are written."""

from __future__ import annotations

from typing import Any


def fix_all_bugs(desk: Any) -> None:
    for number in range(2, 74):
        desk.jira.edit("APP", f"APP-{number}", "status", "Done")


def test_one_fall_to_0_holds_one_key_result_and_the_others_are_written(desk: Any) -> None:
    desk.run("sync", "demo")
    fix_all_bugs(desk)
    desk.sheets.edit("KPI", "NPS", "Now", 50)
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "it would fall from 72 to 0 at once" in ended.out
    assert "okrsync accept demo KR-1" in ended.out
    table = desk.table()
    assert table["KR-1"]["Current"] == "72"
    assert table["KR-1"]["Status"] != "Achieved"
    assert table["KR-9"]["Current"] == "50"


def test_accepting_lets_that_very_number_pass_once(desk: Any) -> None:
    desk.run("sync", "demo")
    fix_all_bugs(desk)
    accepted = desk.run("accept", "demo", "KR-1")
    assert accepted.code == 0
    assert "KR-1: 0 is accepted" in accepted.out
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "0"
    for number in range(2, 74):
        desk.jira.edit("APP", f"APP-{number}", "status", "To Do")
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "72"
    fix_all_bugs(desk)
    assert "it would fall from 72 to 0" in desk.run("sync", "demo").out
    assert desk.table()["KR-1"]["Current"] == "72"


def test_another_number_than_the_accepted_one_is_held_again(desk: Any) -> None:
    desk.run("sync", "demo")
    fix_all_bugs(desk)
    desk.run("accept", "demo", "KR-1")
    desk.jira.edit("APP", "APP-2", "status", "To Do")
    assert "it would fall from 72 to 1" in desk.run("sync", "demo").out


def test_accepting_what_is_in_no_doubt_says_so_and_writes_nothing(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.stage.forget()
    said = desk.run("accept", "demo", "KR-9", "--json")
    assert (said.code, said.json["accepted"]) == (0, [])
    assert "its number is not in doubt" in desk.run("accept", "demo", "KR-9").out
    assert desk.writes == 0
    unknown = desk.run("accept", "demo", "KR-77")
    assert unknown.code == 2
    assert "KR-77" in unknown.err


def test_a_first_0_that_reaches_the_goal_is_held(desk: Any) -> None:
    fix_all_bugs(desk)
    ended = desk.run("sync", "demo")
    assert "the first value is 0 and reaches the goal at once" in ended.out
    row = desk.table()["KR-1"]
    assert row["Current"] == ""
    assert row["Status"] != "Achieved"
    # The objective counts the key results that have a number, and says that one has none.
    assert "without data" in desk.table("Objectives")["O-1"]["Summary"]


def test_a_first_0_that_means_no_progress_is_written(desk: Any) -> None:
    desk.sheets.edit("KPI", "NPS", "Now", 0)
    desk.notion.edit("Key results", "Net Promoter Score", "Start", 0)
    desk.run("sync", "demo")
    assert desk.table()["KR-9"]["Current"] == "0"


def test_objectives_follow_and_have_no_guard_of_their_own(desk: Any) -> None:
    desk.edit_yaml("metric: nps}", "metric: nps, may_drop: true}")
    desk.edit_yaml("metric: retention, at_least: 98%}", "metric: retention, at_least: 98%, may_drop: true}")
    desk.run("sync", "demo")
    desk.sheets.edit("KPI", "NPS", "Now", 1)
    desk.sheets.edit("KPI", "Retention", "Now", 0.1)
    ended = desk.run("sync", "demo")
    assert ended.code == 3  # KR-13 has no data
    assert "UNSAFE" not in ended.out
    assert desk.table()["KR-9"]["Current"] == "1"


def test_a_first_0_whose_filter_names_what_nothing_has_is_held_whatever_the_goal(desk: Any) -> None:
    desk.edit_yaml("AND type = Bug AND statusCategory != Done", "AND labels = uxx")
    desk.edit_yaml("metric: open_bugs, from: 120, to: 30}", "metric: open_bugs, reach: 30}")
    ended = desk.run("sync", "demo")
    assert "the first value is 0, and nothing in the source has labels = uxx" in ended.out
    assert desk.table()["KR-1"]["Current"] == ""
    desk.run("accept", "demo", "KR-1")
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "0"


def test_a_share_whose_part_names_what_nothing_has_is_held(desk: Any) -> None:
    desk.edit_yaml('part: "labels = within-sla"', 'part: "labels = within-slaa"')
    ended = desk.run("sync", "demo")
    assert "the first value is 0, and nothing in the source has labels = within-slaa" in ended.out
    assert desk.table()["KR-4"]["Current"] == ""


def test_a_first_number_that_is_computed_from_an_unproven_0_is_held(desk: Any) -> None:
    """100 − 0 ÷ won × 100 is 100 %: the goal would be reached at once by a label that no issue has."""
    desk.edit_yaml(
        "  nps: {from",
        '  bad: {from: jira, measure: count, jql: "project = APP AND labels = uxx"}\n'
        "  good: {expr: 100 - bad / won * 100, unit: percent}\n  nps: {from",
    )
    desk.edit_yaml("metric: retention, at_least: 98%", "metric: good, at_least: 98%")
    ended = desk.run("sync", "demo")
    assert "the first value counts bad as 0, and nothing in the source has labels = uxx" in ended.out
    assert desk.table()["KR-10"]["Current"] == ""
    desk.run("accept", "demo", "KR-10")
    desk.run("sync", "demo")
    assert desk.table()["KR-10"]["Current"] == "100"


def test_a_doubt_is_said_in_the_number_that_is_meant(desk: Any) -> None:
    """40 s are 0.67 minutes in a cell with two decimals; 40.2 s are meant by nobody."""
    desk.edit_yaml("metric: chat, at_most: 90s", "metric: chat, unit: minutes, at_most: 90s")
    desk.run("sync", "demo")
    desk.sheets.edit("KPI", "Chat response", "Now", 40)
    assert "it would fall from 1 min 44 sec to 40 sec at once" in desk.run("plan", "demo").out
