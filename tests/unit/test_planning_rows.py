"""Rows that are yet to be added, and rows whose edits are released."""

from __future__ import annotations

from decimal import Decimal

from okrsync.model import CellState, Decision, Hold, Memory, Row, Stored, Verdict
from okrsync.planning import DesiredCell, DesiredRow, plan


def decided(aim: DesiredRow, puts: dict[tuple[str, str], Stored] | None = None) -> dict[str, Decision]:
    return {one.cell: one for one in plan("acme", [aim], Memory(last_written=puts or {})).decisions}


def row(*, ticked: bool, **cells: Stored) -> Row:
    held = {name: CellState(address=name, value=value) for name, value in cells.items()}
    box = {"release": CellState(address="box", value=ticked, initial=False)}
    return Row(id="page", key="KR", title="", url="", cells={**held, **box}, released=ticked)


def test_a_missing_row_is_added_whole() -> None:
    proposals = {"source": DesiredCell(value="jira"), "value": DesiredCell(value=Decimal(5))}
    made = decided(DesiredRow(subject="a/KR/W1", row=None, cells=proposals, creates=True))
    assert [(one.cell, one.verdict, one.row, one.address) for one in made.values()] == [
        ("value", Verdict.WRITE, "new:a/KR/W1", "value"),
        ("source", Verdict.WRITE, "new:a/KR/W1", "source"),
    ]


def test_a_missing_row_waits_while_anything_of_it_is_missing() -> None:
    proposals = {
        "value": DesiredCell(value=Decimal(5)),
        "progress": DesiredCell(hold=Hold.NO_DATA, reason="no goal"),
    }
    made = decided(DesiredRow(subject="a/KR/W1", row=None, cells=proposals, creates=True))
    assert {one.verdict for one in made.values()} == {Verdict.HELD}
    assert (made["progress"].reason, made["progress"].hold) == ("no goal", Hold.NO_DATA)
    assert made["value"].hold is Hold.FOLLOWS


def test_a_row_that_is_not_to_be_added_is_held() -> None:
    made = decided(
        DesiredRow(subject="KR", row=None, cells={"value": DesiredCell(value=Decimal(5))}, absent="none")
    )
    assert made["value"].hold is Hold.NO_ROW


def test_a_released_edit_is_written_over_and_the_tick_taken_back() -> None:
    proposals = {"current": DesiredCell(value=Decimal(5)), "progress": DesiredCell(value=Decimal(1))}
    aim = DesiredRow(
        subject="KR",
        row=row(ticked=True, current=Decimal(3), progress=Decimal(1)),
        cells=proposals,
        released={"current": "ticked"},
    )
    made = decided(aim, {("page", "current"): Decimal(4)})
    assert (made["current"].verdict, made["current"].reason, made["current"].hint) == (
        Verdict.WRITE,
        "ticked",
        "",
    )
    assert (made["release"].now, made["release"].wanted, made["release"].address) == (True, False, "box")


def test_only_what_is_named_is_released_and_the_tick_stays_while_anything_is_held() -> None:
    proposals = {"current": DesiredCell(value=Decimal(5)), "status": DesiredCell(value="On track")}
    aim = DesiredRow(
        subject="KR",
        row=row(ticked=True, current=Decimal(3), status="Behind"),
        cells=proposals,
        released={"current": "ticked"},
    )
    made = decided(aim, {("page", "current"): Decimal(4), ("page", "status"): "At risk"})
    assert made["status"].hold is Hold.EDITED
    assert "release" not in made


def test_a_lack_of_data_is_nothing_that_a_tick_could_release() -> None:
    aim = DesiredRow(
        subject="KR",
        row=row(ticked=True, current=Decimal(3)),
        cells={"current": DesiredCell(hold=Hold.NO_DATA, reason="gone")},
        released={"current": "ticked"},
    )
    assert decided(aim)["current"].hold is Hold.NO_DATA


def test_the_cells_beside_a_held_value_follow_it() -> None:
    there = Row(
        id="page",
        key="k",
        title="",
        url="",
        cells={"value": CellState(address="v", value=Decimal(3)), "status": CellState(address="s")},
    )
    proposals = {"status": DesiredCell(value="On track"), "value": DesiredCell(value=Decimal(5))}
    made = decided(DesiredRow(subject="k", row=there, cells=proposals), {("page", "v"): Decimal(4)})
    assert made["status"].reason == "follows value, which is held"
