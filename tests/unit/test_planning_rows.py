"""Rows that are yet to be added, and rows whose edits are released."""

from __future__ import annotations

from decimal import Decimal

from okrsync.cells import STAMP
from okrsync.memory import Memory
from okrsync.model import PERCENT, CellState, Decision, Doubt, Hold, Quantity, Row, Stored, Verdict
from okrsync.planning import DesiredCell, DesiredRow, plan
from okrsync.ports import TableSpec
from okrsync.settings import TableSettings
from okrsync.stamp import is_stamp


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


def noted(text: str | None, note: Stored = None, last: Stored = None) -> Decision:
    """The decision on a row's note that should say ``text`` and shows ``note``."""
    aim = DesiredRow(
        subject="KR", row=row(ticked=False, note=note), cells={}, note=lambda _: DesiredCell(value=text)
    )
    return decided(aim, {("page", "note"): last} if last is not None else None)["note"]


def test_a_note_is_written_emptied_and_never_taken_from_a_person() -> None:
    assert noted("held").verdict is Verdict.WRITE
    emptied = noted(None, note="held", last="held")
    assert (emptied.verdict, emptied.wanted) == (Verdict.WRITE, None)
    assert (noted(None).verdict, noted(None, note="ask Ada").verdict) == (Verdict.SAME, Verdict.SAME)
    assert noted("held", note="ask Ada").hold is Hold.UNCLAIMED


def test_a_stamp_that_cannot_be_written_holds_its_row() -> None:
    cells = {
        "value": CellState(address="value"),
        STAMP.name: CellState(address="s", locked="it is a formula"),
    }
    stamped = Row(id="page", key="KR", title="", url="", cells=cells)
    made = decided(DesiredRow(subject="KR", row=stamped, cells={"value": DesiredCell(value=Decimal(5))}))
    assert (made[STAMP.name].hold, made[STAMP.name].reason) == (Hold.LOCKED, "it is a formula")
    assert made["value"].hold is Hold.FOLLOWS


def test_a_new_row_gets_its_stamp_and_says_whether_it_keeps_fractions() -> None:
    share = DesiredCell(shown=Quantity(value=Decimal(50), unit=PERCENT), value=Decimal("0.5"))
    cells = {"value": DesiredCell(value=Decimal(5)), "progress": share}
    made = decided(DesiredRow(subject="a/KR/W1", row=None, cells=cells, creates=True, stamped=True))
    assert is_stamp(made[STAMP.name].wanted)
    assert (made["progress"].fraction, made["value"].fraction) == (True, False)


def test_what_the_destination_does_not_tell_is_asked() -> None:
    state = CellState(
        address="value", value=Decimal(3), doubt=Doubt(reason="is it the default?", hint="say so")
    )
    unsure = Row(id="page", key="KR", title="", url="", cells={"value": state})
    made = decided(DesiredRow(subject="KR", row=unsure, cells={"value": DesiredCell(value=Decimal(5))}))[
        "value"
    ]
    assert (made.reason, made.hint) == ("is it the default?", "say so; else: okrsync adopt acme KR")


def test_a_table_says_whether_its_rows_have_a_stamp() -> None:
    settings = TableSettings(cells={"value": "Value", STAMP.name: "okrsync"})
    assert (TableSpec(settings=settings).stamped, TableSpec(settings=settings).cells) == (
        True,
        {"value": "Value"},
    )
