"""Hold spreadsheets: cells with types and formats, rendered as Google renders them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

from okrsync.units import span
from okrsync_emulators.sheets.defaults import DEFAULT_FORMAT
from okrsync_emulators.sheets.ranges import Box, box, split

_ERRORS: Final = {
    "#NULL!": "NULL_VALUE",
    "#DIV/0!": "DIVIDE_BY_ZERO",
    "#VALUE!": "VALUE",
    "#REF!": "REF",
    "#NAME?": "NAME",
    "#NUM!": "NUM",
    "#N/A": "N_A",
    "#ERROR!": "ERROR",
}
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a serial number has no zone; the spreadsheet has one
# Unknown: the patterns of every locale's menu; those of en_US stand in.
_PATTERNS: Final = {
    "number": ("NUMBER", "#,##0.00"),
    "percent": ("PERCENT", "0.00%"),
    "percent sign": ("NUMBER", '0"%"'),
    "money": ("CURRENCY", "[$CURRENCY]#,##0.00"),
    "date": ("DATE", "yyyy-mm-dd"),
    "datetime": ("DATE_TIME", "yyyy-mm-dd hh:mm:ss"),
    "duration": ("TIME", "[h]:mm:ss"),
    "text": ("TEXT", "@"),
}
Kind = Literal["plain", "percent", "money", "date", "datetime", "duration", "error", "loading"]
Scalar = str | bool | int | float | None


@dataclass(slots=True, kw_only=True)
class Cell:
    """``value`` is what UNFORMATTED_VALUE shows: numbers, texts, booleans, serial dates; ``loading`` counts down.

    ``format`` is the kind whose number format it has, if that is not its own.
    """

    value: Scalar
    kind: Kind = "plain"
    detail: str = ""
    formula: str = ""
    loading: int = 0
    format: str = ""

    def look(self) -> None:
        """One reading passes: a formula that fetches from elsewhere comes one step closer to its value."""
        self.loading = max(0, self.loading - 1)

    def shown(self, render: str, times: str, locale: str) -> Scalar:
        """The cell in one of Google's value and time render options."""
        if render == "FORMULA" and self.formula:
            return self.formula
        if self.loading:
            return "Loading..."
        if self.value is None:
            return ""
        dated = self.kind in {"date", "datetime", "duration"}
        if render == "FORMATTED_VALUE" or (dated and times == "FORMATTED_STRING"):
            return self.formatted(locale)
        return self.value

    def formatted(self, locale: str) -> str:
        """As the spreadsheet shows it. Unknown: the exact default formats of every locale; Babel's stand in."""
        value = self.value
        if self.loading:
            return "Loading..."
        if value is None or isinstance(value, str):
            return value or ""
        if isinstance(value, bool):
            return str(value).upper()
        if self.kind == "percent":
            return format_percent(value, format="0.##%", locale=locale)
        if self.kind == "money":
            return format_currency(value, self.detail or "USD", locale=locale)
        if self.kind == "duration":
            seconds = round(value * 86_400)
            return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        if self.kind == "date":
            return format_date(_EPOCH + timedelta(days=value), format="short", locale=locale)
        if self.kind == "datetime":
            return format_datetime(_EPOCH + timedelta(days=value), format="short", locale=locale)
        # An automatic format shows up to ten digits and groups nothing.
        return format_decimal(value, format="0.##########", locale=locale)

    def extended(self) -> dict[str, Any]:
        """The API's ExtendedValue."""
        if self.loading:
            return {"errorValue": {"type": "LOADING", "message": "Loading..."}}
        if self.kind == "error":
            kind = _ERRORS.get(str(self.value), "ERROR")
            return {"errorValue": {"type": kind, "message": f"Error {self.value}"}}
        if isinstance(self.value, bool):
            return {"boolValue": self.value}
        if isinstance(self.value, str):
            return {"stringValue": self.value}
        return {} if self.value is None else {"numberValue": self.value}

    def data(self, locale: str) -> dict[str, Any]:
        """The API's CellData, cut down to what is held here."""
        value = self.extended()
        if not value:
            return {}
        found: dict[str, Any] = {
            "userEnteredValue": {"formulaValue": self.formula} if self.formula else value,
            "effectiveValue": value,
            "formattedValue": self.formatted(locale),
        }
        format_ = self.format or self.kind
        number = {"numberFormat": _number_format(format_, self.detail)} if format_ in _PATTERNS else {}
        found["effectiveFormat"] = {**number, **DEFAULT_FORMAT}
        return found


def _number_format(kind: str, currency: str) -> dict[str, str]:
    """Type and pattern, as a cell has them that was formatted by its menu."""
    name, pattern = _PATTERNS[kind]
    return {"type": name, "pattern": pattern.replace("CURRENCY", currency or "USD")}


@dataclass(slots=True, kw_only=True)
class Tab:
    title: str
    gid: int
    hidden: bool = False
    rows: list[list[Cell]] = field(default_factory=list)
    merges: list[Box] = field(default_factory=list)
    hidden_rows: frozenset[int] = frozenset()
    filtered_rows: frozenset[int] = frozenset()
    height: int = 1000
    width: int = 26

    def at(self, row: int, column: int) -> Cell:
        """The cell, counted from 0; what was never filled is blank."""
        if row < len(self.rows) and column < len(self.rows[row]):
            return self.rows[row][column]
        return Cell(value=None)

    def put(self, row: int, column: int, cell: Cell) -> None:
        while len(self.rows) <= row:
            self.rows.append([])
        line = self.rows[row]
        while len(line) <= column:
            line.append(Cell(value=None))
        line[column] = cell


