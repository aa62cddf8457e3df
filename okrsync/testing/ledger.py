"""The contract every ledger keeps. Who keeps one elsewhere subclasses ``LedgerContract`` and fills in one fixture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from okrsync.errors import Busy, DataError, ExitCode
from okrsync.model import (
    COUNT,
    PERCENT,
    Baseline,
    Dimension,
    Entry,
    Evidence,
    Intended,
    Intent,
    Landed,
    Memory,
    Noted,
    Observed,
    Outcome,
    Reading,
    RunFinished,
    RunStarted,
    Stored,
    Unit,
    Window,
    Withdrawn,
)
from okrsync.ports import Ledger

DAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_NEW_YORK = timezone(timedelta(hours=-5))


@dataclass(frozen=True, kw_only=True)
class LedgerCase:
    """``open`` opens one more ledger on a database that is the test's own and was empty when it began.

    ``lapsing`` opens one whose leases end the moment they are taken, as those of a frozen holder would have; None
    where a ledger cannot be made so. What is opened is closed by the fixture.
    """

    open: Callable[[], Ledger]
    lapsing: Callable[[], Ledger] | None = None


def sighting(metric: str, value: str, as_of: datetime, *, method: str = "observed") -> Reading:
    evidence = Evidence(source="jira", query=f"project = {metric}", rows=3)
    return Reading(
        metric=metric, value=Decimal(value), unit=COUNT, as_of=as_of, evidence=evidence, method=method
    )


def landed(value: Stored, *, row: str = "row", cell: str = "cell") -> Landed:
    return Landed(run="r1", row=row, values={cell: value})


def intended(before: Stored, after: Stored) -> Intended:
    return Intended(run="r1", row="row", values={"cell": Intent(before=before, after=after)})


class LedgerContract:
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
        kept = memory.puts["row", "cell"]
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
        assert ledger.recall("acme").puts == {("row", "cell"): "new", ("row", "other"): "kept"}

    def test_an_intent_stays_until_it_is_settled(self, ledger: Ledger) -> None:
        ledger.record("acme", landed("x"), intended("x", "y"))
        memory = ledger.recall("acme")
        assert memory.puts == {("row", "cell"): "x"}
        assert memory.intents == {("row", "cell"): Intent(before="x", after="y")}

    def test_landing_settles_the_intent_of_this_cell_only(self, ledger: Ledger) -> None:
        both = {"cell": Intent(before=None, after="y"), "other": Intent(before=None, after="z")}
        ledger.record("acme", Intended(run="r1", row="row", values=both))
        ledger.record("acme", landed("y"))
        memory = ledger.recall("acme")
        assert memory.puts == {("row", "cell"): "y"}
        assert memory.intents == {("row", "other"): both["other"]}

    def test_withdrawing_takes_the_intent_and_leaves_what_was_put(self, ledger: Ledger) -> None:
        ledger.record("acme", landed("x"), intended("x", "y"))
        ledger.record("acme", Withdrawn(run="r2", row="row", addresses=("cell", "never there")))
        memory = ledger.recall("acme")
        assert memory.puts == {("row", "cell"): "x"}
        assert memory.intents == {}

    def test_an_intent_replaces_an_older_one(self, ledger: Ledger) -> None:
        ledger.record("acme", intended("x", "y"))
        ledger.record("acme", intended("x", "z"))
        assert ledger.recall("acme").intents == {("row", "cell"): Intent(before="x", after="z")}

    def test_entries_of_one_record_count_in_their_order(self, ledger: Ledger) -> None:
        ledger.record("acme", intended(None, "y"), landed("y"), intended("y", "z"))
        memory = ledger.recall("acme")
        assert memory.puts == {("row", "cell"): "y"}
        assert memory.intents == {("row", "cell"): Intent(before="y", after="z")}
        ledger.record("acme", landed("z"), landed("last"))
        assert ledger.recall("acme") == Memory(puts={("row", "cell"): "last"})

    def test_a_note_is_replaced_and_struck_out(self, ledger: Ledger) -> None:
        def note(key: str, value: str | None, connection: str = "jira") -> Noted:
            return Noted(connection=connection, key=key, value=value)

        ledger.record("acme", note("a", "1"), note("b", "2"), note("a", "other", "notion"), note("c", ""))
        ledger.record("acme", note("a", "3"), note("b", None), note("never there", None))
        assert ledger.recall("acme").notes == {
            ("jira", "a"): "3",
            ("notion", "a"): "other",
            ("jira", "c"): "",
        }
        ledger.record("acme", note("b", "again"), note("a", "x"), note("a", None))
        assert ledger.recall("acme").notes == {
            ("jira", "b"): "again",
            ("notion", "a"): "other",
            ("jira", "c"): "",
        }

    # ---- readings

    def test_a_reading_comes_back_whole(self, ledger: Ledger) -> None:
        won = Reading(
            metric="won",
            value=Decimal("0.10"),
            unit=Unit(dimension=Dimension.MONEY, detail="EUR"),
            as_of=datetime(2026, 11, 22, 23, 30, 0, 123456, tzinfo=_NEW_YORK),
            evidence=Evidence(
                source="сделки 🎯", query='a = "b"\n', rows=None, facts=(("Datei", "ü.csv"), ("x", ""))
            ),
            window=Window(start=DAY - 24 * _HOUR, end=DAY.astimezone(_NEW_YORK), label="week 47"),
            method="rebuilt from history",
        )
        rate = replace(
            won, metric="rate", unit=PERCENT, window=None, inputs=(won, replace(won, inputs=(won,)))
        )
        ledger.record("acme", Observed(run="r1", reading=rate), Baseline(subject="KR-1", reading=rate))
        (kept,) = ledger.history("acme", "rate", rate.as_of, rate.as_of + _HOUR)
        assert kept == rate
        assert str(kept.value) == "0.10"
        assert kept.as_of.utcoffset() == timedelta(0)
        assert kept.inputs[0].window is not None
        assert kept.inputs[0].window.end.utcoffset() == timedelta(0)
        assert ledger.recall("acme").baselines == {"KR-1": rate}

    def test_history_is_half_open_and_oldest_first(self, ledger: Ledger) -> None:
        instants = [DAY + hours * _HOUR for hours in (2, 0, 3, 1)]
        readings = [sighting("bugs", str(number), as_of) for number, as_of in enumerate(instants)]
        ledger.record("acme", *(Observed(run="r1", reading=reading) for reading in readings))
        ledger.record("acme", Observed(run="r1", reading=sighting("other", "9", DAY)))
        found = ledger.history("acme", "bugs", DAY.astimezone(_NEW_YORK), DAY + 3 * _HOUR)
        assert [reading.value for reading in found] == [1, 3, 0]
        tick = timedelta(microseconds=1)
        assert list(ledger.history("acme", "bugs", DAY + tick, DAY + _HOUR)) == []
        assert len(ledger.history("acme", "bugs", DAY, DAY + tick)) == 1

    def test_readings_of_one_instant_keep_the_order_they_came_in(self, ledger: Ledger) -> None:
        for number in range(5):
            ledger.record("acme", Observed(run="r1", reading=sighting("bugs", str(9 - number), DAY)))
        found = ledger.history("acme", "bugs", DAY, DAY + _HOUR)
        assert [reading.value for reading in found] == [9, 8, 7, 6, 5]

    def test_a_reading_seen_twice_by_one_run_is_kept_once(self, ledger: Ledger) -> None:
        seen = Observed(run="r1", reading=sighting("bugs", "7", DAY))
        again = replace(
            seen, reading=replace(seen.reading, as_of=DAY.astimezone(_NEW_YORK), value=Decimal("7.0"))
        )
        ledger.record("acme", seen, seen)
        ledger.record("acme", again)
        (kept,) = ledger.history("acme", "bugs", DAY, DAY + _HOUR)
        assert kept == seen.reading

    def test_another_reading_is_never_lost(self, ledger: Ledger) -> None:
        seen = sighting("bugs", "7", DAY)
        window = Window(start=DAY - _HOUR, end=DAY)
        others = [
            seen,
            replace(seen, value=Decimal("7.01")),
            replace(seen, method="rebuilt"),
            replace(seen, window=window),
            replace(seen, window=replace(window, start=DAY - 2 * _HOUR)),
            replace(seen, unit=PERCENT),
            replace(seen, as_of=DAY + timedelta(microseconds=1)),
        ]
        ledger.record("acme", *(Observed(run="r1", reading=reading) for reading in others))
        ledger.record("acme", Observed(run="r2", reading=seen))
        assert len(ledger.history("acme", "bugs", DAY, DAY + _HOUR)) == len(others) + 1

    def test_a_baseline_is_frozen(self, ledger: Ledger) -> None:
        first = Baseline(subject="KR-1", reading=sighting("bugs", "7", DAY))
        ledger.record("acme", first)
        ledger.record("acme", first)
        with pytest.raises(DataError, match=r"KR-1 is frozen at 7.* 8"):
            ledger.record("acme", landed("x"), Baseline(subject="KR-1", reading=sighting("bugs", "8", DAY)))
        assert ledger.recall("acme") == Memory(baselines={"KR-1": first.reading})
        two = [Baseline(subject="KR-2", reading=sighting("bugs", value, DAY)) for value in ("1", "2")]
        with pytest.raises(DataError, match="KR-2"):
            ledger.record("acme", *two)
        assert list(ledger.recall("acme").baselines) == ["KR-1"]

    # ---- runs and outcomes

    def test_the_newest_run_is_the_last_one(self, ledger: Ledger) -> None:
        newest = RunFinished(
            run="r2", at=DAY + _HOUR, exit_code=3, digest="abc", counts={"written": 2, "held": 1}
        )
        ledger.record("acme", RunStarted(run="r2", command="sync", at=DAY), newest)
        ledger.record("acme", RunFinished(run="r1", at=DAY, exit_code=ExitCode.IN_SYNC))
        ledger.record("acme", RunStarted(run="r3", command="plan", at=DAY + 2 * _HOUR))
        assert ledger.recall("acme").last_run == newest

    def test_the_newest_outcome_of_each_subject_is_known(self, ledger: Ledger) -> None:
        detail = {
            "progress": "0.5",
            "cells": [{"name": "Текущее", "held": None, "n": 3, "ok": True}],
            "e": {},
        }
        first = Outcome(run="r1", subject="KR-1", at=DAY, detail=detail)
        newest = Outcome(run="r2", subject="KR-1", at=DAY + _HOUR, detail={"progress": "0.7"})
        other = replace(first, subject="KR-2")
        ledger.record("acme", first, other)
        assert ledger.recall("acme").outcomes == {"KR-1": first, "KR-2": other}
        ledger.record("acme", newest)
        ledger.record("acme", replace(first, run="backfill"))
        assert ledger.recall("acme").outcomes == {"KR-1": newest, "KR-2": other}
        ledger.record("acme", replace(newest, run="r4"), replace(newest, run="r3", at=DAY))
        assert ledger.recall("acme").outcomes["KR-1"].run == "r4"

    # ---- all, or nothing, and nobody else's

    def test_all_of_it_or_nothing(self, ledger: Ledger) -> None:
        ledger.record("acme", landed("before"), Baseline(subject="KR", reading=sighting("bugs", "1", DAY)))
        before = ledger.recall("acme")
        fine: list[Entry] = [
            RunStarted(run="r", command="sync", at=DAY),
            landed("after"),
            intended("after", "later"),
            Observed(run="r", reading=sighting("bugs", "7", DAY)),
            Noted(connection="jira", key="k", value="v"),
            Outcome(run="r", subject="KR", at=DAY, detail={}),
            RunFinished(run="r", at=DAY, exit_code=0),
        ]
        second = Baseline(subject="KR", reading=sighting("bugs", "2", DAY))
        with pytest.raises(DataError):
            ledger.record("acme", *fine[:4], second, *fine[4:])
        with pytest.raises(TypeError):
            ledger.record("acme", *fine, Outcome(run="r", subject="KR-9", at=DAY, detail={"a": Decimal(1)}))
        assert ledger.recall("acme") == before
        assert list(ledger.history("acme", "bugs", DAY, DAY + _HOUR)) == []
        ledger.record("acme", *fine)
        assert ledger.recall("acme").puts == {("row", "cell"): "after"}

    def test_companies_do_not_see_each_other(self, ledger: Ledger) -> None:
        everything: list[Entry] = [
            landed("x"),
            Intended(run="r", row="row", values={"b": Intent(before=None, after="y")}),
            Observed(run="r", reading=sighting("bugs", "7", DAY)),
            Baseline(subject="KR", reading=sighting("bugs", "7", DAY)),
            Outcome(run="r", subject="KR", at=DAY, detail={}),
            Noted(connection="jira", key="k", value="v"),
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
            Withdrawn(run="r", row="row", addresses=("b",)),
            Noted(connection="jira", key="k", value=None),
        )
        assert ledger.recall("acme") == kept
        assert len(ledger.history("acme", "bugs", DAY, DAY + _HOUR)) == 1

    def test_two_ledgers_on_one_database_see_each_other(self, case: LedgerCase) -> None:
        one, two = case.open(), case.open()
        one.record("acme", intended(None, "y"))
        assert two.recall("acme").intents == {("row", "cell"): Intent(before=None, after="y")}
        two.record("acme", landed("y"))
        assert one.recall("acme") == Memory(puts={("row", "cell"): "y"})
        assert case.open().recall("acme") == one.recall("acme")

    def test_ten_thousand_cells(self, ledger: Ledger) -> None:
        values: dict[tuple[str, str], Stored] = {
            (f"row-{row}", f"cell-{cell}"): Decimal(row) / 8 for row in range(1000) for cell in range(10)
        }
        ledger.record("acme", *(landed(value, row=row, cell=cell) for (row, cell), value in values.items()))
        assert ledger.recall("acme").puts == values
        readings = [sighting("bugs", str(number), DAY + number * _HOUR / 1000) for number in range(2000)]
        ledger.record("acme", *(Observed(run="r", reading=reading) for reading in readings))
        assert list(ledger.history("acme", "bugs", DAY, DAY + 2 * _HOUR)) == readings

    # ---- the lease

    def test_one_holder_at_a_time(self, case: LedgerCase) -> None:
        one, two = case.open(), case.open()
        with one.hold("acme") as lease:
            lease.renew()
            for ledger in (one, two):
                with pytest.raises(Busy, match="acme is held by") as caught, ledger.hold("acme"):
                    pass
                assert caught.value.hint
            lease.renew()
            with two.hold("other"):
                lease.renew()
        with two.hold("acme") as lease:
            lease.renew()

    def test_a_lease_is_given_back_whatever_happens(self, case: LedgerCase) -> None:
        one, two = case.open(), case.open()
        with pytest.raises(KeyboardInterrupt), one.hold("acme"):
            raise KeyboardInterrupt
        with two.hold("acme"):
            pass

    def test_a_holder_that_was_overtaken_learns_it(self, case: LedgerCase) -> None:
        if case.lapsing is None:
            return
        with case.lapsing().hold("acme") as slow:
            slow.renew()
            with case.open().hold("acme") as quick:
                with pytest.raises(Busy, match="acme was taken over by"):
                    slow.renew()
                quick.renew()
            with pytest.raises(Busy):
                slow.renew()

    def test_the_end_of_an_overtaken_holder_disturbs_nobody(self, case: LedgerCase) -> None:
        if case.lapsing is None:
            return
        slow = case.lapsing().hold("acme")
        slow.__enter__()
        with case.open().hold("acme") as quick:
            slow.__exit__(None, None, None)
            quick.renew()
            with pytest.raises(Busy), case.open().hold("acme"):
                pass
