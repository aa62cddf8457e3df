"""What must be quick stays quick: commands that send nothing load no vendor library and no database layer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

HEAVY = (
    "jira",
    "gspread",
    "google.auth",
    "notion_client",
    "httpx",
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


def test_status_asks_a_ledger_in_a_file_without_sqlalchemy(tmp_path: Path) -> None:
    demo = Path(__file__).parents[2] / "okrsync" / "sandbox" / "demo" / "demo.yaml"
    (tmp_path / "demo.yaml").write_text(demo.read_text(encoding="utf-8"), encoding="utf-8")
    variables = {
        "OKRSYNC_CONFIG": str(tmp_path),
        "OKRSYNC_LEDGER": f"sqlite:///{tmp_path}/ledger.db",
    }
    heavy = (*HEAVY, "sqlalchemy", "pydantic_settings", "requests", "cryptography")
    assert "sqlalchemy" in loaded(["status", "demo"], heavy, **variables), "the first one makes the tables"
    assert loaded(["status", "demo"], heavy, **variables) == "[]"


def test_a_sync_keeps_a_ledger_in_a_file_without_sqlalchemy(desk: Any) -> None:
    desk.run("sync", "demo")
    assert loaded(["sync", "demo"], ("sqlalchemy", "alembic", "starlette", "uvicorn", "lark")) == "[]"


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
