"""A company for a race of tools: key results from Jira, Sheets and a CSV in turn, Notion behind a limit.

What every row must show is computed from the key result's number alone, never read from a source or from a tool.
"""

from __future__ import annotations

import csv
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from okrsync.loopback import Fault
from okrsync_emulators.notion import faults
from tests.support.emulators import started

TARGET: Final = 2000
DATABASE: Final = "11111111-1111-4111-8111-111111111111"
DATA_SOURCE: Final = "22222222-2222-4222-8222-222222222222"
SPREADSHEET: Final = "1RaceSpreadsheetxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
YAML: Final = """\
company: race
timezone: Europe/Berlin
cycle: {{name: now, start: {start}, end: {end}}}
connections:
  jira: {{type: jira, url: "{jira}", deployment: cloud, auth: {{email: bot@acme.example, token: {{env: RACE_JIRA_TOKEN}}}}}}
  sheets: {{type: sheets, url: "{sheets}", credentials: {{file: google.json}}, spreadsheet: {spreadsheet}}}
  deals: {{type: crm, path: deals.csv}}
  notion: {{type: notion, url: "{notion}", token: {{env: RACE_NOTION_TOKEN}}}}
destination:
  connection: notion
  key_results: {{database: '{database}', match: KR, cells: {{current: Current, progress: Progress}}}}
metrics:
{metrics}
key_results:
{key_results}
"""


