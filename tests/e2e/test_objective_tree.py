"""Objectives of objectives: rolled up by weight, in any order, and never in a circle."""

from __future__ import annotations

from typing import Any

TOP = "\nobjectives:\n  - {id: O-0, title: A company people love}\n"


def with_top(desk: Any, *, weight: str = "") -> None:
    desk.notion.add_row("Objectives", {"Name": "A company people love", "ID": "O-0"})
    desk.edit_yaml("\nobjectives:\n", TOP)
    desk.edit_yaml("{id: O-1, title:", f"{{id: O-1, parent: O-0{weight}, title:")
    desk.edit_yaml("{id: O-2, title:", "{id: O-2, parent: O-0, title:")


def share(desk: Any, row: str) -> float:
    return float(desk.table("Objectives")[row]["Progress"].rstrip("%"))


def test_an_objective_is_the_mean_of_the_objectives_below_it(desk: Any) -> None:
    with_top(desk)
    desk.run("sync", "demo")
    assert abs(share(desk, "O-0") - (share(desk, "O-1") + share(desk, "O-2")) / 2) < 0.01
    row = desk.table("Objectives")["O-0"]
    assert row["Summary"].endswith("of 2 objectives on track")


def test_weights_count(desk: Any) -> None:
    with_top(desk, weight=", weight: 3")
    desk.run("sync", "demo")
    assert abs(share(desk, "O-0") - (3 * share(desk, "O-1") + share(desk, "O-2")) / 4) < 0.01


def test_key_results_and_objectives_are_rolled_up_together(desk: Any) -> None:
    desk.edit_yaml("{id: O-2, title:", "{id: O-2, parent: O-1, title:")
    desk.run("sync", "demo")
    assert "key results and objectives" in desk.table("Objectives")["O-1"]["Summary"]


def test_a_circle_is_refused_with_both_places(desk: Any) -> None:
    desk.edit_yaml("{id: O-1, title:", "{id: O-1, parent: O-2, title:")
    desk.edit_yaml("{id: O-2, title:", "{id: O-2, parent: O-1, title:")
    ended = desk.run("validate", "demo")
    assert ended.code == 2
    assert "O-1 is above itself, through O-2 at" in ended.err
    assert "O-2 is above itself, through O-1 at" in ended.err


def test_an_unknown_parent_is_refused(desk: Any) -> None:
    desk.edit_yaml("{id: O-1, title:", "{id: O-1, parent: O-22, title:")
    assert "there is no objective 'O-22'" in desk.run("validate", "demo").err


def test_an_objective_without_key_results_stops_nothing(desk: Any) -> None:
    desk.edit_yaml("\nobjectives:\n", "\nobjectives:\n  - {id: O-9, title: To be filled}\n")
    assert desk.run("validate", "demo").code == 0
    assert "no key result belongs to O-9" in desk.run("validate", "demo").out
    desk.run("sync", "demo")
    assert desk.table()["KR-9"]["Current"] == "46"


def test_what_is_above_100_counts_into_an_objective_if_its_table_says_so(desk: Any) -> None:
    """O-3: 160 %, 100 %, 0 % and 38.05 % of the four key results with data."""
    desk.edit_yaml("metric: nps}", "metric: nps, from: 30, to: 40}")
    desk.run("sync", "demo")
    assert share(desk, "O-3") == 59.51  # (100 + 100 + 0 + 38.05) / 4
    desk.edit_yaml("    match: ID\n", "    match: ID\n    over_100: shown\n")
    desk.run("sync", "demo")
    assert share(desk, "O-3") == 74.51  # (160 + 100 + 0 + 38.05) / 4
