"""The one scan: runs a plan with DuckDB and brings back plain values.

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
from okrsync_crm.files.copy import StagedFile
from okrsync_crm.files.workbook import ERROR, TAGS, UNCACHED
from okrsync_crm.refusal import bad_data
from okrsync_crm.sql.query_plan import CellFault, QueryPlan

MEMORY: Final = "2GB"
EXAMPLES: Final = 3
_PLACEHOLDER: Final = re.compile(r"\$(p\d+)")
_TOLERABLE: Final = {"MISSING COLUMNS", "TOO MANY COLUMNS"}


class SqlConnection(Protocol):
    """What is used of ``duckdb.DuckDBPyConnection``."""

    @property
    def description(self) -> Any: ...
    def execute(self, query: str, parameters: object = None) -> Any: ...
    def close(self) -> None: ...


Connect = Callable[[Path], SqlConnection]


def connect(folder: Path) -> SqlConnection:
    """A database in memory that may touch ``folder`` only."""
    import duckdb

    connection = duckdb.connect(":memory:")
    inside = str(folder).replace("'", "''")
    for setting in (
        f"temp_directory = '{inside}/spill'",
        f"memory_limit = '{MEMORY}'",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "python_enable_replacements = false",
        # It is drawn on stdout where Python runs without a file of its own: in the middle of somebody's JSON.
        "enable_progress_bar = false",
        f"allowed_directories = ['{inside}/']",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")
    return connection


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedLine:
    """A line that is no row; ``fatal`` where unknown many rows may be lost with it."""

    where: str
    text: str
    reason: str
    fatal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """What one scan found: every aggregate of the plan by name, and the lines that are no rows."""

    values: Mapping[str, Any]
    malformed: tuple[MalformedLine, ...]


def tally(connection: SqlConnection, plan: QueryPlan) -> ScanResult:
    """Run the plan: one statement, which reads each file once."""
    picks = [f"{sql} AS {name}" for name, sql in plan.picks.items()]
    plain = [name for name in plan.aggregates if not name.startswith("ordered")]
    statement = plan.statement(f"SELECT {', '.join([*plain, *picks])} FROM tallied")  # noqa: S608 - positions and placeholders only
    cursor = run(connection, plan, statement)
    names = [column[0] for column in cursor.description]
    # Fetched to the end: only then are the rejected lines known.
    (row,) = cursor.fetchall()
    values = dict(zip(names, row, strict=True))
    return ScanResult(values=values, malformed=_malformed(connection, plan.files))


def tally_by(connection: SqlConnection, plan: QueryPlan, mark: str) -> dict[int | None, dict[str, Any]]:
    """Run the plan for the rows of each value of ``mark``: one statement, which reads each file once."""
    names = list(plan.aggregates)
    statement = plan.statement(f"SELECT {', '.join([mark, *names])} FROM tallied", by=mark)  # noqa: S608 - positions and placeholders only
    rows = run(connection, plan, statement).fetchall()
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def examples(
    connection: SqlConnection, plan: QueryPlan, wanted: Mapping[int | str, Sequence[CellFault]]
) -> dict[int | str, str]:
    """For each index the first rows that could not be read: their place, column and text. Another scan."""
    outputs = {}
    for index, faults in wanted.items():
        parts = [f"'o{n}': CASE WHEN {fault.sql} THEN {fault.shown} END" for n, fault in enumerate(faults)]
        parts += [f"'h{n}': {fault.sql}" for n, fault in enumerate(faults)]
        row = "{" + ", ".join(["'f': f", "'r': r", *parts]) + "}"
        outputs[index] = f"min({row}, {EXAMPLES}) FILTER (b{index})"
    listed = ", ".join(f"{sql} AS e{index}" for index, sql in outputs.items())
    cursor = run(connection, plan, plan.statement(f"SELECT {listed} FROM judged", numbered=True))  # noqa: S608 - positions and placeholders only
    (result,) = cursor.fetchall()
    found = dict(zip(outputs, result, strict=True))
    places = _places(plan.files, [(row["f"], row["r"]) for rows in found.values() for row in rows or ()])
    return {
        index: "; ".join(_words(row, faults, places[row["f"], row["r"]]) for row in found[index] or ())
        for index, faults in wanted.items()
    }


def duplicates(connection: SqlConnection, plan: QueryPlan, key: str) -> str:
    """The first ids that stand in more than one row, each with its rows. Another scan."""
    text = plan.text(key)
    statement = plan.statement(
        f"SELECT {text}, list({{'f': f, 'r': r}} ORDER BY f, r) FROM judged WHERE {text} IS NOT NULL "  # noqa: S608 - positions and placeholders only
        f"GROUP BY {text} HAVING count(*) > 1 ORDER BY min({{'f': f, 'r': r}}) LIMIT {EXAMPLES}",
        numbered=True,
    )
    rows = run(connection, plan, statement).fetchall()
    places = _places(plan.files, [(at["f"], at["r"]) for _, ats in rows for at in ats[:EXAMPLES]])
    return "; ".join(
        f"{value} ({', '.join(places[at['f'], at['r']] for at in ats[:EXAMPLES])})" for value, ats in rows
    )


def run(connection: SqlConnection, plan: QueryPlan, statement: str) -> Any:
    """Execute a statement of the plan. Raises ``NoValueError`` where the files cannot be read, or memory does not suffice."""
    import duckdb

    used = set(_PLACEHOLDER.findall(statement))
    names = ", ".join(file.name for file in plan.files)
    try:
        return connection.execute(
            statement, {name: value for name, value in plan.bind.values.items() if name in used}
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
    n = next(n for n in range(len(faults)) if row[f"h{n}"])
    return f"{place}: {faults[n].column} {faults[n].says or 'is'} {_shown(row[f'o{n}'] or '')}"


def _shown(shown: str) -> str:
    """A cell as a person knows it: a sheet's error by its name, a formula without a result by what is missing."""
    if shown.startswith(UNCACHED):
        return "a formula that was never calculated (open the file in Excel and save it)"
    if shown.startswith(ERROR):
        return f"the error {shown[1:]}"
    return f"“{shown.lstrip(TAGS)[:80]}”"


def _malformed(connection: SqlConnection, files: Sequence[StagedFile]) -> tuple[MalformedLine, ...]:
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
                fatal=not set(kinds.split("|")) <= _TOLERABLE,
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


def _places(files: Sequence[StagedFile], rows: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Where each (file, row number from 1) stands, as a line of the file or a row of the sheet."""
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


def refuse_malformed(found: ScanResult, allowed: int) -> None:
    """Raise ``NoValueError`` where lines are no rows: always where rows may be lost with them, else beyond ``allowed``."""
    fatal = [one for one in found.malformed if one.fatal]
    named = fatal or (found.malformed if len(found.malformed) > allowed else ())
    if named:
        listed = "; ".join(f"{one.where}: {one.reason} (“{one.text}”)" for one in named[:EXAMPLES])
        more = f"; and {len(named) - EXAMPLES} more" if len(named) > EXAMPLES else ""
        raise bad_data(f"{listed}{more}", hint="export again, or check delimiter and encoding")
