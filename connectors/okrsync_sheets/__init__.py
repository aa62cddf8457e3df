"""Read numbers from Google Sheets: cells, ranges and columns, with one permission, never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from okrsync.discovery import Discovery
from okrsync.model import Question, SourceRecords
from okrsync.ports import Connector, ConnectorContext, Example, Finding, Source
from okrsync_sheets.settings import SheetsQuery, SheetsSettings


def _source(settings: SheetsSettings, context: ConnectorContext) -> Source:
    from okrsync_sheets.source import SheetsSource

    return SheetsSource(settings, context)


def _doctor(settings: SheetsSettings, _tables: Sequence[Any], context: ConnectorContext) -> Iterator[Finding]:
    from okrsync_sheets.doctor import examine

    return examine(settings, context)


def _inspect(settings: SheetsSettings, text: str, context: ConnectorContext) -> str:
    from okrsync_sheets.inspection import inspect

    return inspect(settings, text, context)


def _records(
    settings: SheetsSettings, question: Question, limit: int | None, context: ConnectorContext
) -> SourceRecords:
    from okrsync_sheets.record_list import cells_behind

    return cells_behind(settings, question, limit, context)


def _examples() -> Sequence[Example]:
    from okrsync_sheets.examples import EXAMPLES

    return EXAMPLES


def _discover(settings: SheetsSettings, context: ConnectorContext) -> Discovery:
    from okrsync_sheets.discovery import discover

    return discover(settings, context)


connector = Connector(
    name="sheets",
    summary="numbers in Google Sheets: a cell, a named range, a column by its heading, a dated series",
    settings=SheetsSettings,
    query=SheetsQuery,
    source=_source,
    doctor=_doctor,
    inspect=_inspect,
    examples=_examples,
    discover=_discover,
    clients=("gspread", "google-auth", "requests"),
    records=_records,
)
