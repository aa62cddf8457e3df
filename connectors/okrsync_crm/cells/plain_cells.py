"""Reads the cells that Python and the database read alike: digits, and dates of digits.

What is written in any other way is not read here, and the database is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from okrsync_crm.cells.amounts import AmountForm
from okrsync_crm.cells.moments import MomentForm, ReadMoment, read_moments

BLANKS: Final = " \t\u00a0\u202f"
"""What is around a cell and not of it, if no other kind of blank is in the file."""
_LIKE_A_NUMBER: Final = re.compile(r"[-+.]?[\d.].*", re.DOTALL)
_DECIMALS, _WHOLE = 10, 28
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?", re.ASCII)
_DIRECTIVES: Final[Mapping[str, str]] = {
    **dict.fromkeys("dmHI", r"\d{1,2}"),
    **dict.fromkeys("yMS", r"\d{2}"),
    "Y": r"\d{4}",
    "p": "(?:AM|PM)",
}
_YEARS: Final = (1971, 2099)
"""Of other years lists of time zones say different things."""
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock times are counted from a wall-clock start


def plain_amount(cell: str, form: AmountForm) -> Decimal | None:
    """The number that digits show; so few of them that no sum is rounded. None for anything else."""
    if not _amount_pattern(form).fullmatch(cell):
        return None
    # Nothing is added to -0 but the sign of 0.
    return Decimal(cell.replace(form.thousands, "").replace(form.decimal, ".")) + 0


@cache
def _amount_pattern(form: AmountForm) -> re.Pattern[str]:
    whole = r"\d{1,12}"
    if form.thousands in {",", ".", " "}:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(form.thousands)}\d{{3}}){{1,3}}|{whole})"
    return re.compile(rf"-?{whole}(?:{re.escape(form.decimal)}\d{{1,8}})?", re.ASCII)


def plain_moments(texts: Collection[str], form: MomentForm) -> dict[str, ReadMoment] | None:
    """What the texts of a column mean; None if one of them is more than digits, or a time that a clock does not show once."""
    patterns = _moment_patterns(form.formats)
    if not all(any(one.fullmatch(text) for one in patterns) for text in texts):
        return None
    read = read_moments(texts, form)
    certain = len(read) == len(texts) and all(_is_certain(one, form.zone) for one in read.values())
    return read if certain else None


@cache
def _moment_patterns(formats: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Nothing fits if a format has more than digits and halves of a day, or digits that touch."""
    patterns = []
    for one in formats:
        pieces = re.split(r"(%.)", one)
        touching = any(not between for between in pieces[2:-1:2])
        names = {name[1] for name in pieces[1::2]}
        if touching or not names <= _DIRECTIVES.keys() or ("p" in names) is not ("I" in names):
            return ()
        parts = (_DIRECTIVES[piece[1]] if n % 2 else re.escape(piece) for n, piece in enumerate(pieces))
        patterns.append(re.compile("".join(parts), re.ASCII))
    return tuple(patterns) or (_ISO,)


def _is_certain(read: ReadMoment, zone: ZoneInfo) -> bool:
    """Whether the year is one of exports, and the clock of the zone shows the time once."""
    at = _EPOCH + timedelta(microseconds=read.local)
    if not _YEARS[0] <= at.year <= _YEARS[1]:
        return False
    offsets = {at.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    return read.instant is None or len(offsets) == 1


def all_differ(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether it is certain that no two rows are equal, blanks around a cell and 20.00 for 20 aside.

    ``place``: the column that most likely has ids.
    """
    ids = {row[place].strip(BLANKS) for row in rows}
    if len(ids) == len(rows):
        return True
    bare = {tuple(map(_bare, row)) for row in rows}
    return len(bare) == len(rows) and not any(None in row for row in bare)


def _bare(cell: str) -> str | Decimal | None:
    """None if the database rounds the number, or takes it for a text."""
    text = cell.strip(BLANKS)
    if not _LIKE_A_NUMBER.fullmatch(text):
        return text
    try:
        value = Decimal(text)
    except ArithmeticError:
        return text
    known = value.adjusted() < _WHOLE and len(f"{value:f}".partition(".")[2]) <= _DECIMALS
    return value if known else None
