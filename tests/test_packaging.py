"""What a user installs: the wheel, built from the sdist, alone in a clean environment."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

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
        "okrsync_jira",
        "okrsync_notion",
        "okrsync_sheets",
    }
    for needed in (
        "okrsync/sandbox/demo/demo.yaml",
        "okrsync/sandbox/demo/exports/deals-2026-11-22.csv",
        "okrsync/py.typed",
    ):
        assert needed in names
    assert any(name.startswith("okrsync/ledger/migrations/versions/") for name in names)


def test_the_installed_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "venv"
    venv.create(place, with_pip=False)
    # The dependencies come from this environment; okrsync itself only from the wheel.
    (site,) = place.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(ours), encoding="utf-8")
    code = "import sys, okrsync; print(okrsync.__file__); from okrsync.cli import main; sys.exit(main(['connectors']))"
    ended = subprocess.run(
        [str(place / "bin" / "python"), "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert str(site) in ended.stdout
    for name in ("crm", "jira", "notion", "sheets"):
        assert name in ended.stdout
