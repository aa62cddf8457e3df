"""Which settings, queries, addresses and ranges are understood, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from okrsync_sheets import a1, addresses
from okrsync_sheets.settings import SheetsQuery, SheetsSettings

KEY = {"credentials": {"env": "KEY"}}


@pytest.mark.parametrize(
    ("text", "asked", "shown"),
    [
        ("KPI!B4", "'KPI'!B4", "KPI!B4"),
        ("KPI!$B$4", "'KPI'!B4", "KPI!B4"),
        ("KPI!b4:b4", "'KPI'!B4", "KPI!B4"),
        ("Data!B2:B", "'Data'!B2:B", "Data!B2:B"),
        ("Data!B:AA", "'Data'!B:AA", "Data!B:AA"),
        ("Data!1:2", "'Data'!1:2", "Data!1:2"),
        ("Data!A2:2", "'Data'!A2:2", "Data!A2:2"),
        ("Data!B9:A2", "'Data'!A2:B9", "Data!A2:B9"),
        ("'It''s Q3'!A1:B2", "'It''s Q3'!A1:B2", "'It''s Q3'!A1:B2"),
        ("It's Q3!A1", "'It''s Q3'!A1", "'It''s Q3'!A1"),
        ("'a!b'!A1", "'a!b'!A1", "'a!b'!A1"),
        ("Q4!A1", "'Q4'!A1", "'Q4'!A1"),
        ("Выручка!A1", "'Выручка'!A1", "Выручка!A1"),
    ],
)
def test_ranges(text: str, asked: str, shown: str) -> None:
    area = a1.parse(text)
    assert str(area) == asked
    assert area.shown == shown
    assert a1.parse(str(area)) == area


@pytest.mark.parametrize(
    "text",
    ["KPI", "KPI!", "KPI!B", "KPI!4", "KPI!B0", "'KPI!B4", "KPI!B4:C5:D6", "A!A2:5", "A!B:C5", "A!B2:", ""],
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|needs"):
        a1.parse(text)


@pytest.mark.parametrize("number", [1, 26, 27, 52, 702, 703, 18278])
def test_columns_have_letters(number: int) -> None:
    assert a1.number(a1.letters(number)) == number


@pytest.mark.parametrize(
    ("text", "identity", "gid"),
    [
        ("1BxiM_VX-a", "1BxiM_VX-a", None),
        ("https://docs.google.com/spreadsheets/d/1Bx/edit#gid=42", "1Bx", 42),
        ("https://docs.google.com/spreadsheets/d/1Bx/edit?gid=7#gid=7", "1Bx", 7),
        ("https://docs.google.com/spreadsheets/d/1Bx/edit?gid=7", "1Bx", 7),
        ("https://docs.google.com/spreadsheets/u/1/d/1Bx/edit?usp=sharing", "1Bx", None),
        ("https://docs.google.com/a/acme.example/spreadsheets/d/1Bx/edit#gid=0&range=B4", "1Bx", 0),
        ("docs.google.com/spreadsheets/d/1Bx", "1Bx", None),
        ("https://drive.google.com/open?id=1Bx", "1Bx", None),
    ],
)
def test_addresses(text: str, identity: str, gid: int | None) -> None:
    assert addresses.parse(text) == addresses.Link(id=identity, gid=gid)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "My sheet",
        "https://docs.google.com/spreadsheets/d/e/2PACX-1/pubhtml",
        "https://example.com/x",
        "1Bx/../1By",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|looks like"):
        addresses.parse(text)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {**KEY, "adc": True},
        {**KEY, "api_key": {"env": "K"}},
        {"adc": False},
        {"credentials": "{...}"},
        {**KEY, "url": "http://sheets.example"},
        {**KEY, "url": "https://sheets.example/v4"},
        {**KEY, "url": "https://gateway.example/google?key=1"},
        {**KEY, "reads_per_minute": 1},
        {**KEY, "spreadsheet": "My sheet"},
        {**KEY, "scopes": ["drive"]},
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SheetsSettings.model_validate(settings)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "exactly one way"),
        ({"tab": "KPI"}, "exactly one way"),
        ({"cell": "KPI!B4", "named": "revenue"}, "cell and named"),
        ({"cell": "KPI!B4:B9"}, "more than one cell"),
        ({"cell": "KPI!B"}, "not a cell"),
        ({"cell": "KPI!B4", "measure": "sum"}, "one value"),
        ({"cell": "KPI!B4", "tab": "KPI"}, "names its tab already"),
        ({"cell": "B4", "tab": "KPI", "gid": 1}, "twice"),
        ({"cell": "KPI!B4", "row": "x"}, "needs column"),
        ({"cell": "KPI!B4", "row_headings": "B"}, "belong to row and column"),
        ({"cell": "KPI!B4", "on_blank": "zero"}, "missing"),
        ({"cell": "KPI!B4", "colour": "red"}, "colour"),
        ({"named": "Q4"}, "cannot be a named range"),
        ({"named": "R1C1"}, "cannot be a named range"),
        ({"named": "KPI!B4"}, "cannot be a named range"),
        ({"named": "revenue", "tab": "KPI"}, "names its tab already"),
        ({"range": "KPI!B2:B"}, "exactly one of measure"),
        ({"range": "KPI!B2:B", "measure": "sum", "dates": "KPI!A2:A"}, "exactly one of measure"),
        ({"range": "KPI!B2:B", "measure": "total"}, "no measure total"),
        ({"range": "KPI!B2:B", "dates": "KPI!A3:A"}, "same rows"),
        ({"range": "KPI!B2:C", "dates": "KPI!A2:A"}, "one column each"),
        ({"named": "revenue", "dates": "KPI!A3:A"}, "beside range"),
        ({"tab": "KPI", "column": "Q4"}, "exactly one of row"),
        ({"tab": "KPI", "column": "Q4", "row": "x", "measure": "sum"}, "exactly one of row"),
        ({"tab": "KPI", "column": "Q4", "last_row": True, "measure": "sum"}, "exactly one of row"),
        ({"range": "KPI!B2:B", "measure": "count", "values": "points"}, "does not apply"),
        ({"cell": "KPI!B4", "text_numbers": {"decimal": ",", "thousands": ","}}, "must differ"),
        ({"cell": "KPI!B4", "text_numbers": {"decimal": ";"}}, "decimal"),
    ],
)
def test_queries_that_are_refused(query: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SheetsQuery.model_validate(query)


def test_schemas_can_be_shown_to_editors() -> None:
    assert SheetsSettings.model_json_schema()["properties"]
    assert SheetsQuery.model_json_schema()["properties"]
