"""A year of weekly values for 200 key results in one command, against recomputing each date by itself.

200 000 rows of CRM export by default; ``OKRSYNC_BENCH_ROWS=1000000`` asks for a million.
"""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from okrsync.plugins import Connectors
from okrsync.sandbox import PRESENT

ROWS = int(os.environ.get("OKRSYNC_BENCH_ROWS", "200000"))
WEEKS = 52
SHEETS, DEALS = 150, 50
LAST = date(2026, 11, 22)
FIRST = LAST - timedelta(weeks=WEEKS - 1)
SPREADSHEET = "1BackfillSpreadsheetxxxxxxxxxxxxxxxxxxxxxxxx"
YAML = """\
company: year
timezone: Europe/Berlin
cycle: {{name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}}
connections:
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
# One process for each measurement: its peak memory is its own. The clock stands at the demo's present.
CHILD = """
import json, os, resource, sys, time
from okrsync.cli import main
from okrsync.cli.world import World
from okrsync.sandbox import DemoClock
seconds, codes = [], []
for number, days in enumerate(json.loads(sys.argv[1])):
    os.environ["OKRSYNC_LEDGER"] = f"sqlite:///{sys.argv[2]}-{number}.db"
    began = time.monotonic()
    codes.append(main(["backfill", "year", "--from", days[0], "--to", days[1]], World(clock=DemoClock())))
    seconds.append(time.monotonic() - began)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"seconds": seconds, "codes": codes, "peak": peak}))
"""


@pytest.fixture
def sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    factory = Connectors()["sheets"].emulator
    assert factory is not None
    emulator = factory()
    weeks = [FIRST + timedelta(weeks=week) for week in range(WEEKS)]
    head = ["Week", *(f"f{n}" for n in range(SHEETS))]
    rows: list[list[Any]] = [head]
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
    monkeypatch.setenv("BENCH_SHEETS", emulator.secret())
    monkeypatch.setenv("BENCH_NOTION", "secret")
    monkeypatch.setenv("OKRSYNC_CONFIG", str(tmp_path))
    metrics = [
        f'  s{n}: {{from: sheets, range: "Series!{_column(n + 1)}2:{_column(n + 1)}", dates: "Series!A2:A"}}'
        for n in range(SHEETS)
    ]
    metrics += [
        f"  d{n}: {{from: deals, measure: sum, field: Amount, where: {{Owner: o{n}}}, date: Closed}}"
        for n in range(DEALS)
    ]
    names = [f"s{n}" for n in range(SHEETS)] + [f"d{n}" for n in range(DEALS)]
    text = YAML.format(
        sheets=emulator.server.url,
        spreadsheet=SPREADSHEET,
        metrics="\n".join(metrics),
        key_results="\n".join(f"  - {{id: KR-{name}, metric: {name}, reach: 1000}}" for name in names),
    )
    (tmp_path / "year.yaml").write_text(text, encoding="utf-8")
    _export(tmp_path / "deals.csv")
    yield emulator
    emulator.server.close()


def _column(number: int) -> str:
    high, low = divmod(number, 26)
    return (chr(64 + high) if high else "") + chr(65 + low)


def _export(path: Path) -> None:
    chance = random.Random(1)
    days = [(FIRST + timedelta(days=n)).isoformat() for n in range(WEEKS * 7)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Deal ID", "Owner", "Amount", "Closed"])
        writer.writerows([n, f"o{n % 100}", n % 1000, chance.choice(days)] for n in range(ROWS))
    os.utime(path, (PRESENT.timestamp() - 60,) * 2)


def _run(folder: Path, name: str, spans: list[tuple[date, date]]) -> Any:
    words = json.dumps([[first.isoformat(), last.isoformat()] for first, last in spans])
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, words, str(folder / name)],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_year_in_one_command(sheets: Any, tmp_path: Path) -> None:
    whole = _run(tmp_path, "whole", [(FIRST - timedelta(days=6), LAST)])
    requests = sheets.server.count()
    sheets.server.forget()
    sample = [LAST - timedelta(weeks=WEEKS // 2)]
    single = _run(tmp_path, "single", [(day - timedelta(days=6), day) for day in sample])
    each = sheets.server.count() / len(sample)
    assert whole["codes"] == [0]
    assert single["codes"] == [0]
    ratio = sum(single["seconds"]) / len(sample) * WEEKS / whole["seconds"][0]
    size = (tmp_path / "deals.csv").stat().st_size // 2**20
    print(
        f"\n{WEEKS} weeks of {SHEETS + DEALS} key results, {ROWS:,} rows ({size} MB): {whole['seconds'][0]:.1f} s, "
        f"{requests} requests, peak {whole['peak']} MB; date by date: {each * WEEKS:.0f} requests; "
        f"ratio of requests {each * WEEKS / requests:.0f}, of time {ratio:.1f}"
    )
    assert requests <= each + 2, "all dates together cost hardly more than one"
    assert ratio > 4
    assert whole["peak"] < 1000, "bounded: the export is scanned, not loaded"
