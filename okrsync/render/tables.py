"""Print tables on terminals of any width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from rich.table import Table


def with_whole_columns(table: Table, *but: str) -> Table:
    """The table, all of whose columns ``but`` these keep the room of their longest cell.

    Left to itself, rich takes from all columns alike if there is no room.
    """
    for column in table.columns:
        if column.header not in but:
            cells = [cell.plain if isinstance(cell, Text) else str(cell) for cell in column.cells]
            column.no_wrap = True
            column.min_width = max(map(cell_len, (str(column.header), *cells)))
    return table
