"""kill -9 at every place of a backfill: what was recorded is whole, and the next run adds the rest and nothing twice."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import pytest

from okrsync.loopback import Fault
from okrsync.sync import batches

# It watches its own statements and ends itself at the n-th batch: before its INSERT, before or after its COMMIT.
MORTAL = """
import os, signal, sys
from contextlib import contextmanager
from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.ledger import sqlite_file
from okrsync.sandbox import DemoClock
from okrsync.sync import batches
where, left = sys.argv[1], [int(sys.argv[2])]
batches.AT_ONCE = int(sys.argv[3])
writing = []
def die_at(place):
    if place == where and left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
change = sqlite_file._Open.change
def before(self, statement, values):
    if statement.startswith("INSERT INTO okrsync_readings"):
        left[0] -= 1
        writing.append(self)
        die_at("insert")
    return change(self, statement, values)
sqlite_file._Open.change = before
transaction = sqlite_file.SqliteFile.writing
@contextmanager
def commit(self):
    with transaction(self) as opened:
        yield opened
        if writing:
            die_at("commit")
    if writing:
        writing.clear()
        die_at("done")
sqlite_file.SqliteFile.writing = commit
sys.exit(main(sys.argv[4:], Context(clock=DemoClock())))
"""
PAST = ("backfill", "demo", "--from", "2026-10-01", "--only", "KR-5", "--only", "KR-12")


def killed(where: str, batch: int, words: Sequence[str], *, at_once: int = batches.AT_ONCE) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", MORTAL, where, str(batch), str(at_once), *words],
        check=False,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def readings(desk: Any) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(desk.folder / "ledger.db")) as database:
        exists = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'okrsync_readings'").fetchone()
        return (
            database.execute("SELECT metric, as_of FROM okrsync_readings ORDER BY id").fetchall()
            if exists
            else []
        )


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(("where", "kept"), [("insert", 0), ("commit", 0), ("done", 1)])
def test_a_batch_is_recorded_whole_or_not_at_all(desk: Any, where: str, kept: int, batch: int) -> None:
    killed(where, batch, PAST)
    before = readings(desk)
    assert len(before) == 8 * (batch - 1 + kept)
    ended = desk.run(*PAST, "--json")
    assert ended.code == 0, ended.err
    assert ended.json["counts"] == {
        "added": 16 - len(before),
        "known": len(before),
        "observed": 0,
        "missing": 0,
    }
    after = readings(desk)
    assert after[: len(before)] == before
    assert len(after) == len(set(after)) == 16
    desk.stage.forget()
    assert desk.run(*PAST, "--json").json["counts"]["known"] == 16
    assert desk.stage.requests == 0


def test_killed_before_any_answer_nothing_is_recorded_and_all_is_done_by_the_next_run(desk: Any) -> None:
    process = desk.start("backfill", "demo", "--from", "2026-10-01", "--only", "KR-12")
    desk.sheets.server.faults.append(Fault(where="batchGet", prelude=process.kill, cut="before"))
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert readings(desk) == []
    assert (
        desk.run("backfill", "demo", "--from", "2026-10-01", "--only", "KR-12", "--json").json["counts"][
            "added"
        ]
        == 8
    )


LONG = """\
company: long
timezone: Europe/Berlin
cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}
connections:
  deals: {type: crm, path: long.csv}
  notion: {type: notion, token: {env: DEMO_NOTION_TOKEN}}
destination:
  connection: notion
  key_results: {database: '11111111111141118111111111111111', match: KR, cells: {current: Current}}
metrics:
  won: {from: deals, measure: sum, field: Amount, date: Closed}
  closed: {from: deals, measure: count, date: Closed}
key_results:
  - {id: KR-1, metric: won, reach: 1000}
  - {id: KR-2, metric: closed, reach: 1000}
"""


def test_between_two_batches_of_one_connection(desk: Any) -> None:
    """More values than are asked at once, so that one connection has two batches, one after the other."""
    first, days = date(2026, 1, 1), 300
    (desk.folder / "long.yaml").write_text(LONG, encoding="utf-8")
    with (desk.folder / "long.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Amount", "Closed"])
        rows.writerows([number, first + timedelta(days=number)] for number in range(days))
    os.utime(desk.folder / "long.csv", (desk.clock.now().timestamp() - 60,) * 2)
    words = (
        "backfill",
        "long",
        "--from",
        str(first),
        "--to",
        str(first + timedelta(days=days - 1)),
        "--every",
        "day",
    )
    killed("commit", 2, words, at_once=days)
    before = readings(desk)
    assert len(before) == days
    assert len({metric for metric, _ in before}) == 1
    ended = desk.run(*words, "--json")
    counts = json.loads(ended.out)["counts"]
    assert counts == {"added": days, "known": days, "observed": 0, "missing": 0}
    assert len(set(readings(desk))) == len(readings(desk)) == 2 * days
