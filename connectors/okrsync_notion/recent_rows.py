"""Keep the last reading of each row for a few seconds, so that its write need not repeat it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from okrsync.model import Row
from okrsync.ports import RECENT, Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRow:
    """A row as it was read, and what its columns were called then, by their ids. ``at`` is before the request was sent."""

    row: Row
    names: Mapping[str, str]
    at: float


class RecentRows:
    """Threads share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readings: dict[str, SeenRow] = {}
        self._lock = Lock()

    def now(self) -> float:
        return self._clock.monotonic()

    def keep(self, rows: Iterable[Row], names: Mapping[str, str], at: float) -> None:
        """The ``rows`` were asked for at ``at``. A key that several rows have, or that has none, is a problem of its row."""
        with self._lock:
            self._readings.update({row.id: SeenRow(row=row, names=names, at=at) for row in rows})

    def forget(self) -> None:
        with self._lock:
            self._readings.clear()

    def older(self, rows: Iterable[str], fresh: float) -> list[str]:
        """Those of ``rows`` that were not read within ``fresh`` seconds; what was known of them is forgotten."""
        with self._lock:
            now = self._clock.monotonic()
            young = {row for row, one in self._readings.items() if now - one.at < fresh}
            found = [row for row in rows if row not in young]
            for row in found:
                self._readings.pop(row, None)
        return found

    def take(self, row: str) -> SeenRow | None:
        """The row's reading if it is recent; it can be taken once."""
        with self._lock:
            found = self._readings.pop(row, None)
            recent = found is not None and self._clock.monotonic() - found.at <= RECENT
            return found if recent else None
