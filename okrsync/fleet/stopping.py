"""Stopping in mid run without a trace of harm: the row being written is finished, the next one is not begun."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from okrsync.model import Entry, Intended, Memory, Reading
from okrsync.ports import Clock, Lease, Ledger

_GLANCE = 0.2  # seconds between two looks, in a long wait, at whether it should go on


class Stopped(KeyboardInterrupt):
    """The run was asked to stop. Like Ctrl-C it goes past everything that handles errors."""


class Stop:
    """Set once, from anywhere, for all runs that use its ``clock`` and its ``ledger``."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def set(self) -> None:
        self._asked.set()

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait, in real time, until it is set; False where ``seconds`` passed first."""
        return self._asked.wait(seconds)

    def check(self) -> None:
        """Raises ``Stopped`` where it is set."""
        if self.asked:
            raise Stopped

    def clock(self, clock: Clock) -> Clock:
        """``clock``, whose sleepers wake up and stop."""
        return _Clock(clock, self)

    def ledger(self, ledger: Ledger) -> Ledger:
        """``ledger``, which takes no intent to write any more: every write begins with one."""
        return _Ledger(ledger, self)


class _Clock:
    def __init__(self, clock: Clock, stop: Stop) -> None:
        self._clock = clock
        self._stop = stop

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._stop.check()
        while seconds > 0:
            part = min(seconds, _GLANCE)
            self._clock.sleep(part)
            self._stop.check()
            seconds -= part


class _Ledger:
    def __init__(self, ledger: Ledger, stop: Stop) -> None:
        self._ledger = ledger
        self._stop = stop

    def hold(self, company: str) -> AbstractContextManager[Lease]:
        self._stop.check()
        return self._ledger.hold(company)

    def record(self, company: str, *entries: Entry) -> None:
        if any(isinstance(one, Intended) for one in entries):
            self._stop.check()
        self._ledger.record(company, *entries)

    def recall(self, company: str) -> Memory:
        return self._ledger.recall(company)

    def history(self, company: str, metric: str, since: datetime, until: datetime) -> Sequence[Reading]:
        return self._ledger.history(company, metric, since, until)
