"""Be patient with servers: one limiter per credential, one retry policy, no other.

The vendors' client libraries do the talking; their own retrying is switched off, and each of their calls goes through
``patiently``. What is worth repeating is said by the connector, which knows its vendor.
"""

from __future__ import annotations

import logging
import random
import threading
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
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Again:
    """A failed request may be repeated. ``after`` is the server's own wait in seconds, honoured in full."""

    reason: str
    after: float | None = None


class Limiter:
    """A token bucket for one credential, shared by all threads that use it.

    ``rate`` requests a second on average, ``burst`` at once. ``pause`` stops everybody, as a server's Retry-After asks.
    """

    def __init__(self, clock: Clock, rate: float, burst: int) -> None:
        self._clock = clock
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._filled_at = clock.monotonic()
        self._closed_until = self._filled_at
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for one request's turn."""
        while (wait := self._claim()) > 0:
            self._clock.sleep(wait)

    def pause(self, seconds: float) -> None:
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock.monotonic() + seconds)

    def _claim(self) -> float:
        with self._lock:
            now = self._clock.monotonic()
            if now < self._closed_until:
                return self._closed_until - now
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            # A millionth is forgiven: adding up floats may never quite reach a whole token.
            if self._tokens < 1 - 1e-6:
                return (1 - self._tokens) / self._rate
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

    def once(self, call: Callable[[], T]) -> T:
        self._limit.take()
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
