"""Check `okrsync import`: tables as other tools export them become a company that works, and nothing is guessed."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from okrsync.config.yamlfile import parse_yaml

VIVA = """\
ID,Title,Type,Owner,Aligned To,Start Date,End Date,Metric Unit,Start Value,Target Value,Current Value,Status
1201,Customers who recommend us,Objective,ada@acme.example,,2026-10-01,2026-12-31,,,,,On track
1202,NPS,Key Result,grace@acme.example,1201,2026-10-01,2026-12-31,Number,40,50,46,On track
1203,Retention,Key Result,ada@acme.example,1201,2026-10-01,2026-12-31,Percentage,96,98.5,97,Behind
1204,Survey every customer,Initiative,ada@acme.example,1201,2026-10-01,2026-12-31,,,,,On track
1205,Revenue,Key Result,grace@acme.example,1299,2026-10-01,2026-12-31,$,"1,000,000","3,500,000",,At risk
"""
PROFIT = """\
Objective,Objective Owner,Key Result,Key Result Owner,Start,Target,Actual,Progress %
A product people can rely on,Ada,Open bugs,Grace,120,30,72,53
,,Crash-free sessions,Grace,97%,99.5%,98%,40
,,Response time,Ada,2 h,90 min,100 min,66
Record growth,Ada,New deals,Ada,,"$500,000",,
,,Same,Ada,7,7,7,0
,,Free text,Ada,a few,many,,
"""
PERDOO_DE = """\
Typ;Name;Verantwortlich;Übergeordnetes Ziel;Startwert;Zielwert;Einheit;Geheimes Feld
Ziel;Kunden begeistern;Ada;;;;;x
Schlüsselergebnis;NPS;Grace;Kunden begeistern;40;50;Punkte;x
Schlüsselergebnis;Umsatz;Grace;Kunden begeistern;1.000.000,50;3.500.000;EUR;x
Schlüsselergebnis;Bindung;Ada;Kunden begeistern;;mindestens 98,5 %;;x
KPI;Verfügbarkeit;Ada;;;99,9 %;;x
"""
RUSSIAN = """\
Цель;Ключевой результат;Ответственный;Было;Цель на квартал;Ед. изм.
Клиенты нас рекомендуют;NPS;Ада;40;50;баллы
;Отток;Грейс;5 %;3 %;
;Время ответа;Грейс;120;90;секунд
"""


def run(desk: Any, text: str, *words: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """What the import says, and the company's key results by title as the written YAML has them."""
    file = desk.folder / "table.csv"
    file.write_text(text, encoding="utf-8")
    ended = desk.run("import", str(file), "acme", "--json", *words)
    assert ended.code in {0, 3}, ended.err
    data = parse_yaml((desk.folder / "acme.yaml").read_text(encoding="utf-8"), name="acme.yaml").data
    assert desk.run("validate", "acme").code == 0, desk.run("validate", "acme").err
    return ended, json.loads(ended.out), {one["title"]: one for one in data["key_results"]} | {"": data}


def left(said: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["row"], one["column"]) for one in said["not_understood"]]


def test_rows_of_types_with_parents_as_viva_goals_exports_them(desk: Any) -> None:
    ended, said, rows = run(desk, VIVA)
    assert ended.code == 3
    assert (said["objectives"], said["key_results"]) == (1, 3)
    assert (
        rows[""]["objectives"]
        == [{"id": "1201", "title": "Customers who recommend us", "owner": "ada@acme.example"}]
        or rows[""]["objectives"][0]["title"] == "Customers who recommend us"
    )
    assert (rows["NPS"]["from"], rows["NPS"]["to"], rows["NPS"]["unit"]) == (40, 50, "count")
    assert (rows["Retention"]["to"], rows["Retention"]["unit"]) == (Decimal("98.5"), "percent")
    assert rows["NPS"]["owner"] == "grace@acme.example"
    assert rows["NPS"]["objective"] == rows[""]["objectives"][0]["id"]
    assert {one["metric"] for title, one in rows.items() if title} == {"TODO"}
    assert (rows["Revenue"]["to"], rows["Revenue"]["unit"]) == (3500000, "money:USD")
    assert "objective" not in rows["Revenue"]
    # The initiative's parent is an objective, and that of the last row is not in the file.
    assert left(said) == [(5, "Aligned To"), (6, "Aligned To")]
    assert rows[""]["initiatives"] == [{"id": "1204", "title": "Survey every customer", "metric": "TODO"}]
    assert said["unknown_columns"] == []


