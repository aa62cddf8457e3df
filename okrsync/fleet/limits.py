"""Keep one token bucket per credential for all machines, in PostgreSQL.

Each request reserves its moment with one statement (the generic cell rate algorithm): ``next_at`` is when the bucket
would be full again, a request may go when that is at most ``burst - 1`` intervals ahead. The server's clock
counts, and each request waits once. A crash of the server loses at most one burst. Each process learns by itself that a
server refuses bursts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from typing import Final

from sqlalchemy import text

from okrsync.http import Limiter
from okrsync.ledger.database import Database
from okrsync.ports import Clock

TABLE: Final = """
CREATE UNLOGGED TABLE IF NOT EXISTS okrsync_limits (
    credential text PRIMARY KEY,
    next_at timestamptz NOT NULL,
    closed_until timestamptz NOT NULL
)
"""
_MAKE = text(
    "INSERT INTO okrsync_limits VALUES (:credential, clock_timestamp(), clock_timestamp()) ON CONFLICT DO NOTHING"
)
_RESERVE = text(
    "UPDATE okrsync_limits"
    " SET next_at = greatest(next_at, clock_timestamp()) + make_interval(secs => :interval)"
    " WHERE credential = :credential"
    " RETURNING extract(epoch FROM next_at - clock_timestamp())"
)
_CLOSED = text("SELECT closed_until > clock_timestamp() FROM okrsync_limits WHERE credential = :credential")
_CLOSE = text(
    "UPDATE okrsync_limits"
    " SET closed_until = greatest(closed_until, clock_timestamp() + make_interval(secs => :seconds)),"
    " next_at = greatest(next_at, clock_timestamp() + make_interval(secs => :seconds + :ahead))"
    " WHERE credential = :credential"
)


class SharedLimiter(Limiter):
    """``okrsync.http.Limiter`` whose bucket is ``database``'s. Raises the ledger's errors if that does not answer.

    The database never sees the credential, only its digest.
    """

    def __init__(
        self, database: Database, clock: Clock, credential: Hashable, rate: float, burst: int
    ) -> None:
        super().__init__(clock, rate, burst)
        self._database = database
        self._credential = hashlib.sha256(repr(credential).encode()).hexdigest()

    @property
    def _interval(self) -> float:
        return 1 / self._rate

    @property
    def _ahead(self) -> float:
        return (self._burst - 1) * self._interval

    def take(self) -> None:
        with self._lock:
            self._recover(self._clock.monotonic())
        while (wait := self._reserve()) > 0:
            self._clock.sleep(wait)
            if not self._closed():
                return

    def pause(self, seconds: float) -> None:
        with self._database.writing() as connection:
            known = {"credential": self._credential, "seconds": seconds, "ahead": self._ahead}
            connection.execute(_MAKE, {"credential": self._credential})
            connection.execute(_CLOSE, known)

    def _reserve(self) -> float:
        """Reserve a moment, and return in how many seconds it comes."""
        known = {"credential": self._credential, "interval": self._interval}
        with self._database.writing() as connection:
            full_in = connection.scalar(_RESERVE, known)
            if full_in is None:
                connection.execute(_MAKE, {"credential": self._credential})
                full_in = connection.scalar(_RESERVE, known)
        assert full_in is not None
        return float(full_in) - self._interval - self._ahead

    def _closed(self) -> bool:
        with self._database.reading() as connection:
            return bool(connection.scalar(_CLOSED, {"credential": self._credential}))
