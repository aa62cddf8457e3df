"""Refuse a column whose cells may mean two things, with the setting that decides."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from okrsync.model import Dimension
from okrsync_crm.files.cell_tags import DATE, PERCENT, TAGS
from okrsync_crm.query_settings import Comparison, Conditions, CrmQuery, Elapsed
from okrsync_crm.refusal import bad_data
from okrsync_crm.settings import CrmSettings
from okrsync_crm.sql import execution
from okrsync_crm.sql.planned_question import PlannedQuestion
from okrsync_crm.sql.typed_table import RECORDS, TypedTable

_FEW: Final = 10
"""Shares up to here may be fractions: a quota is reached by 110 %, a market grows by 900 %."""
_THREE: Final = r"[^0-9.,]*[1-9][0-9]{0,2}[.][0-9]{3}[^0-9.,]*"
_DAY_FIRST: Final = r"[0-9]{1,2}[-./][0-9]{1,2}[-./][0-9]{2,4}([ T,].*)?"


@dataclass(slots=True)
class ColumnChecks:
    """What is known of the typed columns, each looked at once."""

    connection: execution.SqlConnection
    table: TypedTable
    _known: dict[str, Any] = field(default_factory=dict)

    def check(self, asked: PlannedQuestion) -> Decimal:
        """By what the values are multiplied: 100 if shares are kept as fractions. Raises ``NoValueError``."""
        query = asked.query
        if self.table.condensed:
            # The pass over the file has looked for all of this.
            return Decimal(1)
        numbers, moments = _columns(query)
        for name in numbers:
            self._refuse_three_digits(name)
        for name in moments:
            self._refuse_mixed_dates(name)
        if (
            asked.question.unit.dimension is Dimension.PERCENT
            and query.field
            and query.measure not in {"ratio", "spread"}
        ):
            return self._share(query.field, query.field_unit)
        return Decimal(1)

    def _ask(self, key: str, statement: str, **values: Any) -> Any:
        if key not in self._known:
            self._known[key] = self.connection.execute(statement, values or None).fetchone()
        return self._known[key]

    def _place(self, row: Any) -> str:
        return execution.places_of(self.table.files, [(row["f"], row["r"])])[row["f"], row["r"]]

    def _refuse_three_digits(self, name: str) -> None:
        """1.200 is a thousand for one person and one and a bit for another; other cells of the column may tell."""
        if not may_be_grouped(self.table.settings):
            return
        raw = self.table.raw(name)
        (likely,) = self._ask(
            f"three digits {raw}", f"SELECT count(*) FROM {RECORDS} WHERE {raw}[-4] = '.' OR {raw} > ':'"
        )
        if not likely:
            return
        text = f"strlen({raw}) > 0 AND NOT contains($tags, {raw}[1])"
        three = (
            f"(({raw}[-4] = '.' OR NOT {raw}[-1] BETWEEN '0' AND '9') AND regexp_full_match({raw}, $three))"
        )
        doubtful, sure, first = self._ask(
            f"three {raw}",
            f"SELECT count(*) FILTER ({text} AND {three}), count(*) FILTER ({text} AND contains({raw}, '.') AND NOT {three}), "
            f"min({{'f': f, 'r': r, 'cell': {raw}}}) FILTER ({text} AND {three}) FROM {RECORDS}",
            tags=TAGS,
            three=_THREE,
        )
        if doubtful and not sure:
            cell = first["cell"]
            raise bad_data(
                f"{self._place(first)}: {name} is “{cell}”, which is a thousand to one person and one and a bit to another",
                hint="set decimal: '.' if the point is the decimal sign; decimal: ',' and thousands: '.' if it groups the digits",
            )

    def _refuse_mixed_dates(self, name: str) -> None:
        """Date cells beside texts that are dates: a spreadsheet has changed some, perhaps with day and month swapped."""
        if not self.table.tagged:
            return
        raw, local = self.table.raw(name), self.table.moment(name).local
        cells, texts = self._ask(
            f"mixed {raw}",
            f"SELECT min({{'f': f, 'r': r, 'cell': {raw}}}) FILTER ({raw}[1] = $date AND {local} IS NOT NULL), "
            f"min({{'f': f, 'r': r, 'cell': {raw}}}) FILTER ({raw}[1] <> $date AND regexp_full_match({raw}, $day)) FROM {RECORDS}",
            date=DATE,
            day=_DAY_FIRST,
        )
        if cells and texts:
            raise bad_data(
                f"{name} has date cells ({self._place(cells)}: {cells['cell'][1:]}) and texts ({self._place(texts)}: “{texts['cell']}”): "
                "a spreadsheet has turned some into dates, perhaps with day and month swapped",
                hint="export again, and do not open the file in a spreadsheet before; or export as CSV",
            )

    def _share(self, name: str, kept: str | None) -> Decimal:
        raw, number = self.table.raw(name), self.table.number(name, percent=True)
        shown = f"({raw}[1] = $percent OR contains({raw}, '%') OR contains({raw}, '٪'))"
        percents, plain, least, largest = self._ask(
            f"share {raw}",
            f"SELECT min({{'f': f, 'r': r, 'cell': {raw}}}) FILTER ({shown}), "
            f"min({{'f': f, 'r': r, 'cell': {raw}}}) FILTER (NOT {shown} AND {number} <> 0), min(abs({number})) FILTER (NOT {shown} AND {number} <> 0), "
            f"max(abs({number})) FILTER (NOT {shown}) FROM {RECORDS}",
            percent=PERCENT,
        )
        if plain is None:
            return Decimal(1)
        cell = plain["cell"].lstrip(TAGS)
        if percents is not None:
            raise bad_data(
                f"{name} has percentages ({self._place(percents)}) and plain numbers ({self._place(plain)}: “{cell}”)",
                hint="give all cells of the column one form",
            )
        if kept is None and (largest <= 1 or (least < 1 and largest <= _FEW)):
            raise bad_data(
                f"{self._place(plain)}: {name} is “{cell}”, and no value is above {1 if largest <= 1 else _FEW}: "
                "it may be a fraction or a percent figure",
                hint=f"set field_unit: fraction if {cell} means {Decimal(cell) * 100 if _plain(cell) else '40'} percent, field_unit: percent if it does not",
            )
        return Decimal(100) if kept == "fraction" else Decimal(1)


def may_be_grouped(settings: CrmSettings) -> bool:
    """Whether nothing says what a point in a number means."""
    return not settings.decimal and settings.thousands is None and settings.dialect == "plain"


def is_decimal(cell: str) -> bool:
    """Whether the point in a cell groups no digits: it then does not in the other cells either."""
    return "." in cell and re.fullmatch(_THREE, cell) is None


def _plain(cell: str) -> bool:
    return cell.replace(".", "", 1).isdigit()


def _columns(query: CrmQuery) -> tuple[list[str], list[str]]:
    """The columns that a query reads as numbers, and as moments."""
    numbers = [query.field] if query.field and query.measure != "count_distinct" else []
    moments = [name for name in (query.date, query.start, query.end) if name]
    for conditions in (query.where, query.part):
        for column in conditions:
            more_numbers, more_moments = _of_condition(conditions, column)
            numbers += more_numbers
            moments += more_moments
    return numbers, moments


def _of_condition(conditions: Conditions, column: str) -> tuple[list[str], list[str]]:
    condition = conditions[column]
    if isinstance(condition, Elapsed):
        return [], [condition.start, condition.end]
    if not isinstance(condition, Comparison):
        return [], []
    limits = [limit for key in ("gt", "gte", "lt", "lte") if (limit := getattr(condition, key)) is not None]
    is_number = any(isinstance(limit, Decimal) for limit in limits)
    return ([column] if is_number else []), ([column] if limits and not is_number else [])
