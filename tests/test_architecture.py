"""The architecture is executable: who may import whom, and what each connector must be."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

from okrsync.plugins import CONNECTORS, CONTRACT, EMULATORS, Connectors
from tests.support.sources import classes, modules

ROOT = Path(__file__).parents[1]
# Words of their own, which only look like the forms of verbs.
NOUNS = {"planning", "spelling"}
# They still have to be renamed.
GERUNDS: frozenset[str] = frozenset()


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports"))]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_every_folder_of_connectors_is_a_connector_and_a_third_party_could_have_written_it() -> None:
    folders = {path.name for path in (ROOT / "connectors").iterdir() if path.name.startswith("okrsync_")}
    found = {entry.value.partition(":")[0] for entry in entry_points(group=CONNECTORS)}
    found |= {entry.value.partition(".")[0] for entry in entry_points(group=EMULATORS)}
    assert folders == found
    for name, connector in Connectors().items():
        assert connector.name == name
        assert connector.contract == CONTRACT
        assert connector.summary
        assert (connector.source is None) == (connector.query is None)
        assert (connector.destination is None) == (connector.table is None)
        assert connector.doctor is not None


def test_the_contracts_name_every_connector() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    roots = set(settings["tool"]["importlinter"]["root_packages"])
    assert roots == {"okrsync", *(path.name for path in (ROOT / "connectors").glob("okrsync_*"))}


def test_the_top_level_holds_what_contributing_allows() -> None:
    """Hidden files aside, which each tool names as it likes. An unpacked archive has no git to ask: all files count."""
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
        top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    except (FileNotFoundError, subprocess.CalledProcessError):
        top = {path.name for path in ROOT.iterdir()} - {"build", "dist"}
    allowed = {"okrsync", "connectors", "config", "docs", "tests", "pyproject.toml", "Dockerfile", "Makefile"}
    allowed |= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"}
    assert {name for name in top if not name.startswith(".")} <= allowed


def test_requirements_are_hashed_alike_and_hold_no_addresses() -> None:
    pins: dict[str, set[str]] = {}
    for name in ("build", "run", "image", "dev", "peers"):
        text = (ROOT / ".requirements" / f"{name}.txt").read_text(encoding="utf-8")
        assert "://" not in text
        lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert lines
        assert all("==" in line for line in lines)
        assert text.count("--hash=sha256:") >= len(lines)
        pins[name] = {line.split(" ")[0] for line in lines}
    assert pins["build"] | pins["run"] <= pins["dev"]


def test_no_class_name_is_in_two_modules() -> None:
    assert {name: paths for name, paths in classes().items() if len(paths) > 1} == {}


def test_modules_are_named_by_nouns() -> None:
    names = {path: Path(path).stem for path in modules()}
    assert {path for path, name in names.items() if name.endswith("ing") and name not in NOUNS} == GERUNDS


def test_a_cell_is_named_where_it_is_declared_and_nowhere_else() -> None:
    spelled = [
        path
        for path, tree in modules().items()
        if not path.startswith("connectors/okrsync_emulators/")
        and any(isinstance(node, ast.Constant) and node.value == "current" for node in ast.walk(tree))
    ]
    # The second one holds the names that people give the column, for okrsync init.
    assert spelled == ["okrsync/cells.py", "connectors/okrsync_notion/vocabulary.py"]


def test_every_module_says_in_one_short_line_what_it_does() -> None:
    first = {path: (ast.get_docstring(tree) or "").partition("\n")[0] for path, tree in modules().items()}
    assert [path for path, line in first.items() if not 0 < len(line) <= 100] == []
