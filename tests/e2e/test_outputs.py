"""What --json prints is what ``okrsync schema --output`` says; every other test's --json is checked as well."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from okrsync.render.outputs import OUTPUTS

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")


def checker(desk: Any, name: str) -> Draft202012Validator:
    return Draft202012Validator(desk.run("schema", "--output", name).json)


def test_every_command_that_prints_json_fits_its_schema(desk: Any) -> None:
    out = desk.folder / "plan.json"
    commands = {
        "plan": ("demo", "--out", str(out)),
        "sync": ("demo",),
        "status": ("demo",),
        "explain": ("demo", "KR-1"),
        "backfill": ("demo", "--from", "2026-11-01", "--only", "KR-5"),
        "history": ("demo",),
        "doctor": ("demo",),
        "validate": (),
    }
    assert {*commands, "plan-file"} == {*OUTPUTS}
    for name, words in commands.items():
        ended = desk.run(name, *words, "--json")
        checker(desk, name).validate(ended.json)
        assert "error" not in ended.json, name
    checker(desk, "plan-file").validate(json.loads(out.read_text(encoding="utf-8")))
    several = desk.run("sync", "--all", "--json").json
    checker(desk, "sync").validate(several)
    assert len(several["companies"]) == 1


def test_an_error_fits_the_schema_of_its_command(desk: Any) -> None:
    for name, words in (("plan", ("dmo",)), ("history", ("demo", "KR-99")), ("status", ("demo", "--wat"))):
        said = desk.run(name, *words, "--json").json
        checker(desk, name).validate(said)
        assert said["exit_code"] == 2


def _with_a_key_more(data: Any) -> None:
    data["rows"][0]["cells"]["current"]["colour"] = "red"


def _with_a_key_less(data: Any) -> None:
    del data["rows"][0]["answer"]["source"]


def _with_a_float(data: Any) -> None:
    data["rows"][0]["progress"] = 0.5


def _with_another_verdict(data: Any) -> None:
    data["rows"][0]["cells"]["current"]["verdict"] = "skipped"


@pytest.mark.parametrize("change", [_with_a_key_more, _with_a_key_less, _with_a_float, _with_another_verdict])
def test_the_schema_is_closed_and_strict(desk: Any, change: Callable[[Any], None]) -> None:
    data = desk.run("plan", "demo", "--json").json
    changed = copy.deepcopy(data)
    change(changed)
    assert changed != data
    assert not checker(desk, "plan").is_valid(changed)


def test_a_schema_that_is_not_there_is_named_with_the_nearest(desk: Any) -> None:
    ended = desk.run("schema", "--output", "histroy")
    assert ended.code == 2
    assert "there is no schema of 'histroy'\n  → did you mean 'history'?" in ended.err


def test_the_reference_names_every_schema() -> None:
    line = next(
        line for line in REFERENCE.split("\n\n") if "schema --output" in line and "`plan-file`" in line
    )
    assert [name for name in OUTPUTS if f"`{name}`" not in line] == []
