"""Reads side by side: what is made for the next one is made beside those before it, and nothing is left half done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from okrsync.sync.side_by_side import read_side_by_side
from okrsync.testing import JumpClock

CLOCK = JumpClock(datetime(2026, 11, 29, tzinfo=UTC))
WAIT = 120  # seconds, for what takes milliseconds


def test_a_read_is_made_in_the_calling_thread_while_the_one_before_it_runs() -> None:
    running, made = threading.Event(), threading.Event()
    makers: list[threading.Thread] = []

    def first() -> bool:
        running.set()
        return made.wait(WAIT)

    def reads() -> Iterator[tuple[str, Callable[[], bool]]]:
        yield "first", first
        assert running.wait(WAIT)
        makers.append(threading.current_thread())
        made.set()
        yield "second", lambda: threading.current_thread() not in makers

    assert read_side_by_side(reads(), CLOCK, "test") == {"first": True, "second": True}
    assert makers == [threading.current_thread()]


def test_if_a_read_cannot_be_made_the_others_are_waited_for() -> None:
    ended: list[str] = []
    made = threading.Event()

    def first() -> None:
        assert made.wait(WAIT)
        ended.append("first")

    def reads() -> Iterator[tuple[str, Callable[[], None]]]:
        yield "first", first
        made.set()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read_side_by_side(reads(), CLOCK, "test")
    assert ended == ["first"]


def test_the_first_error_in_their_order_is_raised_after_all_have_ended() -> None:
    late = threading.Event()
    ended: list[str] = []

    def first() -> None:
        assert late.wait(WAIT)
        ended.append("first")
        raise KeyError("first")

    def second() -> None:
        late.set()
        raise ValueError("second")

    with pytest.raises(KeyError):
        read_side_by_side([("first", first), ("second", second)], CLOCK, "test")
    assert ended == ["first"]
