"""Read objectives, key results, initiatives and KPIs from a table: a row for each, or several in one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from okrsync.discovery import ExportedCell, ExportedRow, ExportedTable, Listed
from okrsync.errors import DataError
from okrsync.imports.goals import goal_of, healthy_of
from okrsync.imports.headings import unknown_headings

_OBJECTIVE: Final = re.compile(r"(?:\w+ )?(?:objectives?|ziele?|oberziel|цел[ьи]|o)", re.IGNORECASE)
_KEY_RESULT: Final = re.compile(
    r"key[ _-]?results?|kr|krs|schlüsselergebnis(?:se)?|ключев\w+ результат\w*|результат|кр", re.IGNORECASE
)
_INITIATIVE: Final = re.compile(
    r"initiatives?|projects?|tasks?|actions?|activit(?:y|ies)|initiativen?|projekte?|maßnahmen?|aufgaben?|"
    r"инициатив[аы]|проект\w*|задач[аи]|мероприяти[ея]",
    re.IGNORECASE,
)
_KPI: Final = re.compile(r"kpis?|kennzahl(?:en)?|показател[ьи]|health metrics?|metrics?", re.IGNORECASE)
_FIGURE: Final = re.compile(r"[\d.,]+ ?%?")
_EMPTY: Final = ExportedCell(text="")
_ID: Final = re.compile(r"[^\s,\[\]{}#&*!|>'\"%@`]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood:
    """One thing that the YAML does not have: the row as the file numbers it, the column's heading, and why."""

    row: int
    column: str
    text: str


@dataclass(slots=True)
class Imported:
    """What was understood, and what was not."""

    objectives: list[Listed] = field(default_factory=list)
    key_results: list[Listed] = field(default_factory=list)
    initiatives: list[Listed] = field(default_factory=list)
    kpis: list[Listed] = field(default_factory=list)
    left: list[NotUnderstood] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read_table(table: ExportedTable, columns: Mapping[str, int], locale: str) -> Imported:
    """The table's key results with their objectives. Raises ``DataError`` if no column names key results."""
    if "key_result" not in columns and not ({"title", "objective"} & columns.keys() and "type" in columns):
        raise DataError(
            f"no column holds key results: there are {', '.join(filter(None, table.header))}",
            hint="say which: --column key_result=HEADING (or title=HEADING with type=HEADING)",
        )
    reader = _TableReader(table, columns, locale)
    for row in table.rows:
        reader.take(row)
    reader.result.unknown = unknown_headings(table.header, columns)
    return reader.result


