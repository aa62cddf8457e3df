"""Many made-up companies: CRM exports in, Notion databases out; some share a token, others have their own."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from okrsync.emulation import Request
from okrsync.plugins import Connectors

YAML = """\
company: {name}
timezone: Europe/Berlin
cycle: {{name: now, start: {start}, end: {end}}}
{more}
connections:
  deals: {{type: crm, path: {name}.csv}}
  notion: {{type: notion, url: "{url}", token: {{env: {token}}}, requests_per_second: {rate}, burst: {burst}}}
destination:
  connection: notion
  key_results: {{database: '{database}', match: KR, cells: {{current: Current, progress: Progress}}}}
metrics:
{metrics}
key_results:
{key_results}
"""


METRICS = 20  # distinct metrics of a company, however many key results stand on them


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
    arrivals: list[Timed] = field(default_factory=list)

    def forget(self) -> None:
        for notion in self.notions:
            notion.server.forget()

    def count(self, where: str = "") -> int:
        return sum(notion.server.count(where) for notion in self.notions)

    def patches(self) -> Counter[str]:
        """How often each page was written."""
        return Counter(
            one.path
            for notion in self.notions
            for one in list(notion.server.requests)
            if one.method == "PATCH"
        )

    def shown(self) -> dict[str, dict[str, str]]:
        """Company -> key result -> what stands in Current."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for notion in self.notions:
            for view in notion.tables():
                for row in view.rows:
                    cells = dict(zip(view.columns, row, strict=True))
                    found[view.title][cells["KR"]] = cells["Current"]
        return dict(found)

    def expected(self) -> dict[str, dict[str, str]]:
        return {
            name: {f"KR-{kr}": str(100 + number + kr % METRICS) for kr in range(self.key_results)}
            for number, name in enumerate(self.names)
        }


@contextmanager
def fleet(
    folder: Path,
    companies: int,
    *,
    key_results: int = 2,
    alone: int = 0,
    rate: int = 100,
    burst: int = 100,
    schedule: str = "",
    more: str = "",
) -> Iterator[Fleet]:
    """``alone`` of the companies have a token of their own each; the others share one, ``rate`` and ``burst``."""
    factory = Connectors()["notion"].emulator
    assert factory is not None
    names = [f"c{number:05d}" for number in range(companies)]
    groups = [names[alone:], *([name] for name in names[:alone])]
    made = Fleet(folder, names, [], {}, key_results)
    try:
        for index, group in enumerate(groups):
            emulator = factory()
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
        for emulator in made.notions:
            emulator.server.close()


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


def _write(made: Fleet, name: str, url: str, token: str, rate: int, burst: int, more: str) -> None:
    today, number = datetime.now(tz=UTC).date(), int(name[1:])
    metrics = "\n".join(
        f"  m{kr}: {{from: deals, measure: sum, field: Amount, where: {{Owner: o{kr}}}}}"
        for kr in range(min(made.key_results, METRICS))
    )
    text = YAML.format(
        name=name,
        start=today - timedelta(days=30),
        end=today + timedelta(days=60),
        more=more,
        url=url,
        token=token,
        rate=rate,
        burst=burst,
        database=_id(name),
        metrics=metrics,
        key_results="\n".join(
            f"  - {{id: KR-{kr}, metric: m{kr % METRICS}, reach: 1000}}" for kr in range(made.key_results)
        ),
    )
    (made.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    rows = "".join(f"{kr},o{kr},{100 + number + kr}\n" for kr in range(min(made.key_results, METRICS)))
    (made.folder / f"{name}.csv").write_text(f"Deal ID,Owner,Amount\n{rows}", encoding="utf-8")
