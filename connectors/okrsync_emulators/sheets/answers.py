"""Build answers of the Sheets API, in the shapes of its discovery document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from okrsync_emulators.sheets.book import Book, Scalar, Tab
from okrsync_emulators.sheets.defaults import COLUMN_WIDTH, DEFAULT_FORMAT, ROW_HEIGHT, THEME
from okrsync_emulators.sheets.ranges import Box, name

# The names that a mask may hold, with those below them; an empty branch allows anything.
SPREADSHEET: Final[dict[str, Any]] = {
    "spreadsheetId": {},
    "spreadsheetUrl": {},
    "properties": {
        "title": {},
        "locale": {},
        "timeZone": {},
        "autoRecalc": {},
        "defaultFormat": {},
        "iterativeCalculationSettings": {},
        "spreadsheetTheme": {},
        "importFunctionsExternalUrlAccessAllowed": {},
    },
    "namedRanges": {"namedRangeId": {}, "name": {}, "range": {}},
    "sheets": {
        "properties": {
            "sheetId": {},
            "title": {},
            "index": {},
            "sheetType": {},
            "gridProperties": {},
            "hidden": {},
            "tabColor": {},
            "tabColorStyle": {},
            "rightToLeft": {},
            "dataSourceSheetProperties": {},
        },
        "data": {"startRow": {}, "startColumn": {}, "rowData": {}, "rowMetadata": {}, "columnMetadata": {}},
        "merges": {},
        "conditionalFormats": {},
        "filterViews": {},
        "protectedRanges": {},
        "basicFilter": {},
        "charts": {},
        "bandedRanges": {},
        "developerMetadata": {},
        "rowGroups": {},
        "columnGroups": {},
        "slicers": {},
        "tables": {},
    },
    "developerMetadata": {},
    "dataSources": {},
    "dataSourceSchedules": {},
}
VALUES: Final[dict[str, Any]] = {
    "spreadsheetId": {},
    "valueRanges": {"range": {}, "majorDimension": {}, "values": {}},
}


class Refusal(Exception):
    """An error answer: code, status and Google's text, with the details some of them carry."""

    def __init__(
        self, code: int, status: str, message: str, details: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        body: dict[str, Any] = {"code": code, "message": message, "status": status}
        if details:
            body["details"] = list(details)
        self.body = {"error": body}


def info(reason: str, domain: str = "googleapis.com", **metadata: str) -> dict[str, Any]:
    """Google's ErrorInfo detail."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
        "metadata": {"service": "sheets.googleapis.com", **metadata},
    }


def located(book: Book, text: str) -> tuple[Tab, Box]:
    """The tab and closed box of a range. Raises ``Refusal`` in Google's words."""
    found = book.find(text)
    if found is None:
        raise Refusal(400, "INVALID_ARGUMENT", f"Unable to parse range: {text}")
    tab, area = found
    closed = area.within(tab.height, tab.width)
    if closed is None:
        limits = f"Max rows: {tab.height}, max columns: {tab.width}"
        shown = name(
            tab.title,
            Box(area.top or 0, area.left or 0, area.bottom or tab.height, area.right or tab.width),
        )
        raise Refusal(400, "INVALID_ARGUMENT", f"Range ({shown}) exceeds grid limits. {limits}")
    return tab, closed


def value_range(book: Book, text: str, options: Mapping[str, str]) -> dict[str, Any]:
    """The API's ValueRange: blanks at the ends left out, and ``values`` left out if nothing else is there."""
    tab, area = located(book, text)
    render = options.get("valueRenderOption", "FORMATTED_VALUE")
    times = options.get("dateTimeRenderOption", "SERIAL_NUMBER")
    dimension = options.get("majorDimension", "ROWS")
    bottom, right = min(area.bottom or 0, len(tab.rows)), area.right or 0
    grid: list[list[Scalar]] = [
        [
            tab.at(row, column).shown(render, times, book.locale)
            for column in range(area.left or 0, min(right, len(tab.rows[row])))
        ]
        for row in range(area.top or 0, bottom)
    ]
    if dimension == "COLUMNS":
        width = max((len(line) for line in grid), default=0)
        grid = [[line[column] if column < len(line) else "" for line in grid] for column in range(width)]
    answer: dict[str, Any] = {"range": name(tab.title, area), "majorDimension": dimension}
    values = _trimmed(grid)
    if values:
        answer["values"] = values
    return answer


def looked(book: Book, texts: Sequence[str]) -> None:
    """A request showed these ranges: cells that are loading come one step closer to their values, each once."""
    seen: set[int] = set()
    for text in texts:
        tab, area = located(book, text)
        for line in tab.rows[area.top or 0 : area.bottom]:
            for cell in line[area.left or 0 : area.right]:
                if id(cell) not in seen:
                    seen.add(id(cell))
                    cell.look()


def _trimmed(grid: list[list[Scalar]]) -> list[list[Scalar]]:
    for line in grid:
        while line and line[-1] == "":
            line.pop()
    while grid and not grid[-1]:
        grid.pop()
    return grid


def spreadsheet(book: Book, url: str, areas: Sequence[tuple[Tab, Box]], *, grid: bool) -> dict[str, Any]:
    """The API's Spreadsheet; ``grid`` includes the cells of ``areas``, or of everything if there are none."""
    answer: dict[str, Any] = {
        "spreadsheetId": book.id,
        "properties": {
            "title": book.title,
            "locale": book.locale,
            "autoRecalc": "ON_CHANGE",
            "timeZone": book.timezone,
            "defaultFormat": DEFAULT_FORMAT,
            "spreadsheetTheme": THEME,
        },
        "sheets": [
            _sheet(book, tab, index, [area for owner, area in areas if owner is tab], grid=grid)
            for index, tab in enumerate(book.tabs)
            if not areas or any(owner is tab for owner, _ in areas)
        ],
        "spreadsheetUrl": f"{url}/spreadsheets/d/{book.id}/edit",
    }
    # Names that became #REF! are left out of the metadata.
    named = [
        {"namedRangeId": str(number), "name": title, "range": _named_range(place[0], place[1])}
        for number, (title, place) in enumerate(book.named.items(), start=1)
        if place is not None
    ]
    if named:
        answer["namedRanges"] = named
    return answer


def _sheet(book: Book, tab: Tab, index: int, areas: Sequence[Box], *, grid: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "sheetId": tab.gid,
        "title": tab.title,
        "index": index,
        "sheetType": "GRID",
        "gridProperties": {"rowCount": tab.height, "columnCount": tab.width},
    }
    if tab.hidden:
        properties["hidden"] = True
    sheet: dict[str, Any] = {"properties": properties}
    if grid:
        everything = Box(0, 0, tab.height, tab.width)
        sheet["data"] = [_grid(book, tab, area) for area in (areas or [everything])]
    if tab.merges:
        sheet["merges"] = [_grid_range(tab, area) for area in tab.merges]
    return sheet


def _grid(book: Book, tab: Tab, area: Box) -> dict[str, Any]:
    lines = [
        {"values": [cell.data(book.locale) for cell in line[area.left or 0 : area.right]]}
        for line in tab.rows[area.top or 0 : area.bottom]
    ]
    # Zeros are proto3 defaults, which Google leaves out.
    found: dict[str, Any] = {
        "rowData": lines,
        "rowMetadata": [_row(tab, row) for row in range(area.top or 0, area.bottom or tab.height)],
        "columnMetadata": [{"pixelSize": COLUMN_WIDTH}] * ((area.right or tab.width) - (area.left or 0)),
    }
    if area.top:
        found["startRow"] = area.top
    if area.left:
        found["startColumn"] = area.left
    return found


def _row(tab: Tab, row: int) -> dict[str, Any]:
    hidden = {"hiddenByUser": True} if row in tab.hidden_rows else {}
    filtered = {"hiddenByFilter": True} if row in tab.filtered_rows else {}
    return {"pixelSize": ROW_HEIGHT, **hidden, **filtered}


def _named_range(tab: Tab, area: Box) -> dict[str, int]:
    """Recorded: of a named range a sheetId of 0 is left out (5 of 5)."""
    return {edge: at for edge, at in _grid_range(tab, area).items() if edge != "sheetId" or at}


def _grid_range(tab: Tab, area: Box) -> dict[str, int]:
    # Unknown: whether Google leaves out a sheetId of 0 of merged cells, as it does of named ranges; it is shown.
    edges = {
        "startRowIndex": area.top,
        "endRowIndex": area.bottom,
        "startColumnIndex": area.left,
        "endColumnIndex": area.right,
    }
    return {"sheetId": tab.gid} | {edge: at for edge, at in edges.items() if at is not None}
