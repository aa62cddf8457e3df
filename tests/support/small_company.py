"""A company that a test writes itself: a spreadsheet, a CSV file and a Notion on emulators, and a clock to set."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.plugins import Connectors
from okrsync.testing import JumpClock
from okrsync_emulators.notion import NotionEmulator
from okrsync_emulators.sheets import SheetsEmulator

Q4 = "{name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}"
STATUSES = ["Not started", "On track", "Behind", "At risk", "Achieved"]
STATUS = {"type": "status", "options": [{"name": one, "group": "In progress"} for one in STATUSES]}
SHARE = {"type": "number", "format": "percent"}
TABLES: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "key_results": (
        "KR",
        {"Start": "number", "Target": "number", "Current": "number", "Progress": SHARE, "Status": STATUS, "Expected": SHARE},
        "{current: Current, progress: Progress, status: Status, expected: Expected}",
    ),
    "objectives": (
        "ID",
        {"Progress": SHARE, "Status": STATUS, "Summary": "rich_text", "Count": "rich_text"},
        "{progress: Progress, status: Status, summary: Summary, count: Count}",
    ),
    "kpis": (
        "ID",
        {"Value": "number", "Health": {"type": "select", "options": ["Healthy", "Unhealthy"]}, "Trend": "rich_text"},
        "{value: Value, health: Health, trend: Trend}",
    ),
}  # fmt: skip
HEAD = """\
company: acme
timezone: Europe/Berlin
cycle: {cycle}
connections:
  sheets: {{type: sheets, url: {sheets}, credentials: {{env: SMALL_GOOGLE}}, spreadsheet: acme-numbers-of-2026-q4}}
  deals: {{type: crm, path: deals.csv, delimiter: ";", date_format: "%Y-%m-%d"}}
  notion: {{type: notion, url: {notion}, token: {{env: SMALL_NOTION}}}}
destination:
  connection: notion
"""


@dataclass
class SmallCompany:
    """What a test has in hand: commands, rows as people see them, cells of the sources, and the time."""

    folder: Path
    notion: NotionEmulator
    sheets: SheetsEmulator
    capsys: pytest.CaptureFixture[str]
    clock: JumpClock
    code: int = 0
    out: str = ""

    def run(self, *words: str) -> int:
        self.capsys.readouterr()
        self.code = main(words, Context(clock=self.clock, connectors=Connectors()))
        captured = self.capsys.readouterr()
        self.out = captured.out + captured.err
        return self.code

    def sync(self) -> int:
        return self.run("sync", "acme")

    def row(self, key: str, *columns: str, table: str = "key_results") -> tuple[str, ...]:
        (view,) = [one for one in self.notion.tables() if one.title == table]
        for values in view.rows:
            row = dict(zip(view.columns, values, strict=True))
            if row["Name"] == key:
                return tuple(row[column] for column in columns)
        raise LookupError(key)

    def type_in(self, cell: str, value: Any) -> None:
        """A person types into the tab KPI; ``cell`` is like B2."""
        self.sheets.edit("KPI", cell[1:], cell[0], value)

    def edit_yaml(self, old: str, new: str) -> None:
        path = self.folder / "acme.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def deals(self, rows: Sequence[tuple[str, int]]) -> None:
        """The export: so many deals closed on each day."""
        days = [day for day, count in rows for _ in range(count)]
        path = self.folder / "deals.csv"
        path.write_text("Id;Closed\n" + "".join(f"D{number};{day}\n" for number, day in enumerate(days)))
        moment = self.clock.now().timestamp()
        os.utime(path, (moment, moment))

    def at(self, moment: str) -> None:
        """Let it be ``moment`` (UTC)."""
        self.clock.jump((_utc(moment) - self.clock.now()).total_seconds())
        for path in self.folder.glob("*.csv"):
            os.utime(path, (self.clock.now().timestamp(),) * 2)

    def json(self, *words: str) -> Any:
        self.run(*words, "--json")
        return json.loads(self.out[: self.out.rindex("}") + 1])


def _utc(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


@contextmanager
def small_company(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    body: str,
    rows: Sequence[Sequence[Any]],
    at: str = "2026-11-23T06:00:00",
    cycle: str = Q4,
) -> Iterator[SmallCompany]:
    """The company whose metrics and key results are in ``body``; ``rows`` are those of the tab KPI, from its first."""
    clock = JumpClock(_utc(at))
    sheets, notion = SheetsEmulator(now=clock.now), NotionEmulator(now=clock.now)
    for emulator in (sheets, notion):
        emulator.server.date = None
    tab = {"title": "KPI", "gid": 0, "rows": rows}
    book = {
        "id": "acme-numbers-of-2026-q4",
        "title": "Numbers",
        "timezone": "Europe/Berlin",
        "shared_with": "anyone",
    }
    sheets.load({"spreadsheets": [{**book, "tabs": [tab]}]})
    databases, yaml = [], HEAD.format(cycle=cycle, sheets=sheets.server.url, notion=notion.server.url)
    for number, (name, (key, columns, cells)) in enumerate(TABLES.items(), start=1):
        wanted = [line.split("id: ")[1].split(",")[0].rstrip("}\n") for line in _listed(body, name)]
        if not wanted:
            continue
        identity = str(number) * 8 + "-1111-4111-8111-111111111111"
        properties = {"Name": "title", key: "rich_text", **columns}
        source = {
            "title": name,
            "properties": properties,
            "rows": [{"Name": one, key: one} for one in wanted],
        }
        databases.append({"id": identity, "title": name, "data_sources": [source]})
        yaml += f'  {name}: {{database: "{identity.replace("-", "")}", match: {key}, cells: {cells}}}\n'
    notion.load({"workspace": "Acme", "people": ["Ada"], "databases": databases})
    monkeypatch.setenv("SMALL_GOOGLE", sheets.secret())
    monkeypatch.setenv("SMALL_NOTION", notion.secret())
    monkeypatch.setenv("OKRSYNC_CONFIG", str(folder))
    monkeypatch.setenv("OKRSYNC_LEDGER", f"sqlite:///{folder / 'ledger.db'}")
    (folder / "acme.yaml").write_text(yaml + body, encoding="utf-8")
    made = SmallCompany(folder=folder, notion=notion, sheets=sheets, capsys=capsys, clock=clock)
    made.deals([])
    try:
        yield made
    finally:
        sheets.server.close()
        notion.server.close()


def _listed(body: str, name: str) -> list[str]:
    """The lines of one list of the body."""
    _, found, rest = f"\n{body}".partition(f"\n{name}:\n")
    lines = []
    for line in rest.splitlines() if found else []:
        if not line.startswith("  - "):
            break
        lines.append(line)
    return lines
