"""Write the JSON Schema of a company's YAML, for editors, with every connector's keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from okrsync.cells import CHECK_INS, KEY_RESULTS, TABLE_NAMES, cells_of
from okrsync.config.models import CompanyModel, MetricModel
from okrsync.ports import Connector


def json_schema(connectors: Mapping[str, Connector]) -> dict[str, Any]:
    """A schema (draft 2020-12) that offers, at every place, what okrsync accepts there."""
    schema = CompanyModel.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema.setdefault("$defs", {})

    def added(model: type[Any]) -> dict[str, Any]:
        own: dict[str, Any] = model.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
        definitions.update(own.pop("$defs", {}))
        return own

    connections = []
    for name, connector in sorted(connectors.items()):
        one = added(connector.settings)
        one["properties"] = {"type": {"const": name, "description": connector.summary}, **one["properties"]}
        one["required"] = ["type", *one.get("required", ())]
        connections.append(one)
    common = added(MetricModel)
    metrics = [common]
    for connector in connectors.values():
        if connector.query is not None:
            one = added(connector.query)
            one["properties"] = {**common["properties"], **one["properties"]}
            one["required"] = ["from", *one.get("required", ())]
            metrics.append(one)
    tables = [added(connector.table) for connector in connectors.values() if connector.table is not None]

    def offered(table: str, more: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The tables' schemas with the cells that ``table`` may have."""
        over = {
            "enum": ["capped", "shown"],
            "default": "capped",
            "description": "how a progress above 100 % is written",
        }
        own = {"over_100": over, **(more or {})}
        names = {one.name: {"type": "string", "description": one.about} for one in cells_of(table)}
        cells = {"type": "object", "properties": names, "additionalProperties": False}
        return [
            {
                **one,
                "properties": {
                    **one["properties"],
                    **own,
                    "cells": {**one["properties"]["cells"], **cells},
                },
            }
            for one in tables
        ]

    properties = schema["properties"]
    properties["connections"]["additionalProperties"] = {"anyOf": connections}
    properties["metrics"]["additionalProperties"] = {"anyOf": metrics}
    # A new company's `metrics:` has nothing below it but comments.
    properties["metrics"]["type"] = ["object", "null"]
    destination = definitions["DestinationModel"]["properties"]
    nothing = {"type": "null"}
    every = {
        "enum": ["day", "week", "month"],
        "default": "week",
        "description": "one check-in for each of these",
    }
    for name in TABLE_NAMES:
        choices = offered(name, {"every": every} if name == CHECK_INS else None)
        about = {"description": destination[name]["description"]}
        destination[name] = {**about, "anyOf": choices if name == KEY_RESULTS else [*choices, nothing]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "okrsync: one company",
        **schema,
    }
