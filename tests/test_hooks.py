"""The hooks of pre-commit: they fetch nothing, they use programs that are locked, and they refuse a bad subject."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]


def hooks() -> list[dict[str, Any]]:
    configured = YAML(typ="safe").load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [one["repo"] for one in configured["repos"]] == ["local"]
    return [hook for one in configured["repos"] for hook in one["hooks"]]


def test_every_hook_is_a_program_that_is_here() -> None:
    locked = (ROOT / ".requirements" / "dev.txt").read_text(encoding="utf-8")
    for hook in hooks():
        assert hook["language"] == "system"
        program = hook["entry"].split()[0]
        if program.startswith(".venv/bin/"):
            package = {"lint-imports": "import-linter"}.get(Path(program).name, Path(program).name)
            assert f"\n{package}==" in locked
        else:
            assert (ROOT / program).is_file()
    assert {hook["id"] for hook in hooks()} == {
        "ruff",
        "ruff-format",
        "mypy",
        "lint-imports",
        "commit-subject",
    }


@pytest.mark.skipif(shutil.which("bash") is None, reason="the hook is a script of bash")
@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ("Hold a number that falls to 0\n", ""),
        ("Hold a number that falls to 0\n\nIt would overwrite the last good value.\n", ""),
        (f"{'x' * 72}\n", ""),
        (f"{'é' * 72}\n", ""),
        (f"{'x' * 73}\n", "has 73 characters"),
        ("Hold a number.\n", "ends with a full stop"),
        ("Hold a number\nthat falls to 0\n", "is not followed by a blank line"),
        ("# a comment of git\n", "is empty"),
        ("Hold a number\n# a comment of git\n", ""),
        (f"Merge branch {'x' * 80}\n", ""),
    ],
)
def test_a_commit_needs_a_short_subject(message: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "COMMIT_EDITMSG"
    file.write_text(message, encoding="utf-8")
    ended = subprocess.run(
        ["bash", str(ROOT / ".ci" / "commit-subject"), str(file)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == bool(complaint)
    assert complaint in ended.stderr
