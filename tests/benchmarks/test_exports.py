"""What reading an export costs beside one bare DuckDB SELECT of the same numbers, and beside calamine. Nothing is asserted of time."""

from __future__ import annotations

import json
import os
import statistics
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from tests.benchmarks.cost import cost_of
from tests.benchmarks.export_costs import COLUMNS, countries

ROWS: Final = int(os.environ.get("OKRSYNC_BENCH_ROWS") or 21_000)
RUNS: Final = 3 if ROWS > 100_000 else 1
SHEET_ROWS: Final = min(ROWS, 200_000)
SCRIPT: Final = Path(__file__).with_name("export_costs.py")
NAMESPACE: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def export(folder: Path, rows: int, encoding: str, *, reps: int = 40) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path, plain = folder / "deals.csv", folder / "plain.csv"
    listed = ", ".join(f"'{one}'" for one in countries(encoding))
    duckdb.connect().execute(f"""
        COPY (SELECT 'A-' || i AS "Deal", 'rep' || (i % {reps}) AS "Rep", ['Signed', 'Talking', 'Gone'][1 + (i * 5) % 3] AS "Status",
            [{listed}][1 + (i * 11 // 3) % 4] AS "Country", DATE '2026-01-01' + CAST((i * 13) % 150 AS INTEGER) AS "Opened",
            DATE '2026-06-01' + CAST((i * 17) % 110 AS INTEGER) AS "Signed", CAST((i * 7919) % 900000 AS DECIMAL(18,2)) / 100 AS "Value",
            'line ' || (i % 7) AS "Line", 'remark ' || i AS "Remark" FROM range({rows}) t(i)) TO '{plain}' (HEADER)""")
    with (
        plain.open(encoding="utf-8", newline="") as source,
        path.open("w", encoding=encoding, newline="") as target,
    ):
        while text := source.read(1 << 20):
            target.write(text)
    plain.unlink()
    return path


def cost(tool: str, file: Path, encoding: str = "utf-8", metrics: str = "twenty") -> dict[str, Any]:
    """The median of some runs, with the values."""
    command = [sys.executable, str(SCRIPT), tool, str(file), encoding, metrics]
    output = file.with_suffix(f".{tool}.json")
    found = []
    for _ in range(RUNS):
        found.append(cost_of(command, output=output))
        assert found[-1].exit_code == 0, output.read_text(encoding="utf-8")
    values = json.loads(output.read_text(encoding="utf-8"))
    return {"values": values, "cpu": statistics.median(one.cpu for one in found), "mib": found[0].mib}


@pytest.mark.parametrize(
    ("encoding", "metrics"),
    [("utf-8", "twenty"), ("cp1251", "twenty"), ("utf-16", "twenty"), ("utf-8", "others")],
)
def test_twenty_metrics_beside_one_bare_select(tmp_path: Path, encoding: str, metrics: str) -> None:
    large, small = export(tmp_path / "large", ROWS, encoding), export(tmp_path / "small", 30, encoding)
    found = {
        (tool, file): cost(
            "database" if (tool, file) == ("okrsync", small) else tool, file, encoding, metrics
        )
        for file in (large, small)
        for tool in ("okrsync", "duckdb")
    }
    ours, bare = found["okrsync", large], found["duckdb", large]
    # DuckDB rounds the mean of the two values in the middle to the cents of its column.
    assert ours["values"] == pytest.approx(bare["values"], abs=0.01 if metrics == "others" else None)
    own, other = (
        one["cpu"] - found[tool, small]["cpu"] for one, tool in ((ours, "okrsync"), (bare, "duckdb"))
    )
    print(
        f"\n{metrics} metrics, {ROWS} rows, {encoding}: {own:.2f} s of processor without start, one SELECT {other:.2f} s, "
        f"ratio {own / max(other, 0.001):.2f}; memory {ours['mib']:.0f} and {bare['mib']:.0f} MiB, ratio {ours['mib'] / bare['mib']:.2f}"
    )


