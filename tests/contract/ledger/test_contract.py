from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from okrsync.ledger import open_ledger
from okrsync.ledger.database import connected
from okrsync.ledger.revision import HEAD
from okrsync.ledger.statements import COLUMNS
from okrsync.ledger.store import SqlLedger
from okrsync.ledger.tables import leases, metadata
from okrsync.memory import (
    Entry,
    Intended,
    Intent,
    Landed,
    MeasuredBaseline,
    Observed,
    Outcome,
    StateEntry,
    Withdrawn,
)
from okrsync.testing import JumpClock
from okrsync.testing.ledger import DAY, LedgerCase, LedgerContract, sighting
from tests.support.postgres import running
from tests.support.statements import heard

Opened = Callable[..., SqlLedger]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state/ledger.db" if request.param == "sqlite" else running().fresh()


@pytest.fixture
def clock() -> JumpClock:
    """After all that the tests record: a time still to come would not count."""
    return JumpClock(DAY + timedelta(days=30))


@pytest.fixture
def opened(url: str, clock: JumpClock) -> Iterator[Opened]:
    with ExitStack() as stack:

        def another(**more: Any) -> SqlLedger:
            return stack.enter_context(open_ledger(url, clock, **more))

        yield another


class TestSqlLedger(LedgerContract):
    @pytest.fixture
    def case(self, opened: Opened) -> LedgerCase:
        return LedgerCase(open=opened, lapsing=lambda: opened(ttl=timedelta(0)))


@contextmanager
def counted(ledger: SqlLedger) -> Iterator[list[str]]:
    said: list[str] = []

    with heard(ledger, before=said.append):
        yield said


def many(size: int) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(size):
        reading = sighting("bugs", str(number), DAY)
        both = {"a": Intent(before=None, after="x"), "b": Intent(before=None, after="x")}
        entries += [
            Landed(run="r", row=f"put-{number}", values={"a": "x", "b": True}),
            Intended(run="r", row=f"row-{number}", values=both),
            Withdrawn(run="r", row=f"row-{number}", addresses=("a",)),
            Observed(run="r", reading=reading),
            MeasuredBaseline(subject=f"KR-{number}", reading=reading),
            Outcome(run="r", subject=f"KR-{number}", at=DAY, detail={}),
            StateEntry(connection="jira", key=f"n-{number}", value="x"),
            StateEntry(connection="jira", key=f"gone-{number}", value=None),
        ]
    return entries


def test_the_number_of_statements_does_not_grow_with_the_entries(opened: Opened) -> None:
    ledger = opened()
    numbers = {}
    for size in (1, 300):
        with counted(ledger) as recording:
            ledger.record(f"company-{size}", *many(size))
        with counted(ledger) as recalling:
            assert len(ledger.recall(f"company-{size}").last_written) == 2 * size
        with counted(ledger) as looking:
            assert len(ledger.history(f"company-{size}", "bugs", DAY, DAY + timedelta(1))) == size
        numbers[size] = [len(said) for said in (recording, recalling, looking)]
    assert numbers[1] == numbers[300]
    assert numbers[1] == [9, 6, 1]


def test_one_moment_is_recalled_while_another_program_writes(opened: Opened) -> None:
    reader, writer = opened(), opened()
    writer.record("acme", *many(1))
    before = reader.recall("acme")

    def meddle(statement: str) -> None:
        if "FROM okrsync_puts" in statement:
            writer.record("acme", *many(2))

    with heard(reader, after=meddle):
        assert reader.recall("acme") == before
    assert len(reader.recall("acme").last_written) == 4


def test_threads_share_one_ledger(opened: Opened) -> None:
    ledger = opened()

    def work(number: int) -> int:
        with ledger.hold(f"company-{number}") as lease:
            for _ in range(5):
                ledger.record(f"company-{number}", *many(number))
                lease.renew()
        return len(ledger.recall(f"company-{number}").last_written)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(1, 9))) == [2 * number for number in range(1, 9)]


def test_the_migrations_make_the_tables_that_are_used(opened: Opened, url: str) -> None:
    opened()
    with closing(connected(url)) as database, database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "okrsync_schema"})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


def test_the_newest_migration_is_the_one_the_program_expects() -> None:
    import okrsync.ledger

    folder = Path(okrsync.ledger.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


def test_the_statements_name_the_columns_of_the_tables() -> None:
    for name, (keys, others) in COLUMNS.items():
        table = metadata.tables[f"okrsync_{name}"]
        assert {column.name for column in table.primary_key} == ({*keys} or {"id"})
        assert [one.name for one in table.c if one.name != "id"] == [*keys, *others]
    assert {f"okrsync_{name}" for name in COLUMNS} == set(metadata.tables)


def test_alembic_is_loaded_only_to_migrate_and_sqlalchemy_only_for_postgresql(
    opened: Opened, url: str
) -> None:
    opened()
    program = """
import sys
import okrsync.ledger
assert not {"sqlalchemy", "alembic", "psycopg", "sqlite3"} & sys.modules.keys()
from okrsync.testing.clock import JumpClock
okrsync.ledger.open_ledger(sys.argv[1], JumpClock()).close()
assert ("sqlalchemy" in sys.modules) is sys.argv[1].startswith("postgres")
assert not {"alembic", "sqlalchemy.orm"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program, url], check=True)


def test_a_database_can_be_shared_with_another_program(opened: Opened, url: str) -> None:
    opened()
    with closing(connected(url)) as database, database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('theirs')")
        connection.exec_driver_sql("CREATE TABLE puts (id INTEGER)")
    ledger = opened()
    ledger.record("acme", *many(1))
    assert ledger.recall("acme").state == {("jira", "n-0"): "x"}


def test_a_heart_keeps_the_lease_alive(opened: Opened, url: str, clock: JumpClock) -> None:
    holder = opened(interval=timedelta(milliseconds=5))
    beaten = threading.Semaphore(0)

    def note(statement: str) -> None:
        if statement == "COMMIT" and threading.current_thread() is not threading.main_thread():
            beaten.release()

    with heard(holder, after=note), holder.hold("acme"):
        for _ in range(3):
            clock.jump(50)
            # Of two commits that follow the jump, the second began after it.
            while beaten.acquire(blocking=False):
                pass
            assert beaten.acquire(timeout=120)
            assert beaten.acquire(timeout=120)
        with closing(connected(url)) as database, database.reading() as connection:
            row = connection.execute(leases.select()).one()
        assert row.heartbeat_at > row.acquired_at
        assert row.expires_at - row.heartbeat_at == timedelta(seconds=60)
        assert row.token == 1
    assert clock.slept == []
