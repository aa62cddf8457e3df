"""List the rows behind a number: the file and line of each, and the cells that the number depends on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from okrsync.connector import NoValueError
from okrsync.model import Cause, Question, SourceRecord, SourceRecords
from okrsync.ports import ConnectorContext
from okrsync_crm.files.copy import StagingOrder, stage
from okrsync_crm.files.private_folder import private_folder
from okrsync_crm.files.remote import here
from okrsync_crm.files.selection import find
from okrsync_crm.query_settings import CrmQuery
from okrsync_crm.settings import CrmSettings, dialect_of
from okrsync_crm.source import CrmSource
from okrsync_crm.sql import execution, file_checks
from okrsync_crm.sql.file_checks import plan_file_checks
from okrsync_crm.sql.planned_question import check, plan_question
from okrsync_crm.sql.query_plan import QueryPlan
from okrsync_crm.sql.typed_table import TypedTable


def rows_behind(
    settings: CrmSettings, question: Question, limit: int | None, context: ConnectorContext
) -> SourceRecords:
    """The rows that the number counts now, in the order of their files. Reads only; raises ``NoValueError``."""
    source = CrmSource(settings, context)
    with private_folder() as copies, private_folder() as folder:
        at = here(settings, context, copies)
        check(question, question.query, settings.path)
        files = find(at.settings, at.base, question, source.zone)
        for file in files:
            at.fill(file)
        dialect = dialect_of(settings)
        order = StagingOrder(dialect=dialect, sheet=settings.sheet, limits=settings.limits)
        staged = [part for file in files for part in stage(file, folder, order)]
        plan = QueryPlan(TypedTable(staged, settings, dialect, source.zone.key))
        plan_question(plan, 0, question, source.zone)
        columns = _columns(question.query, settings)
        texts = {name: plan.text(name) for name in columns}
        checks = plan_file_checks(plan.table)
        with closing(source.connect(folder)) as connection:
            file_checks.load(connection, checks)
            return _rows(connection, plan, texts, limit)


def _rows(
    connection: execution.SqlConnection, plan: QueryPlan, texts: dict[str, str], limit: int | None
) -> SourceRecords:
    """One statement: every row that matches, or the first of them, and how many there are."""
    listed = "".join(f", {sql} AS t{number}" for number, sql in enumerate(texts.values()))
    only = f" LIMIT {limit}" if limit is not None else ""
    select = f"SELECT count(*) OVER (), count(*) FILTER (b0) OVER (), f, r{listed} FROM judged WHERE m0 OR b0 ORDER BY f, r{only}"
    found: Sequence[Sequence[Any]] = execution.run_plan(connection, plan, plan.statement(select)).fetchall()
    if found and found[0][1]:
        raise NoValueError(
            Cause.DATA,
            f"{found[0][1]} rows cannot be read",
            hint="okrsync plan COMPANY names them and what to do",
        )
    places = execution.places_of(plan.files, [(row[2], row[3]) for row in found])
    records = tuple(
        SourceRecord(
            id=places[row[2], row[3]],
            cells=tuple((name, str(cell or "")) for name, cell in zip(texts, row[4:], strict=True)),
        )
        for row in found
    )
    return SourceRecords(records=records, total=found[0][0] if found else 0)


def _columns(query: CrmQuery, settings: CrmSettings) -> list[str]:
    """The columns that the number depends on, and the one that names the row."""
    named = (
        settings.key,
        query.field,
        query.group,
        query.date,
        query.start,
        query.end,
        *query.where,
        *query.part,
    )
    return list(dict.fromkeys(name for name in named if name))
