"""What Notion's tables look like at companies: columns, ids, rights and lists that are nearly as they should be."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import httpx
import pytest

from okrsync.config.yamlfile import parse_yaml
from okrsync.loopback import Fault
from tests.support.check_ins import keep_check_ins, rows

KEY = "Open bugs"
TABLE = "Key results"
JSON = {"content-type": "application/json"}


def reseed(desk: Any, change: Callable[[dict[str, Any], list[dict[str, Any]]], None]) -> None:
    """Let the demo's key results begin with other columns and rows."""
    text = (files("okrsync.sandbox") / "demo" / "notion.yaml").read_text(encoding="utf-8")
    seed: Any = parse_yaml(text, name="notion.yaml").data
    table = seed["databases"][0]["data_sources"][0]
    change(table["properties"], table["rows"])
    desk.notion.load(seed)


def said(ended: Any) -> str:
    return " ".join((ended.out + ended.err).split())


def refusal(status: int, code: str, message: str) -> dict[str, Any]:
    body = {"object": "error", "status": status, "code": code, "message": message, "request_id": "r"}
    return {"status": status, "headers": JSON, "body": json.dumps(body).encode()}


# ---- columns ----


@pytest.mark.parametrize("kind", ["number", "date", "checkbox", "select", "status", "title", "email"])
def test_a_text_cell_in_a_column_that_holds_no_text_is_named_by_the_doctor(desk: Any, kind: str) -> None:
    if kind == "title":
        desk.edit_yaml("source: Source", "source: Name")
    else:
        reseed(desk, lambda columns, _: columns.update(Source={"type": kind}))
    ended = desk.run("doctor", "demo")
    assert ended.code == 3
    article = "an" if kind == "email" else "a"
    assert f"is {article} {kind} column, and the cell 'source' needs a text column" in said(ended)
    ended = desk.run("sync", "demo")
    assert "needs a text column" in said(ended)
    assert desk.table()["KR-1"]["Current"] == "72"
    assert desk.table()["KR-1"]["Name"] == KEY


@pytest.mark.parametrize(
    "shown",
    ["Last\u00a0synced", "Last synced ", " Last  synced", "Last synced\u200b", "Last\u2009synced\ufeff"],
)
def test_a_column_is_found_by_what_its_name_looks_like(desk: Any, shown: str) -> None:
    reseed(desk, lambda columns, _: columns.update({shown: columns.pop("Last synced")}))
    desk.run("sync", "demo")
    assert desk.table()["KR-1"][shown].startswith("2026-11-23")


def test_a_name_with_accents_is_the_same_however_they_are_made(desk: Any) -> None:
    apart = unicodedata.normalize("NFD", "Größe")
    reseed(desk, lambda columns, _: columns.update({apart: columns.pop("Source")}))
    desk.edit_yaml("source: Source", "source: Größe")
    desk.run("sync", "demo")
    assert desk.table()["KR-1"][apart].startswith("jira")


def test_of_two_columns_that_look_alike_none_is_guessed(desk: Any) -> None:
    def change(columns: dict[str, Any], _: Any) -> None:
        columns |= {"Source ": columns.pop("Source"), "Source\u200b": {"type": "rich_text"}}

    reseed(desk, change)
    assert "the column 'Source' is not in 'Key results'" in said(desk.run("sync", "demo"))
    row = desk.table()["KR-1"]
    assert (row["Source "], row["Source\u200b"]) == ("", "")


@pytest.mark.parametrize(
    ("option", "written"),
    [
        (unicodedata.normalize("NFD", "Gefährdet"), "Gefährdet"),
        ("⚠\ufe0f At risk", "⚠ At risk"),
        ("At\u00a0risk", "At risk"),
        ("at risk ", "At Risk"),
    ],
)
def test_an_option_is_found_by_what_its_name_looks_like(desk: Any, option: str, written: str) -> None:
    def change(columns: dict[str, Any], _: Any) -> None:
        for one in columns["Status"]["options"]:
            one["name"] = option if one["name"] == "At risk" else one["name"]

    reseed(desk, change)
    desk.edit_yaml("    cells: {current", f'    statuses: {{at_risk: "{written}"}}\n    cells: {{current')
    desk.run("sync", "demo")
    assert option in {row["Status"] for row in desk.table().values()}


