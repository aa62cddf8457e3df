"""``okrsync schedule run`` as a process: on time, after missed times, over changed files, and ended in mid run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import pytest

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.errors import ConfigError, ExitCode, Unavailable
from okrsync.fleet import CompanyRun, Stop
from okrsync.fleet.due import Timing
from okrsync.fleet.health import Health, state_of_health
from okrsync.fleet.scheduler import Scheduler
from okrsync.loopback import Fault
from okrsync.schedules import schedule
from okrsync.testing import JumpClock
from tests.support.fleet import Fleet, fleet


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    with fleet(tmp_path, 3, schedule="0 7 * * *") as made:
        made.move_in(monkeypatch)
        monkeypatch.setenv("OKRSYNC_HEALTH", str(tmp_path / "health.json"))
        yield made


@contextmanager
def running(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("ab") as log:
        words = [sys.executable, "-m", "okrsync", "schedule", "run", "--look", "0.2", *options]
        process = subprocess.Popen(words, stdout=log, stderr=log, env=dict(os.environ))
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def until(true: Callable[[], Any], what: str) -> None:
    for _ in range(2400):
        if true():
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"in vain: {what}")


def ended(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=120)


def test_a_scheduler_from_start_to_end(many: Fleet, capsys: Any) -> None:
    newcomer = many.folder / "c00002.yaml"
    text = newcomer.read_text(encoding="utf-8")
    newcomer.unlink()
    log = many.folder / "log"
    health = many.folder / "health.json"
    with running(many.folder) as process:
        until(lambda: log.read_text().count("in sync") == 2, "who has never been synced is synced at once")
        assert main(["health"], Context()) == 0
        assert (
            "okrsync schedule run is alive: 2 scheduled, 0 running, 0 not in sync" in capsys.readouterr().out
        )
        newcomer.write_text(text, encoding="utf-8")
        until(lambda: log.read_text().count("in sync") == 3, "a new file is taken up")
        newcomer.write_text(text.replace("0 7 * * *", "0 77 * * *"), encoding="utf-8")
        until(lambda: "is no cron line" in log.read_text(), "a bad line is said")
        until(lambda: 'not_in_sync": {"c00002": 2}' in health.read_text(), "its health tells of it")
        assert ended(process) == 0
    assert many.shown() == many.expected()
    assert "stopped" in log.read_text()
    assert main(["health"], Context()) == 3
    assert "nobody says in" in capsys.readouterr().err
    newcomer.write_text(text, encoding="utf-8")
    many.forget()
    with running(many.folder) as process:
        until(health.exists, "it starts again")
        assert ended(process) == 0
    assert many.count() == 0  # nobody was due


def test_sigterm_in_mid_run_ends_it_well_and_the_next_start_finishes(many: Fleet) -> None:
    started = threading.Event()
    process: list[subprocess.Popen[bytes]] = []

    def terminate() -> None:
        assert started.wait(timeout=120)
        process[0].send_signal(signal.SIGTERM)

    many.notions[0].server.faults.append(Fault(where="^PATCH", postlude=terminate))
    with running(many.folder, "--at-once", "1") as one:  # side by side, all six rows may be under way
        process.append(one)
        started.set()
        assert one.wait(timeout=120) == 0
    assert 1 <= many.count("^PATCH") < 6
    with running(many.folder) as one:
        until(lambda: many.shown() == many.expected(), "what was cut short is due at once")
        assert ended(one) == 0
    assert set(many.patches().values()) == {1}


def test_a_long_wait_does_not_hold_up_the_end(many: Fleet) -> None:
    asked = threading.Event()
    fault = Fault(where="query", times=10**6, status=429, headers={"Retry-After": "150"}, prelude=asked.set)
    many.notions[0].server.faults.append(fault)
    with running(many.folder) as process:
        assert asked.wait(timeout=120)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0


def test_silence_is_not_health(tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, 6, tzinfo=UTC)
    path = tmp_path / "health.json"
    for text in ("", "{}", "[]x", '{"at": "yesterday", "beat": 10, "process": "okrsync worker"}'):
        path.write_text(text)
        with pytest.raises(Unavailable, match="nobody says"):
            state_of_health(path, now)
    said = {"process": "okrsync worker", "beat": 10}
    path.write_text(json.dumps(said | {"at": (now - timedelta(seconds=30)).isoformat()}))
    assert state_of_health(path, now)["beat"] == 10
    path.write_text(json.dumps(said | {"at": (now - timedelta(seconds=31)).isoformat()}))
    with pytest.raises(Unavailable, match=r"okrsync worker, which .*, was last heard 31 s ago"):
        state_of_health(path, now)


def test_where_no_sign_can_be_given_the_work_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    health = Health(file=tmp_path / "nowhere" / "health.json", process="okrsync worker")
    with caplog.at_level("WARNING", logger="okrsync.fleet"):
        health.say()
    assert "no sign of life can be given" in caplog.text


class Days(JumpClock):
    """Waits for the runs before it lets time pass, unless they are ``long``; stops the scheduler at ``end``."""

    def __init__(self, start: datetime, end: datetime) -> None:
        super().__init__(start)
        self.end = end
        self.stop = Stop()
        self.runs: list[tuple[str, datetime]] = []
        self.long = False
        self.said: list[CompanyRun] = []
        self.timings: dict[str, Timing | ConfigError] = {}

    def time_of(self, name: str) -> Timing:
        found = self.timings[name]
        if isinstance(found, ConfigError):
            raise found
        return found

    def run(self, name: str) -> CompanyRun:
        self.runs.append((name, self.now()))
        while self.long and not self.stop.asked:
            threading.Event().wait(0.01)
        return CompanyRun(name=name, code=ExitCode.IN_SYNC)

    def sleep(self, seconds: float) -> None:
        if not self.long:
            wait(self.scheduler._runs.values())
        super().sleep(seconds)
        if self.now() >= self.end:
            self.stop.set()

    def pass_by(self, folder: Path, last: dict[str, datetime]) -> list[tuple[str, datetime]]:
        """The runs of a scheduler on this clock, from its start to its end."""
        self.scheduler = Scheduler(
            names=lambda: sorted(self.timings),
            files=lambda name: folder / name,
            time_of=self.time_of,
            last_syncs=lambda: last,
            run=self.run,
            heard=self.said.append,
            at_once=2,
            health=Health(file=None, process="okrsync schedule run"),
            clock=self,
        )
        for name in self.timings:
            (folder / name).touch()
        self.scheduler.until(self.stop)
        assert [one.name for one in self.said] == [name for name, _ in self.runs]
        return self.runs


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def timing(company: str, line: str | None) -> Timing:
    return Timing(company=company, schedule=schedule(line, ZoneInfo("Europe/Berlin")) if line else None)


def test_each_company_runs_at_its_own_times(tmp_path: Path) -> None:
    clock = Days(at("2026-10-24T23:50"), at("2026-10-25T02:40"))  # summer time ends in this night
    clock.timings = {
        "hourly": timing("h", "15 * * * *"),
        "night": timing("n", "30 2 * * *"),
        "none": timing("x", None),
    }
    runs = clock.pass_by(tmp_path, {"h": clock.now(), "n": clock.now()})
    assert runs == [
        ("hourly", at("2026-10-25T00:15")),
        ("night", at("2026-10-25T00:30")),  # and not again at 01:30, when it is 02:30 a second time
        ("hourly", at("2026-10-25T01:15")),
        ("hourly", at("2026-10-25T02:15")),
    ]


def test_who_missed_a_time_or_never_ran_runs_at_once_and_once(tmp_path: Path) -> None:
    clock = Days(at("2026-11-23T12:00"), at("2026-11-23T12:10"))
    clock.timings = {name: timing(name, "0 7 * * *") for name in ("missed", "new", "synced")}
    week_ago = clock.now() - timedelta(days=7)
    runs = clock.pass_by(tmp_path, {"missed": week_ago, "synced": at("2026-11-23T06:00")})
    assert sorted(runs) == [("missed", at("2026-11-23T12:00")), ("new", at("2026-11-23T12:00"))]


def test_a_time_that_comes_while_a_run_goes_on_makes_no_second_run(tmp_path: Path) -> None:
    clock = Days(at("2026-11-23T12:00"), at("2026-11-23T12:20"))
    clock.long = True
    clock.timings = {"a": timing("a", "*/5 * * * *")}
    assert len(clock.pass_by(tmp_path, {})) == 1


def test_a_file_that_cannot_be_read_is_reported_once_and_again_after_a_change(tmp_path: Path) -> None:
    clock = Days(at("2026-11-23T12:00"), at("2026-11-23T12:10"))
    clock.timings = {"bad": ConfigError("no cron line")}
    assert [name for name, _ in clock.pass_by(tmp_path, {})] == ["bad"]

    class Edited(Days):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.now() == at("2026-11-23T12:05"):
                (tmp_path / "bad").write_text("edited")

    edited = Edited(at("2026-11-23T12:00"), at("2026-11-23T12:10"))
    edited.timings = {"bad": ConfigError("no cron line")}
    assert [name for name, _ in edited.pass_by(tmp_path, {})] == ["bad", "bad"]


def test_times_that_pass_while_the_machine_sleeps_make_one_run(tmp_path: Path) -> None:
    class Suspended(Days):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.now() == at("2026-11-23T12:20"):
                self.jump(3 * 3600)

    clock = Suspended(at("2026-11-23T12:10"), at("2026-11-23T15:29"))
    clock.timings = {"a": timing("a", "*/15 * * * *")}
    assert clock.pass_by(tmp_path, {"a": clock.now()}) == [
        ("a", at("2026-11-23T12:15")),
        ("a", at("2026-11-23T15:20")),
    ]


def test_an_edit_that_leaves_the_schedule_runs_nothing_and_a_new_schedule_counts_at_once(
    tmp_path: Path,
) -> None:
    class Edited(Days):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.now() == at("2026-11-23T12:05"):
                (tmp_path / "a").write_text("a new title")
            if self.now() == at("2026-11-23T12:10"):
                self.timings["a"] = timing("a", "20 * * * *")
                (tmp_path / "a").write_text("another schedule")

    clock = Edited(at("2026-11-23T12:00"), at("2026-11-23T12:40"))
    clock.timings = {"a": timing("a", "30 * * * *")}
    assert [one.minute for _, one in clock.pass_by(tmp_path, {})] == [0, 10, 20]


def test_a_company_whose_file_is_gone_runs_no_more(tmp_path: Path) -> None:
    class Removed(Days):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.now() == at("2026-11-23T12:07"):
                self.timings.clear()

    clock = Removed(at("2026-11-23T12:00"), at("2026-11-23T12:20"))
    clock.timings = {"a": timing("a", "*/5 * * * *")}
    assert [one.minute for _, one in clock.pass_by(tmp_path, {})] == [0, 5]


def test_a_long_look_at_the_files_is_no_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Days):
        def time_of(self, name: str) -> Timing:
            self.jump(20)
            return super().time_of(name)

    clock = Slow(at("2026-11-23T12:00"), at("2026-11-23T12:01"))
    clock.timings = {name: timing(name, None) for name in "abc"}
    said: list[datetime] = []
    monkeypatch.setattr(Health, "say", lambda *_, **__: said.append(clock.now()))
    clock.pass_by(tmp_path, {})
    assert said[:2] == [at("2026-11-23T12:00:20"), at("2026-11-23T12:00:40")]


def test_a_bug_in_one_run_is_logged_and_the_times_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Days):
        def run(self, name: str) -> CompanyRun:
            if not self.runs:
                self.runs.append((name, self.now()))
                self.said.append(CompanyRun(name=name, code=ExitCode.BUG))
                raise ZeroDivisionError
            return super().run(name)

    clock = Broken(at("2026-11-23T12:00"), at("2026-11-23T12:07"))
    clock.timings = {"a": timing("a", "*/5 * * * *")}
    with caplog.at_level("ERROR", logger="okrsync.fleet"):
        assert [at_.minute for _, at_ in clock.pass_by(tmp_path, {})] == [0, 5]
    assert "the run of a ended with a bug" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_stop_cuts_a_long_look_short(tmp_path: Path) -> None:
    stop, reads = Stop(), []

    def time_of(name: str) -> Timing:
        reads.append(name)
        stop.set()
        return Timing(company=name, schedule=None)

    def never(_: object) -> NoReturn:
        raise AssertionError("nobody is to be synced")

    Scheduler(
        names=lambda: ["a", "b", "c"],
        files=lambda name: tmp_path / name,
        time_of=time_of,
        last_syncs=dict,
        run=never,
        heard=never,
        at_once=1,
        health=Health(file=None, process="okrsync schedule run"),
        clock=JumpClock(),
    ).until(stop)
    assert reads == ["a"]
