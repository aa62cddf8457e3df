"""Run the ledger's statements in transactions, in SQL that SQLite and PostgreSQL share.

SQLite is asked through Python's own module: loading SQLAlchemy takes as long as a whole `okrsync status`. It makes the
tables in both, and talks to PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from okrsync.ledger.database import Database

Values = Mapping[str, Any]


class Transaction(Protocol):
    """Statements name their values as ``:name``. An instant is bound as an aware datetime, and read by ``instant``."""

    @property
    def kind(self) -> str:
        """``sqlite`` or ``postgresql``."""
        ...

    def rows(self, statement: str, values: Values) -> list[tuple[Any, ...]]: ...

    def change(self, statement: str, values: Sequence[Values]) -> int:
        """Run the statement once for each of ``values``; return how many rows the last one changed."""
        ...


class Transactions(Protocol):
    """A database that keeps a ledger. ``place`` is its name in messages; both kinds raise okrsync's errors."""

    @property
    def kind(self) -> str: ...

    @property
    def place(self) -> str: ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """A transaction that sees one moment of the database, however many statements it runs."""
        ...

    def writing(self) -> AbstractContextManager[Transaction]:
        """A transaction that is durable when the block ends, and leaves nothing if it raises."""
        ...

    def core(self) -> AbstractContextManager[Connection]:
        """A reading transaction of SQLAlchemy's, for what is seldom asked."""
        ...

    def close(self) -> None: ...


def instant(value: Any) -> datetime:
    """The instant that a database gave, in UTC: SQLite has texts without a zone, which sort by time."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    known: datetime = value
    return known.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _OverSqlalchemy:
    connection: Connection
    kind: str

    def rows(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        from sqlalchemy import text

        return [tuple(row) for row in self.connection.execute(text(statement), dict(values))]

    def change(self, statement: str, values: Sequence[Values]) -> int:
        from sqlalchemy import text

        many = [dict(one) for one in values]
        return self.connection.execute(text(statement), many[0] if len(many) == 1 else many).rowcount


@dataclass(frozen=True, slots=True)
class OverSqlalchemy:
    """``Transactions`` of a database that SQLAlchemy is connected to."""

    database: Database

    @property
    def kind(self) -> str:
        return self.database.kind

    @property
    def place(self) -> str:
        return self.database.place

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self.database.reading() as connection:
            yield _OverSqlalchemy(connection, self.kind)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self.database.writing() as connection:
            yield _OverSqlalchemy(connection, self.kind)

    def core(self) -> AbstractContextManager[Connection]:
        return self.database.reading()

    def close(self) -> None:
        self.database.close()
