"""Cut off the lines below the last row of a text file: totals, copyright lines, who printed it."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from okrsync_crm.dialects import Dialect

TAIL: Final = 1 << 16
_NUMBER: Final = re.compile(r"[^\w\s]*\s?(?:\w{1,3}\.?\s?)?[-+(]?\d[\d.,'’\s]*%?\)?-?(?:\s?\w{1,4}\.?)?")
_DATE: Final = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")
_RECORDS: Final = re.compile(r"\D{3,60}\((?P<rows>\d+)[ \u00a0]\D{3,40}\)")


def cut_footer(path: Path, dialect: Dialect, width: int) -> int | None:
    """Cut the footer off and return the number of rows it declares, if it does."""
    cut, declared = found_footer(path, dialect, width)
    if cut < path.stat().st_size:
        os.truncate(path, cut)
    return declared


def found_footer(path: Path, dialect: Dialect, width: int) -> tuple[int, int | None]:
    """Where the rows end and the footer begins, and the number of rows it declares, if it does.

    A footer is a run of lines up to the end that are blank, match a pattern, or hold only their first cell; it starts
    at the first that is blank or matches. Without one match nothing is cut: a row must not be lost to a guess. A line
    with a text or a date beside its first cell is a row, whatever its first cell says: a customer may be called Total.
    """
    size = path.stat().st_size
    if not dialect.footer:
        return size, None
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in dialect.footer]
    with path.open("rb") as file:
        file.seek(max(0, size - TAIL))
        tail = file.read()
    cut, declared, pending, matched = size, None, 0, False
    for raw in reversed(tail.splitlines(keepends=True)):
        text = raw.decode("utf-8", "replace")
        fields = next(csv.reader([text], delimiter=dialect.delimiter), [])
        filled = [cell.strip() for cell in fields if cell.strip()]
        # A line with a comma in its text, such as "salesforce.com, inc.", is no row either.
        whole = text.strip() if len(fields) != width else ""
        match = _match(patterns, filled) or (_match(patterns, [whole]) if whole else None)
        alone = width > 1 and len(filled) == 1 and bool(fields[0].strip())
        if text.count('"') % 2 or not (match or alone or not filled):
            break
        pending += len(raw)
        if match:
            cut, matched = size - pending, True
            declared = int(rows) if (rows := match.groupdict().get("rows")) else declared
        elif alone and (rows_in := _RECORDS.fullmatch(filled[0])):
            cut, declared = size - pending, int(rows_in["rows"])
        elif not filled and cut < size:
            cut = size - pending
    return (cut, declared) if matched else (size, None)


def _match(patterns: Sequence[re.Pattern[str]], filled: Sequence[str]) -> re.Match[str] | None:
    if not filled or not all(_NUMBER.fullmatch(cell) and not _DATE.fullmatch(cell) for cell in filled[1:]):
        return None
    return next((found for pattern in patterns if (found := pattern.fullmatch(filled[0]))), None)
