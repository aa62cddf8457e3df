"""The emulator of Notion answers in the shapes that are recorded of the real one, and refuses in its words."""

from __future__ import annotations

import json

import httpx
import pytest

from okrsync.emulation import Emulator
from tests.support.notion_workspace import PAGE_KEYS, QUERY_KEYS, SEED, Desk, desk_with, text

# Shapes


def test_it_is_an_emulator_as_the_engine_knows_it(desk: Desk) -> None:
    emulator: Emulator = desk.emulator
    objectives, table = emulator.tables()
    assert objectives.title == "Objectives"
    assert objectives.rows == [["Delight customers", "✓"]]
    assert table.title == "Key results"
    first = dict(zip(table.columns, table.rows[0], strict=True))
    assert first == {
        "Name": "Open bugs",
        "KR ID": "KR-1",
        "Current": "84",
        "Share": "25%",
        "Status": "On track",
        "Tier": "Gold",
        "Tags": "EU",
        "Synced": "2026-11-22",
        "Done": "",
        "Mail": "john.doe@gmail.com",
        "Owner": "Grace Hopper",
        "Objective": "Delight customers",
        "Progress": "0.4",
        "Total": "incomplete",
        "No": "KR-1",
        "Made": "2026-11-23T06:30:00.000Z",
        "Editor": "Ada Lovelace",
    }


def test_pages_have_the_recorded_keys_in_the_recorded_order(desk: Desk) -> None:
    page = desk.http.get(f"/v1/pages/{desk.page('KR-1')}").json()
    assert list(page) == [*PAGE_KEYS, "request_id"]
    assert page["archived"] is False
    assert page["parent"] == {
        "type": "data_source_id",
        "data_source_id": desk.table,
        "database_id": desk.database,
    }
    assert page["url"].startswith("https://app.notion.com/p/Open-bugs-")
    assert list(page["created_by"]) == ["object", "id"]


def test_queries_have_the_recorded_keys_and_no_request_status(desk: Desk) -> None:
    listing = desk.http.post(f"/v1/data_sources/{desk.table}/query", json={}).json()
    assert list(listing) == QUERY_KEYS
    assert listing["type"] == "page_or_data_source"
    assert listing["page_or_data_source"] == {}
    assert list(listing["results"][0]) == PAGE_KEYS


def test_version_2025_09_03_says_archived_and_in_trash() -> None:
    for desk in desk_with(version="2025-09-03"):
        for path in (
            f"/v1/pages/{desk.page('KR-1')}",
            f"/v1/data_sources/{desk.table}",
            f"/v1/databases/{desk.database}",
        ):
            answer = desk.http.get(path).json()
            assert answer["archived"] is answer["in_trash"] is False, path
        trashed = desk.http.patch(f"/v1/pages/{desk.page('KR-1')}", json={"archived": True}).json()
        assert trashed["archived"] is trashed["in_trash"] is True


def test_a_database_names_its_data_sources_and_holds_no_schema(desk: Desk) -> None:
    answer = desk.client.databases.retrieve(desk.database)
    assert set(answer) == {
        *("object", "id", "title", "description", "parent", "is_inline", "in_trash", "is_locked"),
        *(
            "created_time",
            "last_edited_time",
            "data_sources",
            "icon",
            "cover",
            "url",
            "public_url",
            "request_id",
            "database_type",
            "archived",
        ),
    }
    assert answer["data_sources"] == [{"id": desk.table, "name": "Key results"}]
    assert answer["created_time"] == "2026-11-23T06:30:42.000+00:00"


def test_a_data_source_holds_the_schema(desk: Desk) -> None:
    answer = desk.client.data_sources.retrieve(desk.table)
    assert set(answer) == {
        *(
            "object",
            "id",
            "cover",
            "icon",
            "created_time",
            "created_by",
            "last_edited_by",
            "last_edited_time",
        ),
        *(
            "title",
            "description",
            "is_inline",
            "properties",
            "parent",
            "database_parent",
            "url",
            "public_url",
        ),
        *("in_trash", "database_type", "archived", "request_id"),
    }
    assert answer["created_time"] == "2026-11-23T06:30:00.000Z"
    properties = answer["properties"]
    for name, config in properties.items():
        assert list(config) == ["id", "name", "description", "type", config["type"]], name
        assert config["name"] == name
    assert properties["Share"]["number"] == {"format": "percent"}
    status = properties["Status"]["status"]
    assert [option["name"] for option in status["options"]] == ["Not started", "On track", "Done"]
    by_id = {option["id"]: option["name"] for option in status["options"]}
    assert {group["name"]: [by_id[i] for i in group["option_ids"]] for group in status["groups"]} == {
        "To-do": ["Not started"],
        "In progress": ["On track"],
        "Complete": ["Done"],
    }
    assert (
        properties["Objective"]["relation"]["data_source_id"]
        == desk.emulator.workspace.source("Objectives").id
    )
    assert properties["Tier"]["select"]["options"][0] | {"id": ""} == {
        "id": "",
        "name": "Gold",
        "color": "yellow",
        "description": None,
    }


