"""List the names of months and of the halves of a day in many languages, from Babel's tables."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

LANGUAGES: Final = (
    "en", "de", "fr", "es", "it", "pt", "nl", "da", "sv", "nb", "fi", "is", "et", "lv", "lt", "pl", "cs", "sk", "hu", "ro", "bg", "hr",
    "sr", "sr_Latn", "sl", "mk", "bs", "sq", "el", "tr", "az", "ru", "uk", "be", "kk", "ka", "hy", "he", "ar", "fa", "hi", "bn", "th",
    "vi", "id", "ms", "ca", "eu", "gl", "ga", "cy", "mt", "af", "sw", "ko", "ja", "zh", "uz",
)  # fmt: skip
_SHORTEST: Final = 3
# What spreadsheets and CRMs write that the tables do not have.
_MORE: Final[Mapping[str, Mapping[str, int]]] = {
    "de": {"mrz": 3, "jänner": 1, "jän": 1, "feber": 2},
    "en": {"sept": 9},
    "fr": {"fev": 2, "aout": 8, "dec": 12, "fevr": 2},
    "es": {"set": 9, "sept": 9},
}


def bare(name: str) -> str:
    """A name as it is compared: one Unicode form, no case, no dots and no spaces."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().replace(".", "").split())


@cache
def months(language: str) -> Mapping[str, int]:
    """Every way to write a month in a language; beginnings of names count, from three letters on, if only one month has it."""
    from babel import Locale

    names: dict[str, int] = {}
    beginnings: dict[str, set[int]] = {}
    for kinds in Locale.parse(language).months.values():
        for width, table in kinds.items():
            for number, name in table.items() if width != "narrow" else ():
                short = bare(name)
                if short and not short.isdigit():
                    names[short] = number
                    for size in range(_SHORTEST, len(short)):
                        beginnings.setdefault(short[:size], set()).add(number)
    single = {begin: next(iter(found)) for begin, found in beginnings.items() if len(found) == 1}
    return {**single, **names, **_MORE.get(language, {})}


@cache
def day_halves() -> Mapping[str, bool]:
    """Whether a word means the second half of the day. Words that mean both in different languages are left out."""
    from babel import Locale

    found: dict[str, set[bool]] = {"a": {False}, "p": {True}}
    for language in LANGUAGES:
        for kinds in Locale.parse(language).day_periods.values():
            for table in kinds.values():
                for half in ("am", "pm"):
                    if half in table:
                        found.setdefault(bare(str(table[half])), set()).add(half == "pm")
    return {word: next(iter(halves)) for word, halves in found.items() if len(halves) == 1}


def languages_of(names: Iterable[str], language: str | None) -> list[str]:
    """The languages in which every one of the (bare) names is a month."""
    wanted = set(names)
    return [one for one in ((language,) if language else LANGUAGES) if wanted <= months(one).keys()]


def month_numbers(names: Iterable[str], language: str | None) -> Mapping[str, int] | None:
    """The month of each (bare) name, by a language that knows them all; None if none does, or two do not agree."""
    wanted = set(names)
    readings = {tuple(months(one)[name] for name in sorted(wanted)) for one in languages_of(wanted, language)}
    if len(readings) != 1:
        return None
    return dict(zip(sorted(wanted), readings.pop(), strict=True))
