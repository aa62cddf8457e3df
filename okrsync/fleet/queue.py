"""Share companies between machines by a queue: Procrastinate on the ledger's PostgreSQL.

A company waits in the queue at most once and is run by one worker at a time; the ledger's lease guards it a second time.
All workers are equal: each enqueues what is due (one of them each minute), takes jobs, and takes over the jobs of
workers that have died.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.schema import SchemaManager
from sqlalchemy import URL

from okrsync.errors import Busy, ConfigError, ExitCode, Unavailable
from okrsync.fleet.health import Health
from okrsync.fleet.limits import TABLE
from okrsync.fleet.runs import CompanyRun
from okrsync.fleet.stop import Stop
from okrsync.ledger.address import address, place

STALLED_AFTER: Final = 30.0
"""A worker that has given no sign of life for so many seconds is dead: any other takes over its jobs.

It gives three signs in this time, and the others look as often: a job goes on after 4/3 of it at the latest. If the
dead one was on another machine, its lease on the company must end too (60 s); until then the job is tried again.
"""

RETRY_AFTER: Final = (60, 300, 900)
"""Seconds until a company is tried again whose run was turned away or got no answer; then not before it is due again."""

_QUEUE: Final = "okrsync"
_SYNC, _ENQUEUE = "okrsync.sync", "okrsync.enqueue_due"
_EVERY_MINUTE: Final = "* * * * *"
# Any two numbers that other users of the same server's advisory locks are not likely to take.
_PREPARING, _TAKING_OVER = 0x6F6B7273796E71, 0x6F6B7273796E74

_log = logging.getLogger("okrsync.queue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a worker does. ``run`` syncs one company (with True: only if it is still due, else None); ``due`` lists the due.

    Both are called in threads, ``at_once`` at a time. ``heard`` gets every run that has ended. The event loop writes
    the signs of life of ``health``, so that they stop if it hangs.
    """

    run: Callable[[str, bool], CompanyRun | None]
    due: Callable[[], Iterable[str]]
    heard: Callable[[CompanyRun], None]
    at_once: int
    health: Health
    stalled_after: float = STALLED_AFTER


def enqueue(url: str | None, names: Iterable[str], *, only_due: bool) -> tuple[int, int]:
    """Put the companies into the queue; return how many were put there, and how many waited there already.

    Raises ``ConfigError`` if the ledger is not on PostgreSQL, ``Unavailable`` if that does not answer.
    """
    where = _prepared(url)
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=_conninfo(where)))
    put = waiting = 0
    with _explained(where), app.open():
        for name in names:
            try:
                app.configure_task(_SYNC, queue=_QUEUE, lock=name, queueing_lock=name).defer(
                    name=name, only_due=only_due, attempt=0
                )
                put += 1
            except AlreadyEnqueued:
                waiting += 1
    return put, waiting


def work(url: str | None, work: Work, stop: Stop, *, until_idle: bool = False) -> None:
    """Take jobs until SIGTERM or SIGINT; then ``stop`` the runs under way, and put back what was cut short.

    With ``until_idle`` until none waits. Raises as ``enqueue``.
    """
    where = _prepared(url)
    with _explained(where):
        asyncio.run(_work(where, work, stop, until_idle=until_idle))


async def _work(where: URL, work: Work, stop: Stop, *, until_idle: bool) -> None:
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(work.at_once + 1, thread_name_prefix="company")
    app = _app(where, work, pool)
    third = work.stalled_after / 3
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[_QUEUE],
                concurrency=work.at_once,
                wait=not until_idle,
                install_signal_handlers=False,
                update_heartbeat_interval=third,
                stalled_worker_timeout=work.stalled_after,
                # The ledger keeps what happened; the queue only what is to be done.
                delete_jobs="always",
            )
        )

        def end() -> None:
            stop.set()
            worker.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        besides = [
            asyncio.create_task(_keep_taking_over(app, where, work.stalled_after)),
            asyncio.create_task(_keep_saying(work.health)),
        ]
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await worker
        finally:
            for task in besides:
                task.cancel()
            pool.shutdown()
            work.health.end()


