"""Check a ledger: the database's own integrity, its schema, and that every kept value can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, select, text

from okrsync.codec import deserialize, deserialize_data, deserialize_reading
from okrsync.ledger import tables
from okrsync.ledger.address import address, place
from okrsync.ledger.database import connected
from okrsync.ledger.revision import HEAD
from okrsync.ledger.schema import stored_version
from okrsync.ports import Finding
from okrsync.spelling import counted

_RESTORE: Final = "okrsync ledger restore FILE puts a backup back"
_BATCH: Final = 1000
_CODED: Final[Mapping[Table, Mapping[str, Callable[[str], object]]]] = {
    tables.puts: {"value": deserialize},
    tables.intents: {"before": deserialize, "after": deserialize},
    tables.readings: {"reading": deserialize_reading},
    tables.baselines: {"reading": deserialize_reading},
    tables.outcomes: {"detail": deserialize_data},
    tables.finishes: {"counts": deserialize_data},
}


def check_ledger(url: str | None) -> Iterator[Finding]:
    """Look at all of the ledger at ``url``; changes nothing. Raises what opening it would, also if it is damaged."""
    where = address(url)
    if where.drivername.startswith("sqlite") and not Path(where.database or "").is_file():
        yield Finding(
            subject="file", ok=True, detail=f"{place(where)} is not there yet: the first run creates it"
        )
        return
    database = connected(url)
    try:
        with database.reading() as connection:
            if database.kind == "sqlite":
                yield _integrity(connection)
            held = stored_version(connection)
            yield _schema(held)
            if held == HEAD:
                for table in tables.metadata.sorted_tables:
                    yield _rows(connection, table)
    finally:
        database.close()


def _integrity(connection: Connection) -> Finding:
    found = [str(one) for one in connection.scalars(text("PRAGMA integrity_check(10)"))]
    whole = found == ["ok"]
    detail = "SQLite finds it whole" if whole else "; ".join(found)
    return Finding(subject="integrity", ok=whole, detail=detail, hint="" if whole else _RESTORE)


def _schema(held: str) -> Finding:
    if held == HEAD:
        return Finding(subject="schema", ok=True, detail=f"{held}, this program's")
    if held > HEAD:
        return Finding(
            subject="schema",
            ok=False,
            detail=f"{held}, which a newer okrsync wrote; this program knows {HEAD}",
            hint="install the newer okrsync here too",
        )
    return Finding(
        subject="schema",
        ok=True,
        detail=f"{held or 'none'}; the next run brings it to {HEAD}, and only then its values can be checked",
    )


def _rows(connection: Connection, table: Table) -> Finding:
    count, bad, example = 0, 0, ""
    coded = _CODED.get(table, {})
    for row in connection.execute(select(table), execution_options={"yield_per": _BATCH}).mappings():
        count += 1
        wrong = _unreadable(row, coded)
        if wrong:
            bad += 1
            example = example or f"{wrong} of {row['company']}"
    if bad:
        detail = f"{bad} of {count} rows cannot be read, such as {example}"
        return Finding(subject=table.name, ok=False, detail=detail, hint=_RESTORE)
    return Finding(subject=table.name, ok=True, detail=counted(count, "row"))


def _unreadable(row: Mapping[Any, Any], coded: Mapping[str, Callable[[str], object]]) -> str:
    for name, decoded in coded.items():
        try:
            decoded(row[name])
        except Exception as error:  # noqa: BLE001 - whatever a damaged text does to its codec
            return f"{name} ({type(error).__name__})"
    return ""
