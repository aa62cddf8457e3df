"""Build a workspace from plain data."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from okrsync_emulators.notion import people, schema, writes
from okrsync_emulators.notion.workspace import (
    CAPABILITIES,
    CHOICES,
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
    only,
    stable,
)

CONFIGURED = frozenset(
    {"type", "id", "description", "format", "data_source", "result", "options", "default", "ranked"}
)


def workspace_from(seed: Mapping[str, Any], now: Callable[[], datetime]) -> Workspace:
    """Everything ``seed`` describes (see ``NotionEmulator.load``). Raises LookupError or ValueError for a bad seed."""
    bot = seed.get("bot") or {}
    name = str(bot.get("name", "okrsync"))
    workspace = Workspace(
        now=now,
        token=str(seed.get("token", "secret_demo")),
        bot=User(id=_identity(bot, "bot", name), name=name, kind="bot"),
        people=[_person(person) for person in seed.get("people") or ["Ada Lovelace"]],
        name=str(seed.get("workspace", "Acme")),
        # 5 MiB is what a free workspace takes; a paid one takes 5 GiB.
        upload_limit=int(seed.get("upload_limit", 5 * 1024 * 1024)),
        capabilities=frozenset(bot.get("capabilities") or CAPABILITIES),
    )
    databases = seed.get("databases") or []
    for entry in databases:
        _add_database(workspace, entry)
    tables = [
        (workspace.sources[_source_id(_database_id(entry), table)], table)
        for entry in databases
        for table in entry["data_sources"]
    ]
    for source, _ in tables:
        _aim_relations(workspace, source)
    add_rows(workspace, [(source, values) for source, table in tables for values in table.get("rows") or []])
    return workspace


def add_rows(workspace: Workspace, rows: Sequence[tuple[DataSource, Mapping[str, Any]]]) -> list[Row]:
    """Rows that the first person typed in. Relations may point to any of them: they are filled in last."""
    made = [(source, _add_row(workspace, source, values), values) for source, values in rows]
    for source, row, values in made:
        for column in source.columns.values():
            if column.kind == "relation" and column.name in values:
                people.put(workspace, column, row, values[column.name])
    return [row for _, row, _ in made]


def _person(person: Any) -> User:
    if isinstance(person, str):
        return User(id=stable("person", person), name=person)
    name = str(person["name"])
    return User(id=_identity(person, "person", name), name=name, email=person.get("email"))


def _identity(entry: Mapping[str, Any], *names: str) -> str:
    """The id that the seed gives, or one made of names. Raises ValueError for one that is not a uuid."""
    return str(uuid.UUID(str(entry["id"]))) if entry.get("id") else stable(*names)


def _database_id(entry: Mapping[str, Any]) -> str:
    return _identity(entry, "database", str(entry["title"]))


def _source_id(database: str, table: Mapping[str, Any]) -> str:
    return _identity(table, "data source", database, str(table.get("title")))


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
        add_source(workspace, database, table)


def add_source(workspace: Workspace, database: Database, table: Mapping[str, Any]) -> DataSource:
    """One more table in a database, without its rows and with relations not aimed yet."""
    moment, identity = workspace.now(), _source_id(database.id, table)
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
        if column.id in source.columns:
            raise ValueError(f"{source.title}: {source.columns[column.id].name!r} and {name!r} share an id")
        source.columns[column.id] = column
    if "title" not in source.columns:
        raise ValueError(f"{source.title}: a data source has a title property")
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
        details={key: value for key, value in config.items() if key not in CONFIGURED},
    )
    if kind in CHOICES:
        for option in config.get("options") or []:
            _add_option(column, {"name": option} if isinstance(option, str) else option)
    if kind == "status":
        column.options = column.options or schema.default_status()
        column.ranked = [_named_option(column, str(name)) for name in config.get("ranked") or []]
        column.default = _named_option(column, str(config["default"])) if "default" in config else ""
    return column


def _named_option(column: Column, name: str) -> str:
    return only((one.id for one in column.options if one.name == name), f"{column.name}: option {name!r}")


def _add_option(column: Column, option: Mapping[str, Any]) -> None:
    name = str(option["name"])
    group = str(option.get("group", "To-do"))
    if group not in GROUPS:
        raise ValueError(f"{column.name}: a status group is one of {', '.join(GROUPS)}, not {group!r}")
    identity = str(option.get("id") or writes.option_id(column, name))
    color = str(option.get("color", "default"))
    column.options.append(Option(id=identity, name=name, color=color, group=group))


def _aim_relations(workspace: Workspace, source: DataSource) -> None:
    for column in source.columns.values():
        if column.kind == "relation":
            column.target = workspace.source(column.target).id


def _add_row(workspace: Workspace, source: DataSource, values: Mapping[str, Any]) -> Row:
    """The row without its relations. Raises LookupError for a column or option that is not there."""
    moment, person = workspace.now(), workspace.people[0].id
    serial = workspace.next_serial()
    row = Row(
        id=_identity(values, "row", source.id, str(serial)),
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
            people.put(workspace, column, row, value)
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
