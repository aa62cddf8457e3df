"""Look at the OKR tables that are in Notion, or make new ones, for ``okrsync init``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from okrsync.cells import CURRENT, KEY_RESULTS, OBJECTIVES, PROGRESS, STATUS, Cell, Kind, cells_of
from okrsync.discovery import Listed, Proposed
from okrsync.errors import ConfigError
from okrsync.ports import ConnectorContext
from okrsync_notion.addresses import page_id
from okrsync_notion.client import Notion
from okrsync_notion.data_source_lookup import locate
from okrsync_notion.http_errors import NotFound
from okrsync_notion.new_tables import NewTables
from okrsync_notion.pagination import every_row
from okrsync_notion.property_values import NotionColumn
from okrsync_notion.property_values import title as shown_title
from okrsync_notion.rows import by_id, cells_of_page, read_key
from okrsync_notion.settings import STATUSES, NotionSettings, NotionTable
from okrsync_notion.status_default import answer, question, untouched
from okrsync_notion.table_layout import COMPUTED, FITTING, OWNING, Schema, parse
from okrsync_notion.vocabulary import COLUMNS, rank
from okrsync_notion.vocabulary import STATUSES as OPTIONS

# The ways to find a column for each part of a table: only of a type that can serve.
KEYS: Final = ("unique_id", "rich_text", "formula", "select", "number")
# A number could be kept in a checkbox and a text in an option; `init` does not propose that.
# If there is no column for one of these, `init` says why.
EXPLAINED: Final = (CURRENT, PROGRESS, STATUS)
TYPES: Final = {**FITTING, Kind.NUMBER: ("number",), Kind.TEXT: ("rich_text",)}


class NotionSetup:
    """``okrsync.discovery.Setup`` for Notion."""

    def __init__(self, settings: NotionSettings, context: ConnectorContext) -> None:
        self._api = Notion(settings, context)
        self._state = context.state
        self._clock = context.clock

    def propose(self, address: str) -> Proposed:
        """See ``Setup.propose``. A relation to objectives is followed. One request for every 100 rows of each table."""
        try:
            table = NotionTable(database=address, cells={})
        except ValueError as error:
            raise ConfigError(
                f"{address!r} holds no Notion id", hint="open the database as a full page and copy its link"
            ) from error
        schema = locate(self._api, table, self._state)
        look = _TableProposal(schema, cells_of(KEY_RESULTS), address)
        relation = look.relation()
        titles: dict[str, str] = {}
        tables = {KEY_RESULTS: look.table(goals=True)}
        objectives: list[Listed] = []
        remarks = look.remarks
        far = self._objectives(look, relation)
        if relation is not None and far is not None:
            there = _TableProposal(
                far, cells_of(OBJECTIVES), f"https://app.notion.com/p/{far.database.replace('-', '')}"
            )
            proposed = there.table(goals=False)
            found = self._listed(there, proposed.get("match"), "O")
            titles = {page: one.id for page, one in found.items()}
            objectives = list(found.values())
            remarks += [f"{far.title}: {remark}" for remark in there.remarks]
            if proposed["cells"]:
                tables[OBJECTIVES] = proposed
            else:
                remarks.append(f"{far.title}: no column that okrsync could fill, so the table is left out")
        match = tables[KEY_RESULTS].get("match")
        return Proposed(
            tables=tables,
            key_results=tuple(self._listed(look, match, "KR", relation, titles).values()),
            objectives=tuple(objectives),
            goals={"baseline", "target"} <= tables[KEY_RESULTS].keys(),
            remarks=tuple(remarks),
        )

    def _objectives(self, look: _TableProposal, relation: NotionColumn | None) -> Schema | None:
        """The table that ``relation`` leads to, if the token sees it."""
        if relation is None:
            return None
        try:
            return parse(self._api.data_source(relation.target))
        except NotFound:
            look.remarks.append(
                f"{relation.name!r} leads to a database that is not shared with the connection: share it, and run "
                "init again, or write `objectives` under `destination` later"
            )
            return None

    def create(
        self, parent: str, made: Mapping[str, str] | None, keep: Callable[[Proposed], None]
    ) -> Proposed:
        """See ``Setup.create``. ``parent`` is a page that is shared with the token's connection."""
        identity = page_id(parent)
        if identity is None:
            raise ConfigError(
                f"{parent!r} holds no Notion id", hint="open the page in Notion and copy its link"
            )
        return NewTables(self._api, self._clock, identity, made).make(keep)

    def _listed(
        self,
        look: _TableProposal,
        match: str | None,
        prefix: str,
        relation: NotionColumn | None = None,
        objectives: Mapping[str, str] | None = None,
    ) -> dict[str, Listed]:
        """The rows by page id. A row without an id, or with one that is taken, is named by its address."""
        schema = look.schema
        title = next(column for column in schema.columns.values() if column.type == "title")
        needed = [
            title.id,
            *([schema.columns[match].id] if match else []),
            *([relation.id] if relation else []),
            *(column.id for column in look.owned.values()),
        ]
        pages = every_row(self._api, schema.id, list(dict.fromkeys(needed)))
        look.ask_for_default(pages.values())
        found: dict[str, Listed] = {}
        column = schema.columns[match].id if match else ""
        parts = {identity: by_id(page) for identity, page in pages.items()}
        ids = {identity: read_key(held.get(column))[0] for identity, held in parts.items()}
        counts = Counter(ids.values())
        for number, (identity, page) in enumerate(pages.items(), 1):
            held, own = parts[identity], ids[identity]
            if not own or counts[own] > 1:
                if match:
                    why = f"{counts[own]} rows have the id {own!r}" if own else "a row has no id"
                    look.remarks.append(f"{why} in {match!r}: {page['url']} is named by its address")
                own, address = f"{prefix}-{number}" + ("-row" if match else ""), str(page["url"])
            else:
                address = ""
            related = held.get(relation.id, {}).get("relation") if relation is not None else None
            names = [
                objectives[one["id"]] for one in related or () if objectives and one.get("id") in objectives
            ]
            found[identity] = Listed(
                id=own,
                title=shown_title(held.get(title.id, {}).get("title")),
                objective=names[0] if names else "",
                page=address,
            )
        return found


