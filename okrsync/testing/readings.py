"""Test the contract of ledgers for what only grows: readings, baselines, runs and outcomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from okrsync.errors import DataError, ExitCode
from okrsync.memory import Landed, MeasuredBaseline, Memory, Observed, Outcome, RunFinished, RunStarted
from okrsync.model import COUNT, PERCENT, Dimension, Evidence, Reading, Unit, Window
from okrsync.ports import Ledger

DAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_NEW_YORK = timezone(timedelta(hours=-5))


def sighting(metric: str, value: str, as_of: datetime, *, method: str = "observed") -> Reading:
    evidence = Evidence(source="jira", query=f"project = {metric}", rows=3)
    return Reading(
        metric=metric, value=Decimal(value), unit=COUNT, as_of=as_of, evidence=evidence, method=method
    )


class ReadingsContract:
    """Use it through ``LedgerContract``."""

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
        ledger.record(
            "acme", Observed(run="r1", reading=rate), MeasuredBaseline(subject="KR-1", reading=rate)
        )
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
        bounds = [(DAY + hours * _HOUR).astimezone(_NEW_YORK) for hours in (1, 3)]
        assert [reading.value for reading in ledger.history("acme", "bugs", *bounds)] == [3, 0]
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
        first = MeasuredBaseline(subject="KR-1", reading=sighting("bugs", "7", DAY))
        ledger.record("acme", first)
        ledger.record("acme", first)
        put = Landed(run="r1", row="row", values={"cell": "x"})
        with pytest.raises(DataError, match=r"KR-1 is frozen at 7.* 8"):
            ledger.record("acme", put, MeasuredBaseline(subject="KR-1", reading=sighting("bugs", "8", DAY)))
        assert ledger.recall("acme") == Memory(baselines={"KR-1": first.reading})
        two = [MeasuredBaseline(subject="KR-2", reading=sighting("bugs", value, DAY)) for value in ("1", "2")]
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
        ledger.record("acme", replace(newest, run="r5"), replace(newest, run="r6"))
        assert ledger.recall("acme").outcomes["KR-1"].run == "r6"
