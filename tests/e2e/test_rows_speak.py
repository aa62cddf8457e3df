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


def test_a_file_s_name_is_not_proposed_if_no_company_may_be_called_so(desk: Any) -> None:
    text = desk.yaml.read_text(encoding="utf-8")
    for name in ("Demo2", "my company", "Ümlaut"):
        path = desk.folder / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        said = desk.run("validate", str(path)).err
        assert "→ rename the file to demo.yaml; two files of one company" in said
        assert "write company" not in said


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


@pytest.mark.parametrize(
    ("start", "target", "said"),
    [(40, 40, "start and target are both 40"), (None, 50, "neither the YAML nor the row says its baseline")],
)
def test_a_goal_that_the_row_spoils_is_corrected_in_the_row(
    desk: Any, start: int | None, target: int, said: str
) -> None:
    desk.notion.edit("Key results", "Net Promoter Score", "Start", start)
    desk.notion.edit("Key results", "Net Promoter Score", "Target", target)
    ended = desk.run("sync", "demo")
    assert said in ended.out
    assert "correct it in its row in Notion, or write it at" in ended.out


def test_a_row_s_percentage_that_looks_like_a_fraction_is_warned_of(desk: Any) -> None:
    """98.4 % of at least 0.98 % holds, and nobody meant that; in a column shown as percent 0.98 is 98 %."""
    desk.edit_yaml("metric: retention, at_least: 98%", "metric: retention, at_least: row")
    desk.notion.edit("Key results", "Customer retention", "Target", 0.98)
    warning = "KR-10: the target 0.98 in its row is 0.98 %, because its column shows plain numbers; for 98 % write 98 there"
    for command in ("plan", "sync"):
        assert warning in desk.run(command, "demo").err
    assert warning in desk.run("plan", "demo", "--json").json["warnings"]
    desk.notion.edit("Key results", "Customer retention", "Target", 98)
    assert "plain numbers" not in desk.run("plan", "demo").err


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        (
            "within: [0.7, 0.8]",
            ["within: 0.7 in percent is 0.7 %; for 70 % write 70%", "within: 0.8 in percent"],
        ),
        ('at_least: "0.98"', ["at_least: 0.98 in percent is 0.98 %; for 98 % write 98%"]),
        (
            "change: 0.1, baseline: 0.4",
            ["change: 0.1 in percent is 0.1 %; for 10 points write 10", "baseline: 0.4 in"],
        ),
        ("from: 0.4, to: 56%", ["from: 0.4 in percent is 0.4 %; for 40 % write 40%"]),
        ("at_most: 0.5%", []),
        ("change: +10%", []),
    ],
)
def test_every_percentage_between_0_and_1_is_warned_of(desk: Any, goal: str, said: list[str]) -> None:
    desk.edit_yaml("metric: retention, at_least: 98%", f"metric: retention, {goal}")
    ended = desk.run("validate", "demo")
    assert ended.code == 0
    assert ended.out.count("in percent is") == len(said)
    for one in said:
        assert f"KR-10: {one}" in ended.out


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        ("within: row", "a band cannot be kept in Notion: write both numbers, as in [70, 80]"),
        ("from: row, to: 50", "leave it out: then the row's number in Notion counts"),
        ("change: row", "a change cannot be kept in Notion"),
    ],
)
def test_what_a_row_cannot_keep_says_so(desk: Any, goal: str, said: str) -> None:
    desk.edit_yaml("metric: nps}", f"metric: nps, {goal}}}")
    ended = desk.run("validate", "demo")
    assert ended.code == 2
    assert said in ended.err
