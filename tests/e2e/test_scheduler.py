"""``okrsync schedule run`` as a process: on time, after missed times, over changed files, and ended in mid run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import pytest

from okrsync.cli import main
from okrsync.cli.world import World
from okrsync.emulation import Fault
from okrsync.errors import Unavailable
from okrsync.fleet import Stop
from okrsync.fleet.dues import Timing
from okrsync.fleet.health import Health, state_of_health
from okrsync.fleet.scheduler import CronLine, Scheduler
from okrsync.schedules import schedule
from tests.fleet_world import Fleet, fleet


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    with fleet(tmp_path, 3, schedule="0 7 * * *") as made:
        made.move_in(monkeypatch)
        monkeypatch.setenv("OKRSYNC_HEALTH", str(tmp_path / "health.json"))
        yield made


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("ab") as log:
        words = [sys.executable, "-m", "okrsync", "schedule", "run", "--look", "0.2"]
        process = subprocess.Popen(words, stdout=log, stderr=log, env=dict(os.environ))
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def until(true: Callable[[], Any], what: str) -> None:
    for _ in range(600):
        if true():
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"in vain: {what}")


def ended(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=30)


def test_a_scheduler_from_start_to_end(many: Fleet, capsys: Any) -> None:
    newcomer = many.folder / "c00002.yaml"
    text = newcomer.read_text(encoding="utf-8")
    newcomer.unlink()
    log = many.folder / "log"
    health = many.folder / "health.json"
    with running(many.folder) as process:
        until(lambda: log.read_text().count("in sync") == 2, "who has never been synced is synced at once")
        assert main(["health"], World()) == 0
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
    assert main(["health"], World()) == 3
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
        assert started.wait(timeout=30)
        process[0].send_signal(signal.SIGTERM)

    many.notions[0].server.faults.append(Fault(where="^PATCH", postlude=terminate))
    with running(many.folder) as one:
        process.append(one)
        started.set()
        assert one.wait(timeout=60) == 0
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
        assert asked.wait(timeout=30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


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
    ).until(stop)
    assert reads == ["a"]


def test_apscheduler_is_told_the_times_of_the_schedule() -> None:
    line = CronLine(schedule("30 2 * * *", ZoneInfo("Europe/Berlin")))
    now = datetime(2026, 10, 24, 12, tzinfo=UTC)
    first = line.get_next_fire_time(None, now)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert line.get_next_fire_time(first, now) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert str(line) == "30 2 * * * Europe/Berlin"
