"""Be patient with servers: one limiter per credential, one retry policy, no other.

The vendors' client libraries do the talking; their own retrying is switched off, and each of their calls goes through
``patiently``. What is worth repeating is said by the connector, which knows its vendor.
"""

from __future__ import annotations

import logging
import math
import random
import threading
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, NoReturn, TypeVar
from weakref import WeakKeyDictionary

from tenacity import RetryCallState, Retrying

from okrsync import __version__
from okrsync.errors import OkrsyncError, Unavailable
from okrsync.network import nobody_listens, obstacle
from okrsync.ports import Clock

USER_AGENT: Final = f"okrsync/{__version__} (gzip)"
ATTEMPTS: Final = 6
REFUSALS: Final = 3
"""A server that is started again refuses connections for seconds; an address that is wrong does for ever."""
DEADLINE: Final = 180.0
LATE: Final = 0.3
"""Seconds that the first request of a burst may arrive later than the next ones: it opens a connection. The server's bucket
is filled from then on; one that is filled from the sending on is a request ahead, which the server refuses."""
FEWEST: Final = 4
"""Fewer requests in a second are no burst, however low the rate is: a run signs in and asks."""
SLOWER: Final = 0.9
SLOWEST: Final = 0.25
"""After each refusal that requests one by one still meet, the rate is so much of what it was; never less than this share."""
RECOVERY: Final = 600.0
"""After so many seconds without a refusal the burst is tried again."""
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Again:
    """A failed request may be repeated. ``after`` is the server's own wait in seconds, honoured in full.

    ``busy``: the server refused it because too many were sent, as with 429.
    """

    reason: str
    after: float | None = None
    busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """When a request went out, and whether more went out in the second before than the rate allows on average."""

    at: float
    in_a_burst: bool


class Limiter:
    """A token bucket for one credential, shared by all threads that use it.

    ``rate`` requests a second on average, ``burst`` at once, and then none for ``LATE`` seconds. ``pause`` stops everybody, as a server's Retry-After asks.
    A server that refuses a burst gets requests one by one from then on, or all that it refused would meet its limit
    together again; one that refuses those too gets fewer of them.
    """

    def __init__(self, clock: Clock, rate: float, burst: int) -> None:
        self._clock = clock
        self._configured = rate, burst
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._filled_at = -math.inf
        self._closed_until = clock.monotonic()
        self._sent: deque[float] = deque(maxlen=max(FEWEST, int(rate) + 1))
        self._slowed_at: float | None = None
        self._barred: tuple[float, str] | None = None
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for one request's turn."""
        while (wait := self._claim()) > 0:
            self._clock.sleep(wait)

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock.monotonic() + seconds)

    def sent(self) -> Sending:
        """Note that a request goes out now."""
        with self._lock:
            self._sent.append(self._clock.monotonic())
            fast = len(self._sent) == self._sent.maxlen and self._sent[-1] - self._sent[0] < 1
            return Sending(at=self._sent[-1], in_a_burst=fast)

    def slow_down(self, refused: Sending) -> None:
        """Note that the server refused a request because there were too many.

        One that was not sent in a burst says nothing against bursts. Those that were under way together are one refusal.
        """
        with self._lock:
            if self._slowed_at is None and refused.in_a_burst:
                self._burst = 1.0
                self._tokens = min(self._tokens, 0.0)
            elif self._slowed_at is not None and refused.at > self._slowed_at:
                self._rate = max(self._rate * SLOWER, self._configured[0] * SLOWEST)
            else:
                return
            self._slowed_at = self._clock.monotonic()

    def bar(self, seconds: float, reason: str) -> None:
        """Note that the server wants no request for so many seconds; who cannot wait so long sends none."""
        with self._lock:
            self._barred = max(self._barred or (0.0, ""), (self._clock.monotonic() + seconds, reason))

    def barred(self, end: float) -> str:
        """Why a request that must be sent before ``end`` is of no use; else empty."""
        with self._lock:
            until, reason = self._barred or (0.0, "")
            return reason if self._clock.monotonic() < until and end < until else ""

    def _recover(self, now: float) -> None:
        if self._slowed_at is not None and now - self._slowed_at >= RECOVERY:
            self._slowed_at = None
            self._rate, self._burst = self._configured[0], float(self._configured[1])

    def _claim(self) -> float:
        with self._lock:
            now = self._clock.monotonic()
            if now < self._closed_until:
                return self._closed_until - now
            self._recover(now)
            if now > self._filled_at:
                self._tokens += (now - self._filled_at) * self._rate
                self._filled_at = now
            if self._tokens > self._burst + LATE * self._rate:  # nothing was sent for a while
                self._filled_at = now + LATE
            self._tokens = min(self._tokens, self._burst)
            # A millionth is forgiven: adding up floats may never quite reach a whole token.
            if self._tokens < 1 - 1e-6:
                return self._filled_at - now + (1 - self._tokens) / self._rate
            self._tokens -= 1
            return 0.0


Making = Callable[[Hashable, float, int], Limiter]
_limiters: WeakKeyDictionary[Clock, dict[Hashable, Limiter]] = WeakKeyDictionary()
_makers: WeakKeyDictionary[Clock, Making] = WeakKeyDictionary()
_limiters_lock = threading.Lock()


