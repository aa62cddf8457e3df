"""Check the files as a whole: what makes them no basis for any number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync_crm.files.limits import too_large
from okrsync_crm.refusal import bad_data
from okrsync_crm.sql import execution
from okrsync_crm.sql.execution import MalformedLine, SqlConnection
from okrsync_crm.sql.query_plan import KEPT, CellFault, QueryPlan
from okrsync_crm.sql.records import Note, audit
from okrsync_crm.sql.typed_table import TypedTable

FILE = "_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFiles:
    """The files are in the typed table and are a basis for numbers: so many rows, lines left out, and what to know of them."""

    rows: int
    malformed: int
    notes: tuple[Note, ...]


def plan_file_checks(table: TypedTable) -> QueryPlan:
    """Plan what is checked of the files as a whole, before the table is built."""
    plan = QueryPlan(table)
    settings, put = table.settings, plan.aggregates
    put["total"] = "count(*)"
    put.update({f"file_{index}": f"count(*) FILTER (f = {index})" for index in range(len(table.files))})
    for column in settings.fill_down or ():
        table.raw(column)
    key, latest = settings.key, settings.latest_by
    if key is not None and latest is None:
        text = plan.text(key)
        put["doubles"] = f"count({text}) - count(DISTINCT {text})"
    if latest is not None:
        put["torn"] = f"count(*) FILTER ({KEPT} AND torn)"
    plan.mark(f"b{FILE}", f"({' OR '.join(fault.sql for fault in _faults(plan))})", layer=1)
    put[f"bad{FILE}"] = f"count(*) FILTER (b{FILE})"
    return plan


def _faults(plan: QueryPlan) -> list[CellFault]:
    """How a row can be at fault for every question."""
    faults = [
        CellFault(column="a column without a name", sql="ghost IS NOT NULL", shown="ghost", says="holds")
    ]
    key, latest = plan.settings.key, plan.settings.latest_by
    if key is not None:
        text = plan.text(key)
        faults.append(CellFault(column=key, sql=f"{text} IS NULL", shown=plan.raw(key), says="is no id:"))
    if latest is not None:
        faults.append(plan.fault(latest, plan.moment(latest).local))
    return faults


def load(connection: SqlConnection, plan: QueryPlan) -> LoadedFiles:
    """Load the files into the typed table and check them. Raises ``NoValueError`` if they are no basis for any number."""
    table = plan.table
    malformed = execution.load(connection, table)
    execution.refuse_malformed(malformed, table.settings.max_bad_rows)
    notes = audit(connection, table)
    table.look_for_unread(lambda statement: execution.run(connection, table.bind, table.label, statement))
    values = execution.tally(connection, plan)
    if values["total"] > table.settings.limits.rows:
        raise too_large(table.label, f"more than {table.settings.limits.rows} rows", "rows")
    _refuse_missing_rows(table, values, malformed)
    if not values["total"]:
        raise NoValueError(
            Cause.EMPTY,
            f"{table.label} has a header and no rows",
            hint="look why the export has no rows; it is not taken as 0",
        )
    if values[f"bad{FILE}"]:
        shown = execution.examples(connection, plan, {FILE: _faults(plan)})
        raise bad_data(shown[FILE].shown, hint="check delimiter, key and latest_by against the file")
    if values.get("doubles"):
        key = table.settings.key or ""
        raise bad_data(
            f"{table.label}: {key} is not unique: {execution.duplicates(connection, plan, key)}",
            hint="one row per deal is needed: set latest_by to keep the newest, or correct the export",
        )
    if values.get("torn"):
        raise bad_data(
            f"{table.label}: rows with one {table.settings.key} differ and are equally new by {table.settings.latest_by}",
            hint="set latest_by to a column that says which row is the newest",
        )
    return LoadedFiles(rows=int(values["total"]), malformed=len(malformed), notes=notes)


def _refuse_missing_rows(
    table: TypedTable, values: Mapping[str, Any], malformed: Sequence[MalformedLine]
) -> None:
    for index, file in enumerate(table.files):
        lost = sum(one.where.startswith(f"{file.name}, ") for one in malformed)
        if file.declared_rows is not None and file.declared_rows != values[f"file_{index}"] + lost:
            raise bad_data(
                f"{file.name} says it has {file.declared_rows} rows, but {values[f'file_{index}']} were found",
                hint="export again: the file is not whole",
            )
