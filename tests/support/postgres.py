"""A real PostgreSQL server for tests, started here and gone afterwards."""

from __future__ import annotations

import atexit
import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

USER = "okrsync"
PASSWORD = "p%40ss/w:rd"  # as a careless person would choose it: it needs quoting in a URL
QUOTED = "p%2540ss%2Fw%3Ard"


class Server:
    """A server that listens on a socket in ``folder`` only. ``fresh`` makes one more empty database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def url(self, database: str, *, user: str = USER, password: str = QUOTED) -> str:
        return f"postgresql://{user}:{password}@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.folder), user=USER, password=PASSWORD, dbname=database, autocommit=True
        )

    def fresh(self) -> str:
        """The URL of a database that is empty."""
        self._made += 1
        name = f"ledger_{self._made}"
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)


@cache
def running() -> Server:
    """The one server of this test process, started at the first call; it ends with the process."""
    stack = ExitStack()
    server = stack.enter_context(serving())
    atexit.register(stack.close)
    return server


@contextmanager
def serving() -> Iterator[Server]:
    """Start a server, or skip the test if there are no binaries; on CI that is a failure."""
    initdb, control = _binary("initdb"), _binary("pg_ctl")
    if initdb is None or control is None:
        reason = (
            "NO POSTGRESQL HERE: initdb and pg_ctl were not found, so nothing about PostgreSQL was tested"
        )
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # A short path: a socket's is limited to some hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="okrsync-pg-", dir="/tmp"))
    account = _account(folder)
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    data, log = folder / "data", folder / "log"
    try:
        secret.chmod(0o644)
        auth = ("--auth=scram-sha-256", f"--username={USER}", f"--pwfile={secret}")
        _run(initdb, "--pgdata", data, "--no-sync", "--encoding=UTF8", "--locale=C", *auth, **account)
        options = f"-c fsync=off -c listen_addresses='' -c unix_socket_directories={folder}"
        _run(control, "start", "--wait", "--pgdata", data, "--log", log, "--options", options, **account)
        try:
            yield Server(folder)
        finally:
            _run(control, "stop", "--wait", "--mode=immediate", "--pgdata", data, **account)
    finally:
        shutil.rmtree(folder)


def _binary(name: str) -> str | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/bin", *map(str, places)])
    return shutil.which(name, path=search)


def _account(folder: Path) -> dict[str, Any]:
    """Whom to run the server as: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name for entry in pwd.getpwall()}
    name = next((name for name in ("postgres", "nobody") if name in known), getpass.getuser())
    who = pwd.getpwnam(name)
    os.chown(folder, who.pw_uid, who.pw_gid)
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def _run(*command: str | Path, **account: Any) -> None:
    # The output goes to a file: the server inherits it, and a pipe would stay open as long as it lives.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(part) for part in command], stdout=output, stderr=output, check=False, cwd="/", **account
        )
        output.seek(0)
        assert done.returncode == 0, f"{command[0]}: {output.read()}"
