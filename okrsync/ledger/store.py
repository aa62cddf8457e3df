"""The ledger on SQL: it records in one transaction and recalls one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Select, select

from okrsync.codec import deserialize, deserialize_data, deserialize_reading
from okrsync.ledger import tables
from okrsync.ledger.changes import changes_of
from okrsync.ledger.database import Database
from okrsync.ledger.lease import Terms, held
from okrsync.ledger.overview import Known, companies
from okrsync.ledger.writer import write
from okrsync.model import Entry, Intent, Memory, Outcome, Reading, RunFinished
from okrsync.ports import Lease
from okrsync.schedules import AHEAD


class SqlLedger:
    """``okrsync.ports.Ledger`` in a database. Threads may share it; ``close`` it, or use it in ``with``.

    An ``Intended`` replaces an older intent of the same cell: the planner writes a cell only after it has settled
    what happened to the last write. A ``MeasuredBaseline`` that differs from the frozen one raises ``DataError``. Of the
    outcomes of a subject only the newest by ``at`` is kept, unless that lies in the future. The same reading seen twice by one run is kept once.
    """

    def __init__(self, database: Database, terms: Terms) -> None:
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
        with self._database.writing() as connection:
            write(connection, company, changes, self._terms.clock.now())

    def recall(self, company: str) -> Memory:
        with self._database.reading() as connection:
            return _memory(connection, company, self._terms.clock.now())

    def last_syncs(self, company: str | None = None) -> Mapping[str, datetime]:
        """The end of each company's last sync that was not interrupted; a company without one is left out.

        With ``company``, only that one.
        """
        kept = tables.syncs.c
        asked = select(kept.company, kept.at)
        if company is not None:
            asked = asked.where(kept.company == company)
        with self._database.reading() as connection:
            return dict(connection.execute(asked).all())

    def companies(self) -> Sequence[Known]:
        """What is known of every company, by one statement."""
        with self._database.reading() as connection:
            return companies(connection, self._database.kind, self._terms.clock.now())

    def history(self, company: str, metric: str, since: datetime, until: datetime) -> Sequence[Reading]:
        kept = tables.readings
        asked = (
            select(kept.c.reading)
            .where(kept.c.company == company, kept.c.metric == metric)
            .where(kept.c.as_of >= since, kept.c.as_of < until)
            .order_by(kept.c.as_of, kept.c.id)
        )
        with self._database.reading() as connection:
            return [deserialize_reading(text) for text in connection.scalars(asked)]


def _memory(connection: Connection, company: str, now: datetime) -> Memory:
    def rows(*columns: Any) -> Iterable[Any]:
        return connection.execute(_of(company, *columns))

    puts, intents, baselines = tables.puts.c, tables.intents.c, tables.baselines.c
    outcomes, notes = tables.outcomes.c, tables.notes.c
    last, ahead = _last_run(connection, company), None
    if last is not None and last.at > now + AHEAD:
        # A clock that was ahead must not hide the runs after it.
        last, ahead = _last_run(connection, company, now + AHEAD) or last, last.at
    return Memory(
        last_written={
            (row, cell): deserialize(value) for row, cell, value in rows(puts.row, puts.address, puts.value)
        },
        intents={
            (row, cell): Intent(before=deserialize(before), after=deserialize(after))
            for row, cell, before, after in rows(intents.row, intents.address, intents.before, intents.after)
        },
        baselines={
            subject: deserialize_reading(text) for subject, text in rows(baselines.subject, baselines.reading)
        },
        outcomes={
            subject: Outcome(run=run, subject=subject, at=at, detail=deserialize_data(detail))
            for subject, run, at, detail in rows(outcomes.subject, outcomes.run, outcomes.at, outcomes.detail)
        },
        state={(name, key): value for name, key, value in rows(notes.connection, notes.key, notes.value)},
        last_run=last,
        ahead=ahead,
    )


def _of(company: str, *columns: Any) -> Select[Any]:
    """The columns of all rows of the company, ordered by the first ones."""
    return select(*columns).where(columns[0].table.c.company == company).order_by(*columns[:2])


def _last_run(connection: Connection, company: str, until: datetime | None = None) -> RunFinished | None:
    """The run that ended last; with ``until`` no later than that."""
    kept = tables.finishes.c
    newest = (
        select(kept.run, kept.at, kept.exit_code, kept.digest, kept.counts)
        .where(kept.company == company)
        .order_by(kept.at.desc(), kept.id.desc())
        .limit(1)
    )
    if until is not None:
        newest = newest.where(kept.at <= until)
    row = connection.execute(newest).first()
    if row is None:
        return None
    counts: Mapping[str, int] = deserialize_data(row.counts)
    return RunFinished(run=row.run, at=row.at, exit_code=row.exit_code, digest=row.digest, counts=counts)
