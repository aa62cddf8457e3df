"""Write values and records as text and JSON, and read them back equal: decimals, types, instants.

The ledger keeps a cell's value as JSON in which only a Decimal needs a tag: ``{"decimal": "1.50"}``, ``"1"``, ``true``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

from okrsync.errors import DataError
from okrsync.model import Answer, Decision, Dimension, Evidence, Quantity, Reading, Stored, Unit, Window


def serialize(value: Stored) -> str:
    """``value`` as text. A float or an int is a bug of the caller: ``TypeError``."""
    if isinstance(value, Decimal):
        return _json({"decimal": _exact(value)})
    if value is None or isinstance(value, (bool, str)):
        return _json(value)
    raise TypeError(f"{value!r} is a {type(value).__name__}; a cell holds a Decimal, a text, a bool or None")


def deserialize(text: str) -> Stored:
    held = json.loads(text)
    return Decimal(held["decimal"]) if isinstance(held, dict) else held


def serialize_reading(reading: Reading) -> str:
    return _json(_tree(reading))


def deserialize_reading(text: str) -> Reading:
    return _reading(json.loads(text))


def serialize_data(data: Mapping[str, Any]) -> str:
    """Plain JSON data as text; anything else in it is a bug of the caller: ``TypeError`` or ``ValueError``."""
    return _json(dict(data))


def deserialize_data(text: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(text)
    return data


def identity(reading: Reading) -> str:
    """The same for two readings that say the same: metric, instant, method, window and quantity are equal."""
    said = [
        reading.metric,
        _utc(reading.as_of),
        reading.method,
        reading.window and _span(reading.window),
        _same(reading.value),
        str(reading.unit),
    ]
    return hashlib.sha256(_json(said).encode("ascii")).hexdigest()


def number(value: Decimal) -> str:
    """The number in digits, without an exponent and without trailing zeros."""
    return f"{value.normalize(_exact_context(value)):f}" if value else "0"


def plain(value: object) -> Any:
    """A value as JSON for people and programs: a number or an instant becomes a text, all else stays."""
    if isinstance(value, Decimal):
        return number(value)
    return value.isoformat() if isinstance(value, date) else value


def typed(value: Stored) -> str:
    """The value with its type, for digests: the text "1" is not the number 1."""
    return f"{type(value).__name__} {number(value) if isinstance(value, Decimal) else value}"


def answer_data(answer: Answer) -> dict[str, Any]:
    """A reading with its evidence, or why there is none, as JSON for ``status`` and ``explain``."""
    if not isinstance(answer, Reading):
        return {
            "missing": answer.reason,
            "cause": str(answer.cause),
            "hint": answer.hint,
            "metric": answer.metric,
        }
    window = answer.window
    return {
        "metric": answer.metric,
        "value": number(answer.value),
        "unit": str(answer.unit),
        "as_of": answer.as_of.isoformat(),
        "method": answer.method,
        "source": answer.evidence.source,
        "query": answer.evidence.query,
        "rows": answer.evidence.rows,
        "facts": dict(answer.evidence.facts),
        "window": [window.start.isoformat(), window.end.isoformat(), window.label]
        if window is not None
        else None,
        "inputs": [answer_data(one) for one in answer.inputs],
    }


def decision_data(one: Decision) -> dict[str, Any]:
    """A decision as JSON for ``status`` and ``explain``."""
    return {
        "verdict": str(one.verdict),
        "reason": one.reason,
        "hint": one.hint,
        "hold": str(one.hold) if one.hold is not None else None,
        "last": plain(one.last),
        "now": plain(one.now),
        "wanted": plain(one.wanted),
        "shown": plain(one.shown.value if isinstance(one.shown, Quantity) else one.shown),
        "fraction": one.fraction,
    }


def _json(value: Any) -> str:
    # ASCII: a NUL or half a surrogate pair in a person's text must not fail in PostgreSQL.
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _exact(value: Decimal) -> str:
    if not value.is_finite():
        raise DataError(f"{value} is not a number, and the ledger keeps only numbers")
    return str(value)


def _same(value: Decimal) -> str:
    """Equal for equal numbers, whatever their trailing zeros."""
    return str(value.normalize(_exact_context(value))) if value else "0"


def _exact_context(value: Decimal) -> Context:
    """One in which no digit of ``value`` is lost."""
    return Context(prec=len(value.as_tuple().digits), Emax=MAX_EMAX, Emin=MIN_EMIN)


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
