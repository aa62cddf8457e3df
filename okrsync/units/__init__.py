"""Convert units, and read and write numbers as people do in their own language.

The rules of a language (separators, ``млн``, ``Std.``, the sign of a currency) come from CLDR by way of Babel. A text
that can be read in two ways, or of which anything is left over, is an error and never a guess.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from okrsync.model import SECONDS_IN, Dimension, Unit
from okrsync.units.format import show
from okrsync.units.language import codes, currency
from okrsync.units.parser import parse_number

__all__ = [
    "UNITS",
    "convertible",
    "looks_like_a_fraction",
    "parse_number",
    "parse_unit",
    "show",
    "span",
    "to_unit",
]

_SPAN: Final = re.compile(r"([0-9]+)\s*([smhdw])")
_SPOKEN_SPAN: Final = re.compile(r"(\d+) ?([smhdw])(?:ec|econd|in|inute|our|ay|eek|r)s?")
_SPAN_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def span(text: str) -> timedelta:
    """``90s``, ``36h``, ``2d`` or ``1h 30m`` as a length of time. Raises ``ValueError`` for anything else."""
    parts = _SPAN.findall(text)
    if not parts or _SPAN.sub("", text).strip():
        spoken = _SPOKEN_SPAN.fullmatch(text.strip().casefold())
        meant = f"{spoken[1]}{spoken[2]}" if spoken is not None else "90s, 30m, 36h, 2d or 1w"
        raise ValueError(f"{text!r} is not a length of time; write {meant}")
    try:
        return timedelta(seconds=sum(int(count) * _SPAN_SECONDS[letter] for count, letter in parts))
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any calendar") from None


UNITS: Final = f"count, percent, index, money:USD (any ISO 4217 code), {', '.join(SECONDS_IN)}"
"""The units one can write, for messages."""


# What people call a unit.
_ALSO_UNITS: Final = {
    **dict.fromkeys(
        ("%", "percentage", "percents", "pct", "prozent", "процент", "проценты", "share"), "percent"
    ),
    **dict.fromkeys(("number", "integer", "int", "pieces", "#", "items", "users", "anzahl", "штук"), "count"),
    **dict.fromkeys(("nps", "score", "points", "rating", "factor", "ratio", "decimal", "float"), "index"),
    **dict.fromkeys(("currency", "revenue"), "money:USD"),
    **dict.fromkeys(("s", "sec", "secs", "second"), "seconds"),
    **dict.fromkeys(("m", "min", "mins", "minute"), "minutes"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "std", "duration", "time"), "hours"),
    **dict.fromkeys(("d", "day", "tage"), "days"),
    **dict.fromkeys(("w", "week", "wochen"), "weeks"),
}


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
    raise ValueError(f"{text!r} is not a unit; {_meant_unit(text)}")


def _meant_unit(text: str) -> str:
    """Which unit a person may have meant, and all that there are."""
    word, _, detail = (part.strip() for part in text.partition(":"))
    if word == "money":
        code = currency(detail)
        meant = f"did you mean money:{code}? " if code else ""
        return f"{meant}write the currency as its ISO 4217 code, as in money:USD"
    meant = _ALSO_UNITS.get(word.casefold(), "")
    if not meant and (code := currency(text)):
        meant = f"money:{code}"
    if not meant:
        near = get_close_matches(word.casefold(), ["count", "percent", "index", *SECONDS_IN], n=1, cutoff=0.7)
        meant = near[0] if near else ""
    return f"did you mean {meant}? There are {UNITS}" if meant else f"write one of {UNITS}"


def to_unit(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """``value`` in another unit: durations convert, count and index are both plain numbers, else ``ValueError``."""
    if source == target or {source.dimension, target.dimension} == {Dimension.COUNT, Dimension.INDEX}:
        return value
    if source.dimension is target.dimension is Dimension.DURATION:
        return value * SECONDS_IN[source.detail] / SECONDS_IN[target.detail]
    raise ValueError(f"a number in {source} cannot be turned into {target}")


def looks_like_a_fraction(percentage: Decimal) -> bool:
    """Whether a percentage may have been meant as the fraction that it looks like: 0.98 is 0.98 %, not 98 %."""
    return 0 < abs(percentage) < 1


def convertible(source: Unit, target: Unit) -> bool:
    """Whether ``to_unit`` has an answer."""
    try:
        to_unit(Decimal(1), source, target)
    except ValueError:
        return False
    return True