def test_objective_and_key_result_in_one_row_as_profit_exports_them(desk: Any) -> None:
    ended, said, rows = run(desk, PROFIT)
    assert [one["title"] for one in rows[""]["objectives"]] == [
        "A product people can rely on",
        "Record growth",
    ]
    assert [one["owner"] for one in rows[""]["objectives"]] == ["Ada", "Ada"]
    first = {"id": "KR-1", "objective": "O-1", "title": "Open bugs", "owner": "Grace"}
    assert rows["Open bugs"] == first | {"metric": "TODO", "from": 120, "to": 30}
    assert (rows["Crash-free sessions"]["unit"], rows["Crash-free sessions"]["from"]) == ("percent", 97)
    assert rows["New deals"]["objective"] == "O-2"
    assert (rows["New deals"]["unit"], rows["New deals"]["to"]) == ("money:USD", 500000)
    assert "from" not in rows["New deals"]
    time = rows["Response time"]
    assert (time["unit"], time["from"], time["to"]) == ("minutes", 120, 90)
    assert not {"from", "to", "unit"} & (rows["Same"].keys() | rows["Free text"].keys())
    assert left(said) == [(5, "Start"), (6, "Target"), (7, "Start"), (7, "Target")]
    assert ended.code == 3


def test_german_headings_numbers_and_limits(desk: Any) -> None:
    _, said, rows = run(desk, PERDOO_DE, "--locale", "de_DE", "--timezone", "Europe/Berlin")
    assert rows["Umsatz"]["from"] == Decimal("1000000.5")
    assert (rows["Umsatz"]["to"], rows["Umsatz"]["unit"]) == (3500000, "money:EUR")
    assert (rows["NPS"]["unit"], rows["NPS"]["owner"]) == ("index", "Grace")
    assert (rows["Bindung"]["at_least"], rows["Bindung"]["unit"]) == (Decimal("98.5"), "percent")
    assert rows[""]["timezone"] == "Europe/Berlin"
    assert said["unknown_columns"] == ["Geheimes Feld"]
    # Is 99.9 % the least or the most that is healthy? The table does not say.
    assert left(said) == [(6, "Zielwert")]
    assert "kpis" not in rows[""]


def test_russian_headings_and_a_heading_that_is_named(desk: Any) -> None:
    _, said, rows = run(desk, RUSSIAN, "--locale", "ru_RU", "--column", "target=Цель на квартал")
    assert said["columns"]["objective"] == "Цель"
    assert rows["NPS"] == rows["NPS"] | {"from": 40, "to": 50, "unit": "index", "owner": "Ада"}
    assert (rows["Отток"]["unit"], rows["Отток"]["to"]) == ("percent", 3)
    assert (rows["Время ответа"]["unit"], rows["Время ответа"]["to"]) == ("seconds", 90)
    assert said["not_understood"] == []


def test_a_workbook_keeps_what_its_cells_are(desk: Any) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Objective", "Key result", "Baseline", "Target"],
        ["Customers", "Retention", 0.96, 0.985],
        [None, "NPS", 40, 50],
        [None, "Broken", 1, "#REF!"],
    ):
        sheet.append(row)
    for cell in (sheet["C2"], sheet["D2"]):
        cell.number_format = "0.0%"
    sheet["D4"].data_type = "e"
    path: Path = desk.folder / "okrs.xlsx"
    book.save(path)
    ended = desk.run("import", str(path), "acme", "--json")
    assert ended.code == 3, ended.err
    data = parse_yaml((desk.folder / "acme.yaml").read_text(encoding="utf-8"), name="x").data
    rows = {one["title"]: one for one in data["key_results"]}
    assert (rows["Retention"]["from"], rows["Retention"]["to"], rows["Retention"]["unit"]) == (
        96,
        Decimal("98.5"),
        "percent",
    )
    assert (rows["NPS"]["from"], rows["NPS"]["to"]) == (40, 50)
    assert "to" not in rows["Broken"]
    assert left(json.loads(ended.out))[0] == (4, "Target")


