"""The Notion destination through the real notion-client against the emulated workspace."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from okrsync.errors import AccessError, ConfigError, Conflict, DataError, Unavailable
from okrsync.http import LATE
from okrsync.loopback import Fault
from okrsync.model import COUNT, PERCENT, Quantity, Row, Stored
from okrsync.ports import ConnectorContext, Destination, Finding, TableSpec
from okrsync.settings import Secret
from okrsync.testing import JumpClock
from okrsync.testing.destination import DestinationCase, DestinationContract
from okrsync_emulators.notion import Behaviour, NotionEmulator
from okrsync_notion import connector
from okrsync_notion.client import TIMEOUT
from okrsync_notion.settings import NotionSettings, NotionTable

TOKEN = "ntn_secret_of_the_test"
DATABASE = "11111111-2222-4333-8444-555555555555"
URL = f"https://www.notion.so/acme/Company-OKRs-{DATABASE.replace('-', '')}?v={'f' * 32}"
CELLS = {"current": "Current", "progress": "Progress", "status": "Status", "updated": "Last synced"}
NOW = datetime(2026, 11, 23, 6, 0, 42, tzinfo=UTC)
PAGE = "PATCH /v1/pages/"


def page(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def seed(**changes: Any) -> dict[str, Any]:
    """Three key results, one without an id, and columns of every kind the connector reads."""
    source: dict[str, Any] = {
        "title": "Key results",
        "properties": {
            "Name": "title",
            "KR ID": "rich_text",
            "Current": {"type": "number", "id": "c:{r"},
            "Progress": {"type": "number", "format": "percent"},
            "Status": {
                "type": "status",
                "options": ["Not started", "On track", "Behind", "At risk", "Achieved"],
            },
            "Last synced": "date",
            "Tier": {"type": "select", "options": ["Gold", "Silver"]},
            "Note": "rich_text",
            "Done": "checkbox",
            "Start": "number",
            "Goal": {"type": "number", "format": "percent"},
            "Score": {"type": "formula", "result": "number"},
            "No": {"type": "unique_id", "prefix": "KR"},
            "Owner": "people",
        },
        "rows": [
            {"id": page(1), "Name": "Open bugs", "KR ID": "KR-1", "Start": 120, "Goal": 0.3, "Status": None},
            {
                "id": page(2),
                "Name": "Revenue",
                "KR ID": "KR-2",
                "Current": 84.5,
                "Progress": 0.37,
                "Status": "On track",
                "Last synced": "2026-11-20",
            },
            {"id": page(3), "Name": "An idea"},
        ],
    }
    source.update(changes)
    database = {"id": DATABASE, "title": "Company OKRs", "data_sources": [source]}
    return {"token": TOKEN, "databases": [database]}


@pytest.fixture(scope="module")
def server() -> Iterator[NotionEmulator]:
    emulator = NotionEmulator(now=lambda: NOW)
    yield emulator
    emulator.server.close()


@pytest.fixture
def notion(server: NotionEmulator, monkeypatch: pytest.MonkeyPatch) -> NotionEmulator:
    monkeypatch.setenv("NOTION_TOKEN", TOKEN)
    monkeypatch.setenv("WRONG_TOKEN", "ntn_wrong")
    server.load(seed())
    server.server.faults.clear()
    server.server.forget()
    return server


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock(NOW)


@pytest.fixture
def state() -> dict[str, str]:
    return {}


@pytest.fixture
def connect(notion: NotionEmulator, clock: JumpClock, state: dict[str, str]) -> Callable[..., Destination]:
    def made(*, token: str = "NOTION_TOKEN", url: str = "", **table: Any) -> Destination:
        assert connector.destination is not None
        settings = NotionSettings(token=Secret(env=token), url=url or notion.server.url)
        context = ConnectorContext(name="notion", clock=clock, state=state)
        return connector.destination(settings, table_of(**table), context)

    return made


def table_of(
    pages: Mapping[str, str] | None = None, known: Mapping[str, str] | None = None, **changes: Any
) -> TableSpec:
    settings = NotionTable.model_validate({"database": URL, "match": "KR ID", "cells": CELLS, **changes})
    return TableSpec(settings=settings, pages=pages or {}, known=known or {})


def row_of(destination: Destination, key: str) -> Row:
    (row,) = [row for row in destination.read() if row.key == key]
    return row


def held(row: Row) -> dict[str, Stored]:
    return {name: cell.value for name, cell in row.cells.items()}


def expecting(row: Row, values: Mapping[str, Stored]) -> dict[str, Stored]:
    return {cell: row.cells[cell].value for cell in values}


def write(destination: Destination, key: str = "KR-1", **values: Stored) -> Row:
    row = row_of(destination, key)
    return destination.write(row.id, values, expecting(row, values))


def refused(status: int, code: str, message: str = "no", **headers: str) -> dict[str, Any]:
    body = {"object": "error", "status": status, "code": code, "message": message, "request_id": "req-7"}
    return {"status": status, "headers": headers, "body": json.dumps(body).encode()}


# ---- the contract of every destination ----


class TestContract(DestinationContract):
    @pytest.fixture
    def case(self, notion: NotionEmulator, connect: Callable[..., Destination]) -> DestinationCase:
        twin = {"Name": "Open bugs (copy)", "KR ID": "KR-9"}
        rows = [*seed()["databases"][0]["data_sources"][0]["rows"], twin, twin]
        notion.load(seed(rows=rows))
        cells = {**CELLS, "score": "Score", "note": "Note"}
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
        theirs = {"current": 7, "progress": 0.07, "status": "Behind", "updated": "2020-01-01", "note": "mine"}
        return DestinationCase(
            connect=lambda: connect(cells=cells),
            key="KR-1",
            values={
                "current": Quantity(value=Decimal("84.456"), unit=COUNT),
                "progress": Quantity(value=Decimal("36.999"), unit=PERCENT),
                "status": "on_track",
                "updated": NOW,
                "note": "e\u0301 😀\r\n" + "x" * 3000,
            },
            others={
                "current": Quantity(value=Decimal(-1), unit=COUNT),
                "progress": Quantity(value=Decimal(0), unit=PERCENT),
                "status": "at_risk",
                "updated": NOW.date(),
                "note": "written by okrsync",
            },
            impossible=("status", "no such status"),
            edit=lambda key, cell: notion.edit("Key results", key, cells[cell], theirs[cell]),
            lose_answer=lambda: notion.server.faults.append(Fault(where=PAGE, cut="after")),
            lose_request=lambda: notion.server.faults.append(Fault(where=PAGE, cut="before")),
            writes=lambda: notion.server.count("^(PATCH|DELETE|POST /v1/pages)"),
            locked="score",
            twins="KR-9",
            denied=connect(token="WRONG_TOKEN"),
            down=connect(url=nobody),
        )


# ---- reading ----


def test_a_row_holds_what_a_person_sees(connect: Callable[..., Destination]) -> None:
    destination = connect(baseline="Start", target="Goal")
    bugs, revenue = destination.read()
    assert (bugs.key, bugs.title, bugs.id) == ("KR-1", "Open bugs", page(1))
    assert bugs.url.startswith("https://")
    assert bugs.baseline == Quantity(value=Decimal(120), unit=COUNT)
    assert bugs.target == Quantity(value=Decimal(30), unit=PERCENT)
    assert held(bugs) == dict.fromkeys(CELLS)
    assert held(revenue) == {
        "current": Decimal("84.5"),
        "progress": Decimal("0.37"),
        "status": "On track",
        "updated": "2026-11-20",
    }
    assert revenue.baseline is None
    assert revenue.target is None
    assert revenue.cells["progress"].fraction
    assert not revenue.cells["current"].fraction


@pytest.mark.parametrize(("rows", "queries"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_a_run_costs_one_schema_and_one_query_for_every_hundred_rows(
    notion: NotionEmulator, connect: Callable[..., Destination], rows: int, queries: int
) -> None:
    notion.load(seed(rows=[{"Name": f"Row {n}", "KR ID": f"KR-{n}"} for n in range(rows)]))
    assert [row.key for row in connect().read()] == [f"KR-{n}" for n in range(rows)]
    assert notion.server.count("GET /v1/databases/") == 1
    notion.server.forget()
    assert len(connect().read()) == rows
    assert notion.server.count("GET /v1/data_sources/") == 1
    assert notion.server.count("POST /v1/data_sources/.*/query") == queries
    assert notion.server.count() == 1 + queries


def test_only_the_needed_columns_are_asked_for(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    connect(cells={"current": "Current"}).read()
    (query,) = [request for request in notion.server.requests if request.method == "POST"]
    assert query.query.count("filter_properties=") == 3
    assert "filter_properties=c%3A%7Br" in query.query
    assert ("notion-version", "2026-03-11") in query.headers
    assert ("authorization", f"Bearer {TOKEN}") in query.headers


def test_connecting_sends_nothing_and_needs_no_secret_yet(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    destination = connect(token="NOT_SET_ANYWHERE")
    assert notion.server.count() == 0
    with pytest.raises(AccessError, match="NOT_SET_ANYWHERE"):
        destination.read()
    assert notion.server.count() == 0


def test_more_rows_than_notion_lists_at_once_are_read_in_windows(
    clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTION_TOKEN", TOKEN)
    emulator = NotionEmulator(now=_minutes(), query_cap=150)
    try:
        emulator.load(seed(rows=[{"Name": f"Row {n}", "KR ID": f"KR-{n}"} for n in range(400)]))
        settings = NotionSettings(token=Secret(env="NOTION_TOKEN"), url=emulator.server.url)
        assert connector.destination is not None
        destination = connector.destination(
            settings, table_of(), ConnectorContext(name="notion", clock=clock)
        )
        assert [row.key for row in destination.read()] == [f"KR-{n}" for n in range(400)]
        assert not any(row.problem for row in destination.read())
    finally:
        emulator.server.close()


def test_rows_that_cannot_be_listed_are_never_left_out_silently(
    clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTION_TOKEN", TOKEN)
    emulator = NotionEmulator(now=lambda: NOW, query_cap=5)
    try:
        emulator.load(seed(rows=[{"Name": f"Row {n}", "KR ID": f"KR-{n}"} for n in range(6)]))
        settings = NotionSettings(token=Secret(env="NOTION_TOKEN"), url=emulator.server.url)
        assert connector.destination is not None
        destination = connector.destination(
            settings, table_of(), ConnectorContext(name="notion", clock=clock)
        )
        with pytest.raises(DataError, match="does not show all rows"):
            destination.read()
    finally:
        emulator.server.close()


def _minutes() -> Callable[[], datetime]:
    """A clock by which three things are created in every minute."""
    ticks = 0

    def now() -> datetime:
        nonlocal ticks
        ticks += 1
        minutes = ticks // 3
        return NOW.replace(day=1 + minutes // 1440, hour=minutes // 60 % 24, minute=minutes % 60)

    return now


def test_a_page_of_rows_without_a_way_on_is_no_table(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    body = {"object": "list", "results": [], "has_more": True, "next_cursor": None}
    notion.server.faults.append(Fault(where="/query", status=200, body=json.dumps(body).encode()))
    with pytest.raises(Unavailable, match="where they go on"):
        connect().read()


# ---- which table ----


@pytest.mark.parametrize(
    "address", [DATABASE, DATABASE.replace("-", ""), f"https://app.notion.com/p/{DATABASE.replace('-', '')}"]
)
def test_any_address_of_the_database_will_do(connect: Callable[..., Destination], address: str) -> None:
    assert len(connect(database=address).read()) == 2


def test_the_id_of_a_data_source_will_do(notion: NotionEmulator, connect: Callable[..., Destination]) -> None:
    source = notion.workspace.source("Key results").id
    assert len(connect(database=f"collection://{source}").read()) == 2
    notion.server.forget()
    assert len(connect(database=f"collection://{source}").read()) == 2
    assert notion.server.count() == 2


def test_an_address_without_an_id_is_refused_with_the_settings() -> None:
    with pytest.raises(ValueError, match="holds no Notion id"):
        table_of(database="https://www.notion.so/acme/Company-OKRs")


def test_a_database_that_is_not_shared_says_how_to_share_it(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    notion.unshare(DATABASE)
    with pytest.raises(AccessError, match="Connections") as raised:
        connect().read()
    assert URL in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_the_address_of_a_page_is_told_from_that_of_a_database(connect: Callable[..., Destination]) -> None:
    with pytest.raises(ConfigError, match="address of a page"):
        connect(database=page(1)).read()


def test_a_database_in_the_trash_is_said(notion: NotionEmulator, connect: Callable[..., Destination]) -> None:
    notion.workspace.databases[DATABASE].in_trash = True
    with pytest.raises(ConfigError, match="trash"):
        connect().read()


def several(notion: NotionEmulator) -> None:
    world = seed()
    (first,) = world["databases"][0]["data_sources"]
    other = {"title": "Objectives", "properties": {"Name": "title", "KR ID": "rich_text"}, "rows": []}
    world["databases"][0]["data_sources"] = [other, first]
    notion.load(world)


def test_of_several_data_sources_none_is_guessed(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    several(notion)
    with pytest.raises(ConfigError, match="2 data sources: 'Objectives', 'Key results'"):
        connect().read()
    with pytest.raises(ConfigError, match="did you mean 'Key results'"):
        connect(data_source="Key result").read()
    assert notion.server.count("/query") == 0


@pytest.mark.parametrize("by", ["name", "id"])
def test_of_several_data_sources_the_named_one_is_read(
    notion: NotionEmulator, connect: Callable[..., Destination], by: str
) -> None:
    several(notion)
    source = notion.workspace.source("Key results")
    assert len(connect(data_source=source.title if by == "name" else source.id).read()) == 2


def test_a_stale_note_is_resolved_anew(
    notion: NotionEmulator, connect: Callable[..., Destination], state: dict[str, str]
) -> None:
    connect().read()
    (note,) = [key for key in state if key.startswith("data source")]
    right = state[note]
    state[note] = page(99)
    assert len(connect().read()) == 2
    assert state[note] == right


def test_a_renamed_data_source_is_not_found_by_its_old_name(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    several(notion)
    connect(data_source="Key results").read()
    notion.workspace.source("Key results").title = "KRs"
    with pytest.raises(ConfigError, match="no data source 'Key results'"):
        connect(data_source="Key results").read()


# ---- columns ----


def test_a_column_that_is_not_there_names_the_nearest(connect: Callable[..., Destination]) -> None:
    locked = locked_cell(connect(cells={"current": "Curent", "progress": "Progress"}), "current")
    assert "did you mean 'Current'" in locked
    assert "cells: current" in locked


def test_a_renamed_column_is_told_by_its_new_name(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    connect().read()
    notion.rename_column("Key results", "Current", "Value")
    assert "the column 'Current' is now called 'Value'" in locked_cell(connect(), "current")


def test_a_deleted_column_is_said_to_be_deleted(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    connect().read()
    notion.delete_column("Key results", "Current")
    assert "'Current' was deleted from 'Key results'" in locked_cell(connect(), "current")


def locked_cell(destination: Destination, cell: str) -> str:
    """Why the cell is locked, in a table of which everything else can be read."""
    row = row_of(destination, "KR-1")
    assert row.problem == ""
    assert not any(one.locked for name, one in row.cells.items() if name != cell)
    return row.cells[cell].locked


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"cells": {"current": "Note"}},
            "is a text column, and the cell 'current' needs a number or checkbox",
        ),
        ({"cells": {"progress": "Done"}}, "is a checkbox column, and the cell 'progress' needs a number"),
        (
            {"cells": {"status": "Current"}},
            "is a number column, and the cell 'status' needs a status, select",
        ),
        ({"cells": {"updated": "Note"}}, "is a text column, and the cell 'updated' needs a date"),
        ({"cells": {"owner": "Owner"}}, "is a person column"),
        ({"cells": {"name": "Name"}}, "is a title column"),
    ],
)
def test_a_cell_whose_column_has_the_wrong_type_is_locked_and_no_other(
    connect: Callable[..., Destination], changes: dict[str, Any], text: str
) -> None:
    (cell,) = changes["cells"]
    destination = connect(**changes)
    assert text in locked_cell(destination, cell)
    with pytest.raises(DataError, match=text):
        destination.write(row_of(destination, "KR-1").id, {cell: None}, {})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"match": "Owner"}, "cannot hold the ids"),
        ({"baseline": "Note"}, "`baseline` needs a number column"),
        ({"target": "Score"}, "`target` needs a number column"),
    ],
)
def test_a_column_of_the_wrong_type_is_refused(
    connect: Callable[..., Destination], changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        connect(**changes).read()


@pytest.mark.parametrize(
    ("column", "text"),
    [("Score", "Score is a formula: Notion computes it; remove it from `cells`"), ("No", "No is an ID")],
)
def test_a_computed_column_is_locked_with_the_reason(
    connect: Callable[..., Destination], column: str, text: str
) -> None:
    destination = connect(cells={"progress": column})
    assert row_of(destination, "KR-1").cells["progress"].locked.startswith(text)
    with pytest.raises(DataError, match=text):
        destination.canonical("progress", Quantity(value=Decimal(1)))


def test_two_cells_never_share_a_column() -> None:
    with pytest.raises(ValueError, match="current and progress cannot share"):
        table_of(cells={"current": "Current", "progress": "Current"})


@pytest.mark.parametrize(
    ("match", "keys"),
    [
        ("KR ID", ["KR-1", "KR-2"]),
        ("Name", ["Open bugs", "Revenue", "An idea"]),
        ("No", ["KR-1", "KR-2", "KR-3"]),
        (None, []),
    ],
)
def test_ids_come_from_the_column_that_is_named(
    connect: Callable[..., Destination], match: str | None, keys: list[str]
) -> None:
    assert [row.key for row in connect(match=match).read()] == keys


# ---- rows ----


def test_two_rows_with_one_id_are_both_left_alone(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    notion.edit("Key results", "An idea", "KR ID", "KR-1")
    destination = connect()
    rows = [row for row in destination.read() if row.key == "KR-1"]
    assert len(rows) == 2
    for row in rows:
        assert row.problem.startswith("2 rows have the id 'KR-1'")
        assert all(one.url in row.problem for one in rows)


def test_a_row_named_by_its_address_needs_no_id_column(connect: Callable[..., Destination]) -> None:
    pages = {"KR-7": f"https://www.notion.so/acme/An-idea-{page(3).replace('-', '')}"}
    destination = connect(match=None, pages=pages)
    (row,) = destination.read()
    assert (row.key, row.id, row.problem) == ("KR-7", page(3), "")
    written = write(destination, "KR-7", current=Decimal(5))
    assert (written.key, written.cells["current"].value) == ("KR-7", Decimal(5))


def test_an_address_comes_before_the_id_column(connect: Callable[..., Destination]) -> None:
    rows = connect(pages={"KR-1": page(3)}).read()
    assert sorted((row.key, row.id) for row in rows) == [("KR-1", page(3)), ("KR-2", page(2))]


def test_one_row_cannot_serve_two_key_results(connect: Callable[..., Destination]) -> None:
    rows = connect(match=None, pages={"KR-7": page(3), "KR-8": page(3)}).read()
    assert [row.problem for row in rows] == ["KR-7 and KR-8 are given the same row"] * 2


def test_an_address_of_a_row_without_an_id_is_refused(connect: Callable[..., Destination]) -> None:
    with pytest.raises(ConfigError, match="the page of KR-7"):
        connect(pages={"KR-7": "https://www.notion.so/acme/idea"}).read()


def trashed(notion: NotionEmulator) -> None:
    notion.trash(page(3))


def moved(notion: NotionEmulator) -> None:
    notion.move(page(3))


def unshared(notion: NotionEmulator) -> None:
    notion.unshare_row(page(3))


def archived(notion: NotionEmulator) -> None:
    notion.workspace.source("Key results").rows[page(3)].is_archived = True


@pytest.mark.parametrize(
    ("mishap", "text"),
    [
        (trashed, "is in Notion's trash"),
        (moved, "was moved out of 'Key results'"),
        (unshared, "Notion shows no such row any more"),
        (archived, "is archived"),
    ],
)
def test_a_named_row_that_is_gone_says_what_became_of_it(
    notion: NotionEmulator,
    connect: Callable[..., Destination],
    mishap: Callable[[NotionEmulator], None],
    text: str,
) -> None:
    mishap(notion)
    (row,) = connect(match=None, pages={"KR-7": page(3)}).read()
    assert row.key == "KR-7"
    assert text in row.problem


def test_a_row_that_is_only_not_listed_yet_is_no_problem(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    notion.workspace.source("Key results").rows[page(3)].hidden_for = 3
    (row,) = connect(match=None, pages={"KR-7": page(3)}).read()
    assert (row.key, row.title, row.problem) == ("KR-7", "An idea", "")


@pytest.mark.parametrize("mishap", [trashed, moved, unshared, archived])
def test_a_row_that_went_away_since_reading_is_never_written(
    notion: NotionEmulator,
    connect: Callable[..., Destination],
    mishap: Callable[[NotionEmulator], None],
) -> None:
    destination = connect(match=None, pages={"KR-7": page(3)})
    row = row_of(destination, "KR-7")
    mishap(notion)
    with pytest.raises(Conflict):
        destination.write(row.id, {"current": Decimal(5)}, expecting(row, {"current": None}))
    assert notion.server.count("PATCH") == 0


@pytest.mark.parametrize("mishap", [trashed, unshared])
def test_a_row_that_goes_away_right_before_the_patch_is_a_conflict(
    notion: NotionEmulator,
    connect: Callable[..., Destination],
    mishap: Callable[[NotionEmulator], None],
) -> None:
    destination = connect(match=None, pages={"KR-7": page(3)})
    notion.server.faults.append(Fault(where=PAGE, prelude=lambda: mishap(notion)))
    with pytest.raises(Conflict):
        write(destination, "KR-7", current=Decimal(5))


# ---- writing ----


def test_a_write_is_one_fresh_read_and_one_patch_of_what_changes(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    destination = connect()
    row = row_of(destination, "KR-2")
    values: dict[str, Stored] = {"current": Decimal(90), "progress": Decimal("0.37"), "status": "On track"}
    notion.server.forget()
    destination.write(row.id, values, expecting(row, values))
    assert notion.server.count("GET /v1/pages/") == 1
    (patch,) = [request for request in notion.server.requests if request.method == "PATCH"]
    assert json.loads(patch.body) == {"properties": {"Current": {"number": 90}}}
    assert notion.server.count() == 2


def test_a_conflict_names_column_values_and_editor(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    destination = connect()
    row = row_of(destination, "KR-2")
    notion.edit("Key results", "KR-2", "Current", 99)
    with pytest.raises(Conflict) as raised:
        destination.write(row.id, {"current": Decimal(90)}, expecting(row, {"current": None}))
    text = str(raised.value)
    assert "'Revenue': the column 'Current' holds 99, and 84.5 was expected" in text
    assert "last edited by a person" in text
    assert notion.server.count("PATCH") == 0


def test_a_conflict_is_told_also_where_editors_may_not_be_seen(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    destination = connect()
    row = row_of(destination, "KR-2")
    notion.edit("Key results", "KR-2", "Current", 99)
    notion.server.faults.append(Fault(where="/v1/users/", **refused(403, "restricted_resource")))
    with pytest.raises(Conflict, match="last edited by somebody"):
        destination.write(row.id, {"current": Decimal(90)}, expecting(row, {"current": None}))


@pytest.mark.parametrize("change", ["renamed", "deleted", "retyped"])
def test_a_column_that_changes_between_reading_and_writing(
    notion: NotionEmulator, connect: Callable[..., Destination], change: str
) -> None:
    destination = connect()
    row = row_of(destination, "KR-1")
    if change == "renamed":
        notion.rename_column("Key results", "Current", "Value")
        written = destination.write(row.id, {"current": Decimal(5)}, {"current": None})
        assert written.cells["current"].value == Decimal(5)
        return
    if change == "deleted":
        notion.delete_column("Key results", "Current")
    else:
        notion.retype_column("Key results", "Current", "rich_text")
    with pytest.raises(Conflict, match="Current"):
        destination.write(row.id, {"current": Decimal(5)}, {"current": None})
    assert notion.server.count("PATCH") == 0


def test_a_relation_that_notion_cuts_short_is_a_problem_and_not_a_value(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    table = seed()["databases"][0]["data_sources"][0]
    properties = {**table["properties"], "Result": {"type": "relation", "data_source": table["title"]}}
    many = [f"Other {number}" for number in range(30)]
    rows: list[dict[str, Any]] = [{"Name": name} for name in many]
    rows.append({"Name": "All", "KR ID": "KR-8", "Result": many})
    rows.append({"Name": "Two", "KR ID": "KR-9", "Result": many[:2]})
    notion.load(seed(properties=properties, rows=rows))
    destination = connect(cells={"key_result": "Result"})
    found = {row.key: row for row in destination.read()}
    assert "relates to more rows than Notion shows at once" in found["KR-8"].problem
    assert found["KR-9"].problem == ""
    assert len(str(found["KR-9"].cells["key_result"].value).split()) == 2
    with pytest.raises(Conflict, match="more rows than Notion shows"):
        destination.write(found["KR-8"].id, {"key_result": page(1)}, {"key_result": None})


def test_a_select_option_deleted_meanwhile_is_not_made_anew(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    destination = connect(cells={"tier": "Tier"})
    row = row_of(destination, "KR-1")
    notion.delete_option("Key results", "Tier", "Gold")
    with pytest.raises(DataError):
        destination.write(row.id, {"tier": "Gold"}, {"tier": None})
    again = connect(cells={"tier": "Tier"})
    again.read()
    with pytest.raises(DataError, match="there are 'Silver'"):
        again.canonical("tier", "Gold")


def test_a_select_never_grows_an_option(notion: NotionEmulator, connect: Callable[..., Destination]) -> None:
    destination = connect(cells={"tier": "Tier"})
    destination.read()
    with pytest.raises(DataError, match=r"no option 'Bronze'\n.*there are 'Gold' and 'Silver'"):
        destination.canonical("tier", "Bronze")


def test_a_status_without_its_option_names_the_place_in_the_yaml(connect: Callable[..., Destination]) -> None:
    destination = connect(statuses={"behind": "Falling behind"})
    destination.read()
    assert destination.canonical("status", "on_track") == "On track"
    with pytest.raises(DataError) as raised:
        destination.canonical("status", "behind")
    assert "did you mean 'Behind'? There are 'Not started', 'On track', 'Behind', " in raised.value.hint
    assert "statuses: behind" in raised.value.hint


def test_a_percentage_is_a_fraction_only_where_the_column_says_percent(
    connect: Callable[..., Destination],
) -> None:
    destination = connect(decimals=1)
    destination.read()
    third = Quantity(value=Decimal(100) / 3, unit=PERCENT)
    assert destination.canonical("progress", third) == Decimal("0.333")
    assert destination.canonical("current", third) == Decimal("33.3")


def test_notion_accepting_and_not_showing_is_said(clock: JumpClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTION_TOKEN", TOKEN)
    emulator = NotionEmulator(now=lambda: NOW, behaviour=Behaviour(silent=True))
    try:
        emulator.load(seed())
        settings = NotionSettings(token=Secret(env="NOTION_TOKEN"), url=emulator.server.url)
        assert connector.destination is not None
        destination = connector.destination(
            settings, table_of(), ConnectorContext(name="notion", clock=clock)
        )
        row = row_of(destination, "KR-1")

        def delete() -> None:
            emulator.delete_column("Key results", "Current")

        emulator.server.faults.append(Fault(where=PAGE, prelude=delete))
        with pytest.raises(DataError, match=r"accepted the write, but .*'Current'"):
            destination.write(row.id, {"current": Decimal(5)}, {"current": None})
    finally:
        emulator.server.close()


def test_an_answer_that_shows_another_value_is_said(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    destination = connect()
    row = row_of(destination, "KR-1")
    answer = notion.api.answer(
        "GET",
        f"/v1/pages/{page(1)}",
        "",
        {"authorization": f"Bearer {TOKEN}", "notion-version": "2026-03-11"},
        b"",
    )[2]
    notion.server.faults.append(Fault(where=PAGE, status=200, body=json.dumps(answer).encode(), times=9))
    with pytest.raises(DataError, match="shows nothing instead of 5"):
        destination.write(row.id, {"current": Decimal(5)}, {"current": None})


# ---- failures that pass ----

PASSING = {
    "429": refused(429, "rate_limited", **{"retry-after": "7"}),
    "429 in words": {"status": 429, "headers": {"retry-after": "7"}, "body": b"slow down"},
    "429 without a wait": refused(429, "rate_limited"),
    "500": refused(500, "internal_server_error"),
    "502": {"status": 502, "headers": {"content-type": "text/html"}, "body": b"<html>Bad gateway</html>"},
    "503": refused(503, "service_unavailable"),
    "504": refused(504, "gateway_timeout"),
    "520": {"status": 520, "headers": {"cf-ray": "ray-1"}, "body": b"<html></html>"},
    "529": refused(529, "service_overload", **{"retry-after": "7"}),
    "409": refused(409, "conflict_error", "Conflict occurred while saving. Please try again."),
    "not JSON": {"status": 200, "headers": {"content-type": "text/html"}, "body": b"<html>Sign in</html>"},
    "not Notion": {"status": 200, "body": b"[]"},
    "cut": {"cut": "before"},
    "cut late": {"cut": "after"},
}


@pytest.mark.parametrize("where", ["GET /v1/databases", "GET /v1/data_sources", "/query", "GET /v1/pages"])
@pytest.mark.parametrize("name", PASSING)
def test_reading_outlasts_what_passes(
    notion: NotionEmulator, connect: Callable[..., Destination], clock: JumpClock, where: str, name: str
) -> None:
    notion.server.faults.append(Fault(where=where, times=2, **PASSING[name]))
    destination = connect()
    assert write(destination, current=Decimal(5)).cells["current"].value == Decimal(5)
    assert notion.server.count("PATCH") == 1
    if name != "429 without a wait":  # refused in a burst, without a wait: the next go one by one
        assert len(clock.slept) == 2
    if name in {"429", "429 in words", "529"}:
        assert clock.slept == [7, 7]


@pytest.mark.parametrize("name", PASSING)
def test_a_write_outlasts_what_passes_and_reads_before_every_try(
    notion: NotionEmulator, connect: Callable[..., Destination], clock: JumpClock, name: str
) -> None:
    notion.server.faults.append(Fault(where=PAGE, times=2, **PASSING[name]))
    destination = connect()
    row = row_of(destination, "KR-1")
    notion.server.forget()
    written = destination.write(row.id, {"current": Decimal(5)}, {"current": None})
    assert written.cells["current"].value == Decimal(5)
    expected = ["GET", "PATCH", "GET"] if name == "cut late" else ["GET", "PATCH"] * 3
    assert [request.method for request in notion.server.requests] == expected


@pytest.mark.parametrize("name", PASSING)
def test_a_persons_edit_while_a_write_waits_is_kept(
    notion: NotionEmulator, connect: Callable[..., Destination], name: str
) -> None:
    def edit() -> None:
        notion.edit("Key results", "KR-1", "Current", 99)

    fault = Fault(where=PAGE, **PASSING[name])
    if fault.cut == "after":
        fault.postlude = edit
    else:
        fault.prelude = edit
    notion.server.faults.append(fault)
    destination = connect()
    with pytest.raises(Conflict, match="holds 99, and nothing was expected"):
        write(destination, current=Decimal(5))
    assert notion.server.count("PATCH") == 1
    assert row_of(connect(), "KR-1").cells["current"].value == Decimal(99)


@pytest.mark.parametrize("name", PASSING)
def test_patience_ends(notion: NotionEmulator, connect: Callable[..., Destination], name: str) -> None:
    notion.server.faults.append(Fault(where="/query", times=99, **PASSING[name]))
    with pytest.raises(Unavailable, match=r"reading the rows: .* after 6 tries"):
        connect().read()
    assert notion.server.count("/query") == 6


def test_a_write_that_never_gets_through_is_said_not_to_show(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    notion.server.faults.append(Fault(where=PAGE, times=99, **PASSING["503"]))
    with pytest.raises(Unavailable, match=r"writing KR-1: service_unavailable.* the row does not show it"):
        write(connect(), current=Decimal(5))
    assert notion.server.count("PATCH") == 6


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (429, "rate_limited", "slow down"),
        (529, "service_overload", "slow down"),
        (409, "conflict_error", "conflict_error"),
    ],
)
def test_a_write_that_was_turned_away_needs_no_last_look(
    notion: NotionEmulator, connect: Callable[..., Destination], status: int, code: str, text: str
) -> None:
    notion.server.faults.append(Fault(where=PAGE, times=99, **refused(status, code)))
    with pytest.raises(Unavailable, match=text):
        write(connect(), current=Decimal(5))
    assert notion.server.count("PATCH") == notion.server.count("GET /v1/pages") == 6


def test_a_last_lost_answer_is_found_too(notion: NotionEmulator, connect: Callable[..., Destination]) -> None:
    notion.server.faults.append(Fault(where=PAGE, times=5, **PASSING["503"]))
    notion.server.faults.append(Fault(where=PAGE, cut="after"))
    written = write(connect(), current=Decimal(5))
    assert written.cells["current"].value == Decimal(5)
    assert notion.server.count("PATCH") == 6


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0.5", 0.5), ("90", 90), ("170", 170), ("Mon, 23 Nov 2026 06:01:12 GMT", 30)],
)
def test_retry_after_is_honoured_in_full(
    notion: NotionEmulator, connect: Callable[..., Destination], clock: JumpClock, header: str, seconds: float
) -> None:
    fault = refused(429, "rate_limited", **{"retry-after": header})
    notion.server.faults.append(Fault(where="/query", **fault))
    connect().read()
    assert clock.slept == [pytest.approx(seconds)]


@pytest.mark.parametrize(
    ("status", "code"), [(429, "rate_limited"), (529, "service_overload"), (503, "service_unavailable")]
)
def test_a_wait_beyond_patience_stops_at_once(
    notion: NotionEmulator, connect: Callable[..., Destination], clock: JumpClock, status: int, code: str
) -> None:
    fault = refused(status, code, **{"retry-after": "3600"})
    notion.server.faults.append(Fault(where=PAGE, times=9, **fault))
    with pytest.raises(Unavailable, match="asked to wait 3600 s"):
        write(connect(), current=Decimal(5))
    assert notion.server.count("PATCH") == 1
    assert clock.slept == []


def test_one_budget_for_all_that_use_the_token(
    connect: Callable[..., Destination], notion: NotionEmulator, clock: JumpClock
) -> None:
    for _ in range(10):
        connect().read()
    requests = notion.server.count()
    assert requests == 1 + 10 * 2
    assert clock.monotonic() == pytest.approx(LATE + (requests - 10) / 3, rel=0.01)


class Releasing(JumpClock):
    """Sets ``gave_up`` when somebody sleeps: the client has stopped waiting for an answer."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.gave_up = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.gave_up.set()
        super().sleep(seconds)


