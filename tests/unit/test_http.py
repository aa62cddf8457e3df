from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from okrsync.errors import Unavailable
from okrsync.http import LATE, Again, Limiter, limiter, patiently, retry_after
from okrsync.testing import JumpClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Busy(Exception):
    def __init__(self, after: float | None = None, *, busy: bool = False) -> None:
        super().__init__("busy")
        self.after = after
        self.busy = busy


def answering(*errors: Exception) -> Callable[[], str]:
    queue = list(errors)

    def call() -> str:
        if queue:
            raise queue.pop(0)
        return "done"

    return call


def again(error: Exception) -> Again | None:
    return Again("it is busy", error.after, busy=error.busy) if isinstance(error, Busy) else None


def patient(call: Callable[[], str], clock: JumpClock, limit: Limiter | None = None) -> str:
    return patiently(call, clock=clock, limit=limit or Limiter(clock, 1000, 1000), again=again, what="Jira")


def test_it_waits_as_long_as_the_server_asks_and_no_longer_than_it_must() -> None:
    clock = JumpClock()
    assert patient(answering(Busy(7), Busy(2.5)), clock) == "done"
    assert clock.slept == [7, 2.5]


def test_every_wait_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="okrsync.http"):
        patient(answering(Busy(7)), JumpClock())
    assert caplog.messages == ["Jira: it is busy; trying again in 7.0 s"]


def test_without_a_word_from_the_server_the_wait_grows_and_is_jittered() -> None:
    clock = JumpClock()
    assert patient(answering(*[Busy() for _ in range(5)]), clock) == "done"
    assert all(0 <= wait <= 2**tries for tries, wait in enumerate(clock.slept, start=1))
    assert len(set(clock.slept)) == 5


def test_patience_ends_after_six_tries() -> None:
    clock = JumpClock()
    with pytest.raises(Unavailable, match="Jira: it is busy after 6 tries"):
        patient(answering(*[Busy(1) for _ in range(9)]), clock)
    assert clock.slept == [1] * 5


def test_a_connection_that_is_refused_at_once_is_tried_three_times() -> None:
    def nobody() -> str:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError as error:
            raise Busy from error

    clock = JumpClock()
    with pytest.raises(Unavailable, match=r"it is busy; no program listens .* refused at once after 3 tries"):
        patient(nobody, clock)
    assert len(clock.slept) == 2
    assert sum(clock.slept) <= 2 + 4


def test_a_wait_beyond_the_deadline_is_not_begun_and_closes_no_door() -> None:
    clock = JumpClock()
    limit = Limiter(clock, 1000, 1000)
    with pytest.raises(Unavailable, match="after 1 try; it asked to wait 3600 s"):
        patient(answering(Busy(3600)), clock, limit)
    assert clock.slept == []
    assert patient(answering(), clock, limit) == "done"
    assert clock.slept == []


def test_after_too_many_requests_nobody_sends_one_who_cannot_wait_so_long() -> None:
    clock = JumpClock()
    limit = Limiter(clock, 1000, 1000)
    with pytest.raises(Unavailable, match="after 1 try; it asked to wait 3600 s"):
        patient(answering(Busy(3600, busy=True)), clock, limit)
    with pytest.raises(Unavailable, match="Jira: it is busy; it asked to wait 3600 s, so nothing was sent"):
        patient(answering(KeyError("never asked")), clock, limit)
    assert clock.slept == []
    clock.jump(3500)
    assert patient(answering(), clock, limit) == "done", "it is over before patience would end"
    clock.jump(100)
    assert patient(answering(), clock, limit) == "done"


class TogetherClock(JumpClock):
    """Time for ``workers`` threads: it moves to the next one's waking when all are asleep or done."""

    def __init__(self, workers: int) -> None:
        super().__init__()
        self._awake = workers
        self._wakings: list[float] = []
        self._turn = threading.Condition()

    def sleep(self, seconds: float) -> None:
        with self._turn:
            waking = self._passed + seconds
            self._wakings.append(waking)
            self._awake -= 1
            self._move_on()
            assert self._turn.wait_for(lambda: self._passed >= waking, timeout=120)

    def done(self) -> None:
        with self._turn:
            self._awake -= 1
            self._move_on()

    def _move_on(self) -> None:
        if self._awake == 0 and self._wakings:
            self._passed = min(self._wakings)
            due = [one for one in self._wakings if one <= self._passed]
            self._wakings = [one for one in self._wakings if one > self._passed]
            self._awake += len(due)
            self._turn.notify_all()


class Server:
    """Takes ``most`` requests in any one second."""

    def __init__(self, clock: JumpClock, most: int) -> None:
        self._clock, self._most = clock, most
        self._taken: list[float] = []
        self._lock = threading.Lock()
        self.refused = self.taken = 0

    def __call__(self) -> str:
        with self._lock:
            now = self._clock.monotonic()
            self._taken = [moment for moment in self._taken if now - moment < 1 - 1e-6]
            if len(self._taken) >= self._most:
                self.refused += 1
                raise Busy(1, busy=True)
            self._taken.append(now)
            self.taken += 1
            return "done"


