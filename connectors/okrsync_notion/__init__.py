"""Write into Notion: a database that people edit, of which okrsync owns a few cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from okrsync.discovery import Discovery, Setup
from okrsync.ports import Connector, ConnectorContext, Destination, Finding, Register, TableSpec
from okrsync_notion.settings import NotionSettings, NotionTable

__all__ = ["NotionSettings", "NotionTable", "connector"]


def _destination(settings: NotionSettings, table: TableSpec, context: ConnectorContext) -> Destination:
    from okrsync_notion.destination import NotionDestination
    from okrsync_notion.open_table import opened

    return NotionDestination(opened(settings, table, context))


def _register(settings: NotionSettings, table: TableSpec, context: ConnectorContext) -> Register:
    from okrsync_notion.open_table import opened
    from okrsync_notion.register import NotionRegister

    return NotionRegister(opened(settings, table, context), context.clock)


def _doctor(
    settings: NotionSettings, tables: Sequence[TableSpec], context: ConnectorContext
) -> Iterable[Finding]:
    from okrsync_notion.doctor import examine

    return examine(settings, tables, context)


def _setup(settings: NotionSettings, context: ConnectorContext) -> Setup:
    from okrsync_notion.setup import NotionSetup

    return NotionSetup(settings, context)


def _discover(settings: NotionSettings, context: ConnectorContext) -> Discovery:
    from okrsync_notion.discovery import discover

    return discover(settings, context)


connector = Connector(
    name="notion",
    summary="writes key results into a Notion database",
    settings=NotionSettings,
    table=NotionTable,
    destination=_destination,
    doctor=_doctor,
    setup=_setup,
    register=_register,
    discover=_discover,
    clients=("notion-client", "httpx"),
)
