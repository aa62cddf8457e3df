"""Keep the ledger in a file of SQLite, through Python's own module."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from okrsync.ledger.sqlite_faults import explained_sqlite
from okrsync.ledger.transactions import Transaction, Values

if TYPE_CHECKING:
    from sqlalchemy import Connection

WAIT: Final = 30
"""Seconds that a transaction waits for another one's, and that a connection to a server may take."""
PRAGMAS: Final = ("PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON")


@dataclass(frozen=True, slots=True)
class _Open:
    connection: sqlite3.Connection
    kind: str = "sqlite"

    def rows(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, _bound(values)).fetchall()

    def change(self, statement: str, values: Sequence[Values]) -> int:
        if len(values) == 1:
            return self.connection.execute(statement, _bound(values[0])).rowcount
        return self.connection.executemany(statement, [_bound(one) for one in values]).rowcount


@dataclass(slots=True)
class SqliteFile:
    """``Transactions`` in one file. Threads share it: each transaction has a connection of its own, which is used again."""

    path: Path
    kind: str = "sqlite"
    _idle: list[sqlite3.Connection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def place(self) -> str:
        return f"the ledger {self.path}"

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self._begun("BEGIN") as transaction:
            yield transaction

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        # A deferred transaction that turns from reading to writing fails at once if another one writes.
        with self._begun("BEGIN IMMEDIATE") as transaction:
            yield transaction

    @contextmanager
    def _begun(self, begin: str) -> Iterator[Transaction]:
        try:
            connection = self._connection()
            try:
                connection.execute(begin)
                yield _Open(connection)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                connection.close()
                raise
        except sqlite3.Error as error:
            known = explained_sqlite(error, self.place)
            if known is None:
                raise
            raise known from error
        with self._lock:
            self._idle.append(connection)

    def _connection(self) -> sqlite3.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        # Without an isolation level the driver begins no transaction by itself: late, and not before DDL.
        connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            tune(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def core(self) -> Iterator[Connection]:
        from okrsync.ledger.address import sqlite_url
        from okrsync.ledger.database import connected

        with closing(connected(sqlite_url(self.path))) as database, database.reading() as connection:
            yield connection

    def close(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop().close()


def tune(connection: sqlite3.Connection) -> None:
    """Set what every connection to a ledger's file needs to be durable and to keep its foreign keys."""
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _bound(values: Values) -> dict[str, Any]:
    return {name: _kept(one) if isinstance(one, datetime) else one for name, one in values.items()}


def _kept(moment: datetime) -> str:
    """The text that SQLAlchemy keeps too: it sorts by time."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
