"""Keep time as Notion does: floored to the minute, in page times and in date cells with a time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from okrsync_emulators.notion.refusals import malformed, undefined

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def floored(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def stamp(moment: datetime) -> str:
    """``2026-11-23T06:00:00.000Z``: pages and data sources."""
    return floored(moment.astimezone(UTC)).strftime("%Y-%m-%dT%H:%M:00.000Z")


def exact_stamp(moment: datetime) -> str:
    """``2026-07-04T09:09:45.607+00:00``: databases alone carry milliseconds and an offset."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def parsed(text: str) -> date | datetime:
    """A day, or an aware moment floored to the minute; a moment without an offset is taken as UTC.

    Raises ValueError if the text is neither.
    """
    if _DAY.fullmatch(text):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return floored(moment)


def accept(path: str, payload: Any) -> dict[str, Any]:
    """``{start, end, time_zone}`` as a date cell stores and answers it."""
    if not isinstance(payload, dict):
        raise malformed(path, "an object or `null`", payload)
    for key in payload:
        if key not in {"start", "end", "time_zone"}:
            raise malformed(f"{path}.{key}", "not present", payload[key])
    if "start" not in payload:
        raise undefined(f"{path}.start")
    zone = payload.get("time_zone")
    # Unknown: whether Notion ever answers the zone that was sent; every recorded answer has null and an offset, also
    # those to an offset and a zone together (4 of 4), in which the offset stayed.
    return {
        "start": _accepted(f"{path}.start", payload["start"], zone),
        "end": None if payload.get("end") is None else _accepted(f"{path}.end", payload["end"], zone),
        "time_zone": None,
    }


def _accepted(path: str, text: Any, zone: Any) -> str:
    if not isinstance(text, str):
        raise malformed(path, "a valid ISO 8601 date string", text)
    try:
        value = parsed(text)
        if zone is not None and isinstance(value, datetime):
            naive = datetime.fromisoformat(text)
            known = ZoneInfo(zone)
            value = floored(naive if naive.tzinfo is not None else naive.replace(tzinfo=known))
    except ZoneInfoNotFoundError as error:
        raise malformed(path.rsplit(".", 1)[0] + ".time_zone", "a valid IANA time zone", zone) from error
    except ValueError as error:
        raise malformed(path, "a valid ISO 8601 date string", text) from error
    return spelled(value)


def spelled(value: date | datetime) -> str:
    """The text of a date cell: ``2026-06-27`` or ``2026-06-27T18:01:00.000+01:00``."""
    if isinstance(value, datetime):
        return floored(value).isoformat(timespec="milliseconds")
    return value.isoformat()
