"""Answer, create, change and delete columns."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from okrsync_emulators.notion import people, relations, texts, writes
from okrsync_emulators.notion.refusals import invalid, malformed, not_found, too_long, undefined
from okrsync_emulators.notion.workspace import (
    CHOICES,
    GROUPS,
    KINDS,
    Column,
    DataSource,
    Option,
    Workspace,
    column_id,
    stable,
)


def answered(workspace: Workspace, column: Column) -> dict[str, Any]:
    """The property's configuration as a data source carries it."""
    return {
        "id": column.wire,
        "name": column.name,
        "description": column.description,
        "type": column.kind,
        column.kind: _configuration(workspace, column),
    }


def _configuration(workspace: Workspace, column: Column) -> dict[str, Any]:
    kind = column.kind
    if kind == "number":
        return {"format": column.format}
    if kind == "status":
        return {"options": _options(column), "groups": _groups(column)}
    if kind in CHOICES:
        return {"options": _options(column)}
    if kind == "relation":
        database = workspace.sources[column.target].database
        form: dict[str, Any] = {"type": "single_property", "single_property": {}}
        synced = workspace.sources[column.target].columns.get(column.details.get("synced", ""))
        if synced is not None:
            form = {
                "type": "dual_property",
                "dual_property": {"synced_property_id": synced.wire, "synced_property_name": synced.name},
            }
        return {"database_id": database, "data_source_id": column.target, **form}
    if kind == "formula":
        return {"expression": column.details.get("expression", "")}
    if kind == "rollup":
        # Recorded: the ids inside a rollup's configuration, and they alone, are answered without escapes.
        names = (
            "rollup_property_name",
            "relation_property_name",
            "rollup_property_id",
            "relation_property_id",
        )
        return {name: column.details.get(name, "") for name in names} | {
            "function": column.details.get("function", "sum")
        }
    return {"prefix": column.details.get("prefix")} if kind == "unique_id" else {}


def _options(column: Column) -> list[dict[str, Any]]:
    return [
        {"id": option.id, "name": option.name, "color": option.color, "description": option.description}
        for option in column.options
    ]


def _groups(column: Column) -> list[dict[str, Any]]:
    return [
        {
            "id": stable("group", column.id, name),
            "name": name,
            "color": color,
            "option_ids": [option.id for option in _in_group(column, name)],
        }
        for name, color in GROUPS.items()
    ]


def _in_group(column: Column, group: str) -> list[Option]:
    """A group's options in its own order, which need not be that of the options. Recorded once."""
    order = {identity: position for position, identity in enumerate(column.ranked)}
    options = [option for option in column.options if option.group == group]
    return sorted(options, key=lambda option: order.get(option.id, len(order)))


def default_status() -> list[Option]:
    names = (("Not started", "default"), ("In progress", "blue"), ("Done", "green"))
    return [
        Option(id=stable("option", name)[:8], name=name, color=color, group=group)
        for (name, color), group in zip(names, GROUPS, strict=True)
    ]


def starting_option(column: Column) -> Option | None:
    """What a status is if nobody set one: the option that the app names, else the first of the first group.

    The API does not tell which. Unknown: whether a group's own order decides, or that of the options.
    """
    first = next((option for group in GROUPS for option in _in_group(column, group)), None)
    return column.option_by_id(column.default) or first


def create(workspace: Workspace, source: DataSource, name: str, path: str, config: Any) -> Column:
    """Add a column from a request's configuration."""
    if not isinstance(config, dict):
        raise malformed(path, "an object", config)
    kind = _kind(path, config)
    column = Column(id=column_id(source, name, kind), name=name, kind=kind)
    if kind == "title" and any(other.kind == "title" for other in source.columns.values()):
        raise invalid("Cannot create new title property. There can only be one title property.")
    if kind == "rollup":
        _follow(workspace, source, column, path, config[kind])
    configure(workspace, column, path, config[kind])
    if kind == "status" and not column.options:
        column.options = default_status()
    source.columns[column.id] = column
    if kind == "relation" and config[kind].get("dual_property") is not None:
        _mirror(workspace, source, column, config[kind]["dual_property"])
    return column


