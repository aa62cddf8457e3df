"""All 68 key results of the book, through the real command line, against values worked out by hand."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from okrsync.config.yamlfile import read_yaml

ROOT = Path(__file__).parents[2]
CASES = {one["id"]: one for one in read_yaml(ROOT / "tests" / "cases" / "book.yaml").data}


def fraction(text: object) -> Decimal:
    over, _, under = str(text).partition("/")
    return Decimal(over) / Decimal(under or 1)


def test_the_book_in_config_is_the_one_that_is_shipped() -> None:
    shipped = ROOT / "okrsync" / "sandbox" / "book" / "book.yaml"
    assert (ROOT / "config" / "book.yaml").read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8")


@pytest.fixture
def company() -> str:
    return "book"


def test_every_key_result_of_the_book_is_as_worked_out_by_hand(desk: Any) -> None:
    assert desk.run("sync", "book").code == 0
    rows = {row["id"]: row for row in desk.run("status", "book", "--json").json["rows"]}
    found = {
        id_: (Decimal(row["value"]), Decimal(row["progress"]), row["status"])
        for id_, row in rows.items()
        if id_ in CASES
    }
    assert len(CASES) == 68
    assert set(found) == set(CASES)
    off = {
        id_: (found[id_], one["working"])
        for id_, one in CASES.items()
        if found[id_][0] != Decimal(str(one["value"]))
        or abs(found[id_][1] - fraction(one["progress"])) > Decimal("1e-20")
        or found[id_][2] != one["status"]
    }
    assert off == {}


def test_the_plan_lists_all_68_and_skips_none(desk: Any) -> None:
    planned = desk.run("plan", "book")
    assert planned.code == 0, planned.out
    for id_ in CASES:
        block = planned.out.split(f"\n{id_}  ")[1].split("\n\n")[0]
        assert all(
            f"+ {cell}" in block or f"~ {cell}" in block for cell in ("current", "progress", "status")
        ), id_
    assert "HELD" not in planned.out


def test_the_book_is_explained_and_a_second_run_writes_nothing(desk: Any) -> None:
    desk.run("sync", "book")
    table = desk.table()
    assert len(table) == 68
    assert all(row["Current"] and row["Progress"] for row in table.values())
    assert "266 ÷ 7 weeks" in desk.run("explain", "book", "O04-3").out
    assert "851 ÷ 37 workdays" in desk.run("explain", "book", "O11-1").out
    against = desk.run("explain", "book", "O21-2").out
    assert "5, frozen" in against
    assert "2026-Q3" in against
    desk.notion.server.forget()
    assert desk.run("sync", "book").code == 0
    assert desk.writes == 0


def edited(desk: Any, old: str, new: str) -> dict[str, Any]:
    path = desk.folder / "exports" / "web.csv"
    stamp = path.stat().st_mtime
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(path, (stamp, stamp))
    desk.run("sync", "book")
    rows: dict[str, Any] = {row["id"]: row for row in desk.run("status", "book", "--json").json["rows"]}
    return rows


def test_a_percentage_of_a_baseline_of_zero_is_held_and_not_a_number(desk: Any) -> None:
    row = edited(desk, "2026-09-15,1200", "2026-09-15,0")["O21-1"]
    assert row["progress"] is None
    assert "the baseline is 0, and a percentage of 0 is nothing" in row["blocked"]
    assert row["cells"]["progress"]["verdict"] == "held"
    assert row["cells"]["current"]["verdict"] == "write"


def test_a_percentage_of_a_negative_baseline_is_of_its_size(desk: Any) -> None:
    row = edited(desk, "2026-09-15,1200", "2026-09-15,-400")["O21-1"]
    # From -400 by 25 % of 400 to -300; now 1350: (1350 + 400) / 100.
    assert Decimal(row["progress"]) == Decimal("17.5")


def baseline(desk: Any, id_: str) -> Any:
    rows = {row["id"]: row for row in desk.run("plan", "book", "--json").json["rows"]}
    return rows[id_]["baseline"], rows[id_]["blocked"]


def test_last_quarter_is_the_one_before_the_cycle_wherever_that_begins(desk: Any) -> None:
    desk.edit_yaml("start: 2026-10-01, end: 2026-12-31", "start: 2026-11-01, end: 2026-12-31")
    found, _ = baseline(desk, "O21-3")
    assert (
        Decimal(found["value"]) == 100000
    )  # the third quarter; at the cycle's start it would be October's 60000
    assert found["window"][2] == "2026-Q3"


def test_a_baseline_the_source_cannot_recall_is_said(desk: Any) -> None:
    desk.edit_yaml("metric: nps, from: 40, to: 50", "metric: nps, baseline: cycle_start, to: 50")
    found, blocked = baseline(desk, "O01-1")
    assert found is None
    assert "was not measured when the cycle began (a spreadsheet shows only today's value" in blocked
    assert blocked.endswith("; write `from:` with a number")


def test_no_whole_week_yet_is_no_mean(desk: Any) -> None:
    desk.edit_yaml("start: 2026-10-01, end: 2026-12-31", "start: 2026-11-19, end: 2026-12-31")
    said = desk.run("plan", "book").out
    assert "no week is complete yet in 2026-Q4" in said
    assert "266" not in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("window: cycle, per: week}", "per: week}", "the mean per week needs a window"),
        (
            "measure: count_distinct, field: Account Name,",
            "per: week, measure: count_distinct, field: Account Name,",
            "per week divides a count or a sum; count_distinct is neither",
        ),
        (
            "metric: placements, baseline: previous_quarter, to: 10",
            "metric: placements, from: 5, baseline: previous_quarter, to: 10",
            "both say where it starts",
        ),
        (
            "metric: placements, baseline: previous_quarter, to: 10",
            "metric: placements, baseline: 5, to: 10",
            "baseline belongs to change",
        ),
        (
            "expr: event_engaged / badges * 100,",
            "expr: event_engaged / badges * 100, window: cycle,",
            "an expression has no window of its own",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_request(desk: Any, old: str, new: str, said: str) -> None:
    desk.edit_yaml(old, new)
    ended = desk.run("validate", "book")
    assert ended.code == 2
    assert said in ended.err


def test_the_book_is_played_as_a_demo(desk: Any) -> None:
    ended = desk.run("demo", "--book")
    assert ended.code == 0, ended.err
    assert "O21-3" in ended.out
    assert "\nPlan: 267 cells in 89 rows" in ended.out
