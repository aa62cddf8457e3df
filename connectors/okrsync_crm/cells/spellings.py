"""Notice that a column may hold one value in two spellings. Nothing is ever matched by it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_SIGNS: Final = frozenset("+#%&<>=$€£¥")
"""Signs that make another value of a word: C and C++, A and A+."""
_ACCENTS: Final = range(0x0300, 0x0370)
_SELECTORS: Final = range(0xFE00, 0xFE10)
_LOOK_ALIKES: Final = str.maketrans("авекмнорстухіјѕёαβεηικμνορτυχ", "abekmhopctyxijseabehikmvoptyx") | {
    ord(sign): plain
    for sign, plain in {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "a", "œ": "o"}.items()
}
_UMLAUT: Final = re.compile("([aou])e")
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d) +(?=\d)")
_NUMBERED: Final = re.compile(r"\W*\d+\s*[.):\]]\s*(?=[^\d\s])")
_GRADE: Final = re.compile(r"[^\W\d_]-")


def alike(value: str) -> str:
    """What two spellings of one value have in common; two different values may have it in common too."""
    return words_alike(value).replace(" ", "")


@lru_cache(maxsize=200_000)
def words_alike(value: str) -> str:
    """The words of a value as ``alike`` sees them, one blank between two."""
    plain = unicodedata.normalize("NFKD", value.casefold()).translate(_LOOK_ALIKES)
    if _GRADE.fullmatch(plain):
        return plain
    letters = _UMLAUT.sub(r"\1", "".join(map(_kept, plain)))
    # 1-10 is not 110.
    return " ".join(_BETWEEN_DIGITS.sub(".", letters).split())


def _kept(sign: str) -> str:
    if ord(sign) in _ACCENTS or ord(sign) in _SELECTORS or unicodedata.category(sign) == "Cf":
        return ""
    if sign.isalnum() or sign in _SIGNS or unicodedata.category(sign)[0] == "M":
        return sign
    return " "


class Spellings:
    """The values of a column by what their spellings have in common."""

    def __init__(self, values: Iterable[str]) -> None:
        self._by_form: dict[str, list[str]] = {}
        for value in values:
            self._by_form.setdefault(alike(value), []).append(value)
            if (bare := _without_number(value)) is not None:
                self._by_form.setdefault(f" {alike(bare)}", []).append(value)

    def of(self, value: str) -> list[str]:
        """The values that may be ``value`` in another spelling; "6. Won" may be "Won", since numbers put stages in order."""
        found = list(self._by_form.get(alike(value), ()))
        bare = _without_number(value)
        found += self._by_form.get(f" {alike(value)}" if bare is None else alike(bare), ())
        return [one for one in dict.fromkeys(found) if one != value]


def same_but_for_signs(values: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of values that differ in nothing but capitals, blanks, and signs without a shape or of another width."""
    seen: dict[str, str] = {}
    found = []
    for value in values:
        plain = "".join(
            sign for sign in unicodedata.normalize("NFKC", value) if unicodedata.category(sign) != "Cf"
        )
        other = seen.setdefault(" ".join(plain.casefold().split()), value)
        if other != value:
            found.append((other, value))
    return found


def _without_number(value: str) -> str | None:
    number = _NUMBERED.match(value)
    return value[number.end() :] if number else None


def quoted(value: str) -> str:
    """A value as it is written in YAML if a sign of it cannot be seen: a blank that is none, or a letter of another script."""
    hidden = _hidden(value)
    if not hidden:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_escape(sign) if sign in hidden else sign for sign in escaped) + '"'


def explained(value: str) -> str:
    """A value between quotation marks, and the names of its signs that cannot be seen."""
    names = sorted({unicodedata.name(sign, _escape(sign)).lower() for sign in _hidden(value)})
    return f"“{value}” (with {', '.join(names)})" if names else f"“{value}”"


def _escape(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


def _hidden(value: str) -> set[str]:
    """Signs without a shape, and the letters of the script that has fewer letters in a value of two."""
    unseen = {
        sign
        for sign in value
        if unicodedata.category(sign) in {"Cf", "Cc"} or (sign != " " and sign.isspace())
    }
    latin = [sign for sign in value if "a" <= sign.casefold() <= "z"]
    others = [sign for sign in value if _looks_latin(sign)]
    if not latin or not others:
        return unseen
    return unseen | set(others if len(latin) >= len(others) else latin)


def _looks_latin(sign: str) -> bool:
    return ord(sign.casefold()[0]) in _LOOK_ALIKES and not unicodedata.name(sign, "").startswith("LATIN")
