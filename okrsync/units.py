"""Units and numbers as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from okrsync.model import SECONDS_IN, Dimension, Unit

_SPAN = re.compile(r"(\d+)\s*([smhdw])")
_SPAN_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def span(text: str) -> timedelta:
    """``90s``, ``36h``, ``2d`` or ``1h 30m`` as a length of time. Raises ``ValueError`` for anything else."""
    parts = _SPAN.findall(text)
    if not parts or _SPAN.sub("", text).strip():
        raise ValueError(f"{text!r} is not a length of time; write 90s, 30m, 36h, 2d or 1w")
    return timedelta(seconds=sum(int(count) * _SPAN_SECONDS[letter] for count, letter in parts))


_UNITS: Final = f"count, percent, index, money:USD (any ISO 4217 code), {', '.join(SECONDS_IN)}"


def parse_unit(text: str) -> Unit:
    """``count``, ``percent``, ``index``, ``money:USD`` or a unit of time such as ``hours``. Else ``ValueError``."""
    word, _, code = text.strip().partition(":")
    word = word.strip()
    if word in SECONDS_IN and not code:
        return Unit(dimension=Dimension.DURATION, detail=word)
    if word == "money" and re.fullmatch(r"[A-Z]{3}", code.strip()):
        return Unit(dimension=Dimension.MONEY, detail=code.strip())
    if word in {"count", "percent", "index"} and not code:
        return Unit(dimension=Dimension(word))
    raise ValueError(f"{text!r} is not a unit; write one of {_UNITS}")


def parse_number(text: str, unit: Unit, locale: str) -> Decimal:
    """A number as a person in ``locale`` writes it, in ``unit``."""
    from babel.numbers import NumberFormatError, parse_decimal

    try:
        return parse_decimal(text.strip(), locale=locale, strict=True)
    except (NumberFormatError, InvalidOperation) as error:
        raise ValueError(f"{text!r} is not a number in {unit} ({locale})") from error


def show(value: Decimal, unit: Unit, locale: str, *, digits: int | None = None) -> str:
    """``value`` for people, in the manner of ``locale``."""
    from babel.numbers import format_decimal

    number = format_decimal(round(value, 2 if digits is None else digits), locale=locale)
    return f"{number} {unit}"


def to_unit(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """``value`` in another unit: durations convert, count and index are both plain numbers, else ``ValueError``."""
    if source == target or {source.dimension, target.dimension} <= {Dimension.COUNT, Dimension.INDEX}:
        return value
    if source.dimension is target.dimension is Dimension.DURATION:
        return value * SECONDS_IN[source.detail] / SECONDS_IN[target.detail]
    raise ValueError(f"a number in {source} cannot be turned into {target}")
