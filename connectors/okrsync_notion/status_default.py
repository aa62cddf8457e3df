"""Ask whether an option that all untouched rows show is a status column's default.

In the app any option can be the default of new rows, and the API does not tell which. Nothing is taken for granted: a
person answers with ``initial`` in the YAML.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import replace

from okrsync.cells import Kind, kind_of
from okrsync.model import CellState, Doubt, Row
from okrsync_notion.table_layout import Layout


def with_doubts(rows: Sequence[Row], layout: Layout, state: MutableMapping[str, str]) -> list[Row]:
    """The rows, with the question at each status that may be nobody's choice.

    Once okrsync has written a row's other cells it is untouched no more; the notes keep what was seen before.
    """
    doubts: dict[str, tuple[str, Doubt]] = {}
    for cell, column in layout.cells.items():
        if kind_of(cell) is not Kind.STATUS or column.type != "status" or column.declared:
            continue
        note = f"shown by untouched rows in {column.id} of {layout.schema.id}"
        seen = untouched({row.id: row.cells for row in rows if not row.problem}, cell)
        options = set(seen)
        if len(options) == 1 and (option := options.pop()) != column.initial:
            state[note] = option
            doubts[cell] = option, _doubt(option, column.name, len(seen))
        elif (option := state.get(note, "")) and option != column.initial:
            doubts[cell] = option, _doubt(option, column.name, 0)
    return [_doubted(row, doubts) for row in rows]


def untouched(rows: Mapping[str, Mapping[str, CellState]], status: str) -> list[str]:
    """What the cell ``status`` shows in the rows in which every other cell is as the destination left it."""
    return [
        shown
        for cells in rows.values()
        if isinstance(shown := cells[status].value, str)
        and all(_empty(cell) for name, cell in cells.items() if name != status)
    ]


def question(options: Iterable[str]) -> str:
    """The question about rows that show ``options``, empty if they do not agree."""
    shown = list(options)
    if len(set(shown)) != 1:
        return ""
    rows = f"all {len(shown)} untouched rows show" if len(shown) > 1 else "the one untouched row shows"
    return f"{rows} {shown[0]!r}: is it the default?"


def answer(option: str) -> str:
    """How to say that ``option`` is the default."""
    return f"if Notion puts it there itself, write `initial: {option}` above `cells`"


def _doubt(option: str, column: str, rows: int) -> Doubt:
    asked = (
        question([option] * rows)
        if rows
        else f"rows that nobody had touched showed {option!r}: is it the default?"
    )
    return Doubt(reason=f"{asked} ({column!r})", hint=answer(option))


def _empty(cell: CellState) -> bool:
    return bool(cell.locked) or cell.value is None or cell.value == cell.initial


def _doubted(row: Row, doubts: Mapping[str, tuple[str, Doubt]]) -> Row:
    changed = {
        cell: replace(row.cells[cell], doubt=doubt)
        for cell, (option, doubt) in doubts.items()
        if row.cells[cell].value == option
    }
    return replace(row, cells={**row.cells, **changed}) if changed else row
