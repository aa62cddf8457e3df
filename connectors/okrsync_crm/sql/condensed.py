"""Read a large plain file in one pass, as groups of rows that no question tells apart.

Most files hold nothing unusual, and then no row is needed: what the questions test are a few texts and the slices of time
between their bounds. The pass itself looks for everything that makes a row matter: cells that cannot be read, rows of
totals, repeated headers, equal rows, ids in duplicate. If it finds one, the file is read again row by row (typed_table.py),
which judges and names it. So this module answers, and never refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from okrsync.connector import NoValueError
from okrsync.model import Dimension
from okrsync_crm.cells.names import SPACES, folded
from okrsync_crm.files.plain_text import LARGE, spread_sample
from okrsync_crm.files.staged_file import refuse_changed
from okrsync_crm.query_settings import Limits
from okrsync_crm.settings import CrmSettings
from okrsync_crm.sql import execution
from okrsync_crm.sql.cell_values import DECIMAL, cleaned
from okrsync_crm.sql.condensed_columns import (
    Bounds,
    CondensedColumn,
    amount_column,
    moment_column,
    sampled,
)
from okrsync_crm.sql.conditions import SIGNS, is_of_text, limits_of, micros, wall_clock, without_limits
from okrsync_crm.sql.file_scan import MASKED, FileScan
from okrsync_crm.sql.planned_question import PlannedQuestion, is_percentile
from okrsync_crm.sql.records import MOST, SMALL
from okrsync_crm.sql.row_ids import RowIds, row_ids
from okrsync_crm.sql.totals import strong_masks
from okrsync_crm.sql.typed_table import RECORDS, TypedTable, UnusualFileError

_MEASURES: Final = {"count", "sum", "mean", "min", "max", "ratio", "count_distinct"}
_GROUPS: Final = "groups"
_DIFFERENT: Final = 0.85
"""If so many rows of the sample differ in what is asked, groups save nothing."""


@dataclass(slots=True)
class CondensedFile:
    """What is asked of a file: texts to tell apart, columns to add up, and moments with the bounds they are compared with."""

    table: TypedTable
    texts: list[str] = field(default_factory=list)
    amounts: dict[str, set[str]] = field(default_factory=dict)
    bounds: dict[str, Bounds] = field(default_factory=dict)
    ids: RowIds | None = None

    @property
    def scan(self) -> FileScan:
        return self.table.scan(0)

    def add(self, one: PlannedQuestion) -> bool:
        """Take up a question; whether groups can answer it."""
        query, unit = one.query, one.question.unit
        percentile = is_percentile(query.measure)
        if (query.measure not in _MEASURES and not percentile) or (
            unit.dimension is Dimension.PERCENT and query.field
        ):
            return False
        if unit.dimension is Dimension.MONEY and self.table.settings.rates is not None:
            return False
        tested = [*query.where.items(), *query.part.items()]
        names = [one.currency] if one.currency else []
        for name, condition in tested:
            if not self._add_limits(name, limits_of(condition)):
                return False
            rest = without_limits(condition)
            if rest is not None and not is_of_text(rest):
                return False
            names += [] if rest is None else [name]
        if query.measure == "count_distinct":
            names.append(query.field or "")
        elif query.field:
            how = "list" if percentile else query.measure if query.measure in {"min", "max"} else "sum"
            self.amounts.setdefault(folded(query.field), set()).add(how)
        self.texts += [name for name in dict.fromkeys(map(folded, names)) if name not in self.texts]
        bounds = _bounds(one)
        if query.date is not None and bounds:
            self.bounds.setdefault(folded(query.date), set()).update(bounds)
        return True

    def _add_limits(self, name: str, limits: Limits) -> bool:
        """Take up limits of a column's numbers; whether it can be."""
        if limits and all(isinstance(limit, Decimal) for _, limit in limits):
            self.amounts.setdefault(folded(name), set())
            self.table.limits.setdefault((folded(name), limits), f"h{len(self.table.limits)}")
        return not limits or (folded(name), limits) in self.table.limits

    # ---- the pass over the file ---------------------------------------------------------------------------------

    def load(self, connection: execution.SqlConnection) -> int:
        """Build the table of groups and return the number of rows. Raises ``UnusualFileError``."""
        table = self.table
        sample = list(spread_sample(table.files[0]))
        if not sample or self._is_diverse(sample):
            raise UnusualFileError
        columns = self._columns(sample)
        self.ids = row_ids(table, sample)
        try:
            execution.run(connection, table.bind, table.label, self._statement(columns))
            if execution.malformed_lines(connection, table.files):
                raise UnusualFileError
            refuse_changed(table.files)
            rows = self._checked(connection, columns)
            self._decode(connection)
            execution.run(connection, table.bind, table.label, self._records(columns))
        except NoValueError as refusal:
            # What cannot be read is named by the reading of rows.
            raise UnusualFileError(undecoded=" encoded" in refusal.message) from None
        table.condense()
        return rows

    def _is_diverse(self, sample: Sequence[Sequence[str]]) -> bool:
        """Whether most rows differ in what is asked, so that there would be as many groups."""
        places = [self.scan.position(name) for name in self.texts]
        different = {(*(row[n] for n in places), *map(bool, row)) for row in sample}
        return len(different) > _DIFFERENT * len(sample)

    def _columns(self, sample: Sequence[Sequence[str]]) -> list[CondensedColumn]:
        scan, table = self.scan, self.table
        found = []
        for number, (name, totals) in enumerate(self.amounts.items()):
            found.append(amount_column(sampled(scan, name, number, sample), table, sorted(totals)))
        for number, (name, bounds) in enumerate(self.bounds.items(), len(found)):
            found.append(moment_column(sampled(scan, name, number, sample), table, bounds))
        return found

    def _statement(self, columns: Sequence[CondensedColumn]) -> str:
        scan = self.scan
        texts = [f"c{scan.position(name)} AS k{number}" for number, name in enumerate(self.texts)]
        plain = ", ".join(["*", *(sql for one in columns for sql in one.plain)])
        cells = ", ".join(["*", f"{scan.mask()} AS mask", *(sql for one in columns for sql in one.cells)])
        keys = ["mask", *texts, *self._held_limits(), *(sql for one in columns for sql in one.keys)]
        totals = ["count(*) AS weight", *(sql for one in columns for sql in one.totals)]
        totals += self.ids.totals if self.ids is not None else []
        if not self.texts:
            totals.append(f"count(*) FILTER ({scan.repeats_header()}) AS headers")
        return (
            f"CREATE TEMP TABLE {_GROUPS} AS SELECT {', '.join([*keys, *totals])} FROM "
            f"(SELECT {cells} FROM (SELECT {plain} FROM {scan.source()})) GROUP BY ALL"
        )

    def _held_limits(self) -> list[str]:
        """Whether a row's numbers are within the limits that questions set."""
        bind, found = self.table.bind.bind, []
        for (name, limits), column in self.table.limits.items():
            number = f"n{list(self.amounts).index(name)}"
            holds = (f"{number} {SIGNS[key]} CAST({bind(str(limit))} AS {DECIMAL})" for key, limit in limits)
            found.append(f"coalesce({' AND '.join(holds)}, false) AS {column}")
        return found

    # ---- what makes a row matter --------------------------------------------------------------------------------

    def _checked(self, connection: execution.SqlConnection, columns: Sequence[CondensedColumn]) -> int:
        """The number of rows. Raises ``UnusualFileError`` if one of them must be judged by itself."""
        settings = self.table.settings
        connection.execute(f"DELETE FROM {_GROUPS} WHERE mask = 0")
        spoiled = [*(one.unread for one in columns), *self._headers()]
        spoiled += [self.ids.unread] if self.ids is not None else []
        rows, unread = connection.execute(
            f"SELECT sum(weight), sum({' + '.join(spoiled) or '0'}) FROM {_GROUPS}"
        ).fetchone()
        if not rows or rows <= SMALL or unread or rows > settings.limits.rows:
            raise UnusualFileError
        masks = connection.execute(f"SELECT mask, sum(weight) FROM {_GROUPS} GROUP BY mask").fetchall()
        unnamed = sum(1 << n for n in self.scan.unnamed())
        if any(mask & unnamed for mask, _ in masks):
            raise UnusualFileError
        if settings.totals != "records" and strong_masks(masks, most=MOST):
            raise UnusualFileError
        if self.ids is not None and rows != self.ids.different(connection, _GROUPS):
            raise UnusualFileError
        return int(rows)

    def _headers(self) -> list[str]:
        """How many rows of a group may be the header again: one of their texts is its column's name."""
        if not self.texts:
            return ["headers"]
        header, scan = self.table.files[0].header, self.scan
        return [
            f"CASE WHEN lower(trim(k{number}, {_literal(SPACES)})) = lower({_literal(scan.as_read(header[scan.position(name)].strip(SPACES)))}) THEN weight ELSE 0 END"
            for number, name in enumerate(self.texts)
        ]

    def _decode(self, connection: execution.SqlConnection) -> None:
        """Give the texts their own letters: those of a code page were read as Latin-1."""
        page = self.table.files[0].code_page
        for number in range(len(self.texts)) if page is not None else ():
            read = connection.execute(f"SELECT DISTINCT k{number} FROM {_GROUPS} WHERE k{number} IS NOT NULL")
            texts = [text for (text,) in read.fetchall() if not text.isascii()]
            meant = [text.encode("latin-1").decode(page) for text in texts]
            connection.execute(
                f"UPDATE {_GROUPS} SET k{number} = m.meant FROM (SELECT unnest($texts) AS text, unnest($meant) AS meant) m "
                f"WHERE k{number} = m.text",
                {"texts": texts, "meant": meant},
            )

    def _records(self, columns: Sequence[CondensedColumn]) -> str:
        """The groups under the names that questions know."""
        table = self.table
        listed = ["weight::BIGINT AS weight"]
        for number, name in enumerate(self.texts):
            listed.append(f"{cleaned(f'k{number}', table.dialect.nulls, table.bind)} AS {table.raw(name)}")
        listed += [f"CAST({column} AS VARCHAR) AS {column}" for column in table.limits.values()]
        listed += [sql for one in columns for sql in one.records]
        return f"CREATE TEMP TABLE {RECORDS} AS SELECT {', '.join(listed)} FROM {_GROUPS}"


def condensed(table: TypedTable, asked: Sequence[PlannedQuestion]) -> CondensedFile | None:
    """The questions about one large plain file as one pass over it; None if a row must be seen to answer one."""
    if len(table.files) > 1 or not _is_plain(table.settings):
        return None
    file = table.files[0]
    if file.tagged or len(file.header) > MASKED or file.path.stat().st_size < LARGE or file.declared_rows:
        return None
    found = CondensedFile(table)
    return found if asked and all(found.add(one) for one in asked) else None


def _is_plain(settings: CrmSettings) -> bool:
    return (
        settings.latest_by is None
        and settings.fill_down is None
        and settings.short_rows == "refuse"
        and settings.quotes == "double"
    )


def _bounds(one: PlannedQuestion) -> list[tuple[int, int]]:
    """What a question's moments are compared with: on the wall clock and on the time line (conditions.in_window)."""
    window = one.question.window
    where = one.zone if window is None else window.start.tzinfo or one.zone
    moments: list[datetime] = [window.start, window.end] if window is not None else []
    if one.until is not None:
        moments.append(one.until)
    return [(wall_clock(at.astimezone(where)), micros(at)) for at in moments]


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
