"""Many made-up companies: CRM exports in, Notion databases out; some share a token, others have their own.

Every key result has a metric of its own. In a ``mixed`` fleet five of ten come from the export, three from a
spreadsheet and two from Jira, as in the book.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from okrsync.loopback import Request
from tests.support.emulators import started

YAML = """\
company: {name}
timezone: Europe/Berlin
cycle: {{name: now, start: {start}, end: {end}}}
{more}
connections:
  deals: {{type: crm, path: {name}.csv}}
{connections}
  notion: {{type: notion, url: "{url}", token: {{env: {token}}}, requests_per_second: {rate}, burst: {burst}}}
destination:
  connection: notion
  key_results: {{database: '{database}', match: KR, cells: {{current: Current, progress: Progress}}}}
metrics:
{metrics}
key_results:
{key_results}
"""
MIXED = """\
  jira: {{type: jira, url: "{jira}", deployment: cloud, auth: {{email: bot@acme.example, token: {{env: FLEET_JIRA}}}}}}
  sheets: {{type: sheets, url: "{sheets}", credentials: {{env: FLEET_SHEETS}}, spreadsheet: {book}, reads_per_minute: 3000}}"""
EXPORT, SHEET, JIRA = (0, 1, 4, 6, 9), (2, 5, 8), (3, 7)  # which of ten key results
ISSUES = 3  # of each of Jira's metrics


class Timed(list[Request]):
    """The requests of a server, with the moment each came in."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    def append(self, one: Request) -> None:
        self.moments.append(time.monotonic())
        super().append(one)


@dataclass
class Fleet:
    """``names`` of companies in ``folder``; the first emulator's token is shared by all that are not alone."""

    folder: Path
    names: Sequence[str]
    notions: list[Any]
    environment: dict[str, str]
    key_results: int
    jira: Any = None
    sheets: Any = None
    arrivals: list[Timed] = field(default_factory=list)

    def move_in(self, monkeypatch: pytest.MonkeyPatch, ledger: str = "") -> None:
        """Let the command line find the companies and their secrets, and keep its ledger beside them or at a URL."""
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("OKRSYNC_CONFIG", str(self.folder))
        monkeypatch.setenv("OKRSYNC_LEDGER", ledger or f"sqlite:///{self.folder / 'ledger.db'}")

    @property
    def mixed(self) -> bool:
        return self.jira is not None

    @property
    def emulators(self) -> list[Any]:
        return [*self.notions, *([self.jira, self.sheets] if self.mixed else [])]

    def forget(self) -> None:
        for emulator in self.emulators:
            emulator.server.forget()

    def count(self, where: str = "") -> int:
        """How many requests Notion got."""
        return sum(notion.server.count(where) for notion in self.notions)

    def asked(self) -> int:
        """How many requests all servers got."""
        return sum(emulator.server.count() for emulator in self.emulators)

    def patches(self) -> Counter[str]:
        """How often each page was written."""
        return Counter(
            one.path
            for notion in self.notions
            for one in list(notion.server.requests)
            if one.method == "PATCH"
        )

    def shown(self) -> dict[str, dict[str, str]]:
        """Company -> key result -> what its cell Current shows."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for notion in self.notions:
            for view in notion.tables():
                for row in view.rows:
                    cells = dict(zip(view.columns, row, strict=True))
                    found[view.title][cells["KR"]] = cells["Current"]
        return dict(found)

    def expected(self) -> dict[str, dict[str, str]]:
        return {
            name: {f"KR-{kr}": str(value(number, kr, mixed=self.mixed)) for kr in range(self.key_results)}
            for number, name in enumerate(self.names)
        }


def value(number: int, kr: int, *, mixed: bool) -> int:
    """What the sources say of a company's key result."""
    if mixed and kr % 10 == 4:
        return 2  # the deals that were lost
    if mixed and kr % 10 == 3:
        return ISSUES
    return 100 + number + kr


@contextmanager
def fleet(
    folder: Path,
    companies: int,
    *,
    key_results: int = 2,
    mixed: bool = False,
    alone: int = 0,
    rate: int = 100,
    burst: int = 100,
    schedule: str = "",
    more: str = "",
) -> Iterator[Fleet]:
    """``alone`` of the companies have a token of their own each; the others share one, ``rate`` and ``burst``."""
    names = [f"c{number:05d}" for number in range(companies)]
    groups = [names[alone:], *([name] for name in names[:alone])]
    made = Fleet(folder, names, [], {}, key_results)
    try:
        if mixed:
            _sources(made)
        for index, group in enumerate(groups):
            emulator = started("notion")
            made.notions.append(emulator)
            arrivals = Timed()
            emulator.server.requests = arrivals
            made.arrivals.append(arrivals)
            emulator.load(
                {
                    "token": f"secret_token_{index}",
                    "databases": [_database(name, key_results) for name in group],
                }
            )
            made.environment[f"FLEET_{index}"] = f"secret_token_{index}"
            for name in group:
                _write(made, name, emulator.server.url, f"FLEET_{index}", rate, burst, _lines(schedule, more))
        yield made
    finally:
        for emulator in made.emulators:
            emulator.server.close()


