"""Read a date or a time as people and programs write it, by the formats that a connection declares.

Formats are strptime's, with names of months and of the day's halves in every language that Babel knows. Without a
format ISO 8601 is read, with a zone as an offset or as a word. ``excel``, ``epoch`` and ``epoch_ms`` read numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from okrsync_crm.cells.amounts import unwrapped
from okrsync_crm.cells.month_names import bare, day_halves, month_numbers

NUMBERS: Final = ("excel", "epoch", "epoch_ms")
ISO: Final = ("%Y-%m-%d", "%Y-%m-%d%T", "%Y-%m-%d%T%Z")
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock times are counted from a wall-clock start
_EXCEL: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no zone
_PARTS: Final[Mapping[str, str]] = {
    "Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{2})", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})", "H": r"(?P<H>\d{1,2})", "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{2})", "S": r"(?P<S>\d{2})", "f": r"(?P<f>\d{1,9})", "b": r"(?P<b>[^\d\s]+?)", "B": r"(?P<b>[^\d\s]+?)",
    "p": r"(?P<p>\D+?)", "a": r"[^\d\s]+?", "A": r"[^\d\s]+?", "z": r"(?P<z>Z|[-+]\d{2}:?\d{2})", "Z": r"\s?(?P<Z>\S+(?: ?[-+]\d{1,2}(?::?\d{2})?)?)", "%": "%",
    "T": r"[ T](?P<H>\d{2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?",
}  # fmt: skip
_OFFSET: Final = re.compile(r"(?:UTC|GMT|Z)?([-+])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_UTC: Final = {"utc", "gmt", "z", "zulu"}
_HALF_DAY: Final = 12
_YEARS: Final = (1900, 2199)


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentForm:
    """``formats`` are tried in order; none: ISO 8601. A time without a zone is of ``zone``. ``language`` names the months."""

    formats: tuple[str, ...] = ()
    zone: ZoneInfo
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMoment:
    """Microseconds since 1970: by the wall clock of the form's zone, and in UTC if the text has a time of day."""

    local: int
    instant: int | None


def read_moments(texts: Iterable[str], form: MomentForm) -> dict[str, ReadMoment]:
    """Those of a column's texts that are moments. The column is read as one: its names of months are of one language."""
    found: dict[str, ReadMoment] = {}
    rest = {text: _plain(text) for text in texts}
    for one in form.formats or ISO:
        if one in NUMBERS:
            found |= {
                text: read
                for text, plain in rest.items()
                if (read := _numbered(plain, one, form.zone)) is not None
            }
        else:
            found |= _by_format(rest, one, form)
        rest = {text: plain for text, plain in rest.items() if text not in found}
    return found


def names_in(texts: Iterable[str], form: MomentForm) -> set[str]:
    """The names of months that the formats find in the texts."""
    matches = (
        _pattern(one).fullmatch(_plain(text)) for text in texts for one in form.formats if one not in NUMBERS
    )
    return {bare(match["b"]) for match in matches if match and "b" in match.groupdict()}


def _plain(text: str) -> str:
    return " ".join(unwrapped(text).replace("\u200e", "").replace("\u200f", "").split())


def _by_format(rest: Mapping[str, str], form: str, settings: MomentForm) -> dict[str, ReadMoment]:
    matches = {text: match for text, plain in rest.items() if (match := _pattern(form).fullmatch(plain))}
    if not matches:
        return {}
    names = {bare(match["b"]) for match in matches.values() if "b" in match.groupdict()}
    months = month_numbers(names, settings.language) if names else {}
    if months is None:
        return {}
    read = {text: _moment(match.groupdict(), months, settings.zone) for text, match in matches.items()}
    return {text: one for text, one in read.items() if one is not None}


@cache
def _pattern(form: str) -> re.Pattern[str]:
    pieces = re.split(r"(%.)", " ".join(form.split()))
    parts = (_PARTS[piece[1]] if re.fullmatch("%.", piece) else re.escape(piece) for piece in pieces)
    # The half of a day may follow its time with or without a blank, whatever the format has.
    return re.compile(
        "".join(parts).replace(r"\ (?P<p>", r"\s?(?P<p>").replace("(?P<p>", r"\s?(?P<p>"), re.IGNORECASE
    )


