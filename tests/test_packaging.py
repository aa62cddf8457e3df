"""What a user installs: the wheel, built from the sdist, alone in a clean environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import okrsync

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    ended = subprocess.run(build, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (found,) = out.glob("*.whl")
    return found


def test_the_wheel_owns_only_names_of_its_own(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.split("/")[0] for name in names}
    assert {one for one in top if not one.endswith(".dist-info")} == {
        "okrsync",
        "okrsync_crm",
        "okrsync_emulators",
        "okrsync_jira",
        "okrsync_notion",
        "okrsync_sheets",
    }
    for needed in (
        "okrsync/config/example.yaml",
        "okrsync/sandbox/demo/demo.yaml",
        "okrsync/sandbox/demo/exports/deals-2026-11-22.csv",
        "okrsync/py.typed",
    ):
        assert needed in names
    assert any(name.startswith("okrsync/ledger/migrations/versions/") for name in names)


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel in it; the dependencies come from this one."""
    place = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(place, with_pip=False)
    (site,) = place.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(ours), encoding="utf-8")
    return place / "bin" / "python"


def run(python: Path, folder: Path, *words: str) -> str:
    """What the installed command prints, in a folder without a checkout and without the paths of this process."""
    env = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    command = [str(python), "-m", "okrsync", *words]
    ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False, encoding="utf-8")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_installed_wheel_works_without_the_checkout(python: Path, tmp_path: Path) -> None:
    said = run(python, tmp_path, "connectors")
    for name in ("crm", "jira", "notion", "sheets"):
        assert name in said


def test_the_installed_wheel_says_its_version(python: Path, tmp_path: Path) -> None:
    assert run(python, tmp_path, "--version").startswith(f"okrsync {okrsync.__version__} (Python 3.")


def test_the_installed_wheel_has_the_annotated_example(python: Path, tmp_path: Path) -> None:
    example = (ROOT / "config" / "example.yaml").read_text(encoding="utf-8")
    assert run(python, tmp_path, "init", "--example") == example


def test_the_wheel_needs_what_the_demo_needs(wheel: Path) -> None:
    """`okrsync demo` after a plain installation: no emulator waits for an extra."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
        needed = Parser().parsestr(archive.read(name).decode()).get_all("Requires-Dist", [])
    plain = {re.split(r"[<>=~! ;]", one)[0] for one in needed if "extra ==" not in one}
    assert {"starlette", "uvicorn", "lark", "cryptography"} <= plain
