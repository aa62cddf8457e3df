"""Translate cells between Notion and okrsync: as sent, as wanted, as compared. Pure.

A canonical value is what reading back gives: numbers are Decimals without trailing zeros, as the double that Notion
keeps; instants are ``2026-11-23T06:00Z``, because Notion drops the seconds; texts are NFC; an empty cell is None.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from okrsync.errors import DataError
from okrsync.model import Stored
from okrsync.spelling import as_seen

WRITABLE: Final = ("number", "status", "select", "rich_text", "date", "checkbox")
KIND: Final = {
    "rich_text": "text",
    "unique_id": "ID",
    "phone_number": "phone",
    "multi_select": "multi-select",
    "people": "person",
    "last_edited_time": "last edited time",
    "last_edited_by": "last edited by",
    "created_time": "created time",
    "created_by": "created by",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotionColumn:
    """One column of a data source.

    ``wire`` is its id as Notion's answers and bodies spell it, percent-encoded; ``id`` the same decoded. ``options``
    (name -> id) belong to a select or status column. ``initial`` is what Notion itself puts into a new row. ``target`` is
    the data source that a relation leads to, ``far`` the id of the column there that leads back. ``steady`` (id -> name) are the names under which okrsync came to know the
    options: a value is an option by its id, so that one renamed in Notion is not taken for a person's choice.
    ``declared``: the YAML says which option is ``initial``, so nothing needs to be asked.
    """

    id: str
    wire: str
    name: str
    type: str
    format: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    initial: Stored = None
    target: str = ""
    far: str = ""
    steady: Mapping[str, str] = field(default_factory=dict)
    declared: bool = False

    def steady_name(self, identity: str, name: str) -> str:
        """How okrsync calls the option with this id, which is called ``name`` now."""
        return self.steady.get(identity, name)

    @property
    def percent(self) -> bool:
        """Whether a percentage is kept as its fraction: 0.37 shows as 37 %."""
        return self.type == "number" and self.format == "percent"

    @property
    def kind(self) -> str:
        """What Notion's own pages call this type."""
        return KIND.get(self.type, self.type)

    @property
    def called(self) -> str:
        """What to call the column in a sentence: ``an email column``."""
        article = "an" if self.kind[0] in "aeioAEIO" else "a"
        return f"{article} {self.kind} column"


# ---- From Notion ------------------------------------------------------------------------------------------------


def decode(held: Mapping[str, Any], column: NotionColumn) -> Stored:
    """What ``held``, the column's part of a page, holds. Raises ``DataError`` if it is not of the column's type."""
    if held.get("type") != column.type:
        now = KIND.get(str(held.get("type")), held.get("type"))
        raise DataError(f"the column {column.name!r} was {column.called} and is now a {now} column")
    if column.type not in held:
        raise DataError(f"Notion sent no value for the {column.kind} column {column.name!r}")
    value = held.get(column.type)
    if column.type in {"select", "status"} and isinstance(value, dict) and "id" in value:
        return column.steady_name(str(value["id"]), str(value["name"]))
    if held.get("has_more"):
        raise DataError(
            f"the column {column.name!r} relates to more rows than Notion shows at once: leave in it the one row that it is for"
        )
    try:
        return _DECODERS[column.type](value)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"Notion sent {value!r} for the {column.kind} column {column.name!r}") from error


