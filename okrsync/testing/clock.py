"""Tell the time in tests: sleeping moves the clock, waiting costs nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class JumpClock:
    """Starts at ``start`` (aware) and moves only when a caller sleeps or ``jump`` is called.

    ``slept`` lists the seconds of every sleep, so that a test can say how long the real program would have waited.
    """

    def __init__(self, start: datetime = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(seconds)
        self.jump(seconds)

    def jump(self, seconds: float) -> None:
        self._passed += seconds
