"""The demo company with a table of check-ins."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from okrsync.config.yamlfile import parse_yaml

DATABASE = "33333333-3333-4333-8333-333333333333"
TABLE = """\
  check_ins:
    database: https://app.notion.com/p/acme/33333333333343338333333333333333
    match: Check-in
    every: week
    cells: {value: Value, progress: Progress, status: Status, date: Date, source: Source, key_result: Key result}
"""


def keep_check_ins(desk: Any) -> None:
    """Give the made-up company a table of check-ins, in Notion and in its YAML."""
    text = (files("okrsync.sandbox") / "demo" / "notion.yaml").read_text(encoding="utf-8")
    seed: Any = parse_yaml(text, name="notion.yaml").data
    desk.notion.load(
        seed
        | {
            "databases": [
                *seed["databases"],
                {
                    "id": DATABASE,
                    "title": "Check-ins",
                    "data_sources": [
                        {
                            "properties": {
                                "Name": "title",
                                "Check-in": "rich_text",
                                "Key result": {"type": "relation", "data_source": "Key results"},
                                "Date": "date",
                                "Value": "number",
                                "Progress": {"type": "number", "format": "percent"},
                                "Status": {
                                    "type": "select",
                                    "options": ["Not started", "On track", "Behind", "At risk", "Achieved"],
                                },
                                "Confidence": {"type": "select", "options": ["High", "Low"]},
                                "Comment": "rich_text",
                                "Source": "rich_text",
                            }
                        }
                    ],
                },
            ]
        }
    )
    desk.edit_yaml("\nmetrics:", f"{TABLE}\nmetrics:")


def rows(desk: Any) -> dict[str, dict[str, str]]:
    (view,) = [one for one in desk.notion.tables() if one.title == "Check-ins"]
    listed = [dict(zip(view.columns, row, strict=True)) for row in view.rows]
    found = {row["Check-in"]: row for row in listed}
    assert len(found) == len(listed), "two rows have one key"
    return found
