"""Queries of the emulated Notion: pages, caps, filters, sorts and search, as recorded of the real one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import pytest
from notion_client import APIResponseError

from tests.support.notion_workspace import Desk, desk_with


def test_newest_rows_come_first_page_by_page(desk: Desk) -> None:
    assert desk.listed() == ["KR-3", "KR-2", "KR-1"]
    first = desk.client.data_sources.query(desk.table, page_size=2)
    assert first["has_more"] is True
    assert first["next_cursor"].startswith("s:")
    second = desk.client.data_sources.query(desk.table, page_size=2, start_cursor=first["next_cursor"])
    assert (second["has_more"], second["next_cursor"]) == (False, None)
    assert [row["id"] for row in first["results"] + second["results"]] == [
        desk.page(key) for key in ("KR-3", "KR-2", "KR-1")
    ]


def test_a_cursor_of_another_query_is_invalid(desk: Desk) -> None:
    first = desk.client.data_sources.query(desk.table, page_size=1)
    other = desk.emulator.workspace.source("Objectives").id
    for table, cursor in ((desk.table, "made-up"), (other, first["next_cursor"])):
        body = desk.error("POST", f"/v1/data_sources/{table}/query", json={"start_cursor": cursor})
        assert body["message"] == f"The start_cursor provided is invalid: {cursor}"


def test_a_row_that_left_makes_a_page_shorter(desk: Desk) -> None:
    first = desk.client.data_sources.query(desk.table, page_size=1)
    desk.emulator.trash("KR-2")
    second = desk.client.data_sources.query(desk.table, page_size=1, start_cursor=first["next_cursor"])
    assert second["results"] == []
    assert second["has_more"] is True


def test_the_cap_ends_a_query_early_and_says_so() -> None:
    for desk in desk_with(query_cap=2):
        listing = desk.client.data_sources.query(desk.table)
        assert len(listing["results"]) == 2
        assert (listing["has_more"], listing["next_cursor"]) == (False, None)
        assert listing["request_status"] == {
            "type": "incomplete",
            "incomplete_reason": "query_result_limit_reached",
        }
        only_two = desk.client.data_sources.query(
            desk.table, filter={"property": "Current", "number": {"is_not_empty": True}}
        )
        assert len(only_two["results"]) == 2
        assert "request_status" not in only_two


def test_the_cap_counts_over_pages() -> None:
    for desk in desk_with(query_cap=2):
        first = desk.client.data_sources.query(desk.table, page_size=1)
        assert "request_status" not in first
        second = desk.client.data_sources.query(desk.table, page_size=1, start_cursor=first["next_cursor"])
        assert second["has_more"] is False
        assert second["request_status"]["type"] == "incomplete"


def test_filter_properties_takes_ids_once_escaped(desk: Desk) -> None:
    ids = {name: config["id"] for name, config in desk.schema().items()}
    odd = next(name for name, identity in ids.items() if "%" in identity)
    (row, *_) = desk.rows(filter_properties=["title", unquote(ids[odd])])
    assert set(row["properties"]) == {"Name", odd}
    page = desk.client.pages.retrieve(desk.page("KR-1"), filter_properties=[unquote(ids[odd])])
    assert set(page["properties"]) == {odd}
    # The Python client escapes what is already escaped: the real API refuses that, and names too.
    for wrong in (ids[odd], "Current", "KR ID"):
        with pytest.raises(APIResponseError) as caught:
            desk.rows(filter_properties=[wrong])
        assert caught.value.status == 400


def test_filter_properties_thins_out_the_answer_of_a_write(desk: Desk) -> None:
    identity = quote(unquote(desk.schema()["Current"]["id"]), safe="")
    body = {"properties": {"Current": {"number": 1}, "Done": {"checkbox": True}}}
    page = desk.http.patch(f"/v1/pages/{desk.page('KR-1')}?filter_properties={identity}", json=body).json()
    assert set(page["properties"]) == {"Current"}
    assert desk.emulator.row("KR-1")["Done"] is True


ALL = ["KR-1", "KR-2", "KR-3"]


@pytest.mark.parametrize(
    ("column", "kind", "condition", "expected"),
    [
        ("Name", "title", {"equals": "open BUGS"}, ["KR-1"]),
        ("Name", "rich_text", {"starts_with": "rev"}, ["KR-3"]),
        ("KR ID", "rich_text", {"ends_with": "-2"}, ["KR-2"]),
        ("Mail", "rich_text", {"contains": "Doe"}, ["KR-1"]),
        ("Mail", "email", {"does_not_contain": "doe"}, ["KR-2", "KR-3"]),
        ("Mail", "email", {"does_not_equal": "nobody"}, ALL),
        ("Mail", "email", {"is_empty": True}, ["KR-2", "KR-3"]),
        ("Current", "number", {"does_not_equal": 84}, ["KR-2", "KR-3"]),
        ("Current", "number", {"greater_than": 3.5}, ["KR-1"]),
        ("Current", "number", {"less_than": 100}, ["KR-1", "KR-2"]),
        ("Current", "number", {"greater_than_or_equal_to": 3.5}, ["KR-1", "KR-2"]),
        ("Current", "number", {"less_than_or_equal_to": 3.5}, ["KR-2"]),
        ("Current", "number", {"is_empty": True}, ["KR-3"]),
        ("No", "unique_id", {"equals": 2}, ["KR-2"]),
        ("Done", "checkbox", {"equals": False}, ["KR-1", "KR-3"]),
        ("Done", "checkbox", {"does_not_equal": False}, ["KR-2"]),
        ("Status", "status", {"equals": "Done"}, ["KR-2"]),
        ("Status", "status", {"equals": ["Done", "On track"]}, ["KR-1", "KR-2"]),
        ("Status", "status", {"does_not_equal": ["Done", "On track"]}, ["KR-3"]),
        ("Status", "status", {"does_not_equal": "Done"}, ["KR-1", "KR-3"]),
        ("Tier", "select", {"is_not_empty": True}, ["KR-1"]),
        ("Tier", "select", {"does_not_equal": "Gold"}, ["KR-2", "KR-3"]),
        ("Tags", "multi_select", {"contains": ["EU", "US"]}, ["KR-1"]),
        ("Tags", "multi_select", {"does_not_contain": "EU"}, ["KR-2", "KR-3"]),
        ("Objective", "relation", {"is_empty": True}, ["KR-2", "KR-3"]),
        ("Owner", "people", {"is_not_empty": True}, ["KR-1"]),
        ("Progress", "formula", {"number": {"greater_than": 0.3}}, ["KR-1"]),
        ("Total", "rollup", {"number": {"does_not_equal": 5}}, ALL),
        ("Synced", "date", {"past_week": {}}, ["KR-1"]),
        ("Synced", "date", {"next_month": {}}, []),
        ("Synced", "date", {"equals": "yesterday"}, ["KR-1"]),
        ("Synced", "date", {"before": "2026-11-22"}, []),
        ("Synced", "date", {"on_or_before": "2026-11-22"}, ["KR-1"]),
        ("Synced", "date", {"is_empty": True}, ["KR-2", "KR-3"]),
        ("Made", "created_time", {"is_empty": True}, []),
        ("Made", "created_time", {"equals": "2026-11-23T06:30:59Z"}, ALL),
    ],
)
def test_filters_mean_what_was_recorded(
    desk: Desk, column: str, kind: str, condition: dict[str, Any], expected: list[str]
) -> None:
    assert desk.where(column, kind, **condition) == expected


def test_a_relation_is_filtered_by_the_related_row(desk: Desk) -> None:
    objective = desk.page("Delight customers")
    assert desk.where("Objective", "relation", contains=objective) == ["KR-1"]
    assert desk.where("Objective", "relation", does_not_contain=objective) == ["KR-2", "KR-3"]


def test_a_column_is_addressed_by_name_or_by_id(desk: Desk) -> None:
    identity = desk.schema()["Current"]["id"]
    assert desk.where(identity, "number", equals=84) == ["KR-1"]
    assert desk.where(unquote(identity), "number", equals=84) == ["KR-1"]


def test_moments_are_compared_by_the_minute(desk: Desk) -> None:
    desk.write("KR-1", Synced={"date": {"start": "2026-11-23T10:11:12Z"}})
    assert desk.where("Synced", "date", equals="2026-11-23T10:11:59+00:00") == ["KR-1"]
    assert desk.where("Synced", "date", after="2026-11-23T10:11:01Z") == []
    assert desk.where("Synced", "date", on_or_after="2026-11-23T11:11:30+01:00") == ["KR-1"]


def test_today_belongs_to_every_window(desk: Desk) -> None:
    desk.emulator.edit("Key results", "KR-2", "Synced", "2026-11-23")
    for window in (
        "past_week",
        "past_month",
        "past_year",
        "this_week",
        "next_week",
        "next_month",
        "next_year",
    ):
        assert "KR-2" in desk.where("Synced", "date", **{window: {}}), window


def test_time_stamps_may_stand_inside_groups_two_levels_deep(desk: Desk) -> None:
    desk.clock.jump(3600)
    desk.emulator.edit("Key results", "KR-2", "Current", 9)
    since = {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": "2026-11-23T07:30:00Z"}}
    assert desk.listed(since) == ["KR-2"]
    gold = {"property": "Tier", "select": {"equals": "Gold"}}
    empty = {"property": "Current", "number": {"is_empty": True}}
    assert sorted(
        desk.listed({"or": [gold, {"and": [since, {"property": "Done", "checkbox": {"equals": True}}]}]})
    ) == [
        "KR-1",
        "KR-2",
    ]
    assert desk.listed({"and": [gold, empty]}) == []
    with pytest.raises(APIResponseError):
        desk.listed({"or": [{"and": [{"or": [gold]}]}]})


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"property": "Nope", "number": {"equals": 1}}, "Could not find property with name or id: Nope"),
        ({"property": "Current", "rich_text": {"equals": "1"}}, "does not match filter rich_text"),
        ({"property": "Name", "number": {"equals": 1}}, "does not match filter number"),
        ({"property": "Current", "number": {"equals": "84"}}, 'instead was `"84"`'),
        ({"property": "Current", "number": {"contains": 8}}, "should be not present"),
        ({"property": "Current", "number": {"is_empty": False}}, "should be `true`"),
        ({"property": "Status", "status": {"equals": "Nope"}}, 'option "Nope" not found'),
        ({"property": "Synced", "date": {"equals": "soon"}}, "a valid ISO 8601 date string"),
        ({"number": {"equals": 1}}, "body.filter.property should be defined"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(desk: Desk, condition: dict[str, Any], message: str) -> None:
    body = desk.error("POST", f"/v1/data_sources/{desk.table}/query", json={"filter": condition})
    assert body["code"] == "validation_error"
    assert message in body["message"]


def test_rows_are_sorted_on_request(desk: Desk) -> None:
    def by(**sort: str) -> list[str]:
        return desk.listed(sorts=[{"direction": "ascending"} | sort])

    assert by(property="Current") == ["KR-2", "KR-1", "KR-3"]
    assert by(property="Current", direction="descending") == ["KR-1", "KR-2", "KR-3"]
    assert by(property="Name") == ["KR-2", "KR-1", "KR-3"]
    assert by(property="Status") == ["KR-1", "KR-2", "KR-3"]
    assert by(timestamp="created_time") == ["KR-1", "KR-2", "KR-3"]
    done_then_name = [
        {"property": "Done", "direction": "ascending"},
        {"property": "Name", "direction": "descending"},
    ]
    assert desk.listed(sorts=done_then_name) == ["KR-3", "KR-1", "KR-2"]
    with pytest.raises(APIResponseError, match="Could not find sort property"):
        by(property="Nope")


def test_search_finds_titles(desk: Desk) -> None:
    found = desk.client.search(query="key", filter={"property": "object", "value": "data_source"})["results"]
    assert [item["id"] for item in found] == [desk.table]
    assert [item["object"] for item in desk.client.search(query="churn")["results"]] == ["page"]