@dataclass(slots=True)
class _TableProposal:
    """One table under inspection: which column serves what, and what has to be said about it."""

    schema: Schema
    cells: Sequence[Cell]
    address: str
    remarks: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    owned: dict[str, NotionColumn] = field(default_factory=dict)

    def table(self, *, goals: bool) -> dict[str, Any]:
        """The keys of the table in the YAML."""
        proposed: dict[str, Any] = {"database": self.address}
        match = self._pick("match", KEYS)
        if match is not None:
            proposed["match"] = match.name
        else:
            self.remarks.append("no column holds ids: every row is named by its address, under `page`")
        for role in ("baseline", "target") if goals else ():
            column = self._pick(role, ("number",))
            if column is not None:
                proposed[role] = column.name
        owner = self._pick("owner", OWNING)
        if owner is not None:
            proposed["owner"] = owner.name
        cells = {
            cell.name: column.name
            for cell in self.cells
            if (column := self._pick(cell.name, TYPES[cell.kind]))
        }
        self.owned = {cell: self.schema.columns[name] for cell, name in cells.items()}
        status = self.owned.get(STATUS.name)
        proposed["cells"] = cells
        if status is not None and status.options:
            proposed["statuses"] = dict(self._statuses(status))
        for cell in self.cells:
            if cell.name not in cells and cell in EXPLAINED:
                self._explain(cell)
        return proposed

    def relation(self) -> NotionColumn | None:
        """The relation to objectives: by its name, else the only one there is."""
        every = [one for one in self.schema.columns.values() if one.type == "relation" and one.target]
        relations = [one for one in every if one.target != self.schema.id]
        for one in every:
            if one not in relations and rank(COLUMNS, "objective", one.name) is not None:
                self.remarks.append(
                    f"{one.name!r} relates rows of this table to one another: which of them are objectives is not known, "
                    "so all rows are proposed as key results"
                )
        named = [one for one in relations if rank(COLUMNS, "objective", one.name) is not None]
        if len(named) == 1:
            return named[0]
        if len(relations) > 1 and not named:
            names = ", ".join(repr(one.name) for one in relations)
            self.remarks.append(f"which of the relations {names} leads to the objectives is not known")
        return None

    def ask_for_default(self, pages: Iterable[Mapping[str, Any]]) -> None:
        """Remark on an option that all untouched rows show, if Notion's schema does not make it likely."""
        status = self.owned.get(STATUS.name)
        if status is None or status.type != "status":
            return
        shown = untouched({str(page["id"]): cells_of_page(page, self.owned) for page in pages}, STATUS.name)
        asked = question(shown)
        if asked and shown[0] != status.initial:
            self.remarks.append(f"{asked} ({status.name!r}) {answer(shown[0])}")

    def _pick(self, role: str, types: Sequence[str]) -> NotionColumn | None:
        """The best column by name, of a type that can serve, that is not taken yet."""
        fitting = [
            (where, types.index(column.type), column)
            for column in self.schema.columns.values()
            if column.type in types
            and column.name not in self.taken
            and (where := rank(COLUMNS, role, column.name)) is not None
        ]
        if role == "match":
            # Notion numbers the rows of an ID column itself, whatever the column is called.
            fitting += [(99, 0, one) for one in self.schema.columns.values() if one.type == "unique_id"]
        if not fitting:
            return None
        best = min(fitting, key=lambda one: (one[0], one[1]))[2]
        self.taken.add(best.name)
        return best

    def _explain(self, cell: Cell) -> None:
        """Why no column was found for a cell that okrsync would like to fill."""
        alike = [
            one for one in self.schema.columns.values() if rank(COLUMNS, cell.name, one.name) is not None
        ]
        types = TYPES[cell.kind]
        wanted = " or ".join(types)
        for column in alike:
            if column.type in COMPUTED:
                self.remarks.append(
                    f"{column.name!r} is a {column.kind}: {COMPUTED[column.type]}, so okrsync leaves it alone"
                    + (" and it follows the number that okrsync writes" if cell is PROGRESS else "")
                )
            elif column.name not in self.taken:
                self.remarks.append(
                    f"{column.name!r} is a {column.kind} column; for {cell.name} okrsync needs a {wanted} column"
                )
        if not alike:
            names = ", ".join(repr(one.name) for one in self.schema.columns.values() if one.type in types)
            self.remarks.append(
                f"no column is called like {cell.name}; write it under `cells` ({wanted} columns: {names or 'none'})"
            )

    def _statuses(self, column: NotionColumn) -> Iterator[tuple[str, str]]:
        for status in STATUSES:
            ranked = [
                (where, name) for name in column.options if (where := rank(OPTIONS, status, name)) is not None
            ]
            if ranked:
                yield status, min(ranked)[1]
            else:
                names = ", ".join(repr(name) for name in column.options)
                self.remarks.append(
                    f"{column.name!r} has no option that means {status!r} (it has {names}): add one in Notion, "
                    f"or write under `statuses` which one to use"
                )
