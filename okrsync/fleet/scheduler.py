"""Run every company at its own times, in the foreground: for machines and containers without cron."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from okrsync.errors import ConfigError
from okrsync.fleet.due import Timing, file_version
from okrsync.fleet.health import Health
from okrsync.fleet.runs import CompanyRun
from okrsync.fleet.stop import Stop, Stopped
from okrsync.ports import Clock
from okrsync.schedules import AHEAD

LOOK: Final = 30.0
"""Seconds between two looks at the YAML files."""

_log = logging.getLogger("okrsync.fleet")


@dataclass(kw_only=True)
class Scheduler:
    """``names`` and ``time_of`` give the companies, ``last_syncs`` when each was last synced, ``run`` syncs one.

    ``files`` gives the YAML of a name. ``health`` is where it says that it is alive. ``heard`` gets every run that has
    ended; several threads may call it at a time, as they do ``run``.
    """

    names: Callable[[], Sequence[str]]
    files: Callable[[str], Path]
    time_of: Callable[[str], Timing]
    last_syncs: Callable[[], Mapping[str, datetime]]
    run: Callable[[str], CompanyRun]
    heard: Callable[[CompanyRun], None]
    at_once: int
    health: Health
    clock: Clock
    look: float = LOOK
    _known: dict[str, Timing] = field(default_factory=dict)
    _versions: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _next: dict[str, datetime] = field(default_factory=dict)
    _unreadable: set[str] = field(default_factory=set)
    _runs: dict[str, Future[None]] = field(default_factory=dict)
    _beat_at: float = 0.0
    _now: datetime | None = None

    def until(self, stop: Stop) -> None:
        """Run companies at their times until ``stop`` is set, then wait for the runs under way."""
        clock, pool = stop.clock(self.clock), ThreadPoolExecutor(self.at_once, thread_name_prefix="company")
        look_at = self.clock.monotonic()
        self._beat_at = look_at + self.health.beat
        try:
            while not stop.asked:
                if look_at <= self.clock.monotonic():
                    look_at = self.clock.monotonic() + self.look
                    self._look_at_files(stop)
                self._give_sign_of_life()
                self._start(pool)
                clock.sleep(self._idle(look_at))
        except Stopped:
            pass  # it was asked to
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            self.health.end()

    def _look_at_files(self, stop: Stop) -> None:
        present = {name: file_version(self.files(name)) for name in self.names()}
        for name in self._versions.keys() - present.keys():
            self._forget(name)
        changed = [name for name, version in present.items() if self._versions.get(name) != version]
        self._versions = present
        last = self.last_syncs() if changed else {}
        for name in changed:
            if stop.asked:  # many files take minutes
                return
            self._give_sign_of_life()
            try:
                timing = self.time_of(name)
            except ConfigError:
                # Its times stay as they were; one run now reports what is wrong.
                self._unreadable.add(name)
                continue
            self._unreadable.discard(name)
            self._schedule(name, timing, last)
        if changed:
            self._beat_at = self.clock.monotonic()  # the sign of life says how many are scheduled

    def _schedule(self, name: str, timing: Timing, last: Mapping[str, datetime]) -> None:
        if name in self._known and self._known[name].times == timing.times:
            return
        self._known[name] = timing
        self._next.pop(name, None)
        self._plan(name, timing.next(last.get(timing.company), self.clock.now()))

    def _plan(self, name: str, at: datetime | None) -> None:
        if at is not None:
            self._next[name] = at

    def _forget(self, name: str) -> None:
        self._known.pop(name, None)
        self._next.pop(name, None)
        self._unreadable.discard(name)
        self.health.forget(name)

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """Start each company whose time has come. A time that comes while its run goes on makes no second run."""
        now = self.clock.now()
        if (
            self._now is not None and now < self._now - AHEAD
        ):  # the clock was set back: times found by it are wrong
            for name in list(self._next):
                self._plan(name, self._known[name].after(now))
        self._now = now
        self._runs = {name: run for name, run in self._runs.items() if not run.done()}
        due = [name for name, at in self._next.items() if at <= now]
        for name in due:
            self._plan(name, self._known[name].after(now))
        for name in dict.fromkeys([*due, *sorted(self._unreadable)]):
            if name not in self._runs:
                self._unreadable.discard(name)
                self._runs[name] = pool.submit(self._run, name)

    def _run(self, name: str) -> None:
        try:
            ended = self.health.watched(name, lambda: self.run(name))
            assert ended is not None
            self.heard(ended)
        except Exception:  # noqa: BLE001 - a bug in one company's run; the others keep their times
            _log.exception("the run of %s ended with a bug", name)

    def _give_sign_of_life(self) -> None:
        if self._beat_at <= self.clock.monotonic():
            self._beat_at = self.clock.monotonic() + self.health.beat
            self.health.say(scheduled=len(self._next))

    def _idle(self, look_at: float) -> float:
        """Seconds until something is to be done. Few enough that a change of the clock is noticed soon."""
        idle = min(look_at, self._beat_at) - self.clock.monotonic()
        if self._next:
            idle = min(idle, (min(self._next.values()) - self.clock.now()).total_seconds())
        return max(0.0, idle)
