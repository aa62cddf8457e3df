"""Say which setting would read cells that could not be read. A hint is tried before it is given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from okrsync_crm.cells.amounts import AmountForm, read_amount
from okrsync_crm.cells.moments import MomentForm, formats_that_read, names_in, read_moments
from okrsync_crm.cells.month_names import languages_of

CORRECT: Final = "correct the cell; max_bad_rows says how many unreadable rows may be left out"
FORMS: Final = tuple(
    AmountForm(decimal=decimal, thousands=thousands)
    for decimal, thousands in (
        (".", ","),
        (",", "."),
        (",", " "),
        (".", " "),
        (".", "'"),
        (",", "'"),
        (",", ""),
        (".", ""),
    )
)
_DAYS: Final = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y",
    "%d %b %Y", "%d. %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%a, %d %b %Y", "%d de %b de %Y", "%Y年%m月%d日", "%Y%m%d", "%Y-%m-%d")  # fmt: skip
_TIMES: Final = (
    "",
    " %H:%M",
    " %H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %H:%M",
    ", %I:%M %p",
    " %H:%M:%S %Z",
    " %H:%M %Z",
    "T%H:%M:%S",
)
FORMATS: Final = tuple(day + time for day, time in product(_DAYS, _TIMES))
_NOTHING: Final = re.compile(
    r"[-–—.?/]+|n/?a|null|none|nan|nil|keine?|нет|brak|\(blank\)|#n/a", re.IGNORECASE
)
_OTHER_CALENDAR: Final = re.compile(r"\b(?:2[4-6]\d\d|1[34]\d\d)\b|令和|平成|民國|民国")
_SERIAL: Final = re.compile(r"[1-9]\d{4}(?:[.,]\d+)?")
_EPOCH: Final = {10: "epoch", 13: "epoch_ms"}


def amount_hint(unread: Sequence[str], column: Sequence[str], form: AmountForm, *, percent: bool) -> str:
    """The setting that reads the ``unread`` cells and all others of the column, or how to go on without one."""
    if all(_NOTHING.fullmatch(text) for text in unread):
        return _nulls(unread)
    if not percent and all(
        (found := read_amount(text, form)) is not None and found.percent for text in unread
    ):
        return "it is a percentage: set unit: percent"
    for other in FORMS:
        if other != form and all(_is_number(text, other, percent=percent) for text in column):
            thousands = f" and thousands: {other.thousands!r}" if other.thousands != form.thousands else ""
            decimal = f"decimal: {other.decimal!r}" if other.decimal != form.decimal else ""
            return f"set {decimal}{thousands}" if decimal else f"set{thousands.removeprefix(' and')}"
    return CORRECT


def _is_number(text: str, form: AmountForm, *, percent: bool) -> bool:
    found = read_amount(text, form)
    return found is not None and (percent or not found.percent)


def moment_hint(unread: Sequence[str], column: Sequence[str], form: MomentForm) -> str:
    if all(_NOTHING.fullmatch(text) for text in unread):
        return _nulls(unread)
    if number := _number_hint(unread, form):
        return number
    names = names_in(column, form)
    if names and len(languages := languages_of(names, form.language)) > 1:
        return f"set language to that of the months' names: {' or '.join(languages[:4])}"
    found = [one for one in formats_that_read(column, form, FORMATS) if one not in form.formats]
    if found:
        return f"set date_format: {' or '.join(repr(one) for one in found[:2])}"
    added = [one for one in formats_that_read(unread, form, FORMATS) if one not in form.formats]
    if added and (form.formats or len(unread) < len(set(column))):
        known = [*(form.formats or ("%Y-%m-%d",)), added[0]]
        return f"if day and month are meant so, set date_format: {known}"
    if years := [year[0] for text in unread if (year := _OTHER_CALENDAR.search(text))]:
        return f"is {years[0]} a year of another calendar? export with Gregorian years"
    zones = [word[1] for text in unread if (word := re.search(r"\d ?([A-Za-z]{2,5})$", text))]
    if zones:
        return f"set timezone to the zone that calls its time {zones[0].upper()}, or export with an offset such as +01:00"
    return CORRECT


def _nulls(unread: Sequence[str]) -> str:
    return f"if it means an empty cell, set nulls: {sorted(set(unread))}"


def _number_hint(unread: Sequence[str], form: MomentForm) -> str:
    if all(_SERIAL.fullmatch(text) for text in unread):
        read = read_moments([unread[0]], replace(form, formats=("excel",)))
        if read:
            day = datetime(1970, 1, 1) + timedelta(microseconds=next(iter(read.values())).local)  # noqa: DTZ001 - shown only
            return f"{unread[0]} is the serial number that spreadsheets keep for {day:%Y-%m-%d}: set date_format: {_with(form, 'excel')}"
    sizes = {len(text) for text in unread if text.isdigit()}
    if all(text.isdigit() for text in unread) and len(sizes) == 1 and (name := _EPOCH.get(sizes.pop())):
        return f"{unread[0]} looks like a Unix time: set date_format: {_with(form, name)}"
    return ""


def _with(form: MomentForm, name: str) -> str:
    return str([*form.formats, name]) if form.formats else name
