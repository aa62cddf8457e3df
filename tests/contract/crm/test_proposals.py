"""``okrsync inspect`` over every file of tests/cases/exports: no traceback, and what is printed runs as it is."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from okrsync.config.yamlfile import parse_yaml
from okrsync.errors import DataError
from okrsync.model import Reading
from okrsync_crm import CrmSettings, connector
from tests.support.crm_exports import QUARTER, Exports, ask
from tests.support.spreadsheet_files import open_document, workbook

FOLDER = Path(__file__).parents[2] / "cases" / "exports"
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in {".csv", ".xlsx"})
SISTERS: list[dict[str, Any]] = YAML(typ="safe").load(FOLDER / "sisters.yaml")["cases"]


def inspected(exports: Exports, name: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """What inspect prints, and its YAML: the connection and the metrics."""
    assert connector.inspect is not None
    said = connector.inspect(CrmSettings(path=name), name, exports.context)
    data: dict[str, Any] = parse_yaml(said.partition("YAML:\n\n")[2], name="inspect.yaml").data
    connection = dict(data["connections"]["export"])
    assert connection.pop("type") == "crm"
    return said, connection, dict(data.get("metrics", {}))


def run_as_printed(exports: Exports, connection: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, metric in metrics.items():
        keys = {key: value for key, value in metric.items() if key not in {"from", "window"}}
        (answer,) = exports.read(ask(window=QUARTER if "window" in metric else None, **keys), **connection)
        assert isinstance(answer, Reading), (name, answer)
        found[name] = answer.value
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_proposal_runs(tmp_path: Path, name: str) -> None:
    shutil.copy(FOLDER / name, tmp_path)
    exports = Exports(tmp_path)
    _, connection, metrics = inspected(exports, name)
    run_as_printed(exports, connection, metrics)
    assert not any("ID" in str(metric.get("field", "")) for metric in metrics.values())


@pytest.mark.parametrize("case", [pytest.param(case, id=case["kind"]) for case in SISTERS])
def test_every_proposal_for_a_sister_runs(tmp_path: Path, case: dict[str, Any]) -> None:
    exports = Exports(tmp_path)
    files = {"deals.csv": case.get("text", "").encode(case.get("encoding", "utf-8"))}
    if "cells" in case:
        files = {
            "deals.xlsx": workbook(case["cells"], case.get("merged", ()), case.get("formats")),
            "deals.ods": open_document(case["cells"]),
        }
    for name, content in files.items():
        exports.put(name, content)
        with contextlib.suppress(DataError):
            _, connection, metrics = inspected(exports, name)
            run_as_printed(exports, connection, metrics)


@pytest.mark.parametrize(
    ("name", "keys", "metrics"),
    [
        ("comma_after_header.csv", {"key": "ID"}, {"rows": 3, "total": 2500.5}),
        ("title_rows.xlsx", {"skip_rows": 3}, {}),
        ("glued_pm.csv", {"date_format": ["%m/%d/%Y %I:%M%p"]}, {}),
        ("salesforce_german.csv", {"dialect": "salesforce", "decimal": ",", "date_format": ["%d.%m.%Y"]}, {}),
        ("utc_suffix.csv", {}, {}),
        ("currency_word.csv", {"decimal": ",", "thousands": " "}, {}),
        ("long_cell.csv", {}, {"total": 2000.5}),
        ("shared_strings_name.xlsx", {}, {}),
        ("french_months.csv", {"date_format": ["%d %b %Y"]}, {}),
    ],
)
def test_what_the_file_decides_is_proposed(
    tmp_path: Path, name: str, keys: dict[str, Any], metrics: dict[str, Any]
) -> None:
    shutil.copy(FOLDER / name, tmp_path)
    exports = Exports(tmp_path)
    _, connection, proposed = inspected(exports, name)
    assert {key: connection.get(key) for key in keys} == keys
    assert proposed["rows"]["date"]
    found = run_as_printed(exports, connection, proposed)

    assert {key: float(found[key]) for key in metrics} == metrics


def test_what_the_file_does_not_decide_is_left_out(tmp_path: Path) -> None:
    for name in ("ambiguous_dates.csv", "chinese_gbk.csv", "deal_twice.csv", "two_currencies.csv"):
        shutil.copy(FOLDER / name, tmp_path)
    exports = Exports(tmp_path)
    said, connection, metrics = inspected(exports, "ambiguous_dates.csv")
    assert "date_format" not in connection
    assert "%d/%m/%Y or %m/%d/%Y" in said
    assert not any("date" in metric for metric in metrics.values())
    said, connection, _ = inspected(exports, "chinese_gbk.csv")
    assert "encoding" not in connection
    assert "gb18030: 编号,商机名称" in said
    said, connection, metrics = inspected(exports, "deal_twice.csv")
    assert "ID looks like the key, but holds 1 twice" in said
    assert metrics == {}
    said, _, metrics = inspected(exports, "two_currencies.csv")
    assert metrics["total"]["field"] == "Amount in company currency"


def test_a_record_is_no_header(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    exports.put("deals.csv", "1,Alpha,Won,1200.50,2026-10-05\n2,Beta,Won,800.00,2026-11-03\n")
    with pytest.raises(DataError, match="line 1: this looks like a record"):
        inspected(exports, "deals.csv")


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\0", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18, b"\x1f\x8b\x08", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b'a,b\n"', b"a\n", b",\n,\n",
     b"\xd0\xcf\x11\xe0", b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>", b"\x81\x8d\x8f\x90\x9d", b"sep=;\n", b"a;b\n\xff;\xfe\n"],
)  # fmt: skip
def test_no_file_ends_in_a_traceback(tmp_path: Path, content: bytes) -> None:
    exports = Exports(tmp_path)
    exports.put("deals.csv", content)
    with contextlib.suppress(DataError):
        inspected(exports, "deals.csv")
