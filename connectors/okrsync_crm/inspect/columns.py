"""Guess what the columns of an exported file hold from their values, for ``okrsync inspect``."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from okrsync.errors import DataError
from okrsync_crm.cells.currencies import meant_by
from okrsync_crm.dialects import DIALECTS
from okrsync_crm.files.cell_tags import DATE, DURATION, ERROR, MONEY, NUMBER, PERCENT, TAGS, UNCACHED
from okrsync_crm.files.staged_file import StagedFile
from okrsync_crm.inspect import detection
from okrsync_crm.inspect.encodings import Guess
from okrsync_crm.sql.file_scan import ID_NAME

FEW: Final = 20
_KEPT: Final = 5000
_UNIQUE: Final = 1_000_000


@dataclass(slots=True)
class ColumnProfile:
    """One column: its first values, the commonest, and what kind of thing they are.

    ``seen`` holds hashes while no value has come twice, up to a million; then, or from the first twin on, it is None.
    """

    name: str
    filled: int = 0
    values: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    kind: str = "text"
    percent: bool = False
    guess: Guess | None = None
    amounts: tuple[Guess, Guess] | None = None
    span: tuple[str, str] | None = None
    seen: set[int] | None = field(default_factory=set)

    def add(self, raw: str) -> None:
        if raw[:1] in {ERROR, UNCACHED}:
            self.errors["formula never calculated" if raw[0] == UNCACHED else raw[1:]] += 1
            return
        text = raw.strip()
        if not text:
            return
        self.filled += 1
        if self.seen is not None:
            self.seen.add(hash(text))
            if len(self.seen) < self.filled or self.filled > _UNIQUE:
                self.seen = None
        if len(self.values) < _KEPT:
            self.values.append(text)
        if len(self.counts) <= _KEPT:
            self.counts[text] += 1


def read_columns(staged: Sequence[StagedFile]) -> tuple[list[ColumnProfile], int]:
    """Walks through every row once, keeping little of each column."""
    columns = [ColumnProfile(name=name.strip()) for name in staged[0].header]
    rows = 0
    for part in staged:
        with part.path.open(encoding="utf-8", newline="") as file:
            for number, cells in enumerate(csv.reader(file, delimiter=part.delimiter)):
                if number and any(cell.strip() for cell in cells):
                    rows += 1
                    for column, cell in zip(columns, cells, strict=False):
                        column.add(cell)
    if not rows:
        raise DataError(f"{staged[0].name} has no rows", hint="inspect an export that has some")
    return [column for column in columns if column.name or column.filled], rows


def settle(keys: dict[str, Any], columns: Sequence[ColumnProfile]) -> dict[str, str]:
    """Settles what each column holds, and the keys that all share. Returns what the file does not decide, by key."""
    notes: dict[str, str] = {}
    formats: dict[str, None] = {}
    decimals: set[str] = set()
    groups: set[str] = set()
    for column in columns:
        if column.values and all(value[0] in TAGS for value in column.values):
            _typed(column)
            continue
        column.guess = detection.dates_of(column.values)
        if column.guess is not None:
            column.kind = "date"
            if column.guess.value not in {None, "ISO 8601"}:
                formats[column.guess.value or ""] = None
            elif column.guess.alternatives:
                said = " or ".join(column.guess.alternatives)
                notes["date_format"] = f"{column.name}: {said}; {column.guess.why}: set it by hand"
            elif column.guess.value is None:
                notes["date_format"] = f"{column.name}: {column.guess.why}: set date_format by hand"
            _span(column)
            continue
        column.amounts = detection.numbers_of(column.values)
        if column.amounts is not None and _an_amount(column):
            column.kind = "number"
            decimal, group = column.amounts
            decimals |= {decimal.value} if decimal.value else set()
            groups |= {group.value} if group.value else set()
            if decimal.value is None and group.value is None:
                notes["decimal"] = f"{column.name}: {decimal.why}: set decimal and thousands by hand"
    formats = _resolved(formats, columns, notes)
    _declare_dates(keys, list(formats), columns)
    if len(decimals) > 1:
        notes["decimal"] = "some columns have a decimal point, some a decimal comma: one connection reads one"
    elif decimals:
        keys["decimal"] = decimals.pop()
        notes.pop("decimal", None)
    if len(groups) == 1:
        keys["thousands"] = groups.pop()
        keys.setdefault("decimal", "," if keys["thousands"] == "." else ".")
    # A dialect's thousands sign cannot stay if the file shows it to be the decimal sign.
    if keys.get("decimal") == DIALECTS[str(keys["dialect"])].thousands and "thousands" not in keys:
        keys["thousands"] = ""
    return notes


def _declare_dates(keys: dict[str, Any], formats: list[str], columns: Sequence[ColumnProfile]) -> None:
    """The formats that read every date column; none if ISO 8601 alone does, or the dialect knows them."""
    iso = sorted({form for column in columns if _is_iso(column) for form in map(_iso_format, column.values)})
    known = DIALECTS[str(keys["dialect"])].date_format
    if set(formats) | (set(iso) if formats or known else set()) <= set(known):
        return
    if formats:
        keys["date_format"] = [*formats, *iso]
    elif iso and known:
        keys["date_format"] = []


def _is_iso(column: ColumnProfile) -> bool:
    return column.guess is not None and column.guess.value == "ISO 8601"


def _iso_format(value: str) -> str:
    between = value[10:11]
    return "%Y-%m-%d" + (f"{between}%H:%M" if between else "") + (":%S" if value.count(":") > 1 else "")


def _resolved(
    formats: dict[str, None], columns: Sequence[ColumnProfile], notes: dict[str, str]
) -> dict[str, None]:
    """One file has one order: a column that is sure of its own decides for those that are not."""
    sure = {
        column.guess.value
        for column in columns
        if column.guess is not None and column.guess.value not in {None, "ISO 8601"}
    }
    orders = {
        "".join(letter for letter in text if letter in "dmYy").replace("y", "Y")[:3] for text in sure if text
    }
    if len(orders) != 1:
        return formats
    order = orders.pop()
    kept: dict[str, None] = {text: None for text in formats if text in sure}
    for column in columns:
        if column.guess is None or column.guess.value is not None:
            continue
        same = [
            text
            for text in column.guess.alternatives
            if "".join(letter for letter in text if letter in "dmYy").replace("y", "Y")[:3] == order
        ]
        if same:
            kept[same[0]] = None
            column.guess = Guess(value=same[0], why="as the file's other dates")
            _span(column)
    notes.pop("date_format", None)
    return kept


def _typed(column: ColumnProfile) -> None:
    kinds = {value[0] for value in column.values}
    column.values = [value[1:] for value in column.values]
    column.counts = Counter({value.lstrip(TAGS): count for value, count in column.counts.items()})
    column.kind = "date" if kinds == {DATE} else "number" if kinds <= {NUMBER, PERCENT, MONEY} else "text"
    if kinds <= {DURATION}:
        column.kind = "duration"
    if kinds == {NUMBER} and not _an_amount(column):
        column.kind = "text"
    column.percent = PERCENT in kinds
    if column.kind == "date":
        column.guess = Guess(value="ISO 8601")
        column.span = (min(column.values)[:16], max(column.values)[:16])


def _an_amount(column: ColumnProfile) -> bool:
    """Not an id: ids are called so, or are whole numbers that are all different and go up one by one."""
    if ID_NAME.search(column.name):
        return False
    whole = [int(value) for value in column.values[:FEW] if value.isdigit()]
    rising = len(whole) > 1 and all(other - one == 1 for one, other in pairwise(whole))
    return not (rising and len(whole) == len(column.values[:FEW]))


def _span(column: ColumnProfile) -> None:
    form = column.guess.value if column.guess is not None else None
    if form is None:
        return
    if form == "ISO 8601":
        column.span = (min(column.values)[:16], max(column.values)[:16])
        return
    try:
        seen = [datetime.strptime(value, form) for value in column.values]  # noqa: DTZ007 - shown, never compared with an instant
    except ValueError:
        return
    column.span = (f"{min(seen):%Y-%m-%d}", f"{max(seen):%Y-%m-%d}")


def key_of(columns: Sequence[ColumnProfile], rows: int) -> dict[str, str]:
    """The column that may be the key: filled in every row, and never twice. Of several the one that is called an id."""
    unique = [
        column.name
        for column in columns
        if column.name and column.filled == rows and column.seen is not None and column.kind != "number"
    ]
    called = [name for name in unique if "id" in name.casefold().replace("(", " ").replace(".", " ").split()]
    return {"key": (called or unique)[0]} if called or (unique and unique[0] == columns[0].name) else {}


def repeated_key(columns: Sequence[ColumnProfile]) -> str:
    """What to say if a column that is called an id holds one value in several rows."""
    for column in columns:
        if column.name and ID_NAME.search(column.name) and column.seen is None and column.counts:
            value, count = column.counts.most_common(1)[0]
            if count > 1 and 2 * len(column.counts) > column.filled:
                return f"{column.name} looks like the key, but holds {value.lstrip(TAGS)} {'twice' if count == 2 else f'{count} times'}"
    return ""


def described(column: ColumnProfile) -> str:
    about = column.kind
    if column.kind == "date" and column.guess is not None:
        about = f"date, {column.guess.value or ' or '.join(column.guess.alternatives) or column.guess.why}"
        if column.span is not None:
            about += f", {column.span[0]} to {column.span[1]}"
            about += f" in its first {_KEPT} rows" if column.filled > _KEPT else ""
    elif column.kind == "text" and 0 < len(column.counts) <= FEW and column.filled > len(column.counts):
        about = ", ".join(f"{value} ({count})" for value, count in column.counts.most_common())
        if all(re.fullmatch("[A-Z]{3}", value) and meant_by(value) for value in column.counts):
            about = f"currencies {about}"
    else:
        about += ": " + ", ".join(value.lstrip(TAGS)[:30] for value in list(column.counts)[:3])
    if column.errors:
        about += "; error cells " + ", ".join(f"{error} ({count})" for error, count in column.errors.items())
    name = column.name or "(no name)"
    return f"  {name:<28} {about if column.filled or column.errors else 'empty'}"
