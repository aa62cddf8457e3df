"""Many machines: a real PostgreSQL, several workers, one of them killed with -9 midway.

``OKRSYNC_TEST_COMPANIES`` says how many companies (60 where it does not), ``OKRSYNC_TEST_WORKERS`` how many workers (3).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.loopback import Fault
from okrsync.testing import JumpClock
from tests.support.fleet import Fleet, Timed, fleet
from tests.support.postgres import running

pytestmark = pytest.mark.postgres
COMPANIES = int(os.environ.get("OKRSYNC_TEST_COMPANIES", "60"))
WORKERS = int(os.environ.get("OKRSYNC_TEST_WORKERS", "3"))
RATE, BURST = 20, 10
STALLED_AFTER = "3"


@contextmanager
def cluster(
    folder: Path, monkeypatch: pytest.MonkeyPatch, companies: int, **how: Any
) -> Iterator[tuple[Fleet, str]]:
    url = running().fresh()
    with fleet(folder, companies, **how) as made:
        made.move_in(monkeypatch, url)
        yield made, url


@contextmanager
def workers(folder: Path, count: int, *words: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = [sys.executable, "-m", "okrsync", "worker", "--stalled-after", STALLED_AFTER, *words]
    with ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("ab"))
        started = [
            subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ)) for _ in range(count)
        ]
        try:
            yield started
        finally:
            for one in started:
                one.kill()
                one.wait()


def until(true: Callable[[], Any], what: str, folder: Path) -> None:
    for _ in range(max(120, COMPANIES) * 10):
        if true():
            return
        threading.Event().wait(0.1)
    raise AssertionError(f"in vain: {what}\n{(folder / 'log').read_text(encoding='utf-8')[-3000:]}")


def waiting(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'okrsync.sync'"
        ).fetchone()
    return int(row[0]) if row else 0


def overdrawn(arrivals: Timed, rate: float, burst: float) -> float:
    """By how many requests a bucket of ``rate`` and ``burst`` was overdrawn at the server at the most."""
    level, most, last = burst, 0.0, None
    for moment in arrivals.moments:
        level = min(burst, level + (moment - (last if last is not None else moment)) * rate) - 1
        last, most = moment, max(most, -level)
    return most


def test_a_worker_dies_and_nothing_is_lost_doubled_or_overdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    how = {"alone": 4, "rate": RATE, "burst": BURST}
    with cluster(tmp_path, monkeypatch, COMPANIES, **how) as (made, url):
        assert main(["enqueue", "--all"], Context()) == 0
        assert capsys.readouterr().out == f"{COMPANIES} enqueued, 0 waiting already\n"
        assert main(["enqueue", "--all"], Context()) == 0
        assert capsys.readouterr().out == f"0 enqueued, {COMPANIES} waiting already\n"
        with workers(tmp_path, WORKERS, "--at-once", "4") as started:
            writes = COMPANIES * made.key_results
            until(lambda: made.count("^PATCH") > writes / 3, "a third is written", tmp_path)
            started[0].send_signal(signal.SIGKILL)
            until(lambda: waiting(url) == 0, "the queue is empty", tmp_path)
            for one in started[1:]:
                one.send_signal(signal.SIGTERM)
            assert [one.wait(timeout=120) for one in started[1:]] == [0] * (WORKERS - 1)
        assert made.shown() == made.expected()
        assert set(made.patches().values()) == {1}
        for arrivals in made.arrivals:
            # A request may be on its way for a while: as much slack as half a second on a busy machine.
            assert overdrawn(arrivals, RATE, BURST) <= RATE / 2
        assert "has died; it is put back" in (tmp_path / "log").read_text(encoding="utf-8")
        made.forget()
        assert main(["sync", "--all"], Context()) == 0
        assert made.count("^PATCH") == 0


def test_workers_enqueue_who_is_due_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cluster(tmp_path, monkeypatch, 4, schedule="0 7 * * *") as (made, url):
        with workers(tmp_path, 2) as started:
            until(lambda: made.shown() == made.expected(), "the minute comes, and all are due", tmp_path)
            until(lambda: waiting(url) == 0, "the queue is empty", tmp_path)
            for one in started:
                one.send_signal(signal.SIGTERM)
            assert [one.wait(timeout=120) for one in started] == [0, 0]
        assert set(made.patches().values()) == {1}
        made.forget()
        # Who was enqueued as due, and was synced meanwhile, is not synced a second time.
        assert main(["enqueue", "--due"], Context()) == 0
        assert waiting(url) == 0


def test_the_health_of_a_worker_is_asked_as_a_scheduler_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("OKRSYNC_HEALTH", str(tmp_path / "health.json"))
    now = datetime.now(tz=UTC)

    def health(after: float = 0) -> int:
        return main(["health"], Context(clock=JumpClock(now + timedelta(seconds=after))))

    with cluster(tmp_path, monkeypatch, 1) as (made, _):
        assert health() == 3
        assert "nobody says in" in capsys.readouterr().err
        asked, answer = threading.Event(), threading.Event()

        def hold_up() -> None:
            asked.set()
            answer.wait(120)

        made.notions[0].server.faults.append(Fault(where="query", prelude=hold_up))
        main(["enqueue", "--all"], Context())
        with workers(tmp_path, 1) as (one,):
            until(asked.is_set, "a run is under way", tmp_path)
            began = said(tmp_path)
            until(lambda: said(tmp_path) > began, "a run that lasts does not silence it", tmp_path)
            capsys.readouterr()
            assert health() == 0
            assert capsys.readouterr().out == "okrsync worker is alive: 1 running, 0 not in sync\n"
            one.send_signal(signal.SIGSTOP)  # it hangs, as it would in an endless loop
            assert health(after=29 + (said(tmp_path) - now).total_seconds()) == 0
            assert health(after=31 + (said(tmp_path) - now).total_seconds()) == 3
            complaint = capsys.readouterr().err
            assert "okrsync worker, which writes to" in complaint
            assert "was last heard 31 s ago" in complaint
            assert "restart okrsync worker" in complaint
            one.send_signal(signal.SIGCONT)
            answer.set()
            one.send_signal(signal.SIGTERM)
            assert one.wait(timeout=120) == 0
        assert health() == 3


def said(folder: Path) -> datetime:
    """When the worker gave its last sign of life."""
    return datetime.fromisoformat(json.loads((folder / "health.json").read_text(encoding="utf-8"))["at"])


def test_sigterm_puts_back_what_was_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cluster(tmp_path, monkeypatch, 1, key_results=24) as (made, url):
        main(["enqueue", "--all"], Context())
        started: list[subprocess.Popen[bytes]] = []

        def terminate() -> None:
            started[0].send_signal(signal.SIGTERM)

        made.notions[0].server.faults.append(Fault(where="^PATCH", skip=1, postlude=terminate))
        with workers(tmp_path, 1) as some:
            started.extend(some)
            assert some[0].wait(timeout=120) == 0
        # More rows than are written side by side, so that some are still to come when the signal does.
        assert 2 <= made.count("^PATCH") < 24
        assert waiting(url) == 1
        with workers(tmp_path, 1, "--until-idle") as some:
            assert some[0].wait(timeout=120) == 0
        assert made.shown() == made.expected()
        assert set(made.patches().values()) == {1}


def test_a_run_without_an_answer_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cluster(tmp_path, monkeypatch, 1) as (made, url):
        main(["enqueue", "--all"], Context())
        fault = Fault(where="", times=1, status=429, headers={"Retry-After": "900"})
        made.notions[0].server.faults.append(fault)
        with workers(tmp_path, 1, "--until-idle") as some:
            assert some[0].wait(timeout=120) == 0
        with psycopg.connect(url) as connection:
            rows = connection.execute(
                "SELECT args, scheduled_at - now() BETWEEN '20 s' AND '60 s' FROM procrastinate_jobs"
                " WHERE task_name = 'okrsync.sync'"
            ).fetchall()
        assert rows == [({"name": "c00000", "attempt": 1, "only_due": False}, True)]


def test_companies_without_a_server_in_common_cannot_be_spread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "acme.yaml").write_text("company: acme\n", encoding="utf-8")
    monkeypatch.setenv("OKRSYNC_CONFIG", str(tmp_path))
    monkeypatch.setenv("OKRSYNC_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    commands: Sequence[list[str]] = (["enqueue", "--all"], ["worker"])
    for command in commands:
        assert main(command, Context()) == 2
        assert "many machines need a ledger on PostgreSQL" in capsys.readouterr().err
    assert main(["enqueue", "acne"], Context()) == 2
    assert "did you mean 'acme'?" in capsys.readouterr().err


def test_no_password_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    (tmp_path / "acme.yaml").write_text("company: acme\n", encoding="utf-8")
    monkeypatch.setenv("OKRSYNC_CONFIG", str(tmp_path))
    monkeypatch.setenv("OKRSYNC_LEDGER", running().url("nowhere", password="s3cret"))
    assert main(["enqueue", "--all"], Context()) in {3, 12}
    assert "s3cret" not in "".join(capsys.readouterr())
