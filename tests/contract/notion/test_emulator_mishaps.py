"""What people, the network and the vendor do to the emulated Notion, and the page to look at it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from notion_client import APIResponseError
from notion_client.errors import UnknownHTTPResponseError

from okrsync_emulators.notion import faults
from tests.support.notion_workspace import Desk, desk_with


def test_people_change_the_schema_under_our_feet(desk: Desk) -> None:
    emulator = desk.emulator
    ids = {name: config["id"] for name, config in desk.schema().items()}
    emulator.rename_column("Key results", "Current", "Now")
    assert desk.schema()["Now"]["id"] == ids["Current"]
    assert "is not a property that exists" in desk.refused("KR-1", Current={"number": 1})
    emulator.rename_option("Key results", "Status", "On track", "Going well")
    assert emulator.row("KR-1")["Status"] == "Going well"
    assert "does not exist" in desk.refused("KR-1", Status={"status": {"name": "On track"}})
    emulator.delete_option("Key results", "Tier", "Gold")
    assert emulator.row("KR-1")["Tier"] is None
    emulator.delete_column("Key results", "Share")
    assert "Share" not in desk.get("KR-1")["properties"]


def test_an_option_may_take_the_old_name_of_another(desk: Desk) -> None:
    desk.emulator.rename_option("Key results", "Tier", "Gold", "Platinum")
    desk.write("KR-2", Tier={"select": {"name": "Gold"}})
    assert desk.emulator.row("KR-1")["Tier"] == "Platinum"
    assert desk.emulator.row("KR-2")["Tier"] == "Gold"


def test_a_moved_row_leaves_the_query_and_changes_its_parent(desk: Desk) -> None:
    page = desk.page("KR-1")
    desk.emulator.move("KR-1")
    assert desk.listed() == ["KR-3", "KR-2"]
    found = desk.client.pages.retrieve(page)
    assert found["parent"]["type"] == "page_id"
    assert list(found["properties"]) == ["title"]
    assert found["properties"]["title"]["title"][0]["plain_text"] == "Open bugs"
    body = {"properties": {"Current": {"number": 1}}}
    assert "not a property" in desk.error("PATCH", f"/v1/pages/{page}", json=body)["message"]


def test_a_database_may_get_a_second_data_source(desk: Desk) -> None:
    identity = desk.emulator.add_data_source(
        "Company OKRs", {"title": "Archive", "properties": {"Name": "title"}, "rows": [{"Name": "Old"}]}
    )
    sources = desk.client.databases.retrieve(desk.database)["data_sources"]
    assert [source["name"] for source in sources] == ["Key results", "Archive"]
    assert len(desk.client.data_sources.query(identity)["results"]) == 1


def test_trash_and_restore_by_a_person(desk: Desk) -> None:
    desk.emulator.trash("KR-1")
    assert desk.get("KR-1")["in_trash"] is True
    desk.emulator.restore("KR-1")
    assert len(desk.listed()) == 3


@pytest.mark.parametrize(
    ("table", "row", "column", "value"),
    [
        ("Nope", "KR-1", "Current", 1),
        ("Key results", "KR-9", "Current", 1),
        ("Key results", "KR-1", "Nope", 1),
        ("Key results", "KR-1", "Status", "Nope"),
        ("Key results", "KR-1", "Made", "2026-01-01"),
        ("Key results", "KR-1", "Objective", "Nope"),
    ],
)
def test_a_test_that_names_nothing_fails(desk: Desk, table: str, row: str, column: str, value: Any) -> None:
    with pytest.raises(LookupError):
        desk.emulator.edit(table, row, column, value)


def test_a_row_is_named_by_its_title_before_its_texts(desk: Desk) -> None:
    desk.emulator.add_row("Key results", {"Name": "KR-1", "KR ID": "KR-7"})
    assert desk.emulator.row("KR-1")["KR ID"] == "KR-7"
    desk.emulator.add_row("Key results", {"Name": "Open bugs"})
    with pytest.raises(LookupError):
        desk.emulator.row("Open bugs")


@pytest.mark.parametrize(
    "properties",
    [{"A": "number"}, {"A": "title", "B": "title"}, {"A": "title", "B": "nonsense"}],
)
def test_a_seed_that_does_not_add_up_is_refused(desk: Desk, properties: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        desk.emulator.load({"databases": [{"title": "T", "data_sources": [{"properties": properties}]}]})


def test_a_token_has_a_budget_per_minute() -> None:
    for desk in desk_with(requests_per_minute=2):
        assert [desk.http.get("/v1/users/me").status_code for _ in range(2)] == [200, 200]
        desk.clock.jump(20.5)
        answer = desk.http.get("/v1/users/me")
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "40"
        assert answer.json()["additional_data"] == {"rate_limit_reason": "public_api_request_rate_limit"}
        desk.clock.jump(39.5)
        assert desk.http.get("/v1/users/me").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (faults.rate_limited(retry_after=90, reason=faults.SPACE), 429, "rate_limited"),
        (faults.conflict(where=""), 409, "conflict_error"),
        (faults.internal(), 500, "internal_server_error"),
        (faults.service_unavailable(), 503, "service_unavailable"),
        (faults.gateway_timeout(), 504, "gateway_timeout"),
    ],
)
def test_faults_have_the_shape_the_client_knows(desk: Desk, fault: Any, status: int, code: str) -> None:
    desk.server.faults.append(fault)
    with pytest.raises(APIResponseError) as caught:
        desk.client.users.me()
    assert (caught.value.status, caught.value.code) == (status, code)
    assert caught.value.request_id
    assert desk.client.users.me()["type"] == "bot"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (faults.overloaded(), 529),
        (faults.bad_gateway_html(), 502),
        (faults.rate_limited_plain_text(), 429),
        (faults.forbidden_html(), 403),
    ],
)
def test_faults_that_the_client_does_not_know(desk: Desk, fault: Any, status: int) -> None:
    desk.server.faults.append(fault)
    with pytest.raises(UnknownHTTPResponseError) as caught:
        desk.client.users.me()
    assert caught.value.status == status


def test_rate_limits_say_why_and_for_how_long(desk: Desk) -> None:
    desk.server.faults.append(faults.rate_limited(retry_after=90, reason=faults.SPACE))
    answer = desk.http.get("/v1/users/me")
    assert answer.headers["retry-after"] == "90"
    assert answer.json()["additional_data"] == {"rate_limit_reason": "public_api_space_request_rate_limit"}


def test_a_page_of_a_hotel_is_no_json(desk: Desk) -> None:
    desk.server.faults.append(faults.captive_portal())
    with pytest.raises(json.JSONDecodeError):
        desk.client.users.me()


def test_a_lost_answer_may_have_been_a_write(desk: Desk) -> None:
    desk.server.faults.append(faults.dropped(r"PATCH", when="before"))
    desk.server.faults.append(faults.dropped(r"PATCH", when="after"))
    for expected in (84, 5):
        with pytest.raises(httpx.TransportError):
            desk.write("KR-1", Current={"number": 5})
        assert desk.emulator.row("KR-1")["Current"] == expected


def test_a_person_may_get_in_between(desk: Desk) -> None:
    edit = faults.meanwhile(
        r"PATCH /v1/pages", lambda: desk.emulator.edit("Key results", "KR-1", "Share", 0.5)
    )
    desk.server.faults.append(edit)
    page = desk.write("KR-1", Current={"number": 5})
    assert page["properties"]["Share"]["number"] == 0.5


# The page for people


def test_people_can_look_at_it(desk: Desk) -> None:
    desk.write("KR-2", Current={"number": 4})
    desk.emulator.edit("Key results", "KR-3", "Name", "<script>")
    desk.emulator.trash("KR-1")
    answer = httpx.get(f"{desk.server.url}/", trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.text
    for word in (
        "Acme",
        "Key results",
        "Objectives",
        "On track",
        "25%",
        "Ada Lovelace",
        "okrsync",
        "in the trash",
    ):
        assert word in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
