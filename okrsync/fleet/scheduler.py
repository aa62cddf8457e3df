"""A scheduler in the foreground: every company at its own times, for machines and containers without cron.

The clock on the wall decides, through APScheduler: this is the one place besides the command line that does not take a
``Clock``, because a scheduler that could be told the time would not be one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from okrsync.errors import ConfigError
from okrsync.fleet.dues import Timing, look_of
from okrsync.fleet.health import Health
from okrsync.fleet.running import Ended
from okrsync.fleet.stopping import Stop
from okrsync.schedules import Schedule

LOOK: Final = 30.0
"""Seconds between two looks at the YAML files."""

_RUNS, _OWN = "runs", "own"


class CronLine(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """A ``Schedule`` as APScheduler asks for it."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return self.schedule.after(previous_fire_time or now)

    def __str__(self) -> str:
        return f"{self.schedule.line} {self.schedule.zone}"


@dataclass(kw_only=True)
class Scheduler:
    """``names`` and ``time_of`` give the companies, ``last_syncs`` when each was last synced, ``run`` syncs one.

    ``files`` gives the YAML of a name. ``health`` is where it says that it is alive. ``heard`` is told of every run that ended;
    it may be called by several threads at a time, as ``run`` is.
    """

    names: Callable[[], Sequence[str]]
    files: Callable[[str], Path]
    time_of: Callable[[str], Timing]
    last_syncs: Callable[[], Mapping[str, datetime]]
    run: Callable[[str], Ended]
    heard: Callable[[Ended], None]
    at_once: int
    health: Health
    look: float = LOOK
    _known: dict[str, Schedule | None] = field(default_factory=dict)
    _looks: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def until(self, stop: Stop) -> None:
        """Run companies at their times until ``stop`` is set, then wait for the runs under way."""
        jobs = BackgroundScheduler(
            timezone=UTC,
            executors={_RUNS: ThreadPoolExecutor(self.at_once), _OWN: ThreadPoolExecutor(1)},
            # Times that were missed make one run, however late; a run that still goes on is not doubled.
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        self._look_at_files(jobs, stop)
        self._sign_of_life()
        jobs.add_job(self._look_at_files, "interval", seconds=self.look, args=[jobs, stop], executor=_OWN)
        jobs.add_job(self._sign_of_life, "interval", seconds=self.health.beat, executor=_OWN)
        try:
            jobs.start()
            stop.wait()
        finally:
            stop.set()
            if jobs.running:
                jobs.shutdown(wait=True)
            self.health.end()

    def _look_at_files(self, jobs: BackgroundScheduler, stop: Stop) -> None:
        present = {name: look_of(self.files(name)) for name in self.names()}
        for name in self._looks.keys() - present.keys():
            self._schedule(jobs, name, None, {})
        changed = [name for name, look in present.items() if self._looks.get(name) != look]
        self._looks = present
        last = self.last_syncs() if changed else {}
        for name in changed:
            if stop.asked:  # many files take minutes
                return
            try:
                timing = self.time_of(name)
            except ConfigError:
                # Its times stay as they were, and one run now says what is wrong to whom it may concern.
                jobs.add_job(self._run, args=[name], executor=_RUNS)
                continue
            self._schedule(jobs, name, timing, last)

    def _schedule(
        self, jobs: BackgroundScheduler, name: str, timing: Timing | None, last: Mapping[str, datetime]
    ) -> None:
        schedule = timing.schedule if timing is not None else None
        if timing is not None and name in self._known and self._known[name] == schedule:
            return
        if self._known.pop(name, None) is not None:
            jobs.remove_job(name)
        if timing is None:
            self.health.forget(name)
            return
        self._known[name] = schedule
        if schedule is not None:
            now = datetime.now(tz=UTC)
            first = now if schedule.due(last.get(timing.company), now) else schedule.after(now)
            trigger = CronLine(schedule)
            jobs.add_job(self._run, trigger, args=[name], id=name, next_run_time=first, executor=_RUNS)

    def _run(self, name: str) -> None:
        ended = self.health.watched(name, lambda: self.run(name))
        assert ended is not None
        self.heard(ended)

    def _sign_of_life(self) -> None:
        self.health.say(scheduled=sum(one is not None for one in self._known.values()))
