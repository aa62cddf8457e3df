"""``okrsync inspect``: what it says of a file or a spreadsheet, and that the YAML it prints is right as it stands."""

from __future__ import annotations

import gzip
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.config.yamlfile import parse_yaml
from okrsync.sandbox import PRESENT
from okrsync.testing import JumpClock
from okrsync_crm import CrmQuery, CrmSettings

ROWS = (
    "Deal ID;Stage;Amount;Currency;Closed\n"
    "D-1;Won;1.234,50;EUR;13.10.2026\n"
    "D-2;Lost;80,00;EUR;05.11.2026\n"
    "D-3;Won;12,75;EUR;06.11.2026\n"
)


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str) -> tuple[int, str]:
        code = main(["inspect", *words], Context(clock=JumpClock(PRESENT)))
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def put(folder: Path, data: str | bytes, name: str = "export.csv", encoding: str = "utf-8") -> str:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode(encoding))
    return str(path)


def proposed(said: str) -> dict[str, Any]:
    """The YAML that was printed; it must be valid for the models a sync uses."""
    data: dict[str, Any] = parse_yaml(said.split("YAML:\n\n")[1], name="inspect.yaml").data
    connection = dict(data["connections"]["export"])
    assert connection.pop("type") == "crm"
    CrmSettings.model_validate(connection)
    for metric in data.get("metrics", {}).values():
        assert metric["from"] == "export"
        CrmQuery.model_validate(
            {key: value for key, value in metric.items() if key not in {"from", "window"}}
        )
    return connection


def test_a_german_file_is_recognised_by_its_day_of_13(look: Any, tmp_path: Path) -> None:
    code, said = look(put(tmp_path, ROWS))
    assert code == 0
    assert proposed(said) == {
        "path": "export.csv",
        "delimiter": ";",
        "date_format": ["%d.%m.%Y"],
        "decimal": ",",
        "thousands": ".",
        "key": "Deal ID",
    }
    assert "Won (2), Lost (1)" in said
    assert "2026-10-13 to 2026-11-06" in said
    assert "currencies EUR (3)" in said
    assert "✓ 3 rows, each Deal ID once" in said


def test_a_date_that_the_file_does_not_decide_is_left_to_a_person(look: Any, tmp_path: Path) -> None:
    _, said = look(put(tmp_path, ROWS.replace("13.10.2026", "03.10.2026")))
    assert "This the file does not decide:" in said
    assert "%d.%m.%Y or %m.%d.%Y; no date in the file tells them apart" in said
    assert "date_format" not in proposed(said)
    assert "date: Closed" not in said


def test_the_excerpt_in_the_documents_is_real(look: Any) -> None:
    root = Path(__file__).parents[2]
    (block,) = re.findall(
        r"```console\n\$ okrsync inspect .*?\n(.*?)```",
        (root / "docs" / "exports.md").read_text("utf-8"),
        re.DOTALL,
    )
    _, said = look(str(root / "okrsync" / "sandbox" / "book" / "exports" / "leads-2026-11-22.csv"))
    shown = [line for line in block.splitlines()[1:] if "…" not in line]
    assert [line for line in shown if line not in said.splitlines()] == []


def test_two_digit_years_are_as_open_as_they_are(look: Any, tmp_path: Path) -> None:
    _, said = look(put(tmp_path, "id,closed\n1,20-10-16\n2,20-10-17\n"))
    assert "%d-%m-%y or %y-%m-%d" in said


def test_an_amount_with_three_digits_after_its_one_sign_is_left_to_a_person(
    look: Any, tmp_path: Path
) -> None:
    _, said = look(put(tmp_path, "id;amount\nA;1,234\nB;5,678\n"))
    assert "set decimal and thousands by hand" in said
    assert "decimal" not in proposed(said)


@pytest.mark.parametrize(
    ("encoding", "text", "found"),
    [
        ("utf-8-sig", "ID;Name\n1;Jürgen\n2;Zoë\n", "utf-8"),
        ("utf-16", "ID\tName\n1\tJürgen\n2\tZoë\n", "utf-16"),
        ("utf-16-le", "ID\tName\n1\tJürgen\n2\tZoë\n", "utf-16-le"),
        ("cp1252", "ID;Name\n1;Jürgen Müller\n2;Zoë Brön\n", "cp1252"),
        ("cp1251", "ID;Стадия\n1;Сделка выиграна\n2;Проиграна\n", "cp1251"),
    ],
)
def test_the_code_page(look: Any, tmp_path: Path, encoding: str, text: str, found: str) -> None:
    code, said = look(put(tmp_path, text, encoding=encoding))
    assert code == 0, said
    assert f"encoding: {found} (" in said
    assert "✓ 2 rows" in said


def test_a_legacy_code_page_names_its_rivals(look: Any, tmp_path: Path) -> None:
    _, said = look(put(tmp_path, "ID;Name\n1;Jürgen\n2;Zoë\n", encoding="cp1252"))
    assert "it could be cp1250 or iso-8859-15" in said