def test_every_kind_of_value_has_its_shape(desk: Desk) -> None:
    values = {
        name: {k: v for k, v in value.items() if k != "id"}
        for name, value in desk.get("KR-1")["properties"].items()
    }
    assert values["Name"]["title"][0] == {
        "type": "text",
        "text": {"content": "Open bugs", "link": None},
        "annotations": {
            "bold": False,
            "italic": False,
            "strikethrough": False,
            "underline": False,
            "code": False,
            "color": "default",
        },
        "plain_text": "Open bugs",
        "href": None,
    }
    assert values["Current"] == {"type": "number", "number": 84}
    assert set(values["Status"]["status"]) == {"id", "name", "color"}
    assert values["Synced"]["date"] == {"start": "2026-11-22", "end": None, "time_zone": None}
    assert values["Done"] == {"type": "checkbox", "checkbox": False}
    assert values["Owner"]["people"][0]["person"] == {"email": "grace@acme.test", "email_verified": True}
    assert values["Objective"] == {
        "type": "relation",
        "relation": [{"id": desk.page("Delight customers")}],
        "has_more": False,
    }
    assert values["Progress"]["formula"] == {"type": "number", "number": 0.4}
    assert values["Total"]["rollup"] == {"type": "incomplete", "incomplete": {}, "function": "sum"}
    assert values["No"]["unique_id"] == {"prefix": "KR", "number": 1}
    assert values["Made"]["created_time"] == "2026-11-23T06:30:00.000Z"
    assert values["Editor"]["last_edited_by"]["name"] == "Ada Lovelace"
    empty = desk.get("KR-3")["properties"]
    nothing: object
    for name, nothing in {"Current": None, "Status": None, "Tier": None, "Tags": [], "Synced": None}.items():
        assert empty[name][empty[name]["type"]] == nothing, name


def test_some_property_ids_are_escaped_and_the_title_is_title(desk: Desk) -> None:
    ids = {name: config["id"] for name, config in desk.schema().items()}
    assert ids["Name"] == "title"
    assert any("%" in identity for identity in ids.values())
    assert any("%" not in identity for identity in ids.values())
    assert len(set(ids.values())) == len(ids)
    desk.reset()
    assert {name: config["id"] for name, config in desk.schema().items()} == ids


def test_the_bot_knows_itself_and_the_users(desk: Desk) -> None:
    me = desk.client.users.me()
    assert set(me) == {"object", "id", "name", "avatar_url", "type", "bot", "request_id"}
    assert me["type"] == "bot"
    assert me["bot"]["workspace_name"] == "Acme"
    listing = desk.client.users.list(page_size=2)
    assert listing["type"] == "user"
    assert [user["name"] for user in listing["results"]] == ["Ada Lovelace", "Grace Hopper"]
    rest = desk.client.users.list(start_cursor=listing["next_cursor"])
    assert [user["id"] for user in rest["results"]] == [me["id"]]
    assert desk.client.users.retrieve(me["id"])["name"] == "okrsync"


def test_an_integration_without_the_capability_is_restricted() -> None:
    seed = SEED | {"bot": {"name": "okrsync", "capabilities": ["read"]}}
    for desk in desk_with(seed=seed):
        assert desk.client.users.me()["name"] == "okrsync"
        assert len(desk.rows()) == 3
        for method, path in (
            ("GET", "/v1/users"),
            ("PATCH", f"/v1/pages/{desk.page('KR-1')}"),
            ("POST", "/v1/pages"),
        ):
            body = desk.error(method, path)
            assert (body["status"], body["code"]) == (403, "restricted_resource")