def test_without_a_company_the_yaml_is_printed_and_nothing_is_written(desk: Any) -> None:
    file = desk.folder / "table.csv"
    file.write_text(PROFIT, encoding="utf-8")
    before = sorted(desk.folder.rglob("*"))
    ended = desk.run("import", str(file))
    assert sorted(desk.folder.rglob("*")) == before
    assert parse_yaml(ended.out, name="x").data["company"] == "imported"
    assert "key_result       ← Key Result" in ended.err
    assert "! row 6, Target: baseline and target are both 7" in ended.err
    (desk.folder / "imported.yaml").write_text(ended.out, encoding="utf-8")
    assert desk.run("validate", "imported").code == 0
    assert desk.run("lint", "imported").code in {0, 3}


def test_what_cannot_be_taken_over_is_refused_with_the_next_step(desk: Any) -> None:
    file = desk.folder / "table.csv"
    file.write_text("A,B\n1,2\n", encoding="utf-8")
    ended = desk.run("import", str(file), "acme")
    assert ended.code == 3
    assert "no column holds key results: there are A, B" in ended.err
    assert "--column key_result=HEADING" in ended.err
    for words, said in (
        (["--column", "target"], "names no heading"),
        (["--column", "goal=A"], "there is no role 'goal'"),
        (["--column", "target=C"], "there is no column 'C': A, B"),
        (["--locale", "xx_YY"], "there is no locale"),
    ):
        ended = desk.run("import", str(file), "acme", *words)
        assert (ended.code, said in ended.err) == (2, True), ended.err
    assert desk.run("import", "nowhere.csv", "acme").code == 3
    assert not (desk.folder / "acme.yaml").exists()
    (desk.folder / "acme.yaml").write_text("mine", encoding="utf-8")
    file.write_text(PROFIT, encoding="utf-8")
    ended = desk.run("import", str(file), "acme")
    assert ended.code == 2
    assert "import overwrites nothing" in ended.err
    assert (desk.folder / "acme.yaml").read_text(encoding="utf-8") == "mine"


