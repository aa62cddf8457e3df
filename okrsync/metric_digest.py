"""Tell whether a metric still means what it meant: a digest of its query, unit and source."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from pydantic import BaseModel

from okrsync.config import Company
from okrsync.expressions import names
from okrsync.settings import Secret

LENGTH: Final = 12
MEASURED_WITH: Final = "metric digest"
"""The fact of a reading that says what its metric meant when it was read."""


def metric_digest(company: Company, name: str) -> str:
    """12 hex digits that change with what the metric ``name`` measures, and not with what it is called.

    Of a connection only the texts count (an address, a file's path, a spreadsheet): numbers, lengths of time and
    secrets say how it is read, not what.
    """
    if name not in company.digests:
        said = json.dumps(_meaning(company, name), sort_keys=True, default=str)
        company.digests[name] = hashlib.sha256(said.encode()).hexdigest()[:LENGTH]
    return company.digests[name]


def _meaning(company: Company, name: str) -> dict[str, Any]:
    metric = company.metrics[name]
    meaning: dict[str, Any] = {"unit": str(metric.unit)}
    if metric.expr:
        parts = {part: _meaning(company, part) for part in sorted(names(metric.expr))}
        return meaning | {"expr": metric.expr, "parts": parts}
    connection = company.connections[metric.connection]
    return meaning | {
        "connector": connection.connector.name,
        "connection": _texts(connection.settings),
        # A key that a later version adds has its default here, and changes no digest.
        "query": metric.query.model_dump(mode="json", exclude_defaults=True),
        "window": metric.window,
        "per": metric.per,
    }


def _texts(settings: BaseModel) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel) and not isinstance(value, Secret):
            found[name] = _texts(value)
        elif isinstance(value, str | list | tuple | dict):
            found[name] = value
    return found
