"""What a person sees who looks for the first time: why something is held, where a page is, what a command is called here."""

from __future__ import annotations

import re
from typing import Any

import pytest


def test_status_says_why_something_is_held_and_what_to_do(desk: Any) -> None:
    desk.run("sync", "demo")
    said = desk.run("status", "demo").out
    assert said.count("KPI!B5 holds the error #REF!") == 1
    assert "! HELD KR-13: KPI!B5 holds the error #REF!" in said
    assert "→ fix the formula in that cell" in said
    desk.sheets.edit("KPI", "5", "B", 4200)
    desk.run("sync", "demo")
    assert "HELD" not in desk.run("status", "demo").out


def test_a_company_that_measures_nothing_yet_is_told_how_to_begin(desk: Any) -> None:
    step = "→ okrsync inspect FILE, or the address of a spreadsheet, shows what can be measured"
    assert step not in desk.run("validate", "demo").out
    text = desk.yaml.read_text(encoding="utf-8")
    desk.yaml.write_text(
        re.sub(r"title: ([^,{}]+), metric: \w+[^}]*}", r"title: \1, metric: TODO}", text), encoding="utf-8"
    )
    ended = desk.run("validate", "demo")
    assert ended.code == 0, ended.err
    assert step in ended.out


def test_a_limit_is_not_compared_with_the_calendar(desk: Any) -> None:
    desk.run("sync", "demo")
    lines = {line.split()[0]: line for line in desk.run("status", "demo").out.splitlines() if line.strip()}
    assert "58.24%" in lines["KR-1"]
    assert "58.24%" not in lines["KR-4"]
    assert "expected" not in desk.run("explain", "demo", "KR-4").out.partition("because")[0]
    assert "expected       58.24%" in desk.run("explain", "demo", "KR-1").out


def test_explain_says_a_reason_once_and_offers_no_records_of_no_number(desk: Any) -> None:
    desk.run("sync", "demo")
    said = desk.run("explain", "demo", "KR-13").out
    assert said.count("HELD") == 1
    assert "HELD           current, progress, status, updated, source: KPI!B5 holds the error" in said
    assert "--limit" not in said
    assert "--limit 20" in desk.run("explain", "demo", "KR-1").out


def test_a_report_goes_into_a_folder_that_is_named(desk: Any) -> None:
    desk.run("sync", "demo")
    ended = desk.run("report", "demo", "--output", str(desk.folder))
    assert ended.code == 3, ended.err
    assert (desk.folder / "demo-report.html").is_file()
    desk.run("report", "demo", "--format", "markdown", "-o", str(desk.folder))
    assert (desk.folder / "demo-report.md").is_file()


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("next-cycle", "demo"), "okrsync init COMPANY --next-cycle"),
        (("diff",), "okrsync plan COMPANY"),
        (("update", "demo"), "okrsync sync COMPANY"),
        (("backup",), "okrsync ledger backup FILE"),
        (("status", "demo", "KR-13"), "okrsync explain COMPANY KR shows one key result"),
    ],
)
def test_what_another_tool_calls_it_is_answered_with_our_name(
    desk: Any, words: tuple[str, ...], hint: str
) -> None:
    ended = desk.run(*words)
    assert ended.code == 2
    assert f"→ {hint}" in ended.err


@pytest.mark.parametrize(
    "words", [("status", "--all"), ("lint",), ("report", "--all"), ("validate",), ("schedule", "run")]
)
def test_a_folder_without_a_company_is_said_in_one_way(
    desk: Any, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = desk.folder / "empty"
    empty.mkdir()
    monkeypatch.setenv("OKRSYNC_CONFIG", str(empty))
    ended = desk.run(*words)
    assert ended.code == 2
    assert f"there is no company in {empty}" in ended.err
    assert "→ okrsync init NAME writes one; set OKRSYNC_CONFIG for another folder" in ended.err
