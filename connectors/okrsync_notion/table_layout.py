"""Parse a data source's schema, and find the columns that a table in the YAML means. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote

from okrsync.cells import CELLS, RELEASE, Kind, kind_of
from okrsync.errors import ConfigError
from okrsync.model import Stored
from okrsync.spelling import as_seen, did_you_mean
from okrsync_notion.property_values import KIND, MATCHING, WRITABLE, NotionColumn, text
from okrsync_notion.settings import NotionTable

COMPUTED: Final = {
    "formula": "Notion computes it",
    "rollup": "Notion computes it from related rows",
    "created_time": "Notion fills it in itself",
    "created_by": "Notion fills it in itself",
    "last_edited_time": "Notion fills it in itself",
    "last_edited_by": "Notion fills it in itself",
    "unique_id": "Notion numbers the rows itself",
    "button": "it holds no value",
    "verification": "only people may set it",
}
OWNING: Final = ("people", "rich_text", "select", "multi_select")
"""Which types of column can name an owner."""
# Which types of column can hold which kind of cell.
FITTING: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.NUMBER: ("number", "checkbox"),
    Kind.SHARE: ("number",),
    Kind.STATUS: ("status", "select", "rich_text"),
    Kind.TEXT: ("rich_text",),
    Kind.INSTANT: ("date",),
    Kind.DAY: ("date",),
    Kind.RELATION: ("relation",),
    Kind.BOX: ("checkbox",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A data source: ``database`` is the id of the database it belongs to."""

    id: str
    title: str
    database: str
    in_trash: bool
    columns: Mapping[str, NotionColumn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of one table that okrsync reads; ``locked`` says of a cell why it can never be written.

    ``owner`` is only shown in reports: if it cannot be read, ``no_owner`` says why, and nothing stops for it.
    """

    schema: Schema
    title: NotionColumn
    cells: Mapping[str, NotionColumn]
    locked: Mapping[str, str]
    match: NotionColumn | None
    baseline: NotionColumn | None
    target: NotionColumn | None
    owner: NotionColumn | None = None
    no_owner: str = ""
    adds_rows: bool = False
    """okrsync adds the rows itself: their ids are not in the YAML."""

    @property
    def needed(self) -> tuple[str, ...]:
        """The ids of all these columns, each once, in a steady order."""
        others = [
            column for column in (self.match, self.baseline, self.target, self.owner) if column is not None
        ]
        columns = (self.title, *self.cells.values(), *others)
        return tuple(dict.fromkeys(column.id for column in columns if column.id))


def parse(answer: Mapping[str, Any]) -> Schema:
    """The schema in Notion's answer about a data source."""
    columns = [_column(name, held) for name, held in answer["properties"].items()]
    return Schema(
        id=str(answer["id"]),
        title=text(answer.get("title") or ()),
        database=str((answer.get("parent") or {}).get("database_id") or ""),
        in_trash=bool(answer.get("in_trash")),
        columns={column.name: column for column in columns},
    )


def _column(name: str, held: Mapping[str, Any]) -> NotionColumn:
    kind = str(held["type"])
    detail = held.get(kind) or {}
    return NotionColumn(
        id=unquote(str(held["id"])),
        wire=str(held["id"]),
        name=name,
        type=kind,
        format=str(detail.get("format") or ""),
        options={str(option["name"]): str(option["id"]) for option in detail.get("options") or ()},
        initial=_initial(kind, detail),
        target=str(detail.get("data_source_id") or "") if kind == "relation" else "",
        far=unquote(str((detail.get("dual_property") or {}).get("synced_property_id") or "")),
    )


def _initial(kind: str, detail: Mapping[str, Any]) -> Stored:
    """An unticked box, and of a status column the first option of its first group: Notion sets both by itself."""
    if kind == "checkbox":
        return False
    firsts = [group["option_ids"][0] for group in detail.get("groups") or () if group.get("option_ids")]
    names = {str(option["id"]): str(option["name"]) for option in detail.get("options") or ()}
    return names.get(str(firsts[0])) if kind == "status" and firsts else None


def fitting(cell: str) -> tuple[str, ...]:
    """Which types of column can hold a cell. What another plug-in would keep in a cell of its own is not known here."""
    return FITTING[kind_of(cell)] if cell in {one.name for one in CELLS} else WRITABLE


def locked(cell: str, column: NotionColumn) -> str:
    """Why ``column`` can never be written, in words, else empty."""
    if column.type not in COMPUTED:
        return ""
    kinds = _or(fitting(cell))
    article = "an" if column.kind[0] in "aeioAEIO" else "a"
    return (
        f"{column.name} is {article} {column.kind}: {COMPUTED[column.type]}; "
        f"remove it from `cells`, or give okrsync a {kinds} column"
    )


def layout(schema: Schema, table: NotionTable, state: MutableMapping[str, str]) -> Layout:
    """The columns ``table`` means.

    ``state`` remembers which column had a name, so that a renamed one can be named. A cell whose column is missing or of
    a wrong type is locked with the reason: the others are written. Raises ``ConfigError`` if a column that rows are
    found or released by is missing or of a wrong type.
    """
    cells: dict[str, NotionColumn] = {}
    unusable: dict[str, str] = {}
    for cell, name in table.cells.items():
        try:
            column = cell_column(schema, cell, name, state)
            if kind_of(cell) is Kind.STATUS:
                column = starting(column, table.initial)
            cells[cell] = remembering(schema, column, state)
        except ConfigError as error:
            unusable[cell] = f"{error.message}; {error.hint}"
            cells[cell] = NotionColumn(id="", wire="", name=name, type="")
    owner, no_owner = owner_column(schema, table.owner, state)
    if table.release is not None:
        cells[RELEASE.name] = release_column(schema, table.release, state)
    return Layout(
        schema=schema,
        title=next(column for column in schema.columns.values() if column.type == "title"),
        cells=cells,
        locked=unusable | {cell: why for cell, column in cells.items() if (why := locked(cell, column))},
        match=match_column(schema, table.match, state),
        baseline=number_column(schema, "baseline", table.baseline, state),
        target=number_column(schema, "target", table.target, state),
        owner=owner,
        no_owner=no_owner,
    )


def starting(column: NotionColumn, option: str | None) -> NotionColumn:
    """The status column, whose new rows show ``option``. Raises ``ConfigError`` if it has no such option."""
    if option is None:
        return column
    alike = [name for name in column.options if as_seen(name) == as_seen(option)]
    option = alike[0] if option not in column.options and len(alike) == 1 else option
    if option not in column.options:
        raise ConfigError(
            f"`initial` says {option!r}, and the {column.kind} column {column.name!r} has no such option",
            hint=f"fix `initial`: {did_you_mean(option, column.options)}",
        )
    return replace(column, initial=option, declared=True)


def remembering(schema: Schema, column: NotionColumn, state: MutableMapping[str, str]) -> NotionColumn:
    """The column, with the names under which ``state`` came to know its options.

    Where a remembered name is another option's name now (two were swapped), all go by what they are called now.
    """
    if not column.options:
        return column
    note = f"options of {column.id} of {schema.id}"
    known: dict[str, str] = json.loads(state.get(note, "{}"))
    steady = {identity: known.get(identity, name) for name, identity in column.options.items()}
    if any(column.options.get(name, identity) != identity for identity, name in steady.items()):
        steady = {identity: name for name, identity in column.options.items()}
    if steady != known:
        state[note] = json.dumps(steady)
    first = column.initial
    initial = steady[column.options[first]] if isinstance(first, str) else first
    return replace(column, steady=steady, initial=initial)


def cell_column(schema: Schema, cell: str, name: str, state: MutableMapping[str, str]) -> NotionColumn:
    """The column of a cell: of a type the cell can be kept in, or one that is locked."""
    column = named(schema, name, f"cells: {cell}", state, hidden=kind_of(cell) is Kind.RELATION)
    if column.type not in fitting(cell) and column.type not in COMPUTED:
        raise ConfigError(
            f"the column {name!r} is {column.called}, and the cell {cell!r} needs a {_or(fitting(cell))} column",
            hint="name another column under `cells`, or change the column's type in Notion",
        )
    return column


def match_column(schema: Schema, name: str | None, state: MutableMapping[str, str]) -> NotionColumn | None:
    if name is None:
        return None
    column = named(schema, name, "match", state)
    if column.type not in MATCHING:
        raise ConfigError(
            f"the column {name!r} is {column.called}, which cannot hold the ids of key results",
            hint="name a text column (or an ID column) under `match`",
        )
    return column


def release_column(schema: Schema, name: str, state: MutableMapping[str, str]) -> NotionColumn:
    column = named(schema, name, "release", state)
    if column.type != "checkbox":
        raise ConfigError(
            f"the column {name!r} is {column.called}, and `release` needs a checkbox column",
            hint="name a checkbox column under `release`, or drop it",
        )
    return column


def owner_column(
    schema: Schema, name: str | None, state: MutableMapping[str, str]
) -> tuple[NotionColumn | None, str]:
    """The column that names owners, or why there is none."""
    if name is None:
        return None, ""
    try:
        column = named(schema, name, "owner", state)
    except ConfigError as error:
        return None, f"{error.message}; {error.hint}"
    if column.type not in OWNING:
        return (
            None,
            f"the column {name!r} is {column.called}, and `owner` needs a {_or(OWNING)} column",
        )
    return column, ""


def number_column(
    schema: Schema, role: str, name: str | None, state: MutableMapping[str, str]
) -> NotionColumn | None:
    if name is None:
        return None
    column = named(schema, name, role, state)
    if column.type != "number":
        raise ConfigError(
            f"the column {name!r} is {column.called}, and `{role}` needs a number column",
            hint=f"name a number column under `{role}`, or write the number at the key result itself",
        )
    return column


def named(
    schema: Schema, name: str, place: str, state: MutableMapping[str, str], *, hidden: bool = False
) -> NotionColumn:
    """The column called ``name``. If there is none, raises ``ConfigError`` that says what became of it.

    ``hidden``: it is a relation, which Notion's answers leave out if the database it leads to is not shared.
    """
    note = f"column {name!r} of {schema.id}"
    column = schema.columns.get(name) or _looking_like(schema, name)
    if column is not None:
        if state.get(note) != column.id:
            state[note] = column.id
        return column
    known = state.get(note)
    renamed = next((one.name for one in schema.columns.values() if one.id == known), None)
    if renamed is not None:
        raise ConfigError(
            f"the column {name!r} is now called {renamed!r}", hint=f"write {renamed!r} under `{place}`"
        )
    gone = "was deleted from" if known is not None else "is not in"
    hint = f"fix it under `{place}`: {did_you_mean(name, schema.columns)}"
    if hidden:
        gone = "is not shown in"
        hint = (
            "Notion shows a relation only if the database that it leads to is shared with the connection too: open that "
            f"one and add the connection; if the column is called otherwise, {hint}"
        )
    raise ConfigError(f"the column {name!r} {gone} {schema.title!r}", hint=hint)


def _looking_like(schema: Schema, name: str) -> NotionColumn | None:
    """The one column whose name looks just like ``name``: nobody can see a blank that breaks no line, or how an accent is made."""
    alike = [one for one in schema.columns.values() if as_seen(one.name) == as_seen(name)]
    return alike[0] if len(alike) == 1 else None


def _or(kinds: tuple[str, ...]) -> str:
    names = [KIND.get(kind, kind) for kind in kinds]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
