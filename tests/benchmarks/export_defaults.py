"""What okrsync, pandas and DuckDB say of the example exports without a word about how they are written: a table.

    python -m tests.benchmarks.export_defaults [PYTHON_WITH_PANDAS]

okrsync is asked with each case's settings and with ``path`` only. pandas is no dependency: the interpreter that has it is an
argument. A metric that a tool has no short way to ask is left out for that tool.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
from ruamel.yaml import YAML

from okrsync.model import NoValue, Reading
from tests.support.crm_exports import NOW, QUARTER, Exports, ask
from tests.support.spreadsheet_files import workbook

FOLDER: Final = Path(__file__).parents[1] / "cases" / "exports"
OUTCOMES: Final = ("right", "rightly refused", "refused though readable", "silently wrong")
AGGREGATES: Final = {"sum": "sum", "min": "min", "max": "max", "mean": "avg", "median": "median"}
BY_PANDAS: Final = """
import json, sys, warnings
import pandas
warnings.simplefilter("ignore")
def value(path, keys):
    frame = pandas.read_excel(path) if path.endswith("xlsx") else pandas.read_csv(path)
    for column, wanted in keys.get("where", {}).items():
        frame = frame[frame[column].isin(wanted if isinstance(wanted, list) else [wanted])]
    if "window" in keys:
        at = pandas.to_datetime(frame[keys["date"]])
        frame = frame[(at >= "2026-10-01") & (at < "2027-01-01")]
    if keys["measure"] == "count":
        return len(frame)
    column = frame[keys["field"]]
    return float(column.nunique() if keys["measure"] == "count_distinct" else getattr(column, keys["measure"])())
found = []
for path, keys in json.load(sys.stdin):
    try:
        number = value(path, keys)
        found.append(None if number != number else number)
    except Exception:
        found.append(None)
print(json.dumps([pandas.__version__, found]))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A metric of an example: its file, its keys, the connection's settings, and what is right."""

    file: Path
    keys: Mapping[str, Any]
    connection: Mapping[str, Any]
    right: Any

    @property
    def is_simple(self) -> bool:
        """Whether pandas and DuckDB have a short way to ask it."""
        tested = self.keys.get("where", {}).values()
        return (
            self.keys["measure"] in {"count", "count_distinct", *AGGREGATES}
            and not any(isinstance(one, dict) for one in tested)
            and "unit" not in self.keys
        )

    def outcome(self, value: float | Decimal | None) -> str:
        wanted = self.right if isinstance(self.right, dict) else {"number": self.right}
        if value is None:
            return "rightly refused" if {"refuse", "or_refuse"} & set(wanted) else "refused though readable"
        is_right = "number" in wanted and abs(float(value) - float(wanted["number"])) < 1e-6
        return "right" if is_right else "silently wrong"


def cases(folder: Path) -> Iterator[Case]:
    for name in ("cases.yaml", "sisters.yaml"):
        for number, case in enumerate(YAML(typ="safe").load(FOLDER / name)["cases"]):
            if "file" in case:
                file, content = folder / case["file"], (FOLDER / case["file"]).read_bytes()
            elif "text" in case:
                file, content = folder / f"{number}.csv", case["text"].encode(case.get("encoding", "utf-8"))
            else:
                file, content = (
                    folder / f"{number}.xlsx",
                    workbook(case["cells"], case.get("merged", ()), case.get("formats")),
                )
            file.write_bytes(content)
            os.utime(file, (NOW.timestamp() - 3600,) * 2)
            for metric, right in case.get("right", {}).items():
                yield Case(file, case["metrics"][metric], case.get("connection", {}), right)


def by_okrsync(case: Case, settings: Mapping[str, Any]) -> Decimal | None:
    keys = dict(case.keys)
    window, unit = QUARTER if keys.pop("window", None) else None, keys.pop("unit", "count")
    (answer,) = Exports(case.file.parent).read(
        ask(window=window, unit=unit, **keys), path=case.file.name, **settings
    )
    assert isinstance(answer, Reading | NoValue)
    return answer.value if isinstance(answer, Reading) else None


def by_duckdb(case: Case) -> float | None:
    def quoted(name: object) -> str:
        return '"' + str(name).replace('"', '""') + '"'

    tests = ["true"]
    for column, wanted in case.keys.get("where", {}).items():
        listed = ", ".join(
            "'" + str(one).replace("'", "''") + "'"
            for one in (wanted if isinstance(wanted, list) else [wanted])
        )
        tests.append(f"{quoted(column)} IN ({listed})")
    if "window" in case.keys:
        column = quoted(case.keys["date"])
        tests.append(f"{column} >= TIMESTAMP '2026-10-01' AND {column} < TIMESTAMP '2027-01-01'")
    measure, field = case.keys["measure"], quoted(case.keys.get("field"))
    how = {"count": "count(*)", "count_distinct": f"count(DISTINCT {field})"}.get(
        measure
    ) or f"{AGGREGATES[measure]}({field})"
    try:
        # The file and its columns are those of the examples.
        found = (
            duckdb.connect()
            .execute(f"SELECT {how} FROM read_csv('{case.file}') WHERE {' AND '.join(tests)}")
            .fetchone()
        )
        return None if found is None or found[0] is None else float(found[0])
    except (duckdb.Error, ValueError):
        return None


def by_pandas(python: str, asked: list[Case]) -> tuple[str, list[float | None]]:
    given = json.dumps([[str(case.file), dict(case.keys)] for case in asked], default=str)
    done = subprocess.run([python, "-c", BY_PANDAS], input=given, capture_output=True, text=True, check=True)
    version, found = json.loads(done.stdout)
    return version, found


def main(pandas: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as name:
        every = list(cases(Path(name)))
        simple = [case for case in every if case.is_simple]
        texts = [case for case in simple if case.file.suffix == ".csv"]
        rows = {
            "okrsync, the case's settings": Counter(
                case.outcome(by_okrsync(case, case.connection)) for case in every
            ),
            "okrsync, only `path`": Counter(case.outcome(by_okrsync(case, {})) for case in every),
            f"DuckDB {duckdb.__version__}, text files": Counter(
                case.outcome(by_duckdb(case)) for case in texts
            ),
        }
        if pandas is not None:
            version, found = by_pandas(pandas, simple)
            outcomes = (case.outcome(value) for case, value in zip(simple, found, strict=True))
            rows[f"pandas {version}"] = Counter(outcomes)
    print(f"| reader | metrics | {' | '.join(OUTCOMES)} |\n|---|---|{'---|' * len(OUTCOMES)}")
    for reader, counts in rows.items():
        print(f"| {reader} | {counts.total()} | {' | '.join(str(counts[one]) for one in OUTCOMES)} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
