"""Read numbers from a CRM's exported files: CSV and XLSX, one pass over a file for all questions.

How a file is written (its code page, delimiter, decimal sign, order of dates) is declared by a named dialect and
verified while reading; it is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from okrsync.discovery import Discovery, ExportedTable
from okrsync.model import Question, SourceRecords
from okrsync.ports import Connector, ConnectorContext, Example, Finding, Source
from okrsync_crm.query_settings import CrmQuery
from okrsync_crm.settings import CrmSettings

__all__ = ["CrmQuery", "CrmSettings", "connector"]


def _source(settings: CrmSettings, context: ConnectorContext) -> Source:
    from okrsync_crm.source import CrmSource

    return CrmSource(settings, context)


def _doctor(settings: CrmSettings, _tables: Sequence[Any], context: ConnectorContext) -> Iterable[Finding]:
    from okrsync_crm.doctor import examine

    return examine(settings, context)


def _inspect(settings: CrmSettings, text: str, context: ConnectorContext) -> str:
    from okrsync_crm.inspect.proposal import inspect

    return inspect(settings, text, context)


def _records(
    settings: CrmSettings, question: Question, limit: int | None, context: ConnectorContext
) -> SourceRecords:
    from okrsync_crm.sql.record_list import rows_behind

    return rows_behind(settings, question, limit, context)


def _paths(settings: CrmSettings) -> Sequence[str]:
    return (settings.path,)


def _examples() -> Sequence[Example]:
    from okrsync_crm.examples import EXAMPLES

    return EXAMPLES


def _rows(settings: CrmSettings, context: ConnectorContext) -> ExportedTable:
    from okrsync_crm.inspect.rows import exported_rows

    return exported_rows(settings, context)


def _discover(settings: CrmSettings, context: ConnectorContext) -> Discovery:
    from okrsync_crm.inspect.discovery import discover

    return discover(settings, context)


connector: Final = Connector(
    name="crm",
    summary="CSV and XLSX files exported from a CRM",
    settings=CrmSettings,
    query=CrmQuery,
    source=_source,
    doctor=_doctor,
    inspect=_inspect,
    paths=_paths,
    examples=_examples,
    discover=_discover,
    rows=_rows,
    clients=("duckdb",),
    records=_records,
)
