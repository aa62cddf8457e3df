"""A row says what is wrong with it, never contradicts itself, and keeps numbers in the key result's own unit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.more_tables import add_column

NOTE = "Note"


@pytest.fixture
def noting(desk: Any) -> Any:
    add_column(desk, "Key results", NOTE, "rich_text")
    desk.edit_yaml("source: Source}", "source: Source, note: Note}")
    return desk


def test_a_row_that_is_held_says_why_and_is_silent_again_when_all_is_well(noting: Any) -> None:
    noting.run("sync", "demo")
    table = noting.table()
    assert table["KR-13"][NOTE] == "The source's value cannot be used."
    assert table["KR-1"][NOTE] == ""
    noting.sheets.edit("KPI", "Followers", "Now", 4100)
    noting.run("sync", "demo")
    assert noting.table()["KR-13"][NOTE] == ""
    noting.stage.forget()
    noting.run("sync", "demo")
    assert noting.writes == 0


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en_US", "A person's value is kept. okrsync would write 72."),
        ("de_DE", "Der Wert eines Menschen bleibt stehen. okrsync würde 72 schreiben."),
        ("ru_RU", "Значение, введённое человеком, сохранено. okrsync записал бы 72."),
    ],
)
def test_the_note_is_in_the_company_s_language(noting: Any, locale: str, said: str) -> None:
    noting.edit_yaml("locale: en_US", f"locale: {locale}")
    noting.edit_yaml('reach: "€3.5M"', "reach: 3500000")
    noting.run("sync", "demo")
    noting.notion.edit("Key results", "Open bugs", "Current", 70)
    noting.run("sync", "demo")
    assert noting.table()["KR-1"][NOTE] == said


def test_a_person_s_own_note_is_kept(noting: Any) -> None:
    noting.notion.edit("Key results", "Open bugs", NOTE, "ask Ada")
    noting.run("sync", "demo")
    assert noting.table()["KR-1"][NOTE] == "ask Ada"
    noting.notion.edit("Key results", "Open bugs", "Current", 70)
    noting.run("sync", "demo")
    assert noting.table()["KR-1"][NOTE] == "ask Ada"


def test_progress_and_status_are_those_of_the_number_that_is_shown(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.edit("Key results", "Open bugs", "Current", 30)
    desk.run("sync", "demo")
    row = desk.table()["KR-1"]
    assert (row["Current"], row["Progress"], row["Status"]) == ("30", "100%", "Achieved")
    assert row["Source"].startswith("a person's number; ")
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0
    shown = next(one for one in desk.run("status", "demo", "--json").json["rows"] if one["id"] == "KR-1")
    assert (shown["value"], shown["answer"]["value"]) == ("30", "72")


def test_progress_above_100_is_shown_if_the_table_says_so(desk: Any) -> None:
    desk.edit_yaml("metric: nps}", "metric: nps, from: 30, to: 40}")
    desk.run("sync", "demo")
    assert desk.table()["KR-9"]["Progress"] == "100%"
    desk.edit_yaml("    match: KR\n", "    match: KR\n    over_100: shown\n")
    desk.run("sync", "demo")
    assert desk.table()["KR-9"]["Progress"] == "160%"
    desk.edit_yaml("over_100: shown", "over_100: yes please")
    assert "there is no word 'yes please'" in desk.run("validate", "demo").err


@pytest.mark.parametrize(
    ("unit", "start", "target", "progress"),
    [
        ("percent, values: points", 40, 56, "50%"),
        ('"money:EUR"', 40, 56, "50%"),
        ("days, values: plain", 40, 56, "50%"),
        ("seconds, values: plain", 40, 56, "50%"),
        ("index", 40, 56, "50%"),
        ("count", 40, 56, "50%"),
    ],
)
def test_baseline_and_target_in_notion_are_in_the_key_result_s_unit(
    desk: Any, unit: str, start: int, target: int, progress: str
) -> None:
    desk.edit_yaml(
        'nps: {from: sheets, cell: "KPI!B2", unit: index}',
        f'nps: {{from: sheets, cell: "KPI!B2", unit: {unit}}}',
    )
    desk.sheets.edit("KPI", "NPS", "Now", 48)
    desk.notion.edit("Key results", "Net Promoter Score", "Start", start)
    desk.notion.edit("Key results", "Net Promoter Score", "Target", target)
    ended = desk.run("sync", "demo")
    assert desk.table()["KR-9"]["Progress"] == progress, ended.out


def test_a_limit_can_be_kept_in_notion(desk: Any) -> None:
    desk.edit_yaml("metric: nps}", "metric: nps, at_least: row}")
    desk.notion.edit("Key results", "Net Promoter Score", "Target", 40)
    desk.run("sync", "demo")
    assert desk.table()["KR-9"]["Status"] == "Achieved" or desk.table()["KR-9"]["Progress"] == "100%"


def test_two_files_of_one_company_are_refused(desk: Any) -> None:
    text = desk.yaml.read_text(encoding="utf-8")
    (desk.folder / "beta.yaml").write_text(text, encoding="utf-8")
    checked = desk.run("validate", "beta")
    assert checked.code == 2
    assert "this file is called beta.yaml, and the company in it demo" in checked.err
    assert "rename the file to demo.yaml" in checked.err
    desk.stage.forget()
    assert desk.run("sync", "beta").code == 2
    assert desk.stage.requests == 0
    ended = desk.run("sync", "--all")
    assert ended.code in {2, 3}
    assert "this file is called beta.yaml" in ended.out + ended.err
    assert desk.table()["KR-9"]["Current"] == "46"
