"""What goes wrong with a ledger, in the operator's words and without a secret."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import stat
import threading
import traceback
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from okrsync.errors import AccessError, ConfigError, DataError, OkrsyncError, Unavailable
from okrsync.ledger import database, lease, open_ledger, schema, sqlite_file
from okrsync.ledger.faults import explained
from okrsync.ledger.store import SqlLedger
from okrsync.ledger.transactions import OverSqlalchemy
from okrsync.memory import StateEntry
from okrsync.testing import JumpClock
from tests.support import postgres
from tests.support.postgres import PASSWORD, QUOTED, Server, running

SECRET = "hunter2"
NOTE = StateEntry(connection="jira", key="k", value="v" * 10_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def ledger(file: Path) -> Iterator[SqlLedger]:
    with open_ledger(f"sqlite:///{file}", JumpClock()) as ledger:
        yield ledger


def refused(url: str | None, kind: type[OkrsyncError], *words: str) -> None:
    """ConnectorContext ``url`` fails with exactly ``kind``, says ``words`` and a hint, and tells no password anywhere."""
    with pytest.raises(OkrsyncError) as caught:
        open_ledger(url, JumpClock())
    assert type(caught.value) is kind, caught.value
    for word in words:
        assert word in str(caught.value)
    assert caught.value.hint
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    for secret in (SECRET, PASSWORD, QUOTED):
        assert secret not in shown


# ---- the URL


@pytest.mark.parametrize(
    "url",
    [
        "ledger.db",
        "",
        f"postgres://u:{SECRET}@h:{SECRET}/x",
        f"mysql://u:{SECRET}@h/x",
        f"postgresql+asyncpg://u:{SECRET}@h/x",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/ledger.db",
        "sqlite:////tmp/ledger.db?mode=memory",
    ],
)
def test_a_url_that_is_none_of_a_ledger(url: str) -> None:
    refused(url, ConfigError, "OKRSYNC_LEDGER")


def test_by_default_it_is_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    open_ledger(None, JumpClock()).close()
    assert (tmp_path / "okrsync" / "ledger.db").is_file()


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    open_ledger("sqlite:///~/100%/a.db", JumpClock()).close()
    assert (tmp_path / "100%" / "a.db").is_file()


@pytest.mark.parametrize("path", ["here/b.db", "b.db", "./b.db", "../b.db"])
def test_a_relative_path_is_refused_with_the_absolute_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """running.md, 8: from every folder it was another ledger."""
    monkeypatch.chdir(tmp_path)
    refused(f"sqlite:///{path}", ConfigError, f"sqlite:///{tmp_path / path}, with four slashes")
    assert list(tmp_path.iterdir()) == []


def test_the_home_of_nobody_is_refused() -> None:
    refused("sqlite:///~nobody-at-all/b.db", ConfigError, "unknown user")


def test_the_program_may_be_installed_anywhere(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(schema._FOLDER, tmp_path / "100%" / "migrations")
    monkeypatch.setattr(schema, "_FOLDER", tmp_path / "100%" / "migrations")
    open_ledger(f"sqlite:///{file}", JumpClock()).close()


# ---- SQLite


def test_only_its_owner_may_read_it(ledger: SqlLedger, file: Path) -> None:
    ledger.record("acme", NOTE)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_is_recorded_survives_a_power_cut(ledger: SqlLedger) -> None:
    asked = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    for transaction in (ledger._database.reading, ledger._database.writing):
        with transaction() as opened:
            assert {name: opened.rows(f"PRAGMA {name}", {})[0][0] for name in asked} == asked


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(
        f"sqlite:///{tmp_path}/file/ledger.db", ConfigError, f"{tmp_path}/file/ledger.db", "OKRSYNC_LEDGER"
    )
    refused(f"sqlite:///{tmp_path}", ConfigError, f"{tmp_path} cannot be written")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    refused(f"sqlite:///{tmp_path}/ledger.db", ConfigError, "Permission denied")


def test_a_file_that_is_no_database(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("I am a letter, not a ledger. " * 100)
    refused(f"sqlite:///{file}", ConfigError, f"{file} is not a database")
    assert file.read_text().startswith("I am a letter")


def test_a_damaged_file(ledger: SqlLedger, file: Path) -> None:
    ledger.record("acme", NOTE)
    ledger.close()
    size = file.stat().st_size
    with file.open("r+b") as raw:
        raw.seek(4096)
        raw.write(b"\xff" * (size - 4096))
    with pytest.raises(DataError, match="is damaged"):
        ledger.recall("acme")


def again_with(pragma: str, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ledger open its connections again, and say ``pragma`` to them."""
    ledger._database.close()
    monkeypatch.setattr(sqlite_file, "PRAGMAS", (*sqlite_file.PRAGMAS, pragma))


