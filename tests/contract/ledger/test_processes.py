"""The ledger among real processes: killed at any moment, racing, frozen."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from okrsync.errors import Busy
from okrsync.ledger import open_ledger
from okrsync.ledger.owner import is_gone, spoken, this_process
from okrsync.memory import Memory
from okrsync.testing import JumpClock
from tests.support import ledger_process
from tests.support.ledger_process import beside, hear, pipe, tell
from tests.support.postgres import running
from tests.support.statements import heard

Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db" if request.param == "sqlite" else running().fresh()


@pytest.fixture
def started() -> Iterator[Started]:
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(beside(*arguments))


def whole(memory: Memory) -> int:
    """The number that everything in ``memory`` says; fails if two of its parts disagree."""
    assert memory.last_run is not None
    number = memory.last_run.exit_code
    day = ledger_process.DAY + timedelta(seconds=number)
    assert len(memory.last_written) == ledger_process.CELLS
    assert set(memory.last_written.values()) == {Decimal(number)}
    assert [intent.before for intent in memory.intents.values()] == [Decimal(number)]
    assert memory.outcomes["KR-1"].detail == {"number": number}
    assert memory.outcomes["KR-1"].at == day
    assert memory.state == {("jira", "number"): str(number)}
    return number


def test_a_killed_recorder_leaves_all_of_a_record_or_nothing(url: str, started: Started) -> None:
    with open_ledger(url, JumpClock()) as ledger:
        for wanted in (1, 7, 4):
            company = f"killed after {wanted}"
            process = started("loop", url, company)
            while (said := int(hear(process))) < wanted:
                pass
            os.kill(process.pid, signal.SIGKILL)
            rest = pipe(process.stdout).read().split()
            returned = int(rest[-1]) if rest else said
            number = whole(ledger.recall(company))
            assert returned <= number <= returned + 1
            until = ledger_process.DAY + timedelta(days=1)
            seen = ledger.history(company, "bugs", ledger_process.DAY, until)
            assert [reading.value for reading in seen] == list(range(1, len(seen) + 1))
            assert number <= len(seen) <= returned + 1


def test_killed_in_front_of_each_statement(url: str, started: Started) -> None:
    with open_ledger(url, JumpClock()) as ledger:
        survived = int(hear(started("killed", url)))
        assert survived > 7, "a record has at least a statement for each kind of entry, and its commit"
        for moment in range(1, survived):
            assert whole(ledger.recall(str(moment))) == 1, moment
        assert whole(ledger.recall(str(survived))) == 2


def test_killed_in_front_of_each_statement_of_the_migration(tmp_path: Path, started: Started) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    survived = int(hear(started("killed_opening", url)))
    assert survived > 10, "there are nine tables"
    for moment in range(1, survived + 1):
        with open_ledger(f"{url}{moment}", JumpClock()) as ledger:
            ledger.record("acme", *ledger_process.entries(1))
            assert whole(ledger.recall("acme")) == 1


def test_of_racing_processes_one_holds_the_lease_of_a_new_ledger(url: str, started: Started) -> None:
    processes = [started("hold", url) for _ in range(4)]
    assert [hear(process) for process in processes] == ["ready"] * 4
    for process in processes:
        tell(process)
    said = {process.pid: hear(process) for process in processes}
    (winner,) = (pid for pid, words in said.items() if words == "held")
    losers = [words for pid, words in said.items() if pid != winner]
    assert all(f"acme is held by process {winner} on {socket.gethostname()}" in words for words in losers)
    for process in processes:
        tell(process)
        assert process.wait() == 0
    with open_ledger(url, JumpClock()) as ledger, ledger.hold("acme"):
        pass


@pytest.mark.parametrize("buried", [True, False])
def test_the_lease_of_a_killed_process_is_taken_over_at_once(
    url: str, started: Started, buried: bool
) -> None:
    process = started("hold", url)
    tell(process)
    assert [hear(process), hear(process)] == ["ready", "held"]
    with open_ledger(url, JumpClock()) as ledger:
        with (
            pytest.raises(Busy, match=rf"process {process.pid} on .*, since 20\d\d-.* until 20\d\d-"),
            ledger.hold("acme"),
        ):
            pass
        os.kill(process.pid, signal.SIGKILL)
        if buried:
            process.wait()
        else:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with ledger.hold("acme") as lease:
            lease.renew()


def test_a_frozen_process_keeps_its_lease_until_that_ends(tmp_path: Path, started: Started) -> None:
    url, clock = f"sqlite:///{tmp_path}/ledger.db", JumpClock()
    process = started("hold", url)
    tell(process)
    assert [hear(process), hear(process)] == ["ready", "held"]
    os.kill(process.pid, signal.SIGSTOP)
    with open_ledger(url, clock) as ledger:
        clock.jump(59.9)
        with pytest.raises(Busy), ledger.hold("acme"):
            pass
        clock.jump(0.1)
        with ledger.hold("acme") as lease:
            os.kill(process.pid, signal.SIGCONT)
            tell(process)
            assert process.wait() == 0
            lease.renew()


def test_an_owner_elsewhere_is_believed_until_its_lease_ends(tmp_path: Path) -> None:
    url, clock = f"sqlite:///{tmp_path}/ledger.db", JumpClock()
    theirs, ours = open_ledger(url, clock, owner="elsewhere:1:2.3"), open_ledger(url, clock)
    with theirs, ours, theirs.hold("acme"):
        told_so = r"process 1 on elsewhere, since 2026-11-23 06:00:00 UTC .* 2026-11-23 06:01:00 UTC"
        with pytest.raises(Busy, match=told_so), ours.hold("acme"):
            pass
        clock.jump(60)
        with ours.hold("acme"):
            pass


@pytest.mark.postgres
def test_machines_need_not_agree_on_the_time_where_a_server_has_one() -> None:
    url, late = running().fresh(), JumpClock()
    late.jump(1e9)
    theirs, ours = open_ledger(url, JumpClock(), owner="elsewhere:1:2.3"), open_ledger(url, late)
    with theirs, ours, theirs.hold("acme") as lease:
        with pytest.raises(Busy), ours.hold("acme"):
            pass
        lease.renew()
        with pytest.raises(Busy), ours.hold("acme"):
            pass


@pytest.mark.postgres
def test_a_dead_holder_has_one_heir() -> None:
    url, clock = running().fresh(), JumpClock()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = this_process().replace(f":{os.getpid()}:", f":{ended.pid}:", 1)
    with (
        open_ledger(url, clock, owner=dead) as late,
        open_ledger(url, clock) as quick,
        open_ledger(url, clock) as slow,
        ExitStack() as leases,
    ):
        leases.enter_context(late.hold("acme"))
        looked: list[str] = []

        def meanwhile(statement: str) -> None:
            if "FROM okrsync_leases" in statement:
                looked.append(statement)
                if len(looked) == 1:
                    leases.enter_context(quick.hold("acme"))

        with (
            heard(slow, after=meanwhile),
            pytest.raises(Busy, match=str(os.getpid())),
            slow.hold("acme"),
        ):
            pass
        assert len(looked) == 2, "before it tries, and after it failed"


def test_who_is_gone() -> None:
    me = this_process()
    host, pid, start = me.split(":", 2)
    birth, world = start.split(".", 1)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_gone(f"{host}:{ended.pid}:{birth}.{world}")
    assert is_gone(f"{host}:{pid}:1{birth}.{world}"), "another process has this number now"
    assert not is_gone(me)
    assert not is_gone(f"other{host}:{ended.pid}:{birth}.{world}")
    assert not is_gone(f"{host}:{ended.pid}:{birth}.another container")
    assert not is_gone(f"{host}:{ended.pid}:?")
    assert not is_gone("worker-7")
    assert not is_gone("")
    assert spoken(me) == f"process {pid} on {host}"
    assert spoken("worker-7") == "worker-7"