def _mirror(workspace: Workspace, source: DataSource, column: Column, wanted: Any) -> None:
    """The other side of a two-way relation: a column of the related table, filled with what is related already.

    Recorded: without a wish it is called "Related to <table> (<column>)", and the one recorded wish was ignored.
    Unknown: whether a wish is ever honoured, and what the column is called if that name is taken.
    """
    target = workspace.sources[column.target]
    name = f"Related to {source.title} ({column.name})"
    if workspace.behaviour.far_names and wanted.get("synced_property_name"):
        name = str(wanted["synced_property_name"])
    if target.column_by_name(name) is not None:
        raise invalid(f"Property name {name} already exists.")
    other = Column(id=column_id(target, name, "relation"), name=name, kind="relation", target=source.id)
    other.details["synced"], column.details["synced"] = column.id, other.id
    target.columns[other.id] = other
    for row in source.rows.values():
        relations.follow(workspace, column, row, [])


def _follow(workspace: Workspace, source: DataSource, column: Column, path: str, config: Any) -> None:
    """A roll-up names a relation of its own table and a column of the related one; both are kept by name and id."""
    if not isinstance(config, dict) or "function" not in config:
        raise undefined(f"{path}.rollup.function")
    relation = source.column(config.get("relation_property_id") or config.get("relation_property_name") or "")
    if relation is None or relation.kind != "relation":
        # Unknown: Notion's sentence for a roll-up whose relation does not exist; that it answers 400 is documented.
        raise invalid(f"{path}.rollup: the relation property does not exist.")
    target = workspace.sources[relation.target]
    far = target.column(config.get("rollup_property_id") or config.get("rollup_property_name") or "")
    if far is None:
        raise invalid(f"{path}.rollup: the rollup property does not exist.")
    column.details |= {
        "relation_property_name": relation.name,
        "relation_property_id": relation.id,
        "rollup_property_name": far.name,
        "rollup_property_id": far.id,
    }


def _kind(path: str, config: dict[str, Any]) -> str:
    kinds = [key for key in config if key in KINDS]
    if len(kinds) != 1:
        raise undefined(f"{path}.{config.get('type', 'title')}")
    return kinds[0]


def configure(workspace: Workspace, column: Column, path: str, config: Any) -> None:
    """Take over a configuration: formats are merged, options replaced."""
    if not isinstance(config, dict):
        raise malformed(f"{path}.{column.kind}", "an object", config)
    if column.kind == "number" and "format" in config:
        column.format = str(config["format"])
    if column.kind == "relation":
        _aim(workspace, column, f"{path}.relation", config)
    if column.kind in CHOICES and "options" in config:
        _replace_options(column, f"{path}.{column.kind}.options", config["options"])
    if column.kind in {"formula", "rollup", "unique_id"}:
        column.details |= config


def _aim(workspace: Workspace, column: Column, path: str, config: dict[str, Any]) -> None:
    if "data_source_id" not in config:
        raise undefined(f"{path}.data_source_id")
    target = workspace.sources.get(str(config["data_source_id"]))
    if target is None or not workspace.databases[target.database].shared:
        raise not_found("database", str(config["data_source_id"]), workspace.bot)
    column.target = target.id


def _replace_options(column: Column, path: str, wanted: Any) -> None:
    """The list is the whole truth: what it leaves out is deleted; renaming and regrouping are silently ignored."""
    if not isinstance(wanted, list):
        raise malformed(path, "an array", wanted)
    if len(wanted) > 100:
        raise too_long(path, 100, len(wanted))
    kept: list[Option] = []
    for position, item in enumerate(wanted):
        if not isinstance(item, dict) or not ("name" in item or "id" in item):
            raise undefined(f"{path}[{position}].name")
        option = column.option_by_id(item["id"]) if "id" in item else column.option(item["name"])
        if option is None and "name" not in item:
            raise invalid(f"Could not find option with id: {item['id']}")
        if option is None:
            option = writes.make_option(column, item["name"], item.get("color") or "default")
        elif item.get("color", option.color) != option.color:
            raise invalid(f"Cannot update color of select with name: {option.name}.")
        kept.append(option)
    column.options = kept


