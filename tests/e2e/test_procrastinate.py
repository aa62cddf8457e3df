"""What of Procrastinate serves okrsync's workers, and what does not: docs/decisions.md, many companies."""

from __future__ import annotations

import asyncio
import signal
import threading
from functools import partial
from pathlib import Path

import procrastinate
import psycopg
import pytest
from procrastinate.schema import SchemaManager

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.loopback import Fault
from tests.e2e.test_cluster import cluster, until, workers
from tests.support.postgres import running

pytestmark = pytest.mark.postgres


def test_its_own_retry_leaves_a_job_running_for_ever_if_the_company_waits_again() -> None:
    """A company that is enqueued again while its run fails: the retry breaks the queueing lock, and nobody ends the job."""
    url = running().fresh()
    with psycopg.connect(url) as connection:
        connection.execute(SchemaManager.get_schema())

    async def play() -> None:
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

        @app.task(name="sync", retry=procrastinate.RetryStrategy(max_attempts=3, wait=600))
        async def sync() -> None:
            await app.configure_task(
                "sync", lock="acme", queueing_lock="acme", schedule_in={"hours": 1}
            ).defer_async()
            raise TimeoutError

        async with app.open_async():
            await app.configure_task("sync", lock="acme", queueing_lock="acme").defer_async()
            await app.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="always")

    asyncio.run(play())  # it logs the broken lock and goes on
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT status FROM procrastinate_jobs ORDER BY id").fetchall()
    assert rows == [("doing",), ("todo",)]


def test_a_dead_worker_s_company_is_put_back_although_all_others_are_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A periodic task of Procrastinate would wait for a free place: as long as the longest run of the living."""
    with cluster(tmp_path, monkeypatch, 2, alone=1) as (made, _):
        asked = [threading.Event(), threading.Event()]
        answer = threading.Event()

        def hold_up(number: int) -> None:
            asked[number].set()
            answer.wait(120)

        for number, notion in enumerate(made.notions):
            notion.server.faults.append(Fault(where="query", prelude=partial(hold_up, number)))
        main(["enqueue", "--all"], Context())
        with workers(tmp_path, 2, "--at-once", "1") as started:
            until(lambda: all(one.is_set() for one in asked), "both work", tmp_path)
            started[0].send_signal(signal.SIGKILL)
            until(
                lambda: "has died; it is put back" in (tmp_path / "log").read_text(encoding="utf-8"),
                "the other one, which is busy, takes over",
                tmp_path,
            )
            answer.set()
            until(lambda: made.shown() == made.expected(), "all is written", tmp_path)
            started[1].send_signal(signal.SIGTERM)
            assert started[1].wait(timeout=120) == 0
        assert set(made.patches().values()) == {1}