def _moment(parts: Mapping[str, str | None], months: Mapping[str, int], zone: ZoneInfo) -> ReadMoment | None:
    def part(name: str) -> int | None:
        text = parts.get(name)
        return int(text) if text else None

    year, short = part("Y"), part("y")
    if short is not None:
        year = short + (2000 if short < 69 else 1900)  # as strptime does
    month = months.get(bare(parts.get("b") or "")) or part("m")
    hour = part("H")
    if (half := part("I")) is not None:
        second = day_halves().get(bare(parts.get("p") or ""))
        if second is None or not 1 <= half <= _HALF_DAY:
            return None
        hour = half % _HALF_DAY + (_HALF_DAY if second else 0)
    fraction = int((parts.get("f") or "0").ljust(6, "0")[:6])
    try:
        day = date(year or 0, month or 0, part("d") or 0)
        local = datetime.combine(day, time(hour or 0, part("M") or 0, part("S") or 0, fraction))
    except ValueError:
        return None
    if not _YEARS[0] <= day.year <= _YEARS[1] and day != date.max:
        return None  # no export is about other years; 9999-12-31 means never
    word = parts.get("z") or parts.get("Z")
    own = zone_of(word, zone, local) if word else zone
    if own is None:
        return None
    return _read(local, own, zone) if hour is not None else ReadMoment(local=_micros(local), instant=None)


def _read(local: datetime, own: tzinfo, zone: ZoneInfo) -> ReadMoment:
    # In the hour that a clock shows twice DuckDB takes the second one, and so does this.
    at = local.replace(tzinfo=own, fold=1)
    return ReadMoment(
        local=_micros(at.astimezone(zone).replace(tzinfo=None)),
        instant=_micros(at.astimezone(UTC).replace(tzinfo=None)),
    )


def zone_of(word: str, zone: ZoneInfo, local: datetime) -> tzinfo | None:
    """The zone that a word or an offset names. Abbreviations count only as the connection's own zone uses them: CST is four zones."""
    if word.casefold() in _UTC:
        return UTC
    if offset := _OFFSET.fullmatch(word.replace(" ", "")):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return (
            timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
            if minutes < 24 * 60
            else None
        )
    for fold in (0, 1):
        at = local.replace(tzinfo=zone, fold=fold)
        if at.tzname() == word.upper():
            return timezone(at.utcoffset() or timedelta(0))
    try:
        return ZoneInfo(word) if "/" in word else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _numbered(text: str, form: str, zone: ZoneInfo) -> ReadMoment | None:
    if not re.fullmatch(r"-?\d+(?:[.,]\d+)?", text):
        return None
    number = Decimal(text.replace(",", "."))
    if form == "excel":
        return _serial(number, zone)
    micros = int(number * (1_000_000 if form == "epoch" else 1000))
    try:
        at = (_EPOCH + timedelta(microseconds=micros)).replace(tzinfo=UTC)
        return ReadMoment(local=_micros(at.astimezone(zone).replace(tzinfo=None)), instant=micros)
    except (OverflowError, ValueError):
        return None


def _serial(number: Decimal, zone: ZoneInfo) -> ReadMoment | None:
    # Below 61 spreadsheets disagree about 29 February 1900; no export is about that year.
    if not 61 <= number < 120_000:
        return None
    at = _EXCEL + timedelta(milliseconds=int((number * 86_400_000).to_integral_value()))
    if number == int(number):
        return ReadMoment(local=_micros(at), instant=None)
    return _read(at, zone, zone)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def formats_that_read(texts: Sequence[str], form: MomentForm, tried: Iterable[str]) -> list[str]:
    """Which of ``tried`` read every one of the texts."""
    return [
        one
        for one in tried
        if len(read_moments(texts, MomentForm(formats=(one,), zone=form.zone, language=form.language)))
        == len(set(texts))
    ]