def test_the_doctor_says_what_becomes_of_an_owner_column_of_another_type(desk: Any) -> None:
    def change(columns: dict[str, Any], listed: list[dict[str, Any]]) -> None:
        columns["Owner"] = {"type": "formula"}
        for row in listed:
            row.pop("Owner")

    reseed(desk, change)
    assert "the column 'Owner' is a formula column, and `owner` needs" in said(desk.run("doctor", "demo"))


def test_a_number_in_a_sentence_is_short(desk: Any) -> None:
    reseed(desk, lambda columns, _: columns.update(Current={"type": "number", "format": "percent"}))
    ended = said(desk.run("sync", "demo"))
    assert "'Current' is shown as percent, and 31.0385 is no percentage (duration:days)" in ended
    assert "'Current' is shown as percent, and 1767504 is no percentage (money:EUR)" in ended


@pytest.mark.parametrize("shown", ["dollar", "new_zealand_dollar", "yen", "ruble"])
def test_no_amount_is_shown_in_another_currency(desk: Any, shown: str) -> None:
    reseed(desk, lambda columns, _: columns.update(Current={"type": "number", "format": shown}))
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    words = shown.replace("_", " ")
    assert f"'Current' shows every number as {words}, and 1767504 is in EUR" in said(ended)
    shown_in = {row["KR"]: row["Current"] for row in desk.table().values()}
    assert not shown_in["KR-5"]
    assert shown_in["KR-6"], "a number without a currency is no amount in another one"


def test_an_amount_is_written_where_it_is_shown_in_its_currency(desk: Any) -> None:
    reseed(desk, lambda columns, _: columns.update(Current={"type": "number", "format": "euro"}))
    desk.run("sync", "demo")
    assert {row["KR"]: row["Current"] for row in desk.table().values()}["KR-5"]


def test_two_cells_share_no_column_that_looks_the_same(desk: Any) -> None:
    desk.edit_yaml("source: Source", "source: Source, note: 'Source '")
    ended = desk.run("validate", "demo")
    assert ended.code == 2
    assert "source and note cannot share the column 'Source'" in said(ended)


# ---- ids ----


@pytest.mark.parametrize(
    "shown",
    ["KR-1 ", "KR-1\u00a0", "KR-1\n", "KR-1\u200b", "\ufeffKR-1", "KR-1\u200e", "KR\u00ad-1", "KR\u20111"],
)
def test_an_id_that_looks_right_is_right(desk: Any, shown: str) -> None:
    reseed(desk, lambda _, listed: listed[0].update(KR=shown))
    desk.run("sync", "demo")
    assert desk.table()[shown]["Current"] == "72"
    # Two rows that look the same are two rows with one id.
    desk.notion.add_row(TABLE, {"Name": "A copy", "KR": "KR-1"})
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "2 rows have the id 'KR-1'" in said(ended)


@pytest.mark.parametrize("shown", ["kr-1", "KR\u20131", "KR 1", "KR - 1", "ＫＲ-1", "KR_1"])
def test_an_id_that_is_nearly_right_is_named_and_not_guessed(desk: Any, shown: str) -> None:
    reseed(desk, lambda _, listed: listed[0].update(KR=shown))
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    if shown != "KR 1":
        assert (
            f"no row has 'KR-1' in its column 'KR'; one has {shown!r}, which is another id: write 'KR-1' there"
            in (ended.out)
        )
    assert desk.table()[shown]["Current"] == ""


def test_ids_that_notion_does_not_show_have_their_own_sentence(desk: Any) -> None:
    def change(columns: dict[str, Any], _: Any) -> None:
        columns["KR"] = {"type": "formula", "result": "string"}

    reseed(desk, change)
    desk.run("sync", "demo")
    page = desk.notion.page_id(KEY)
    desk.notion.edit(TABLE, KEY, "KR", "unsupported")
    ended = said(desk.run("plan", "demo"))
    assert "its id in the column 'KR' cannot be read: Notion does not show what the formula" in ended
    assert "write 'KR-1' there" not in ended
    desk.notion.edit(TABLE, KEY, "KR", "KR-100")
    ended = said(desk.run("plan", "demo"))
    assert "shows 'KR-100' instead of 'KR-1': Notion computes it: look at the formula" in ended
    for row in list(desk.notion.workspace.source(TABLE).rows):
        desk.notion.edit(TABLE, row, "KR", "unsupported")
    ended = desk.run("plan", "demo")
    assert ended.code == 3
    assert "the ids in the column 'KR' of 'Key results' cannot be read" in said(ended)
    assert page


