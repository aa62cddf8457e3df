"""Copy a ledger into another database: all or nothing, with proof that nothing was lost.

The proof compares the number of rows and the sum of their digests, which does not depend on their order. The copy is
read back in the transaction that wrote it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, func, insert, select, text

from okrsync.errors import Busy, ConfigError, DataError
from okrsync.ledger.address import address
from okrsync.ledger.database import Database, connected
from okrsync.ledger.owner import is_gone, spoken
from okrsync.ledger.schema import bring_up_to_date
from okrsync.ledger.tables import leases, metadata

_BATCH: Final = 1000
_SPACE: Final = 1 << 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """One copied table. ``digest`` is the digest of its rows' contents, in hexadecimal."""

    table: str
    rows: int
    digest: str


def copy_ledger(source: str | None, target: str, now: datetime | None) -> list[Copied]:
    """Copy the ledger at ``source`` into the empty one at ``target``: one moment of it, whatever is written meanwhile.

    Raises ``ConfigError`` if the two are one or the target is not empty, ``Busy`` if a run holds a company of the
    source ``now`` (None: runs may go on), ``DataError`` if the target does not read back what was written; then the
    target is as it was.
    """
    if where(source) == where(target):
        raise ConfigError("the ledger cannot be copied onto itself", hint="name another database with --to")
    there, here = connected(source), connected(target)
    try:
        bring_up_to_date(there)
        bring_up_to_date(here)
        with there.reading() as reading, here.writing() as writing:
            if now is not None:
                check_idle(
                    reading, now, "what it writes would not be in the copy", "stop every run, then copy"
                )
            _check_empty(writing, here)
            return [copied(reading, writing, table, here) for table in metadata.sorted_tables]
    finally:
        there.close()
        here.close()


def where(url: str | None) -> object:
    """What two URLs of one ledger have in common."""
    found = address(url)
    return Path(found.database or "").resolve() if found.drivername.startswith("sqlite") else found


def copied(reading: Connection, writing: Connection, table: Table, here: Database) -> Copied:
    """Copy one table, which is empty in ``writing``, and read it back."""
    count = total = 0
    rows = _rows(reading, table)
    while batch := list(islice(rows, _BATCH)):
        writing.execute(insert(table), batch)
        count, total = _added(batch, count, total)
    _count_on(writing, table)
    if (count, total) != _added(_rows(writing, table), 0, 0):
        raise DataError(
            f"{here.place} does not read back what was written into {table.name}; nothing was kept",
            hint="report this with the versions of both databases",
        )
    return Copied(table=table.name, rows=count, digest=f"{total:064x}")


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    found = connection.execute(select(table), execution_options={"yield_per": _BATCH})
    return (dict(row) for row in found.mappings())


def _added(rows: Iterable[dict[str, Any]], count: int, total: int) -> tuple[int, int]:
    for row in rows:
        said = json.dumps(
            {name: one.isoformat() if isinstance(one, datetime) else one for name, one in row.items()},
            sort_keys=True,
        )
        digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()
        count, total = count + 1, (total + int.from_bytes(digest)) % _SPACE
    return count, total


def check_idle(reading: Connection, now: datetime, why: str, hint: str) -> None:
    """Raises ``Busy``, which says ``why`` that matters, if a run holds a company."""
    for row in reading.execute(select(leases).where(leases.c.owner != "", leases.c.expires_at > now)):
        if not is_gone(row.owner):
            raise Busy(
                f"{row.company} is being synced by {spoken(row.owner)}: {why}",
                hint=hint,
            )


def _check_empty(writing: Connection, here: Database) -> None:
    for table in metadata.sorted_tables:
        if rows := writing.scalar(select(func.count()).select_from(table)):
            raise ConfigError(
                f"{here.place} is not empty: {table.name} holds {rows} {'row' if rows == 1 else 'rows'}",
                hint="copy into a new database",
            )


def _count_on(writing: Connection, table: Table) -> None:
    """Move PostgreSQL's counter past the copied rows' numbers, which do not move it by themselves."""
    if writing.dialect.name != "postgresql" or "id" not in table.c:
        return
    writing.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608 - our own table's name
            f"COALESCE((SELECT max(id) FROM {table.name}), 1), EXISTS (SELECT 1 FROM {table.name}))"
        )
    )
