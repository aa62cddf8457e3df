"""What must be quick stays quick: commands that send nothing load no vendor library and no database layer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
CODE = """
import sys
from okrsync.cli import main
main({words!r})
print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""


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
