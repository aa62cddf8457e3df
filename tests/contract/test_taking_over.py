"""Whose jobs are taken over, when, and how often: on a real PostgreSQL, at moments that a test chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import procrastinate
import psycopg
import pytest
from sqlalchemy import make_url

from okrsync.fleet import queue
from okrsync.fleet.queue import enqueue
from tests.support.postgres import running

pytestmark = pytest.mark.postgres

AFTER = 30.0


class Yard:
    """One company's job, and the worker that does it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
        self.worker = 0

    async def begin(self) -> int:
        """A worker takes the next job; its worker is returned."""
        worker = await self.app.job_manager.register_worker()
        assert await self.app.job_manager.fetch_job(queues=["okrsync"], worker_id=worker) is not None
        return worker

    async def silent(self, worker: int, seconds: float) -> None:
        """The worker was last heard so long ago."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            await connection.execute(
                "UPDATE procrastinate_workers SET last_heartbeat = now() - make_interval(secs => %s) WHERE id = %s",
                [seconds, worker],
            )

    async def take_over(self) -> None:
        await queue._take_over(self.app, make_url(self.url), AFTER)

    async def jobs(self) -> list[str]:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            rows = await (
                await connection.execute("SELECT status FROM procrastinate_jobs ORDER BY id")
            ).fetchall()
        return [str(row[0]) for row in rows]


def in_yard(act: Callable[[Yard], Awaitable[None]]) -> None:
    url = running().fresh()
    assert enqueue(url, ["acme"], only_due=False) == (1, 0)

    async def go() -> None:
        yard = Yard(url)
        async with yard.app.open_async():
            await act(yard)

    asyncio.run(go())


def test_a_worker_is_dead_when_it_has_been_silent_for_so_long_and_not_before() -> None:
    async def act(yard: Yard) -> None:
        worker = await yard.begin()
        await yard.take_over()
        await yard.silent(worker, AFTER - 1)
        await yard.take_over()
        assert await yard.jobs() == ["doing"]
        await yard.silent(worker, AFTER + 1)
        await yard.take_over()
        assert await yard.jobs() == ["todo"]

    in_yard(act)


def test_what_was_put_back_is_another_worker_s_and_stays_so() -> None:
    async def act(yard: Yard) -> None:
        await yard.silent(await yard.begin(), AFTER + 1)
        await yard.take_over()
        await yard.begin()
        await yard.take_over()
        assert await yard.jobs() == ["doing"]

    in_yard(act)


def test_the_job_of_a_worker_that_nobody_remembers_is_put_back() -> None:
    async def act(yard: Yard) -> None:
        await yard.silent(await yard.begin(), AFTER + 1)
        # Procrastinate's own workers strike dead ones off their list.
        assert len(await yard.app.job_manager.prune_stalled_workers(AFTER)) == 1
        await yard.take_over()
        assert await yard.jobs() == ["todo"]

    in_yard(act)


def test_while_one_worker_takes_over_no_other_does() -> None:
    async def act(yard: Yard) -> None:
        await yard.silent(await yard.begin(), AFTER + 1)
        async with queue._alone(make_url(yard.url)) as alone:
            assert alone
            await yard.take_over()
            assert await yard.jobs() == ["doing"]
        await yard.take_over()
        assert await yard.jobs() == ["todo"]

    in_yard(act)


def test_of_two_that_look_at_the_same_time_one_puts_it_back(caplog: pytest.LogCaptureFixture) -> None:
    async def act(yard: Yard) -> None:
        await yard.silent(await yard.begin(), AFTER + 1)
        await asyncio.gather(*(yard.take_over() for _ in range(8)))
        assert await yard.jobs() == ["todo"]

    in_yard(act)
    assert caplog.text.count("the worker of acme has died; it is put back") == 1


def test_a_company_that_waits_again_already_waits_once() -> None:
    async def act(yard: Yard) -> None:
        await yard.silent(await yard.begin(), AFTER + 1)
        assert await asyncio.to_thread(enqueue, yard.url, ["acme"], only_due=False) == (1, 0)
        assert await yard.jobs() == ["doing", "todo"]
        await yard.take_over()
        assert await yard.jobs() == ["todo"]

    in_yard(act)
