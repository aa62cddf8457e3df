"""The token bucket that machines share, on a real PostgreSQL: two processes' worth of limiters on one row."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from okrsync.cli.context import WallClock
from okrsync.fleet.limits import TABLE, SharedLimiter
from okrsync.http import Limiter, limiter, make_limiters
from okrsync.ledger.database import Database, connected
from okrsync.testing import JumpClock
from tests.support.postgres import running

pytestmark = pytest.mark.postgres


@pytest.fixture
def databases() -> Iterator[tuple[Database, Database]]:
    url = running().fresh()
    with psycopg.connect(url) as connection:
        connection.execute(TABLE)
    one, two = connected(url), connected(url)
    yield one, two
    one.close()
    two.close()


def drained(limiters: list[Limiter], seconds: float) -> list[float]:
    """The moments at which requests went out while everybody asked for ``seconds`` as fast as he could."""
    moments: list[float] = []
    end = time.monotonic() + seconds

    def ask(limit: Limiter) -> None:
        while time.monotonic() < end:
            limit.take()
            moments.append(time.monotonic())

    threads = [threading.Thread(target=ask, args=(limit,)) for limit in limiters for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(moments)


def most_in(moments: list[float], span: float) -> int:
    return max(sum(start <= moment < start + span for moment in moments) for start in moments)


def test_two_machines_together_keep_one_limit(databases: tuple[Database, Database]) -> None:
    rate, burst = 40, 10
    limiters: list[Limiter] = [
        SharedLimiter(one, WallClock(), ("notion", "s3cret"), rate, burst) for one in databases
    ]
    moments = drained(limiters, 1.5)
    assert most_in(moments, 1.0) <= burst + rate + 4  # four threads may each be late by one
    assert len(moments) >= burst + rate  # and it is used, not only kept


def test_credentials_do_not_wait_for_each_other_and_are_not_kept(
    databases: tuple[Database, Database],
) -> None:
    clock = JumpClock()
    for token in ("s3cret-1", "s3cret-2"):
        limit = SharedLimiter(databases[0], clock, ("notion", token), 0.001, 3)
        for _ in range(3):
            limit.take()
    assert clock.slept == []
    with databases[0].reading() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM okrsync_limits").all())
    assert "s3cret" not in kept


def test_who_is_asked_to_wait_stops_everybody(databases: tuple[Database, Database]) -> None:
    clock = JumpClock()
    one, two = (SharedLimiter(database, clock, "token", 100, 50) for database in databases)
    one.take()
    one.pause(7)
    with pytest.raises(StopIteration):
        _take_until_told(two, clock)
    assert 6.5 < clock.slept[0] <= 7


def _take_until_told(limit: Limiter, clock: JumpClock) -> None:
    """JumpClock's sleep does not move the server's clock: one sleep is enough to see."""

    def sleep(seconds: float) -> None:
        clock.slept.append(seconds)
        raise StopIteration

    clock.sleep = sleep  # type: ignore[method-assign]
    limit.take()


def test_who_sleeps_through_a_pause_looks_again(databases: tuple[Database, Database]) -> None:
    asleep = threading.Event()

    class Noticed(WallClock):
        def sleep(self, seconds: float) -> None:
            asleep.set()
            super().sleep(seconds)

    one = SharedLimiter(databases[0], WallClock(), "token", 3, 1)
    two = SharedLimiter(databases[1], Noticed(), "token", 3, 1)
    one.take()
    went: list[float] = []

    def wait() -> None:
        two.take()
        went.append(time.monotonic())

    thread = threading.Thread(target=wait)
    thread.start()
    assert asleep.wait(timeout=120)  # it has reserved its moment, a third of a second from now
    began = time.monotonic()
    one.pause(0.9)
    thread.join()
    assert went[0] - began >= 0.85


def test_a_row_that_was_lost_is_made_again(databases: tuple[Database, Database]) -> None:
    limit = SharedLimiter(databases[0], JumpClock(), "token", 10, 5)
    limit.take()
    with databases[1].writing() as connection:
        connection.exec_driver_sql("TRUNCATE okrsync_limits")
    limit.take()


def test_limiters_are_made_by_whom_the_clock_was_given_to(databases: tuple[Database, Database]) -> None:
    clock, other = JumpClock(), JumpClock()
    make_limiters(
        clock, lambda credential, rate, burst: SharedLimiter(databases[0], clock, credential, rate, burst)
    )
    assert isinstance(limiter(clock, "token", rate=3, burst=10), SharedLimiter)
    assert limiter(clock, "token", rate=3, burst=10) is limiter(clock, "token", rate=3, burst=10)
    assert type(limiter(other, "token", rate=3, burst=10)) is Limiter
