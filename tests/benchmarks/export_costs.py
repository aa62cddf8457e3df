"""One reading of an export by one tool, as a process of its own: prints its values as JSON.

    python export_costs.py TOOL FILE ENCODING METRICS

Tools: okrsync, database, duckdb, calamine. METRICS: twenty, one, owners (500 of one shape), or others (twenty with two
medians and two limits).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Europe/Berlin")
NOW: Final = datetime(2026, 11, 23, 7, tzinfo=ZONE)
FROM, TO = date(2026, 7, 1), date(2026, 10, 1)
COUNTRIES: Final = ("France", "Italy", "Poland")
COLUMNS: Final = {
    "Deal": "VARCHAR",
    "Rep": "VARCHAR",
    "Status": "VARCHAR",
    "Country": "VARCHAR",
    "Opened": "DATE",
    "Signed": "DATE",
    "Value": "DECIMAL(18,2)",
    "Line": "VARCHAR",
    "Remark": "VARCHAR",
}


def countries(encoding: str) -> tuple[str, ...]:
    return (*COUNTRIES, "Турция" if encoding == "cp1251" else "Türkiye")


def queries(encoding: str, metrics: str) -> list[tuple[dict[str, Any], bool]]:
    """What is asked, as the keys of metrics; and whether of the window only."""
    if metrics == "one":
        return [({"measure": "sum", "field": "Value", "where": {"Rep": "rep1"}}, False)]
    if metrics == "others":
        limit = {"Value": {"gt": 5000}}
        return [
            *queries(encoding, "twenty")[:-4],
            ({"measure": "median", "field": "Value", "where": {"Status": "Signed"}}, False),
            ({"measure": "median", "field": "Value", "where": {"Rep": "rep1"}}, False),
            ({"measure": "count", "where": limit}, False),
            ({"measure": "sum", "field": "Value", "where": {"Rep": "rep1", **limit}}, False),
        ]
    if metrics == "owners":
        return [
            ({"measure": "sum", "field": "Value", "where": {"Rep": f"rep{n}"}}, False) for n in range(500)
        ]
    won: dict[str, Any] = {"Status": "Signed"}
    found: list[tuple[dict[str, Any], bool]] = []
    for one in countries(encoding):
        keys = {"where": {**won, "Country": one}, "date": "Signed"}
        found += [({"measure": "sum", "field": "Value", **keys}, True), ({"measure": "count", **keys}, True)]
    found += [({"measure": "sum", "field": "Value", "where": {"Rep": f"rep{n}"}}, False) for n in range(4)]
    found += [
        ({"measure": "mean", "field": "Value", "where": {"Line": f"line {n}"}}, False) for n in range(4)
    ]
    found += [({"measure": how, "field": "Value", "where": won}, False) for how in ("max", "min")]
    found += [
        ({"measure": "count_distinct", "field": "Rep", "where": won}, False),
        ({"measure": "ratio", "part": won}, False),
    ]
    return found


def by_okrsync(path: Path, encoding: str, metrics: str, **source: Any) -> list[float]:
    from okrsync.model import COUNT, Question, Reading, Window
    from okrsync.ports import ConnectorContext
    from okrsync.testing import JumpClock
    from okrsync_crm import CrmQuery, CrmSettings
    from okrsync_crm.source import CrmSource

    start, end = (datetime(one.year, one.month, one.day, tzinfo=ZONE) for one in (FROM, TO))
    window = Window(start=start, end=end, label="2026-Q3")
    asked = [
        Question(
            metric=f"m{number}",
            query=CrmQuery.model_validate(keys),
            at=NOW,
            now=NOW,
            unit=COUNT,
            window=window if inside else None,
        )
        for number, (keys, inside) in enumerate(queries(encoding, metrics))
    ]
    context = ConnectorContext(
        name="deals", clock=JumpClock(NOW.astimezone(UTC)), timezone=ZONE.key, base=str(path.parent)
    )
    answers = CrmSource(CrmSettings(path=path.name, encoding=encoding), context, **source).read(asked)
    assert all(isinstance(one, Reading) for one in answers), answers
    return [float(one.value) for one in answers if isinstance(one, Reading)]


def by_database(path: Path, encoding: str, metrics: str) -> list[float]:
    """okrsync with DuckDB even if the file is small: what its start takes of the time of a large file."""
    return by_okrsync(path, encoding, metrics, small=0)


def by_duckdb(path: Path, encoding: str, metrics: str) -> list[float]:
    import duckdb

    # DuckDB has no cp1251: the fastest way to ask it is in the letters of Latin-1.
    read = "latin-1" if encoding == "cp1251" else encoding

    def text(value: str) -> str:
        return value.encode("cp1251").decode("latin-1") if encoding == "cp1251" else value

    def test(conditions: dict[str, Any]) -> str:
        tests = (
            f'"{column}" > {value["gt"]}' if isinstance(value, dict) else f"\"{column}\" = '{text(value)}'"
            for column, value in conditions.items()
        )
        return " AND ".join(tests) or "true"

    selected = []
    for keys, inside in queries(encoding, metrics):
        holds = test(keys.get("where", {}))
        if inside:
            holds += f" AND \"Signed\" >= DATE '{FROM}' AND \"Signed\" < DATE '{TO}'"
        how = {
            "count": "count(*)",
            "mean": 'avg("Value")',
            "count_distinct": 'count(DISTINCT "Rep")',
            "ratio": f"count(*) FILTER ({test(keys.get('part', {}))})",
        }.get(keys["measure"], f'{keys["measure"]}("Value")')
        shown = f"{how} FILTER ({holds})" if keys["measure"] != "ratio" else f"{how} / count(*)"
        selected.append(shown)
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    statement = f"SELECT {', '.join(selected)} FROM read_csv('{path}', header=true, delim=',', columns={{{columns}}}, encoding='{read}')"
    found = duckdb.connect().execute(statement).fetchone()
    return [float(one or 0) for one in found or ()]


def by_calamine(path: Path, _encoding: str, _metrics: str) -> list[float]:
    import python_calamine

    rows = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return [float(len(rows) - 1)]


TOOLS: Final[dict[str, Callable[[Path, str, str], list[float]]]] = {
    "okrsync": by_okrsync,
    "database": by_database,
    "duckdb": by_duckdb,
    "calamine": by_calamine,
}

if __name__ == "__main__":
    tool, file, encoding_, metrics_ = sys.argv[1:]
    print(json.dumps(TOOLS[tool](Path(file), encoding_, metrics_)))
