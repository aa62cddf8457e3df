"""Say which code page a file is written in, by a byte order mark, by UTF-8 or by words."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One value, what else it could be, and what shows it. ``value`` None: the file does not decide."""

    value: str | None
    alternatives: tuple[str, ...] = ()
    why: str = ""


def encoding_of(data: bytes) -> Guess:
    """The code page of the file's first bytes: a byte order mark or UTF-8 is certain, any other is a likelihood."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return Guess(value=name, why="byte order mark")
    if b"\0" in data:
        little = data[1::2].count(0) >= data[::2].count(0)
        return Guess(value="utf-16-le" if little else "utf-16-be", why="every other byte is 0")
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data)
    except UnicodeDecodeError:
        pass
    else:
        return Guess(value="utf-8", why="plain ASCII" if data.isascii() else "valid UTF-8")
    fitting = [(name, text) for name in _LEGACY if (text := _fits(data, name)) is not None]
    if any(_SCRIPTS[name] == "western" for name, _ in fitting):
        fitting = [(name, text) for name, text in fitting if name != "cp1257"]
    fitting = _likely(fitting)
    if not fitting:
        return Guess(value=None, why="no code page that is known here fits")
    first, text = fitting[0]
    if _SCRIPTS[first] in _ASIAN and len(data) - len(data.decode("ascii", "ignore")) < _ENOUGH:
        others = tuple(
            name for name in _LEGACY if name != first and _SCRIPTS[name] in _ASIAN and _decodes(data, name)
        )
        return Guess(value=None, alternatives=(first, *others[:3]), why="too few characters to be sure")
    others = tuple(name for name, other in fitting[1:] if other != text)
    if others:
        return Guess(value=None, alternatives=(first, *others), why="several code pages fit")
    alternatives = tuple(name for name in _LEGACY if _same_family(first, name))
    return Guess(value=first, alternatives=alternatives, why=_WHY[_SCRIPTS[first]])


_SCRIPTS: Final = {
    "cp1252": "western", "cp1250": "central", "iso-8859-15": "western", "cp1251": "Cyrillic", "koi8-r": "Cyrillic", "cp866": "Cyrillic",
    "cp1253": "Greek", "cp1254": "Turkish", "cp1255": "Hebrew", "cp1256": "Arabic", "cp1257": "central",
    "gb18030": "Chinese", "big5": "Chinese", "shift_jis": "Japanese", "euc_kr": "Korean",
}  # fmt: skip
_LEGACY: Final = tuple(_SCRIPTS)
_WHY: Final = {
    "western": "not UTF-8, and reads as western words", "central": "not UTF-8, and reads as words of central Europe", "Cyrillic": "reads as Cyrillic words",
    "Turkish": "reads as Turkish words", "Greek": "reads as Greek words", "Hebrew": "reads as Hebrew words", "Arabic": "reads as Arabic words", "Chinese": "reads as Chinese",
    "Japanese": "reads as Japanese", "Korean": "reads as Korean",
}  # fmt: skip
_NAMES: Final = {
    "western": ("LATIN",), "central": ("LATIN",), "Turkish": ("LATIN",), "Cyrillic": ("CYRILLIC",), "Greek": ("GREEK",), "Hebrew": ("HEBREW",), "Arabic": ("ARABIC",),
    "Chinese": ("CJK",), "Japanese": ("HIRAGANA", "KATAKANA", "CJK"), "Korean": ("HANGUL", "CJK"),
}  # fmt: skip
_ENOUGH: Final = 1000
"""So many bytes beyond ASCII are needed to be sure of a code page of two bytes a character."""
_ASIAN: Final = {"Chinese", "Japanese", "Korean"}
_COMMON: Final = {
    "Turkish": "çğıöşüâîûé",
    "western": "äöüßàáâãåæçèéêëìíîïñòóôõøœùúûýÿ",
    "central": "ąćęłńóśźżáčďéěíňřšťúůýžäöüőűâăîșțşţđģķļņėįųū",
}
_FAMILIES: Final = (("cp1252", "cp1250", "iso-8859-15"), ("cp1251", "koi8-r", "cp866"))
_FITS: Final = 0.9
_CLEARLY: Final = 0.2


def _likely(fitting: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of several Cyrillic code pages the one whose text has clearly more of the common letters."""
    if not fitting or any(_SCRIPTS[name] != "Cyrillic" for name, _ in fitting):
        return fitting
    shares = []
    for name, text in fitting:
        letters = [sign for sign in text.casefold() if not sign.isascii() and sign.isalpha()]
        shares.append(
            (sum(sign in "оеаинтсрвлкмдпуыя" for sign in letters) / max(1, len(letters)), name, text)
        )
    shares.sort(reverse=True)
    if len(shares) > 1 and shares[0][0] < shares[1][0] + _CLEARLY:
        return fitting
    return [(shares[0][1], shares[0][2])]


def _decodes(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _same_family(first: str, other: str) -> bool:
    return other != first and any(first in family and other in family for family in _FAMILIES)


def _fits(data: bytes, name: str) -> str | None:
    """The text, if nearly all its words beyond ASCII look like words of the code page's script."""
    try:
        text = data.decode(name)
    except UnicodeDecodeError:
        return None
    script = _SCRIPTS[name]
    # Between digits there is a blank that groups them; a letter there is one read by the wrong code page.
    if script not in _ASIAN and any(one.isalpha() for one in re.findall(r"(?<=\d)[^\x00-\x7f](?=\d)", text)):
        return None
    words = [word for word in re.split(r"[\x00-\x2f\x3a-\x40\[-`{-\x7f]+", text) if not word.isascii()]
    good = sum(_is_word(word, script) for word in words)
    return text if words and good >= _FITS * len(words) else None


def _is_word(word: str, script: str) -> bool:
    letters = [sign for sign in word if not sign.isascii()]
    symbols = "€£¥§°·№–—„“”‘’«»…©®\u00a0"
    letters = [sign for sign in letters if sign not in symbols]
    if not letters:
        return True
    if script in _ASIAN:
        # Each of these code pages reads much of the others' texts, and no list of characters tells them apart.
        return all(sign.isalpha() or unicodedata.category(sign)[0] in "PSZ" for sign in letters)
    if not all(
        unicodedata.name(sign, "").startswith(_NAMES[script]) and (sign.isalpha() or script == "Japanese")
        for sign in letters
    ):
        return False
    if script in _COMMON:
        return all(sign.casefold() in _COMMON[script] or sign in "İẞ" for sign in letters) and _well_cased(
            word
        )
    mixed = any(sign.isascii() and sign.isalpha() for sign in word)
    return _well_cased(word) and not (mixed and script in {"Cyrillic", "Greek", "Hebrew", "Arabic"})


def _well_cased(word: str) -> bool:
    """Whether no capital follows a small letter, as it does if a word is read by the wrong code page."""
    return re.search(r"[^\W\d_]", word) is None or not any(
        one.islower() and other.isupper() for one, other in pairwise(word)
    )
