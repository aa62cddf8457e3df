"""Write changes with one statement for each kind of change, however many rows it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from okrsync.codec import deserialize_reading, identity, serialize_data, serialize_reading
from okrsync.errors import DataError, ExitCode
from okrsync.ledger import tables
from okrsync.ledger.changes import Changes, Key
from okrsync.model import MeasuredBaseline, Observed, Outcome, RunFinished, RunStarted
from okrsync.schedules import AHEAD


def write(connection: Connection, company: str, changes: Changes, now: datetime) -> None:
    """Carry out all ``changes`` in the connection's transaction. Raises ``DataError`` for a second baseline."""
    mine = {"company": company}
    _insert(connection, tables.starts, [mine | _start(each) for each in changes.starts])
    _insert(connection, tables.finishes, [mine | _finish(each) for each in changes.finishes])
    _keep_last_sync(connection, company, changes.finishes, now + AHEAD)
    for table in (tables.puts, tables.intents):
        _delete(connection, table, [mine | {"row": row} for row in changes.forgotten])
    _upsert(connection, tables.puts, _kept(changes.puts, mine, "row", "address"))
    _upsert(
        connection,
        tables.intents,
        _kept(
            {key: both for key, both in changes.intents.items() if both is not None}, mine, "row", "address"
        ),
    )
    _delete(connection, tables.intents, _gone(changes.intents, mine, "row", "address"))
    add(connection, tables.readings, [mine | _seen(each) for each in changes.observed])
    _freeze(connection, company, changes.baselines)
    _upsert(
        connection,
        tables.outcomes,
        [mine | _outcome(each) for each in changes.outcomes.values()],
        newest="at",
        future=now + AHEAD,
    )
    texts = {key: {"value": value} for key, value in changes.notes.items() if value is not None}
    _upsert(connection, tables.notes, _kept(texts, mine, "connection", "key"))
    _delete(connection, tables.notes, _gone(changes.notes, mine, "connection", "key"))


def _start(entry: RunStarted) -> dict[str, Any]:
    return {"run": entry.run, "command": entry.command, "at": entry.at}


def _finish(entry: RunFinished) -> dict[str, Any]:
    return {
        "run": entry.run,
        "at": entry.at,
        "exit_code": int(entry.exit_code),
        "digest": entry.digest,
        "counts": serialize_data(entry.counts),
    }


def _keep_last_sync(
    connection: Connection, company: str, finishes: Sequence[RunFinished], future: datetime
) -> None:
    """Keep the end of runs that were syncs, as their starts say."""
    ended = [
        {"its_run": each.run, "its_at": each.at}
        for each in finishes
        if each.exit_code != ExitCode.INTERRUPTED
    ]
    if not ended:
        return
    begun, kept = tables.starts.c, tables.syncs
    run = (
        select(begun.company, bindparam("its_at", type_=tables.Instant))
        .where(begun.company == company, begun.run == bindparam("its_run"), begun.command == "sync")
        .limit(1)
    )
    statement = _inserting(connection, kept).from_select(["company", "at"], run)
    newer = (statement.excluded["at"] > kept.c.at) | (kept.c.at > future)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[kept.c.company], set_={"at": statement.excluded["at"]}, where=newer
        ),
        ended,
    )


def _seen(entry: Observed) -> dict[str, Any]:
    reading = entry.reading
    return {
        "run": entry.run,
        "metric": reading.metric,
        "as_of": reading.as_of,
        "identity": identity(reading),
        "reading": serialize_reading(reading),
    }


def _outcome(entry: Outcome) -> dict[str, Any]:
    return {
        "run": entry.run,
        "subject": entry.subject,
        "at": entry.at,
        "detail": serialize_data(entry.detail),
    }


def _kept(
    values: Mapping[Key, Mapping[str, str]], mine: dict[str, str], first: str, second: str
) -> list[dict[str, Any]]:
    return [{**mine, first: key[0], second: key[1], **value} for key, value in values.items()]


def _gone(
    values: Mapping[Key, object], mine: dict[str, str], first: str, second: str
) -> list[dict[str, Any]]:
    return [{**mine, first: key[0], second: key[1]} for key, value in values.items() if value is None]


def _freeze(connection: Connection, company: str, entries: Sequence[MeasuredBaseline]) -> None:
    if not entries:
        return
    kept = tables.baselines
    rows = [
        {"company": company, "subject": each.subject, "reading": serialize_reading(each.reading)}
        for each in entries
    ]
    add(connection, kept, rows)
    frozen = dict(
        connection.execute(select(kept.c.subject, kept.c.reading).where(kept.c.company == company)).all()
    )
    for entry in entries:
        first = deserialize_reading(frozen[entry.subject])
        if first != entry.reading:
            raise DataError(
                f"the baseline of {entry.subject} is frozen at {first.value}, measured {first.as_of.isoformat()}; "
                f"it cannot become {entry.reading.value}, measured {entry.reading.as_of.isoformat()}",
                hint=f"write a baseline for {entry.subject} into the YAML to use another one",
            )


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def add(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key does not exist yet."""
    if rows:
        connection.execute(_inserting(connection, table).on_conflict_do_nothing(), rows)


def _upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[dict[str, Any]],
    *,
    newest: str | None = None,
    future: datetime | None = None,
) -> None:
    """Insert or replace; with ``newest`` only rows that by that column are not newer, or later than ``future``."""
    if not rows:
        return
    statement = _inserting(connection, table)
    fresh = statement.excluded
    replaced = {column.name: fresh[column.name] for column in table.c if not column.primary_key}
    upsert = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_=replaced,
        where=(fresh[newest] >= table.c[newest]) | (table.c[newest] > future) if newest else None,
    )
    connection.execute(upsert, rows)


def _inserting(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _delete(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    # The names of bound parameters must differ from the columns' own.
    named = [{f"its_{name}": value for name, value in row.items()} for row in rows]
    matches = [table.c[name] == bindparam(f"its_{name}") for name in rows[0]]
    connection.execute(delete(table).where(*matches), named)
