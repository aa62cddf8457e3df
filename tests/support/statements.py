"""Hear every statement and every commit of a ledger, at the moment at which it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from okrsync.ledger.store import SqlLedger
from okrsync.ledger.transactions import Transaction, Transactions, Values

Hear = Callable[[str], None]
Asked = Callable[[Transaction, str, Values], None]


def _nothing(*_: object) -> None:
    pass


@dataclass(frozen=True)
class _Heard:
    inner: Transaction
    before: Hear
    after: Hear
    asked: Asked

    @property
    def kind(self) -> str:
        return self.inner.kind

    def rows(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        self.before(statement)
        self.asked(self.inner, statement, values)
        found = self.inner.rows(statement, values)
        self.after(statement)
        return found

    def change(self, statement: str, values: Sequence[Values]) -> int:
        self.before(statement)
        self.asked(self.inner, statement, values[0])
        changed = self.inner.change(statement, values)
        self.after(statement)
        return changed


@dataclass(frozen=True)
class _Database:
    inner: Transactions
    before: Hear
    after: Hear
    asked: Asked

    @property
    def kind(self) -> str:
        return self.inner.kind

    @property
    def place(self) -> str:
        return self.inner.place

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self.inner.reading() as transaction:
            yield _Heard(transaction, self.before, self.after, self.asked)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with self.inner.writing() as transaction:
            yield _Heard(transaction, self.before, self.after, self.asked)
        self.after("COMMIT")

    def core(self) -> AbstractContextManager[Connection]:
        return self.inner.core()

    def close(self) -> None:
        self.inner.close()


@contextmanager
def heard(
    ledger: SqlLedger, *, before: Hear = _nothing, after: Hear = _nothing, asked: Asked = _nothing
) -> Iterator[None]:
    """Within the block ``before`` and ``after`` are called with each statement; a commit is only heard after it.

    ``asked`` is called before it too, and may ask more in the same transaction.
    """
    database, terms = ledger._database, ledger._terms
    ledger._database = _Database(database, before, after, asked)
    ledger._terms = replace(terms, database=ledger._database)
    yield
    ledger._database, ledger._terms = database, terms
