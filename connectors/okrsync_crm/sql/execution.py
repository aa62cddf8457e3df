"""Run plans with DuckDB: load the typed table with one scan of the files, and ask it.

DuckDB is used through ``execute`` only, sees one private folder and nothing else, loads no extension, and spills
there instead of growing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync_crm.cells.hints import CORRECT, amount_hint, moment_hint
from okrsync_crm.files.cell_tags import ERROR, NUMBER, TAGS, UNCACHED
from okrsync_crm.files.staged_file import StagedFile, refuse_changed
from okrsync_crm.refusal import bad_data
from okrsync_crm.settings import FileLimits
from okrsync_crm.sql.cell_values import Parameters
from okrsync_crm.sql.query_plan import ODD_ROW, CellFault, QueryPlan
from okrsync_crm.sql.typed_table import RECORDS, TypedTable
from okrsync_crm.sql.unusual_cells import read_unusual

MEMORY: Final = "2GB"
EXAMPLES: Final = 3
_TRIED: Final = 300
"""On so many different texts of a column a hint is tried."""
_PLACEHOLDER: Final = re.compile(r"\$(p\d+)")
_TOLERABLE: Final = {"MISSING COLUMNS", "TOO MANY COLUMNS"}


class SqlConnection(Protocol):
    """What is used of ``duckdb.DuckDBPyConnection``."""

    @property
    def description(self) -> Any: ...
    def execute(self, query: str, parameters: object = None) -> Any: ...
    def close(self) -> None: ...


Connect = Callable[[Path], SqlConnection]


def connect(folder: Path, files: Sequence[Path] = (), disk_mb: int = FileLimits().disk_mb) -> SqlConnection:
    """A database in memory that may touch ``folder``, to which it spills so much, and ``files`` only."""
    from okrsync_crm.library import duckdb

    connection: SqlConnection = duckdb.connect(":memory:")
    inside = _quoted(folder)[1:-1]
    for setting in (
        f"temp_directory = '{inside}/spill'",
        f"max_temp_directory_size = '{disk_mb}MB'",
        f"memory_limit = '{MEMORY}'",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "python_enable_replacements = false",
        # It is drawn on stdout if Python runs without a file of its own: in the middle of somebody's JSON.
        "enable_progress_bar = false",
        f"allowed_directories = ['{inside}/']",
        f"allowed_paths = [{', '.join(map(_quoted, files))}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedLine:
    """A line that is no row; ``fatal`` if any number of rows may be lost with it."""

    where: str
    text: str
    reason: str
    kinds: frozenset[str]

    @property
    def fatal(self) -> bool:
        return not self.kinds <= _TOLERABLE


def load(connection: SqlConnection, table: TypedTable) -> tuple[MalformedLine, ...]:
    """Build the typed table with one scan of the files. Returns the lines that are no rows.

    Raises ``NoValueError`` if the files cannot be read.
    """
    run(connection, table.bind, table.label, table.statement())
    malformed = malformed_lines(connection, table.files)
    refuse_changed(table.files)

    def query(statement: str) -> Any:
        return run(connection, table.bind, table.label, statement)

    query(f"DELETE FROM {RECORDS} WHERE filled = 0")
    read_unusual(table, connection, query)
    if filling := table.fill_down():
        query(filling)
    return malformed


def tally(connection: SqlConnection, plan: QueryPlan) -> Mapping[str, Any]:
    """Run the plan, one statement: every aggregate by its name."""
    picks = [f"{sql} AS {name}" for name, sql in plan.picks.items()]
    plain = [name for name in plan.aggregates if not name.startswith("ordered")]
    statement = plan.statement(f"SELECT {', '.join([*plain, *picks])} FROM tallied")
    cursor = run_plan(connection, plan, statement)
    names = [column[0] for column in cursor.description]
    (row,) = cursor.fetchall()
    return dict(zip(names, row, strict=True))


def tally_by(connection: SqlConnection, plan: QueryPlan, mark: str) -> dict[int | None, dict[str, Any]]:
    """Run the plan for the rows of each value of ``mark``: one statement, which reads each file once."""
    names = list(plan.aggregates)
    statement = plan.statement(f"SELECT {', '.join([mark, *names])} FROM tallied", by=mark)
    rows = run_plan(connection, plan, statement).fetchall()
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCells:
    """The first rows that could not be read, with place, column and text; and what would help."""

    shown: str
    hint: str


def examples(
    connection: SqlConnection, plan: QueryPlan, wanted: Mapping[int | str, Sequence[CellFault]]
) -> dict[int | str, BadCells]:
    """For each index the first rows that could not be read."""
    outputs = {}
    for index, faults in wanted.items():
        parts = [f"'o{n}': CASE WHEN {fault.sql} THEN {fault.shown} END" for n, fault in enumerate(faults)]
        parts += [f"'h{n}': {fault.sql}" for n, fault in enumerate(faults)]
        row = "{" + ", ".join(["'f': f", "'r': r", *parts]) + "}"
        outputs[index] = f"min({row}, {EXAMPLES}) FILTER (b{index})"
    listed = ", ".join(f"{sql} AS e{index}" for index, sql in outputs.items())
    cursor = run_plan(connection, plan, plan.statement(f"SELECT {listed} FROM judged"))
    (result,) = cursor.fetchall()
    found = dict(zip(outputs, result, strict=True))
    places = places_of(plan.files, [(row["f"], row["r"]) for rows in found.values() for row in rows or ()])
    return {
        index: BadCells(
            shown="; ".join(_words(row, faults, places[row["f"], row["r"]]) for row in found[index] or ()),
            hint=_hint(connection, plan.table, [faults[_first(row, faults)] for row in found[index] or ()]),
        )
        for index, faults in wanted.items()
    }


def duplicates(connection: SqlConnection, plan: QueryPlan, key: str) -> str:
    """The first ids that more than one row has, each with its rows. Another scan."""
    text = plan.text(key)
    statement = plan.statement(
        f"SELECT {text}, list({{'f': f, 'r': r}} ORDER BY f, r) FROM judged WHERE {text} IS NOT NULL "
        f"GROUP BY {text} HAVING count(*) > 1 ORDER BY min({{'f': f, 'r': r}}) LIMIT {EXAMPLES}"
    )
    rows = run_plan(connection, plan, statement).fetchall()
    places = places_of(plan.files, [(at["f"], at["r"]) for _, ats in rows for at in ats[:EXAMPLES]])
    return "; ".join(
        f"{value} ({', '.join(places[at['f'], at['r']] for at in ats[:EXAMPLES])})" for value, ats in rows
    )


def run_plan(connection: SqlConnection, plan: QueryPlan, statement: str) -> Any:
    return run(connection, plan.bind, plan.table.label, statement)


def run(connection: SqlConnection, bind: Parameters, names: str, statement: str) -> Any:
    """Execute a statement. Raises ``NoValueError`` if the files cannot be read, or memory does not suffice."""
    from okrsync_crm.library import duckdb

    used = set(_PLACEHOLDER.findall(statement))
    try:
        return connection.execute(
            statement, {name: value for name, value in bind.values.items() if name in used}
        )
    except duckdb.OutOfMemoryException as error:
        raise NoValueError(
            Cause.UNAVAILABLE,
            f"{names}: {MEMORY} of memory do not suffice",
            hint="ask for fewer medians or groups at once",
        ) from error
    except (duckdb.OutOfRangeException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise bad_data(
            f"{names} cannot be read: {str(error).splitlines()[0]}", hint="export again"
        ) from error


def _words(row: Mapping[str, Any], faults: Sequence[CellFault], place: str) -> str:
    n = _first(row, faults)
    if faults[n] is ODD_ROW:
        return f"{place} may be no record, but a total, a heading or a note: {_shown(row[f'o{n}'] or '')}"
    return f"{place}: {faults[n].column} {faults[n].says or 'is'} {_shown(row[f'o{n}'] or '')}"


def _first(row: Mapping[str, Any], faults: Sequence[CellFault]) -> int:
    return next(n for n in range(len(faults)) if row[f"h{n}"])


def _hint(connection: SqlConnection, table: TypedTable, faults: Sequence[CellFault]) -> str:
    """What would read the cells of the first column at fault; tried on the whole column."""
    if ODD_ROW in faults:
        return "set totals: leave_out if such rows are no records, totals: records if each of them is one"
    fault = next((one for one in faults if one.value[:1] in {"n", "q", "l"}), None)
    if fault is None:
        return CORRECT
    raw = f"x{fault.value[1:]}"
    typed = NUMBER if fault.value[0] == "l" and not any(file.is_1904 for file in table.files) else ""
    unread, column = (
        [
            text.removeprefix(typed)
            for (text,) in connection.execute(statement).fetchall()
            if text[0] not in TAGS or text[0] == typed
        ]
        for statement in (
            f"SELECT DISTINCT {raw} FROM {RECORDS} WHERE {raw} IS NOT NULL AND {fault.value} IS NULL ORDER BY {raw} LIMIT {_TRIED}",
            f"SELECT DISTINCT {raw} FROM {RECORDS} WHERE {raw} IS NOT NULL ORDER BY {raw} LIMIT {_TRIED}",
        )
    )
    if not unread:
        return CORRECT
    column = sorted({*unread, *column})
    if fault.value[0] == "l":
        return moment_hint(unread, column, table.moment_form())
    return amount_hint(unread, column, table.amount_form(), percent=fault.value[0] == "q")


def _shown(shown: str) -> str:
    """A cell as a person knows it: a sheet's error by its name, a formula without a result by what is missing."""
    if shown.startswith(UNCACHED):
        return "a formula that was never calculated (open the file in Excel and save it)"
    if shown.startswith(ERROR):
        return f"the error {shown[1:]}"
    return f"“{shown.lstrip(TAGS)[:80]}”"