def titled(path: Path, *above: list[str], wide: bool = False) -> Path:
    """A workbook with rows above its headings, and notes beside the table that have no heading."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    rows: list[list[Any]] = [["Customers", "NPS", 40, 50], [None, "Open bugs", 120, 30]]
    for row in (*above, ["Objective", "Key result", "Baseline", "Target"]):
        sheet.append(row)
    for one in rows:
        sheet.append([*one, "see the chat"] if wide else one)
    book.create_sheet("Lists").append(["a"])
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("above", "wide", "row"),
    [
        ([["OKRs 2026-Q4"], []], False, 3),
        ([["Key results"], ["Team", "Product"], ["What", "", "Numbers", "Numbers"]], True, 4),
        ([], False, None),
    ],
    ids=["a title", "groups of columns", "none"],
)
def test_titles_above_the_headings_are_found_and_said(
    desk: Any, above: list[list[str]], wide: bool, row: int | None
) -> None:
    file = titled(desk.folder / "okrs.xlsx", *above, wide=wide)
    ended = desk.run("import", str(file))
    assert (ended.code, ended.err.strip().splitlines()[-1].strip()) == (
        3,
        "→ set sheet to one of them; in a command write --sheet NAME",
    )
    said = desk.run("import", str(file), "--sheet", "Sheet", "--json").json
    assert (said["headings_in_row"], said["key_results"], said["not_understood"]) == (row, 2, [])
    assert "{id: KR-2, objective: O-1, title: Open bugs, metric: TODO, from: 120, to: 30}" in said["yaml"]
    told = desk.run("import", str(file), "acme", "--sheet", "Sheet").out
    assert (f"the headings are in row {row};" in told) is (row is not None)
    if not wide:
        looked = desk.run("inspect", str(file), "--sheet", "Sheet").out
        assert "Key result                   text: NPS, Open bugs" in looked
        assert "sheet: Sheet" in looked
        assert ("skip_rows: 2" in looked) is (row is not None)


def test_a_title_in_a_csv_of_excel_has_as_many_delimiters_as_the_table(desk: Any) -> None:
    _, said, rows = run(
        desk,
        "OKRs;;;;;\nStand: 1.11.2026;;;;;\n" + RUSSIAN,
        "--locale",
        "ru_RU",
        "--column",
        "target=Цель на квартал",
    )
    assert rows["Отток"]["from"] == 5
    assert said["columns"]["key_result"] == "Ключевой результат"
    looked = desk.run("inspect", str(desk.folder / "table.csv")).out
    assert "2 lines above the header" in looked


TREE = """\
Type,Name,Owner,Baseline,Target
Objective,Customers who recommend us,Ada,,
Key result,NPS,Grace,40,50
Initiative,Survey every customer,Ada,,
Project,Call who left,Grace,,
KPI,Uptime,Ada,,>= 99.9%
KPI,Chat response,Ada,,at most 90
KPI,Visitors,Ada,,41000
KPI,Followers,Ada,,
Cheer,Be happy,Ada,,
"""
LISTED = """\
Ziel;Schlüsselergebnis;Startwert;Zielwert;Initiativen
Kunden begeistern;NPS;40;50;"• Alle Kunden befragen
• Wer ging, wird angerufen"
;;;;Noch eine
;Bindung;90;98;3
"""


def test_initiatives_and_kpis_are_written_into_the_yaml(desk: Any) -> None:
    ended, said, rows = run(desk, TREE)
    assert ended.code == 3
    assert (said["initiatives"], said["kpis"]) == (2, 2)
    kr = rows["NPS"]["id"]
    assert rows[""]["initiatives"] == [
        {"id": "I-1", "title": "Survey every customer", "metric": "TODO", "key_result": kr},
        {"id": "I-2", "title": "Call who left", "metric": "TODO", "key_result": kr},
    ]
    assert rows[""]["kpis"] == [
        {"id": "K-1", "title": "Uptime", "metric": "TODO", "healthy": {"at_least": "99.9%"}},
        {"id": "K-2", "title": "Chat response", "metric": "TODO", "healthy": {"at_most": 90}},
    ]
    text = (desk.folder / "acme.yaml").read_text(encoding="utf-8")
    assert "key_result: KR-1}    # owner: Grace" in text
    assert left(said) == [(8, "Target"), (9, "Target"), (10, "Type")]
    texts = [one["text"] for one in said["not_understood"]]
    assert texts[0] == (
        "a KPI needs a healthy range, and '41000' does not say on which side of it is healthy: Visitors"
    )
    assert texts[1] == "a KPI needs a healthy range: Followers"
    assert texts[2] == "'Cheer' is no objective, key result, initiative or KPI: Be happy"
    (desk.folder / "acme.yaml").unlink()
    said = desk.run("import", str(desk.folder / "table.csv"), "acme").out
    assert "acme.yaml: written, 1 objective, 1 key result, 2 initiatives, 2 KPIs" in said


def test_initiatives_of_a_column_belong_to_the_key_result_of_their_row(desk: Any) -> None:
    _, said, rows = run(desk, LISTED, "--locale", "de_DE")
    found = [(one["title"], one["key_result"]) for one in rows[""]["initiatives"]]
    assert found == [
        ("Alle Kunden befragen", "KR-1"),
        ("Wer ging, wird angerufen", "KR-1"),
        ("Noch eine", "KR-1"),
    ]
    assert said["not_understood"] == [
        {"row": 4, "column": "Initiativen", "text": "'3' is a number, and no title of an initiative"}
    ]
    assert rows["Bindung"]["to"] == 98


def test_an_initiative_in_the_column_of_key_results_is_no_key_result(desk: Any) -> None:
    text = "Objective,Key result,Type,Target\nGrow,Revenue,KR,100\n,Hire a seller,Initiative,\n"
    _, said, rows = run(desk, text)
    assert said["key_results"] == 1
    assert rows[""]["initiatives"][0]["key_result"] == "KR-1"
    assert "Hire a seller" not in rows


def test_a_kpi_keeps_its_limit_in_words_of_its_language(desk: Any) -> None:
    text = PERDOO_DE.replace(";99,9 %;", ";mindestens 99,9 %;")
    _, said, rows = run(desk, text, "--locale", "de_DE")
    assert rows[""]["kpis"] == [
        {"id": "K-1", "title": "Verfügbarkeit", "metric": "TODO", "healthy": {"at_least": "99,9 %"}}
    ]
    assert said["not_understood"] == []