def test_five_hundred_metrics_of_one_shape_beside_one(tmp_path: Path) -> None:
    file = export(tmp_path, 1_500, "utf-8", reps=500)
    many, one, start = (
        cost("okrsync", file, metrics="owners"),
        cost("okrsync", file, metrics="one"),
        cost("duckdb", file, metrics="one"),
    )
    assert len(many["values"]) == 500
    assert sum(many["values"]) == pytest.approx(sum((n * 7919) % 900_000 / 100 for n in range(1_500)))
    print(
        f"\n500 metrics of one shape: {many['cpu']:.2f} s, 1 metric {one['cpu']:.2f} s, ratio {many['cpu'] / one['cpu']:.2f} (DuckDB's start {start['cpu']:.2f} s)"
    )


def rows_of_a_sheet(rows: int, strings: dict[str, int]) -> Iterator[str]:
    def shared(text: str) -> int:
        return strings.setdefault(text, len(strings))

    titles = "".join(
        f'<c r="{chr(65 + n)}1" t="s"><v>{shared(name)}</v></c>' for n, name in enumerate(COLUMNS)
    )
    yield f'<row r="1">{titles}</row>'
    for number in range(rows):
        at = number + 2
        texts = {
            "A": f"A-{number}",
            "B": f"rep{number % 40}",
            "C": ("Signed", "Talking", "Gone")[number * 5 % 3],
            "D": countries("utf-8")[number * 11 // 3 % 4],
            "H": f"line {number % 7}",
            "I": f"remark {number}",
        }
        cells = {
            column: f'<c r="{column}{at}" t="s"><v>{shared(text)}</v></c>' for column, text in texts.items()
        }
        cells |= {
            "E": f'<c r="E{at}" s="1"><v>{46023 + number * 13 % 150}</v></c>',
            "F": f'<c r="F{at}" s="1"><v>{46174 + number * 17 % 110}</v></c>',
        }
        cells["G"] = f'<c r="G{at}"><v>{number * 7919 % 900_000 / 100}</v></c>'
        yield f'<row r="{at}">{"".join(cells[column] for column in sorted(cells))}</row>'


def workbook(path: Path, rows: int) -> Path:
    strings: dict[str, int] = {}
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    kinds = {
        "worksheet": "worksheets/sheet1.xml",
        "styles": "styles.xml",
        "sharedStrings": "sharedStrings.xml",
    }
    links = "".join(
        f'<Relationship Id="r{n}" Type="{office}/{kind}" Target="{part}"/>'
        for n, (kind, part) in enumerate(kinds.items())
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{NAMESPACE}"><sheetData>'.encode())
            for row in rows_of_a_sheet(rows, strings):
                sheet.write(row.encode())
            sheet.write(b"</sheetData></worksheet>")
        texts = "".join(f"<si><t>{text}</t></si>" for text in strings)
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{NAMESPACE}">{texts}</sst>')
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{NAMESPACE}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{NAMESPACE}" xmlns:r="{office}"><sheets><sheet name="Deals" sheetId="1" r:id="r0"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{links}</Relationships>'
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        )
    return path


def test_a_workbook_beside_calamine(tmp_path: Path) -> None:
    large, small = (workbook(tmp_path / f"deals{rows}.xlsx", rows) for rows in (SHEET_ROWS, 30))
    table = export(tmp_path / "same", SHEET_ROWS, "utf-8")
    found = {(tool, file): cost(tool, file) for file in (large, small) for tool in ("okrsync", "calamine")}
    assert found["calamine", large]["values"] == [SHEET_ROWS]
    assert found["okrsync", large]["values"] == pytest.approx(cost("duckdb", table)["values"])
    own, other = (found[tool, large]["cpu"] - found[tool, small]["cpu"] for tool in ("okrsync", "calamine"))
    print(
        f"\nXLSX, {SHEET_ROWS} rows: 20 metrics {own:.2f} s of processor without start, calamine's reading alone {other:.2f} s, "
        f"ratio {own / max(other, 0.001):.2f}; memory {found['okrsync', large]['mib']:.0f} and {found['calamine', large]['mib']:.0f} MiB"
    )
