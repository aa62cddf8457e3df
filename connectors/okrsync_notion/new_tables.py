"""Make new OKR tables in Notion: objectives, key results and check-ins, related, with views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from okrsync.cells import (
    CHECK_INS,
    KEY_RESULTS,
    OBJECTIVES,
    PROGRESS,
    RELEASE,
    STATUS,
    SUMMARY,
    UPDATED,
    Cell,
    cells_of,
)
from okrsync.errors import DataError, OkrsyncError
from okrsync.ports import Proposed
from okrsync_notion.client import Notion
from okrsync_notion.settings import STATUSES
from okrsync_notion.table_layout import Schema, parse

NUMBER: Final = {"number": {"format": "number_with_commas"}}
PERCENT: Final = {"number": {"format": "percent"}}
TEXT: Final[dict[str, Any]] = {"rich_text": {}}
DATE: Final[dict[str, Any]] = {"date": {}}
COLORS: Final = {
    "not_started": "gray",
    "on_track": "green",
    "behind": "yellow",
    "at_risk": "red",
    "achieved": "blue",
}


def create_tables(api: Notion, parent: str) -> Proposed:
    """Three databases below the page ``parent``. Whatever was made before a failure stays, and the error says so.

    Status is a select column: the groups of a status column cannot be set over the API with certainty.
    """
    made: list[str] = []
    try:
        objectives = _create(api, parent, "Objectives", _objectives())
        made.append(objectives.title)
        key_results = _create(api, parent, "Key results", _key_results(objectives))
        made.append(key_results.title)
        check_ins = _create(api, parent, "Check-ins", _check_ins(key_results))
        made.append(check_ins.title)
        api.change_data_source(objectives.id, {"Average of key results": _average("Key results", "Progress")})
    except OkrsyncError as error:
        if made:
            names = ", ".join(repr(name) for name in made)
            error.message += f" (made before that, and still there: {names})"
        raise
    remarks = list(_views(api, key_results, check_ins))
    return Proposed(
        tables={
            OBJECTIVES: {
                "database": _address(objectives),
                "match": "ID",
                "cells": _columns(PROGRESS, STATUS, SUMMARY, UPDATED),
            },
            KEY_RESULTS: {
                "database": _address(key_results),
                "match": "KR",
                "baseline": "Start",
                "target": "Target",
                "cells": _columns(*cells_of(KEY_RESULTS)),
                "release": RELEASE.title,
            },
            CHECK_INS: {
                "database": _address(check_ins),
                "match": "Check-in",
                "cells": _columns(*cells_of(CHECK_INS)),
            },
        },
        goals=True,
        remarks=tuple(remarks),
    )


def _columns(*cells: Cell) -> dict[str, str]:
    """Which column okrsync makes for each cell."""
    return {one.name: one.title for one in cells}


def _objectives() -> dict[str, Any]:
    return {
        "Name": {"title": {}},
        "ID": TEXT,
        "Owner": {"people": {}},
        "Progress": PERCENT,
        "Status": _status(),
        "Summary": TEXT,
        "Last synced": DATE,
    }


def _key_results(objectives: Schema) -> dict[str, Any]:
    return {
        "Name": {"title": {}},
        "KR": TEXT,
        "Objective": _relation(objectives, "Key results"),
        "Owner": {"people": {}},
        "Start": NUMBER,
        "Target": NUMBER,
        "Current": NUMBER,
        "Progress": PERCENT,
        "Expected": PERCENT,
        "Status": _status(),
        "Comment": TEXT,
        "Last synced": DATE,
        "Source": TEXT,
        "Release to okrsync": {"checkbox": {}},
    }


def _check_ins(key_results: Schema) -> dict[str, Any]:
    confidence = [
        {"name": "High", "color": "green"},
        {"name": "Medium", "color": "yellow"},
        {"name": "Low", "color": "red"},
    ]
    return {
        "Name": {"title": {}},
        "Check-in": TEXT,
        "Key result": _relation(key_results, "Check-ins"),
        "Date": DATE,
        "Value": NUMBER,
        "Progress": PERCENT,
        "Status": _status(),
        "Confidence": {"select": {"options": confidence}},
        "Comment": TEXT,
        "Source": TEXT,
    }


def _status() -> dict[str, Any]:
    options = [{"name": name, "color": COLORS[status]} for status, name in STATUSES.items()]
    return {"select": {"options": options}}


def _relation(target: Schema, back: str) -> dict[str, Any]:
    return {
        "relation": {
            "data_source_id": target.id,
            "type": "dual_property",
            "dual_property": {"synced_property_name": back},
        }
    }


def _average(relation: str, column: str) -> dict[str, Any]:
    return {
        "rollup": {
            "relation_property_name": relation,
            "rollup_property_name": column,
            "function": "average",
        }
    }


def _create(api: Notion, parent: str, title: str, properties: Mapping[str, Any]) -> Schema:
    """One database with one data source. Raises ``DataError`` where Notion made other columns than were asked for."""
    made = api.create_database(
        {
            "parent": {"type": "page_id", "page_id": parent},
            "title": [{"type": "text", "text": {"content": title}}],
            "initial_data_source": {"properties": dict(properties)},
        }
    )
    schema = parse(api.data_source(str(made["data_sources"][0]["id"])))
    missing = [name for name in properties if name not in schema.columns]
    if missing:
        raise DataError(f"Notion made {title!r} without the columns {', '.join(missing)}")
    return schema


def _views(api: Notion, key_results: Schema, check_ins: Schema) -> list[str]:
    """A board by status and a chart of the check-ins. Views are only a comfort: one that fails is a remark.

    Unknown: whether every plan of Notion allows charts over the API.
    """
    ascending = {"type": "ascending"}
    wanted = {
        "By status": (
            key_results,
            {
                "type": "board",
                "group_by": {
                    "type": "select",
                    "property_id": key_results.columns["Status"].wire,
                    "sort": {"type": "manual"},
                },
            },
        ),
        "Progress over time": (
            check_ins,
            {
                "type": "chart",
                "chart_type": "line",
                "x_axis": {
                    "type": "date",
                    "property_id": check_ins.columns["Date"].wire,
                    "group_by": "week",
                    "sort": ascending,
                },
                "y_axis": {"aggregator": "average", "property_id": check_ins.columns["Progress"].wire},
            },
        ),
    }
    remarks = []
    for name, (schema, configuration) in wanted.items():
        try:
            api.create_view(
                {
                    "data_source_id": schema.id,
                    "database_id": schema.database,
                    "name": name,
                    "type": configuration["type"],
                    "configuration": configuration,
                }
            )
        except OkrsyncError as error:
            remarks.append(f"the view {name!r} of {schema.title!r} could not be made: {error.message}")
    return remarks


def _address(schema: Schema) -> str:
    return f"https://app.notion.com/p/{schema.database.replace('-', '')}"