def test_a_prefix_that_was_changed_cannot_be_typed_back_into_the_rows(desk: Any) -> None:
    def change(columns: dict[str, Any], listed: list[dict[str, Any]]) -> None:
        columns["KR"] = {"type": "unique_id", "prefix": "KR"}
        for row in listed:
            row.pop("KR")

    reseed(desk, change)
    desk.run("sync", "demo")
    desk.notion.workspace.source(TABLE).column("KR").details["prefix"] = "OKR"
    ended = said(desk.run("plan", "demo"))
    assert (
        "shows 'OKR-1' instead of 'KR-1': Notion numbers the rows itself: set the column's prefix back"
        in ended
    )
    assert "write 'KR-1' there" not in ended


def test_two_tables_of_the_yaml_in_one_data_source_are_both_remembered(desk: Any) -> None:
    def change(columns: dict[str, Any], listed: list[dict[str, Any]]) -> None:
        columns["Summary"] = {"type": "rich_text"}
        listed += [{"Name": f"Objective {number}", "KR": f"O-{number}"} for number in (1, 2, 3)]

    reseed(desk, change)
    desk.edit_yaml(
        "acme/22222222222242228222222222222222\n    match: ID",
        "acme/11111111111141118111111111111111\n    match: KR",
    )
    desk.run("sync", "demo")
    desk.run("sync", "demo")
    desk.notion.trash(KEY)
    desk.notion.trash("Objective 1")
    ended = said(desk.run("plan", "demo"))
    assert "the row is in Notion's trash: restore it there, or take KR-1 out of the YAML" in ended
    assert "the row is in Notion's trash: restore it there, or take O-1 out of the YAML" in ended


# ---- relations ----


def test_a_relation_to_a_database_that_is_not_shared_is_not_called_deleted(desk: Any) -> None:
    """Documented: Notion leaves such a relation out of its answers."""
    keep_check_ins(desk)
    text = desk.yaml.read_text(encoding="utf-8")
    desk.notion.workspace.source("Check-ins").column("Key result").target = desk.notion.workspace.source(
        "Objectives"
    ).id
    begin, end = text.index("  objectives:\n    database"), text.index("  check_ins:\n")
    desk.yaml.write_text(text[:begin] + text[end:], encoding="utf-8")
    desk.notion.unshare("Objectives")
    for command in ("doctor", "sync"):
        ended = said(desk.run(command, "demo"))
        assert "the column 'Key result' is not shown in 'Check-ins'" in ended, command
        assert "only if the database that it leads to is shared with the connection too" in ended
    assert desk.table()["KR-1"]["Current"] == "72"


def test_a_relation_to_another_table_gets_no_row_of_this_one(desk: Any) -> None:
    keep_check_ins(desk)
    relation = desk.notion.workspace.source("Check-ins").column("Key result")
    relation.target = desk.notion.workspace.source("Objectives").id
    words = "the relation 'Key result' does not lead to 'Key results', where the row is that it should show"
    ended = desk.run("doctor", "demo")
    assert said(ended).count(words) == 1, "once, not for every row"
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert words in said(ended)
    assert rows(desk) == {}


def first_check_in(desk: Any) -> str:
    return str(next(iter(desk.notion.workspace.source("Check-ins").rows)))