@dataclass(slots=True, kw_only=True)
class Book:
    """One spreadsheet. ``named`` maps names to a tab and a box; a broken name maps to None."""

    id: str
    title: str
    locale: str
    timezone: str
    readers: frozenset[str]
    editors: frozenset[str]
    public: bool
    tabs: list[Tab]
    named: dict[str, tuple[Tab, Box] | None]

    def tab(self, title: str) -> Tab | None:
        # Unknown: whether Google tells titles apart by case in ranges; here it does.
        return next((tab for tab in self.tabs if tab.title == title), None)

    def find(self, text: str) -> tuple[Tab, Box] | None:
        """The tab and box of a range in a request, or None if it cannot be parsed."""
        title, cells = split(text)
        if title is None:
            return self._bare(cells or "")
        tab = self.tab(title)
        if tab is None:
            return None
        if cells is None:
            return tab, Box(None, None, None, None)
        area = box(cells)
        return None if area is None else (tab, area)

    def _bare(self, text: str) -> tuple[Tab, Box] | None:
        # As documented: a named range wins over a sheet of its name, a cell of the first visible sheet over that.
        for name, place in self.named.items():
            if name.casefold() == text.casefold():
                return place
        area = box(text)
        if area is not None:
            return next(tab for tab in self.tabs if not tab.hidden), area
        tab = self.tab(text)
        return None if tab is None else (tab, Box(None, None, None, None))


def book(seed: Mapping[str, Any]) -> Book:
    """A spreadsheet from its seed (see ``SheetsEmulator.load``)."""
    shared = seed.get("shared_with", [])
    tabs = [_tab(tab, index) for index, tab in enumerate(seed["tabs"])]
    found = Book(
        id=str(seed["id"]),
        title=str(seed.get("title", seed["id"])),
        locale=str(seed.get("locale", "en_US")),
        timezone=str(seed.get("timezone", "Etc/GMT")),
        readers=frozenset() if shared == "anyone" else frozenset(shared),
        editors=frozenset(seed.get("editors", [])),
        public=shared == "anyone",
        tabs=tabs,
        named={},
    )
    for name, place in seed.get("named_ranges", {}).items():
        found.named[name] = None if place == "#REF!" else found.find(place)
    return found


def _tab(seed: Mapping[str, Any], index: int) -> Tab:
    rows = [[cell(value) for value in row or []] for row in seed.get("rows", [])]
    height, width = seed.get("grid", [1000, 26])
    merges = [area for area in (box(text) for text in seed.get("merges", [])) if area is not None]
    return Tab(
        title=str(seed["title"]),
        gid=int(seed.get("gid", index)),
        hidden=bool(seed.get("hidden", False)),
        rows=rows,
        merges=merges,
        hidden_rows=frozenset(row - 1 for row in seed.get("hidden_rows", [])),
        filtered_rows=frozenset(row - 1 for row in seed.get("filtered_rows", [])),
        height=max(height, len(rows)),
        width=max(width, max((len(row) for row in rows), default=0)),
    )


def cell(seed: Any) -> Cell:
    """A cell from its seed: a plain value, or one key that says its kind."""
    if not isinstance(seed, Mapping):
        return Cell(value=serial(seed), kind="date") if isinstance(seed, date) else Cell(value=seed)
    if "loading" in seed:
        after = cell(seed.get("then"))
        after.loading = int(seed["loading"])
        return after
    if "formula" in seed:
        result = cell(seed.get("value"))
        result.formula = str(seed["formula"])
        return result
    if "format" in seed:
        return Cell(value=seed.get("value"), format=str(seed["format"]), detail=str(seed.get("currency", "")))
    if "error" in seed:
        return Cell(value=str(seed["error"]), kind="error")
    if "percent" in seed:
        return Cell(value=seed["percent"], kind="percent")
    if "money" in seed:
        return Cell(value=seed["money"], kind="money", detail=str(seed.get("currency", "")))
    if "duration" in seed:
        return Cell(value=span(str(seed["duration"])).total_seconds() / 86_400, kind="duration")
    if "date" in seed:
        return Cell(value=serial(_day(seed["date"])), kind="date")
    if "datetime" in seed:
        moment = seed["datetime"]
        return Cell(
            value=serial(datetime.fromisoformat(moment) if isinstance(moment, str) else moment),
            kind="datetime",
        )
    raise ValueError(
        f"a cell is a plain value or one of percent, money, duration, date, datetime, error, loading: {seed}"
    )


def serial(moment: date) -> int | float:
    """Days since 1899-12-30; the fraction is the time of day."""
    if not isinstance(moment, datetime):
        return moment.toordinal() - _EPOCH.toordinal()
    days = (moment.replace(tzinfo=None) - _EPOCH) / timedelta(days=1)
    return int(days) if days == int(days) else days


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