class RateLimit(Fault):
    """Notion's limit: ``rate`` requests a second on average, ``burst`` at once; 429 with Retry-After to all others.

    Unknown: how many at once the live service lets through. ``refused`` are the requests that got 429.
    """

    def __init__(self, rate: float, burst: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        answer = faults.rate_limited(retry_after=max(1, math.ceil(1 / rate)))
        super().__init__(where="", status=answer.status, headers=answer.headers, body=answer.body)
        self._rate, self._burst, self._monotonic = rate, burst, monotonic
        self.refill()

    def refill(self) -> None:
        self._left, self._counted_at = float(self._burst), self._monotonic()
        self.refused: list[str] = []

    def hits(self, request: str) -> bool:
        now = self._monotonic()
        self._left = min(float(self._burst), self._left + (now - self._counted_at) * self._rate)
        self._counted_at = now
        if self._left < 1 - 1e-6:
            self.refused.append(request)
            return True
        self._left -= 1
        return False


@dataclass(frozen=True)
class Requests:
    """How many requests of a run were answered, and how many of Notion's, ``refused``, with 429."""

    notion: int
    writes: int
    refused: int
    sources: int


@dataclass
class RaceCompany:
    """``size`` key results in ``folder``; ``changed`` are the numbers of those whose sources changed."""

    folder: Path
    size: int
    limit: RateLimit
    jira: Any
    sheets: Any
    notion: Any
    changed: set[int] = field(default_factory=set)

    def value(self, number: int) -> int:
        """What the sources say of key result ``number``."""
        more = number in self.changed
        return (3 + number % 7 - more, 200 + number + 40 * more, (3 + more) * (20 + number))[number % 3]

    def change(self, share: float) -> int:
        """Change the sources of some key results, spread over the table; how many."""
        count = max(1, round(self.size * share))
        for number in sorted({index * self.size // count for index in range(count)}):
            self.changed.add(number)
            if number % 3 == 0:
                self.jira.edit("RACE", f"RACE-{number * 10 + 1}", "status", "Done")
            elif number % 3 == 1:
                self.sheets.edit("KPI", f"f{number}", "Now", self.value(number))
        self.write_files()
        return count

    def right(self) -> int:
        """How many rows show what they must: the two numbers, and what people wrote beside them."""
        (view,) = self.notion.tables()
        rows = [self.notion.row(row[view.columns.index("Name")]) for row in view.rows]
        wanted = [
            {
                **_row(number),
                "Current": float(self.value(number)),
                "Progress": self.value(number) / TARGET,
            }
            for number in range(self.size)
        ]
        assert len(rows) == self.size
        return sum(shown == right for shown, right in zip(rows, wanted, strict=True))

    def forget(self) -> None:
        """Count requests from 0, with the limit's whole burst."""
        for emulator in (self.jira, self.sheets, self.notion):
            emulator.server.forget()
        self.limit.refill()

    def requests(self) -> Requests:
        refused = self.limit.refused
        return Requests(
            notion=self.notion.server.count() - len(refused),
            writes=self.notion.server.count("^PATCH") - sum(one.startswith("PATCH") for one in refused),
            refused=len(refused),
            sources=self.jira.server.count() + self.sheets.server.count(),
        )

    def environment(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "RACE_JIRA_URL": self.jira.server.url,
            "RACE_JIRA_EMAIL": "bot@acme.example",
            "RACE_JIRA_TOKEN": self.jira.secret(),
            "RACE_SHEETS_URL": self.sheets.server.url,
            "RACE_GOOGLE_ACCOUNT": str(self.folder / "google.json"),
            "RACE_NOTION_URL": self.notion.server.url,
            "RACE_NOTION_TOKEN": self.notion.secret(),
            "RACE_NOTION_DATABASE": DATABASE,
            "RACE_NOTION_DATA_SOURCE": DATA_SOURCE,
            "RACE_DLT_FOLDER": str(self.folder / "dlt"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "OKRSYNC_CONFIG": str(self.folder),
            "OKRSYNC_LEDGER": f"sqlite:///{self.folder / 'ledger.db'}",
        }

    def write_files(self) -> None:
        """The export, okrsync's YAML, the list that the scripts read, and the computed values for csv2notion-neo."""
        every = range(self.size)
        with (self.folder / "deals.csv").open("w", encoding="utf-8", newline="") as file:
            deals = csv.writer(file)
            deals.writerow(["Deal ID", "Owner", "Amount"])
            for number in every[2::3]:
                count = self.value(number) // (20 + number)
                deals.writerows([f"D-{number}-{deal}", f"o{number}", 20 + number] for deal in range(count))
        with (self.folder / "values.csv").open("w", encoding="utf-8", newline="") as file:
            values = csv.writer(file)
            values.writerow(["Name", "KR", "Current", "Progress"])
            for number in every:
                value = self.value(number)
                values.writerow([*list(_row(number).values())[:2], value, value / TARGET])
        listed = [{"id": f"KR-{number}", "target": TARGET, **self._question(number)} for number in every]
        (self.folder / "key_results.json").write_text(json.dumps(listed), encoding="utf-8")
        (self.folder / "google.json").write_text(self.sheets.secret(), encoding="utf-8")
        (self.folder / "race.yaml").write_text(self._yaml(), encoding="utf-8")

    def _question(self, number: int) -> Mapping[str, str]:
        if number % 3 == 0:
            return {"jql": f"project = RACE AND labels = kr{number} AND statusCategory != Done"}
        if number % 3 == 1:
            return {"spreadsheet": SPREADSHEET, "tab": "KPI", "cell": f"B{number + 2}"}
        return {"export": str(self.folder / "deals.csv"), "owner": f"o{number}"}

    def _metric(self, number: int) -> str:
        asked = self._question(number)
        if number % 3 == 0:
            return f'{{from: jira, measure: count, jql: "{asked["jql"]}"}}'
        if number % 3 == 1:
            return f'{{from: sheets, cell: "{asked["tab"]}!{asked["cell"]}"}}'
        return f"{{from: deals, measure: sum, field: Amount, where: {{Owner: {asked['owner']}}}}}"

    def _yaml(self) -> str:
        today = datetime.now(tz=UTC).date()
        return YAML.format(
            start=today - timedelta(days=30),
            end=today + timedelta(days=60),
            jira=self.jira.server.url,
            sheets=self.sheets.server.url,
            notion=self.notion.server.url,
            spreadsheet=SPREADSHEET,
            database=DATABASE.replace("-", ""),
            metrics="\n".join(f"  m{number}: {self._metric(number)}" for number in range(self.size)),
            key_results="\n".join(
                f"  - {{id: KR-{number}, metric: m{number}, reach: {TARGET}}}" for number in range(self.size)
            ),
        )


@contextmanager
def race_company(folder: Path, size: int, *, rate: float, burst: int) -> Iterator[RaceCompany]:
    folder.mkdir()
    with ExitStack() as stack:
        emulators = [started(name) for name in ("jira", "sheets", "notion")]
        for emulator in emulators:
            stack.callback(emulator.server.close)
        limit = RateLimit(rate, burst)
        made = RaceCompany(folder, size, limit, *emulators)
        _seed(made)
        made.notion.server.faults.append(limit)
        made.write_files()
        yield made


def _row(number: int) -> dict[str, Any]:
    """What people wrote into a row."""
    return {"Name": f"Key result {number}", "KR": f"KR-{number}", "Comment": f"ask Ada about {number}"}


def _seed(made: RaceCompany) -> None:
    created = (datetime.now(tz=UTC) - timedelta(days=20)).isoformat()
    made.jira.load(
        {
            "issues": [
                {"key": f"RACE-{number * 10 + one + 1}", "labels": [f"kr{number}"], "created": created}
                for number in range(0, made.size, 3)
                for one in range(made.value(number))
            ]
        }
    )
    figures = [["Figure", "Now"], *([f"f{number}", made.value(number)] for number in range(made.size))]
    tab = {"title": "KPI", "gid": 0, "rows": figures, "grid": [made.size + 10, 5]}
    book = {"id": SPREADSHEET, "title": "Numbers", "shared_with": "anyone", "tabs": [tab]}
    made.sheets.load({"spreadsheets": [book]})
    columns = {
        "Name": {"type": "title"},
        "KR": {"type": "rich_text"},
        "Comment": {"type": "rich_text"},
        "Current": {"type": "number"},
        "Progress": {"type": "number", "format": "percent"},
    }
    rows = [_row(number) for number in range(made.size)]
    table = {"id": DATA_SOURCE, "title": "Key results", "properties": columns, "rows": rows}
    # csv2notion-neo takes only a token of this form.
    token = f"ntn_{'x' * 46}"
    database = {"id": DATABASE, "title": "Key results", "data_sources": [table]}
    made.notion.load({"token": token, "databases": [database]})
