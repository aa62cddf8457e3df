"""Take, renew and give back a company's lease by conditional updates, so that only one run has it.

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

from okrsync.errors import Busy, OkrsyncError
from okrsync.ledger.owner import is_gone, spoken
from okrsync.ledger.statements import insert_new, select
from okrsync.ledger.transactions import Transaction, Transactions, instant
from okrsync.ports import Clock, Lease

_NOBODY = ""

_log = logging.getLogger("okrsync.ledger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who takes leases, and for how long. ``interval`` is between two renewals, in real time."""

    database: Transactions
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
        with self.terms.database.writing() as transaction:
            if not self._set(transaction, self.terms.owner, self.terms.ttl):
                raise _busy(_row(transaction, self.company), self.company, "was taken over by")

    def give_back(self) -> None:
        with self.terms.database.writing() as transaction:
            if not self._set(transaction, _NOBODY, timedelta(0)):
                _log.warning("the lease of %s had been taken over before its end", self.company)

    def _set(self, transaction: Transaction, owner: str, ahead: timedelta) -> bool:
        time = _Time(transaction.kind, self.terms.clock)
        statement = f"""
            UPDATE okrsync_leases
            SET owner = :owner, heartbeat_at = {time.now}, expires_at = {time.later}
            WHERE company = :company AND token = :token AND owner = :mine"""  # noqa: S608 - names of our own
        mine = {"company": self.company, "token": self.token, "mine": self.terms.owner}
        return transaction.change(statement, [mine | {"owner": owner} | time.values(ahead)]) == 1


@dataclass(frozen=True, slots=True)
class _LeaseRow:
    """One row of the table."""

    company: str
    owner: str
    token: int
    acquired_at: datetime
    heartbeat_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Time:
    """The time that all holders share, in statements: the server's, or without a server this machine's."""

    kind: str
    clock: Clock

    @property
    def now(self) -> str:
        return ":now" if self.kind == "sqlite" else "clock_timestamp()"

    @property
    def later(self) -> str:
        return ":later" if self.kind == "sqlite" else "clock_timestamp() + make_interval(secs => :ahead)"

    def values(self, ahead: timedelta) -> dict[str, Any]:
        """What ``now`` and ``later``, which is ``ahead`` of it, need."""
        now = self.clock.now()
        if self.kind == "sqlite":
            return {"now": now, "later": now + ahead}
        return {"ahead": ahead.total_seconds()}


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


def _taken(terms: Terms, company: str) -> int:
    """Take the lease and return its token. Raises ``Busy``."""
    with terms.database.writing() as transaction:
        time = _Time(
            transaction.kind, terms.clock
        )  # not before: the transaction may have waited for another one
        _make_row(transaction, company, terms.clock.now())
        seen = _row(transaction, company)
        free = "" if is_gone(seen.owner) else f"AND (owner = '{_NOBODY}' OR expires_at <= {time.now})"
        statement = f"""
            UPDATE okrsync_leases
            SET owner = :owner, token = :next, acquired_at = {time.now}, heartbeat_at = {time.now}, expires_at = {time.later}
            WHERE company = :company AND token = :token {free}"""  # noqa: S608 - names of our own
        values = {"company": company, "token": seen.token, "owner": terms.owner, "next": seen.token + 1}
        if transaction.change(statement, [values | time.values(terms.ttl)]) == 1:
            return seen.token + 1
        _shorten(transaction, seen, time)
        busy = _busy(_row(transaction, company), company, "is held by")
    raise busy


def _shorten(transaction: Transaction, seen: _LeaseRow, time: _Time) -> None:
    """Let a lease from a clock that was ahead last no longer than its own length from now; a living holder renews it."""
    statement = f"""
        UPDATE okrsync_leases SET heartbeat_at = {time.now}, expires_at = {time.later}
        WHERE company = :company AND token = :token AND heartbeat_at > {time.now}"""  # noqa: S608 - names of our own
    mine = {"company": seen.company, "token": seen.token}
    transaction.change(statement, [mine | time.values(seen.expires_at - seen.heartbeat_at)])


def _make_row(transaction: Transaction, company: str, now: datetime) -> None:
    times = dict.fromkeys(("acquired_at", "heartbeat_at", "expires_at"), now)
    transaction.change(insert_new("leases"), [{"company": company, "owner": _NOBODY, "token": 0, **times}])


def _row(transaction: Transaction, company: str) -> _LeaseRow:
    names = ("company", "owner", "token", "acquired_at", "heartbeat_at", "expires_at")
    ((_, owner, token, *times),) = transaction.rows(select("leases", *names), {"company": company})
    acquired, heartbeat, expires = map(instant, times)
    return _LeaseRow(company, owner, int(token), acquired, heartbeat, expires)


def _busy(row: _LeaseRow, company: str, how: str) -> Busy:
    who = spoken(row.owner) if row.owner != _NOBODY else "another run, which has ended"
    since, until = (f"{moment:%Y-%m-%d %H:%M:%S} UTC" for moment in (row.acquired_at, row.expires_at))
    return Busy(
        f"{company} {how} {who}, since {since} and, unless renewed, until {until}",
        hint="wait for that run to end; should it have died, its lease ends by itself at the time given",
    )
