"""Many companies in one command: side by side, each by itself, only those that are due, and stopped in mid run."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.errors import ConfigError, ExitCode
from okrsync.fleet import CompanyRun, Stop, due, side_by_side, timings
from okrsync.fleet.due import Timing
from okrsync.fleet.stop import Stopped
from okrsync.loopback import Fault
from okrsync.testing import JumpClock
from tests.support.fleet import Fleet, fleet


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    with fleet(tmp_path, 6, alone=1, schedule="0 7 * * *") as made:
        made.move_in(monkeypatch)
        yield made


def sync(*words: str, clock: Any = None) -> int:
    return main(("sync", *words), Context(clock=clock or JumpClock(datetime.now(tz=UTC))))


def test_all_companies_are_synced_and_reported_once(many: Fleet, capsys: Any) -> None:
    assert sync("--all") == 0
    out = capsys.readouterr().out
    assert many.shown() == many.expected()
    assert set(many.patches().values()) == {1}
    assert out.splitlines()[-1] == "6 companies: 6 in sync"
    # Each company's text stands in one piece: between its head and its foot there is no other's head.
    heads = [line for line in out.splitlines() if " · now · " in line]
    feet = [line for line in out.splitlines() if line.startswith("Written:")]
    kinds = [line for line in out.splitlines() if line in heads or line in feet]
    assert kinds == [line for pair in zip(heads, feet, strict=True) for line in pair]
    many.forget()
    assert sync("--all") == 0
    assert many.count("PATCH") == 0


def test_companies_go_side_by_side(many: Fleet) -> None:
    meeting = threading.Barrier(
        2, timeout=120
    )  # breaks, and so fails the test, where one waits for the other's end

    def meet() -> None:
        meeting.wait()

    for notion in many.notions:
        notion.server.faults.append(Fault(where="query", prelude=meet))
    assert sync("c00000", "c00001", "--at-once", "2") == 0
    assert not meeting.broken


def test_no_more_run_at_once_than_allowed() -> None:
    under_way, most = [0], [0]
    lock = threading.Lock()

    def run(name: str) -> CompanyRun:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        threading.Event().wait(0.01)
        with lock:
            under_way[0] -= 1
        return CompanyRun(name=name, code=ExitCode.IN_SYNC)

    names = [str(number) for number in range(20)]
    ended = [one.name for one in side_by_side([*names, *names], run, Stop(), at_once=3)]
    assert sorted(ended) == sorted(names)  # who is named twice runs once
    assert most[0] <= 3


def test_one_company_s_trouble_stops_no_other_and_the_worst_code_counts(many: Fleet, capsys: Any) -> None:
    (many.folder / "c00002.yaml").write_text("company: c00002\n", encoding="utf-8")
    (many.folder / "c00003.csv").unlink()
    many.notions[1].server.faults.append(Fault(where="", times=10**6, status=401, body=b"{}"))
    code = sync("--all")
    said = capsys.readouterr()
    assert code == 12
    assert "okrsync: c00002: " in said.err
    assert "c00002.yaml:1:1" in said.err
    last = said.out.splitlines()[-1]
    assert last == (
        "6 companies: 3 in sync · 1 held or failed (c00003) · 1 misconfigured (c00002) · 1 without access (c00000)"
    )
    shown, expected = many.shown(), many.expected()
    assert {name: shown[name] for name in ("c00001", "c00004", "c00005")} == {
        name: expected[name] for name in ("c00001", "c00004", "c00005")
    }


def test_a_file_that_ends_in_yml_is_refused_and_never_passed_over(many: Fleet, capsys: Any) -> None:
    (many.folder / "c00002.yaml").rename(many.folder / "c00002.yml")
    (many.folder / "c00003.yml").write_bytes((many.folder / "c00003.yaml").read_bytes())
    assert sync("--all") == 2
    said = capsys.readouterr()
    assert "c00002.yml is not read: its name ends in .yml\n  → rename it to c00002.yaml" in said.err
    assert "there are two files of 'c00003': c00003.yaml and c00003.yml" in said.err
    assert said.out.splitlines()[-1] == "6 companies: 4 in sync · 2 misconfigured (c00002, c00003)"


@pytest.mark.parametrize("command", ["validate", "lint"])
def test_a_yaml_that_cannot_be_read_hides_no_other(many: Fleet, capsys: Any, command: str) -> None:
    (many.folder / "c00001.yaml").write_text("company: c00001\n", encoding="utf-8")
    assert main((command,), Context(clock=JumpClock(datetime.now(tz=UTC)))) == 2
    said = capsys.readouterr()
    assert "okrsync: c00001: " in said.err
    assert "c00001.yaml:1:1" in said.err
    assert "c00002" in said.out
    assert main((command, "--json"), Context(clock=JumpClock(datetime.now(tz=UTC)))) == 2
    said = capsys.readouterr()
    companies = json.loads(said.out)["companies"]
    assert sorted(one["company"] for one in companies) == sorted(many.names)
    (broken,) = [one for one in companies if "error" in one]
    assert (broken["company"], broken["exit_code"]) == ("c00001", 2)


def test_a_bug_in_one_company_s_run_is_shown_whole_and_stops_no_other(
    many: Fleet, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Context, name: str) -> Any:
        if name == "c00001":
            raise RuntimeError("never thought of this")
        return real(self, name)

    real = Context.company
    monkeypatch.setattr(Context, "company", broken)
    assert sync("--all") == 1
    said = capsys.readouterr()
    assert "RuntimeError: never thought of this" in said.err
    assert "Traceback" in said.err
    assert "5 in sync · 1 stopped by a bug (c00001)" in said.out


def test_only_who_is_due_is_synced(many: Fleet, capsys: Any) -> None:
    morning = datetime.now(tz=UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    text = (many.folder / "c00005.yaml").read_text(encoding="utf-8")
    (many.folder / "c00005.yaml").write_text(text.replace('schedule: "0 7 * * *"', ""), encoding="utf-8")
    clock = JumpClock(morning)
    assert sync("--due", clock=clock) == 0
    assert "5 companies: 5 in sync" in capsys.readouterr().out  # never synced: due; without a schedule: never
    many.forget()
    clock.jump(3600)
    assert sync("--due", clock=clock) == 0
    assert capsys.readouterr() == ("", "")  # or cron would mail it
    assert many.count() == 0
    assert sync("c00001", clock=clock) == 0
    clock.jump(timedelta(hours=20).total_seconds())  # past 07:00 in Berlin
    many.forget()
    assert sync("--due", "c00001", "c00005", clock=clock) == 0
    assert "1 company: 1 in sync" in capsys.readouterr().out
    assert sync("--due", clock=clock) == 0
    assert "4 companies: 4 in sync" in capsys.readouterr().out


def test_taking_over_a_cell_is_no_sync(many: Fleet, capsys: Any) -> None:
    clock = JumpClock(datetime.now(tz=UTC))
    sync("c00001", clock=clock)
    clock.jump(timedelta(days=2).total_seconds())
    assert main(["adopt", "c00001"], Context(clock=clock)) == 0
    capsys.readouterr()
    assert sync("--due", "c00001", clock=clock) == 0
    assert "1 company: 1 in sync" in capsys.readouterr().out


def test_a_company_whose_file_is_broken_is_not_forgotten_when_due(many: Fleet, capsys: Any) -> None:
    (many.folder / "c00002.yaml").write_text("company: c00002\n", encoding="utf-8")
    assert sync("--due", "--json") == 2
    assert '"c00002"' in capsys.readouterr().out


@pytest.mark.parametrize("line", ["61 * * * *", "0 7 * * mon-fry", "every morning"])
def test_a_bad_cron_line_is_refused_with_its_place(many: Fleet, capsys: Any, line: str) -> None:
    path = many.folder / "c00001.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("0 7 * * *", line), encoding="utf-8")
    assert main(["validate", "c00001"], Context()) == 2
    said = capsys.readouterr().err
    assert "c00001.yaml:4:11: " in said
    assert "is no cron line" in said


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    with fleet(tmp_path, 2, key_results=8, schedule="0 7 * * *") as made:
        made.move_in(monkeypatch)
        yield made


def test_sigterm_finishes_the_group_and_leaves_the_rest_to_the_next_sync(few: Fleet) -> None:
    many = few
    process: list[subprocess.Popen[str]] = []
    started = threading.Event()

    def terminate() -> None:
        assert started.wait(timeout=120)
        process[0].send_signal(signal.SIGTERM)

    many.notions[0].server.faults.append(Fault(where="^PATCH", postlude=terminate))
    words = [sys.executable, "-m", "okrsync", "sync", "--all", "--at-once", "1"]
    process.append(
        subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        )
    )
    started.set()
    _, err = process[0].communicate(timeout=120)
    assert process[0].returncode == 130, err
    assert "interrupted" in err
    written = many.count("PATCH")
    assert 1 <= written <= 8  # the rows that were on their way, and none of the other company
    assert sync("--due") == 0
    assert many.shown() == many.expected()
    assert set(many.patches().values()) == {1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_may_come_while_a_lock_is_held(number: int) -> None:
    stop, before = Stop(), signal.getsignal(number)
    with stop.on_signals():
        assert not stop.asked
        signal.raise_signal(
            number
        )  # raises nothing here, where it would leave behind what a thread waits for
        stop.wait()
        assert stop.asked
        names = ["a", "b"]
        with pytest.raises(Stopped):
            list(
                side_by_side(
                    names, lambda name: CompanyRun(name=name, code=ExitCode.IN_SYNC), stop, at_once=1
                )
            )
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)  # whoever asks twice does not wait for a server
    assert signal.getsignal(number) is before


def test_a_look_reads_only_what_has_changed(many: Fleet) -> None:
    reads: list[str] = []

    def load(name: str) -> Any:
        reads.append(name)
        return Context().company(name)

    with Context().ledger() as ledger:

        def started() -> Callable[[str], Timing]:
            return timings(load, lambda name: many.folder / f"{name}.yaml", ledger)

        time_of = started()
        first = time_of("c00001")
        assert time_of("c00001") == started()("c00001") == first  # another process knows it from the ledger
        assert reads == ["c00001"]
        path = many.folder / "c00001.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("0 7 * * *", "30 7 * * *"), encoding="utf-8")
        found = time_of("c00001").schedule
        assert found is not None
        assert (found.line, found.zone.key) == ("30 7 * * *", "Europe/Berlin")
        assert started()("c00001") == time_of("c00001")
        assert reads == ["c00001"] * 2
        moved = many.folder / "moved"
        moved.write_bytes(path.read_bytes())  # the same words at another time
        moved.replace(path)
        assert started()("c00001") == time_of("c00001")
        path.write_text(text.replace('schedule: "0 7 * * *"', ""), encoding="utf-8")
        assert time_of("c00001").schedule is None
        assert started()("c00001").schedule is None
        assert reads == ["c00001"] * 3
        path.unlink()
        for look in (time_of, started()):
            with pytest.raises(ConfigError):
                look("c00001")


def test_a_yaml_that_changes_while_it_is_read_is_not_taken_for_known(many: Fleet) -> None:
    path = many.folder / "c00001.yaml"
    text = path.read_text(encoding="utf-8")

    def meddling(name: str) -> Any:
        path.write_text(text.replace("0 7 * * *", "30 7 * * *"), encoding="utf-8")
        return Context().company(name)

    with Context().ledger() as ledger:
        timings(meddling, Context().file, ledger)("c00001")
        path.write_text(text, encoding="utf-8")
        found = timings(Context().company, Context().file, ledger)("c00001").schedule
    assert found is not None
    assert found.line == "0 7 * * *"


def test_a_new_version_reads_every_yaml_again(many: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    def load(name: str) -> Any:
        reads.append(name)
        return Context().company(name)

    with Context().ledger() as ledger:
        timings(load, Context().file, ledger)("c00001")
        monkeypatch.setattr(due, "__version__", "99")
        timings(load, Context().file, ledger)("c00001")
    assert reads == ["c00001"] * 2


def test_the_report_of_a_company_that_has_ended_is_not_kept() -> None:
    seen: dict[str, weakref.ref[ConfigError]] = {}

    def run(name: str) -> CompanyRun:
        error = ConfigError(name)
        seen[name] = weakref.ref(error)
        return CompanyRun(name=name, code=ExitCode.CONFIG, error=error)

    told = []
    for ended in side_by_side([str(n) for n in range(20)], run, Stop(), at_once=1):
        told.append(ended.name)
        del ended
        gc.collect()
        assert [name for name in told[:-1] if seen[name]() is not None] == []
    assert len(told) == 20
