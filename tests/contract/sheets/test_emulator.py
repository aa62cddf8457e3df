"""The emulated Google keeps what Google documents, asked without our client."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
import requests

from okrsync_emulators.sheets import API_KEY, SheetsEmulator, masks
from tests.support.spreadsheet import BOOK, World, discovery, seed

RENDERED = {
    "title": "R",
    "rows": [
        [1234.5, {"percent": 0.375}, {"date": "2026-11-01"}, {"money": 5.5, "currency": "EUR"}, True],
        [],
        [None, {"duration": "90m"}, {"datetime": "2026-11-01T12:00"}, {"formula": "=A1", "value": 7}, None],
        [None],
    ],
}


@pytest.fixture
def world(world: World) -> World:
    world.emulator.load(seed(shared_with="anyone", tabs=[*seed()["spreadsheets"][0]["tabs"], RENDERED]))
    return world


def get(world: World, path: str, **params: Any) -> tuple[int, Any]:
    url = f"{world.emulator.server.url}/v4/spreadsheets/{path}"
    answer = requests.get(url, params={"key": API_KEY} | params, timeout=120)
    return answer.status_code, answer.json()


def values(world: World, text: str, **params: Any) -> Any:
    status, body = get(world, f"{BOOK}/values/{text}", **params)
    assert status == 200, body
    return body.get("values")


def test_blanks_at_the_ends_are_left_out_and_inner_ones_are_empty(world: World) -> None:
    found = values(world, "R!A1:F10", valueRenderOption="UNFORMATTED_VALUE")
    assert found == [[1234.5, 0.375, 46327, 5.5, True], [], ["", 0.0625, 46327.5, 7]]
    status, body = get(world, f"{BOOK}/values/Empty!A1:B2")
    assert (status, body) == (200, {"range": "Empty!A1:B2", "majorDimension": "ROWS"})
    assert values(world, "R!A1:B3", majorDimension="COLUMNS", valueRenderOption="UNFORMATTED_VALUE") == [
        [1234.5],
        [0.375, "", 0.0625],
    ]


@pytest.mark.parametrize(
    ("locale", "first", "third"),
    [
        (
            "en_US",
            ["1234.5", "37.5%", "11/1/26", "€5.50", "TRUE"],
            ["", "1:30:00", "11/1/26, 12:00\u202fPM", "7"],
        ),
        (
            "de_DE",
            ["1234,5", "37,5%", "01.11.26", "5,50\xa0€", "TRUE"],
            ["", "1:30:00", "01.11.26, 12:00", "7"],
        ),
        (
            "ru_RU",
            ["1234,5", "37,5%", "01.11.2026", "5,50\xa0€", "TRUE"],
            ["", "1:30:00", "01.11.2026, 12:00", "7"],
        ),
    ],
)
def test_formatted_values_follow_the_spreadsheets_locale(
    world: World, locale: str, first: list[str], third: list[str]
) -> None:
    world.emulator.load(seed(shared_with="anyone", locale=locale, tabs=[RENDERED]))
    assert values(world, "R!A1:E3") == [first, [], third]


def test_render_options(world: World) -> None:
    assert values(world, "R!D3", valueRenderOption="FORMULA") == [["=A1"]]
    shown = values(
        world, "R!C1", valueRenderOption="UNFORMATTED_VALUE", dateTimeRenderOption="FORMATTED_STRING"
    )
    assert shown == [["01.11.26"]]
    status, body = get(world, f"{BOOK}/values/R!A1", valueRenderOption="RAW")
    assert status == 400
    assert "Invalid value at 'value_render_option'" in body["error"]["message"]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("KPI!B2", "KPI!B2"),
        ("'KPI'!B2:C", "KPI!B2:C1000"),
        ("KPI!A:A", "KPI!A1:A1000"),
        ("KPI!1:1", "KPI!A1:Z1"),
        ("KPI!R2C3", "KPI!C2"),
        ("KPI", "KPI!A1:Z1000"),
        ("'It''s data'!B2", "'It''s data'!B2"),
        ("revenue", "KPI!C2"),
        ("REVENUE", "KPI!C2"),
        ("B2", "KPI!B2"),
    ],
)
def test_ranges_come_back_bounded(world: World, text: str, normal: str) -> None:
    status, body = get(world, f"{BOOK}/values/{text}")
    assert (status, body["range"]) == (200, normal)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("KPY!B2", "Unable to parse range: KPY!B2"),
        ("gone", "Unable to parse range: gone"),
        ("KPI!B0", "Unable to parse range: KPI!B0"),
        ("KPI!A1:Z5000", "Range (KPI!A1:Z5000) exceeds grid limits. Max rows: 1000, max columns: 26"),
        ("KPI!AA1", "Range (KPI!AA1) exceeds grid limits. Max rows: 1000, max columns: 26"),
    ],
)
def test_a_bad_range_fails_its_whole_batch(world: World, text: str, message: str) -> None:
    status, body = get(world, f"{BOOK}/values:batchGet", ranges=["KPI!B2", text])
    assert status == 400
    assert body["error"] == {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}


def test_metadata_and_masks(world: World) -> None:
    status, body = get(world, BOOK)
    assert status == 200
    assert set(body) == {"spreadsheetId", "properties", "sheets", "namedRanges", "spreadsheetUrl"}
    assert [named["name"] for named in body["namedRanges"]] == ["revenue", "signups"]
    assert "data" not in body["sheets"][0]
    _, masked = get(world, BOOK, fields="properties/title,sheets.properties(sheetId,title)")
    assert masked["properties"] == {"title": "Acme KPIs"}
    assert masked["sheets"][1] == {"properties": {"sheetId": 42, "title": "It's data"}}
    status, refused = get(world, BOOK, fields="properties(name)")
    assert status == 400
    assert "properties.name" in json.dumps(refused)
    assert get(world, BOOK, fields="sheets(")[0] == 400
    assert get(world, BOOK, fields="")[0] == 400


def test_cells_with_their_types(world: World) -> None:
    _, body = get(world, BOOK, ranges=["KPI!C5:C6", "R!A1:D1"], fields="sheets(data,merges)")
    first = body["sheets"][0]["data"][0]
    assert (first["startRow"], first["startColumn"]) == (4, 2)
    assert first["rowData"][1]["values"][0]["effectiveValue"]["errorValue"]["type"] == "REF"
    kinds = [
        cell.get("effectiveFormat", {}).get("numberFormat", {}).get("type")
        for cell in body["sheets"][1]["data"][0]["rowData"][0]["values"]
    ]
    assert kinds == [None, "PERCENT", "DATE", "CURRENCY"]
    _, whole = get(world, BOOK, includeGridData="true")
    assert whole["sheets"][0]["data"][0]["rowData"]


def test_what_it_does_not_know_is_refused_loudly(world: World) -> None:
    status, body = get(world, f"{BOOK}/values:batchGet", ranges="KPI!B2", colour="red")
    assert status == 400
    assert 'Unknown name "colour"' in body["error"]["message"]
    url = f"{world.emulator.server.url}/v4/spreadsheets/{BOOK}"
    for method, path in [("POST", "/values:batchUpdate"), ("PUT", "/values/KPI!B2"), ("DELETE", "")]:
        answer = requests.request(method, url + path, timeout=120)
        assert answer.status_code == 501
        assert answer.json()["error"]["status"] == "UNIMPLEMENTED"


def test_who_may_read(world: World) -> None:
    def read(**headers: str) -> tuple[int, str]:
        url = f"{world.emulator.server.url}/v4/spreadsheets/{BOOK}/values/KPI!B2"
        answer = requests.get(url, headers=headers, timeout=120)
        return answer.status_code, str(answer.json().get("error", {}).get("status", ""))

    assert read() == (403, "PERMISSION_DENIED")
    assert read(Authorization="Bearer nobody") == (401, "UNAUTHENTICATED")
    assert read(**{"x-goog-api-key": "wrong"}) == (400, "INVALID_ARGUMENT")
    assert read(**{"x-goog-api-key": API_KEY}) == (200, "")
    world.emulator.load(seed())
    assert read(**{"x-goog-api-key": API_KEY}) == (403, "PERMISSION_DENIED")
    assert get(world, "nowhere")[0] == 404


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        (
            {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b.c"},
            400,
            "invalid_grant",
        ),
        ({"grant_type": "refresh_token", "refresh_token": "stolen"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "a-refresh-token"}, 401, "invalid_client"),
        (
            {
                "grant_type": "refresh_token",
                "refresh_token": "a-refresh-token",
                "client_secret": "a-client-secret",
                "scope": "https://www.googleapis.com/auth/gmail.send",
            },
            400,
            "invalid_scope",
        ),
    ],
)
def test_tokens_are_not_given_away(world: World, form: dict[str, str], status: int, error: str) -> None:
    answer = requests.post(world.emulator.tokens.url, data=form, timeout=120)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_the_quota_counts_each_minute(world: World) -> None:
    passed = 0.0
    emulator = SheetsEmulator(monotonic=lambda: passed)
    try:
        emulator.load(seed(shared_with="anyone"))
        emulator.quota = 60
        url = f"{emulator.server.url}/v4/spreadsheets/{BOOK}/values/KPI!B2"
        codes = [requests.get(url, params={"key": API_KEY}, timeout=120).status_code for _ in range(61)]
        assert codes == [200] * 60 + [429]
        passed = 61.0
        assert requests.get(url, params={"key": API_KEY}, timeout=120).status_code == 200
    finally:
        emulator.server.close()


def test_loading_cells_show_their_value_after_being_looked_at(world: World) -> None:
    world.emulator.load(
        seed(shared_with="anyone", tabs=[{"title": "L", "rows": [[{"loading": 2, "then": 5}, 1]]}])
    )
    seen = [values(world, "L!A1", valueRenderOption="UNFORMATTED_VALUE") for _ in range(3)]
    assert seen == [[["Loading..."]], [["Loading..."]], [[5]]]


def test_a_person_looks_and_edits(world: World) -> None:
    emulator = world.emulator
    emulator.load(seed(shared_with="anyone"))
    view = emulator.tables()[0]
    assert view.title == "Acme KPIs / KPI"
    assert list(view.columns) == ["Metric", "Q3", "Q4"]
    assert list(view.rows[1]) == ["Share", "35%", "37%"]
    emulator.edit("KPI", "Revenue", "Q4", 5)
    emulator.edit("Acme KPIs / KPI", "3", "C", {"percent": 0.5})
    emulator.edit("It's data", "6", "A", date(2026, 11, 16))
    assert values(world, "KPI!C2:C3", valueRenderOption="UNFORMATTED_VALUE") == [[5], [0.5]]
    assert values(world, "'It''s data'!A6") == [["16.11.26"]]
    for table, row, column in [("Nowhere", "2", "A"), ("KPI", "Nothing", "Q4"), ("KPI", "Revenue", "Q9x")]:
        with pytest.raises(LookupError):
            emulator.edit(table, row, column, 1)


def test_a_cell_of_an_unknown_kind_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="one of percent"):
        world.emulator.load(seed(tabs=[{"title": "T", "rows": [[{"colour": "red"}]]}]))


def test_masks() -> None:
    assert masks.parse("a,b(c,d/e),f.g") == {"a": {}, "b": {"c": {}, "d": {"e": {}}}, "f": {"g": {}}}
    assert masks.apply({"a": {"b": {}}}, {"a": [{"b": 1, "c": 2}], "d": 3}) == {"a": [{"b": 1}]}
    assert masks.apply({"*": {}}, {"a": 1}) == {"a": 1}


def test_what_a_mask_may_name_is_in_the_discovery_document() -> None:
    from okrsync_emulators.sheets.answers import SPREADSHEET, VALUES

    def check(names: dict[str, Any], schema: str) -> None:
        properties = discovery()["schemas"][schema]["properties"]
        for name, below in names.items():
            assert name in properties, f"{schema}.{name}"
            inner = properties[name].get("items", properties[name]).get("$ref")
            if below:
                check(below, inner)

    check(SPREADSHEET, "Spreadsheet")
    check(VALUES, "BatchGetValuesResponse")


def test_every_query_parameter_it_takes_is_in_the_discovery_document() -> None:
    from okrsync_emulators.sheets.service import _RENDER, _STANDARD

    document = discovery()
    reading = document["resources"]["spreadsheets"]["resources"]["values"]["methods"]
    assert set(reading["batchGet"]["parameters"]) == _RENDER | {"spreadsheetId"}
    assert set(document["parameters"]) >= _STANDARD


# ---- As recorded: whole answers -------------------------------------------------------------------------------

RECORDED = {"title": "D3", "gid": 5, "grid": [4, 3], "rows": [["a", "b"], [1, 2, 3], [], ["x"]]}


@pytest.fixture
def recorded(world: World) -> World:
    tabs = [RECORDED, {**RECORDED, "title": "Plain", "gid": 0}]
    world.emulator.load(seed(shared_with="anyone", tabs=tabs, named_ranges={"all": "Plain!A1:C4"}))
    return world


@pytest.mark.parametrize(
    ("asked", "answered", "rows"),
    [
        ("Plain!A2:2", "Plain!A2:C2", [["1", "2", "3"]]),
        ("Plain!B2:2", "Plain!B2:C2", [["2", "3"]]),
        ("Plain!A1:1", "Plain!A1:C1", [["a", "b"]]),
        ("Plain!C4:A1", "Plain!A1:C4", [["a", "b"], ["1", "2", "3"], [], ["x"]]),
        ("Plain!A4:C1", "Plain!A1:C4", [["a", "b"], ["1", "2", "3"], [], ["x"]]),
        ("'D3'!A1:B1", "'D3'!A1:B1", [["a", "b"]]),
        ("Plain!R[1]C[1]", "Plain!B2", [["2"]]),
        ("Plain!R1C1:R[1]C[2]", "Plain!A1:C2", [["a", "b"], ["1", "2", "3"]]),
        ("all", "Plain!A1:C4", [["a", "b"], ["1", "2", "3"], [], ["x"]]),
    ],
)
def test_ranges_are_read_and_written_back_as_recorded(
    recorded: World, asked: str, answered: str, rows: list[list[str]]
) -> None:
    whole = {"range": answered, "majorDimension": "ROWS", "values": rows}
    assert get(recorded, f"{BOOK}/values/{asked}") == (200, whole)
    batch = {"spreadsheetId": BOOK, "valueRanges": [whole]}
    assert get(recorded, f"{BOOK}/values:batchGet", ranges=asked) == (200, batch)


@pytest.mark.parametrize("asked", ["Plain!R0C1", "Plain!R[-1]C[0]", "Plain!2:A2", "Plain!A2:5", "Plain!A0"])
def test_what_is_no_range_is_refused_in_google_s_words(recorded: World, asked: str) -> None:
    error = {"code": 400, "message": f"Unable to parse range: {asked}", "status": "INVALID_ARGUMENT"}
    assert get(recorded, f"{BOOK}/values/{asked}") == (400, {"error": error})


def test_metadata_is_whole(recorded: World) -> None:
    status, body = get(recorded, BOOK)
    assert status == 200
    assert set(body["properties"]) == {
        "title",
        "locale",
        "autoRecalc",
        "timeZone",
        "defaultFormat",
        "spreadsheetTheme",
    }
    assert [pair["colorType"] for pair in body["properties"]["spreadsheetTheme"]["themeColors"]] == [
        *("TEXT", "BACKGROUND", "ACCENT1", "ACCENT2", "ACCENT3", "ACCENT4", "ACCENT5", "ACCENT6", "LINK")
    ]
    edges = {"startRowIndex": 0, "endRowIndex": 4, "startColumnIndex": 0, "endColumnIndex": 3}
    assert body["namedRanges"] == [{"namedRangeId": "1", "name": "all", "range": edges}]
    assert body["sheets"][1]["properties"]["sheetId"] == 0


def test_formats_and_hidden_rows_are_told(world: World) -> None:
    tab = {"title": "F", "gid": 9, "rows": [[{"duration": "90m"}], [5]], "hidden_rows": [2], "grid": [2, 1]}
    world.emulator.load(seed(shared_with="anyone", tabs=[tab]))
    mask = "sheets(data(rowMetadata(hiddenByUser),rowData(values(effectiveFormat(numberFormat)))))"
    duration = {"effectiveFormat": {"numberFormat": {"type": "TIME", "pattern": "[h]:mm:ss"}}}
    data = {"rowData": [{"values": [duration]}, {"values": [{"effectiveFormat": {}}]}]}
    rows = {"rowMetadata": [{}, {"hiddenByUser": True}]}
    assert get(world, BOOK, fields=mask, ranges="F!A1:A2") == (
        200,
        {"sheets": [{"data": [{**data, **rows}]}]},
    )


# ---- Filling a scratch tab ------------------------------------------------------------------------------------


def write(world: World, *changes: Any, scope: str = "spreadsheets") -> tuple[int, Any]:
    tokens = world.emulator.tokens
    token = tokens._issue("editor@acme.example", f"https://www.googleapis.com/auth/{scope}")[1][
        "access_token"
    ]
    answer = requests.post(
        f"{world.emulator.server.url}/v4/spreadsheets/{BOOK}:batchUpdate",
        json={"requests": list(changes)},
        headers={"Authorization": f"Bearer {token}"},
        timeout=120,
    )
    return answer.status_code, answer.json()


def test_only_an_editor_with_the_scope_to_write_writes(world: World) -> None:
    add = {"addSheet": {"properties": {"title": "scratch"}}}
    assert write(world, add)[0] == 403
    world.emulator.load(seed(shared_with=["editor@acme.example"], editors=["editor@acme.example"]))
    assert write(world, add, scope="spreadsheets.readonly")[0] == 403
    status, body = write(world, add)
    assert status == 200
    gid = body["replies"][0]["addSheet"]["properties"]["sheetId"]
    assert write(world, add)[0] == 400
    number = {
        "userEnteredValue": {"numberValue": 0.37},
        "userEnteredFormat": {"numberFormat": {"type": "PERCENT"}},
    }
    fill = {"rows": [{"values": [number]}], "start": {"sheetId": gid}, "fields": "*"}
    assert write(world, {"updateCells": fill})[0] == 200
    assert world.emulator.books[BOOK].tabs[-1].at(0, 0).formatted("en_US") == "37%"
    assert write(world, {"sortRange": {}})[0] == 501
    assert write(world, {"deleteSheet": {"sheetId": gid}})[0] == 200
    assert write(world, {"deleteSheet": {"sheetId": gid}})[0] == 400
