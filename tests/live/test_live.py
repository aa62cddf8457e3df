"""The live check against the emulators: it cannot rot, and no Unknown is without its line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from okrsync.loopback import Fault
from okrsync_emulators.jira import JiraEmulator
from okrsync_emulators.notion import NotionEmulator
from okrsync_emulators.sheets import SheetsEmulator
from okrsync_emulators.sheets.token import EMAIL
from tests.live import jira, notion, sheets
from tests.live.__main__ import main, report
from tests.live.marks import marks
from tests.live.report import AS_ASSUMED, DIFFERS, UNTRIED, Check, Line, lines

CHECKS = (*notion.CHECKS, *jira.CHECKS, *sheets.CHECKS)
PAGE = "1f0e4b0ac0de4b0a8c0de4b0ac0de4b0"
ISSUE = {
    "type": "Bug",
    "status": "Done",
    "created": "2026-10-05T09:00:00Z",
    "resolved": "2026-10-07T09:00:00Z",
}
CHANGES = [
    {
        "at": "2026-10-06T09:00:00Z",
        "field": "status",
        "from": "To Do",
        "to": "In Progress",
        "by": "bot@acme.example",
    },
    {
        "at": "2026-10-07T09:00:00Z",
        "field": "status",
        "from": "In Progress",
        "to": "Done",
        "by": "bot@acme.example",
    },
]


class Vendors:
    """The three emulators; time passes in Notion when somebody waits."""

    def __init__(self) -> None:
        self.passed = timedelta()
        self.notion = NotionEmulator(now=lambda: datetime.now(UTC) + self.passed)
        self.jira = JiraEmulator()
        self.sheets = SheetsEmulator()
        self.notion.load({"token": "ntn_live", "people": ["Ada"], "databases": []})
        self.jira.load(
            {
                "users": [{"email": "bot@acme.example", "token": "jira-live-token"}],
                "fields": [{"id": "customfield_10016", "name": "Story Points", "type": "number"}],
                "projects": [{"key": "APP", "name": "App"}],
                "issues": [{**ISSUE, "key": f"APP-{number}", "history": CHANGES} for number in range(1, 6)],
                "boards": [{"id": 1, "name": "App board", "type": "scrum", "project": "APP"}],
            }
        )
        book = {
            "id": "live",
            "shared_with": [EMAIL],
            "editors": [EMAIL],
            "tabs": [{"title": "Kept", "gid": 0}],
        }
        self.sheets.load({"spreadsheets": [book]})

    def wait(self, seconds: float) -> None:
        self.passed += timedelta(seconds=seconds)

    def close(self) -> None:
        for emulator in (self.notion, self.jira, self.sheets):
            emulator.server.close()


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendors]:
    made = Vendors()
    variables = {
        "NOTION_URL": made.notion.server.url,
        "NOTION_TOKEN": made.notion.secret(),
        "NOTION_PAGE": f"https://app.notion.com/p/Scratch-{PAGE}",
        "JIRA_URL": made.jira.server.url,
        "JIRA_GATEWAY": made.jira.server.url,
        "JIRA_EMAIL": "bot@acme.example",
        "JIRA_TOKEN": "jira-live-token",
        "JIRA_PROJECT": "APP",
        "GOOGLE_URL": made.sheets.server.url,
        "GOOGLE_CREDENTIALS": made.sheets.secret(),
        "SPREADSHEET": "live",
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"OKRSYNC_LIVE_{name}", value)
    yield made
    made.close()


def test_every_unknown_of_the_emulators_is_a_line_of_the_report() -> None:
    every = marks()
    without = [mark for mark in every if not any(check.is_about(mark) for check in CHECKS)]
    assert without == [], (
        "add a Check to tests/live, with what is assumed and how to ask, or with why it cannot be tried"
    )
    gone = [
        check.mark
        for check in CHECKS
        if not check.mark.startswith("product/") and sum(check.is_about(mark) for mark in every) != 1
    ]
    assert gone == [], "no Unknown, or more than one, is called so: see tests/live/marks.py"
    assert all(bool(check.find) != bool(check.why) for check in CHECKS)


def test_the_emulators_answer_as_they_assume_and_nothing_stays_behind(vendors: Vendors) -> None:
    found = list(report(vendors.wait))
    assert [str(line) for line in found if line.outcome == DIFFERS] == []
    untried = {line.mark: line.detail for line in found if line.outcome == UNTRIED}
    assert untried == {check.mark: check.why for check in CHECKS if check.find is None}
    assert Counter(line.outcome for line in found)[AS_ASSUMED] >= 50
    assert [tab.title for tab in vendors.sheets.books["live"].tabs] == ["Kept"]
    assert all(database.in_trash for database in vendors.notion.workspace.databases.values())


def test_jira_is_only_read(vendors: Vendors) -> None:
    list(report(vendors.wait))
    asked = {(one.method, one.path.rpartition("/rest/")[2]) for one in vendors.jira.server.requests}
    posts = {path.partition("/")[2].partition("/")[2] for method, path in asked if method == "POST"}
    assert posts <= {"search/jql", "issue/bulkfetch", "changelog/bulkfetch", "jql/parse"}
    assert {method for method, _ in asked} == {"GET", "POST"}


def test_a_vendor_that_answers_otherwise_is_said(vendors: Vendors) -> None:
    body = json.dumps({"errorMessages": ["Es gibt keinen solchen Sprint."]}).encode()
    vendors.jira.server.faults.append(
        Fault(
            where="sprint/999999999",
            times=9,
            status=404,
            headers={"content-type": "application/json"},
            body=body,
        )
    )
    (line,) = [line for line in report(vendors.wait) if line.mark.startswith("jira/agile._visible_sprint")]
    assert line.outcome == DIFFERS
    assert line.detail.endswith("found: 404: Es gibt keinen solchen Sprint.")


def test_without_credentials_nothing_is_asked(
    vendors: Vendors, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (*notion.NEEDS, *jira.NEEDS, *sheets.NEEDS):
        monkeypatch.delenv(name)
    assert main() == 0
    out = capsys.readouterr().out
    assert out.count(f"{UNTRIED:<18} ") == len(CHECKS)
    assert "set OKRSYNC_LIVE_NOTION_TOKEN, OKRSYNC_LIVE_NOTION_PAGE" in out
    assert vendors.notion.server.count() + vendors.jira.server.count() + vendors.sheets.server.count() == 0


def test_a_scratch_tab_is_removed_whatever_happens(vendors: Vendors) -> None:
    def broken(_: Any) -> str:
        raise KeyError("values")

    with sheets.scratch() as made:
        found = lines([Check(mark="x", assumed="y", find=broken)], made)
        assert found == [Line(mark="x", outcome=UNTRIED, detail="KeyError: 'values'")]
    with pytest.raises(RuntimeError), sheets.scratch():
        raise RuntimeError
    assert [tab.title for tab in vendors.sheets.books["live"].tabs] == ["Kept"]
