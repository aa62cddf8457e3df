"""Read in Python what DuckDB's casts cannot: the distinct texts of a column, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from okrsync_crm.cells.amounts import read_amount
from okrsync_crm.cells.moments import read_moments
from okrsync_crm.files.cell_tags import NUMBER, TAGS
from okrsync_crm.sql.cell_values import DECIMAL
from okrsync_crm.sql.typed_table import RECORDS, TypedTable

_BATCH: Final = 50_000


def read_unusual(table: TypedTable, connection: Any, run: Callable[[str], Any]) -> None:
    """Read the distinct texts that DuckDB could not, and put what they mean into the table."""
    for column in table.columns("n", "q"):
        form = table.amount_form()
        for texts in _unread(run, column):
            read = {one: found for one in texts if (found := read_amount(one, form)) is not None}
            kept = {one: found for one, found in read.items() if column[0] == "q" or not found.percent}
            _put(
                connection,
                kept,
                {
                    column: ([f"{found.value:f}" for found in kept.values()], DECIMAL),
                    f"s{column[1:]}": ([found.currency or None for found in kept.values()], "VARCHAR"),
                },
            )
    for column in table.columns("l"):
        form_of = table.moment_form()
        # What a bare number of a workbook that counts from 1904 means is not known.
        numbers = bool(form_of.formats) and not any(file.is_1904 for file in table.files)
        for texts in _unread(run, column, NUMBER if numbers else ""):
            dates = read_moments([text.removeprefix(NUMBER) for text in texts], form_of)
            moments = {text: dates[bare] for text in texts if (bare := text.removeprefix(NUMBER)) in dates}
            _put(
                connection,
                moments,
                {
                    column: ([one.local for one in moments.values()], "BIGINT"),
                    f"a{column[1:]}": ([one.instant for one in moments.values()], "BIGINT"),
                },
            )


def _unread(run: Callable[[str], Any], column: str, typed: str = "") -> Iterator[list[str]]:
    """The distinct texts of a column that have no value yet. Of cells with a type only those ``typed`` so."""
    raw = f"x{column[1:]}"
    cursor = run(
        f"SELECT DISTINCT {raw} FROM {RECORDS} WHERE {raw} IS NOT NULL AND {column} IS NULL ORDER BY {raw}"
    )
    texts = [text for (text,) in cursor.fetchall() if text[0] not in TAGS or text[0] == typed]
    if column[0] == "l":
        # Names of months are read by the language of the whole column.
        yield from [texts] if texts else []
    else:
        yield from (texts[first : first + _BATCH] for first in range(0, len(texts), _BATCH))


def _put(connection: Any, keys: Iterable[str], values: Mapping[str, tuple[Sequence[Any], str]]) -> None:
    texts = list(keys)
    if not texts:
        return
    names = list(values)
    raw = f"x{names[0][1:]}"
    given = ", ".join(f"unnest($v{n}) AS {name}" for n, name in enumerate(names))
    set_ = ", ".join(f"{name} = CAST(m.{name} AS {values[name][1]})" for name in names)
    connection.execute(
        f"UPDATE {RECORDS} SET {set_} FROM (SELECT unnest($texts) AS text, {given}) m "
        f"WHERE {RECORDS}.{raw} = m.text AND {RECORDS}.{names[0]} IS NULL",
        {"texts": texts, **{f"v{n}": list(values[name][0]) for n, name in enumerate(names)}},
    )
