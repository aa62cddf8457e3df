"""Stop runs safely: the row being written is finished, the next one is not begun."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Final

from okrsync.memory import Entry, Intended, Memory
from okrsync.model import Reading
from okrsync.ports import Clock, Lease, Ledger

GLANCE: Final = 0.2
"""Seconds between two checks, in a long wait, whether to stop."""


class Stopped(KeyboardInterrupt):
    """The run was asked to stop. Like Ctrl-C it goes past everything that handles errors."""


class Stop:
    """Set once, from anywhere, for all runs that use its ``clock`` and its ``ledger``.

    It has no lock, so that a signal handler may set it at any moment.
    """

    def __init__(self) -> None:
        self._asked = False

    def set(self) -> None:
        self._asked = True

    @property
    def asked(self) -> bool:
        return self._asked

    def wait(self, timeout: float = math.inf) -> bool:
        """Wait, in real time, until it is set or ``timeout`` seconds have passed; whether it is set."""
        end = time.monotonic() + timeout
        while not self._asked and time.monotonic() < end:
            time.sleep(GLANCE)
        return self._asked

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Within the block SIGTERM and SIGINT set it, instead of raising ``KeyboardInterrupt``.

        Raised between taking a lock and its ``with``, the exception would leave the lock taken for ever. A second
        signal raises it all the same: a person who asks twice does not want to wait for a server. Only for the main
        thread; others get no signals.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, *_: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.set()

    def check(self) -> None:
        """Raises ``Stopped`` if it is set."""
        if self.asked:
            raise Stopped

    def clock(self, clock: Clock) -> Clock:
        """``clock``, whose sleepers wake up and raise ``Stopped``."""
        return _Clock(clock, self)

    def ledger(self, ledger: Ledger) -> Ledger:
        """``ledger``, which refuses intents once it is set: every write begins with one."""
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
            part = min(seconds, GLANCE)
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
