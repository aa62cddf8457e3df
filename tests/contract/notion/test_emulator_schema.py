"""The schema of the emulated Notion: what the API may change, and what it silently does not."""

from __future__ import annotations

from typing import Any

import pytest
from notion_client import APIResponseError

from tests.support.notion_workspace import Desk, text


def test_the_schema_can_be_patched(desk: Desk) -> None:
    identity = desk.schema()["Current"]["id"]
    changed = desk.client.data_sources.update(
        desk.table,
        properties={
            identity: {"name": "Now"},
            "Share": {"number": {"format": "number"}},
            "Notes": {"rich_text": {}},
            "Mail": None,
        },
    )["properties"]
    assert changed["Now"]["id"] == identity
    assert "Current" not in changed
    assert "Mail" not in changed
    assert changed["Share"]["number"] == {"format": "number"}
    assert changed["Notes"]["type"] == "rich_text"
    assert desk.emulator.row("KR-1")["Now"] == 84
    assert "Mail" not in desk.get("KR-1")["properties"]


def test_a_column_changes_its_type_under_its_id(desk: Desk) -> None:
    identity = desk.schema()["Current"]["id"]
    changed = desk.client.data_sources.update(desk.table, properties={"Current": {"rich_text": {}}})[
        "properties"
    ]
    assert (changed["Current"]["id"], changed["Current"]["type"]) == (identity, "rich_text")
    assert desk.emulator.row("KR-1")["Current"] == "84"
    assert desk.emulator.row("KR-2")["Current"] == "3.5"
    desk.emulator.retype_column("Key results", "Current", "number")
    assert desk.emulator.row("KR-2")["Current"] == 3.5


def test_options_are_replaced_and_renaming_them_is_ignored(desk: Desk) -> None:
    options = {option["name"]: option["id"] for option in desk.schema()["Status"]["status"]["options"]}
    kept = [{"id": options["Not started"]}, {"id": options["On track"], "name": "Fine", "group": "Complete"}]
    status = desk.client.data_sources.update(
        desk.table, properties={"Status": {"status": {"options": kept}}}
    )["properties"]["Status"]["status"]
    assert [option["name"] for option in status["options"]] == ["Not started", "On track"]
    assert status["groups"][1]["option_ids"] == [options["On track"]]
    # The option of KR-2 is gone.
    assert desk.emulator.row("KR-2")["Status"] == "Not started"
    with pytest.raises(APIResponseError, match="Cannot update color"):
        desk.client.data_sources.update(
            desk.table, properties={"Tier": {"select": {"options": [{"name": "Gold", "color": "red"}]}}}
        )
    many = [{"name": f"o{number}"} for number in range(101)]
    with pytest.raises(APIResponseError, match="should be ≤ `100`"):
        desk.client.data_sources.update(desk.table, properties={"Tier": {"select": {"options": many}}})


def test_the_title_column_stays(desk: Desk) -> None:
    change: dict[str, Any]
    for change in ({"Name": None}, {"Name": {"rich_text": {}}}, {"Other": {"title": {}}}, {"Gone": None}):
        with pytest.raises(APIResponseError):
            desk.client.data_sources.update(desk.table, properties=change)
    assert desk.schema()["Name"]["type"] == "title"


def test_a_deleted_column_takes_its_data_along(desk: Desk) -> None:
    desk.client.data_sources.update(desk.table, properties={"Current": None})
    desk.client.data_sources.update(desk.table, properties={"Current": {"number": {}}})
    assert desk.emulator.row("KR-1")["Current"] is None


def test_a_refused_change_of_the_schema_changes_nothing(desk: Desk) -> None:
    before = desk.schema()
    with pytest.raises(APIResponseError, match="title"):
        desk.client.data_sources.update(desk.table, properties={"Current": None, "Name": None})
    assert desk.schema() == before
    assert desk.emulator.row("KR-1")["Current"] == 84


def test_a_database_is_created_with_its_first_data_source(desk: Desk) -> None:
    made = desk.client.databases.create(
        parent={"type": "page_id", "page_id": desk.page("KR-1")},
        title=text("New OKRs"),
        initial_data_source={
            "properties": {
                "Name": {"title": {}},
                "State": {"status": {}},
                "KR": {"relation": {"data_source_id": desk.table, "single_property": {}}},
            }
        },
    )
    assert "properties" not in made
    properties = desk.client.data_sources.retrieve(made["data_sources"][0]["id"])["properties"]
    assert list(properties) == ["Name", "State", "KR"]
    assert [option["name"] for option in properties["State"]["status"]["options"]] == [
        "Not started",
        "In progress",
        "Done",
    ]
    body = {"parent": {"type": "workspace", "workspace": True}, "properties": {"Lost": {"number": {}}}}
    ignored = desk.http.post("/v1/databases", json=body).json()
    found = desk.client.data_sources.retrieve(ignored["data_sources"][0]["id"])["properties"]
    assert list(found) == ["Name"]
