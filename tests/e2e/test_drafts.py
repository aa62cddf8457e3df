"""Check that all else of a company works if its metrics say TODO."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

YAML = """\
company: acme
timezone: Europe/Berlin
cycle: {{name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}}
schedule: "0 7 * * mon-fri"
connections:
  notion: {{type: notion, url: "{url}", token: {{env: NOTION_TOKEN}}}}
  deals: {{type: crm, path: deals.csv}}
destination:
  connection: notion
  key_results:
    database: https://app.notion.com/p/acme/11111111111141118111111111111111
    match: KR
    cells: {{current: Current, progress: Progress}}
  objectives:
    database: https://app.notion.com/p/acme/22222222222242228222222222222222
    match: ID
    cells: {{progress: Progress, summary: Summary}}
metrics:
  {metric}
objectives:
  - {{id: O-1, title: Reliable}}
  - {{id: O-2, title: Growing}}
key_results:
  - {{id: KR-1, title: Open bugs, objective: O-1, {first}, from: 120, to: 30}}
  - {{id: KR-2, title: Crash-free sessions, objective: O-1, metric: TODO, at_least: 98%}}
  - {{id: KR-3, objective: O-2, metric: TODO, unit: money:EUR, reach: 3.5}}
initiatives:
  - {{id: I-1, key_result: KR-2, metric: TODO}}
kpis:
  - {{id: K-1, metric: TODO, healthy: {{at_least: 5}}}}
"""


@pytest.fixture
def acme(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("NOTION_TOKEN", desk.notion.secret())
    (desk.folder / "deals.csv").write_text("id\n" + "\n".join(map(str, range(75))), encoding="utf-8")
    return desk


def write(
    desk: Any, *, first: str = "metric: rows", metric: str = "rows: {from: deals, measure: count}"
) -> Path:
    path: Path = desk.folder / "acme.yaml"
    path.write_text(YAML.format(url=desk.notion.server.url, first=first, metric=metric), encoding="utf-8")
    return path


def test_what_is_measured_is_synced_beside_what_is_not_measured_yet(acme: Any) -> None:
    write(acme)
    ended = acme.run("validate", "acme")
    assert (ended.code, ended.err) == (0, "")
    assert "not measured yet: KR-2, KR-3, I-1, K-1" in ended.out
    planned = acme.run("plan", "acme")
    assert planned.code == 0, planned.out + planned.err
    assert "not measured yet: KR-2, KR-3, I-1, K-1" in planned.out
    synced = acme.run("sync", "acme", "--json")
    assert synced.code == 0, synced.out + synced.err
    assert json.loads(synced.out)["not_measured_yet"] == ["KR-2", "KR-3", "I-1", "K-1"]
    assert acme.notion.row("KR-1")["Current"] == 75
    assert acme.notion.row("KR-2")["Current"] is None
    # One of two is measured: the objective says so by leaving the other out, as without data.
    assert acme.notion.row("O-1")["Progress"] == 0.5
    assert acme.notion.row("O-1")["Summary"].endswith("of 2 key results on track, 1 without data")
    assert acme.notion.row("O-2")["Progress"] is None
    status = acme.run("status", "acme")
    assert status.code == 0
    assert status.out.count("not measured yet") == 4
    assert acme.run("doctor", "acme").code == 0
    assert acme.run("inspect", str(acme.folder / "deals.csv")).code == 0


def test_a_sum_is_not_known_while_a_part_is_not_measured(acme: Any) -> None:
    path = write(acme)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("title: Reliable}", "title: Reliable, rollup: sum}"), encoding="utf-8")
    planned = acme.run("plan", "acme")
    assert planned.code == 3
    assert "1 of 2 key results have a progress" in planned.out


def test_a_company_of_drafts_alone_needs_no_metric(acme: Any) -> None:
    write(acme, first="metric: TODO", metric="")
    for words in (["validate"], ["plan"], ["sync"], ["status"], ["doctor"]):
        ended = acme.run(*words, "acme")
        assert ended.code == 0, (words, ended.out, ended.err)
    assert "not measured yet: KR-1, KR-2, KR-3, I-1, K-1" in acme.run("plan", "acme").out
    exported = acme.run("schedule", "export", "--format", "cron")
    assert exported.code == 0, exported.err
    assert acme.writes == 0


@pytest.mark.parametrize("command", [["explain"], ["history"], ["adopt"], ["accept"]])
def test_a_command_about_a_draft_says_where_its_todo_is(acme: Any, command: list[str]) -> None:
    path = write(acme)
    assert acme.run("sync", "acme").code == 0
    ended = acme.run(*command, "acme", "KR-2")
    assert ended.code == 2
    assert f"{path.name}:25:" in ended.err
    assert "KR-2 is not measured yet: its metric says TODO" in ended.err


def test_what_a_draft_says_already_is_checked(acme: Any) -> None:
    path = write(acme)
    text = path.read_text(encoding="utf-8")
    for wrong, said in (
        ("unit: money:EUR, reach: 3 apples", "3 apples"),
        ("unit: moneyy, reach: 3", "moneyy"),
        ("reach: 3, to: 4", "more than one goal"),
        ("objective: O-9", "there is no objective 'O-9'"),
    ):
        path.write_text(
            text.replace(
                "objective: O-2, metric: TODO, unit: money:EUR, reach: 3.5", f"metric: TODO, {wrong}"
            ),
            encoding="utf-8",
        )
        ended = acme.run("validate", "acme")
        assert ended.code == 2, wrong
        assert said in ended.err


def test_a_destination_without_an_address_is_legal_and_no_run_begins(acme: Any) -> None:
    path = write(acme)
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("https://app.notion.com/p/acme/11111111111141118111111111111111", "TODO"),
        encoding="utf-8",
    )
    ended = acme.run("validate", "acme")
    assert ended.code == 0, ended.err
    assert "key_results have no database yet: it says TODO" in ended.out
    for command in ("plan", "sync"):
        ended = acme.run(command, "acme")
        assert ended.code == 2
        assert "the destination of the key results is still open: database says TODO" in ended.err
    assert acme.run("status", "acme").code == 3
    assert acme.run("doctor", "acme").code == 3
    assert acme.run("schedule", "export", "--format", "cron").code == 0
