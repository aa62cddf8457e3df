"""``okrsync connectors NAME``: every key and measure of one connector, from its models and its examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from okrsync.ports import Connector


def guide(connector: Connector) -> str:
    """What can be written for this connector. The examples are those that a test asks."""
    return "\n".join(_lines(connector))


def guide_data(connector: Connector) -> dict[str, Any]:
    return {
        "name": connector.name,
        "summary": connector.summary,
        "connection": dict(_keys(connector.settings)),
        "metric": dict(_keys(connector.query)) if connector.query is not None else {},
        "table": dict(_keys(connector.table)) if connector.table is not None else {},
        "examples": [
            {"shows": one.shows, "metric": one.metric, "value": one.value}
            for one in (connector.examples() if connector.examples is not None else ())
        ],
    }


def _lines(connector: Connector) -> Iterator[str]:
    data = guide_data(connector)
    yield f"{connector.name}: {connector.summary}"
    for part, title in (
        ("connection", f"connections:  (type: {connector.name})"),
        ("metric", "metrics:"),
        ("table", "destination:"),
    ):
        if data[part]:
            yield ""
            yield title
            yield from (f"  {key:<18} {said}" for key, said in data[part].items())
    if data["examples"]:
        yield ""
        yield "Examples, and what they give on the data of `okrsync demo --book`:"
    for one in data["examples"]:
        yield ""
        yield f"  # {one['shows']}: {one['value']}"
        yield f"  {one['metric']}"


def _keys(model: type[Any]) -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        said = info.description or ""
        if info.is_required():
            said = f"{said} (required)".strip()
        yield info.alias or name, said
