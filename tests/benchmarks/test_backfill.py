"""A year of weekly values for 200 key results in one command, against recomputing each date by itself.

Small by default, and a quarter only: ``make bench`` sets the full size.
"""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from okrsync.sandbox import PRESENT
from tests.benchmarks.jira_of_a_year import DAYS, FIRST, LAST, PROJECTS, WEEKS, Jira, jira_of_a_year
from tests.support.emulators import started

ISSUES = int(os.environ.get("OKRSYNC_BENCH_ISSUES", "400"))
ROWS = int(os.environ.get("OKRSYNC_BENCH_ROWS", "20000"))
SHEETS = 90
# The peak of the whole process. What grows with the issues is their changes; rows are scanned, and spill.
MEGABYTES = 1000
SPREADSHEET = "1BackfillSpreadsheetxxxxxxxxxxxxxxxxxxxxxxxx"
YAML = """\
company: year
timezone: Europe/Berlin
cycle: {{name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}}
connections:
  jira: {{type: jira, url: "{jira}", deployment: {deployment}, auth: {auth}, canary: project = P0}}
  sheets: {{type: sheets, url: "{sheets}", credentials: {{env: BENCH_SHEETS}}, spreadsheet: {spreadsheet}}}
  deals: {{type: crm, path: deals.csv}}
  notion: {{type: notion, token: {{env: BENCH_NOTION}}}}
destination:
  connection: notion
  key_results: {{database: '11111111111141118111111111111111', match: KR, cells: {{current: Current}}}}
metrics:
{metrics}
key_results:
{key_results}
"""
AUTH = {
    "cloud": "{email: bot@acme.example, token: {env: BENCH_JIRA}}",
    "data_center": "{token: {env: BENCH_JIRA}}",
}
# What one project is asked: as it was on the day, by replay; by the dates of events; how long things took.
OF_A_PROJECT = (
    "scope: project = {0}, state: {{statusCategory: not done}}",
    "scope: project = {0}, state: {{statusCategory: done, resolution: Done}}",
    "scope: project = {0}, state: {{status: In Review}}",
    "scope: project = {0}, state: {{statusCategory: not done, assignee: empty}}",
    "scope: project = {0}, state: {{sprint: not empty, statusCategory: in progress}}",
    "scope: project = {0}, measure: sum, field: Story Points, state: {{statusCategory: not done}}, min_samples: 0",
    "scope: project = {0}, measure: sum, field: Story Points, state: {{statusCategory: done}}, min_samples: 0",
    "scope: project = {0}, measure: ratio, part_state: {{statusCategory: done}}, unit: percent",
    "scope: project = {0} AND type = Bug, state: {{statusCategory: not done}}",
    "measure: done_share, by: points, field: Story Points, parent: {0}-1, unit: percent, empty_field: zero",
    "jql: project = {0}, date: created, window: quarter",
    "jql: project = {0} AND type = Bug, date: resolved, window: last 90d",
    "scope: project = {0}, measure: throughput, window: last 30d",
    "scope: project = {0}, measure: lead_time, window: last 90d, unit: days",
)
# What one owner's deals are asked: sums add up over the weeks, the rest does not.
SUMS = tuple(f"measure: sum, field: Amount, where: {{{{Owner: o{n}}}}}" for n in range(20))
NO_SUMS = (
    *(f"measure: median, field: Amount, where: {{{{Owner: o{n}}}}}" for n in range(8)),
    *(f"measure: p85, field: Amount, where: {{{{Owner: o{n}}}}}, window: last 30d" for n in range(4)),
    *(f"measure: count_distinct, field: Customer, where: {{{{Owner: o{n}}}}}" for n in range(4)),
    *(
        f"measure: duration, start: Opened, end: Closed, where: {{{{Owner: o{n}}}}}, unit: days"
        for n in range(2)
    ),
    "measure: spread, field: Amount, group: Region, aggregate: sum, unit: percent",
    "measure: median, field: Amount",
)
# One process for each measurement: its peak memory is its own. The clock stands at the demo's present.
CHILD = """
import json, os, re, resource, sys, time
from pathlib import Path
from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.sandbox import DemoClock
os.environ["OKRSYNC_LEDGER"] = f"sqlite:///{sys.argv[1]}.db"
began = time.monotonic()
code = main(["backfill", "year", "--from", sys.argv[2], "--to", sys.argv[3], "--json"], Context(clock=DemoClock()))
seconds, work = time.monotonic() - began, time.process_time()
# Where the system tells it: what getrusage says may be the peak of the process that started this one.
told = Path("/proc/self/status")
peak = re.search(r"VmHWM:\\s+(\\d+)", told.read_text())[1] if told.exists() else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"code": code, "seconds": seconds, "work": work, "peak": int(peak) // 1024}))
"""


@pytest.fixture(params=["cloud", "data_center"])
def jira(request: pytest.FixtureRequest) -> Iterator[Jira]:
    with jira_of_a_year(request.param, ISSUES) as running:
        yield running


