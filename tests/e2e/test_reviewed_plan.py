"""plan --out FILE, then sync --plan FILE: just what was reviewed, or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def file(desk: Any) -> Path:
    path: Path = desk.folder / "plan.json"
    assert desk.run("plan", "demo", "--out", str(path)).code == 3
    return path


def test_a_plan_file_says_what_would_be_written(desk: Any, file: Path) -> None:
    plan = json.loads(file.read_text(encoding="utf-8"))
    assert {"company", "at", "digest", "decisions"} <= plan.keys()
    assert plan["company"] == "demo"
    first = next(one for one in plan["decisions"] if (one["id"], one["cell"]) == ("KR-1", "current"))
    assert (first["verdict"], first["now"], first["wanted"]) == ("write", None, {"number": "72"})
    assert desk.writes == 0


@pytest.mark.parametrize("before", [None, 0o644])
def test_only_its_owner_may_read_a_plan(desk: Any, file: Path, before: int | None) -> None:
    if before is None:
        file.unlink()
    else:
        file.chmod(before)
    desk.run("plan", "demo", "--out", str(file))
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_reviewed_plan_is_applied_also_later(desk: Any, file: Path) -> None:
    desk.clock.sleep(600)
    ended = desk.run("sync", "demo", "--plan", str(file))
    assert ended.code == 3, ended.err
    assert desk.table()["KR-1"]["Current"] == "72"


def test_a_plan_that_is_not_the_reviewed_one_is_refused_with_the_cells(desk: Any, file: Path) -> None:
    desk.notion.edit("Key results", "Open bugs", "Current", 99)
    for number in range(2, 12):
        desk.jira.edit("APP", f"APP-{number}", "status", "Done")
    ended = desk.run("sync", "demo", "--plan", str(file), "--force")
    assert ended.code == 10
    assert "KR-1 current was empty → 72 and is 99, held with 62 to write" in ended.err
    assert "KR-2" not in ended.err
    assert desk.writes == 0
    assert desk.run("sync", "demo").code == 3
    assert desk.writes > 0


def test_a_plan_is_applied_once(desk: Any, file: Path) -> None:
    desk.run("sync", "demo", "--plan", str(file))
    desk.stage.forget()
    ended = desk.run("sync", "demo", "--plan", str(file))
    assert ended.code == 10
    assert "and is 72, unchanged" in ended.err
    assert desk.writes == 0


def test_a_plan_file_that_was_changed_or_is_none_is_refused(desk: Any, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for broken, words in (
        (text.replace('"72"', '"71"'), "was changed after it was made"),
        ("{}", "holds no plan"),
        ("nothing", "holds no plan"),
    ):
        file.write_text(broken, encoding="utf-8")
        ended = desk.run("sync", "demo", "--plan", str(file))
        assert ended.code == 2
        assert words in ended.err
    assert desk.run("sync", "demo", "--plan", str(desk.folder / "none.json")).code == 2
    assert desk.run("sync", "--all", "other", "--plan", str(file)).code == 2
    assert desk.writes == 0


def test_a_plan_of_another_company_is_refused(desk: Any, file: Path) -> None:
    text = desk.yaml.read_text(encoding="utf-8").replace("company: demo", "company: other")
    (desk.folder / "other.yaml").write_text(text, encoding="utf-8")
    ended = desk.run("sync", "other", "--plan", str(file))
    assert ended.code == 2
    assert "the plan is demo's" in ended.err
    assert desk.writes == 0


def test_a_reviewed_plan_beyond_the_limits_still_needs_the_word(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.edit_yaml('schedule: "0 7', 'limits: {fall_back: 0%, of_at_least: 2}\nschedule: "0 7')
    desk.sheets.edit("KPI", "NPS", "Now", 40)
    path = desk.folder / "plan.json"
    assert desk.run("plan", "demo", "--out", str(path)).code == 10
    desk.stage.forget()
    assert desk.run("sync", "demo", "--plan", str(path)).code == 10
    assert desk.writes == 0
    assert desk.run("sync", "demo", "--plan", str(path), "--force").code == 3
    assert desk.writes > 0


def test_a_plan_that_cannot_be_kept_is_said(desk: Any) -> None:
    ended = desk.run("plan", "demo", "--out", str(desk.folder / "no" / "plan.json"))
    assert ended.code == 2
    assert "cannot be kept" in ended.err
