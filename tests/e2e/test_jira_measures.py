"""Jira's deeper measures, through the real command line on the demo company."""

from __future__ import annotations

from typing import Any

OPEN_BUGS = (
    'open_bugs: {from: jira, measure: count, jql: "project = APP AND type = Bug AND statusCategory != Done"}'
)
LAUNCH = "launch: {from: jira, measure: done_share, parent: APP-1, unit: percent}"
SCOPED = 'open_bugs: {from: jira, measure: count, scope: "project = APP AND type = Bug", state: %s}'


def cells(row: Any) -> Any:
    return row["id"], {name: cell["wanted"] for name, cell in row["cells"].items() if name != "source"}


def test_a_scope_and_a_state_give_the_same_number_as_the_jql(desk: Any) -> None:
    before = desk.run("plan", "demo", "--json").json
    desk.edit_yaml(OPEN_BUGS, SCOPED % "{statusCategory: not done}")
    after = desk.run("plan", "demo", "--json").json
    assert [cells(row) for row in after["rows"]] == [cells(row) for row in before["rows"]]
    desk.run("sync", "demo")
    shown = desk.run("explain", "demo", "KR-1").out
    assert "status category: not done" in shown
    assert "statusCategory not in (3)" in shown


def test_a_window_needs_no_date_where_the_measure_says_it(desk: Any) -> None:
    frozen = (
        "launch: {from: jira, measure: done_share, parent: APP-1, frozen: true, window: cycle, unit: percent}"
    )
    desk.edit_yaml(LAUNCH, frozen)
    assert desk.run("validate", "demo").code == 0
    desk.run("sync", "demo")
    shown = desk.run("explain", "demo", "KR-3").out
    assert "children of 2026-10-01 00:00+02:00; 4 came later and do not count" in shown


def test_what_changes_with_time_is_refused_in_a_scope_with_its_place(desk: Any) -> None:
    desk.edit_yaml(
        OPEN_BUGS, 'open_bugs: {from: jira, measure: count, scope: "project = APP AND status != Done"}'
    )
    ended = desk.run("validate", "demo")
    assert ended.code == 2
    assert "demo.yaml:" in ended.err + ended.out
    assert "'status' changes with time" in ended.err + ended.out


def test_a_word_that_is_no_category_is_refused(desk: Any) -> None:
    desk.edit_yaml(OPEN_BUGS, SCOPED % "{statusCategory: open}")
    ended = desk.run("validate", "demo")
    assert ended.code == 2
    assert "'open' is no category" in ended.err + ended.out


def test_the_past_of_a_scope_is_filled_in(desk: Any) -> None:
    desk.edit_yaml(OPEN_BUGS, SCOPED % "{statusCategory: not done}")
    desk.jira.server.forget()
    days = ("--from", "2026-10-01", "--to", "2026-11-16", "--every", "week", "--only", "KR-1")
    ended = desk.run("backfill", "demo", *days)
    assert ended.code == 0, ended.err
    assert desk.jira.server.count("changelog/bulkfetch") == 1
    rows = desk.run("history", "demo", "KR-1", "--json")
    assert '"changelog"' in rows.out
