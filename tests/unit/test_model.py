from __future__ import annotations

import dataclasses
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from okrsync import memory, model
from okrsync.memory import Memory
from okrsync.model import (
    COUNT,
    PERCENT,
    SECONDS_IN,
    Cause,
    Decision,
    Dimension,
    Evidence,
    Question,
    Reading,
    Unit,
    Verdict,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NOUNS = {
    found
    for module in (model, memory)
    for found in vars(module).values()
    if isinstance(found, type) and dataclasses.is_dataclass(found)
}


def test_every_noun_is_frozen_and_named_by_its_fields() -> None:
    assert len(NOUNS) > 15
    for noun in NOUNS:
        with pytest.raises(TypeError, match="positional"):
            noun(1)  # type: ignore[call-arg]  # what must be refused
        assert "__dict__" not in dir(noun)


def test_what_is_known_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        COUNT.detail = "x"  # type: ignore[misc]


def test_a_unit_is_written_with_its_detail() -> None:
    assert str(PERCENT) == "percent"
    assert str(Unit(dimension=Dimension.MONEY, detail="USD")) == "money:USD"
    assert {str(Unit(dimension=Dimension.DURATION, detail=detail)) for detail in SECONDS_IN} >= {
        "duration:hours"
    }


def test_seconds_of_each_unit_of_time() -> None:
    for unit, seconds in SECONDS_IN.items():
        assert timedelta(**{unit: 1}).total_seconds() == seconds


@pytest.mark.parametrize(("ago", "past"), [(1, True), (0, False)])
def test_a_question_knows_whether_it_asks_for_the_past(ago: int, past: bool) -> None:
    assert Question(metric="m", query=None, at=NOW - timedelta(days=ago), now=NOW).past is past


def test_decisions_are_equal_whatever_the_evidence() -> None:
    def decision(rows: int) -> Decision:
        evidence = Evidence(source="s", query="q", rows=rows)
        answer = Reading(metric="m", value=Decimal(1), unit=COUNT, as_of=NOW, evidence=evidence)
        return Decision(
            subject="KR", row="r", cell="current", address="a", verdict=Verdict.SAME, reason="", answer=answer
        )

    assert decision(1) == decision(2)


def test_an_empty_memory_is_not_shared() -> None:
    assert Memory().last_written is not Memory().last_written


def test_words_that_are_stored_are_stable() -> None:
    causes = ["empty", "data", "unavailable", "access", "config", "past", "bug"]
    assert [str(cause) for cause in Cause] == causes
    assert [str(verdict) for verdict in Verdict] == ["write", "same", "held"]
