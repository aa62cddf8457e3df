"""Writes to the emulated Notion: what a cell takes, and what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from notion_client import APIResponseError

from okrsync_emulators.notion import Behaviour
from tests.support.notion_workspace import PAGE_KEYS, Desk, desk_with, text


def test_a_write_merges_and_answers_the_whole_page(desk: Desk) -> None:
    desk.clock.jump(120)
    page = desk.write(
        "KR-1",
        Current={"number": 63},
        Status={"status": {"name": "Done"}},
        Synced={"date": {"start": "2026-06-27T18:01:44+01:00"}},
        Done={"checkbox": True},
    )
    assert list(page) == [*PAGE_KEYS, "request_id"]
    assert page["last_edited_time"] == "2026-11-23T06:32:00.000Z"
    assert page["created_time"] == "2026-11-23T06:30:00.000Z"
    assert page["last_edited_by"]["id"] == desk.client.users.me()["id"]
    assert page["properties"]["Synced"]["date"] == {
        "start": "2026-06-27T18:01:00.000+01:00",
        "end": None,
        "time_zone": None,
    }
    row = desk.emulator.row("KR-1")
    assert row | {"Current": 63, "Status": "Done", "Done": True, "Editor": "okrsync"} == row
    assert (row["KR ID"], row["Tier"], row["Share"]) == ("KR-1", "Gold", 0.25)


def test_a_write_of_the_same_values_leaves_no_trace(desk: Desk) -> None:
    desk.clock.jump(120)
    page = desk.write("KR-1", Current={"number": 84.0}, Tier={"select": {"name": "Gold"}})
    assert page["last_edited_time"] == "2026-11-23T06:30:00.000Z"
    assert page["last_edited_by"]["id"] != desk.client.users.me()["id"]


def test_a_person_is_the_last_editor_after_an_edit(desk: Desk) -> None:
    desk.write("KR-1", Current={"number": 1})
    desk.emulator.edit("Key results", "Open bugs", "Current", 70)
    page = desk.get("KR-1")
    assert page["properties"]["Current"]["number"] == 70
    assert desk.client.users.retrieve(page["last_edited_by"]["id"])["type"] == "person"


@pytest.mark.parametrize(
    ("sent", "answered"),
    [(3.1415926535, 3.1415926535), (84.0, 84), (0, 0), (-2.5, -2.5), (1e21, 1e21), (None, None)],
)
def test_numbers_come_back_as_given(desk: Desk, sent: Any, answered: Any) -> None:
    raw = desk.http.patch(
        f"/v1/pages/{desk.page('KR-1')}", json={"properties": {"Current": {"number": sent}}}
    )
    assert raw.json()["properties"]["Current"]["number"] == answered
    if sent == 84.0:
        assert '"number":84}' in raw.text.replace(" ", "")


@pytest.mark.parametrize(
    ("column", "payload", "message"),
    [
        (
            "Current",
            {"number": "84"},
            'body.properties.Current.number should be a number or `null`, instead was `"84"`.',
        ),
        ("Current", {"number": True}, "should be a number"),
        ("Current", {"rich_text": []}, "Current is expected to be number."),
        ("Current", {}, "body failed validation. Fix one:\nbody.properties.Current.title should be defined"),
        ("Current", 84, "body.properties.Current should be an object"),
        ("Done", {"checkbox": None}, "should be a boolean"),
        ("Status", {"status": {"name": "Nope"}}, 'Status option "Nope" does not exist'),
        ("Status", {"status": {"name": "done"}}, 'Status option "done" does not exist'),
        ("Tier", {"select": {"name": "A, B"}}, "commas not allowed"),
        ("Tier", {"select": {"name": "Gold", "color": "red"}}, "Select option color doesn't match existing"),
        ("Synced", {"date": {"start": "23.11.2026"}}, "a valid ISO 8601 date string"),
        (
            "Synced",
            {"date": {"start": "2026-11-23", "zone": "UTC"}},
            "body.properties.Synced.date.zone should be not present",
        ),
        ("Synced", {"date": {"end": "2026-11-23"}}, "body.properties.Synced.date.start should be defined"),
        (
            "Mail",
            {"email": "x" * 201},
            "body.properties.Mail.email.length should be ≤ `200`, instead was `201`.",
        ),
        ("Progress", {"formula": {"number": 1}}, "cannot be updated"),
        ("Total", {"rollup": {"number": 1}}, "cannot be updated"),
        ("Made", {"created_time": "2026-11-23T00:00:00Z"}, "cannot be updated"),
        ("No", {"unique_id": {"number": 4}}, "cannot be updated"),
        (
            "KR ID",
            {"rich_text": text("x" * 2001)},
            "body.properties.KR ID.rich_text[0].text.content.length should be ≤ `2000`, instead was `2001`.",
        ),
        (
            "KR ID",
            {"rich_text": text("x") * 101},
            "body.properties.KR ID.rich_text.length should be ≤ `100`, instead was `101`.",
        ),
        ("KR ID", {"rich_text": text("\U0001f600" * 1001)}, "instead was `2002`"),
        ("Tags", {"multi_select": [{"name": f"t{n}"} for n in range(101)]}, "should be ≤ `100`"),
        ("Objective", {"relation": [{"id": "00000000-0000-4000-8000-000000000000"}]}, "Could not find page"),
        ("Nope", {"number": 1}, "Nope is not a property that exists."),
    ],
)
def test_what_a_cell_cannot_hold_is_refused_and_nothing_is_written(
    desk: Desk, column: str, payload: Any, message: str
) -> None:
    before = desk.emulator.row("KR-1")
    with pytest.raises(APIResponseError) as caught:
        desk.write("KR-1", **{"Share": {"number": 0.9}, column: payload})
    assert message in str(caught.value)
    assert desk.emulator.row("KR-1") == before


def test_infinity_is_no_number(desk: Desk) -> None:
    raw = b'{"properties": {"Current": {"number": 1e999}}}'
    assert (
        "should be a number" in desk.error("PATCH", f"/v1/pages/{desk.page('KR-1')}", content=raw)["message"]
    )


def test_a_select_makes_unknown_options_silently(desk: Desk) -> None:
    page = desk.write("KR-1", Tier={"select": {"name": "gold"}}, Tags={"multi_select": [{"name": "APAC"}]})
    assert page["properties"]["Tier"]["select"]["name"] == "gold"
    assert [option["name"] for option in desk.schema()["Tier"]["select"]["options"]] == [
        "Gold",
        "Silver",
        "gold",
    ]
    assert desk.emulator.row("KR-1")["Tags"] == ["APAC"]


def test_a_refused_write_makes_no_option(desk: Desk) -> None:
    desk.refused("KR-1", Tier={"select": {"name": "Bronze"}}, Current={"number": "84"})
    assert [option["name"] for option in desk.schema()["Tier"]["select"]["options"]] == ["Gold", "Silver"]


def test_options_can_be_given_by_id(desk: Desk) -> None:
    options = {option["name"]: option["id"] for option in desk.schema()["Status"]["status"]["options"]}
    desk.write("KR-1", Status={"status": {"id": options["Done"]}})
    assert desk.emulator.row("KR-1")["Status"] == "Done"


@pytest.mark.parametrize("escaped", [False, True])
def test_properties_can_be_given_by_id_and_perhaps_by_its_escaped_form(escaped: bool) -> None:
    for desk in desk_with(behaviour=Behaviour(escaped_keys=escaped)):
        identity = desk.schema()["Share"]["id"]
        assert identity != unquote(identity)
        desk.write("KR-1", **{unquote(identity): {"number": 1}})
        assert desk.emulator.row("KR-1")["Share"] == 1
        if escaped:
            desk.write("KR-1", **{identity: {"number": 2}})
            assert (
                desk.where("Share", "number", equals=2)
                == desk.where(identity, "number", equals=2)
                == ["KR-1"]
            )
        else:
            assert "is not a property that exists" in desk.refused("KR-1", **{identity: {"number": 2}})
            with pytest.raises(APIResponseError, match="Could not find property with name or id"):
                desk.where(identity, "number", equals=1)


def test_unknown_properties_can_be_ignored_instead() -> None:
    for desk in desk_with(behaviour=Behaviour(silent=True)):
        page = desk.write("KR-1", Nope={"number": 1}, Current={"number": 2})
        assert "Nope" not in page["properties"]
        assert desk.emulator.row("KR-1")["Current"] == 2


def test_equal_neighbours_of_a_text_are_joined(desk: Desk) -> None:
    pieces = [*text("KR"), *text(""), *text("-9"), {"text": {"content": "!"}, "annotations": {"bold": True}}]
    page = desk.write("KR-1", **{"KR ID": {"rich_text": pieces}})
    assert [item["plain_text"] for item in page["properties"]["KR ID"]["rich_text"]] == ["KR-9", "!"]


def test_a_long_relation_is_cut_and_read_page_by_page(desk: Desk) -> None:
    ids = [desk.emulator.add_row("Objectives", {"Name": f"O{number}"}) for number in range(30)]
    page = desk.write("KR-1", Objective={"relation": [{"id": identity} for identity in ids]})
    value = page["properties"]["Objective"]
    assert (len(value["relation"]), value["has_more"]) == (25, True)
    first = desk.client.pages.properties.retrieve(page["id"], value["id"], page_size=20)
    assert set(first) == {
        *("object", "results", "next_cursor", "has_more", "type", "property_item", "request_id"),
    }
    assert first["property_item"] == {"id": value["id"], "next_url": None, "type": "relation", "relation": {}}
    rest = desk.client.pages.properties.retrieve(page["id"], value["id"], start_cursor=first["next_cursor"])
    items = first["results"] + rest["results"]
    assert [item["relation"]["id"] for item in items] == ids
    assert set(items[0]) == {"object", "type", "id", "relation"}


def test_a_single_property_can_be_read(desk: Desk) -> None:
    identity = desk.schema()["Current"]["id"]
    item = desk.client.pages.properties.retrieve(desk.page("KR-1"), identity)
    assert item | {"request_id": ""} == {
        "object": "property_item",
        "type": "number",
        "id": identity,
        "number": 84,
        "request_id": "",
    }
    body = desk.error("GET", f"/v1/pages/{desk.page('KR-1')}/properties/nope")
    assert body["message"] == "nope is not a property that exists."


def test_the_trash_hides_a_row_but_keeps_it(desk: Desk) -> None:
    page = desk.client.pages.update(desk.page("KR-1"), in_trash=True)
    assert page["in_trash"] is True
    assert desk.listed() == ["KR-3", "KR-2"]
    assert desk.listed(in_trash=True) == ["KR-1"]
    assert desk.get("KR-1")["in_trash"] is True
    assert page["last_edited_by"]["id"] != desk.client.users.me()["id"]
    assert "unarchive" in desk.refused("KR-1", Current={"number": 1})
    desk.client.pages.update(desk.page("KR-1"), in_trash=False, properties={"Current": {"number": 1}})
    assert desk.emulator.row("KR-1")["Current"] == 1
    assert "KR-1" in desk.listed()


def test_a_locked_row_can_still_be_written(desk: Desk) -> None:
    answer = desk.http.patch(
        f"/v1/pages/{desk.page('KR-1')}", json={"is_locked": True, "is_archived": True}
    ).json()
    assert (answer["is_locked"], answer["is_archived"]) == (True, True)
    assert desk.write("KR-1", Current={"number": 5})["properties"]["Current"]["number"] == 5


def test_a_row_can_be_created(desk: Desk) -> None:
    page = desk.client.pages.create(
        parent={"data_source_id": desk.table},
        properties={"Name": {"title": text("New")}, "KR ID": {"rich_text": text("KR-4")}},
    )
    assert list(page) == [*PAGE_KEYS, "request_id"]
    assert desk.listed()[0] == "KR-4"
    assert page["properties"]["No"]["unique_id"]["number"] == 4
    # Notion starts a status that nobody has set.
    assert page["properties"]["Status"]["status"]["name"] == "Not started"
    for parent in ({"database_id": desk.database}, {"page_id": desk.page("KR-1")}, None):
        assert desk.error("POST", "/v1/pages", json={"parent": parent})["status"] == 400
    body = desk.error("POST", "/v1/pages", json={"parent": {"data_source_id": desk.table}, "children": []})
    assert "body.children should be not present" in body["message"]


def test_a_created_row_may_be_invisible_for_a_while() -> None:
    for desk in desk_with(visibility_lag=2):
        page = desk.client.pages.create(
            parent={"data_source_id": desk.table}, properties={"KR ID": {"rich_text": text("KR-4")}}
        )
        assert desk.client.pages.retrieve(page["id"])["id"] == page["id"]
        assert ["KR-4" in desk.listed() for _ in range(4)] == [False, False, True, True]