def test_a_check_in_that_is_not_as_it_was_has_a_step_of_its_own(desk: Any) -> None:
    """Its key is not in the YAML, so that no sentence may say to take it out there."""
    keep_check_ins(desk)
    desk.run("sync", "demo")
    row, key = first_check_in(desk), next(iter(rows(desk)))
    desk.notion.trash(row)
    ended = said(desk.run("sync", "demo"))
    assert "the row is in Notion's trash: restore it there, or leave it there" in ended
    assert f"take {key}" not in ended
    desk.notion.restore(row)
    copy = desk.notion.add_row("Check-ins", {"Name": "A copy", "Check-in": key})
    ended = said(desk.run("sync", "demo"))
    assert f"2 rows have the id '{key}'" in ended
    assert "in the YAML" not in ended.split(f"2 rows have the id '{key}'")[1].split("demo/")[0]
    desk.notion.trash(copy)
    for number in range(30):
        desk.notion.add_row(TABLE, {"Name": f"More {number}"})
    desk.notion.edit("Check-ins", row, "Key result", [f"More {number}" for number in range(30)])
    ended = said(desk.run("sync", "demo"))
    assert "relates to more rows than Notion shows at once: leave in it the one row that it is for" in ended


# ---- rights ----


def test_a_row_that_may_not_be_changed_stops_no_other(desk: Any) -> None:
    page = desk.notion.page_id(KEY)
    fault = refusal(403, "restricted_resource", "Insufficient permissions for this endpoint.")
    desk.notion.server.faults.append(Fault(where=f"PATCH /v1/pages/{page}", times=99, **fault))
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "writing KR-1: the connection may not do this" in said(ended)
    assert said(ended).count("writing KR-1: the connection") == 1
    assert "look at this page's own sharing in Notion" in said(ended)
    assert desk.table()["KR-2"]["Current"] == "192"
    desk.notion.server.faults.clear()
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "72"


def test_a_token_that_may_change_no_row_stops_soon(desk: Any) -> None:
    fault = refusal(403, "restricted_resource", "Insufficient permissions for this endpoint.")
    desk.notion.server.faults.append(Fault(where="PATCH /v1/pages", times=99, **fault))
    ended = desk.run("sync", "demo")
    assert ended.code == 12
    assert desk.writes <= 10, "one group that went out side by side"
    assert "not tried any more, because writing KR-" in said(ended)
    assert {row["Current"] for row in desk.table().values()} == {""}


# ---- lists ----


def many(columns: dict[str, Any], listed: list[dict[str, Any]]) -> None:
    listed += [{"Name": f"Row {number}", "KR": f"X-{number}"} for number in range(250)]


def query(desk: Any) -> str:
    return f"POST /v1/data_sources/{desk.notion.workspace.source(TABLE).id}/query"


def test_a_list_whose_place_notion_forgets_is_read_from_its_beginning(desk: Any) -> None:
    """Since April 2026 Notion's cursors do not last: outline/outline#12871."""
    reseed(desk, many)
    lost = refusal(
        400, "validation_error", "The start_cursor provided is invalid: 4d49987c-a64c-4ab8-916e-d9ae"
    )
    desk.notion.server.faults.append(Fault(where=query(desk), skip=1, times=1, **lost))
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "72"
    # All fifteen rows of the YAML were found: none is said to be missing.
    assert "no row has" not in said(desk.run("plan", "demo"))
    desk.notion.server.faults.append(Fault(where=query(desk), skip=1, times=99, **lost))
    ended = desk.run("plan", "demo")
    assert ended.code == 3
    assert "The start_cursor provided is invalid" in said(ended)


@pytest.mark.parametrize("cursors", [["A"], ["A", "B"], ["A", "B", "C"]])
def test_a_list_that_runs_in_a_circle_ends(desk: Any, cursors: list[str]) -> None:
    for number in range(30):
        page = {
            "object": "list",
            "results": [],
            "has_more": True,
            "next_cursor": cursors[number % len(cursors)],
        }
        body = json.dumps(page).encode()
        desk.notion.server.faults.append(Fault(where=query(desk), status=200, headers=JSON, body=body))
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "Notion has more rows and does not say where they go on" in said(ended)
    assert desk.notion.server.count(query(desk)) == len(cursors) + 1
    assert desk.writes == 0


def test_a_list_of_empty_pages_ends(desk: Any) -> None:
    for number in range(80):
        page = {"object": "list", "results": [], "has_more": True, "next_cursor": f"c{number}"}
        desk.notion.server.faults.append(
            Fault(where=query(desk), status=200, headers=JSON, body=json.dumps(page).encode())
        )
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "Notion has more rows and does not say where they go on" in said(ended)


# ---- values of another shape ----