def _app(where: URL, work: Work, pool: ThreadPoolExecutor) -> procrastinate.App:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=_conninfo(where)))

    async def put(name: str, *, only_due: bool, attempt: int, wait: int) -> None:
        with contextlib.suppress(AlreadyEnqueued):
            await app.configure_task(
                _SYNC, queue=_QUEUE, lock=name, queueing_lock=name, schedule_in={"seconds": wait}
            ).defer_async(name=name, only_due=only_due, attempt=attempt)

    @app.task(name=_SYNC)
    async def sync(*, name: str, only_due: bool, attempt: int) -> None:
        ended = await asyncio.get_running_loop().run_in_executor(
            pool, lambda: work.health.watched(name, lambda: work.run(name, only_due))
        )
        if ended is None:
            return
        work.heard(ended)
        # Procrastinate's own retry would fail if the company already waits again.
        if ended.code is ExitCode.INTERRUPTED:
            await put(name, only_due=only_due, attempt=attempt, wait=0)
        elif isinstance(ended.error, Busy | Unavailable) and attempt < len(RETRY_AFTER):
            await put(name, only_due=False, attempt=attempt + 1, wait=RETRY_AFTER[attempt])

    @app.periodic(cron=_EVERY_MINUTE)
    @app.task(name=_ENQUEUE, queue=_QUEUE, queueing_lock=_ENQUEUE, pass_context=False)
    async def enqueue_due(timestamp: int) -> None:  # noqa: ARG001 - Procrastinate passes the minute
        for name in await asyncio.get_running_loop().run_in_executor(pool, lambda: list(work.due())):
            await put(name, only_due=True, attempt=0, wait=0)

    return app


async def _keep_saying(health: Health) -> None:
    while True:
        health.say()
        await asyncio.sleep(health.beat)


async def _keep_taking_over(app: procrastinate.App, where: URL, stalled_after: float) -> None:
    while True:
        await asyncio.sleep(stalled_after / 3)
        try:
            await _take_over(app, where, stalled_after)
        except (ConnectorException, psycopg.Error) as error:
            _log.warning("jobs of dead workers could not be looked for: %s", type(error).__name__)


async def _take_over(app: procrastinate.App, where: URL, stalled_after: float) -> None:
    async with _alone(where) as alone:
        if not alone:
            return
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled_after):
            assert job.id is not None
            _log.warning(
                "the worker of %s has died; it is put back", job.task_kwargs.get("name", job.task_name)
            )
            try:
                await app.job_manager.retry_job(job)
            except UniqueViolation:
                # The company waits already: what was cut short has nothing left to do.
                await app.job_manager.finish_job(job, procrastinate.jobs.Status.FAILED, delete_job=True)


@contextlib.asynccontextmanager
async def _alone(where: URL) -> AsyncIterator[bool]:
    """True for one worker at a time: a job that is put back twice could run twice at once."""
    async with await psycopg.AsyncConnection.connect(_conninfo(where), autocommit=True) as connection:
        cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", [_TAKING_OVER])
        row = await cursor.fetchone()
        yield row is not None and bool(row[0])


def _prepared(url: str | None) -> URL:
    """The queue's address; its tables are created if they are missing."""
    where = address(url)
    if not where.drivername.startswith("postgresql"):
        raise ConfigError(
            f"many machines need a ledger on PostgreSQL, and {place(where)} is on one machine",
            hint="set OKRSYNC_LEDGER to postgresql://USER:PASSWORD@HOST/NAME; okrsync ledger copy moves what is known",
        )
    with _explained(where), psycopg.connect(_conninfo(where)) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_PREPARING])
        connection.execute(TABLE)
        found = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if found is None or found[0] is None:
            connection.execute(SchemaManager.get_schema())
    return where


@contextlib.contextmanager
def _explained(where: URL) -> Iterator[None]:
    try:
        yield
    except (ConnectorException, psycopg.Error) as error:
        said = " ".join(str(error.__cause__ or error).split())
        if where.password:
            said = said.replace(where.password, "***")
        raise Unavailable(
            f"{place(where)} does not answer: {said}", hint="start the server, or check OKRSYNC_LEDGER"
        ) from error


def _conninfo(where: URL) -> str:
    return where.set(drivername="postgresql").render_as_string(hide_password=False)
