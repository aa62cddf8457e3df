"""Test the contract of ledgers: subclass ``LedgerContract`` and fill in one fixture."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from okrsync.errors import DataError
from okrsync.memory import (
    Entry,
    Forgotten,
    Intended,
    Intent,
    Landed,
    MeasuredBaseline,
    Memory,
    Observed,
    Outcome,
    RunFinished,
    RunStarted,
    StateEntry,
    Withdrawn,
)
from okrsync.model import Stored
from okrsync.ports import Ledger
from okrsync.testing.leases import LeaseContract, LedgerCase
from okrsync.testing.readings import DAY, ReadingsContract, sighting

__all__ = ["DAY", "LedgerCase", "LedgerContract", "landed", "sighting"]

_HOUR = timedelta(hours=1)


def landed(value: Stored, *, row: str = "row", cell: str = "cell") -> Landed:
    return Landed(run="r1", row=row, values={cell: value})


def intended(before: Stored, after: Stored) -> Intended:
    return Intended(run="r1", row="row", values={"cell": Intent(before=before, after=after)})


class LedgerContract(ReadingsContract, LeaseContract):
    """Subclass it, name it ``Test...``, and give it a fixture ``case`` that returns a ``LedgerCase``."""

    @pytest.fixture
    def ledger(self, case: LedgerCase) -> Ledger:
        return case.open()

    # ---- what was put, intended and noted

    def test_an_empty_ledger_knows_nothing(self, ledger: Ledger) -> None:
        assert ledger.recall("acme") == Memory()
        assert list(ledger.history("acme", "bugs", DAY - _HOUR, DAY)) == []

    def test_recording_nothing_is_nothing(self, ledger: Ledger) -> None:
        ledger.record("acme")
        assert ledger.recall("acme") == Memory()

    @pytest.mark.parametrize(
        "value",
        [
            *(Decimal(text) for text in ("0", "-0", "1.50", "0.1", "1E+3", "-1E-30", "123456789012345678901234567890.5")),
            *("", "1", "true", "null", '{"decimal":"1"}', "Ünïcode 日本 🎯 \u202e", "a\nb\t\x00\ud800", "x" * 5000),
            *(True, False, None),
        ],
        ids=lambda value: repr(value)[:20],
    )  # fmt: skip
    def test_a_value_comes_back_as_it_was(self, ledger: Ledger, value: Stored) -> None:
        ledger.record(
            "acme",
            landed(value),
            Intended(run="r1", row="r", values={"c": Intent(before=value, after=value)}),
        )
        memory = ledger.recall("acme")
        kept = memory.last_written["row", "cell"]
        assert (type(kept), str(kept)) == (type(value), str(value))
        intent = memory.intents["r", "c"]
        assert [(type(each), str(each)) for each in (intent.before, intent.after)] == [
            (type(value), str(value))
        ] * 2

    def test_what_a_cell_cannot_hold_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(TypeError):
            ledger.record("acme", landed(1.5))  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            ledger.record("acme", landed(1))  # type: ignore[arg-type]
        with pytest.raises(DataError):
            ledger.record("acme", landed(Decimal("NaN")))
        assert ledger.recall("acme") == Memory()

    def test_the_last_value_put_is_the_one_known(self, ledger: Ledger) -> None:
        ledger.record("acme", landed("old"), landed("kept", cell="other"))
        ledger.record("acme", landed("new"))
        assert ledger.recall("acme").last_written == {("row", "cell"): "new", ("row", "other"): "kept"}

    def test_an_intent_stays_until_it_is_settled(self, ledger: Ledger) -> None:
        ledger.record("acme", landed("x"), intended("x", "y"))
        memory = ledger.recall("acme")
        assert memory.last_written == {("row", "cell"): "x"}
        assert memory.intents == {("row", "cell"): Intent(before="x", after="y")}

    def test_landing_settles_the_intent_of_this_cell_only(self, ledger: Ledger) -> None:
        both = {"cell": Intent(before=None, after="y"), "other": Intent(before=None, after="z")}
        ledger.record("acme", Intended(run="r1", row="row", values=both))
        ledger.record("acme", landed("y"))
        memory = ledger.recall("acme")
        assert memory.last_written == {("row", "cell"): "y"}
        assert memory.intents == {("row", "other"): both["other"]}

    def test_withdrawing_takes_the_intent_and_leaves_what_was_put(self, ledger: Ledger) -> None:
        ledger.record("acme", landed("x"), intended("x", "y"))
        ledger.record("acme", Withdrawn(run="r2", row="row", addresses=("cell", "never there")))
        memory = ledger.recall("acme")
        assert memory.last_written == {("row", "cell"): "x"}
        assert memory.intents == {}

    def test_a_row_is_forgotten_whole_and_others_are_not(self, ledger: Ledger) -> None:
        ledger.record("acme", landed("x"), landed("y", cell="other"), landed("z", row="another"))
        ledger.record("acme", intended("x", "y"))
        ledger.record("globex", landed("x"), intended("x", "y"))
        ledger.record("acme", Forgotten(row="row"), Forgotten(row="never there"))
        assert ledger.recall("acme") == Memory(last_written={("another", "cell"): "z"})
        assert (len(ledger.recall("globex").last_written), len(ledger.recall("globex").intents)) == (1, 1)
        ledger.record("acme", landed("old"), Forgotten(row="row"), landed("new", cell="later"))
        assert ledger.recall("acme").last_written == {("another", "cell"): "z", ("row", "later"): "new"}

    def test_an_intent_replaces_an_older_one(self, ledger: Ledger) -> None:
        ledger.record("acme", intended("x", "y"))
        ledger.record("acme", intended("x", "z"))
        assert ledger.recall("acme").intents == {("row", "cell"): Intent(before="x", after="z")}

    def test_entries_of_one_record_count_in_their_order(self, ledger: Ledger) -> None:
        ledger.record("acme", intended(None, "y"), landed("y"), intended("y", "z"))
        memory = ledger.recall("acme")
        assert memory.last_written == {("row", "cell"): "y"}
        assert memory.intents == {("row", "cell"): Intent(before="y", after="z")}
        ledger.record("acme", landed("z"), landed("last"))
        assert ledger.recall("acme") == Memory(last_written={("row", "cell"): "last"})

    def test_a_note_is_replaced_and_struck_out(self, ledger: Ledger) -> None:
        def note(key: str, value: str | None, connection: str = "jira") -> StateEntry:
            return StateEntry(connection=connection, key=key, value=value)

        ledger.record("acme", note("a", "1"), note("b", "2"), note("a", "other", "notion"), note("c", ""))
        ledger.record("acme", note("a", "3"), note("b", None), note("never there", None))
        assert ledger.recall("acme").state == {
            ("jira", "a"): "3",
            ("notion", "a"): "other",
            ("jira", "c"): "",
        }
        ledger.record("acme", note("b", "again"), note("a", "x"), note("a", None))
        assert ledger.recall("acme").state == {
            ("jira", "b"): "again",
            ("notion", "a"): "other",
            ("jira", "c"): "",
        }

    # ---- all or nothing, and no other company's

    def test_all_of_it_or_nothing(self, ledger: Ledger) -> None:
        ledger.record(
            "acme", landed("before"), MeasuredBaseline(subject="KR", reading=sighting("bugs", "1", DAY))
        )
        before = ledger.recall("acme")
        fine: list[Entry] = [
            RunStarted(run="r", command="sync", at=DAY),
            landed("after"),
            intended("after", "later"),
            Observed(run="r", reading=sighting("bugs", "7", DAY)),
            StateEntry(connection="jira", key="k", value="v"),
            Outcome(run="r", subject="KR", at=DAY, detail={}),
            RunFinished(run="r", at=DAY, exit_code=0),
        ]
        second = MeasuredBaseline(subject="KR", reading=sighting("bugs", "2", DAY))
        with pytest.raises(DataError):
            ledger.record("acme", *fine[:4], second, *fine[4:])
        with pytest.raises(TypeError):
            ledger.record("acme", *fine, Outcome(run="r", subject="KR-9", at=DAY, detail={"a": Decimal(1)}))
        assert ledger.recall("acme") == before
        assert list(ledger.history("acme", "bugs", DAY, DAY + _HOUR)) == []
        ledger.record("acme", *fine)
        assert ledger.recall("acme").last_written == {("row", "cell"): "after"}

    def test_companies_do_not_see_each_other(self, ledger: Ledger) -> None:
        everything: list[Entry] = [
            landed("x"),
            Intended(run="r", row="row", values={"b": Intent(before=None, after="y")}),
            Observed(run="r", reading=sighting("bugs", "7", DAY)),
            MeasuredBaseline(subject="KR", reading=sighting("bugs", "7", DAY)),
            Outcome(run="r", subject="KR", at=DAY, detail={}),
            StateEntry(connection="jira", key="k", value="v"),
            RunFinished(run="r", at=DAY, exit_code=0),
        ]
        ledger.record("acme", *everything)
        kept = ledger.recall("acme")
        assert ledger.recall("ACME") == Memory()
        assert list(ledger.history("ACME", "bugs", DAY, DAY + _HOUR)) == []
        ledger.record(
            "other",
            *everything,
            landed("theirs"),
            Outcome(run="r9", subject="KR", at=DAY + _HOUR, detail={}),
            Withdrawn(run="r", row="row", addresses=("b",)),
            StateEntry(connection="jira", key="k", value=None),
        )
        ledger.record("third", MeasuredBaseline(subject="KR", reading=sighting("bugs", "8", DAY)))
        ledger.record("acme", MeasuredBaseline(subject="KR", reading=sighting("bugs", "7", DAY)))
        assert ledger.recall("acme") == kept
        assert len(ledger.history("acme", "bugs", DAY, DAY + _HOUR)) == 1

    def test_two_ledgers_on_one_database_see_each_other(self, case: LedgerCase) -> None:
        one, two = case.open(), case.open()
        one.record("acme", intended(None, "y"))
        assert two.recall("acme").intents == {("row", "cell"): Intent(before=None, after="y")}
        two.record("acme", landed("y"))
        assert one.recall("acme") == Memory(last_written={("row", "cell"): "y"})
        assert case.open().recall("acme") == one.recall("acme")

    def test_ten_thousand_cells(self, ledger: Ledger) -> None:
        values: dict[tuple[str, str], Stored] = {
            (f"row-{row}", f"cell-{cell}"): Decimal(row) / 8 for row in range(1000) for cell in range(10)
        }
        ledger.record("acme", *(landed(value, row=row, cell=cell) for (row, cell), value in values.items()))
        assert ledger.recall("acme").last_written == values
        readings = [sighting("bugs", str(number), DAY + number * _HOUR / 1000) for number in range(2000)]
        ledger.record("acme", *(Observed(run="r", reading=reading) for reading in readings))
        assert list(ledger.history("acme", "bugs", DAY, DAY + 2 * _HOUR)) == readings
