"""What must be quick stays quick: commands that send nothing load no vendor library and no database layer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.commands import COMMANDS

HEAVY = (
    "jira",
    "gspread",
    "google.auth",
    "notion_client",
    "httpx",
    "_duckdb",
    "duckdb",
    "alembic",
    "starlette",
    "uvicorn",
)
# What checks settings and what looks for plug-ins takes longer than all that a help text needs.
FOR_A_HELP_TEXT = (
    "pydantic",
    "pydantic_settings",
    "ruamel",
    "importlib.metadata",
    "okrsync.model",
    "asyncio",
)
CODE = """
import sys
from okrsync.cli import main
main({words!r})
print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""


def loaded(words: Sequence[str], heavy: Sequence[str], **variables: str) -> str:
    """Which of the ``heavy`` modules a command has loaded."""
    ended = subprocess.run(
        [sys.executable, "-c", CODE.format(words=list(words), heavy=tuple(heavy))],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stderr.strip().splitlines()[-1]


def test_a_help_text_loads_nothing_that_it_does_not_show() -> None:
    heavy = (*HEAVY, "sqlalchemy", "sqlite3", *FOR_A_HELP_TEXT)
    # typer checks the words of a command with pydantic, and for the list of commands there are none.
    assert loaded(["--help"], heavy) == "[]"


@pytest.mark.parametrize("words", [["status", "demo"], ["status", "demo", "--json"]])
def test_a_command_loads_no_file_of_another_command(words: list[str], tmp_path: Path) -> None:
    demo = Path(__file__).parents[2] / "okrsync" / "sandbox" / "demo" / "demo.yaml"
    (tmp_path / "demo.yaml").write_text(demo.read_text(encoding="utf-8"), encoding="utf-8")
    variables = {"OKRSYNC_CONFIG": str(tmp_path), "OKRSYNC_LEDGER": f"sqlite:///{tmp_path}/ledger.db"}
    others = [f"okrsync.cli.commands.{module.rpartition('.')[0]}" for module in COMMANDS.values()]
    others.remove(f"okrsync.cli.commands.{words[0]}")
    engine = ("okrsync.sync.run", "okrsync.sync.backfill", "okrsync.tables.registry", "okrsync.fleet")
    assert loaded(words, (*others, *engine, "okrsync.alerts", "okrsync.report"), **variables) == "[]"


def test_status_asks_a_ledger_in_a_file_without_sqlalchemy(tmp_path: Path) -> None:
    demo = Path(__file__).parents[2] / "okrsync" / "sandbox" / "demo" / "demo.yaml"
    (tmp_path / "demo.yaml").write_text(demo.read_text(encoding="utf-8"), encoding="utf-8")
    variables = {
        "OKRSYNC_CONFIG": str(tmp_path),
        "OKRSYNC_LEDGER": f"sqlite:///{tmp_path}/ledger.db",
    }
    # Types of the JSON output, and the other parts of the connectors than their settings.
    parts = ("okrsync.render.outputs", "okrsync_crm.source", "okrsync_jira.source", "okrsync_notion.client")
    libraries = ("sqlalchemy", "pydantic_settings", "requests", "cryptography", "asyncio", "tenacity")
    heavy = (*HEAVY, *libraries, *parts)
    assert "sqlalchemy" in loaded(["status", "demo"], heavy, **variables), "the first one makes the tables"
    assert loaded(["status", "demo"], heavy, **variables) == "[]"


def test_a_sync_keeps_a_ledger_in_a_file_without_sqlalchemy(desk: Any) -> None:
    desk.run("sync", "demo")
    # Whom the machine notifies, bars on a terminal, the words of the report, and a person's sign-in in a browser.
    unused = ("pydantic_settings", "rich.progress", "okrsync.report.page", "oauthlib")
    assert (
        loaded(["sync", "demo"], ("sqlalchemy", "alembic", "starlette", "uvicorn", "lark", *unused)) == "[]"
    )


def test_what_is_loaded_with_the_first_company_is_never_looked_at_again(tmp_path: Path) -> None:
    demo = Path(__file__).parents[2] / "okrsync" / "sandbox" / "demo" / "demo.yaml"
    (tmp_path / "demo.yaml").write_text(demo.read_text(encoding="utf-8"), encoding="utf-8")
    code = """
import gc
from okrsync.cli import main
counts = [(main(["validate", "demo"]), gc.get_freeze_count())[1] for _ in range(2)]
print(counts[0] > 10_000, counts[0] >= counts[1])
"""
    environment = {**os.environ, "OKRSYNC_CONFIG": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[-1] == "True True"


def test_garbage_is_looked_for_less_often_and_nothing_is_taken_apart_at_the_end() -> None:
    code = """
import atexit, gc
class Kept:
    def __del__(self):
        print("taken apart", flush=True)
kept = Kept()
kept.itself = kept
counts = []
gc.callbacks.append(lambda phase, info: counts.append(info["generation"]))
atexit.register(lambda: print(len(counts)))
import okrsync.cli, sys
counts.clear()
sys.argv = ["okrsync", "connectors"]
okrsync.cli.main()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # What is to be done at the end is done, and its output arrives though it goes into a pipe.
    assert ended.stdout.splitlines()[-1] == "0"


def test_no_library_reports_on_itself_when_a_command_ends(desk: Any) -> None:
    process = desk.start("sync", "demo")  # reads an export, with DuckDB
    _, said = process.communicate(timeout=120)
    assert process.returncode == 3
    assert [line for line in said.splitlines() if not line.startswith("okrsync: ")] == []


@pytest.mark.parametrize(
    ("words", "allowed"),
    [(["--help"], ""), (["sync", "--help"], ""), (["connectors"], ""), (["validate"], "")],
)
def test_a_light_command_loads_nothing_heavy(words: list[str], allowed: str, tmp_path: Path) -> None:
    demo = Path(__file__).parents[2] / "okrsync" / "sandbox" / "demo" / "demo.yaml"
    (tmp_path / "demo.yaml").write_text(demo.read_text(encoding="utf-8"), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-c", CODE.format(words=words, heavy=(*HEAVY, "sqlalchemy"))],
        env={**os.environ, "OKRSYNC_CONFIG": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr.strip().splitlines()[-1] == "[]", ended.stderr