def _sources(made: Fleet) -> None:
    """Jira with a project for each company, and a spreadsheet for each."""
    made.jira, made.sheets = started("jira"), started("sheets")
    made.environment |= {"FLEET_JIRA": made.jira.secret(), "FLEET_SHEETS": made.sheets.secret()}
    created = (datetime.now(tz=UTC) - timedelta(days=20)).isoformat()
    issues = [
        {
            "key": f"{name.upper()}-{kr * ISSUES + n + 1}",
            "labels": [f"kr{kr}"],
            "created": created,
            "fields": {"Story Points": value(number, kr, mixed=True) - 2 if n == 0 else 1},
        }
        for number, name in enumerate(made.names)
        for kr in range(made.key_results)
        if kr % 10 in JIRA
        for n in range(ISSUES)
    ]
    points = {"id": "customfield_10016", "name": "Story Points", "type": "number"}
    made.jira.load({"fields": [points], "issues": issues})
    made.sheets.load({"spreadsheets": [_spreadsheet(made, name) for name in made.names]})


def _spreadsheet(made: Fleet, name: str) -> dict[str, Any]:
    number, size = int(name[1:]), made.key_results
    rows = [["Figure", "Now"], *([f"f{kr}", value(number, kr, mixed=True)] for kr in range(size))]
    tab = {"title": "KPI", "gid": 0, "rows": rows, "grid": [size + 10, 5]}
    return {"id": _book(name), "title": name, "shared_with": "anyone", "tabs": [tab]}


def _book(name: str) -> str:
    return f"1Fleet{name}{'x' * 32}"


def _lines(schedule: str, more: str) -> str:
    return "\n".join(line for line in (f'schedule: "{schedule}"' if schedule else "", more) if line)


def _id(name: str) -> str:
    return f"11111111111141118111{int(name[1:]):012x}"


def _database(name: str, key_results: int) -> dict[str, Any]:
    plain = _id(name)
    identity = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
    properties = {
        "Name": {"type": "title"},
        "KR": {"type": "rich_text"},
        "Current": {"type": "number"},
        "Progress": {"type": "number", "format": "percent"},
    }
    rows = [{"Name": f"Key result {kr} of {name}", "KR": f"KR-{kr}"} for kr in range(key_results)]
    return {
        "id": identity,
        "title": name,
        "data_sources": [{"title": name, "properties": properties, "rows": rows}],
    }


def _metric(name: str, kr: int, *, mixed: bool) -> str:
    if mixed and kr % 10 in SHEET:
        return f'{{from: sheets, cell: "KPI!B{kr + 2}"}}'
    if mixed and kr % 10 in JIRA:
        asked = "measure: count" if kr % 10 == 3 else "measure: sum, field: Story Points"
        return f'{{from: jira, {asked}, jql: "project = {name.upper()} AND labels = kr{kr}"}}'
    if mixed and kr % 10 == 4:
        return f"{{from: deals, measure: count, where: {{Owner: o{kr}, Stage: Lost}}}}"
    measure = {6: "max", 9: "median"}.get(kr % 10, "sum") if mixed else "sum"
    return f"{{from: deals, measure: {measure}, field: Amount, where: {{Owner: o{kr}, Stage: Won}}}}"


def _write(made: Fleet, name: str, url: str, token: str, rate: int, burst: int, more: str) -> None:
    today, number, mixed = datetime.now(tz=UTC).date(), int(name[1:]), made.mixed
    every = range(made.key_results)
    sources = (
        MIXED.format(jira=made.jira.server.url, sheets=made.sheets.server.url, book=_book(name))
        if mixed
        else ""
    )
    text = YAML.format(
        name=name,
        start=today - timedelta(days=30),
        end=today + timedelta(days=60),
        more=more,
        connections=sources,
        url=url,
        token=token,
        rate=rate,
        burst=burst,
        database=_id(name),
        metrics="\n".join(f"  m{kr}: {_metric(name, kr, mixed=mixed)}" for kr in every),
        key_results="\n".join(f"  - {{id: KR-{kr}, metric: m{kr}, reach: 1000}}" for kr in every),
    )
    (made.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    own = [kr for kr in every if not mixed or kr % 10 in EXPORT]
    rows = [f"{kr},o{kr},{100 + number + kr},Won" for kr in own]
    if mixed:
        rows += [f"lost-{kr}-{n},o{kr},50,Lost" for kr in own for n in (1, 2)]
    lines = "".join(f"{row}\n" for row in ["Deal ID,Owner,Amount,Stage", *rows])
    (made.folder / f"{name}.csv").write_text(lines, encoding="utf-8")
