"""How values are written as texts, so that what comes back is what went in: exact Decimals, distinct types, instants.

A cell's value is JSON in which only a Decimal needs a tag: ``{"decimal": "1.50"}``, ``"1"``, ``true``, ``null``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

from okrsync.errors import DataError
from okrsync.model import Dimension, Evidence, Reading, Stored, Unit, Window


def packed(value: Stored) -> str:
    """``value`` as text. A float or an int is a bug of the caller: ``TypeError``."""
    if isinstance(value, Decimal):
        return _json({"decimal": _exact(value)})
    if value is None or isinstance(value, (bool, str)):
        return _json(value)
    raise TypeError(f"{value!r} is a {type(value).__name__}; a cell holds a Decimal, a text, a bool or None")


def unpacked(text: str) -> Stored:
    held = json.loads(text)
    return Decimal(held["decimal"]) if isinstance(held, dict) else held


def packed_reading(reading: Reading) -> str:
    return _json(_tree(reading))


def unpacked_reading(text: str) -> Reading:
    return _reading(json.loads(text))


def packed_data(data: Mapping[str, Any]) -> str:
    """Plain JSON data as text; anything else in it is a bug of the caller: ``TypeError`` or ``ValueError``."""
    return _json(dict(data))


def unpacked_data(text: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(text)
    return data


def identity(reading: Reading) -> str:
    """The same for two readings that say the same: metric, instant, method, window and quantity are equal."""
    said = [
        reading.metric,
        _utc(reading.as_of),
        reading.method,
        reading.window and _span(reading.window),
        _plain(reading.value),
        str(reading.unit),
    ]
    return hashlib.sha256(_json(said).encode("ascii")).hexdigest()


def _json(value: Any) -> str:
    # ASCII: a NUL or half a surrogate pair in a person's text must not fail in PostgreSQL.
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _exact(value: Decimal) -> str:
    if not value.is_finite():
        raise DataError(f"{value} is not a number, and the ledger keeps only numbers")
    return str(value)


def _plain(value: Decimal) -> str:
    """Equal for equal numbers, whatever their trailing zeros."""
    if not value:
        return "0"
    exact = Context(prec=len(value.as_tuple().digits), Emax=MAX_EMAX, Emin=MIN_EMIN)
    return str(value.normalize(exact))


def _utc(instant: datetime) -> str:
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone")
    return instant.astimezone(UTC).isoformat()


def _span(window: Window) -> dict[str, str]:
    return {"start": _utc(window.start), "end": _utc(window.end), "label": window.label}


def _tree(reading: Reading) -> dict[str, Any]:
    evidence = reading.evidence
    return {
        "metric": reading.metric,
        "value": _exact(reading.value),
        "unit": [reading.unit.dimension.value, reading.unit.detail],
        "as_of": _utc(reading.as_of),
        "evidence": {
            "source": evidence.source,
            "query": evidence.query,
            "rows": evidence.rows,
            "facts": evidence.facts,
        },
        "window": reading.window and _span(reading.window),
        "method": reading.method,
        "inputs": [_tree(each) for each in reading.inputs],
    }


def _reading(tree: Mapping[str, Any]) -> Reading:
    dimension, detail = tree["unit"]
    return Reading(
        metric=tree["metric"],
        value=Decimal(tree["value"]),
        unit=Unit(dimension=Dimension(dimension), detail=detail),
        as_of=datetime.fromisoformat(tree["as_of"]),
        evidence=_evidence(tree["evidence"]),
        window=tree["window"] and _window(tree["window"]),
        method=tree["method"],
        inputs=tuple(_reading(each) for each in tree["inputs"]),
    )


def _evidence(tree: Mapping[str, Any]) -> Evidence:
    facts = tuple((name, fact) for name, fact in tree["facts"])
    return Evidence(source=tree["source"], query=tree["query"], rows=tree["rows"], facts=facts)


def _window(tree: Mapping[str, str]) -> Window:
    return Window(
        start=datetime.fromisoformat(tree["start"]),
        end=datetime.fromisoformat(tree["end"]),
        label=tree["label"],
    )