MUTATIONS: dict[str, tuple[str, Any]] = {
    "an id that is a number": ("KR", {"rich_text": 5}),
    "an id of nothing": ("KR", {"rich_text": [{}]}),
    "an id of null": ("KR", {"rich_text": [None]}),
    "a title that is null": ("Name", {"title": None}),
    "a title that is a number": ("Name", {"title": 7}),
    "an owner that is null": ("Owner", {"people": [None]}),
    "an owner that is a number": ("Owner", {"people": 3}),
    "a status that is a text": ("Status", {"status": "x"}),
    "a number that is a text": ("Current", {"number": "12"}),
    "a number that is left out": ("Current", {"number": ...}),
    "a text with an item of nothing": ("Source", {"rich_text": [{"plain_text": "a"}, {}]}),
    "a start that is true": ("Start", {"number": True}),
    "a day that does not exist": ("Last synced", {"date": {"start": "2026-02-30"}}),
}
UNSEEN = {"Name", "Owner"}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_value_of_another_shape_holds_its_row_alone(desk: Any, name: str) -> None:
    headers = {"authorization": f"Bearer {desk.notion.secret()}", "notion-version": "2026-03-11"}
    sorts = [{"timestamp": "created_time", "direction": "ascending"}]
    with httpx.Client(base_url=desk.notion.server.url, headers=headers, trust_env=False) as http:
        answer = http.post(query(desk).split()[1], json={"page_size": 100, "sorts": sorts}).json()
    column, change = MUTATIONS[name]
    held = answer["results"][0]["properties"][column]
    for key, value in change.items():
        held.pop(key) if value is ... else held.update({key: value})
    body = json.dumps(answer).encode()
    desk.notion.server.faults.append(Fault(where=query(desk), times=99, status=200, headers=JSON, body=body))
    ended = desk.run("sync", "demo")
    assert ended.code == 3, ended.err
    assert "Traceback" not in ended.err
    assert desk.table()["KR-2"]["Current"] == "192"
    assert desk.table()["KR-1"]["Current"] == ("72" if column in UNSEEN else "")


# ---- okrsync init ----