def test_a_line_for_excel_and_a_preamble_are_seen(look: Any, tmp_path: Path) -> None:
    _, said = look(put(tmp_path, "sep=;\n" + ROWS))
    assert "delimiter: ;\n" in said
    _, said = look(put(tmp_path, "Deals of Ada\nMonday\n" + ROWS))
    assert "2 lines above the header" in said
    assert proposed(said)["skip_rows"] == 2
    assert "✓ 3 rows" in said


def test_a_compressed_file_is_looked_into(look: Any, tmp_path: Path) -> None:
    _, said = look(put(tmp_path, gzip.compress(ROWS.encode()), name="export.csv.gz"))
    assert "✓ 3 rows, each Deal ID once" in said


def test_a_workbook_says_what_its_cells_are(look: Any, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(
        [
            "(Do Not Modify) Opportunity",
            "(Do Not Modify) Row Checksum",
            "(Do Not Modify) Modified On",
            "Topic",
            "Est. Revenue",
        ]
    )
    sheet.append(["11aa", "xyz", datetime(2026, 11, 20, 9, 30), "Contoso", 1200.5])  # noqa: DTZ001 - a sheet knows no zone
    sheet.append(["22bb", "uvw", datetime(2026, 11, 21, 9, 30), "Fabrikam", "#DIV/0!"])  # noqa: DTZ001 - a sheet knows no zone
    sheet.column_dimensions["A"].hidden = True
    book.save(tmp_path / "export.xlsx")
    _, said = look(str(tmp_path / "export.xlsx"))
    assert proposed(said)["dialect"] == "dynamics"
    assert "2026-11-20 09:30 to 2026-11-21 09:30" in said
    assert "#DIV/0! (1)" in said


def test_of_a_long_file_it_says_how_far_it_looked(look: Any, tmp_path: Path) -> None:
    rows = "".join(f"D-{number};{13 + number % 9}.10.2026\n" for number in range(6000))
    _, said = look(put(tmp_path, "Deal ID;Closed\n" + rows))
    assert "2026-10-13 to 2026-10-21 in its first 5000 rows" in said
    assert "✓ 6000 rows, each Deal ID once" in said
    _, said = look(put(tmp_path, "Deal ID;Closed\n" + rows + "D-1;14.10.2026\n"))
    assert "key" not in proposed(said)


def test_what_is_no_export_is_refused(look: Any, tmp_path: Path) -> None:
    assert look(put(tmp_path, "<html><body>Please sign in</body></html>"))[0] != 0
    code, said = look(put(tmp_path, "Deal ID;Stage\n"))
    assert code == 3
    assert "has no rows" in said
    assert look(str(tmp_path / "nothing.csv"))[0] == 3
    assert look()[0] == 2
    assert look("https://docs.google.com/spreadsheets/d/1abc/edit")[0] == 2


# ---- through a connection -----------------------------------------------------------------------------------------


@pytest.fixture
def company() -> str:
    return "demo"


def test_a_spreadsheet_shows_its_tabs_names_headings_and_errors(desk: Any) -> None:
    desk.sheets.server.forget()
    url = "https://docs.google.com/spreadsheets/d/1AcmeDemoOkrNumbers2026Q4xxxxxxxxxxxxxxxxxxx/edit#gid=7"
    ended = desk.run("inspect", url, "--through", "demo")
    assert ended.code == 0, ended.err
    for text in (
        "Acme numbers: locale en_US, time zone Europe/Berlin",
        "tab KPI (gid 0)",
        "tab Web (gid 7)",
        "named ranges: chat_response",
        "cells with errors: B5 REF",
        "Organic visitors         number: 40250",
        'range: "Web!B2:B", dates: "Web!A2:A"',
    ):
        assert text in ended.out
    assert desk.sheets.server.count("GET") == 2


def test_what_is_proposed_for_a_spreadsheet_is_valid_yaml(desk: Any) -> None:
    from okrsync_sheets.settings import SheetsQuery

    url = "1AcmeDemoOkrNumbers2026Q4xxxxxxxxxxxxxxxxxxx"
    said = desk.run("inspect", url, "--through", "demo/sheets").out
    metrics = parse_yaml(said.split("YAML:\n\n")[1], name="inspect.yaml").data["metrics"]
    assert metrics
    for metric in metrics.values():
        SheetsQuery.model_validate({key: value for key, value in metric.items() if key != "from"})


def test_the_connection_must_be_one_that_can(desk: Any) -> None:
    assert desk.run("inspect", "1abc", "--through", "demo/notion").code == 2
    assert "there is no connection 'sheet'" in desk.run("inspect", "1abc", "--through", "demo/sheet").err
    assert desk.run("inspect", "not a spreadsheet", "--through", "demo").code == 2


def test_a_jql_is_tried_out_through_the_companys_jira(desk: Any) -> None:
    ended = desk.run("inspect", "--jql", "project = APP AND type = Bug", "--through", "demo")
    assert ended.code == 0, ended.err
    assert "120" in ended.out  # 72 to do, 48 done
    assert "from: jira, measure:" in ended.out
    assert desk.run("inspect", "--jql", "project = APP", "--through", "demo/sheets").code == 2
    assert desk.run("inspect", "--jql", "project = ", "--through", "demo").code != 0
