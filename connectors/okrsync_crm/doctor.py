"""Examine exports for ``okrsync doctor``: is there a file, is it fresh, can it be read as declared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from okrsync.connector import NoValueError
from okrsync.model import Question
from okrsync.ports import ConnectorContext, Finding
from okrsync_crm.files.copy import StagingOrder, stage
from okrsync_crm.files.private_folder import private_folder
from okrsync_crm.files.remote import here
from okrsync_crm.files.selection import file_time, find
from okrsync_crm.settings import CrmSettings, dialect_of
from okrsync_crm.sql import execution, file_checks
from okrsync_crm.sql.file_checks import LoadedFiles, plan_file_checks
from okrsync_crm.sql.typed_table import TypedTable


def examine(settings: CrmSettings, context: ConnectorContext) -> Iterator[Finding]:
    """What an operator would look at, in order; stops at the first thing that is not well."""
    zone = ZoneInfo(settings.timezone or context.timezone)
    now = context.clock.now()
    with private_folder() as cache:
        yield from _examine(settings, context, zone, now, cache)


def _examine(
    settings: CrmSettings, context: ConnectorContext, zone: ZoneInfo, now: datetime, cache: Path
) -> Iterator[Finding]:
    subject = context.name
    try:
        at = here(settings, context, cache)
        files = find(at.settings, at.base, Question(metric="", query=None, at=now, now=now), zone)
        for file in files:
            at.fill(file)
        names = ", ".join(file.name for file in files)
        yield Finding(
            subject=subject, ok=True, detail=f"{names}, of {file_time(files).astimezone(zone):%Y-%m-%d %H:%M}"
        )
        dialect = dialect_of(settings)
        order = StagingOrder(dialect=dialect, sheet=settings.sheet, limits=settings.limits)
        with private_folder() as folder:
            staged = [part for file in files for part in stage(file, folder, order)]
            columns = [column.strip() for column in staged[0].header if column.strip()]
            yield Finding(subject=subject, ok=True, detail=f"{len(columns)} columns: {', '.join(columns)}")
            checks = plan_file_checks(TypedTable(staged, settings, dialect, zone.key))
            with closing(execution.connect(folder)) as connection:
                loaded = file_checks.load(connection, checks)
            yield Finding(subject=subject, ok=True, detail=_rows(loaded, settings))
            for note in loaded.notes:
                yield Finding(subject=subject, ok=True, detail=f"{note.what}: {note.where}")
    except NoValueError as refusal:
        yield Finding(subject=subject, ok=False, detail=refusal.message, hint=refusal.hint)


def _rows(loaded: LoadedFiles, settings: CrmSettings) -> str:
    rows = f"{loaded.rows} rows"
    if loaded.malformed:
        rows += f", {loaded.malformed} left out as malformed (max_bad_rows: {settings.max_bad_rows})"
    return f"{rows}, each {settings.key} once" if settings.key and not settings.latest_by else rows
