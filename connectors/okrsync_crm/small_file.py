"""Answers usual questions about a small plain file without DuckDB, which takes 65 MiB by itself.

It answers, and never refuses. What is unusual in a file or a question raises ``UnusualFileError``: the database then reads
the file, judges its rows and names what is wrong. So nothing is read here that the database would read otherwise: cells
without a quotation mark inside, digits without a currency, dates and times that every clock shows once.
"""

from __future__ import annotations

import csv
import io
import operator
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from okrsync.model import Dimension
from okrsync_crm.cells.moments import ReadMoment
from okrsync_crm.cells.names import SPACES, folded
from okrsync_crm.cells.plain_cells import BLANKS, all_differ, plain_amount, plain_moments
from okrsync_crm.files.staged_file import StagedFile
from okrsync_crm.query_settings import Conditions
from okrsync_crm.sql.column_checks import may_be_grouped
from okrsync_crm.sql.conditions import is_of_text, limits_of, window_bounds, without_limits
from okrsync_crm.sql.file_scan import MASKED
from okrsync_crm.sql.grouped import Allowed, allowed_texts, chosen
from okrsync_crm.sql.planned_question import PlannedQuestion, is_percentile, length_of, rank_of
from okrsync_crm.sql.records import rows_in_doubt
from okrsync_crm.sql.typed_table import TypedTable, UnusualFileError
from okrsync_crm.sql.where_values import WhereValues

SMALL: Final = 1 << 20
"""From so many bytes on the database is quicker."""
_LINE_FEED: Final = "\n"
_ODD: Final = re.compile(f"[\0{''.join(set(SPACES) - set(BLANKS) - {_LINE_FEED})}]")
"""Carriage returns, blanks that are rarely meant as blanks, and NUL."""
_MEASURES: Final = {"count", "count_distinct", "sum", "mean", "min", "max", "ratio"}
_COMPARED: Final = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
Texts = tuple[str | None, ...]


@dataclass(slots=True)
class SmallFile:
    """The rows of a file, each column read when a question needs it."""

    table: TypedTable
    rows: Sequence[Sequence[str]]
    _texts: dict[str, list[str | None]] = field(default_factory=dict)
    _amounts: dict[str, list[Decimal | None]] = field(default_factory=dict)
    _moments: dict[str, list[ReadMoment | None]] = field(default_factory=dict)
    _groups: dict[tuple[str, ...], Mapping[Texts, Sequence[int]]] = field(default_factory=dict)

    # ---- columns ----------------------------------------------------------------------------------------------

    def texts(self, name: str) -> list[str | None]:
        column = self.table.text(name)
        if column not in self._texts:
            place = self.table.scan(0).position(name)
            nulls = {"", *self.table.dialect.nulls}
            cells = [row[place].strip(BLANKS) for row in self.rows]
            self._texts[column] = [None if cell in nulls else cell for cell in cells]
        return self._texts[column]

    def amounts(self, name: str) -> list[Decimal | None]:
        column = self.table.text(name)
        if column not in self._amounts:
            form, grouped = self.table.amount_form(), may_be_grouped(self.table.settings)
            cells = self.texts(name)
            found = [None if cell is None else plain_amount(cell, form) for cell in cells]
            for cell, amount in zip(cells, found, strict=True):
                if cell is not None and (amount is None or (grouped and cell[-4:-3] == ".")):
                    raise UnusualFileError
            self._amounts[column] = found
        return self._amounts[column]

    def moments(self, name: str) -> list[ReadMoment | None]:
        column = self.table.text(name)
        if column not in self._moments:
            texts = self.texts(name)
            read = plain_moments({cell for cell in texts if cell is not None}, self.table.moment_form())
            if read is None:
                raise UnusualFileError
            self._moments[column] = [None if cell is None else read[cell] for cell in texts]
        return self._moments[column]

    # ---- questions --------------------------------------------------------------------------------------------

    def where_values(self, asked: Sequence[PlannedQuestion]) -> WhereValues:
        """What the conditions are compared with."""
        known: dict[str, Mapping[str, int]] = {}
        for one in asked:
            names = [*one.query.where, *one.query.part]
            for conditions in (one.query.where, one.query.part):
                self._hold_limits(conditions)
            names += [one.query.field or ""] if one.query.measure == "count_distinct" else []
            for name in names:
                if self.table.text(name) not in known:
                    counts = Counter(cell for cell in self.texts(name) if cell is not None)
                    known[self.table.text(name)] = counts
        return WhereValues(None, self.table, known=known, rows=len(self.rows))

    def _hold_limits(self, conditions: Conditions) -> None:
        """Find out in which rows the numbers are within the limits of conditions."""
        for name, condition in conditions.items():
            if not (limits := limits_of(condition)):
                continue
            column = self.table.limits.setdefault((folded(name), limits), f"h{len(self.table.limits)}")
            if column not in self._texts:
                self._texts[column] = [
                    "true" if cell is not None and all(_holds(cell, *limit) for limit in limits) else "false"
                    for cell in self.amounts(name)
                ]

    def values(self, one: PlannedQuestion, where: WhereValues) -> dict[str, Any]:
        """The values of a question, as a statement of its own gives them."""
        query, index = one.query, one.index
        rows = self._matching(query.where, where)
        if query.date is not None and (one.question.window is not None or one.until is not None):
            moments = self.moments(query.date)
            bounds = window_bounds(one.question.window, one.until, one.zone)
            rows = [row for row in rows if _is_inside(moments[row], bounds)]
        found: dict[str, Any] = {"rows": len(rows), "bad": 0}
        part = set(self._matching(query.part, where))
        if query.measure == "count_distinct":
            texts = [text for row in rows if (text := self.texts(query.field or "")[row]) is not None]
            found |= {"filled": len(texts), "value": len(set(texts))}
        elif query.field:
            cells = self.amounts(query.field)
            values = [(row, value) for row in rows if (value := cells[row]) is not None]
            found |= {"filled": len(values), "signs": ()} | _of_amounts(
                length_of(query), [value for _, value in values]
            )
            if query.measure == "ratio":
                found["part"] = sum((value for row, value in values if row in part), Decimal(0))
            if one.currency is not None:
                codes = self.texts(one.currency)
                found["currencies"] = tuple(sorted({codes[row] or "" for row, _ in values}))
        elif query.measure == "ratio":
            found["part"] = sum(row in part for row in rows)
        return {f"{name}{index}": value for name, value in found.items()}

    def _matching(self, conditions: Conditions, where: WhereValues) -> Sequence[int]:
        """The rows for which all conditions hold."""
        allowed: Allowed | None = allowed_texts(self.table, conditions, where)
        if allowed is None:
            raise UnusualFileError
        keys = tuple(allowed)
        if keys not in self._groups:
            groups: defaultdict[Texts, list[int]] = defaultdict(list)
            for row, texts in enumerate(zip(*(self._texts[key] for key in keys), strict=True)):
                groups[texts].append(row)
            self._groups[keys] = groups if keys else {(): range(len(self.rows))}
        return [row for rows in chosen(self._groups[keys], keys, allowed).values() for row in rows]

    def look_for_totals(self) -> None:
        """Raise ``UnusualFileError`` if a row may be no record. This takes longer than all the rest."""
        if self.table.settings.totals == "records":
            return
        rows = [
            (n, sum(1 << place for place, cell in enumerate(row) if cell), [cell or None for cell in row])
            for n, row in enumerate(self.rows, 1)
        ]
        masks = Counter(mask for _, mask, _ in rows)
        if rows_in_doubt(self.table, 0, [(mask, mask.bit_count(), n) for mask, n in masks.items()], rows):
            raise UnusualFileError


