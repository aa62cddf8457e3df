"""Units, and numbers as people write and read them in their own language.

The rules of a language (separators, ``млн``, ``Std.``, the sign of a currency) come from CLDR by way of Babel. A text
that can be read in two ways, or of which anything is left over, is an error and never a guess.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

from okrsync.model import SECONDS_IN, Dimension, Unit
from okrsync.units.format import show
from okrsync.units.language import codes
from okrsync.units.parser import parse_number

__all__ = ["UNITS", "convertible", "parse_number", "parse_unit", "show", "span", "to_unit"]

_SPAN: Final = re.compile(r"([0-9]+)\s*([smhdw])")
_SPAN_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def span(text: str) -> timedelta:
    """``90s``, ``36h``, ``2d`` or ``1h 30m`` as a length of time. Raises ``ValueError`` for anything else."""
    parts = _SPAN.findall(text)
    if not parts or _SPAN.sub("", text).strip():
        raise ValueError(f"{text!r} is not a length of time; write 90s, 30m, 36h, 2d or 1w")
    try:
        return timedelta(seconds=sum(int(count) * _SPAN_SECONDS[letter] for count, letter in parts))
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any calendar") from None


UNITS: Final = f"count, percent, index, money:USD (any ISO 4217 code), {', '.join(SECONDS_IN)}"
"""The units one can write, for messages."""


def parse_unit(text: str) -> Unit:
    """``count``, ``percent``, ``index``, ``money:USD`` or a unit of time such as ``hours``. Else ``ValueError``.

    ``str`` of a unit reads back as the same unit.
    """
    word, _, detail = (part.strip() for part in text.partition(":"))
    if word in SECONDS_IN and not detail:
        word, detail = "duration", word
    plain = word in {"count", "percent", "index"} and not detail
    if plain or (word == "duration" and detail in SECONDS_IN) or (word == "money" and detail in codes()):
        return Unit(dimension=Dimension(word), detail=detail)
    if word == "money":
        raise ValueError(f"{text!r} is not a unit; write the currency as its ISO 4217 code, as in money:USD")
    raise ValueError(f"{text!r} is not a unit; write one of {UNITS}")


def to_unit(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """``value`` in another unit: durations convert, count and index are both plain numbers, else ``ValueError``."""
    if source == target or {source.dimension, target.dimension} == {Dimension.COUNT, Dimension.INDEX}:
        return value
    if source.dimension is target.dimension is Dimension.DURATION:
        return value * SECONDS_IN[source.detail] / SECONDS_IN[target.detail]
    raise ValueError(f"a number in {source} cannot be turned into {target}")


def convertible(source: Unit, target: Unit) -> bool:
    """Whether ``to_unit`` has an answer."""
    try:
        to_unit(Decimal(1), source, target)
    except ValueError:
        return False
    return True
