"""Installing resolves nothing, refuses no new Python, and asks for every library that is imported."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from okrsync import extras
from tests.support.sources import modules

ROOT = Path(__file__).parents[1]
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = {
    name: wanted for name, wanted in SETTINGS["project"]["optional-dependencies"].items() if name != "dev"
}


def lines(lock: str) -> list[str]:
    """A line for each package of a lock: name, version and where it is needed."""
    text = (ROOT / ".requirements" / lock).read_text(encoding="utf-8")
    return [line.rstrip(" \\") for line in text.splitlines() if line and not line.startswith((" ", "#"))]


def test_every_installation_names_all_it_installs() -> None:
    """A lock with hashes, or okrsync alone: so no release of anybody changes what is installed."""
    for name in ("Makefile", "Dockerfile", "tests/fresh/pips.sh", ".github/workflows/ci.yml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        text = text.replace("$(PIP)", "pip").replace('"${pip[@]}"', "pip")
        commands = [one for one in re.findall(r"pip install\b[^\n&]*", text) if "wanted" not in one]
        assert commands, name
        for one in commands:
            assert "--no-deps" in one
            assert "--require-hashes" in one or "--no-build-isolation" in one or "--no-index" in one


def test_what_builds_okrsync_is_locked() -> None:
    for one in SETTINGS["build-system"]["requires"]:
        assert one in SETTINGS["dependency-groups"]["build"]
        assert one in lines("build.txt")


def test_no_python_is_refused_for_being_new() -> None:
    assert SETTINGS["project"]["requires-python"] == ">=3.11"


@pytest.mark.parametrize("lock", ["build.txt", "run.txt", "image.txt", "dev.txt"])
def test_a_lock_serves_every_python_and_machine(lock: str) -> None:
    """One version of each package, and conditions that no supported Python fails."""
    names = [line.partition("==")[0] for line in lines(lock)]
    assert len(names) == len(set(names))
    # The MCP SDK asks for one more package inside a browser, where okrsync does not run.
    here = [line for line in lines(lock) if not line.endswith("sys_platform == 'emscripten'")]
    assert not [line for line in here if "python_version" in line or "python_full_version" in line]


def test_every_library_that_is_imported_is_declared() -> None:
    """What comes along with another library today may leave with its next release."""
    declared = {named(one) for one in SETTINGS["project"]["dependencies"]}
    declared |= {named(one) for wanted in EXTRAS.values() for one in wanted}
    declared |= {"pytest"}  # okrsync.testing is run with the pytest of whoever writes a connector
    ways = packages_distributions()
    for name in sorted({name for tree in modules().values() for name in imports(tree)}):
        if name not in sys.stdlib_module_names and not name.startswith("okrsync"):
            assert declared & {named(one) for one in ways[name]}, name


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def named(requirement: str) -> str:
    """The name of a requirement as registries compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~! ;]", requirement)[0]).lower()


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_message_installs_the_libraries_and_no_package_of_our_name(
    extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    command = extras.install_command(extra)
    words = re.findall(r'"([^"]+)"', command)
    assert [named(one) for one in words] == [named(one) for one in EXTRAS[extra]]
    assert "okrsync" not in command


def test_a_message_names_the_python_that_runs_okrsync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/my tools/bin/python")
    assert extras.install_command("s3").startswith('"/opt/my tools/bin/python" -m pip install "fsspec')


def test_without_pip_the_message_names_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an environment that uv made."""
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else name)
    assert extras.install_command("s3").startswith('uv pip install --python /usr/bin/python3 "fsspec')


def test_no_text_of_ours_installs_by_our_name() -> None:
    """The name is not ours in any registry: whoever takes it would be installed on our users' machines."""
    texts = [*(ROOT / "okrsync").rglob("*.py"), *(ROOT / "connectors").rglob("*.py")]
    texts += [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "Dockerfile", ROOT / "Makefile"]
    by_name = re.compile(r"(?:pipx?|uv|uv tool) install (?:-\S+ )*[\"']?okrsync\b|uvx okrsync\b")
    assert [path for path in texts if by_name.search(path.read_text(encoding="utf-8"))] == []


def test_the_makefile_is_read_by_make() -> None:
    """Its targets are there, and asking for help installs nothing."""
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "test", "fresh", "lock"):
        assert f"make {target} " in said
