"""A workspace from plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from okrsync_notion.emulator import cells, schema
from okrsync_notion.emulator.workspace import (
    CHOICES,
    COMPUTED,
    GROUPS,
    KINDS,
    Column,
    Database,
    DataSource,
    Option,
    Row,
    User,
    Workspace,
    column_id,
    stable,
)


def workspace_from(seed: Mapping[str, Any], now: Callable[[], datetime]) -> Workspace:
    """Everything ``seed`` describes (see ``NotionEmulator.load``). Raises LookupError or ValueError for a bad seed."""
    bot = seed.get("bot") or {}
    name = str(bot.get("name", "okrsync"))
    people = seed.get("people") or ["Ada Lovelace"]
    workspace = Workspace(
        now=now,
        token=str(seed.get("token", "secret_demo")),
        bot=User(id=str(bot.get("id") or stable("bot", name)), name=name, kind="bot"),
        people=[_person(person) for person in people],
        name=str(seed.get("workspace", "Acme")),
    )
    databases = seed.get("databases") or []
    for entry in databases:
        _add_database(workspace, entry)
    for entry in databases:
        for table in entry["data_sources"]:
            _aim_relations(workspace, workspace.source(_source_id(entry, table)))
    # Relations may point to rows of any table: first all rows, then their cells.
    loaded = [
        (workspace.source(_source_id(entry, table)), values)
        for entry in databases
        for table in entry["data_sources"]
        for values in table.get("rows") or []
    ]
    rows = [(source, add_row(workspace, source, values), values) for source, values in loaded]
    for source, row, values in rows:
        for column in source.columns.values():
            if column.kind == "relation" and column.name in values:
                put(workspace, column, row, values[column.name])
    return workspace


def _person(person: Any) -> User:
    if isinstance(person, str):
        return User(id=stable("person", person), name=person)
    name = str(person["name"])
    return User(id=str(person.get("id") or stable("person", name)), name=name, email=person.get("email"))


def _database_id(entry: Mapping[str, Any]) -> str:
    return str(entry.get("id") or stable("database", str(entry["title"])))


def _source_id(entry: Mapping[str, Any], table: Mapping[str, Any]) -> str:
    return str(table.get("id") or stable("data source", _database_id(entry), str(table.get("title"))))


def _add_database(workspace: Workspace, entry: Mapping[str, Any]) -> None:
    moment = workspace.now()
    database = Database(
        id=_database_id(entry),
        title=str(entry["title"]),
        created=moment,
        edited=moment,
        parent={"type": "page_id", "page_id": stable("page", "OKRs")},
        shared=bool(entry.get("shared", True)),
    )
    workspace.databases[database.id] = database
    for table in entry["data_sources"]:
        add_source(workspace, database, table, _source_id(entry, table))


def add_source(
    workspace: Workspace, database: Database, table: Mapping[str, Any], identity: str
) -> DataSource:
    """One more table in a database, without its rows."""
    moment = workspace.now()
    source = DataSource(
        id=identity,
        database=database.id,
        title=str(table.get("title") or database.title),
        created=moment,
        edited=moment,
        edited_by=workspace.people[0].id,
    )
    workspace.sources[identity] = source
    database.sources.append(identity)
    for name, config in (table.get("properties") or {"Name": {"type": "title"}}).items():
        column = column_from(source, str(name), config if isinstance(config, Mapping) else {"type": config})
        source.columns[column.id] = column
    if sum(column.kind == "title" for column in source.columns.values()) != 1:
        raise ValueError(f"{source.title}: a data source has exactly one title property")
    return source


def column_from(source: DataSource, name: str, config: Mapping[str, Any]) -> Column:
    kind = str(config["type"])
    if kind not in KINDS:
        raise ValueError(f"{source.title}.{name}: the emulator has no property type {kind!r}")
    column = Column(
        id=str(config.get("id") or column_id(source, name, kind)),
        name=name,
        kind=kind,
        description=config.get("description"),
        format=str(config.get("format", "number")),
        target=str(config.get("data_source", "")),
        result=str(config.get("result", "number")),
        details={
            key: value
            for key, value in config.items()
            if key not in {"type", "id", "description", "format", "data_source", "result", "options"}
        },
    )
    if kind in CHOICES:
        for option in config.get("options") or []:
            _add_option(column, {"name": option} if isinstance(option, str) else option)
    if kind == "status" and not column.options:
        column.options = schema.default_status()
    return column


def _add_option(column: Column, option: Mapping[str, Any]) -> None:
    name = str(option["name"])
    group = str(option.get("group", "To-do"))
    if group not in GROUPS:
        raise ValueError(f"{column.name}: a status group is one of {', '.join(GROUPS)}, not {group!r}")
    identity = str(option.get("id") or stable("option", column.id, name)[:8])
    color = str(option.get("color", "default"))
    column.options.append(Option(id=identity, name=name, color=color, group=group))


def _aim_relations(workspace: Workspace, source: DataSource) -> None:
    for column in source.columns.values():
        if column.kind == "relation":
            column.target = workspace.source(column.target).id


def add_row(workspace: Workspace, source: DataSource, values: Mapping[str, Any]) -> Row:
    """A row that the first person typed in; its relations are left to ``put``. Raises LookupError for a bad name."""
    moment, person = workspace.now(), workspace.people[0].id
    serial = workspace.next_serial()
    row = Row(
        id=str(values.get("id") or stable("row", source.id, str(serial))),
        source=source.id,
        serial=serial,
        created=moment,
        edited=moment,
        created_by=person,
        edited_by=person,
    )
    given = {name: value for name, value in values.items() if name != "id"}
    for name, value in given.items():
        column = source.column(str(name))
        if column is None:
            raise LookupError(f"{source.title} has no column {name!r}")
        if column.kind != "relation":
            put(workspace, column, row, value)
    fill_in(source, row, set(given))
    source.rows[row.id] = row
    return row


def fill_in(source: DataSource, row: Row, given: set[str]) -> None:
    """What Notion itself puts into a new row: the next number, and the starting option of a status nobody set."""
    for column in source.columns.values():
        if column.kind == "unique_id" and column.id not in row.cells:
            source.numbered += 1
            row.cells[column.id] = source.numbered
        if column.kind == "status" and column.name not in given:
            option = schema.starting_option(column)
            if option is not None:
                row.cells[column.id] = option.id


def put(workspace: Workspace, column: Column, row: Row, value: Any) -> None:
    """Type a value into a cell, or the literal result into a formula's. Raises LookupError for unknown names."""
    if column.kind in COMPUTED - {"formula", "rollup", "unique_id"}:
        raise LookupError(f"nobody can type into {column.name!r}: it is a {column.kind} column")
    stored = cells.typed(workspace, column, value)
    if column.kind == "formula" and column.result == "date" and isinstance(value, str):
        stored = {"start": value, "end": None, "time_zone": None}
    if stored is None:
        row.cells.pop(column.id, None)
    else:
        row.cells[column.id] = stored
