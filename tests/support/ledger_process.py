"""Programs that tests of the ledger run beside themselves and kill: -m tests.support.ledger_process PROGRAM URL.

What a program has done it says in one line on stdout; it goes on when a line comes in on stdin.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Engine, event

from okrsync.errors import Busy
from okrsync.ledger import open_ledger, sqlite_file
from okrsync.ledger.transactions import Transaction
from okrsync.memory import Entry, Intended, Intent, Landed, Observed, Outcome, RunFinished, StateEntry
from okrsync.model import COUNT, Evidence, Reading, Stored
from okrsync.testing import JumpClock

CELLS = 200
DAY = datetime(2026, 11, 23, 6, tzinfo=UTC)


@contextmanager
def beside(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """One of these programs, killed if it still runs at the end."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.support.ledger_process", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def hear(process: subprocess.Popen[str]) -> str:
    return pipe(process.stdout).readline().strip()


def tell(process: subprocess.Popen[str]) -> None:
    pipe(process.stdin).write("\n")
    pipe(process.stdin).flush()


def entries(number: int) -> list[Entry]:
    """One of everything a ledger keeps; all of it says ``number``."""
    run, at, value = f"run-{number}", DAY + timedelta(seconds=number), Decimal(number)
    reading = Reading(
        metric="bugs", value=value, unit=COUNT, as_of=at, evidence=Evidence(source="jira", query="q")
    )
    values: dict[str, Stored] = {f"cell-{cell}": value for cell in range(CELLS)}
    return [
        Landed(run=run, row="row", values=values),
        Intended(run=run, row="row", values={"next": Intent(before=value, after="y")}),
        Observed(run=run, reading=reading),
        Outcome(run=run, subject="KR-1", at=at, detail={"number": number}),
        StateEntry(connection="jira", key="number", value=str(number)),
        RunFinished(run=run, at=at, exit_code=number),
    ]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def loop(url: str, company: str) -> None:
    """Record 1, 2, 3 ... and say each number when ``record`` has returned, for ever."""
    with open_ledger(url, JumpClock()) as ledger:
        for number in count(1):
            ledger.record(company, *entries(number))
            say(str(number))


def hold(url: str) -> None:
    """Wait for a word; open the ledger, hold acme until the next word, and say how that went."""
    say("ready")
    sys.stdin.readline()
    with open_ledger(url, JumpClock()) as ledger:
        try:
            with ledger.hold("acme"):
                say("held")
                sys.stdin.readline()
        except Busy as error:
            say(f"busy: {error}".replace("\n", " "))
            sys.stdin.readline()


def _die_at(moment: int) -> None:
    """From now on, kill this process in front of the ``moment``-th statement or commit."""
    left = count(1)

    def maybe(*_: Any) -> None:
        if next(left) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", maybe)
    event.listen(Engine, "commit", maybe)
    _before_each_in_a_file(maybe)


def _before_each_in_a_file(maybe: Callable[[], None]) -> None:
    """As the events of SQLAlchemy, for what goes to a file without it."""
    opened: Any = sqlite_file._Open
    rows, change, writing = opened.rows, opened.change, sqlite_file.SqliteFile.writing

    def first_rows(self: Any, statement: str, values: Any) -> Any:
        maybe()
        return rows(self, statement, values)

    def first_change(self: Any, statement: str, values: Any) -> Any:
        maybe()
        return change(self, statement, values)

    @contextmanager
    def to_be_committed(self: sqlite_file.SqliteFile) -> Iterator[Transaction]:
        with writing(self) as transaction:
            yield transaction
            maybe()

    opened.rows, opened.change = first_rows, first_change
    sqlite_file.SqliteFile.writing = to_be_committed  # type: ignore[method-assign]


def killed(url: str) -> None:
    """Record into company N over an older state, dying in front of moment N, until a process survives; say N."""
    for moment in count(1):
        pid = os.fork()
        if pid == 0:
            with open_ledger(url, JumpClock()) as ledger:
                ledger.record(str(moment), *entries(1))
                _die_at(moment)
                ledger.record(str(moment), *entries(2))
            os._exit(0)
        if os.waitpid(pid, 0)[1] == 0:
            say(str(moment))
            return


def upgrade(url: str) -> None:
    """Open the ledger; say so when its version was first looked at, and when it is open."""
    said = count()

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if "version_num" in statement and next(said) == 0:
            say("looked")

    event.listen(Engine, "after_cursor_execute", note)
    open_ledger(url, JumpClock()).close()
    say("open")


def killed_opening(url: str, old: str = "") -> None:
    """As ``killed``, while the ledger at URL + N is created, or upgraded from a copy of the file ``old``."""
    for moment in count(1):
        if old:
            shutil.copy(old, f"{url}{moment}".removeprefix("sqlite:///"))
        pid = os.fork()
        if pid == 0:
            _die_at(moment)
            open_ledger(f"{url}{moment}", JumpClock()).close()
            os._exit(0)
        if os.waitpid(pid, 0)[1] == 0:
            say(str(moment))
            return


if __name__ == "__main__":
    # Loaded beforehand, so that programs that go on together also create the tables together.
    import_module("alembic.command")
    programs: dict[str, Callable[..., None]] = {
        "loop": loop,
        "hold": hold,
        "killed": killed,
        "killed_opening": killed_opening,
        "upgrade": upgrade,
    }
    programs[sys.argv[1]](*sys.argv[2:])
