"""Write the records of a sheet as CSV, and remember which row of the sheet each one is."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from okrsync_crm.files.cell_tags import LAST_ROW
from okrsync_crm.files.merged_cells import MergedCells


class RecordWriter:
    """Writes records and remembers which row of the sheet each one is."""

    def __init__(
        self,
        write: Callable[[Sequence[str]], object],
        skip_rows: int,
        merged: MergedCells | None = None,
        plain: Callable[[str], object] | None = None,
    ) -> None:
        self._write = write
        self._plain = plain
        self._skip = skip_rows
        self._merged = merged or MergedCells(())
        self._width = 0
        self._last = 0
        self.numbers: array[int] = array("l")

    @property
    def width(self) -> int:
        """How many columns the first record has; 0 before it is written."""
        return self._width

    def write_block(self, numbers: range, columns: list[list[str]]) -> bool:
        """Rows that follow each other, by column; whether nothing about them is special and they are written."""
        first, last = numbers[0], numbers[-1]
        if first != self._last + 1 or first <= self._skip or last > LAST_ROW or self._plain is None:
            return False
        if not self._merged.is_empty or not all(map(str.strip, columns[0])):
            return False
        missing = ',""' * (self._width - len(columns))
        lines = f'"{missing}\n"'.join(map('","'.join, zip(*columns, strict=True)))
        text = f'"{lines}"{missing}\n'
        if text.count('"') != 2 * self._width * len(numbers):
            return False
        self._plain(text)
        self.numbers.extend(numbers)
        self._last = last
        return True

    def write_cells(self, number: int, cells: list[str]) -> None:
        """A row whose cells are all given, from the first column on; an ordinary one is written without a look at each."""
        usual = number == self._last + 1 and self._skip < number <= LAST_ROW and cells[-1].strip()
        if not usual or self._plain is None or not self._merged.is_empty:
            self.write(number, {place: text for place, text in enumerate(cells) if text})
            return
        self._width = self._width or len(cells)
        if len(cells) < self._width:
            cells += [""] * (self._width - len(cells))
        line = '","'.join(cells)
        if line.count('"') == 2 * len(cells) - 2:
            self._plain(f'"{line}"\n')
        else:
            self._write(cells)
        self.numbers.append(number)
        self._last = number

    def write(self, number: int, cells: dict[int, str]) -> None:
        if number > LAST_ROW or number <= self._last:
            raise ValueError(f"row {number} after row {self._last}: a sheet has rows 1 to {LAST_ROW}")
        # Merged cells may reach further down than the records; a row of nothing else is none.
        blank = not any(text.strip() for text in cells.values())
        self._merged.fill(number, cells)
        if number <= self._skip or blank:
            return
        if self._width and number > self._last + 1:
            self._write([""] * self._width)
            self.numbers.append(self._last + 1)
        used = max(column for column, text in cells.items() if text.strip()) + 1
        self._width = self._width or used
        self._write([cells.get(column, "") for column in range(max(self._width, used))])
        self.numbers.append(number)
        self._last = number