def malformed_lines(connection: SqlConnection, files: Sequence[StagedFile]) -> tuple[MalformedLine, ...]:
    known = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"
    ).fetchone()
    if not known[0]:
        return ()
    rows = connection.execute(
        "SELECT s.file_path, e.line_byte_position, any_value(e.csv_line), string_agg(DISTINCT CAST(e.error_type AS VARCHAR), '|'), "
        "any_value(e.error_message) FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) "
        "GROUP BY s.file_path, e.line_byte_position ORDER BY s.file_path, e.line_byte_position"
    ).fetchall()
    by_path = {str(file.path): file for file in files}
    found = []
    for path, position, line, kinds, message in rows:
        file = by_path[path]
        found.append(
            MalformedLine(
                where=_line_at(file, position - 1),
                text=str(line or "").strip()[:80],
                reason=str(message).strip().rstrip("."),
                kinds=frozenset(kinds.split("|")),
            )
        )
    return tuple(found)


def _line_at(file: StagedFile, offset: int) -> str:
    with file.path.open("rb") as stream:
        before = stream.read(offset)
    if file.sheet_rows is not None:
        records = sum(1 for _ in csv.reader(io.StringIO(before.decode("utf-8"), newline="")))
        return f"{file.name}, row {file.sheet_rows[records]}"
    line = file.first_line + before.count(b"\n")
    return f"{file.name}, line {line}"


