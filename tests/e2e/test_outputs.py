"""What --json prints is what ``okrsync schema --output`` says; every other test's --json is checked as well."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.main import get_command

from okrsync.cli.main import _program
from okrsync.fleet.health import Health
from okrsync.render.schemas import OUTPUTS

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")


def checker(desk: Any, name: str) -> Draft202012Validator:
    return Draft202012Validator(desk.run("schema", "--output", name).json)


def test_every_command_that_prints_json_fits_its_schema(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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
        "lint": ("demo",),
        "adopt": ("demo",),
        "release": ("demo",),
        "accept": ("demo", "KR-1"),
        "baseline": ("demo", "KR-12", "--keep"),
        "init": ("demo", "--next-cycle"),
        "import": (str(desk.folder / "table.csv"),),
        "connectors": (),
        "health": (),
        "ledger": (),
        "ledger-backup": (str(desk.folder / "backup.db"),),
        "ledger-restore": (str(desk.folder / "backup.db"),),
        "ledger-check": (),
        "ledger-copy": ("--to", f"sqlite:///{desk.folder / 'copy.db'}"),
    }
    # The queue is only on PostgreSQL: tests/e2e/test_cluster.py.
    assert {*commands, "plan-file", "enqueue"} == {*OUTPUTS}
    (desk.folder / "table.csv").write_text(
        "Objective;Key result;Target\nGrow;Revenue;100\n", encoding="utf-8"
    )
    alive = desk.folder / "alive.json"
    monkeypatch.setenv("OKRSYNC_HEALTH", str(alive))
    health = Health(file=alive, process="okrsync worker")
    health.watched("demo", health.say)  # it says that demo is running
    for name, words in commands.items():
        if name == "baseline":  # there is something to decide only if what it was measured by has changed
            desk.edit_yaml('"Web!B2:B", dates: "Web!A2:A"', '"Web!B3:B", dates: "Web!A3:A"')
        ended = desk.run(*name.split("-"), *words, "--json")
        checker(desk, name).validate(ended.json)
        assert "error" not in ended.json, name
    checker(desk, "plan-file").validate(json.loads(out.read_text(encoding="utf-8")))
    several = desk.run("sync", "--all", "--json").json
    checker(desk, "sync").validate(several)
    assert len(several["companies"]) == 1


def test_the_other_forms_of_a_command_fit_its_schema_too(desk: Any) -> None:
    for name, words in (
        ("lint", ("--rules",)),
        ("connectors", ("jira",)),
        ("connectors", ("notion",)),
        ("validate", ("demo",)),
        ("status", ("--all",)),
    ):
        said = desk.run(name, *words, "--json").json
        checker(desk, name).validate(said)
        assert "error" not in said


def test_no_command_prints_json_without_a_schema() -> None:
    """Of every command with --json; the groups' own are named with a hyphen."""
    found = set()
    for name, command in commands_of(get_command(_program([]))):
        if any("--json" in one.opts for one in command.params):
            found.add(name)
    assert found == {*OUTPUTS} - {"plan-file"}


def commands_of(group: Any, start: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        yield f"{start}{name}", command
        if hasattr(command, "commands"):
            yield from commands_of(command, f"{start}{name}-")


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
