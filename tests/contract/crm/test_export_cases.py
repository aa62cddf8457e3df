"""Exports as people make them, each with its right value: tests/cases/exports holds the files, cases.yaml says why."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from okrsync.model import NoValue, Reading
from tests.support.crm_exports import NOW, QUARTER, Exports, ask
from tests.support.spreadsheet_files import open_document, workbook

FOLDER = Path(__file__).parents[2] / "cases" / "exports"
CASES: list[dict[str, Any]] = YAML(typ="safe").load(FOLDER / "cases.yaml")["cases"]


def _asked() -> Iterator[Any]:
    for case in CASES:
        for name in case.get("right", {}):
            yield pytest.param(case, name, id=f"{case['file']}-{name}")


@pytest.mark.parametrize(("case", "name"), list(_asked()))
def test_a_number_is_right_or_refused(case: dict[str, Any], name: str, tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    shutil.copy(FOLDER / case["file"], tmp_path)
    os.utime(tmp_path / case["file"], (NOW.timestamp() - 3600,) * 2)
    _judge(exports, case, name, case["file"])


def _judge(exports: Exports, case: dict[str, Any], name: str, file: str) -> None:
    keys = dict(case["metrics"][name])
    window = QUARTER if keys.pop("window", None) else None
    unit = keys.pop("unit", "count")
    (answer,) = exports.read(ask(window=window, unit=unit, **keys), path=file, **case.get("connection", {}))
    right = case["right"][name]
    wanted = right if isinstance(right, dict) else {"number": right}
    if isinstance(answer, Reading):
        assert "number" in wanted, f"{answer.value}, but it must be refused"
        assert answer.value == Decimal(str(wanted["number"]))
        return
    assert isinstance(answer, NoValue)
    said = f"{answer.reason} → {answer.hint}"
    named = wanted.get("refuse", wanted.get("or_refuse"))
    assert named is not None, said
    assert [word for word in named if str(word) not in said] == [], said


SISTERS: list[dict[str, Any]] = YAML(typ="safe").load(FOLDER / "sisters.yaml")["cases"]


def _sisters() -> Iterator[Any]:
    for case in SISTERS:
        for name in case["right"]:
            for kind in ("xlsx", "ods") if "cells" in case else ("csv",):
                if kind != "ods" or not {"merged", "formats"} & case.keys():
                    yield pytest.param(case, name, kind, id=f"{case['kind']}-{name}-{kind}")


def sheet_of(case: dict[str, Any], kind: str) -> bytes:
    """The cells of a case as a workbook or as an OpenDocument spreadsheet."""
    if kind == "ods":
        return open_document(case["cells"])
    return workbook(case["cells"], case.get("merged", ()), case.get("formats"))


@pytest.mark.parametrize(("case", "name", "kind"), list(_sisters()))
def test_a_sister_is_right_or_refused(case: dict[str, Any], name: str, kind: str, tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    file = f"deals.{kind}"
    if kind == "csv":
        exports.put(file, case["text"], encoding=case.get("encoding", "utf-8"))
    else:
        exports.put(file, sheet_of(case, kind))
    _judge(exports, case, name, file)