# Errors


def test_a_wrong_token_is_unauthorized(desk: Desk) -> None:
    body = desk.error("GET", "/v1/users/me", headers={"authorization": "Bearer other"})
    assert list(body) == ["object", "status", "code", "message", "request_id"]
    assert (body["status"], body["code"], body["message"]) == (401, "unauthorized", "API token is invalid.")


def test_a_request_without_a_known_version_is_refused(desk: Desk) -> None:
    naked = httpx.get(
        f"{desk.server.url}/v1/users/me", headers={"authorization": "Bearer secret_demo"}, trust_env=False
    )
    assert naked.status_code == 400
    assert naked.json()["code"] == "missing_version"
    assert "should be defined, instead was `undefined`" in naked.json()["message"]
    assert (
        desk.error("GET", "/v1/users/me", headers={"notion-version": "2022-06-28"})["code"]
        == "missing_version"
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/comments"),
        ("DELETE", "/v1/pages"),
        ("GET", "/v1/nothing"),
        ("POST", "/v1/comments"),
        ("GET", "/v2"),
    ],
)
def test_what_is_not_emulated_is_refused_loudly(desk: Desk, method: str, path: str) -> None:
    body = desk.error(method, path)
    assert (body["code"], body["message"]) == ("invalid_request_url", "Invalid request URL.")


def test_ids_are_checked_and_missing_things_are_not_found(desk: Desk) -> None:
    assert desk.error("GET", "/v1/pages/AAA")["message"] == (
        'path failed validation: path.page_id should be a valid uuid, instead was `"AAA"`.'
    )
    body = desk.error("GET", "/v1/pages/00000000-0000-4000-8000-000000000000")
    assert list(body) == ["object", "status", "code", "message", "additional_data", "request_id"]
    assert (body["status"], body["code"]) == (404, "object_not_found")
    assert body["message"] == (
        "Could not find page with ID: 00000000-0000-4000-8000-000000000000. Make sure the relevant pages and "
        'databases are shared with your integration "okrsync".'
    )
    assert body["additional_data"] == {"integration_id": desk.client.users.me()["id"]}
    assert desk.client.pages.retrieve(desk.page("KR-1").replace("-", ""))["id"] == desk.page("KR-1")


def test_an_unshared_data_source_is_called_a_database(desk: Desk) -> None:
    page = desk.page("KR-1")
    desk.emulator.unshare("Company OKRs")
    for method, path in (
        ("GET", f"/v1/databases/{desk.database}"),
        ("GET", f"/v1/data_sources/{desk.table}"),
        ("POST", f"/v1/data_sources/{desk.table}/query"),
    ):
        body = desk.error(method, path)
        assert body["code"] == "object_not_found"
        assert body["message"].startswith("Could not find database with ID")
    assert desk.error("PATCH", f"/v1/pages/{page}")["message"].startswith("Could not find page with ID")


def test_an_unshared_row_is_gone_everywhere(desk: Desk) -> None:
    page = desk.page("KR-1")
    desk.emulator.unshare_row("KR-1")
    assert desk.listed() == ["KR-3", "KR-2"]
    assert desk.error("GET", f"/v1/pages/{page}")["status"] == 404


def test_bodies_are_checked(desk: Desk) -> None:
    query = f"/v1/data_sources/{desk.table}/query"
    assert desk.error("POST", query, content=b"{")["code"] == "invalid_json"
    assert desk.error("POST", query, content=b'{"page_size": NaN}')["code"] == "invalid_json"
    assert desk.error("POST", query, json={"page_size": 101})["message"] == (
        "body failed validation: body.page_size should be ≤ `100`, instead was `101`."
    )
    for unknown in ({"filter_properties": ["title"]}, {"archived": False}, {"page": 1}):
        (key,) = unknown
        assert f"body.{key} should be not present" in desk.error("POST", query, json=unknown)["message"]
    page = f"/v1/pages/{desk.page('KR-1')}"
    assert (
        "body.archived should be not present" in desk.error("PATCH", page, json={"archived": True})["message"]
    )
    assert desk.get("KR-1")["in_trash"] is False
    big = {"properties": {"KR ID": {"rich_text": text("x" * 2000) * 300}}}
    assert len(json.dumps(big)) > 500 * 1024
    assert "body.length" in desk.error("PATCH", page, json=big)["message"]
