"""Whose value stands in a cell: what the row itself tells, stamp or last editor, before the ledger is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from okrsync.memory import Intent, Memory, RunFinished, StateEntry
from okrsync.model import CellState, Decision, Hold, Row, Stored, Verdict
from okrsync.ownership import (
    ROWS,
    Whose,
    in_sync,
    intended_on,
    is_behind,
    owners,
    settled_on,
    unknown_note,
)
from okrsync.planning import DesiredCell, DesiredRow, plan
from okrsync.stamp import MARK, first_stamp, read_stamp
from okrsync.sync.adopt import _foreign
from okrsync.sync.apply import settle_same

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAY = timedelta(days=1)
BEFORE = (NOW - DAY).isoformat()


def row(*, by_us: bool | None = None, at: datetime | None = NOW, **cells: Stored) -> Row:
    held = {name: CellState(address=name[0], value=value) for name, value in cells.items()}
    return Row(id="page", key="KR", title="", url="", cells=held, edited_by_us=by_us, edited_at=at)


def knowing(notes: tuple[StateEntry, ...] = (), **cells: Stored) -> Memory:
    kept = {(one.connection, one.key): one.value for one in notes if one.value is not None}
    return Memory(last_written={("page", name[0]): value for name, value in cells.items()}, state=kept)


@pytest.mark.parametrize(
    ("there", "whose"),
    [
        (row(by_us=True, current=Decimal(5)), Whose.ELSEWHERE),
        (row(by_us=True, current=Decimal(5), progress=None), Whose.ELSEWHERE),
        (row(by_us=False, current=Decimal(5), updated=BEFORE), Whose.UNSURE),
        (row(by_us=None, current=Decimal(5), updated=BEFORE), Whose.ELSEWHERE),
        (row(by_us=False, current=Decimal(5), stamp=f"{MARK}1 broken"), Whose.UNSURE),
        (row(by_us=False, current=Decimal(5), updated="2026-11-22"), None),
        (row(by_us=False, current=Decimal(5), updated="soon"), None),
        (row(by_us=False, current=Decimal(5)), None),
        (row(by_us=True, current=None), None),
    ],
)
def test_a_ledger_that_knows_nothing_of_a_row(there: Row, whose: Whose | None) -> None:
    assert owners(there, Memory()).get("current") is whose


def test_an_emptied_cell_is_not_filled_again_after_a_loss() -> None:
    there = row(by_us=True, current=None, updated=BEFORE)
    made = plan(
        "acme",
        [DesiredRow(subject="KR", row=there, cells={"current": DesiredCell(value=Decimal(7))})],
        Memory(),
    )
    (decision,) = made.decisions
    assert (decision.verdict, decision.hold) == (Verdict.HELD, Hold.UNCLAIMED)
    assert decision.reason == "written by this integration, but not from this ledger"
    assert decision.hint == "okrsync adopt acme --ours"


def test_what_is_noted_stays_until_it_changes() -> None:
    there = row(by_us=True, current=Decimal(5))
    note = unknown_note(there, "current", Whose.ELSEWHERE)
    known = knowing((note,), progress=Decimal(1))
    assert owners(there, known)["current"] is Whose.ELSEWHERE
    assert owners(row(by_us=False, current=None), known)["current"] is Whose.THEIRS
    assert unknown_note(there, "current", None).value is None


def test_a_row_written_later_than_the_ledger_knows() -> None:
    known = knowing(in_sync([row(by_us=True, at=NOW - DAY)]), current=Decimal(72))
    ours, theirs = row(by_us=True, current=Decimal(62)), row(by_us=False, current=Decimal(72))
    assert is_behind([ours, theirs], known)
    assert not is_behind([theirs], known)
    older = Memory(last_written=known.last_written, state=known.state, behind=True)
    assert owners(ours, older)["current"] is Whose.ELSEWHERE
    assert owners(theirs, older)["current"] is Whose.UNSURE
    assert owners(row(by_us=False, at=NOW - DAY, current=Decimal(72)), older) == {}


def test_without_a_note_the_last_run_says_when_the_ledger_was_used() -> None:
    known = Memory(
        last_written={("page", "c"): Decimal(72)}, last_run=RunFinished(run="r", at=NOW - DAY, exit_code=0)
    )
    assert is_behind([row(by_us=True, current=Decimal(62))], known)
    assert not is_behind([row(by_us=True, current=Decimal(72))], known)
    assert not is_behind([row(by_us=True, at=NOW - DAY + timedelta(minutes=9), current=Decimal(62))], known)
    assert not is_behind([row(by_us=True, current=Decimal(62))], Memory(last_written=known.last_written))


def test_the_time_in_the_row_is_younger_than_the_ledgers() -> None:
    there = row(by_us=True, current=Decimal(62), updated=NOW.isoformat())
    known = knowing(current=Decimal(72), updated=BEFORE)
    assert is_behind([there], known)
    assert owners(there, known)["current"] is Whose.ELSEWHERE
    killed = Memory(
        last_written=known.last_written, intents={("page", "u"): Intent(before=BEFORE, after=NOW.isoformat())}
    )
    assert not is_behind([there], killed)
    assert owners(there, killed) == {}


@pytest.mark.parametrize(
    ("after", "whose"),
    [
        (row(by_us=False, current=Decimal(1)), Whose.THEIRS),
        (row(by_us=True, current=Decimal(1)), None),
        (row(by_us=False, at=NOW - DAY, current=Decimal(1)), None),
        (row(by_us=False, current=Decimal(2)), None),
    ],
)
def test_who_puts_back_what_stood_there_before_a_killed_write(after: Row, whose: Whose | None) -> None:
    before = row(by_us=False, at=NOW - DAY, current=Decimal(1))
    kept = {(one.connection, one.key): str(one.value) for one in intended_on(before)}
    memory = Memory(intents={("page", "c"): Intent(before=Decimal(1), after=Decimal(2))}, state=kept)
    assert owners(after, memory).get("current") is whose


def test_what_is_noted_with_a_write_is_struck_out_after_it() -> None:
    assert intended_on(None) == intended_on(row(at=None)) == ()
    assert settled_on("page", row(at=None)) == ()
    (struck,) = settled_on("page", None)
    assert (struck.connection, struck.key, struck.value) == (ROWS, "seen page", None)
    assert [one.key for one in settled_on("page", row(by_us=True))] == ["seen page", "last write"]


def test_a_stamp_that_does_not_fit_counts_as_none() -> None:
    text = first_stamp("KR", {"current": Decimal(5)})
    assert read_stamp(text, "KR") is not None
    for wrong in (text[:-1], text.replace("#1", "#2"), f"{text} ", text.upper(), "", None, Decimal(1)):
        assert read_stamp(wrong, "KR") is None
    assert read_stamp(text, "KR-2") is None


def test_a_follower_is_taken_over_with_a_row_that_agrees() -> None:
    there = row(current=Decimal(5), updated=BEFORE)
    cells = {"current": DesiredCell(value=Decimal(5)), "updated": DesiredCell(value=NOW.isoformat())}
    made = plan("acme", [DesiredRow(subject="KR", row=there, cells=cells)], Memory())
    (landed,) = settle_same(made, Memory(), "run")
    assert getattr(landed, "values") == {"c": Decimal(5), "u": BEFORE}  # noqa: B009 - an entry of several kinds
    disagreeing = {**cells, "current": DesiredCell(value=Decimal(6))}
    made = plan("acme", [DesiredRow(subject="KR", row=there, cells=disagreeing)], knowing())
    assert settle_same(made, Memory(), "run") == []


def test_every_decision_of_a_stamped_row_waits_for_the_stamp() -> None:
    there = row(current=None, stamp="ask Ada")
    wanted = {"current": DesiredCell(value=Decimal(5))}
    made = plan("acme", [DesiredRow(subject="KR", row=there, cells=wanted)], Memory())
    found: dict[str, Decision] = {one.cell: one for one in made.decisions}
    assert found["current"].reason == "follows stamp, which is held"
    assert found["stamp"].hold is Hold.UNCLAIMED


def test_a_cell_that_can_never_be_written_is_not_taken_over() -> None:
    cells = {
        "current": CellState(address="c", value=Decimal(7)),
        "progress": CellState(address="p", value=Decimal(1), locked="a formula"),
    }
    there = Row(id="page", key="KR", title="", url="", cells=cells)
    known = knowing(current=Decimal(5), progress=Decimal(2))
    assert _foreign(there, known, edited=True) == ["current"]


def test_a_window_that_began_again_still_counts_for_the_guard_against_many() -> None:
    def falling(number: int, *, restarted: bool) -> DesiredRow:
        cells = {"current": CellState(address="c", value=Decimal(10))}
        return DesiredRow(
            subject=f"KR-{number}",
            row=Row(id=f"page-{number}", key=f"KR-{number}", title="", url="", cells=cells),
            cells={"current": DesiredCell(value=Decimal(8))},
            direction=1,
            restarted=restarted,
        )

    rows = [falling(number, restarted=number >= 4) for number in range(10)]
    known = Memory(last_written={(f"page-{number}", "c"): Decimal(10) for number in range(10)})
    assert plan("acme", rows, known).alarms
    assert not plan("acme", rows[:9], known).alarms


def test_a_value_of_which_the_stamp_does_not_speak_is_a_person_s_if_a_killed_write_meant_it() -> None:
    spoken = first_stamp("KR", {"current": Decimal(5)})
    there = row(current=Decimal(5), progress=Decimal(1), stamp=spoken)
    meant = Intent(before=None, after=Decimal(1))
    assert owners(there, Memory(intents={("page", "p"): meant}))["progress"] is Whose.THEIRS
    assert "progress" not in owners(there, Memory())
