"""Say how a wanted value will read back from a column of Notion, or why it cannot be held. Pure."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from math import isfinite
from typing import Final

from okrsync.errors import DataError
from okrsync.model import Dimension, Quantity, Stored, Wanted
from okrsync.spelling import as_seen, did_you_mean
from okrsync_notion.number_formats import CURRENCIES
from okrsync_notion.property_values import NotionColumn, minute, plain

TEXT_LIMIT: Final = 2000


def canonical(column: NotionColumn, value: Wanted, *, decimals: int, place: str) -> Stored:
    """How ``value`` will read back from ``column``.

    ``place`` is where in the YAML an option's name comes from. Raises ``DataError`` if the column cannot hold it.
    """
    if value is None:
        if column.type == "checkbox":
            raise DataError(f"the checkbox column {column.name!r} cannot be empty")
        return None
    if isinstance(value, Quantity) and column.type == "number":
        return _canonical_number(column, value, decimals)
    if isinstance(value, bool) and column.type == "checkbox":
        return value
    if isinstance(value, datetime) and column.type == "date":
        if value.tzinfo is None:
            raise DataError(f"the time {value} for the column {column.name!r} has no time zone")
        return minute(value)
    if isinstance(value, date) and column.type == "date":
        return value.isoformat()
    if isinstance(value, str) and column.type == "rich_text":
        return _fitting(value)
    if isinstance(value, str) and column.type in {"select", "status"}:
        return _known_option(column, value, place)
    if isinstance(value, str) and column.type == "relation":
        return value
    needed = _columns_for(value)
    raise DataError(
        f"the column {column.name!r} is a {column.kind} column and cannot hold {_shown(value)}",
        hint=f"name a {needed} column for it in `cells`",
    )


def _canonical_number(column: NotionColumn, wanted: Quantity, decimals: int) -> Decimal:
    value, places = wanted.value, decimals
    if column.percent and wanted.unit.dimension is not Dimension.PERCENT:
        raise DataError(
            f"the column {column.name!r} is shown as percent, and {_written(value)} is no percentage ({wanted.unit})",
            hint="show the column as a plain number in Notion, or write `unit: percent` at the metric",
        )
    shown_as = CURRENCIES.get(column.format)
    if shown_as and wanted.unit.dimension is Dimension.MONEY and wanted.unit.detail not in shown_as:
        raise DataError(
            f"the column {column.name!r} shows every number as {column.format.replace('_', ' ')}, "
            f"and {_written(value)} is in {wanted.unit.detail}",
            hint="choose the format Number for the column in Notion, or write the right `unit:` at the metric",
        )
    if not value.is_finite():
        raise DataError(f"{value} is not a number that the column {column.name!r} can hold")
    try:
        with localcontext(prec=400):
            if column.percent:
                places += 2
                value = value.scaleb(-2)
            rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
            kept = float(rounded)
    except (InvalidOperation, OverflowError) as error:
        raise DataError(f"{value:.3E} is too large for the column {column.name!r}") from error
    if not isfinite(kept):
        raise DataError(f"{value:.3E} is too large for the column {column.name!r}")
    return plain(Decimal(repr(kept)))


def _fitting(value: str) -> str | None:
    spelled = unicodedata.normalize("NFC", value.replace("\r\n", "\n"))
    # Unknown: whether Notion counts characters or UTF-16 units as JavaScript does. The stricter count fits both.
    if _units(spelled) > TEXT_LIMIT:
        spelled = spelled[: TEXT_LIMIT - 1]
        while _units(spelled) > TEXT_LIMIT - 1:
            spelled = spelled[:-1]
        spelled += "…"
    return spelled or None


def _units(spelled: str) -> int:
    return len(spelled.encode("utf-16-le", "surrogatepass")) // 2


def _known_option(column: NotionColumn, value: str, place: str) -> str:
    wanted = as_seen(value).casefold()
    alike = [name for name in column.options if as_seen(name).casefold() == wanted]
    same = [name for name in alike if as_seen(name) == as_seen(value)]
    alike = same if len(same) == 1 else alike
    name = value if value in column.options else alike[0] if len(alike) == 1 else None
    if name is not None:
        return column.steady_name(column.options[name], name)
    if value in column.steady.values():
        return value
    meant = did_you_mean(value, column.options)
    raise DataError(
        f"the {column.kind} column {column.name!r} has no option {value!r}",
        hint=f"add the option in Notion, or write the name it has there under `{place}`: {meant}",
    )


def _columns_for(value: Wanted) -> str:
    if isinstance(value, Quantity):
        return "number"
    if isinstance(value, bool):
        return "checkbox"
    if isinstance(value, date):
        return "date"
    return "text, select or status"


def _written(value: Decimal) -> str:
    """A number in a sentence: to six significant digits or, if it is larger, whole."""
    if not value.is_finite():
        return str(value)
    with localcontext(prec=max(28, value.adjusted() + 10)):
        return format(plain(round(value, max(0, 5 - value.adjusted()))), "f")


def _shown(value: Wanted) -> str:
    if isinstance(value, Quantity):
        return f"the number {_written(value.value)}"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, date):
        return f"the date {value.isoformat()}"
    return f"the text {value!r}"
