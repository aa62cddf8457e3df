"""The lease: one row per company that conditional updates take and renew, so that only one run wins.

``token`` grows with every holder. Only the current token renews or gives back the lease, so a holder that was
frozen past its end finds out before it writes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Interval, Row, func, literal, or_, select, update

from okrsync.errors import Busy, OkrsyncError
from okrsync.ledger.database import Database
from okrsync.ledger.owner import is_gone, spoken
from okrsync.ledger.tables import Instant, leases
from okrsync.ledger.writer import add
from okrsync.ports import Clock, Lease

_NOBODY = ""

_log = logging.getLogger("okrsync.ledger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who takes leases, and for how long. ``interval`` is between two renewals, in real time."""

    database: Database
    clock: Clock
    owner: str
    ttl: timedelta
    interval: timedelta


@dataclass(frozen=True, slots=True)
class _Held:
    terms: Terms
    company: str
    token: int

    def renew(self) -> None:
        with self.terms.database.writing() as connection:
            if not self._set(connection, self.terms.owner, self.terms.ttl):
                raise _busy(_row(connection, self.company), self.company, "was taken over by")

    def give_back(self) -> None:
        with self.terms.database.writing() as connection:
            if not self._set(connection, _NOBODY, timedelta(0)):
                _log.warning("the lease of %s had been taken over before its end", self.company)

    def _set(self, connection: Connection, owner: str, ahead: timedelta) -> bool:
        now = _now(self.terms)
        mine = update(leases).where(
            leases.c.company == self.company, leases.c.token == self.token, leases.c.owner == self.terms.owner
        )
        done = connection.execute(mine.values(owner=owner, heartbeat_at=now, expires_at=_later(now, ahead)))
        return done.rowcount == 1


@contextmanager
def held(terms: Terms, company: str) -> Iterator[Lease]:
    """Hold the company's lease for the length of the block. Raises ``Busy`` if another run holds it."""
    lease = _Held(terms, company, _taken(terms, company))
    ended = threading.Event()
    heart = threading.Thread(target=_beat, args=(lease, ended), daemon=True, name=f"lease of {company}")
    heart.start()
    try:
        yield lease
    finally:
        ended.set()
        heart.join()
        _give_back(lease)


def _beat(lease: _Held, ended: threading.Event) -> None:
    while not ended.wait(lease.terms.interval.total_seconds()):
        try:
            lease.renew()
        except Busy as error:
            _log.warning("%s", error)
            return
        except OkrsyncError as error:
            # Only the run's own renewal, before it writes, must succeed; until then the next beat may.
            _log.warning("the lease of %s could not be renewed: %s", lease.company, error)


def _give_back(lease: _Held) -> None:
    try:
        lease.give_back()
    except OkrsyncError as error:
        # What the run did is done, and its own error must not be hidden; the lease ends by itself.
        _log.warning("the lease of %s could not be given back: %s", lease.company, error)


def _now(terms: Terms) -> datetime | ColumnElement[datetime]:
    """The time that all holders share: the server's, or without a server this machine's."""
    return terms.clock.now() if terms.database.kind == "sqlite" else func.clock_timestamp(type_=Instant)


def _later(now: datetime | ColumnElement[datetime], ahead: timedelta) -> Any:
    return now + ahead if isinstance(now, datetime) else now + literal(ahead, Interval)


def _taken(terms: Terms, company: str) -> int:
    """Take the lease and return its token. Raises ``Busy``."""
    with terms.database.writing() as connection:
        now = _now(terms)  # not before: the transaction may have waited for another one
        _make_row(connection, company, terms.clock.now())
        seen = _row(connection, company)
        free = or_(leases.c.owner == _NOBODY, leases.c.expires_at <= now, literal(is_gone(seen.owner)))
        taking = update(leases).where(leases.c.company == company, leases.c.token == seen.token, free)
        token = int(seen.token) + 1
        fresh = {"acquired_at": now, "heartbeat_at": now, "expires_at": _later(now, terms.ttl)}
        if connection.execute(taking.values(owner=terms.owner, token=token, **fresh)).rowcount == 1:
            return token
        _shorten(connection, seen, now)
        busy = _busy(_row(connection, company), company, "is held by")
    raise busy


def _shorten(connection: Connection, seen: Row[Any], now: datetime | ColumnElement[datetime]) -> None:
    """Let a lease from a clock that was ahead last no longer than its own length from now; a living holder renews it."""
    from_ahead = update(leases).where(
        leases.c.company == seen.company, leases.c.token == seen.token, leases.c.heartbeat_at > now
    )
    length = seen.expires_at - seen.heartbeat_at
    connection.execute(from_ahead.values(heartbeat_at=now, expires_at=_later(now, length)))


def _make_row(connection: Connection, company: str, now: datetime) -> None:
    times = dict.fromkeys(("acquired_at", "heartbeat_at", "expires_at"), now)
    add(connection, leases, [{"company": company, "owner": _NOBODY, "token": 0, **times}])


def _row(connection: Connection, company: str) -> Row[Any]:
    return connection.execute(select(leases).where(leases.c.company == company)).one()


def _busy(row: Row[Any], company: str, how: str) -> Busy:
    who = spoken(row.owner) if row.owner != _NOBODY else "another run, which has ended"
    since, until = (f"{moment:%Y-%m-%d %H:%M:%S} UTC" for moment in (row.acquired_at, row.expires_at))
    return Busy(
        f"{company} {how} {who}, since {since} and, unless renewed, until {until}",
        hint="wait for that run to end; should it have died, its lease ends by itself at the time given",
    )
