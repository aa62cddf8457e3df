"""Tell the records of an export from headers, totals, group rows and records in duplicate.

A row that adds up others shows it by its blank cells and by arithmetic; a word such as "Total" or a count such as "Won (3)"
supports it, and alone it decides nothing. What is certain is left out with a note. What stays doubtful keeps its row,
and every question that would count it is refused with the setting that decides (``totals``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from okrsync_crm.cells.names import SPACES
from okrsync_crm.refusal import bad_data
from okrsync_crm.sql import execution
from okrsync_crm.sql.execution import SqlConnection
from okrsync_crm.sql.file_scan import MASKED
from okrsync_crm.sql.sparse_rows import amounts_of, sparse_row
from okrsync_crm.sql.totals import RowVerdict, SparseRow, judged, strong_masks
from okrsync_crm.sql.typed_table import RECORDS, TypedTable

SMALL: Final = 20_000
MOST: Final = 5_000
"""More rows that lack the cells of the others are no totals, but records of another kind."""
_ADDED_UP: Final = 500_000
_LISTED: Final = 5
_NOTHING_ELSE: Final = 100
"""So many rows may all be totals: an export of a report without its records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Rows that are no records, or that may be one record twice: what is shown with every number of the file."""

    what: str
    where: str


def audit(connection: SqlConnection, table: TypedTable) -> tuple[Note, ...]:
    """Take what is no record out of the typed table. Raises ``NoValueError`` if a record is there twice."""
    notes = _repeated_headers(connection, table)
    if table.settings.totals != "records":
        notes += _totals(connection, table)
    if table.settings.key is None and table.settings.equal_rows == "refuse":
        notes += _equal_rows(connection, table)
    return tuple(notes)


def _ask(connection: SqlConnection, table: TypedTable, statement: str) -> list[Any]:
    rows: list[Any] = execution.run(connection, table.bind, table.label, statement).fetchall()
    return rows


def _shown(table: TypedTable, rows: Sequence[tuple[int, int]], labels: Sequence[str] = ()) -> str:
    places = execution.places_of(table.files, rows[:_LISTED])
    named = [
        f"{places[row]}{f' ({label})' if label else ''}"
        for row, label in zip(rows, [*labels, *[""] * len(rows)], strict=False)
    ][:_LISTED]
    return "; ".join(named) + (f"; and {len(rows) - _LISTED} more" if len(rows) > _LISTED else "")


def _delete(connection: SqlConnection, rows: Sequence[tuple[int, int]]) -> None:
    connection.execute(
        f"DELETE FROM {RECORDS} WHERE (f, r) IN (SELECT unnest($f), unnest($r))",
        {"f": [file for file, _ in rows], "r": [row for _, row in rows]},
    )


def _repeated_headers(connection: SqlConnection, table: TypedTable) -> list[Note]:
    rows = [
        (file, row)
        for file, row in _ask(connection, table, f"SELECT f, r FROM {RECORDS} WHERE again ORDER BY f, r")
    ]
    if not rows:
        return []
    _delete(connection, rows)
    return [Note(what="repeated header left out", where=_shown(table, rows))]


# ---- totals -------------------------------------------------------------------------------------------------------


def _totals(connection: SqlConnection, table: TypedTable) -> list[Note]:
    notes: list[Note] = []
    for file in range(len(table.files)):
        sparse = _sparse_rows(connection, table, file)
        if not sparse:
            continue
        verdicts = _verdicts(connection, table, file, sparse)
        labels = {row.number: row.label for row in sparse}
        _refuse_outline(table, file, verdicts, labels)
        gone = [
            number
            for number, verdict in verdicts.items()
            if verdict is RowVerdict.TOTAL or table.settings.totals == "leave_out"
        ]
        if gone:
            rows = [(file, number) for number in sorted(gone)]
            _delete(connection, rows)
            notes.append(
                Note(what="totals left out", where=_shown(table, rows, [labels[row] for _, row in rows]))
            )
        doubtful = [number for number in verdicts if number not in gone]
        if doubtful:
            connection.execute(
                f"UPDATE {RECORDS} SET odd = m.label FROM (SELECT unnest($r) AS r, unnest($label) AS label) m "
                f"WHERE {RECORDS}.f = $f AND {RECORDS}.r = m.r",
                {"f": file, "r": doubtful, "label": [labels[number] or "(no name)" for number in doubtful]},
            )
    return notes


def _refuse_outline(
    table: TypedTable, file: int, verdicts: Mapping[int, RowVerdict], labels: Mapping[int, str]
) -> None:
    parts = [number for number, verdict in verdicts.items() if verdict is RowVerdict.MULTIPLE]
    if parts:
        raise bad_data(
            f"{_shown(table, [(file, parts[0])], [labels[parts[0]]])}: the other rows add up to a multiple of it, "
            "so they hold groups and their parts, as a pivot table does",
            hint="export the records, not a pivot table; if each row is a record, set totals: records",
        )


def _sparse_rows(connection: SqlConnection, table: TypedTable, file: int) -> list[SparseRow]:
    """The rows that may be no records: by what they lack beside fuller rows, or by a word for totals in a small file."""
    masks = _ask(
        connection,
        table,
        f"SELECT mask, filled, count(*) FROM {RECORDS} WHERE f = {file} GROUP BY mask, filled",
    )
    rows = sum(count for _, _, count in masks)
    strong = masks_in_doubt(table, file, masks)
    if not strong and rows > SMALL:
        return []
    width = len(table.files[file].header)
    wanted = ", ".join(map(str, sorted(strong))) or "NULL"
    # In a small file every row is looked at: a total may have all its cells filled.
    limit = "true" if rows <= SMALL else f"mask IN ({wanted})"
    mask = table.scan(file).mask()
    cells = _ask(
        connection,
        table,
        f"SELECT r, mask, [{', '.join(f'c{n}' for n in range(min(width, MASKED)))}] FROM "
        f"(SELECT row_number() OVER () AS r, {mask} AS mask, * FROM {table.scan(file).source()}) "
        f"WHERE mask > 0 AND {limit} AND r IN (SELECT r FROM {RECORDS} WHERE f = {file}) ORDER BY r",
    )
    return rows_in_doubt(table, file, masks, cells)


def masks_in_doubt(table: TypedTable, file: int, masks: Sequence[tuple[int, int, int]]) -> set[int]:
    """The masks of rows that lack what fuller rows have."""
    below = table.scan(file).fill_down_bits()
    strong = strong_masks([(mask | below, count) for mask, _, count in masks], most=MOST)
    return {mask for mask, _, _ in masks if mask | below in strong}


def rows_in_doubt(
    table: TypedTable,
    file: int,
    masks: Sequence[tuple[int, int, int]],
    cells: Sequence[tuple[int, int, Sequence[str | None]]],
) -> list[SparseRow]:
    """Those of some rows, each with its number and mask, that may be no records.

    ``masks``: each mask of the file, how many cells it fills, and how many rows have it.
    """
    width = len(table.files[file].header)
    strong = masks_in_doubt(table, file, masks)
    usual = max(masks, key=lambda one: (one[2], one[1]), default=(0, 0, 0))[1]
    found = [sparse_row(table, file, row, strong=row[1] in strong, width=usual) for row in cells]
    if len(cells) <= _NOTHING_ELSE:
        alone = [sparse_row(table, file, row, strong=True, width=usual) for row in cells]
        if all(row.hard and not row.dated and row.mask.bit_count() < width for row in alone):
            return alone
    return [row for row in found if row.may_be_total]


def _verdicts(
    connection: SqlConnection, table: TypedTable, file: int, sparse: Sequence[SparseRow]
) -> Mapping[int, RowVerdict]:
    columns = sorted({column for row in sparse for column in row.amounts})
    rows = amounts_of(table, file, columns, sorted({column for row in sparse for column in row.within}))
    found = _ask(connection, table, rows.statement)
    if len(found) > _ADDED_UP:
        return {row.number: RowVerdict.DOUBT for row in sparse if row.hard}
    return judged(sparse, rows.read(found))


# ---- records that are there twice -----------------------------------------------------------------------------------


def _equal_rows(connection: SqlConnection, table: TypedTable) -> list[Note]:
    ((alike,),) = _ask(connection, table, f"SELECT count(*) - count(DISTINCT whole) FROM {RECORDS}")
    if not alike:
        return []
    every = " UNION ALL ".join(
        f"SELECT {file} AS f, row_number() OVER () AS r, {table.scan(file).roughly_whole()} AS whole FROM {table.scan(file).source()}"
        for file in range(len(table.files))
    )
    twice = _ask(
        connection,
        table,
        f"SELECT list({{'f': f, 'r': r}} ORDER BY f, r), count(*) FROM ({every}) "
        f"WHERE (f, r) IN (SELECT (f, r) FROM {RECORDS}) GROUP BY whole HAVING count(*) > 1 ORDER BY min(f), min(r)",
    )
    if not twice:
        return []
    first = [(at["f"], at["r"]) for at in twice[0][0]]
    shown = _shown(table, first)
    more = f", and {len(twice) - 1} more such groups" if len(twice) > 1 else ""
    if _has_id(connection, table):
        raise bad_data(
            f"rows are equal in every cell: {shown}{more}",
            hint="set key to the column with each row's id and correct the export; "
            "if each of them is a record of its own, set equal_rows: count",
        )
    return [Note(what="equal rows, each counted", where=f"{shown}{more}")]


def _has_id(connection: SqlConnection, table: TypedTable) -> bool:
    """Whether a column of texts or whole numbers tells all different rows apart: then equal rows are one record."""
    for file in range(len(table.files)):
        width = len(table.files[file].header)
        if width < 2:
            continue
        counts = ", ".join(
            f"count(DISTINCT trim(c{n}, {table.bind.bind(SPACES)})), bool_or({table.scan(file).is_measure(n)})"
            for n in range(width)
        )
        ((rows, *found),) = _ask(
            connection,
            table,
            f"SELECT count(DISTINCT {table.scan(file).roughly_whole()}), {counts} FROM {table.scan(file).source()} WHERE {table.scan(file).mask()} > 0",
        )
        if any(
            distinct == rows and not measure
            for distinct, measure in zip(found[::2], found[1::2], strict=True)
        ):
            return True
    return False