def number(value: Any) -> Decimal | None:
    """A JSON number as the Decimal that is written like it. Raises ``ValueError`` for anything that is not finite."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(value)
    return plain(Decimal(repr(value)))


def text(items: Iterable[Mapping[str, Any]]) -> str:
    """Rich text as plain text; adjacent runs may come merged, so only the joined text can be compared."""
    return unicodedata.normalize("NFC", "".join(str(item["plain_text"]) for item in items))


def title(items: Any) -> str:
    """A title, which is only shown: empty if it cannot be read."""
    try:
        return text(items or ())
    except (KeyError, TypeError):
        return ""


def key(held: Mapping[str, Any]) -> str:
    """The id a matching column holds, whatever the column's type; empty if it holds none.

    Raises ``DataError`` if that cannot be read: a formula that Notion does not show, or what Notion never sends.
    """
    try:
        return _key(held)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        shown = held.get(str(held.get("type")))
        raise DataError(f"Notion sent {shown!r} for a column that holds ids") from error


def _key(held: Mapping[str, Any]) -> str:
    kind = str(held.get("type"))
    value = held.get(kind)
    if value is None:
        return ""
    if kind in {"title", "rich_text"}:
        return as_seen(text(value))
    if kind in {"select", "status"}:
        return as_seen(str(value["name"]))
    if kind == "unique_id":
        bare = str(value["number"]) if value.get("number") is not None else ""
        return f"{value['prefix']}-{bare}" if value.get("prefix") and bare else bare
    if kind == "formula":
        if value.get("type") == "unsupported":
            raise DataError("Notion does not show what the formula with the ids comes to")
        return _key(value) if value.get("type") in {"string", "number"} else ""
    if kind == "number":
        return format(number(value) or Decimal(0), "f")
    return as_seen(value) if isinstance(value, str) else ""


MATCHING: Final = (
    "title",
    "rich_text",
    "select",
    "status",
    "unique_id",
    "formula",
    "number",
    "url",
    "email",
    "phone_number",
)


def _option(value: Any) -> str | None:
    return None if value is None else str(value["name"])


def _checkbox(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _date(value: Any) -> str | None:
    if value is None:
        return None
    ends = [value["start"], *([value["end"]] if value.get("end") else [])]
    return "/".join(_moment(end, value.get("time_zone")) for end in ends)


def _moment(spelled: str, zone: str | None) -> str:
    if len(spelled) == len("2026-11-23"):
        return date.fromisoformat(spelled).isoformat()
    moment = datetime.fromisoformat(spelled)
    if moment.tzinfo is None:
        try:
            moment = moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        except ZoneInfoNotFoundError as error:
            raise ValueError(zone) from error
    return minute(moment)


def _related(items: Iterable[Mapping[str, Any]]) -> str | None:
    """The ids of the related rows in a steady order: to Notion a relation is a set."""
    return " ".join(sorted(str(item["id"]) for item in items)) or None


_DECODERS: Final[Mapping[str, Callable[[Any], Stored]]] = {
    "number": number,
    "rich_text": lambda items: text(items) or None,
    "select": _option,
    "status": _option,
    "checkbox": _checkbox,
    "date": _date,
    "relation": _related,
}


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros, exponent or negative zero."""
    if value == 0:
        return Decimal(0)
    spelled = format(value, "f")
    return Decimal(spelled.rstrip("0").rstrip(".") if "." in spelled else spelled)


def minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


# ---- To Notion --------------------------------------------------------------------------------------------------


def encode(column: NotionColumn, value: Stored) -> dict[str, Any]:
    """The body that puts the canonical ``value`` into ``column``.

    Options go by id: by name, Notion would create a select option that somebody has deleted meanwhile.
    """
    kind = column.type
    if kind == "number" and isinstance(value, Decimal):
        whole = value == value.to_integral_value() and abs(value) < 2**53
        return {kind: int(value) if whole else float(value)}
    if kind == "rich_text" and (value is None or isinstance(value, str)):
        return {kind: [{"type": "text", "text": {"content": value}}] if value else []}
    if kind in {"select", "status"} and isinstance(value, str):
        ids = [one for name, one in column.options.items() if column.steady_name(one, name) == value]
        if ids:
            return {kind: {"id": ids[0]}}
    if kind == "relation" and isinstance(value, str):
        return {kind: [{"id": identity} for identity in value.split()]}
    if kind == "date" and isinstance(value, str):
        return {kind: {"start": value.replace("Z", ":00Z")}}
    if kind == "checkbox" and isinstance(value, bool):
        return {kind: value}
    if value is None and kind != "checkbox":
        return {kind: None}
    raise DataError(f"the {column.kind} column {column.name!r} cannot hold {value!r}")
