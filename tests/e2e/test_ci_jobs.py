"""Jobs without a disk: the exported workflow, run step by step in fresh clones, three mornings in a row."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from okrsync.fleet.exports import utc_hours
from okrsync.schedules import schedule
from tests.e2e.test_export import takes
from tests.e2e.test_lost_ledger import fix_bugs
from tests.support.ci_runner import Site, parsed
from tests.support.git_server import PUSH_TOKEN

BRANCH = "okrsync-ledger"
MONDAY = datetime(2026, 11, 23, 6, 7, tzinfo=UTC)
NOW = MONDAY.isoformat()


@pytest.fixture
def site(desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The demo company in a repository of its own, with okrsync in a folder of it."""
    files = tmp_path / "files"
    shutil.copytree(desk.folder, files / "okrs", ignore=shutil.ignore_patterns("files", "ledger*"))
    (files / "vendor" / "okrsync" / "fleet").mkdir(parents=True)
    (files / "vendor" / "okrsync" / "fleet" / "keep").touch()
    yaml_file = files / "okrs" / "demo.yaml"
    text = yaml_file.read_text(encoding="utf-8")
    text = text.replace("{env: DEMO_JIRA_TOKEN}", "{file: secrets/jira token}")
    yaml_file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("OKRSYNC_CONFIG", str(files / "okrs"))
    (files / ".git").mkdir()  # the root of the repository, for the export
    secrets = dict(desk.stage.variables)
    secrets["OKRSYNC_FILE_JIRA_TOKEN"] = secrets.pop("DEMO_JIRA_TOKEN")
    return Site(tmp_path / "server", secrets)


def exported(desk: Any, site: Site, kind: Literal["github", "gitlab"], name: str) -> str:
    site.folder.mkdir()
    files = site.folder.parent / "files"
    ended = desk.run("schedule", "export", "--format", kind, "--source", "vendor", "--to", str(site.folder))
    assert ended.code == 0, ended.err
    (files / ".git").rmdir()
    site.publish(files)
    takes(f"vendor.{'github-workflows' if kind == 'github' else 'gitlab-ci'}", site.folder / name)
    text = (site.folder / name).read_text(encoding="utf-8")
    assert not [one for one in desk.stage.variables.values() if one in text]
    return text


def morning(day: int) -> str:
    return (MONDAY + timedelta(days=day)).isoformat()


def test_three_mornings_on_github(desk: Any, site: Site) -> None:
    text = exported(desk, site, "github", "okrsync.yml")
    for name in site.secrets:
        assert f"gh secret set {name}" in text
    data = parsed(text)
    assert data["concurrency"] == {"group": "okrsync", "cancel-in-progress": False}
    # 7:00 in Berlin, in winter and summer, and an hour more for jobs that are dropped.
    assert data["on"]["schedule"] == [{"cron": "7 5-7 * * *"}]

    first = site.github(text, morning(0))
    assert first.code == 3, first.output  # KR-13 has no data
    assert "### okrsync sync --due: exit code 3" in first.summary
    assert "Written: 69 cells in 15 rows · 1 held" in first.summary
    installed = (site.folder / "machine" / "pip").read_text(encoding="utf-8").splitlines()
    assert all("--no-deps" in one for one in installed)
    assert [one.split()[-1] for one in installed] == [".requirements/build.txt", ".requirements/run.txt", "."]
    assert all("--require-hashes" in one for one in installed[:2])
    assert len(site.commits(BRANCH)) == 1

    # An hour later nobody is due: nothing is read, written or pushed.
    before, requests = site.commits(BRANCH), desk.notion.server.count()
    again = site.github(text, (MONDAY + timedelta(hours=1)).isoformat())
    assert (again.code, again.summary) == (0, "okrsync sync --due: nobody is due\n"), again.output
    assert (site.commits(BRANCH), desk.notion.server.count()) == (before, requests)

    # Tuesday: a person has typed a number, and ten bugs are fixed.
    desk.notion.edit("Key results", "Net Promoter Score", "Current", 48)
    fix_bugs(desk, 2)
    second = site.github(text, morning(1))
    assert second.code == 3, second.output
    assert desk.table()["KR-1"]["Current"] == "62"
    assert desk.table()["KR-9"]["Current"] == "48"
    assert "a person" in second.summary
    assert len(site.commits(BRANCH)) == 1  # one file, one commit: it does not grow
    assert "written by this integration, but not from this ledger" not in second.summary
    assert "before okrsync" not in second.summary

    # The hint of the job's page, typed where the ledger is.
    released = site.github(text, morning(1), command="release demo KR-9")
    assert released.code == 0, released.output
    assert "KR-9 current: the next sync may write over 48" in released.summary
    third = site.github(text, morning(2))
    assert third.code == 3, third.output
    assert desk.table()["KR-9"]["Current"] == "46", third.summary
    # What is still held has no data: the exports of Sunday are too old by now, and a cell holds an error.
    held = [line for line in third.summary.splitlines() if line.strip().startswith("! HELD current")]
    assert all("stale_after" in line or "#REF!" in line for line in held)

    # A branch that cannot be read ends the job before anything is written.
    writes = desk.writes
    broken = site.github(text.replace("git ls-remote --exit-code", "git ls-remote --exit-code --oops"), NOW)
    assert broken.code not in {0, 2, 3}
    assert desk.writes == writes