@pytest.fixture
def sheets() -> Iterator[Any]:
    emulator = started("sheets")
    weeks = [FIRST + timedelta(days=6 + 7 * week) for week in range(WEEKS)]
    rows: list[list[Any]] = [["Week", *(f"f{n}" for n in range(SHEETS))]]
    rows += [[{"date": day}, *(100 + week + n for n in range(SHEETS))] for week, day in enumerate(weeks)]
    tab = {"title": "Series", "gid": 0, "rows": rows, "grid": [WEEKS + 10, SHEETS + 5]}
    book = {
        "id": SPREADSHEET,
        "title": "Numbers",
        "timezone": "Europe/Berlin",
        "shared_with": "anyone",
        "tabs": [tab],
    }
    emulator.load({"spreadsheets": [book]})
    yield emulator
    emulator.server.close()


@pytest.fixture
def company(jira: Jira, sheets: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many key results the company has; 200."""
    metrics = [
        f'from: sheets, range: "Series!{_column(n + 1)}2:{_column(n + 1)}", dates: "Series!A2:A"'
        for n in range(SHEETS)
    ]
    metrics += [f"from: jira, {one.format(f'P{n}')}" for n in range(PROJECTS) for one in OF_A_PROJECT]
    metrics += [f"from: deals, date: Closed, {one.format()}" for one in (*SUMS, *NO_SUMS)]
    text = YAML.format(
        jira=jira.url,
        deployment=jira.kind,
        auth=AUTH[jira.kind],
        sheets=sheets.server.url,
        spreadsheet=SPREADSHEET,
        metrics="\n".join(f"  m{n}: {{{metric}}}" for n, metric in enumerate(metrics)),
        key_results="\n".join(f"  - {{id: KR-{n}, metric: m{n}, reach: 1000}}" for n in range(len(metrics))),
    )
    (tmp_path / "year.yaml").write_text(text, encoding="utf-8")
    _export(tmp_path / "deals.csv")
    monkeypatch.setenv("BENCH_JIRA", jira.token)
    monkeypatch.setenv("BENCH_SHEETS", sheets.secret())
    monkeypatch.setenv("BENCH_NOTION", "secret")
    monkeypatch.setenv("OKRSYNC_CONFIG", str(tmp_path))
    return len(metrics)


def _column(number: int) -> str:
    high, low = divmod(number, 26)
    return (chr(64 + high) if high else "") + chr(65 + low)


def _export(path: Path) -> None:
    chance = random.Random(1)
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Deal ID", "Owner", "Amount", "Opened", "Closed", "Customer", "Region"])
        for n in range(ROWS):
            closed = chance.choice(days)
            opened = closed - timedelta(days=chance.randrange(90))
            writer.writerow(
                [n, f"o{n % 100}", n % 1000, opened, closed, f"c{chance.randrange(5000)}", f"r{n % 7}"]
            )
    os.utime(path, (PRESENT.timestamp() - 60,) * 2)


def _run(folder: Path, name: str, first: date, last: date) -> tuple[Any, list[Any]]:
    """What a backfill of the days took, and its values."""
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder / name), first.isoformat(), last.isoformat()],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    *answer, took = ended.stdout.splitlines()
    return json.loads(took), json.loads("\n".join(answer))["values"]


@pytest.mark.slow
def test_a_year_in_one_command(company: int, jira: Jira, sheets: Any, tmp_path: Path) -> None:
    jira.requests()
    whole, values = _run(tmp_path, "whole", FIRST, LAST)
    requests = jira.requests() + sheets.server.count()
    sheets.server.forget()
    day = FIRST + timedelta(days=7 * (WEEKS // 2) - 1)
    single, of_day = _run(tmp_path, "single", day - timedelta(days=6), day)
    each = jira.requests() + sheets.server.count()
    megabytes = (tmp_path / "deals.csv").stat().st_size // 2**20
    print(
        "\n| | time | requests | memory | date by date |\n|---|---|---|---|---|"
        f"\n| {WEEKS} weeks of {company} key results: {ISSUES:,} issues ({jira.kind}), {ROWS:,} rows ({megabytes} MB) "
        f"| {whole['seconds']:.0f} s ({whole['work']:.0f} s of it at work) | {requests} requests "
        f"| peak {whole['peak']} MB | date by date: {each * WEEKS:,} requests, {single['seconds'] * WEEKS:.0f} s |"
    )
    assert [one for one in values if "missing" in one] == []
    assert (whole["code"], single["code"]) == (0, 0)
    assert len(values) == company * WEEKS
    known = {(one["metric"], one["date"]): one["value"] for one in values}
    assert {(one["metric"], one["date"]): one["value"] for one in of_day}.items() <= known.items()
    assert requests < each * 2, "all dates together cost hardly more than one"
    assert whole["work"] * 2 < single["work"] * WEEKS
    assert whole["peak"] < MEGABYTES
