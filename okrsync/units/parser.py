"""Read numbers as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from okrsync.model import SECONDS_IN, Dimension, Unit
from okrsync.units.language import cldr, compact, currencies, folded, times

_SPACES: Final = re.compile(r"\s+")
_SAME: Final = str.maketrans({"\u2212": "-", "\u2019": "'", "\u200e": "", "\u200f": "", "\u061c": ""})
_AMOUNT: Final = re.compile(r"(?P<before>[^0-9]*)(?P<core>[0-9](?:.*[0-9])?)(?P<after>[^0-9]*)")
_TIMES: Final = re.compile(r"(?P<before>[^0-9]*)(?P<core>[0-9](?:[^)]*[^),])?)(?P<after>\)?)")
_TIME: Final = re.compile(r"(?P<core>[0-9](?:[0-9.,' ]*[0-9])?) ?(?P<word>[^0-9\s.,]*)\.?,? ?")


def parse_number(text: str, unit: Unit, locale: str) -> Decimal:
    """A number in ``unit`` as a person writes it in ``locale``, such as ``3,5 млн $``, ``37 %`` or ``2 мин 37 с``.

    A percentage is its percent figure, a length of time comes in the unit's own detail, whatever it was written in.
    Thousands may be set apart by spaces or apostrophes in every language. Raises ``ValueError`` with a sentence for a
    sign that contradicts the unit, and for anything that is ambiguous, malformed or left over.
    """
    clean = _SPACES.sub(" ", text.translate(_SAME)).strip()
    if not clean:
        raise ValueError("there is no number: the text is empty")
    try:
        return (
            _length(clean, unit.detail, locale)
            if unit.dimension is Dimension.DURATION
            else _amount(clean, unit, locale)
        )
    except _Unreadable as error:
        raise ValueError(f"{text!r} is not a number in {unit} as {locale} writes it: {error}") from None


class _Unreadable(Exception):
    """Why a text is no number, to be put behind the text itself."""


def _amount(clean: str, unit: Unit, locale: str) -> Decimal:
    found = _AMOUNT.fullmatch(clean)
    if found is None:
        raise _Unreadable("it holds no digits")
    if found["before"].endswith("."):
        raise _Unreadable(
            f"is {found['before']!r} part of the number? Write the digit before the decimals, as in 0.5"
        )
    sign, before, after = _sign(found["before"], found["after"])
    leading, trailing = _affix(before, locale), _affix(after, locale)
    for affix, text in ((leading, before), (trailing, after)):
        if affix is None:
            raise _Unreadable(_stranger(clean, text, locale))
    assert leading is not None
    assert trailing is not None
    if leading[0] != 1:
        raise _Unreadable(f"{before!r} belongs behind the number")
    kinds = [kind for _, kind in (leading, trailing) if kind]
    for kind in kinds:
        _agree(kind, unit)
    if kinds == ["%", "%"]:
        raise _Unreadable("it has two percent signs")
    return sign * trailing[0] * _plain(found["core"], locale)


def _agree(kind: str, unit: Unit) -> None:
    if kind == "%":
        if unit.dimension is not Dimension.PERCENT:
            raise _Unreadable(
                "it is a percentage; take the % sign away, or write `unit: percent` at its metric"
            )
    elif unit != Unit(dimension=Dimension.MONEY, detail=kind):
        raise _Unreadable(
            f"it is an amount of {kind}; write `unit: money:{kind}` at its metric, or no currency"
        )


def _sign(before: str, after: str) -> tuple[int, str, str]:
    """The sign, by a minus before the number or by the parentheses of accountants, and the text without it."""
    negative = "-" in before
    before = before.replace("-" if negative else "+", "", 1)
    if "(" in before and ")" in after:
        if negative:
            raise _Unreadable("it has both a minus and parentheses")
        negative, before, after = True, before.replace("(", "", 1), after.replace(")", "", 1)
    return -1 if negative else 1, before.strip(), after.strip()


def _affix(text: str, locale: str) -> tuple[Decimal, str] | None:
    """``млн $`` as its factor and ISO code (or ``%``, or nothing); None for what is neither, or is so in two ways."""
    readings = {(Decimal(1), kind) for kind in _kind(text, locale)}
    for word, factor in compact(locale).items():
        for length in range(len(word), len(text) + 1):
            if folded(text[:length]) == word:
                readings |= {(factor, kind) for kind in _kind(text[length:].removeprefix("."), locale)}
                break
    return readings.pop() if len(readings) == 1 else None


def _kind(text: str, locale: str) -> Iterator[str]:
    text = text.strip()
    if text in {"", "%"}:
        yield text
    elif (name := text.removesuffix(".").casefold()) in (known := currencies(locale)):
        yield known[name]


def _stranger(clean: str, text: str, locale: str) -> str:
    if set(clean) & set("“”„‟«»‘’‚‹›"):
        return 'its quotes are those of a word processor; write the plain ones of the keyboard: "3.5"'
    try:
        _length(clean, "seconds", locale)
    except _Unreadable:
        timed = False
    else:
        timed = any(character.isalpha() for character in clean)
    return "it is a length of time" if timed else f"{text!r} is neither a currency nor a power of ten"


def _plain(core: str, locale: str) -> Decimal:
    """Digits with the separators of ``locale``, well formed; spaces or apostrophes may set thousands apart."""
    from babel.numbers import NumberFormatError, get_decimal_symbol, get_group_symbol, parse_decimal

    language = cldr(locale)
    group, mark = get_group_symbol(language), get_decimal_symbol(language)
    usual = _SPACES.sub(" ", group).translate(_SAME)
    found = set(re.sub("[0-9]", "", core)) - {mark}
    if not found <= {" ", "'", usual} or len(found) > 1:
        raise _Unreadable(f"{core!r} is not one number with {mark!r} before its decimals")
    try:
        return parse_decimal(
            core.replace(found.pop(), group) if found else core, locale=language, strict=True
        )
    except NumberFormatError as error:
        meant = " or ".join(repr(suggestion) for suggestion in error.suggestions or ())
        raise _Unreadable(f"did you mean {meant}?" if meant else f"{core!r} is malformed") from None


def _length(clean: str, detail: str, locale: str) -> Decimal:
    """A length of time, in ``detail``; a number alone is in ``detail`` already."""
    found = _TIMES.fullmatch(clean)
    if found is None:
        raise _Unreadable("it is not a length of time")
    sign, before, after = _sign(found["before"], found["after"])
    parts = list(_TIME.finditer(found["core"]))
    if before or after or "".join(part[0] for part in parts) != found["core"]:
        raise _Unreadable("it is not a length of time")
    if len(parts) == 1 and not parts[0]["word"]:
        return sign * _plain(parts[0]["core"], locale)
    total, last = Decimal(0), None
    for part in parts:
        value, size = _plain(part["core"], locale), times(locale).get(folded(part["word"]))
        if size is None:
            raise _Unreadable(f"{part['word']!r} is not a unit of time")
        if last is not None and (size >= last or total % last):
            raise _Unreadable(
                "its parts must go from the largest to the smallest, and only the last may have decimals"
            )
        total, last = total + value * size, size
    return sign * total / SECONDS_IN[detail]