def test_two_mornings_on_gitlab(desk: Any, site: Site) -> None:
    text = exported(desk, site, "gitlab", "okrsync.gitlab-ci.yml")
    for name in site.secrets:
        assert name in text
    first = site.gitlab(text, morning(0))
    assert first.code == 3, first.output
    assert "Written: 69 cells in 15 rows · 1 held" in first.summary
    fix_bugs(desk, 2)
    desk.notion.edit("Key results", "Net Promoter Score", "Current", 48)
    second = site.gitlab(text, morning(1))
    assert second.code == 3, second.output
    assert desk.table()["KR-1"]["Current"] == "62"
    assert desk.table()["KR-9"]["Current"] == "48"
    released = site.gitlab(text, morning(1), command="release demo KR-9")
    assert released.code == 0, released.output
    assert len(site.commits(BRANCH)) == 1


def test_a_gitlab_that_lets_no_job_push_needs_a_token(desk: Any, site: Site) -> None:
    text = exported(desk, site, "gitlab", "okrsync.gitlab-ci.yml")
    refused = site.gitlab(text, morning(0), job_may_push=False)
    assert refused.code not in {0, 2, 3}, refused.output
    assert site.commits(BRANCH) == []
    kept = site.gitlab(text, morning(1), job_may_push=False, push_token=PUSH_TOKEN)
    assert kept.code == 3, kept.output
    assert len(site.commits(BRANCH)) == 1


def test_a_job_must_get_okrsync_from_somewhere(desk: Any, site: Site) -> None:
    for words in ((), ("--source", "nowhere"), ("--source", "https://git.example/okrsync@main")):
        ended = desk.run("schedule", "export", "--format", "github", *words)
        assert ended.code == 2
        assert "it is in no registry" in ended.err
    commit = "0123456789" * 4
    ended = desk.run(
        "schedule", "export", "--format", "github", "--source", f"https://git.example/okrsync@{commit}"
    )
    assert f"fetch --quiet --depth 1 https://git.example/okrsync {commit}" in ended.out
    assert "OKRSYNC_SOURCE_TOKEN" in ended.out


@pytest.mark.parametrize(
    ("line", "zone", "hours"),
    [
        ("0 7 * * *", "Europe/Berlin", [5, 6, 7]),
        ("30 7 * * mon-fri", "Europe/Berlin", [6, 7, 8]),
        ("0 7 * * *", "America/New_York", [11, 12, 13]),
        ("0 7 * * *", "Asia/Kolkata", [2, 3]),  # 1:30 UTC, no summer time
        ("30 0 * * *", "UTC", [1, 2]),
        ("0 23 * * *", "UTC", [0, 23]),
        ("5 * * * *", "UTC", list(range(24))),
    ],
)
def test_the_hours_of_a_schedule_in_utc(line: str, zone: str, hours: list[int]) -> None:
    assert utc_hours([schedule(line, ZoneInfo(zone))], MONDAY) == hours
