"""Made-up companies of any size on the emulators."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from okrsync.config import Company, load_company
from okrsync.ledger import open_ledger
from okrsync.plugins import Connectors
from okrsync.sandbox import PRESENT
from okrsync.sync.result import Report
from okrsync.sync.run import sync
from okrsync.testing import JumpClock
from tests.support.emulators import started

YAML = """\
company: {name}
timezone: Europe/Berlin
cycle: {{name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}}
connections:
  jira: {{type: jira, url: "{jira}", deployment: cloud, auth: {{email: bot@acme.example, token: {{env: BENCH_JIRA}}}}}}
  sheets: {{type: sheets, url: "{sheets}", credentials: {{env: BENCH_SHEETS}}, spreadsheet: {spreadsheet}}}
  deals: {{type: crm, path: deals.csv}}
  notion: {{type: notion, url: "{notion}", token: {{env: BENCH_NOTION}}, requests_per_second: 100, burst: 100}}
destination:
  connection: notion
  key_results: {{database: '11111111111141118111111111111111', match: KR, recheck: {recheck}, cells: {{current: Current, progress: Progress}}}}
metrics:
{metrics}
key_results:
{key_results}
"""
SPREADSHEET = "1BenchmarkSpreadsheetxxxxxxxxxxxxxxxxxxxxxxx"


@dataclass(frozen=True)
class World:
    """A company with ``size`` key results, a third from each source."""

    company: Company
    jira: Any
    sheets: Any
    notion: Any
    folder: Path
    clock: JumpClock

    def sync(self) -> Report:
        with open_ledger(f"sqlite:///{self.folder / 'ledger.db'}", self.clock) as ledger:
            return sync(self.company, ledger, self.clock, force=True)

    def forget(self) -> None:
        for emulator in (self.jira, self.sheets, self.notion):
            emulator.server.forget()


Build = Callable[..., World]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    connectors = Connectors()
    with ExitStack() as stack:

        def running(name: str) -> Any:
            made = started(name)
            stack.callback(made.server.close)
            return made

        def make(size: int, *, settled: bool = False, recheck: str = "row") -> World:
            jira, sheets, notion = running("jira"), running("sheets"), running("notion")
            folder = tmp_path / str(size)
            folder.mkdir()
            _seed(size, jira, sheets, notion, folder, settled=settled)
            for variable, emulator in (
                ("BENCH_JIRA", jira),
                ("BENCH_SHEETS", sheets),
                ("BENCH_NOTION", notion),
            ):
                monkeypatch.setenv(variable, emulator.secret())
            text = YAML.format(
                name=f"bench-{size}",
                jira=jira.server.url,
                sheets=sheets.server.url,
                notion=notion.server.url,
                spreadsheet=SPREADSHEET,
                recheck=recheck,
                metrics="\n".join(_metric(number) for number in range(size)),
                key_results="\n".join(
                    f"  - {{id: KR-{number}, metric: m{number}, reach: 1000}}" for number in range(size)
                ),
            )
            path = folder / f"bench-{size}.yaml"
            path.write_text(text, encoding="utf-8")
            company = load_company(path, connectors)
            return World(company, jira, sheets, notion, folder, JumpClock(PRESENT))

        yield make


def _metric(number: int) -> str:
    kind = number % 3
    if kind == 0:
        # Twenty distinct queries, however many key results stand on them.
        return f'  m{number}: {{from: jira, measure: count, jql: "project = P{number // 3 % 20}"}}'
    if kind == 1:
        return f'  m{number}: {{from: sheets, cell: "KPI!B{number + 2}"}}'
    return f"  m{number}: {{from: deals, measure: sum, field: Amount, where: {{Owner: o{number}}}}}"


def _value(number: int) -> int:
    """What the seeded sources say of key result ``number``."""
    return (10 + number // 3 % 20, 100 + number, 150)[number % 3]


def _seed(size: int, jira: Any, sheets: Any, notion: Any, folder: Path, *, settled: bool) -> None:
    """``settled``: the rows show already what the sources say."""
    issues = [
        {
            "project": f"P{n}",
            "type": "Task",
            "count": 10 + n,
            "status": "To Do",
            "created": "2026-10-02T08:00:00Z",
        }
        for n in range(20)
    ]
    jira.load({"bulk": issues})
    rows = [["Figure", "Now"], *([f"f{n}", 100 + n] for n in range(size))]
    tab = {"title": "KPI", "gid": 0, "rows": rows, "grid": [size + 10, 5]}
    sheets.load(
        {"spreadsheets": [{"id": SPREADSHEET, "title": "Numbers", "shared_with": "anyone", "tabs": [tab]}]}
    )
    properties = {
        "Name": {"type": "title"},
        "KR": {"type": "rich_text"},
        "Current": {"type": "number"},
        "Progress": {"type": "number", "format": "percent"},
    }
    source = {
        "title": "KRs",
        "properties": properties,
        "rows": [
            {"Name": f"Key result {n}", "KR": f"KR-{n}"}
            | ({"Current": _value(n), "Progress": min(_value(n), 1000) / 1000} if settled else {})
            for n in range(size)
        ],
    }
    notion.load(
        {
            "databases": [
                {"id": "11111111-1111-4111-8111-111111111111", "title": "KRs", "data_sources": [source]}
            ]
        }
    )
    export = folder / "deals.csv"
    with export.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Deal ID", "Owner", "Amount"])
        writer.writerows([n * 3 + k, f"o{n}", 50] for n in range(size) for k in range(3))
    os.utime(export, (PRESENT.timestamp() - 60, PRESENT.timestamp() - 60))
