"""Keep the ledger in SQL: record in one transaction, recall one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from okrsync.codec import deserialize, deserialize_data, deserialize_reading
from okrsync.ledger.changes import changes_of
from okrsync.ledger.lease import Terms, held
from okrsync.ledger.statements import select
from okrsync.ledger.transactions import Transaction, Transactions, instant
from okrsync.ledger.writer import write
from okrsync.memory import Entry, Intent, Memory, Outcome, RunFinished
from okrsync.model import Reading
from okrsync.ports import Lease
from okrsync.schedules import AHEAD

if TYPE_CHECKING:
    from okrsync.ledger.overview import Known


class SqlLedger:
    """``okrsync.ports.Ledger`` in a database. Threads may share it; ``close`` it, or use it in ``with``.

    An ``Intended`` replaces an older intent of the same cell: the planner writes a cell only after it has settled
    what happened to the last write. A ``MeasuredBaseline`` that differs from the frozen one raises ``DataError``. Of the
    outcomes of a subject only the newest by ``at`` is kept, unless that lies in the future. The same reading seen twice by one run is kept once.
    """

    def __init__(self, database: Transactions, terms: Terms) -> None:
        self._database = database
        self._terms = terms

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def hold(self, company: str) -> AbstractContextManager[Lease]:
        return held(self._terms, company)

    def record(self, company: str, *entries: Entry) -> None:
        if not entries:
            return
        changes = changes_of(entries)
        with self._database.writing() as transaction:
            write(transaction, company, changes, self._terms.clock.now())

    def recall(self, company: str) -> Memory:
        with self._database.reading() as transaction:
            return _memory(transaction, company, self._terms.clock.now())

    def last_syncs(self, company: str | None = None) -> Mapping[str, datetime]:
        """The end of each company's last sync that was not interrupted; a company without one is left out.

        With ``company``, only that one.
        """
        one = "WHERE company = :company" if company is not None else ""
        asked = f"SELECT company, at FROM okrsync_syncs {one}"  # noqa: S608 - names of our own
        with self._database.reading() as transaction:
            found = transaction.rows(asked, {"company": company} if company is not None else {})
        return {name: instant(at) for name, at in found}

    def companies(self) -> Sequence[Known]:
        """What is known of every company, by one statement."""
        from okrsync.ledger.overview import companies

        with self._database.core() as connection:
            return companies(connection, self._database.kind, self._terms.clock.now())

    def history(self, company: str, metric: str, since: datetime, until: datetime) -> Sequence[Reading]:
        asked = """
            SELECT reading FROM okrsync_readings
            WHERE company = :company AND metric = :metric AND as_of >= :since AND as_of < :until
            ORDER BY as_of, id"""
        within = {"company": company, "metric": metric, "since": since, "until": until}
        with self._database.reading() as transaction:
            return [deserialize_reading(text) for (text,) in transaction.rows(asked, within)]


def _memory(transaction: Transaction, company: str, now: datetime) -> Memory:
    def rows(table: str, *columns: str) -> Iterable[Any]:
        return transaction.rows(select(table, *columns), {"company": company})

    last, ahead = _last_run(transaction, company), None
    if last is not None and last.at > now + AHEAD:
        # A clock that was ahead must not hide the runs after it.
        last, ahead = _last_run(transaction, company, now + AHEAD) or last, last.at
    return Memory(
        last_written={
            (row, cell): deserialize(value) for row, cell, value in rows("puts", "row", "address", "value")
        },
        intents={
            (row, cell): Intent(before=deserialize(before), after=deserialize(after))
            for row, cell, before, after in rows("intents", "row", "address", "before", "after")
        },
        baselines={
            subject: deserialize_reading(text) for subject, text in rows("baselines", "subject", "reading")
        },
        outcomes={
            subject: Outcome(run=run, subject=subject, at=instant(at), detail=deserialize_data(detail))
            for subject, run, at, detail in rows("outcomes", "subject", "run", "at", "detail")
        },
        state={(name, key): value for name, key, value in rows("notes", "connection", "key", "value")},
        last_run=last,
        ahead=ahead,
    )


def _last_run(transaction: Transaction, company: str, until: datetime | None = None) -> RunFinished | None:
    """The run that ended last; with ``until`` no later than that."""
    newest = f"""
        SELECT run, at, exit_code, digest, counts FROM okrsync_finishes
        WHERE company = :company {"AND at <= :until" if until is not None else ""}
        ORDER BY at DESC, id DESC LIMIT 1"""  # noqa: S608 - names of our own
    found = transaction.rows(newest, {"company": company} | ({"until": until} if until is not None else {}))
    if not found:
        return None
    ((run, at, exit_code, digest, texts),) = found
    counts: Mapping[str, int] = deserialize_data(texts)
    return RunFinished(run=run, at=instant(at), exit_code=exit_code, digest=digest, counts=counts)
