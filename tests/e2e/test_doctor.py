"""The doctor is red if a sync would be, and only then; it writes nothing, and one fault hides no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from okrsync.ledger import open_ledger
from okrsync.ports import Finding
from tests.e2e.conftest import NOWHERE
from tests.support.check_ins import keep_check_ins

FOLLOWERS = 'followers: {from: sheets, cell: "KPI!B5"}'


def marked(ended: Any, sign: str) -> list[str]:
    return [line[2:] for line in ended.out.splitlines() if line.startswith(f"{sign} ")]


def well(desk: Any) -> None:
    """Nothing is held any more: the one broken cell of the demo is not read."""
    desk.edit_yaml(FOLLOWERS, 'followers: {from: sheets, cell: "KPI!B2"}')


def test_nothing_is_written_and_no_reading_is_kept(desk: Any) -> None:
    well(desk)
    before = desk.table()
    ended = desk.run("doctor", "demo")
    assert (ended.code, marked(ended, "✗")) == (0, [])
    assert "No faults." in ended.out
    assert "metric open_bugs  72" in marked(ended, "✓")
    assert "metric win_rate  49.06%" in marked(ended, "✓"), "expressions too"
    assert "rows of key results  each of the 13 key results has its row" in marked(ended, "✓")
    versions = marked(ended, "✓")[0]
    assert all(f"{name} " in versions for name in ("okrsync", "Python", "jira", "gspread", "notion-client"))
    assert f"ledger  {desk.folder / 'ledger.db'}, no run yet" in marked(ended, "✓")
    assert desk.table() == before
    assert desk.writes == 0
    assert desk.notion.server.count(f"^PATCH /v1/pages/{NOWHERE}") == 1
    with open_ledger(f"sqlite:///{desk.folder / 'ledger.db'}", desk.clock) as ledger:
        memory = ledger.recall("demo")
        assert (memory.last_run, memory.outcomes, memory.state, memory.last_written) == (None, {}, {}, {})
        past, ahead = (desk.clock.now() + timedelta(days=days) for days in (-400, 400))
        assert list(ledger.history("demo", "open_bugs", past, ahead)) == []


def test_an_error_cell_or_a_sheet_that_no_metric_reads_is_no_fault(desk: Any) -> None:
    well(desk)
    (hidden,) = [line for line in marked(desk.run("doctor", "demo"), "!") if "KPI!B5" in line]
    assert hidden.startswith("sheets: tab KPI  cells with errors: KPI!B5 REF")
    # A default spreadsheet that is not shared, while every metric names its own.
    text = desk.yaml.read_text(encoding="utf-8")
    address = next(line for line in text.splitlines() if "spreadsheet:" in line).split(": ")[1].strip()
    text = text.replace("from: sheets,", f"from: sheets, spreadsheet: '{address}',")
    desk.yaml.write_text(text.replace(f"    spreadsheet: {address}", "    spreadsheet: 1" + "x" * 43))
    ended = desk.run("doctor", "demo")
    assert (ended.code, marked(ended, "✗")) == (0, [])
    assert [line for line in marked(ended, "!") if line.startswith("sheets: spreadsheet")]
    # A metric that no key result uses, and a connection that nothing uses.
    desk.edit_yaml("metrics:\n", "metrics:\n  spare: {from: jira, measure: count, jql: tpye = Bug}\n")
    desk.edit_yaml(
        "connections:\n", "connections:\n  old: {type: jira, url: http://127.0.0.1:9, auth: anonymous}\n"
    )
    desk.edit_yaml("auth: anonymous}", "auth: {email: a@b.example, token: {env: DEMO_JIRA_TOKEN}}}")
    ended = desk.run("doctor", "demo")
    assert (ended.code, marked(ended, "✗")) == (0, [])
    assert "old  no key result uses it, so it is not examined" in marked(ended, "✓")
    assert [line for line in marked(ended, "!") if line.startswith("metric spare  Jira refuses the search")]


def test_what_plan_holds_is_named_by_the_doctor_all_at_once(desk: Any) -> None:
    desk.edit_yaml("type = Bug", "tpye = Bug")
    desk.edit_yaml("field: Story Points", "field: Story Pionts")
    desk.edit_yaml("field: Amount", "field: Amuont")
    desk.edit_yaml("row: Retention", "row: Retenshun")
    desk.edit_yaml('cell: "KPI!B2"', 'cell: "KPX!B2"')
    desk.edit_yaml("id: KR-7", "id: KR-77")
    desk.edit_yaml("id: O-2", "id: O-22")
    desk.edit_yaml("objective: O-2", "objective: O-22")
    desk.notion.edit("Key results", "KR-4", "Current", 5)
    held = {
        row["id"]
        for row in desk.run("plan", "demo", "--json").json["rows"]
        if any(cell["verdict"] == "held" for cell in row["cells"].values())
    }
    assert held >= {"KR-1", "KR-2", "KR-4", "KR-5", "KR-77", "KR-9", "KR-10", "KR-13", "O-22"}
    ended = desk.run("doctor", "demo")
    assert ended.code == 3
    faults = "\n".join(marked(ended, "✗"))
    for part in (
        "metric open_bugs  Jira refuses the search: Field 'tpye' does not exist",
        "metric points  ",
        "metric revenue  ",
        "metric retention  ",
        "metric nps  ",
        "metric followers  KPI!B5 holds the error #REF!",
        "rows of key results  no row has KR-77",
        "rows of objectives  no row has O-22",
        "KR-4  current: ",
    ):
        assert part in faults
    assert len(faults.splitlines()) == 9, faults
    assert [
        line for line in marked(ended, "!") if "demo.yaml does not name 1 of 13" in line and "KR-7" in line
    ]
    assert "metric launch  60%" in marked(ended, "✓")
    found = desk.run("doctor", "demo", "--json").json["findings"]
    assert [f"{one['subject']}  {one['detail']}" for one in found if not one["ok"]] == faults.splitlines()


def test_a_missing_secret_and_a_token_that_may_only_read_hide_nothing_else(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEMO_GOOGLE_CREDENTIALS")
    desk.notion.workspace.capabilities = frozenset({"read"})
    ended = desk.run("doctor", "demo")
    secret, right = marked(ended, "✗")
    assert secret.startswith("secret  connection sheets, credentials: the environment variable DEMO_GOOGLE")
    assert right.startswith("notion: right to change rows  ")
    assert "'Update content'" in ended.out
    assert ended.code == 3
    assert "metric open_bugs  72" in marked(ended, "✓")
    (untried,) = [line for line in marked(ended, "!") if line.startswith("metrics")]
    assert (
        untried
        == "metrics  not tried: chat, followers, nps, retention, visitors: their connection cannot be asked"
    )
    assert desk.sheets.server.requests == []
    assert desk.writes == 0


def test_a_connector_with_a_bug_is_one_finding(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> list[Finding]:
        raise KeyError("wat")

    monkeypatch.setattr("okrsync_jira.doctor.examine", broken)
    ended = desk.run("doctor", "demo")
    assert [
        line for line in marked(ended, "✗") if line.startswith("jira  a bug in the connector jira (KeyError)")
    ]
    assert "rows of 'Key results'  13 with an id" in ended.out


@pytest.mark.parametrize(
    ("seconds", "ok", "said"),
    [(0, True, "as that of"), (90, True, "90 s behind"), (-300, False, "300 s ahead of")],
)
def test_the_clock_is_compared_with_the_vendors(desk: Any, seconds: int, ok: bool, said: str) -> None:
    for emulator in (desk.jira, desk.sheets, desk.notion):
        emulator.server.date = lambda: desk.clock.now() + timedelta(seconds=seconds)
    ended = desk.run("doctor", "demo")
    lines = [line for line in marked(ended, "✓" if ok else "✗") if line.startswith("clock")]
    assert len(lines) == 3
    assert all(f"this machine's clock is {said}" in line for line in lines)


def test_after_the_cycle_the_metrics_are_still_tried(desk: Any) -> None:
    desk.edit_yaml("start: 2026-10-01, end: 2026-12-31", "start: 2026-07-01, end: 2026-09-30")
    ended = desk.run("doctor", "demo")
    assert marked(ended, "✗")[0].startswith("cycle  ")
    assert [line for line in marked(ended, "✓") if line.startswith("metric won  ")]
    assert "rows of key results  each of the 13 key results has its row" in marked(ended, "✓")
    assert [line for line in marked(ended, "!") if line.startswith("plan  not tried")]


def test_the_rows_of_each_table_are_read_once(desk: Any) -> None:
    keep_check_ins(desk)
    assert desk.run("doctor", "demo").code == 3
    for table in ("Key results", "Objectives", "Check-ins"):
        assert desk.notion.server.count(f"{desk.notion.workspace.source(table).id}/query") == 1, table
