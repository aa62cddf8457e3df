"""Rows written side by side: a refused credential stops what has not begun."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from decimal import Decimal

import pytest

from okrsync.errors import AccessError, Conflict
from okrsync.memory import Landed, Withdrawn
from okrsync.model import Cause, Decision, Row, Stored, Verdict
from okrsync.planning import Plan
from okrsync.sync.apply import Writing, apply
from okrsync.sync.row_writes import GROUP
from okrsync.testing.memory import MemoryDestination

ROWS = 60


def plan() -> Plan:
    return Plan(
        decisions=tuple(
            Decision(
                subject=f"KR-{number}",
                row=f"row-{number}",
                cell="current",
                address="c",
                verdict=Verdict.WRITE,
                reason="new value",
                wanted=Decimal(number),
            )
            for number in range(ROWS)
        )
    )


class Failing(MemoryDestination):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error, self.lock = error, threading.Lock()

    def write(
        self, row: str, values: Mapping[str, Stored], expect: Mapping[str, Stored], *, recent: bool = False
    ) -> Row:
        with self.lock:
            self.writes += 1
        raise self.error


def writing(destination: Failing, entries: list[object]) -> Writing:
    return Writing(destination_of=lambda _: destination, record=lambda *news: entries.extend(news), run="run")


def test_a_refused_credential_stops_the_writing_and_holds_every_row() -> None:
    destination = Failing(AccessError("the token was withdrawn", hint="renew it"))
    ended = apply(plan(), writing(destination, []))
    assert destination.writes <= GROUP
    assert len(ended) == ROWS
    assert {(one.verdict, one.cause, one.hint) for one in ended} == {(Verdict.HELD, Cause.ACCESS, "renew it")}


def test_a_bug_in_one_row_goes_up_and_nothing_is_taken_for_landed() -> None:
    destination = Failing(RuntimeError("a bug"))
    landed: list[object] = []
    with pytest.raises(RuntimeError, match="a bug"):
        apply(plan(), writing(destination, landed))
    assert not [one for one in landed if isinstance(one, Landed)]


def test_an_intent_is_taken_back_if_a_person_was_faster() -> None:
    destination = Failing(Conflict("a person has changed it"))
    entries: list[object] = []
    apply(plan(), writing(destination, entries))
    taken_back = {one.row for one in entries if isinstance(one, Withdrawn)}
    assert taken_back == {f"row-{number}" for number in range(ROWS)}