def init(desk: Any, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    monkeypatch.setenv("TOKEN_HERE", desk.notion.secret())
    return desk.run("init", *words, "--token-env", "TOKEN_HERE", "--url", desk.notion.server.url)


DATABASE = "https://app.notion.com/p/acme/11111111111141118111111111111111"


def test_init_takes_a_table_related_to_itself_for_one_table(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reseed(desk, lambda columns, _: columns.update(Objective={"type": "relation", "data_source": TABLE}))
    ended = init(desk, monkeypatch, "acme", "--from-notion", DATABASE)
    assert ended.code == 0, ended.err
    assert "'Objective' relates rows of this table to one another" in said(ended)
    text = (desk.folder / "acme.yaml").read_text(encoding="utf-8")
    assert "objectives:\n    database" not in text


def test_init_goes_on_without_objectives_that_it_may_not_see(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reseed(
        desk, lambda columns, _: columns.update(Objective={"type": "relation", "data_source": "Objectives"})
    )
    objectives = desk.notion.workspace.source("Objectives")
    fault = refusal(404, "object_not_found", "Could not find database with ID.")
    where = f"GET /v1/data_sources/{objectives.id}"
    desk.notion.server.faults.append(Fault(where=where, times=99, **fault))
    ended = init(desk, monkeypatch, "acme", "--from-notion", DATABASE)
    assert ended.code == 0, ended.err
    assert "'Objective' leads to a database that is not shared with the connection" in said(ended)
    assert "13 key results" in said(ended)


def test_init_says_how_to_choose_among_data_sources(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    other = desk.notion.add_data_source(TABLE, {"title": "Old ones", "properties": {"Name": "title"}})
    ended = init(desk, monkeypatch, "acme", "--from-notion", DATABASE)
    assert ended.code == 2
    assert "`okrsync init` takes its id instead of the address: 'Key results' is" in said(ended)
    assert other in said(ended)
    chosen = desk.notion.workspace.databases["11111111-1111-4111-8111-111111111111"].sources[0]
    assert init(desk, monkeypatch, "acme", "--from-notion", chosen).code == 0


def test_init_survives_a_column_that_is_renamed_while_it_reads(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename() -> None:
        desk.notion.rename_column(TABLE, "KR", "Number of the KR")
        desk.notion.rename_column(TABLE, "Name", "Key result")

    desk.notion.server.faults.append(Fault(where=query(desk), prelude=rename))
    ended = init(desk, monkeypatch, "acme", "--from-notion", DATABASE)
    assert ended.code == 0, ended.err
    text = (desk.folder / "acme.yaml").read_text(encoding="utf-8")
    assert "KR-1" in text
    assert KEY in text


FOUND: dict[str, Any] = {
    "a column that is null": {"id": "x", "properties": {"A": None}},
    "a title of nothing": {"id": "x", "title": [{}], "properties": {}},
    "no id": {"properties": {}},
    "columns in a list": {"id": "x", "properties": [1]},
    "a parent that is a text": {"id": "x", "parent": "p", "properties": {}},
}


@pytest.mark.parametrize("name", FOUND)
def test_a_search_of_another_shape_is_no_bug(desk: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    page = {"object": "list", "results": [{"object": "data_source", **FOUND[name]}], "has_more": False}
    body = json.dumps(page).encode()
    desk.notion.server.faults.append(Fault(where="/v1/search", times=99, status=200, headers=JSON, body=body))
    ended = init(desk, monkeypatch, "--look")
    assert ended.code == 3
    assert "the answer is not Notion's, but JSON of another shape" in said(ended)


@pytest.mark.parametrize(
    "block",
    [
        {"child_database": {"title": "Objectives"}},
        {"id": "x", "created_by": 7},
        {"id": "x", "child_database": 5},
    ],
)
def test_blocks_of_another_shape_are_no_bug(
    desk: Any, monkeypatch: pytest.MonkeyPatch, block: dict[str, Any]
) -> None:
    page = {"object": "list", "results": [{"object": "block", **block}], "has_more": False}
    faults = desk.notion.server.faults
    faults.append(Fault(where="POST /v1/databases", cut="after"))
    faults.append(
        Fault(where="GET /v1/blocks", times=99, status=200, headers=JSON, body=json.dumps(page).encode())
    )
    page_of = "https://app.notion.com/p/OKRs-99999999999949998999999999999999"
    ended = init(desk, monkeypatch, "acme", "--create-under", page_of)
    assert ended.code == 3
    assert "the answer is not Notion's, but JSON of another shape" in said(ended)


def test_a_page_whose_blocks_run_in_a_circle_ends(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    page = {"object": "list", "results": [], "has_more": True, "next_cursor": "A"}
    faults = desk.notion.server.faults
    faults.append(Fault(where="POST /v1/databases", cut="after"))
    faults.append(
        Fault(where="GET /v1/blocks", times=999, status=200, headers=JSON, body=json.dumps(page).encode())
    )
    page_of = "https://app.notion.com/p/OKRs-99999999999949998999999999999999"
    ended = init(desk, monkeypatch, "acme", "--create-under", page_of)
    assert ended.code == 3
    assert "it may have been created all the same" in said(ended)


PAGE = "https://app.notion.com/p/OKRs-99999999999949998999999999999999"


def test_init_under_a_database_asks_for_a_page(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = init(desk, monkeypatch, "acme", "--create-under", DATABASE)
    assert ended.code == 12
    assert "give the address of a page, not of a database, and share that page" in said(ended)
    assert not (desk.folder / "acme.yaml").exists()


def test_init_at_the_block_limit_names_a_step_that_it_can_take(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.notion.behaviour.blocks = 1
    ended = init(desk, monkeypatch, "acme", "--create-under", PAGE)
    assert ended.code == 3
    assert "change its plan, or make the tables in another workspace" in said(ended)
    assert "check_ins" not in said(ended)


def test_a_number_that_differs_far_behind_the_point_is_shown_whole(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.edit(TABLE, KEY, "Current", 72.0000000001)
    desk.notion.edit(TABLE, KEY, "Progress", 0.533333333)
    ended = said(desk.run("plan", "demo"))
    assert "current: shows 72.0000000001 · okrsync wrote 72 · would write 72" in ended
    assert "progress: shows 53.3333333 · okrsync wrote 53.33%" in ended