def limiter(clock: Clock, credential: Hashable, *, rate: float, burst: int) -> Limiter:
    """The one limiter of ``credential`` in this process: companies that share a token share its budget."""
    with _limiters_lock:
        known = _limiters.setdefault(clock, {})
        if credential not in known:
            make = _makers.get(clock)
            known[credential] = make(credential, rate, burst) if make else Limiter(clock, rate, burst)
        return known[credential]


def make_limiters(clock: Clock, make: Making) -> None:
    """From now on ``make(credential, rate, burst)`` makes the limiters of ``clock``: ones that other machines share."""
    with _limiters_lock:
        _makers[clock] = make


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds of a ``Retry-After`` header (whole, decimal or an HTTP date), or None if it says nothing."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def patiently(
    call: Callable[[], T],
    *,
    clock: Clock,
    limit: Limiter,
    again: Callable[[Exception], Again | None],
    what: str,
    attempts: int = ATTEMPTS,
    deadline: float = DEADLINE,
) -> T:
    """Run one request until it succeeds, fails for good, or patience ends.

    ``again`` says of an exception whether the request may be repeated; if it says None, the exception is raised as it
    is. What ``okrsync.network.obstacle`` says of certificates and proxies is raised at once. Waits are the server's
    own in full, else full jitter up to 2, 4, 8 ... seconds. Raises ``Unavailable`` after ``attempts``, after
    ``REFUSALS`` if the connection is refused, or at once if the next wait would pass ``deadline`` seconds from the
    start.
    """
    tries = _Tries(clock=clock, limit=limit, again=again, what=what, attempts=attempts, deadline=deadline)
    retrying = Retrying(
        sleep=clock.sleep,
        retry=tries.may_repeat,
        wait=tries.wait,
        stop=tries.is_over,
        before_sleep=tries.pause_everybody,
        retry_error_callback=tries.give_up,
    )
    result: T = retrying(tries.once, call)
    return result


class _Tries:
    """The tries of one request: what the last answer says of the next try."""

    def __init__(
        self,
        *,
        clock: Clock,
        limit: Limiter,
        again: Callable[[Exception], Again | None],
        what: str,
        attempts: int,
        deadline: float,
    ) -> None:
        self._clock = clock
        self._limit = limit
        self._again = again
        self._what = what
        self._attempts = attempts
        self._end = clock.monotonic() + deadline
        self._verdict: Again | None = None
        self._blocked: OkrsyncError | None = None
        self._sent: Sending | None = None

    def once(self, call: Callable[[], T]) -> T:
        if barred := self._limit.barred(self._end):
            self._blocked = Unavailable(f"{self._what}: {barred}", hint="run again later")
            raise self._blocked
        self._limit.take()
        self._sent = self._limit.sent()
        try:
            return call()
        except Exception as error:
            self._blocked = obstacle(error, self._what)
            if self._blocked is not None:
                raise self._blocked from error
            raise

    def may_repeat(self, state: RetryCallState) -> bool:
        error = _error(state)
        self._verdict = None
        if isinstance(error, Exception) and error is not self._blocked:
            self._verdict = self._again(error)
        if self._verdict is not None and self._verdict.busy and self._sent is not None:
            self._limit.slow_down(self._sent)
        return self._verdict is not None

    def wait(self, state: RetryCallState) -> float:
        asked = self._asked
        return random.uniform(0, 2.0**state.attempt_number) if asked is None else asked  # noqa: S311 - jitter, not a secret

    def is_over(self, state: RetryCallState) -> bool:
        error = _error(state)
        most = (
            min(self._attempts, REFUSALS) if error is not None and nobody_listens(error) else self._attempts
        )
        return state.attempt_number >= most or self._clock.monotonic() + (self._asked or 0.0) > self._end

    def pause_everybody(self, state: RetryCallState) -> None:
        """Let all who use the credential wait as the server asks. Only before a next try: after the last, others go on."""
        pause = state.next_action.sleep if state.next_action is not None else 0.0
        _log.info("%s: %s; trying again in %.1f s", self._what, self._reason, pause)
        if self._asked is not None:
            self._limit.pause(self._asked)

    def give_up(self, state: RetryCallState) -> NoReturn:
        error = _error(state)
        reason = self._reason
        asked = f"; it asked to wait {self._asked:.0f} s" if self._asked else ""
        if error is not None and nobody_listens(error):
            reason += "; no program listens at that address: the connection was refused at once"
        if self._verdict is not None and self._verdict.busy and self._asked:
            self._limit.bar(
                self._asked, f"{reason}; it asked to wait {self._asked:.0f} s, so nothing was sent"
            )
        tries = "1 try" if state.attempt_number == 1 else f"{state.attempt_number} tries"
        raise Unavailable(f"{self._what}: {reason} after {tries}{asked}", hint="run again later") from error

    @property
    def _asked(self) -> float | None:
        """The seconds that the server asks to wait; None if it does not say."""
        return self._verdict.after if self._verdict is not None else None

    @property
    def _reason(self) -> str:
        return self._verdict.reason if self._verdict is not None else "no answer"


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
