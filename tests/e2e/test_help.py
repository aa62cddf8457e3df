"""The help in groups, with examples and exit codes; topics; completion in three shells; a dry run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.help_texts import HELP_TEXTS, PANELS
from okrsync.errors import ExitCode
from okrsync.machine import Machine

YAML = """\
company: acme
metrics:
  bugs: {from: jira, jql: "id: nothing"}
objectives:
  - {id: O-1, title: "Fewer bugs"}
key_results:
  - {id: KR-1, title: Open bugs, metric: bugs, to: 3}
  - id: KR-2
    title: "Won"
  - {metric: bugs, id: 'KR 3'}
kpis:
  - {id: KPI-1, metric: bugs}
"""


def test_the_commands_stand_in_groups_in_the_order_of_use(desk: Any) -> None:
    out = desk.run("--help").out
    panels = re.findall(r"^(\w[^:\n]*):$", out, flags=re.MULTILINE)
    assert [one for one in panels if one in PANELS] == list(PANELS)
    listed = re.findall(r"^  ([a-z][a-z-]*)  ", out, flags=re.MULTILINE)
    assert set(listed) <= set(HELP_TEXTS)
    assert all(len(line) <= 80 for line in out.splitlines())


def test_each_command_gives_examples_that_parse_and_names_its_exit_codes(desk: Any) -> None:
    for name in re.findall(r"^  ([a-z][a-z-]*)  ", desk.run("--help").out, flags=re.MULTILINE):
        out = desk.run(name, "--help").out
        if "\nCommands:\n" in out:
            continue
        assert "Examples:\n" in out, name
        assert f"    okrsync {HELP_TEXTS[name].examples[0]}" in out
        for code in HELP_TEXTS[name].codes:
            assert re.search(
                rf"^ +{code}  {re.escape(HELP_TEXTS[name].meaning(code))}$", out, re.MULTILINE
            ), (
                name,
                code,
            )
        for example in HELP_TEXTS[name].examples:
            for option in re.findall(r"--[a-z-]+", example):
                assert option in out, example


def test_help_by_topic(desk: Any) -> None:
    codes = desk.run("help", "exit-codes").out
    assert all(f"{int(code):>3}  " in codes for code in ExitCode)
    variables = desk.run("help", "variables").out
    assert all(f"OKRSYNC_{name.upper()}" in variables for name in Machine.model_fields)
    assert desk.run("help", "sync").out == desk.run("sync", "--help").out
    assert "help exit-codes" in desk.run("help", "help").out
    assert "Topics (okrsync help TOPIC):" in desk.run("help").out
    ended = desk.run("help", "synk")
    assert ended.code == 2
    assert "did you mean 'sync'?" in ended.err


def complete(shell: str, line: str, folder: Path) -> str:
    """What a shell is offered behind ``line``, by typer's protocol for that shell."""
    words = line.split(" ")
    asked = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "okrsync"],
        env={**os.environ, "OKRSYNC_CONFIG": str(folder), "_OKRSYNC_COMPLETE": f"complete_{shell}", **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    # typer itself looks for pydantic and rich when it completes.
    heavy = {"pydantic_settings", "ruamel.yaml", "sqlalchemy", "babel", "_duckdb"}
    loaded = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert not heavy & loaded
    return ended.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_companies_and_key_results(shell: str, tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "beta.yaml").write_text("company: beta", encoding="utf-8")
    assert "acme" in complete(shell, "okrsync explain a", tmp_path)
    assert "beta" not in complete(shell, "okrsync explain a", tmp_path)
    found = complete(shell, "okrsync explain acme KR-", tmp_path)
    assert "KR-1" in found
    assert "KR-2" in found
    assert "O-1" not in found
    assert "KPI-1" not in found
    everything = complete(shell, "okrsync release acme ", tmp_path)
    assert "O-1" in everything
    assert "nothing" not in everything
    assert "KR" not in complete(shell, "okrsync explain nobody KR-", tmp_path)


def test_a_dry_run_is_a_plan(desk: Any) -> None:
    plan = desk.run("plan", "demo")
    dry = desk.run("sync", "demo", "--dry-run")
    assert (dry.code, dry.out, dry.err) == (plan.code, plan.out, plan.err)
    assert desk.writes == 0
    planned, dried = (desk.run(*words, "demo", "--json").json for words in (("plan",), ("sync", "--dry-run")))
    assert {name: planned[name] for name in planned if name not in {"at", "rows"}} == {
        name: dried[name] for name in dried if name not in {"at", "rows"}
    }
    assert [one["id"] for one in planned["rows"]] == [one["id"] for one in dried["rows"]]
    both = desk.run("sync", "demo", "nobody", "--dry-run", "--json")
    assert both.code in {2, 3}
    assert [one["company"] for one in both.json["companies"]] == ["demo", "nobody"]
    ended = desk.run("sync", "demo", "--dry-run", "--force")
    assert ended.code == 2
    assert "okrsync plan COMPANY" in ended.err
    assert desk.writes == 0


def test_a_missing_name_is_answered_with_those_that_there_are(desk: Any) -> None:
    ended = desk.run("plan")
    assert (ended.code, ended.err) == (
        2,
        "okrsync: Missing argument 'COMPANY'.\n  → there are 'demo'\n  → okrsync plan --help\n",
    )
    assert "'KR-12' and 'KR-13'\n  → okrsync explain --help" in desk.run("explain", "demo").err
    nobody = desk.run("explain", "nobody").err
    assert nobody == "okrsync: Missing argument 'KR'.\n  → okrsync explain --help\n"


def test_a_group_without_a_command_shows_its_help_and_no_error(desk: Any) -> None:
    ended = desk.run("schedule")
    assert ended.code == 2
    assert ended.err.startswith("Usage: okrsync schedule")


def test_a_date_is_told_how_to_write_it(desk: Any) -> None:
    for command in (("history", "demo"), ("backfill", "demo")):
        ended = desk.run(*command, "--from", "1.10.2026")
        assert ended.code == 2
        assert "'1.10.2026' is no date; write year, month and day: 2026-10-01" in ended.err