def test_a_disk_that_is_full(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    with ledger._database.reading() as transaction:
        ((pages,),) = transaction.rows("PRAGMA page_count", {})
    again_with(f"PRAGMA max_page_count = {pages}", ledger, monkeypatch)
    with pytest.raises(Unavailable, match="full"):
        ledger.record("acme", NOTE)
    assert ledger.recall("acme").state == {}


def test_a_file_that_may_only_be_read(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    again_with("PRAGMA query_only = ON", ledger, monkeypatch)
    with pytest.raises(ConfigError, match="cannot be written"):
        ledger.record("acme", NOTE)


def test_another_program_that_writes_for_too_long(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT", 0)
    monkeypatch.setattr(sqlite_file, "WAIT", 0)
    with open_ledger(f"sqlite:///{file}", JumpClock()) as ledger:
        raw = sqlite3.connect(file, isolation_level=None)
        raw.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="being written by another program"):
            ledger.record("acme", NOTE)
        with pytest.raises(Unavailable):
            ledger.hold("acme").__enter__()
        assert ledger.recall("acme").state == {}, "reading goes on"
        open_ledger(f"sqlite:///{file}", JumpClock()).close()
        raw.close()
        ledger.record("acme", NOTE)


def test_a_bug_stays_a_bug(ledger: SqlLedger) -> None:
    with pytest.raises(sqlite3.OperationalError), ledger._database.writing() as transaction:
        transaction.rows("SELECT * FROM nowhere", {})
    with pytest.raises(sqlite3.IntegrityError) as caught, ledger._database.writing() as transaction:
        transaction.change("INSERT INTO okrsync_puts (company) VALUES (:value)", [{"value": SECRET}])
    assert SECRET not in str(caught.value)


# ---- PostgreSQL


def test_a_server_that_does_not_answer() -> None:
    url = f"postgres://okr:{SECRET}@127.0.0.1:1/ledger"
    refused(url, Unavailable, "ledger ledger on 127.0.0.1:1", "Connection refused")


def test_a_password_in_the_servers_words_is_struck_out() -> None:
    said = psycopg.OperationalError(f'invalid connection "host=h password={SECRET}"\n  really')
    known = explained(OperationalError(None, None, said), "the ledger", SECRET)
    assert isinstance(known, Unavailable)
    assert known.message == 'the ledger does not answer: invalid connection "host=h password=***" really'


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_without_postgresql_the_tests_are_skipped_loudly_but_never_on_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(postgres, "_binary", lambda name: None)
    with pytest.raises(outcome, match="NO POSTGRESQL HERE"):
        postgres.serving().__enter__()


@pytest.fixture
def server() -> Server:
    return running()


@pytest.mark.postgres
@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_its_url(server: Server, scheme: str) -> None:
    with open_ledger(server.fresh().replace("postgresql", scheme, 1), JumpClock()) as ledger:
        ledger.record("acme", NOTE)


@pytest.mark.postgres
def test_a_server_that_refuses_us(server: Server) -> None:
    refused(server.url("postgres", password=SECRET), AccessError, "password authentication failed", "okrsync")
    refused(server.url("postgres", user="stranger"), AccessError, "stranger")
    refused(server.url("postgres").replace(f":{QUOTED}", ""), AccessError, "no password supplied")
    refused(server.url("nowhere"), ConfigError, 'database "nowhere" does not exist', "create the database")
    refused(f"{server.url('postgres')}&nonsense=1", ConfigError, "nonsense")


@pytest.mark.postgres
def test_a_user_that_may_not_make_tables(server: Server) -> None:
    url = server.fresh()
    with server.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS guest")
        connection.execute(f"CREATE ROLE guest LOGIN PASSWORD '{SECRET}'")
    refused(
        url.replace(f"okrsync:{QUOTED}", f"guest:{SECRET}"),
        AccessError,
        "permission denied for schema public",
    )


def engine_of(ledger: SqlLedger) -> Engine:
    assert isinstance(ledger._database, OverSqlalchemy)
    return ledger._database.database.engine


@pytest.mark.postgres
def test_a_connection_that_broke_while_idle_is_replaced(server: Server) -> None:
    with open_ledger(server.fresh(), JumpClock()) as ledger:
        ledger.record("acme", NOTE)
        _cut(server, engine_of(ledger))
        assert ledger.recall("acme").state == {("jira", "k"): NOTE.value}


@pytest.mark.postgres
def test_a_connection_that_breaks_midway_leaves_nothing(server: Server) -> None:
    url = server.fresh()
    with open_ledger(url, JumpClock()) as ledger:
        engine = engine_of(ledger)
        event.listen(engine, "commit", lambda _: _cut(server, engine))
        with pytest.raises(Unavailable, match="does not answer"):
            ledger.record("acme", NOTE)
        with open_ledger(url, JumpClock()) as other:
            assert other.recall("acme").state == {}


def _cut(server: Server, engine: Engine) -> None:
    name = engine.url.database
    with server.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
        )


# ---- the lease


def test_a_beat_that_fails_is_logged_and_the_next_one_tried(
    caplog: pytest.LogCaptureFixture, ledger: SqlLedger
) -> None:
    ended, beats = threading.Event(), []

    class Failing(lease._Held):
        def renew(self) -> None:
            beats.append(1)
            if len(beats) == 3:
                ended.set()
            raise Unavailable("the ledger does not answer")

    terms = lease.Terms(
        database=ledger._database, clock=JumpClock(), owner="me", ttl=timedelta(1), interval=timedelta(0)
    )
    lease._beat(Failing(terms, "acme", 1), ended)
    assert len(beats) == 3
    assert caplog.messages == ["the lease of acme could not be renewed: the ledger does not answer"] * 3


def test_a_heart_stops_when_the_lease_was_taken_over(
    caplog: pytest.LogCaptureFixture, ledger: SqlLedger
) -> None:
    terms = lease.Terms(
        database=ledger._database, clock=JumpClock(), owner="me", ttl=timedelta(1), interval=timedelta(0)
    )
    with ledger.hold("acme"):
        lease._beat(lease._Held(terms, "acme", 0), threading.Event())
    (message,) = caplog.messages
    assert message.startswith("acme was taken over by process")


def test_a_lease_that_cannot_be_given_back_hides_no_error(
    caplog: pytest.LogCaptureFixture, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        again_with("PRAGMA query_only = ON", ledger, monkeypatch)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), ledger.hold("acme"):
        work()
    assert caplog.record_tuples[0][:2] == ("okrsync.ledger", logging.WARNING)
    assert "could not be given back" in caplog.text