def small_file(table: TypedTable, asked: Sequence[PlannedQuestion]) -> SmallFile:
    """The file, if it can answer the questions and no row is there twice. Raises ``UnusualFileError``."""
    (file,), settings = table.files, table.settings
    usual = (
        settings.latest_by is None
        and settings.fill_down is None
        and settings.short_rows == "refuse"
        and settings.quotes == "double"
        and not file.tagged
        and len(file.header) <= MASKED
        and all(_is_usual(one, table) for one in asked)
    )
    if not usual:
        raise UnusualFileError
    text = file.path.read_text(encoding="utf-8")
    if _ODD.search(text):
        raise UnusualFileError
    try:
        _, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=file.delimiter, strict=True)
    except csv.Error:
        raise UnusualFileError from None
    if any(
        len(row) != len(file.header) or any('"' in cell or _LINE_FEED in cell for cell in row) for row in rows
    ):
        raise UnusualFileError
    found = SmallFile(table, [row for row in rows if any(row)])
    if not found.rows or len(found.rows) > settings.limits.rows:
        raise UnusualFileError
    if file.declared_rows not in {None, len(found.rows)} or not _are_records(found, file):
        raise UnusualFileError
    return found


def _are_records(found: SmallFile, file: StagedFile) -> bool:
    """Whether no row is a header or twice there, and none has a cell without a column."""
    table, rows, settings = found.table, found.rows, found.table.settings
    if any(row[place].strip() for place in table.scan(0).unnamed() for row in rows):
        return False
    first = next(place for place, name in enumerate(file.header) if name.strip(SPACES))
    title = file.header[first].strip(SPACES).casefold()
    if any(row[first].strip(SPACES).casefold() == title for row in rows):
        return False
    if settings.key is not None:
        keys = found.texts(settings.key)
        return None not in keys and len(set(keys)) == len(keys)
    return settings.equal_rows == "count" or all_differ(rows, table.likely_id(0))


def _is_inside(read: ReadMoment | None, bounds: Sequence[tuple[str, int, int]]) -> bool:
    if read is None:
        return False
    for sign, wall, moment in bounds:
        at, bound = (read.local, wall) if read.instant is None else (read.instant, moment)
        if (at < bound) is (sign == ">="):
            return False
    return True


def _is_usual(one: PlannedQuestion, table: TypedTable) -> bool:
    query, unit = one.query, one.question.unit
    if query.measure not in _MEASURES and not is_percentile(query.measure):
        return False
    if unit.dimension is Dimension.MONEY and table.settings.rates is not None:
        return False
    if unit.dimension is Dimension.PERCENT and query.field:
        return False
    rest = map(without_limits, (*query.where.values(), *query.part.values()))
    return all(one is None or is_of_text(one) for one in rest)


def _holds(value: Decimal, key: str, limit: Any) -> bool:
    """Whether a number is within a limit."""
    if not isinstance(limit, Decimal) or limit != round(limit, 8):
        raise UnusualFileError
    return bool(_COMPARED[key](value, limit))


def _of_amounts(how: str, values: Sequence[Decimal]) -> dict[str, Any]:
    if not values:
        return {"value": None}
    if how in {"min", "max"}:
        return {"value": min(values) if how == "min" else max(values)}
    if not is_percentile(how):
        return {"value": sum(values, Decimal(0))}
    ordered = sorted(values)
    below = int(rank_of(how, len(ordered)))
    return {"below": ordered[below], "above": ordered[min(len(ordered) - 1, below + 1)]}
