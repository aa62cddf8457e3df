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
    keys = dict(case["metrics"][name])
    window = QUARTER if keys.pop("window", None) else None
    unit = keys.pop("unit", "count")
    (answer,) = exports.read(ask(window=window, unit=unit, **keys), path=case["file"], **case["connection"])
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
