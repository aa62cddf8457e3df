"""What recorded traffic shows and no documentation says; and where Notion is not known, each answer it may give."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from okrsync_emulators.notion import Behaviour
from tests.support.notion_workspace import SEED, Desk, desk_with, text

PARENT = {"type": "page_id", "page_id": "99999999-9999-4999-8999-999999999998"}


def with_columns(**columns: Any) -> dict[str, Any]:
    """The usual workspace, with more columns in its key results."""
    first, second = SEED["databases"]
    (table,) = second["data_sources"]
    changed = {**table, "properties": {**table["properties"], **columns}}
    return {**SEED, "databases": [first, {**second, "data_sources": [changed]}]}


def test_a_relation_may_be_sent_back_as_it_was_read(desk: Desk) -> None:
    """Recorded 40 times."""
    held = desk.get("KR-1")["properties"]["Objective"]
    assert "has_more" in held
    assert desk.write("KR-2", Objective=held)["properties"]["Objective"]["relation"] == held["relation"]


@pytest.mark.parametrize(
    ("condition", "keys"),
    [
        ({"any": {"number": {"greater_than": 4}}}, ["KR-1"]),
        ({"every": {"number": {"greater_than": 4}}}, ["KR-3"]),
        ({"none": {"number": {"greater_than": 4}}}, ["KR-2", "KR-3"]),
    ],
)
def test_a_rollup_is_filtered_by_its_values(desk: Desk, condition: dict[str, Any], keys: list[str]) -> None:
    """Recorded 6 times."""
    desk.emulator.edit("Key results", "KR-1", "Total", [1, 5])
    desk.emulator.edit("Key results", "KR-2", "Total", [1, 2])
    assert desk.where("Total", "rollup", **condition) == keys


def test_an_offset_and_a_zone_go_together(desk: Desk) -> None:
    """Recorded 4 times: accepted, and answered without the zone."""
    both = {"start": "2026-11-23T08:30:15+01:00", "time_zone": "Europe/Berlin"}
    held = desk.write("KR-1", Synced={"date": both})["properties"]["Synced"]["date"]
    assert held == {"start": "2026-11-23T08:30:00.000+01:00", "end": None, "time_zone": None}


def test_places_and_verifications_have_their_shapes() -> None:
    for desk in desk_with(seed=with_columns(Where="place", Checked="verification")):
        place = {"lat": 52.52, "lon": 13.405, "name": "Office", "address": "Berlin"}
        held = desk.write("KR-1", Where={"place": place})["properties"]
        assert held["Where"]["place"] == {**place, "aws_place_id": None, "google_place_id": None}
        assert held["Checked"]["verification"] == {"state": "unverified", "verified_by": None, "date": None}
        assert desk.get("KR-2")["properties"]["Where"]["place"] is None
        assert "is a verification property" in desk.refused("KR-1", Checked={"verification": {}})


def test_a_page_may_be_made_with_a_template_markdown_and_mentions(desk: Desk) -> None:
    """Recorded 5 times."""
    mention = {"type": "mention", "mention": {"type": "page", "page": {"id": desk.page("KR-1")}}}
    made = desk.http.post(
        "/v1/pages",
        json={
            "parent": {"type": "data_source_id", "data_source_id": desk.table},
            "properties": {"Name": {"title": [*text("Like "), mention]}},
            "template": {"type": "default"},
            "markdown": "# Notes",
        },
    )
    assert made.status_code == 200
    title = made.json()["properties"]["Name"]["title"]
    assert [one["type"] for one in title] == ["text", "mention"]
    assert title[1]["mention"]["page"] == {"id": desk.page("KR-1")}


def test_thirty_two_digits_need_not_be_an_id(desk: Desk) -> None:
    """Recorded once: a variant that none has is no id, and not something that is not there."""
    error = desk.error("GET", f"/v1/pages/{'1' * 32}")
    assert error["status"] == 400
    assert "path.page_id should be a valid uuid" in error["message"]


def test_a_view_has_exact_stamps_and_a_configuration(desk: Desk) -> None:
    """Recorded 7 times."""
    made = desk.http.post(
        "/v1/views", json={"data_source_id": desk.table, "name": "All", "type": "table"}
    ).json()
    assert made["created_time"] == "2026-11-23T06:30:42.000+00:00"
    assert made["configuration"]["type"] == "table"


def relate(desk: Desk, wish: dict[str, Any]) -> dict[str, Any]:
    objectives = desk.emulator.workspace.source("Objectives").id
    relation = {"data_source_id": objectives, "type": "dual_property", "dual_property": wish}
    changed = desk.client.data_sources.update(desk.table, properties={"Objective": {"relation": relation}})
    held: dict[str, Any] = changed["properties"]["Objective"]["relation"]["dual_property"]
    return held


@pytest.mark.parametrize(
    ("honoured", "name"), [(False, "Related to Key results (Objective)"), (True, "Key results")]
)
def test_a_one_way_relation_is_made_two_way_and_filled(honoured: bool, name: str) -> None:
    """Making it two-way was recorded 3 times, filling 2; the one recorded wish for a name was ignored."""
    for desk in desk_with(behaviour=Behaviour(far_names=honoured)):
        held = relate(desk, {"synced_property_name": "Key results"})
        assert held["synced_property_name"] == name
        assert desk.emulator.row("Delight customers")[name] == ["Open bugs"]
        desk.write("KR-1", Objective={"relation": []})
        desk.write("KR-2", Objective={"relation": [{"id": desk.page("Delight customers")}]})
        assert desk.emulator.row("Delight customers")[name] == ["Churn"]
        desk.emulator.edit("Objectives", "Delight customers", name, ["Churn", "Revenue"])
        assert desk.emulator.row("KR-3")["Objective"] == ["Delight customers"]


def test_a_refused_change_of_the_schema_makes_no_far_column_either(desk: Desk) -> None:
    objectives = desk.emulator.workspace.source("Objectives").id
    relation = {"data_source_id": objectives, "type": "dual_property", "dual_property": {}}
    error = desk.error(
        "PATCH",
        f"/v1/data_sources/{desk.table}",
        json={"properties": {"Twice": {"relation": relation}, "No such": None}},
    )
    assert error["status"] == 400
    assert set(desk.client.data_sources.retrieve(objectives)["properties"]) == {"Name", "Done"}


def test_ids_inside_a_rollup_are_not_escaped(desk: Desk) -> None:
    """Recorded: everywhere else they are."""
    share = desk.schema()["Share"]["id"]
    assert "%" in share
    objective = desk.schema()["Objective"]["id"]
    rolled = {"relation_property_name": "Objective", "rollup_property_name": "Done", "function": "count"}
    changed = desk.client.data_sources.update(desk.table, properties={"Sum": {"rollup": rolled}})
    held = changed["properties"]["Sum"]["rollup"]
    assert held["relation_property_id"] == unquote(objective)


def status(**more: Any) -> dict[str, Any]:
    options = ["Backlog", "Not started", {"name": "On track", "group": "In progress"}]
    return with_columns(Status={"type": "status", "options": options, **more})


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, "Backlog"),
        ({"default": "Not started"}, "Not started"),
        ({"ranked": ["Not started", "Backlog"]}, "Not started"),
    ],
)
def test_any_option_may_be_a_statuss_default_and_the_api_does_not_say_so(
    more: dict[str, Any], shown: str
) -> None:
    seed = status(**more)
    seed["databases"][1]["data_sources"][0]["rows"] = [{"Name": "New", "KR ID": "KR-7"}]
    for desk in desk_with(seed=seed):
        assert desk.emulator.row("KR-7")["Status"] == shown
        held = desk.schema()["Status"]["status"]
        assert set(held) == {"options", "groups"}
        assert [one["name"] for one in held["options"]] == ["Backlog", "Not started", "On track"]


def test_a_default_that_is_no_option_is_a_bad_seed() -> None:
    with pytest.raises(LookupError, match="option 'Later'"):
        list(desk_with(seed=status(default="Later")))


@pytest.mark.parametrize(
    "refusal", [(403, "restricted_resource"), (400, "validation_error"), (409, "block_limit")]
)
def test_at_its_block_limit_a_workspace_takes_edits_only(refusal: tuple[int, str]) -> None:
    for desk in desk_with(behaviour=Behaviour(blocks=1, limit=refusal)):
        parent = {"type": "data_source_id", "data_source_id": desk.table}
        body = {"parent": parent, "properties": {"Name": {"title": text("One more")}}}
        assert desk.http.post("/v1/pages", json=body).status_code == 200
        database = {"parent": PARENT, "title": text("Table"), "initial_data_source": {}}
        view = {"data_source_id": desk.table, "name": "All", "type": "table"}
        for path, more in (("/v1/pages", body), ("/v1/databases", database), ("/v1/views", view)):
            error = desk.error("POST", path, json=more)
            assert (error["status"], error["code"]) == refusal
        assert desk.write("KR-1", Current={"number": 1})["properties"]["Current"]["number"] == 1


def test_an_unknown_column_is_left_out_of_a_page_and_refused_in_a_query(desk: Desk) -> None:
    """Seen on the live API in October 2026."""
    page = desk.http.get(
        f"/v1/pages/{desk.page('KR-1')}", params={"filter_properties": ["title", "gone"]}
    ).json()
    assert list(page["properties"]) == ["Name"]
    path = f"/v1/data_sources/{desk.table}/query"
    error = desk.error("POST", path, params={"filter_properties": ["title", "gone"]}, json={})
    assert error["status"] == 400
    assert error["message"].startswith("The schema for the data source")


def test_a_page_lists_the_databases_on_it(desk: Desk) -> None:
    made = desk.client.databases.create(
        parent=PARENT, title=text("New"), initial_data_source={"properties": {"Name": {"title": {}}}}
    )
    listing = desk.client.blocks.children.list(PARENT["page_id"])
    (block,) = listing["results"]
    assert block["id"] == made["id"]
    assert block["child_database"] == {"title": "New"}
    assert block["created_by"]["id"] == desk.client.users.me()["id"]