class _TableReader:
    def __init__(self, table: ExportedTable, columns: Mapping[str, int], locale: str) -> None:
        self._header = table.header
        self._columns = columns
        self._locale = locale
        self._current = ""
        self._current_key_result = ""
        self._by_name: dict[str, str] = {}
        self._key_results: dict[str, str] = {}
        self._taken: set[str] = set()
        self.result = Imported()

    def take(self, row: ExportedRow) -> None:
        kind = self._text(row, "type")
        if kind and _INITIATIVE.fullmatch(kind):
            self._initiative(row, self._title(row), self._key_result_of(row))
        elif kind and _KPI.fullmatch(kind):
            self._kpi(row, self._title(row))
        elif "key_result" in self._columns and not (kind and _OBJECTIVE.fullmatch(kind)):
            self._both(row)
        elif kind and _OBJECTIVE.fullmatch(kind):
            self._objective(row, self._title(row), self._text(row, "id"), self._text(row, "owner"))
        elif kind and _KEY_RESULT.fullmatch(kind):
            self._key_result(row, self._title(row), self._parent(row))
        elif self._title(row):
            why = f"{kind or 'nothing'!r} is no objective, key result, initiative or KPI"
            self._leave(row, "type", f"{why}: {self._title(row)}")

    def _both(self, row: ExportedRow) -> None:
        """Objective and key result in one row; an empty objective is that of the row above."""
        if objective := self._text(row, "objective"):
            self._objective(row, objective, "", self._text(row, "objective_owner"))
        if title := self._text(row, "key_result"):
            self._key_result(row, title, self._parent(row) if "parent" in self._columns else self._current)
        elif not self._text(row, "objective") and not self._text(row, "initiative"):
            self._leave(row, "key_result", "the row names neither an objective nor a key result")
        self._initiatives(row)

    def _initiatives(self, row: ExportedRow) -> None:
        """The initiatives that a cell of the key result's row names, one a line."""
        for line in self._cell(row, "initiative").text.splitlines():
            title = " ".join(line.split()).lstrip("•*–- ")
            if _FIGURE.fullmatch(title):
                self._leave(row, "initiative", f"{title!r} is a number, and no title of an initiative")
            elif title:
                self._initiative(row, title, self._current_key_result)

    def _initiative(self, row: ExportedRow, title: str, key_result: str) -> None:
        if not title:
            self._leave(row, "title", "an initiative without a title")
            return
        given = "" if "initiative" in self._columns else self._text(row, "id")
        identity = self._id(given, "I", len(self.result.initiatives) + 1)
        owner = "" if "initiative" in self._columns else self._text(row, "owner")
        keys = {"key_result": key_result} if key_result else {}
        self.result.initiatives.append(Listed(id=identity, title=title, owner=owner, keys=keys))

    def _kpi(self, row: ExportedRow, title: str) -> None:
        if not title:
            self._leave(row, "title", "a KPI without a title")
            return
        healthy = healthy_of(self._cell(row, "target"), self._cell(row, "unit"), self._locale)
        for role, why in healthy.problems:
            self._leave(row, role, f"{why}: {title}")
        if healthy.keys:
            identity = self._id(self._text(row, "id"), "K", len(self.result.kpis) + 1)
            owner = self._text(row, "owner")
            self.result.kpis.append(Listed(id=identity, title=title, owner=owner, keys=healthy.keys))

    def _objective(self, row: ExportedRow, title: str, given: str, owner: str) -> None:
        if not title:
            self._leave(row, "title", "an objective without a title")
            return
        name = title.casefold()
        if name not in self._by_name or given:
            identity = self._id(given, "O", len(self.result.objectives) + 1)
            self._by_name[name] = identity
            if given:
                self._by_name[given.casefold()] = identity
            self.result.objectives.append(Listed(id=identity, title=title, owner=owner))
        self._current = self._by_name[name]

    def _key_result(self, row: ExportedRow, title: str, objective: str) -> None:
        if not title:
            self._leave(row, "title", "a key result without a title")
            return
        cells = [self._cell(row, role) for role in ("baseline", "target", "unit")]
        goal = goal_of(cells[0], cells[1], cells[2], self._locale)
        for role, why in goal.problems:
            self._leave(row, role, why)
        given = self._text(row, "id")
        identity = self._id(given, "KR", len(self.result.key_results) + 1)
        if given and identity != given:
            self._leave(row, "id", f"{given!r} cannot be its id, or is taken: it is called {identity}")
        owner = self._text(row, "owner")
        self._current_key_result = identity
        self._key_results |= {title.casefold(): identity, (given or identity).casefold(): identity}
        self.result.key_results.append(
            Listed(id=identity, title=title, objective=objective, owner=owner, keys=goal.keys)
        )

    def _parent(self, row: ExportedRow) -> str:
        """The id of the objective that the row names; without such a column, of the last one above."""
        named = self._text(row, "parent")
        if not named:
            return self._current
        found = self._by_name.get(named.casefold())
        if found is None:
            self._leave(row, "parent", f"there is no objective {named!r} above this row")
        return found or ""

    def _key_result_of(self, row: ExportedRow) -> str:
        """The id of the key result that an initiative's row names; without such a column, of the last one above."""
        named = self._text(row, "parent")
        found = self._key_results.get(named.casefold(), "") if named else ""
        if "parent" not in self._columns:
            found = self._current_key_result
        if not found:
            what = f"{named!r} is no key result above this row" if named else "nothing says which key result"
            self._leave(row, "parent", f"{what}: write `key_result:` at the initiative {self._title(row)!r}")
        return found

    def _id(self, given: str, prefix: str, number: int) -> str:
        identity = given if _ID.fullmatch(given) and given not in self._taken else ""
        while not identity or identity in self._taken:
            identity, number = f"{prefix}-{number}", number + 1
        self._taken.add(identity)
        return identity

    def _title(self, row: ExportedRow) -> str:
        return self._text(row, "title") or self._text(row, "key_result") or self._text(row, "objective")

    def _text(self, row: ExportedRow, role: str) -> str:
        return " ".join(self._cell(row, role).text.split())

    def _cell(self, row: ExportedRow, role: str) -> ExportedCell:
        at = self._columns.get(role)
        return row.cells[at] if at is not None and at < len(row.cells) else _EMPTY

    def _leave(self, row: ExportedRow, role: str, why: str) -> None:
        at = self._columns.get(role)
        heading = self._header[at] if at is not None else role
        self.result.left.append(NotUnderstood(row=row.number, column=heading, text=why))
