"""Look up a language's words for numbers, units and currencies in CLDR; Babel is loaded on first use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final

from okrsync.model import SECONDS_IN

if TYPE_CHECKING:
    from babel import Locale

# What people also write, and CLDR does not have.
_ALSO_TIMES: Final = {
    "ms": "0.001",
    "s": "1",
    "sec": "1",
    "сек": "1",
    "m": "60",
    "min": "60",
    "h": "3600",
    "hr": "3600",
    "hrs": "3600",
    "d": "86400",
    "w": "604800",
}
_ALSO_COMPACT: Final = {"k": Decimal(10**3), "K": Decimal(10**3), "M": Decimal(10**6)}
_ALSO_MONEY: Final = {"руб": "RUB", "р": "RUB", "долл": "USD"}

_COUNTS: Final = (Decimal(0), Decimal(1), Decimal(2), Decimal(5), Decimal("1.5"))
"""Enough numbers to meet every plural form."""


def folded(text: str) -> str:
    """The form in which words are compared. Of single letters case matters: M is not m."""
    text = text.strip(" .\u00a0\u202f")
    return text if len(text) == 1 else text.casefold()


@cache
def cldr(locale: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"{locale!r} is not a locale; write a language and a country, as in en_US") from None


@cache
def codes() -> frozenset[str]:
    from babel.numbers import list_currencies

    return frozenset(list_currencies())


@cache
def compact(locale: str) -> Mapping[str, Decimal]:
    """The words for powers of ten, ``K`` or ``млн``, and the powers."""
    formats = cldr(locale).compact_decimal_formats
    known: dict[str, Decimal] = {}
    for patterns in (plurals for form in ("short", "long") for plurals in formats.get(form, {}).values()):
        for power, pattern in patterns.items():
            word = folded(re.sub("['0]", "", pattern.pattern))
            if word:
                known[word] = Decimal(int(power) // 10 ** (pattern.pattern.count("0") - 1))
    return _ALSO_COMPACT | known


@cache
def times(locale: str) -> Mapping[str, Decimal]:
    """The words for units of time, ``Std`` or ``мин``, in seconds. A word for two of them is left out."""
    from babel.units import format_unit

    sizes = {"duration-millisecond": Decimal("0.001")} | {
        f"duration-{unit[:-1]}": Decimal(s) for unit, s in SECONDS_IN.items()
    }
    meanings: dict[str, set[Decimal]] = {}
    for unit, size in sizes.items():
        for written in (
            format_unit(n, unit, form, locale=cldr(locale))
            for n in _COUNTS
            for form in ("short", "long", "narrow")
        ):
            word = folded(re.sub(r"[0-9]+([.,][0-9]+)?", "", written))
            meanings.setdefault(word, set()).add(size)
    known = {word: next(iter(found)) for word, found in meanings.items() if len(found) == 1}
    return {word: Decimal(size) for word, size in _ALSO_TIMES.items() if word not in meanings} | known


@cache
def currencies(locale: str) -> Mapping[str, str]:
    """Codes, signs and names of currencies (casefolded), and their codes: ``$`` is what it is in ``locale``."""
    from babel.numbers import get_currency_name, get_currency_symbol

    known: dict[str, str] = dict(_ALSO_MONEY)
    for write in (
        lambda code: code,
        lambda code: get_currency_symbol(code, cldr(locale)),
        lambda code: get_currency_symbol(code, "en_US"),
    ):
        for code in sorted(codes()):
            known.setdefault(write(code).replace("\u00a0", " ").strip(" .").casefold(), code)
    for count in (1, 2, 5):
        for code in sorted(codes()):
            known.setdefault(get_currency_name(code, count, cldr(locale)).casefold(), code)
    return known


def currency(text: str) -> str:
    """The code of the currency that a person calls so, in English or by its sign; empty for none."""
    word = text.strip(" .").casefold()
    if text.strip().upper() in codes():
        return text.strip().upper()
    return currencies("en_US").get(word) or (currencies("en_US").get(f"{word}s", "") if word else "")