def patch(workspace: Workspace, source: DataSource, changes: Any) -> None:
    """PATCH of ``properties``: null deletes a column with its data, a name renames, a configuration changes or adds."""
    if not isinstance(changes, dict):
        raise malformed("body.properties", "an object", changes)
    for key, change in changes.items():
        path = f"body.properties.{key}"
        column = source.column(key)
        if column is None:
            if change is None:
                raise invalid(f"Could not find property with name or id: {key}")
            create(workspace, source, key, path, change)
        elif change is None:
            delete(workspace, source, column)
        elif isinstance(change, dict):
            _change(workspace, source, column, path, change)
        else:
            raise malformed(path, "an object or `null`", change)


def _change(
    workspace: Workspace, source: DataSource, column: Column, path: str, change: dict[str, Any]
) -> None:
    rest = {key: value for key, value in change.items() if key not in {"name", "description", "type", "id"}}
    if rest:
        kind = _kind(path, rest)
        if kind != column.kind:
            retype(workspace, source, column, kind)
        configure(workspace, column, path, rest[kind])
        if kind == "relation":
            _pair(workspace, source, column, rest[kind])
        forget_lost_options(source, column)
    if "name" in change:
        rename(source, column, change["name"])
    if "description" in change:
        column.description = change["description"]


def _pair(workspace: Workspace, source: DataSource, column: Column, config: dict[str, Any]) -> None:
    """Make a one-way relation two-way (recorded), or a two-way one one-way.

    Unknown: what becomes of the far column then; here it stays, as a one-way relation.
    """
    if config.get("dual_property") is not None and "synced" not in column.details:
        _mirror(workspace, source, column, config["dual_property"])
    elif config.get("single_property") is not None:
        _part(workspace, column)


def _part(workspace: Workspace, column: Column) -> None:
    far = workspace.sources[column.target].columns.get(column.details.pop("synced", ""))
    if far is not None:
        far.details.pop("synced", None)


def rename(source: DataSource, column: Column, name: str) -> None:
    other = source.column_by_name(name)
    if other is not None and other is not column:
        raise invalid(f"Property name {name} already exists.")
    column.name = name


def delete(workspace: Workspace, source: DataSource, column: Column) -> None:
    if column.kind == "title":
        raise invalid("Cannot delete the title property.")
    if column.kind == "relation":
        _part(workspace, column)
    del source.columns[column.id]
    for row in source.rows.values():
        row.cells.pop(column.id, None)


def retype(workspace: Workspace, source: DataSource, column: Column, kind: str) -> None:
    """Change a column's type and keep what can be kept.

    Unknown: Notion's exact conversions; here only number and text convert into each other, the rest is emptied.
    """
    if "title" in {kind, column.kind}:
        raise invalid("Cannot change the type of, or to, the title property.")
    texts_before = {row.id: people.shown(workspace, column, row) for row in source.rows.values()}
    before, column.kind, column.options, column.format = column.kind, kind, [], "number"
    if kind == "status":
        column.options = default_status()
    for row in source.rows.values():
        row.cells.pop(column.id, None)
        text = texts_before[row.id]
        if text and kind == "rich_text":
            row.cells[column.id] = texts.stored(text)
        elif text and kind == "number" and before == "rich_text":
            try:
                row.cells[column.id] = writes.number(column.name, Decimal(text))
            except InvalidOperation:
                continue


def forget_lost_options(source: DataSource, column: Column) -> None:
    """Empty the cells whose option is gone; a status falls back to its starting option.

    Unknown: what the API does to a status whose option was deleted; the app asks for a replacement.
    """
    if column.kind not in CHOICES:
        return
    fallback = starting_option(column) if column.kind == "status" else None
    for row in source.rows.values():
        value = row.cells.get(column.id)
        if column.kind == "multi_select":
            row.cells[column.id] = [identity for identity in value or [] if column.option_by_id(identity)]
        elif value is not None and column.option_by_id(value) is None:
            row.cells.pop(column.id)
            if fallback is not None:
                row.cells[column.id] = fallback.id
