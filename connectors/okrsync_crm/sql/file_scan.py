"""Scan one file in SQL: ``read_csv`` of it, its filled cells, its repeated headers and its ids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from okrsync.spelling import did_you_mean
from okrsync_crm.cells.names import SPACES, folded
from okrsync_crm.dialects import Dialect
from okrsync_crm.files.cell_tags import DATE, MONEY, NUMBER, PERCENT
from okrsync_crm.files.staged_file import OTHER_DELIMITERS, StagedFile
from okrsync_crm.refusal import bad_config
from okrsync_crm.settings import CrmSettings
from okrsync_crm.sql.cell_values import DECIMAL, Parameters

REJECTS_LISTED: Final = 1000
MASKED: Final = 60
"""So many columns take part in the pattern of a row's filled cells, one bit each."""
LINE: Final = 16_000_000
"""The longest line in bytes: a cell may hold a whole e-mail thread."""
_BLANKS: Final = 8
_NAMES: Final = 4
"""So many names of columns in a row show that it is the header again."""
_MEASURE: Final = rf"[{DATE}{NUMBER}{PERCENT}{MONEY}].*|[^\p{{L}}]*[0-9][^\p{{L}}]*"
ID_NAME: Final = re.compile(
    r"(?:^|[^a-z])(?:ids?|nr|no|num|uid|guid|uuid|key)(?:$|[^a-z])|number(?! of)|nummer|numéro|numero|número|номер|№|编号|番号|번호|code|kod|kennung|identif",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FileScan:
    """SQL of a file. Its columns are named ``c0``, ``c1`` ... by their place."""

    file: StagedFile
    settings: CrmSettings
    dialect: Dialect
    bind: Parameters

    @property
    def width(self) -> int:
        return len(self.file.header)

    def source(self) -> str:
        file = self.file
        columns = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(self.width))
        # A copy has line feeds only; of a file as it lies DuckDB finds out, and refuses a mixture.
        ends = "" if file.origin is not None else "new_line='\\n', "
        return (
            f"read_csv({self.bind.bind(str(file.path))}, columns={{{columns}}}, delim={self.bind.bind(file.delimiter)}, "
            f"quote='\"', escape={self._escape}, header=true, auto_detect=false, encoding='{file.encoding}', {ends}{self._strictness}, "
            f"max_line_size={LINE}, buffer_size={2 * LINE}, "
            f"store_rejects=true, rejects_limit={self.settings.max_bad_rows + REJECTS_LISTED})"
        )

    @property
    def _strictness(self) -> str:
        strict = "false" if self.dialect.quotes == "lenient" else "true"
        # Cells that are left out and line feeds inside of cells can be distinguished by one thread only.
        padded = ", null_padding=true, parallel=false" if self.settings.short_rows == "fill" else ""
        return f"strict_mode={strict}{padded}"

    @property
    def _escape(self) -> str:
        return "'\\'" if self.dialect.quotes == "backslash" else "'\"'"

    # ---- which cells are filled ---------------------------------------------------------------------------------

    def filled(self) -> str:
        """How many cells of a row are filled."""
        full = " AND ".join(f"c{n} IS NOT NULL" for n in range(self.width))
        counted = " + ".join(f"(c{n} IS NOT NULL)::INTEGER" for n in range(self.width))
        return f"CASE WHEN {full} THEN {self.width} ELSE {counted} END"

    def mask(self) -> str:
        """Which of a row's cells are filled, one bit each."""
        places = range(min(self.width, MASKED))
        bits = (f"CASE WHEN c{n} IS NULL THEN 0 ELSE {1 << n} END" for n in places)
        # In most files most rows are full, and that is one test.
        full = " AND ".join(f"c{n} IS NOT NULL" for n in places)
        return f"CAST(CASE WHEN {full} THEN {(1 << len(places)) - 1} ELSE {' + '.join(bits)} END AS UBIGINT)"

    def fill_down_bits(self) -> int:
        """The bits of a row's mask whose cells take the value above them: they are not blank."""
        names = {folded(name) for name in self.settings.fill_down or ()}
        return sum(1 << n for n, name in enumerate(self.file.header[:MASKED]) if folded(name) in names)

    def unnamed(self) -> range:
        """The columns after the last named one: a delimiter at the end of every line makes an empty one."""
        named = max(n for n, name in enumerate(self.file.header) if name.strip(SPACES)) + 1
        return range(named, self.width)

    def ghost(self) -> str:
        """What is in the columns without a name."""
        cells = [f"nullif(trim(c{n}), '')" for n in self.unnamed()]
        return f"coalesce({', '.join([*cells, 'NULL', 'NULL'])})"

    # ---- which row it is ----------------------------------------------------------------------------------------

    def repeats_header(self) -> str:
        """Whether a row is the header again: a few of its cells show it, and of a single column nothing does."""
        named = [(n, name.strip(SPACES)) for n, name in enumerate(self.file.header) if name.strip(SPACES)][
            :_NAMES
        ]
        if len(named) < 2:
            return "false"
        (first, name), *others = ((n, self.as_read(name)) for n, name in named)
        same = " AND ".join(self.is_name(f"c{n}", name) for n, name in others)
        # CASE looks at the other cells of those rows only whose first cell is its column's name.
        size = len(name.encode())
        likely = f"strlen(c{first}) BETWEEN {size} AND {size + _BLANKS}"
        return f"CASE WHEN {likely} AND {self.is_name(f'c{first}', name)} THEN coalesce({same}, false) ELSE false END"

    def is_name(self, cell: str, name: str) -> str:
        """Whether a cell is a column's name, in any case and with blanks around it."""
        bind = self.bind.bind
        return f"lower(trim({cell}, {bind(SPACES)})) = lower({bind(name)})"

    def whole(self) -> str:
        """A digest of all cells of a row, whatever the order of the columns in this file."""
        order = sorted(range(self.width), key=lambda n: folded(self.file.header[n]))
        return f"hash({', '.join(f'c{n}' for n in order)})"

    def roughly_whole(self) -> str:
        """A digest of all cells of a row without what makes no other record: blanks around a cell, and 20.00 for 20."""
        order = sorted(range(self.width), key=lambda n: folded(self.file.header[n]))
        bare = (f"trim(c{n}, {self.bind.bind(SPACES)})" for n in order)
        cells = (f"coalesce(CAST(try_cast({cell} AS {DECIMAL}) AS VARCHAR), {cell})" for cell in bare)
        return f"hash({', '.join(cells)})"

    def is_measure(self, place: int) -> str:
        """Whether a cell holds an amount or a date, which tell no record apart, unless the column is called an id."""
        if place == 0 or ID_NAME.search(self.file.header[place]):
            return "false"
        return f"coalesce(regexp_full_match(c{place}, {self.bind.bind(_MEASURE)}), false)"

    # ---- columns and words --------------------------------------------------------------------------------------

    def position(self, name: str) -> int:
        """The place of the one column of this name. Raises ``NoValueError``."""
        return position(name, self.file)

    def nulls(self) -> list[str]:
        """The texts that mean an empty cell, as they are read."""
        return [self.as_read(word) for word in self.dialect.nulls]

    def as_read(self, text: str) -> str:
        """A text as DuckDB reads it: one of a code page is read as Latin-1."""
        page = self.file.code_page
        return text if page is None else text.encode(page, "replace").decode("latin-1")


def position(name: str, file: StagedFile) -> int:
    key = folded(name)
    found = [n for n, column in enumerate(file.header) if folded(column) == key]
    if len(found) == 1:
        return found[0]
    if found:
        places = " and ".join(str(n + 1) for n in found)
        raise bad_config(
            f"{file.name} has {len(found)} columns named {name!r} (columns {places})",
            hint="rename one in the CRM's export, or measure another column",
        )
    names = [column.strip(SPACES) for column in file.header if column.strip(SPACES)]
    if len(names) == 1:
        other = next((sign for sign in OTHER_DELIMITERS if sign in names[0] and sign != file.delimiter), None)
        if other:
            raise bad_config(
                f"{file.name}: the whole header is one column, {names[0][:80]!r}",
                hint=f"set delimiter: {other!r}",
            )
    raise bad_config(f"{file.name} has no column {name!r}", hint=did_you_mean(name, names))
