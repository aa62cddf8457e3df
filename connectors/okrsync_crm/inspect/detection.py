"""Guess how an exported file is written, for ``okrsync inspect``; a sync never guesses. Pure.

Each guess says what else it could be; if the file does not decide, nothing is chosen.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from okrsync_crm.cells.amounts import unwrapped
from okrsync_crm.cells.currencies import meant_by
from okrsync_crm.cells.hints import FORMATS
from okrsync_crm.cells.moments import MomentForm, formats_that_read, read_moments
from okrsync_crm.files.staged_file import LONGEST_CELL
from okrsync_crm.inspect.encodings import Guess

_TRIED: Final = 30
_TITLES: Final = 10
_DELIMITERS: Final = (",", ";", "\t", "|")
_GAPS: Final = " \u00a0\u202f\u2009"
_MONEY: Final = r"(?:[$€£¥₽₴₸₹₺₩₪₫₱%]|[A-Z]{3}|kr|zł)?"
_WORD: Final = re.compile(r"[^\d\s.,'’()+-]{1,6}")
_AMOUNT: Final = re.compile(
    rf"[-+(\u2212]?{_MONEY}[{_GAPS}]?[-\u2212]?(\d[\d.,'’{_GAPS}]*\d|\d)[{_GAPS}]?{_MONEY}\)?"
)
_DATE: Final = re.compile(
    r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:([ T,]+)(\d{1,2}):(\d{2})(:\d{2})?(?: ?([AaPp][Mm]))?)?"
)
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the records are parted: the delimiter, the lines above the header, and the records seen."""

    delimiter: str
    skip_rows: int
    rows: tuple[tuple[str, ...], ...]


def shape_of(text: str) -> Shape | None:
    """The delimiter under which most records are equally wide; None if there is none."""
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
        first = header_at(rows, width)
        shape = Shape(delimiter=delimiter, skip_rows=first, rows=tuple(tuple(row) for row in rows[first:]))
        if best is None or fit > best[0]:
            best = (fit, shape)
    return best[1] if best else None


def header_at(rows: Sequence[Sequence[str]], width: int) -> int:
    """The place of the header: the first row with a name for each of ``width`` columns, or as many cells.

    One delimiter too many at its end is no column. A row of which half or more is empty is a title, unless there is no
    other row: programs write as many delimiters behind a title as the table below it needs.
    """
    wide = [index for index, row in enumerate(rows) if width in {len(row), len(trimmed(row))}]
    if not wide:
        return 0
    index = next((one for one in wide if 2 * _filled(rows[one]) > width), wide[0])
    return index if _names_all(rows[index]) else _below(rows, index, width)


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _names_all(row: Sequence[str]) -> bool:
    """Whether a row has a name in every cell, and no amount and no date."""
    return all(cell.strip() and not _is_value(cell.strip()) for cell in row)


def _below(rows: Sequence[Sequence[str]], index: int, width: int) -> int:
    """The header below a title or a line with a figure, such as ``Total:,30,``; ``index`` if there is none."""
    above = [cell.strip() for cell in rows[index]]
    is_title = width > 2 and len([cell for cell in above if cell]) == 1
    if all(above) or not (is_title or any(map(_is_value, above))):
        return index
    near = range(index + 1, min(index + _TITLES, len(rows)))
    return next((at for at in near if len(rows[at]) == width and _names_all(rows[at])), index)


def _is_value(cell: str) -> bool:
    return any(form.fullmatch(cell) for form in (_AMOUNT, _DATE, _ISO))


def trimmed(row: Sequence[str]) -> Sequence[str]:
    filled = [place for place, cell in enumerate(row) if cell.strip()]
    return row[: filled[-1] + 1] if filled else ()


def looks_like_records(header: Sequence[str]) -> bool:
    """Whether a line cannot be the header: names are no amounts with decimals and no dates, and hardly ever numbers."""
    cells = [cell.strip() for cell in header if cell.strip()]
    values = [cell for cell in cells if _is_value(cell)]
    return len(values) > 1 and 2 * len(values) >= len(cells)


def _records(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    csv.field_size_limit(LONGEST_CELL)
    # The end of the sample may cut a quoted cell open: what came before it is enough for a guess.
    with contextlib.suppress(csv.Error):
        rows.extend(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
    return rows


def numbers_of(values: Iterable[str]) -> tuple[Guess, Guess] | None:
    """The decimal and the thousands sign of a column of amounts; None if it is no such column."""
    decimals: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    unsure = 0
    seen = False
    for value in values:
        found = _AMOUNT.fullmatch(_bare(value))
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
    point = decimals.most_common(1)[0][0] if decimals else ""
    grouped = next((sign for sign, _ in groups.most_common() if sign != point), "")
    if not point and grouped in {".", ","}:
        point = "," if grouped == "." else "."
    if unsure and not point:
        return Guess(
            value=None, alternatives=(".", ","), why="every amount has one sign and three digits after it"
        ), Guess(value=None, alternatives=("", ".", ","), why="the same")
    if unsure and not grouped:
        grouped = "," if point == "." else "."
    return Guess(
        value=point or None,
        alternatives=() if point else (".", ","),
        why="whole numbers" if not point else "",
    ), Guess(value=grouped)


def _bare(value: str) -> str:
    """An amount without the words of currencies around it, and with its minus in front."""
    text = unwrapped(value).strip()
    for word in _WORD.findall(text):
        if meant_by(word) or meant_by(word.strip(".")):
            text = text.replace(word, "")
    text = text.replace("$", "").replace("()", "").strip(_GAPS + ".")
    return f"-{text[:-1].strip()}" if text.endswith("-") else text


def dates_of(values: Sequence[str]) -> Guess | None:
    """The strptime format of a column of dates (``ISO 8601`` if it needs none); None if it is no such column."""
    filled = [value.strip() for value in values if value.strip()]
    if not filled:
        return None
    if all(_ISO.fullmatch(value) for value in filled):
        return Guess(value="ISO 8601")
    parts = [_DATE.fullmatch(value) for value in filled]
    if any(part is None for part in parts):
        return _other_dates(filled)
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


def _other_dates(filled: Sequence[str]) -> Guess | None:
    """Dates with names of months, zones as words, and the like: by the formats that read every one of them."""
    texts = sorted(set(filled))
    form = MomentForm(zone=ZoneInfo("UTC"))
    if len(read_moments(texts, form)) == len(texts):
        return Guess(value="ISO 8601")
    first = texts[:_TRIED]
    found = [one for one in formats_that_read(first, form, FORMATS) if formats_that_read(texts, form, (one,))]
    if not found:
        return None
    # Formats that give the same moments are one reading.
    readings: dict[tuple[int, ...], str] = {}
    for one in found:
        read = read_moments(texts, MomentForm(formats=(one,), zone=form.zone))
        readings.setdefault(tuple(read[text].local for text in texts), one)
    if len(readings) == 1:
        return Guess(value=next(iter(readings.values())))
    return Guess(
        value=None, alternatives=tuple(readings.values()), why="no date in the file tells them apart"
    )


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
    gap = " " if part[0][-3:-2] == " " else ""
    return f"{between}{hours}:%M{':%S' if part[8] else ''}{f'{gap}%p' if part[9] else ''}"


def named(delimiter: str) -> str:
    return {"\t": "tab"}.get(delimiter, delimiter)