def test_a_write_that_times_out_is_found_again(
    notion: NotionEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("okrsync_notion.client.TIMEOUT", httpx.Timeout(0.5))
    clock = Releasing()
    settings = NotionSettings(token=Secret(env="NOTION_TOKEN"), url=notion.server.url)
    assert connector.destination is not None
    destination = connector.destination(settings, table_of(), ConnectorContext(name="notion", clock=clock))

    def stall() -> None:
        clock.gave_up.wait(120)

    notion.server.faults.append(Fault(where=PAGE, postlude=stall))
    assert write(destination, current=Decimal(5)).cells["current"].value == Decimal(5)
    assert clock.gave_up.is_set()
    assert notion.server.count("PATCH") == 1


def test_notion_is_given_longer_than_it_takes_to_give_up() -> None:
    assert TIMEOUT.read is not None
    assert TIMEOUT.read > 60
    assert TIMEOUT.connect == 5


def test_a_proxy_of_the_environment_is_not_asked_for_what_is_on_this_machine(
    connect: Callable[..., Destination], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert len(connect().read()) == 2


def test_no_connection_is_said(connect: Callable[..., Destination]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(Unavailable, match=r"no connection .* no program listens .* after 3 tries"):
        connect(url=nobody).read()


# ---- failures that stay ----


def test_a_refused_token_names_the_reference_and_where_to_renew_it(
    connect: Callable[..., Destination], notion: NotionEmulator
) -> None:
    with pytest.raises(AccessError) as raised:
        connect(token="WRONG_TOKEN").read()
    text = str(raised.value)
    assert "environment variable WRONG_TOKEN" in text
    assert "https://www.notion.so/profile/integrations" in text
    assert "request " in text
    assert "ntn_wrong" not in text
    assert notion.server.count() == 1


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        (refused(403, "restricted_resource"), AccessError, "capabilities"),
        (
            refused(400, "validation_error", "bad thing"),
            DataError,
            "validation_error: bad thing (request req-7)",
        ),
        (refused(400, "missing_version"), DataError, "missing_version"),
        (refused(409, "row_limit_exceeded"), DataError, "row_limit_exceeded"),
        (
            {"status": 403, "headers": {"cf-ray": "ray-9"}, "body": b"<html>blocked</html>"},
            Unavailable,
            "cf-ray ray-9",
        ),
        ({"status": 302, "headers": {"location": "http://127.0.0.1/login"}}, Unavailable, "302"),
        ({"status": 418, "body": b"null"}, Unavailable, "418"),
    ],
)
def test_what_does_not_pass_is_not_repeated(
    notion: NotionEmulator,
    connect: Callable[..., Destination],
    fault: dict[str, Any],
    error: type[Exception],
    text: str,
) -> None:
    notion.server.faults.append(Fault(where="/query", times=9, **fault))
    with pytest.raises(error) as raised:
        connect().read()
    assert text in str(raised.value)
    assert notion.server.count("/query") == 1


def test_a_refused_write_is_not_repeated(notion: NotionEmulator, connect: Callable[..., Destination]) -> None:
    notion.server.faults.append(Fault(where=PAGE, times=9, **refused(400, "validation_error", "too long")))
    with pytest.raises(DataError, match="too long"):
        write(connect(), current=Decimal(5))
    assert notion.server.count("PATCH") == 1


def test_nothing_is_logged_or_printed(
    notion: NotionEmulator,
    connect: Callable[..., Destination],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(3):
        with pytest.raises(AccessError):
            connect(token="WRONG_TOKEN").read()
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert logging.getLogger("notion_client").handlers == []


@pytest.mark.parametrize("url", ["http://api.notion.com", "ftp://127.0.0.1", "api.notion.com"])
def test_the_token_never_travels_in_the_clear(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        NotionSettings(token=Secret(env="NOTION_TOKEN"), url=url)


# ---- doctor ----


def findings(notion: NotionEmulator, *tables: TableSpec, token: str = "NOTION_TOKEN") -> list[Finding]:
    assert connector.doctor is not None
    settings = NotionSettings(token=Secret(env=token), url=notion.server.url)
    return list(connector.doctor(settings, tables, ConnectorContext(name="notion", clock=JumpClock(NOW))))


def test_the_doctor_finds_a_healthy_table_healthy(notion: NotionEmulator) -> None:
    found = findings(notion, table_of(baseline="Start", target="Goal"))
    assert all(one.ok for one in found), found
    details = {one.subject: one.detail for one in found}
    assert details["token from environment variable NOTION_TOKEN"] == "bot 'okrsync' of Acme"
    assert details["progress → Progress"] == "a number column shown as percent: 37 % is kept as 0.37"
    assert details["rows of 'Key results'"] == "2 with an id, 1 without"
    assert notion.server.count("PATCH") == 0


def test_the_doctor_says_what_the_token_may_not_do(notion: NotionEmulator) -> None:
    notion.workspace.capabilities = frozenset({"read"})
    table = replace(table_of(), keys=frozenset({"KR-1"}))
    change, add = [one for one in findings(notion, replace(table, adds_rows=True)) if not one.ok]
    assert (change.subject, add.subject) == ("right to change rows", "right to add rows")
    assert "Update content" in change.hint
    assert "Insert content" in add.hint
    assert [one.subject for one in findings(notion, table) if not one.ok] == ["right to change rows"]
    notion.workspace.capabilities = frozenset({"read", "update", "insert"})
    assert all(one.ok for one in findings(notion, replace(table, adds_rows=True)))
    nowhere = "PATCH /v1/pages/00000000-0000-0000-0000-000000000000"
    assert notion.server.count("PATCH") == notion.server.count(nowhere) == 3


def test_the_doctor_names_everything_that_is_wrong_at_once(notion: NotionEmulator) -> None:
    table = table_of(
        cells={"current": "Curent", "progress": "Score", "status": "Status", "updated": "Note"},
        statuses={"behind": "Late"},
        match="KRID",
        baseline="Name",
    )
    wrong = {one.subject: one for one in findings(notion, table) if not one.ok}
    assert set(wrong) == {
        "current → Curent",
        "progress → Score",
        "status behind",
        "updated → Note",
        "match → KRID",
        "baseline → Name",
    }
    assert "did you mean 'Current'" in wrong["current → Curent"].hint
    assert "formula" in wrong["progress → Score"].detail
    assert "did you mean 'KR ID'" in wrong["match → KRID"].hint


def test_the_doctor_finds_twins_and_lost_rows(notion: NotionEmulator) -> None:
    notion.edit("Key results", "An idea", "KR ID", "KR-1")
    found = findings(notion, table_of(pages={"KR-7": page(42)}))
    wrong = [one.subject for one in found if not one.ok]
    assert wrong == ["row KR-1", "row KR-1", "row KR-7"]


def test_the_doctor_explains_a_refused_token_and_a_hidden_database(notion: NotionEmulator) -> None:
    (refusal,) = findings(notion, table_of(), token="WRONG_TOKEN")
    assert not refusal.ok
    notion.unshare(DATABASE)
    token, database = findings(notion, table_of())
    assert token.ok
    assert not database.ok
    assert "Connections" in database.hint


def test_knowing_the_connector_loads_nothing_of_its_vendor() -> None:
    code = "import sys, okrsync_notion; print([m for m in ('httpx', 'notion_client', 'uvicorn') if m in sys.modules])"
    path = os.pathsep.join(sys.path)
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert found.stdout.strip() == "[]"


# ---- which keys Notion takes ----


@pytest.mark.parametrize("behaviour", [Behaviour(), Behaviour(escaped_keys=True), Behaviour(silent=True)])
def test_a_write_is_taken_whatever_keys_notion_knows(
    notion: NotionEmulator, connect: Callable[..., Destination], state: dict[str, str], behaviour: Behaviour
) -> None:
    notion.workspace.behaviour = behaviour
    assert write(connect(), current=Decimal(5), progress=Decimal("0.5")).cells["current"].value == Decimal(5)
    assert notion.server.count("PATCH") == 1
    assert "page keys" not in state


@pytest.mark.parametrize("silent", [False, True])
def test_a_column_renamed_between_the_look_and_the_write_is_written_by_its_new_name(
    notion: NotionEmulator, connect: Callable[..., Destination], silent: bool
) -> None:
    notion.workspace.behaviour = Behaviour(silent=silent)
    destination = connect()
    row = row_of(destination, "KR-1")
    rename = Fault(where=PAGE, prelude=lambda: notion.rename_column("Key results", "Current", "Now"))
    notion.server.faults.append(rename)
    destination.write(row.id, {"current": Decimal(5)}, {"current": None})
    assert notion.row("KR-1")["Now"] == 5
    assert notion.server.count("PATCH") == 2


def test_a_name_that_is_another_columns_id_is_not_used(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    """The title column's id is ``title``: a number column of that name must not be mistaken for it."""
    notion.rename_column("Key results", "Current", "title")
    notion.workspace.behaviour = Behaviour(escaped_keys=True)
    write(connect(cells={"current": "title"}), current=Decimal(5))
    (patch,) = [request for request in notion.server.requests if request.method == "PATCH"]
    assert json.loads(patch.body) == {"properties": {"c%3A%7Br": {"number": 5}}}


# ---- mutants that no test had noticed ----


def test_half_a_write_is_not_believed_after_a_lost_answer(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    """One of two cells shows what was sent, because a person typed it: the write has not landed."""
    destination = connect()
    row = row_of(destination, "KR-1")
    values: dict[str, Stored] = {"current": Decimal(5), "progress": Decimal("0.5")}

    def half() -> None:
        notion.edit("Key results", "KR-1", "Current", 5)

    notion.server.faults.append(Fault(where=PAGE, cut="before", times=6, prelude=half))
    with pytest.raises(Unavailable, match="the row does not show it"):
        destination.write(row.id, values, {"current": None, "progress": None})


def test_after_a_lost_answer_the_row_is_looked_at_though_notion_asks_to_wait(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    destination = connect()
    row = row_of(destination, "KR-1")
    notion.server.faults.append(Fault(where=PAGE, cut="after", times=1))
    notion.server.faults.append(
        Fault(where="GET /v1/pages", skip=1, times=6, **refused(503, "service_unavailable"))
    )
    try:
        written = destination.write(row.id, {"current": Decimal(5)}, {"current": None})
    except Unavailable:
        pytest.fail("the write landed, and the last look would have shown it")
    assert written.cells["current"].value == Decimal(5)


def test_a_cursor_that_comes_twice_ends_the_reading(
    notion: NotionEmulator, connect: Callable[..., Destination]
) -> None:
    body = {"object": "list", "results": [], "has_more": True, "next_cursor": "s:again"}
    notion.server.faults.append(Fault(where="/query", status=200, body=json.dumps(body).encode(), times=50))
    with pytest.raises(Unavailable, match="does not say where they go on"):
        connect().read()
    assert notion.server.count("/query") == 2


def test_a_row_says_when_it_was_edited_and_whether_by_us(
    notion: NotionEmulator, connect: Callable[..., Destination], state: dict[str, str]
) -> None:
    destination = connect()
    before = row_of(destination, "KR-1")
    assert (before.edited_by_us, before.edited_at) == (None, NOW.replace(second=0))
    assert notion.server.count("/v1/users/me") == 0
    written = destination.write(before.id, {"current": Decimal(5)}, {"current": None})
    assert written.edited_by_us is True
    again = connect()
    assert row_of(again, "KR-1").edited_by_us is True
    notion.edit("Key results", "KR-1", "Current", 6)
    assert row_of(again, "KR-1").edited_by_us is False
    assert notion.server.count("/v1/users/me") == 0, "the write has told who we are"
    assert not any(TOKEN in text for pair in state.items() for text in pair)
