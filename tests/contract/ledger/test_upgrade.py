"""A ledger of an older okrsync, with what stood in it: upgraded once, whole or not at all, and fit for many companies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event, text

from okrsync.errors import ConfigError, ExitCode
from okrsync.ledger import open_ledger, schema
from okrsync.ledger.database import connected
from okrsync.ledger.revision import HEAD
from okrsync.ledger.store import SqlLedger
from okrsync.ledger.transactions import Transaction, Values
from okrsync.memory import RunFinished, RunStarted
from okrsync.testing import JumpClock
from okrsync.testing.ledger import DAY
from tests.support.ledger_process import beside, hear
from tests.support.postgres import running
from tests.support.statements import heard

HOUR = timedelta(hours=1)
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db" if request.param == "sqlite" else running().fresh()


# company, run, command, hours after DAY, exit code
RUNS = [
    ("acme", "r1", "sync", 1, ExitCode.IN_SYNC),
    ("acme", "r2", "sync", 3, ExitCode.ACCESS),
    ("acme", "r3", "sync", 2, ExitCode.HELD),
    ("acme", "r4", "sync", 4, ExitCode.INTERRUPTED),
    ("acme", "r5", "adopt", 5, ExitCode.IN_SYNC),
    ("beta", "r6", "adopt", 6, ExitCode.IN_SYNC),
    ("gamma", "r1", "sync", 7, ExitCode.IN_SYNC),
    ("delta", "r5", "sync", 8, ExitCode.INTERRUPTED),
]
LAST = {"acme": DAY + 3 * HOUR, "gamma": DAY + 7 * HOUR}


def made_at(revision: str, url: str) -> None:
    """A ledger as the okrsync of ``revision`` made it, with ``RUNS`` in it."""
    with closing(connected(url)) as database, database.writing() as connection:
        config = Config(attributes={"connection": connection, "version_table": "okrsync_schema"})
        config.set_main_option("script_location", str(schema._FOLDER))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, revision)
        for company, run, what, hours, code in RUNS:
            at = (DAY + hours * HOUR).replace(tzinfo=None if database.kind == "sqlite" else DAY.tzinfo)
            row = {"company": company, "run": run, "command": what, "at": f"{at:%Y-%m-%d %H:%M:%S.%f%z}"}
            connection.execute(
                text(
                    "INSERT INTO okrsync_starts (company, run, command, at) VALUES (:company, :run, :command, :at)"
                ),
                row,
            )
            connection.execute(
                text(
                    "INSERT INTO okrsync_finishes (company, run, at, exit_code, digest, counts)"
                    " VALUES (:company, :run, :at, :code, '', '{}')"
                ),
                row | {"code": int(code)},
            )


@contextmanager
def plans(ledger: SqlLedger) -> Iterator[list[str]]:
    """How the database goes about each statement, on a table as large as it can get."""
    said: list[str] = []

    def explain(transaction: Transaction, statement: str, values: Values) -> None:
        word = "EXPLAIN QUERY PLAN"
        if transaction.kind == "postgresql":
            word = "EXPLAIN"
            transaction.change("SET LOCAL enable_seqscan = off", [{}])
        said.append("\n".join(str(row[-1]) for row in transaction.rows(f"{word} {statement}", values)))

    with heard(ledger, asked=explain):
        yield said


def version(url: str) -> str:
    with closing(connected(url)) as database, database.reading() as connection:
        return str(connection.scalar(text("SELECT version_num FROM okrsync_schema")))


def test_what_an_old_ledger_knew_the_new_one_knows(url: str) -> None:
    made_at("0001", url)
    with open_ledger(url, JumpClock()) as ledger:
        assert version(url) == HEAD
        assert ledger.last_syncs() == LAST
        last = ledger.recall("acme").last_run
        assert last is not None
        assert (last.run, last.at) == ("r5", DAY + 5 * HOUR)
        # What was begun before the upgrade and ends after it counts too.
        ledger.record("beta", RunStarted(run="r8", command="sync", at=DAY))
        ledger.record("beta", RunFinished(run="r8", at=DAY + 9 * HOUR, exit_code=ExitCode.IN_SYNC))
        assert ledger.last_syncs() == LAST | {"beta": DAY + 9 * HOUR}


def test_the_last_sync_is_the_latest_that_got_to_its_end(url: str) -> None:
    with open_ledger(url, JumpClock(DAY + 24 * HOUR)) as ledger:
        for company, run, what, hours, code in RUNS:
            ledger.record(company, RunStarted(run=run, command=what, at=DAY))
            ledger.record(company, RunFinished(run=run, at=DAY + hours * HOUR, exit_code=code))
        ledger.record("acme", RunFinished(run="never begun", at=DAY + 10 * HOUR, exit_code=ExitCode.IN_SYNC))
        assert ledger.last_syncs() == LAST
        assert ledger.last_syncs("acme") == {"acme": LAST["acme"]}
        assert ledger.last_syncs("beta") == {}


def test_two_programs_that_open_an_old_ledger_at_once(url: str) -> None:
    made_at("0001", url)
    with ExitStack() as stack:
        with closing(connected(url)) as database, database.writing() as connection:
            if database.kind == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": schema._LOCK})
            both = [stack.enter_context(beside("upgrade", url)) for _ in range(2)]
            # Both have seen that it is old, and wait for this transaction to upgrade it.
            assert [hear(one) for one in both] == ["looked"] * 2
            for _ in range(2400):
                if database.kind == "sqlite" or connection.scalar(text(WAITING)) == 2:
                    break
                threading.Event().wait(0.05)
            else:
                pytest.fail("both go about it at the same time")
        assert [hear(one) for one in both] == ["open"] * 2
    with open_ledger(url, JumpClock()) as ledger:
        assert ledger.last_syncs() == LAST


def test_killed_in_front_of_each_statement_of_the_upgrade(tmp_path: Path) -> None:
    made_at("0001", f"sqlite:///{tmp_path}/old.db")
    with beside("killed_opening", f"sqlite:///{tmp_path}/new.db", f"{tmp_path}/old.db") as process:
        survived = int(hear(process))
    assert survived > 4, "an index, a table, what stands in it, and the version"
    for moment in range(1, survived + 1):
        with open_ledger(f"sqlite:///{tmp_path}/new.db{moment}", JumpClock()) as ledger:
            assert ledger.last_syncs() == LAST


def test_an_upgrade_that_fails_leaves_the_old_ledger(url: str) -> None:
    made_at("0001", url)

    def fail(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO okrsync_syncs"):
            raise RuntimeError("the power is gone")

    event.listen(Engine, "after_cursor_execute", fail)
    try:
        with pytest.raises(RuntimeError):
            open_ledger(url, JumpClock())
    finally:
        event.remove(Engine, "after_cursor_execute", fail)
    assert version(url) == "0001"
    with open_ledger(url, JumpClock()) as ledger:
        assert ledger.last_syncs() == LAST


def test_a_ledger_of_a_newer_program_is_refused_and_left_alone(url: str) -> None:
    open_ledger(url, JumpClock()).close()
    with closing(connected(url)) as database:
        with database.writing() as connection:
            connection.execute(text("UPDATE okrsync_schema SET version_num = '0999'"))
            connection.execute(text("DROP TABLE okrsync_puts"))
        newer = f"written by a newer okrsync: its schema is 0999, and this program knows {HEAD}"
        with pytest.raises(ConfigError, match=newer) as caught:
            open_ledger(url, JumpClock())
        assert "install the newer okrsync" in caught.value.hint
        assert version(url) == "0999"
        with database.reading() as connection:
            assert not connection.dialect.has_table(connection, "okrsync_puts")


def test_who_is_due_costs_a_line_for_each_company_however_many_runs_there_were(url: str) -> None:
    with open_ledger(url, JumpClock()) as ledger:
        ledger.record("acme", *(RunStarted(run=f"r{run}", command="sync", at=DAY) for run in range(30)))
        with plans(ledger) as looked:
            ledger.last_syncs()
            ledger.last_syncs("acme")
        with plans(ledger) as ended:
            ledger.record("acme", RunFinished(run="r7", at=DAY, exit_code=ExitCode.IN_SYNC))
    every, one = looked
    assert "okrsync_syncs" in every
    assert "okrsync_syncs_pkey" in one or "sqlite_autoindex_okrsync_syncs" in one
    assert not [plan for plan in looked if "okrsync_starts" in plan or "okrsync_finishes" in plan]
    (kept,) = [plan for plan in ended if "okrsync_starts" in plan]
    assert "okrsync_starts_by_run" in kept
