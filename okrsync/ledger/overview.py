"""Show where a ledger is, its size, and what it knows of each company. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, and_, func, select, union

from okrsync.codec import deserialize_data
from okrsync.ledger.address import address, name_of
from okrsync.ledger.database import connected
from okrsync.ledger.owner import is_gone, spoken
from okrsync.ledger.revision import HEAD
from okrsync.ledger.schema import stored_version
from okrsync.ledger.tables import finishes, leases, metadata, starts, syncs
from okrsync.memory import HELD_ROWS, SYNC


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a ledger knows of one company. ``holder`` is the process that syncs it just now, else empty.

    ``sync_ended`` and ``sync_code`` are of the last sync that ended, well or not; ``held`` are the rows that it held, None if it did
    not get so far. The last run may also be an accept or adopt.
    """

    company: str
    last_sync: datetime | None = None
    last_run: datetime | None = None
    command: str = ""
    exit_code: int | None = None
    sync_ended: datetime | None = None
    sync_code: int | None = None
    held: int | None = None
    holder: str = ""
    held_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A ledger. ``there`` is False for a file that the first run will create; ``schema`` is empty without tables."""

    name: str
    kind: str
    there: bool
    size: int = 0
    schema: str = ""
    companies: Sequence[Known] = ()

    @property
    def up_to_date(self) -> bool:
        """Whether its schema is this program's."""
        return self.schema == HEAD


def overview(url: str | None, now: datetime) -> Overview:
    """Look at the ledger at ``url``. Raises what opening it would."""
    where = address(url)
    sqlite = where.drivername.startswith("sqlite")
    if sqlite and not Path(where.database or "").is_file():
        return Overview(name=name_of(where), kind="sqlite", there=False)
    database = connected(url)
    try:
        with database.reading() as connection:
            schema = stored_version(connection)
            return Overview(
                name=name_of(where),
                kind=database.kind,
                there=True,
                size=_file_size(where) if sqlite else _table_size(connection),
                schema=schema,
                companies=companies(connection, database.kind, now) if schema == HEAD else (),
            )
    finally:
        database.close()


def _file_size(where: URL) -> int:
    """Bytes of the file and of what SQLite keeps beside it."""
    files = [Path(f"{where.database}{end}") for end in ("", "-wal")]
    return sum(one.stat().st_size for one in files if one.is_file())


def _table_size(connection: Connection) -> int:
    sizes = [func.pg_total_relation_size(func.to_regclass(one.name)) for one in metadata.sorted_tables]
    return sum(size or 0 for size in connection.execute(select(*sizes)).one())


def companies(connection: Connection, kind: str, now: datetime) -> list[Known]:
    """What the ledger knows of every company, by one statement."""
    # Every run has held a lease, but a restored ledger has none.
    names = union(
        select(leases.c.company).where(
            ~leases.c.company.contains(" ")
        ),  # a backfill's is beside its company's
        select(syncs.c.company),
    ).subquery()
    ended = finishes.alias()
    of_company = select(ended.c.id).where(ended.c.company == names.c.company)
    newest = (ended.c.at.desc(), ended.c.id.desc())
    latest = of_company.order_by(*newest).limit(1).correlate(names).scalar_subquery()
    # accept, adopt and the like end well, and say nothing of how the company is doing.
    started = starts.alias()
    of_sync = of_company.join(
        started, and_(started.c.company == ended.c.company, started.c.run == ended.c.run)
    ).where(started.c.command == SYNC)
    latest_sync = of_sync.order_by(*newest).limit(1).correlate(names).scalar_subquery()
    synced = finishes.alias()
    begun = and_(starts.c.company == finishes.c.company, starts.c.run == finishes.c.run)
    rows = connection.execute(
        select(
            names.c.company,
            syncs.c.at.label("last_sync"),
            finishes.c.at.label("last_run"),
            finishes.c.exit_code,
            synced.c.at.label("sync_ended"),
            synced.c.exit_code.label("sync_code"),
            synced.c.counts,
            starts.c.command,
            leases.c.owner,
            leases.c.acquired_at,
            leases.c.expires_at,
        )
        .select_from(names)
        .outerjoin(syncs, syncs.c.company == names.c.company)
        .outerjoin(leases, leases.c.company == names.c.company)
        .outerjoin(finishes, finishes.c.id == latest)
        .outerjoin(synced, synced.c.id == latest_sync)
        .outerjoin(starts, begun)
        .order_by(names.c.company)
    )
    moment = now if kind == "sqlite" else connection.scalar(select(func.clock_timestamp()))
    return [_known(row, moment or now) for row in rows]


def _known(row: Any, now: datetime) -> Known:
    held = bool(row.owner) and row.expires_at > now and not is_gone(row.owner)
    return Known(
        company=row.company,
        last_sync=row.last_sync,
        last_run=row.last_run,
        command=row.command or "",
        exit_code=row.exit_code,
        sync_ended=row.sync_ended,
        sync_code=row.sync_code,
        held=deserialize_data(row.counts).get(HELD_ROWS) if row.counts else None,
        holder=spoken(row.owner) if held else "",
        held_since=row.acquired_at if held else None,
    )
