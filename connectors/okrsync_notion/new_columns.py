"""Say which columns and views the tables have that ``okrsync init --create-under`` makes. Pure.

Status is a select column: the groups of a status column cannot be set over the API with certainty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from okrsync.cells import CHECK_INS, KEY_RESULTS, OBJECTIVES
from okrsync_notion.property_values import NotionColumn
from okrsync_notion.settings import STATUSES
from okrsync_notion.table_layout import Schema

TITLES: Final = {OBJECTIVES: "Objectives", KEY_RESULTS: "Key results", CHECK_INS: "Check-ins"}
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
CONFIDENCE: Final = {"High": "green", "Medium": "yellow", "Low": "red"}


def columns_of(table: str, made: Mapping[str, Schema]) -> dict[str, Any]:
    """The columns of a new table, as Notion takes them; ``made`` are the tables that it is related to."""
    if table == OBJECTIVES:
        return _objectives()
    if table == KEY_RESULTS:
        return _key_results(made[OBJECTIVES])
    return _check_ins(made[KEY_RESULTS])


def _objectives() -> dict[str, Any]:
    return {
        "Name": {"title": {}},
        "ID": TEXT,
        "Owner": {"people": {}},
        "Progress": PERCENT,
        "Status": _options({STATUSES[status]: color for status, color in COLORS.items()}),
        "Summary": TEXT,
        "Last synced": DATE,
        "Note of okrsync": TEXT,
        "okrsync": TEXT,
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
        "Status": _options({STATUSES[status]: color for status, color in COLORS.items()}),
        "Comment": TEXT,
        "Last synced": DATE,
        "Source": TEXT,
        "Note of okrsync": TEXT,
        "okrsync": TEXT,
        "Release to okrsync": {"checkbox": {}},
    }


def _check_ins(key_results: Schema) -> dict[str, Any]:
    return {
        "Name": {"title": {}},
        "Check-in": TEXT,
        "Key result": _relation(key_results, "Check-ins"),
        "Date": DATE,
        "Value": NUMBER,
        "Progress": PERCENT,
        "Status": _options({STATUSES[status]: color for status, color in COLORS.items()}),
        "Confidence": _options(CONFIDENCE),
        "Comment": TEXT,
        "Source": TEXT,
        "okrsync": TEXT,
    }


def _options(colors: Mapping[str, str]) -> dict[str, Any]:
    return {"select": {"options": [{"name": name, "color": color} for name, color in colors.items()]}}


def _relation(target: Schema, back: str) -> dict[str, Any]:
    """A two-way relation. The wish for the far column's name is probably ignored: nothing relies on it."""
    return {
        "relation": {
            "data_source_id": target.id,
            "type": "dual_property",
            "dual_property": {"synced_property_name": back},
        }
    }


def rollup(relation: NotionColumn, column: NotionColumn, key: Literal["id", "name"]) -> dict[str, Any]:
    """The average of ``column`` over the rows that ``relation`` leads to; both by id or both by name."""
    return {
        "rollup": {
            f"relation_property_{key}": getattr(relation, key),
            f"rollup_property_{key}": getattr(column, key),
            "function": "average",
        }
    }


def views(key_results: Schema, check_ins: Schema) -> list[tuple[str, Schema, dict[str, Any]]]:
    """A board by status and a chart of the check-ins: name, table and configuration.

    Unknown: whether every plan of Notion allows charts over the API.
    """
    board = {
        "type": "board",
        "group_by": {
            "type": "select",
            "property_id": key_results.columns["Status"].wire,
            "sort": {"type": "manual"},
        },
    }
    chart = {
        "type": "chart",
        "chart_type": "line",
        "x_axis": {
            "type": "date",
            "property_id": check_ins.columns["Date"].wire,
            "group_by": "week",
            "sort": {"type": "ascending"},
        },
        "y_axis": {"aggregator": "average", "property_id": check_ins.columns["Progress"].wire},
    }
    return [("By status", key_results, board), ("Progress over time", check_ins, chart)]
