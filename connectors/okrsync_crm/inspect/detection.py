"""Guess how an exported file is written, for ``okrsync inspect``; a sync never guesses. Pure.

Each guess says what else it could be; where the file does not decide, nothing is chosen.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_DELIMITERS: Final = (",", ";", "\t", "|")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CYRILLIC: Final = re.compile("[а-яё]{2,}", re.IGNORECASE)
_GAPS: Final = " \u00a0\u202f\u2009"
_MONEY: Final = r"(?:[$€£¥₽₴₸₹₺₩₪₫₱%]|[A-Z]{3}|kr|zł)?"
_AMOUNT: Final = re.compile(
    rf"[-+(\u2212]?{_MONEY}[{_GAPS}]?[-\u2212]?(\d[\d.,'’{_GAPS}]*\d|\d)[{_GAPS}]?{_MONEY}\)?"
)
_DATE: Final = re.compile(
    r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:([ T,]+)(\d{1,2}):(\d{2})(:\d{2})?(?: ?([AaPp][Mm]))?)?"
)
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One value, what else it could be, and by what it was told. ``value`` None: the file does not decide."""

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
    if _looks_russian(data):
        return Guess(value="cp1251", alternatives=("koi8-r", "cp866"), why="reads as Cyrillic words")
    return Guess(
        value="cp1252", alternatives=("cp1250", "iso-8859-15"), why="not UTF-8, and no Cyrillic words"
    )


def _looks_russian(data: bytes) -> bool:
    """Cyrillic letters stand together in words; western accents, read as Cyrillic, stand among Latin letters."""
    text = data.decode("cp1251", "replace")
    joined = len(re.findall(r"[a-z][а-яё]|[а-яё][a-z]", text, re.IGNORECASE))
    return len(_CYRILLIC.findall(text)) > joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the records are parted: the delimiter, the lines above the header, and the records seen."""

    delimiter: str
    skip_rows: int
    rows: tuple[tuple[str, ...], ...]


def shape_of(text: str) -> Shape | None:
    """The delimiter under which most records are equally wide; None where there is none."""
    lines = text.split("\n")
    declared = re.fullmatch(r'"?sep=(.)"?\s*', lines[0], re.IGNORECASE)
    body = "\n".join(lines[1:]) if declared else text
    best: tuple[float, Shape] | None = None
    for delimiter in (declared[1],) if declared else _DELIMITERS:
        rows = _records(body, delimiter)
        filled = [row for row in rows if any(cell.strip() for cell in row)]
        widths = Counter(len(row) for row in filled)
        wide = {width: count for width, count in widths.items() if width > 1}
        if not wide:
            continue
        width = max(wide, key=lambda one: (wide[one], one))
        fit = wide[width] / len(filled) * (1 + min(width, 20) / 100)
        first = next(index for index, row in enumerate(rows) if len(row) == width)
        shape = Shape(delimiter=delimiter, skip_rows=first, rows=tuple(tuple(row) for row in rows[first:]))
        if best is None or fit > best[0]:
            best = (fit, shape)
    return best[1] if best else None


def _records(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    # The end of the sample may cut a quoted cell open: what came before it is enough for a guess.
    with contextlib.suppress(csv.Error):
        rows.extend(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
    return rows


def numbers_of(values: Iterable[str]) -> tuple[Guess, Guess] | None:
    """The decimal and the thousands sign of a column of amounts; None where it is no such column."""
    decimals: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    unsure = 0
    seen = False
    for value in values:
        found = _AMOUNT.fullmatch(value.strip())
        if found is None:
            return None
        seen = True
        body = found[1]
        signs = [sign for sign in body if not sign.isdigit()]
        groups.update({" " if sign in _GAPS else sign for sign in signs if sign in _GAPS + "'’"})
        points = [sign for sign in signs if sign in ".,"]
        if len(set(points)) == 2:
            decimals[points[-1]] += 1
            groups[points[0]] += 1
        elif len(points) > 1:
            groups[points[0]] += 1
        elif points:
            behind = body.rpartition(points[0])[2]
            before = body.partition(points[0])[0]
            if len(behind) == 3 and len(before) <= 3 and before != "0" and not set(signs) & set(_GAPS):
                unsure += 1
            else:
                decimals[points[0]] += 1
    if not seen:
        return None
    told = decimals.most_common(1)[0][0] if decimals else ""
    grouped = next((sign for sign, _ in groups.most_common() if sign != told), "")
    if not told and grouped in {".", ","}:
        told = "," if grouped == "." else "."
    if unsure and not told:
        return Guess(
            value=None, alternatives=(".", ","), why="every amount has one sign and three digits after it"
        ), Guess(value=None, alternatives=("", ".", ","), why="the same")
    if unsure and not grouped:
        grouped = "," if told == "." else "."
    return Guess(
        value=told or None, alternatives=() if told else (".", ","), why="whole numbers" if not told else ""
    ), Guess(value=grouped)


def dates_of(values: Sequence[str]) -> Guess | None:
    """The strptime format of a column of dates (``ISO 8601`` where it needs none); None where it is no such column."""
    filled = [value.strip() for value in values if value.strip()]
    if not filled:
        return None
    if all(_ISO.fullmatch(value) for value in filled):
        return Guess(value="ISO 8601")
    parts = [_DATE.fullmatch(value) for value in filled]
    if any(part is None for part in parts):
        return None
    found = [part for part in parts if part is not None]
    if len({(part[2], bool(part[6]), bool(part[8]), bool(part[9]), part[5]) for part in found}) > 1:
        return Guess(value=None, why="its dates are written in several ways")
    sign = found[0][2]
    tail = _clock(found[0])
    orders = [
        order
        for order in ("dmY", "mdY", "Ymd", "Ydm")
        if all(_possible(order, part[1], part[3], part[4]) for part in found)
    ]
    formats = tuple(_spelled(order, found, sign) + tail for order in orders)
    if len(formats) == 1:
        return Guess(value=formats[0])
    return Guess(value=None, alternatives=formats, why="no date in the file tells them apart")


def _possible(order: str, *parts: str) -> bool:
    for letter, part in zip(order, parts, strict=True):
        size = int(part)
        if letter == "Y" and len(part) not in {2, 4}:
            return False
        if letter != "Y" and (len(part) > 2 or not 1 <= size <= (31 if letter == "d" else 12)):
            return False
    return True


def _spelled(order: str, found: Sequence[re.Match[str]], sign: str) -> str:
    year = found[0][1 if order[0] == "Y" else 4]
    return sign.join(f"%{'y' if letter == 'Y' and len(year) == 2 else letter}" for letter in order)


def _clock(part: re.Match[str]) -> str:
    if part[6] is None:
        return ""
    hours = "%I" if part[9] else "%H"
    between = part[5] if part[5].strip() else " "
    return f"{between}{hours}:%M{':%S' if part[8] else ''}{' %p' if part[9] else ''}"
