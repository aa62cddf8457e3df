"""Add a table to the demo company: to its Notion and to its YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from okrsync.config.yamlfile import parse_yaml


def add_table(
    desk: Any,
    name: str,
    title: str,
    properties: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    yaml: str,
) -> None:
    """``name`` is the key under ``destination``; ``yaml`` its cells, as a flow mapping."""
    text = (files("okrsync.sandbox") / "demo" / "notion.yaml").read_text(encoding="utf-8")
    seed = parse_yaml(text, name="notion.yaml").data
    source = {"properties": dict(properties), "rows": list(rows)}
    identity = "44444444-4444-4444-8444-444444444444"
    database = {"id": identity, "title": title, "data_sources": [source]}
    desk.notion.load(seed | {"databases": [*seed["databases"], database]})
    address = f"https://app.notion.com/p/acme/{identity.replace('-', '')}"
    table = f"  {name}:\n    database: {address}\n    match: ID\n    cells: {yaml}\n"
    desk.edit_yaml("\nmetrics:", f"{table}\nmetrics:")


def add_column(desk: Any, table: str, name: str, kind: Any) -> None:
    """A column more in one of the demo's tables; its rows stay as they are seeded."""
    text = (files("okrsync.sandbox") / "demo" / "notion.yaml").read_text(encoding="utf-8")
    seed = parse_yaml(text, name="notion.yaml").data
    for database in seed["databases"]:
        if database["title"] == table:
            database["data_sources"][0]["properties"][name] = kind
    desk.notion.load(seed)