def side_by_side(clock: TogetherClock, server: Server, workers: int, each: int) -> float:
    """How long ``workers`` need for ``each`` requests, at three in a second and ten at once."""
    limit = Limiter(clock, rate=3, burst=10)

    def work() -> None:
        try:
            for _ in range(each):
                patient(server, clock, limit)
        finally:
            clock.done()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=120)
    return clock.monotonic()


def test_a_server_that_allows_no_burst_is_asked_nearly_as_fast_as_it_allows() -> None:
    clock = TogetherClock(10)
    server = Server(clock, most=3)
    passed = side_by_side(clock, server, 10, 30)
    assert server.taken == 300
    assert server.refused <= 20
    assert passed <= 300 / 3 * 1.15


def test_a_server_that_allows_less_than_three_a_second_is_found_out() -> None:
    clock = TogetherClock(10)
    server = Server(clock, most=2)
    passed = side_by_side(clock, server, 10, 30)
    assert server.taken == 300
    assert passed <= 300 / 2 * 1.35


def test_a_server_that_allows_the_burst_is_not_asked_more_slowly() -> None:
    clock = TogetherClock(10)
    server = Server(clock, most=10 + 3)
    passed = side_by_side(clock, server, 10, 30)
    assert server.refused == 0
    assert passed == pytest.approx(LATE + (300 - 10) / 3)


def test_ten_minutes_after_the_last_refusal_the_burst_is_tried_again() -> None:
    clock = JumpClock()
    limit = Limiter(clock, rate=3, burst=10)
    for _ in range(4):
        patient(answering(), clock, limit)
    patient(answering(Busy(1, busy=True)), clock, limit)
    clock.jump(60)
    before = clock.monotonic()
    for _ in range(4):
        limit.take()
    assert clock.monotonic() - before == pytest.approx(LATE + 1.0)
    clock.jump(600)
    before = clock.monotonic()
    for _ in range(10):
        limit.take()
    assert clock.monotonic() == before


def test_one_refusal_without_a_burst_says_nothing_against_bursts() -> None:
    clock = JumpClock()
    limit = Limiter(clock, rate=3, burst=10)
    patient(answering(Busy(1, busy=True)), clock, limit)
    for _ in range(9):
        patient(answering(), clock, limit)
    assert clock.slept == [1]


def test_what_cannot_be_repeated_goes_up_as_it_is() -> None:
    clock = JumpClock()
    with pytest.raises(KeyError):
        patient(answering(KeyError("bug")), clock)
    assert clock.slept == []


def test_a_limiter_spends_its_burst_then_keeps_the_rate() -> None:
    clock = JumpClock()
    limit = Limiter(clock, rate=2, burst=3)
    for _ in range(5):
        limit.take()
    assert clock.monotonic() == pytest.approx(LATE + 1.0)
    clock.jump(100)
    before = clock.monotonic()
    for _ in range(3):
        limit.take()
    assert clock.monotonic() == before


def test_three_requests_are_no_burst_at_however_low_a_rate() -> None:
    limit = Limiter(JumpClock(), rate=0.75, burst=10)
    assert [limit.sent().in_a_burst for _ in range(4)] == [False, False, False, True]


def test_a_first_request_that_arrives_late_brings_no_later_one_over_the_limit() -> None:
    clock = JumpClock()
    limit = Limiter(clock, rate=3, burst=10)
    left, counted_at = 10.0, 0.0  # the server's own bucket, full until the first request arrives
    for number in range(60):
        limit.take()
        if number in {0, 40}:
            clock.jump(LATE)  # opens a connection
        arrived = clock.monotonic()
        left = min(10.0, left + (arrived - counted_at) * 3) - 1
        counted_at = arrived
        assert left > -1e-6
        if number == 39:
            clock.jump(100)  # all is quiet; what comes then is a burst again


def test_the_rate_is_kept_though_every_sleep_takes_a_little_longer() -> None:
    class Slow(JumpClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds + 0.01)

    clock = Slow()
    limit = Limiter(clock, rate=3, burst=1)
    for _ in range(31):
        limit.take()
    assert clock.monotonic() <= LATE + 30 * (1 / 3 + 0.01) + 1e-6


def test_a_pause_stops_everybody_who_shares_the_credential() -> None:
    class Asleep(Exception):
        pass

    class OneSleeper(JumpClock):
        def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)
            raise Asleep

    clock = OneSleeper()
    limit = Limiter(clock, 1000, 1000)
    with pytest.raises(Asleep):
        patient(answering(Busy(9)), clock, limit)
    with pytest.raises(Asleep):
        limit.take()
    assert clock.slept == [9, 9]


def test_one_limiter_for_one_credential_and_none_left_behind() -> None:
    clock, other = JumpClock(), JumpClock()
    assert limiter(clock, "token", rate=3, burst=1) is limiter(clock, "token", rate=9, burst=9)
    assert limiter(clock, "token", rate=3, burst=1) is not limiter(clock, "another", rate=3, burst=1)
    assert limiter(clock, "token", rate=3, burst=1) is not limiter(other, "token", rate=3, burst=1)
    gone = id(other)
    del other
    gc.collect()
    assert gone


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("0.5", 0.5),
        ("-3", 0),
        ("Mon, 23 Nov 2026 12:00:40 GMT", 40),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 12:00:40 -0000", 40),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_in_every_spelling(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOON) == seconds