def places_of(files: Sequence[StagedFile], rows: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """The place of each (file, row number from 1), as a line of the file or a row of the sheet."""
    places = {}
    for index, file in enumerate(files):
        wanted = {row for number, row in rows if number == index}
        places.update({(index, row): place for row, place in _lines(file, wanted).items()})
    return places


def _lines(file: StagedFile, wanted: set[int]) -> dict[int, str]:
    """Walk through the file as DuckDB counted it: blank lines and malformed ones are no rows."""
    found: dict[int, str] = {}
    width = len(file.header)
    row, record, begins = 0, 0, file.first_line
    with file.path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, delimiter=file.delimiter)
        try:
            for cells in reader:
                sound = (len(cells) >= width and not any(cells[width:])) or (width == 1 and not cells)
                if record and sound:
                    row += 1
                    if row in wanted:
                        line = (
                            f"row {file.sheet_rows[record]}"
                            if file.sheet_rows is not None
                            else f"line {begins}"
                        )
                        found[row] = f"{file.name}, {line}"
                record += 1
                begins = file.first_line + reader.line_num
                if len(found) == len(wanted):
                    break
        except csv.Error:
            pass  # a cell longer than the csv module reads: the row's number is still true
    return {number: found.get(number, f"{file.name}, record {number}") for number in wanted}


def refuse_malformed(malformed: Sequence[MalformedLine], allowed: int) -> None:
    """Raise ``NoValueError`` if lines are no rows: always if rows may be lost with them, else beyond ``allowed``."""
    fatal = [one for one in malformed if one.fatal]
    named: Sequence[MalformedLine] = fatal or (malformed if len(malformed) > allowed else ())
    if named:
        listed = "; ".join(f"{one.where}: {one.reason} (“{one.text}”)" for one in named[:EXAMPLES])
        more = f"; and {len(named) - EXAMPLES} more" if len(named) > EXAMPLES else ""
        raise bad_data(f"{listed}{more}", hint=_malformed_hint(named))


def _malformed_hint(lines: Sequence[MalformedLine]) -> str:
    kinds = frozenset().union(*(line.kinds for line in lines))
    if kinds <= {"MISSING COLUMNS"}:
        first = lines[0].text.split(",")[0].strip('"')[:40]
        return (
            f"if these lines are below the last row, set footer: ['{re.escape(first)}.*']; if the last cells are left out, "
            "set short_rows: fill; else the file is cut off: export again"
        )
    if any("QUOTE" in kind for kind in kinds):
        return 'a quotation mark inside a cell must be doubled: export again, or set quotes: lenient, or quotes: backslash if it is written \\"'
    return "a delimiter inside a cell needs quotation marks around the cell: export again, or check delimiter and encoding"
