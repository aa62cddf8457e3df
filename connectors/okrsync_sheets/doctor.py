"""Examine a connection to Google Sheets as an operator would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from okrsync.errors import OkrsyncError
from okrsync.ports import ConnectorContext, Finding
from okrsync_sheets import a1, addresses
from okrsync_sheets.client import SheetsClient
from okrsync_sheets.settings import SheetsSettings
from okrsync_sheets.workbook import Workbook

_PEEK_ROWS: Final = 200
_PEEK_COLUMNS: Final = 26
_TYPED: Final = (
    "sheets(properties(title),data(startRow,startColumn,rowMetadata(hiddenByUser,hiddenByFilter),"
    "rowData(values(effectiveValue))))"
)


def examine(settings: SheetsSettings, context: ConnectorContext) -> Iterator[Finding]:
    """Credential, sign-in, the default spreadsheet with its tabs, and the cells with errors at the top of each.

    Whether a metric reads such a cell is not known here: ``okrsync doctor`` asks every metric itself.
    """
    try:
        client = SheetsClient(settings, context.clock)
        who = f"{client.identity.kind} {client.identity.account}".strip()
        client.sign_in()
    except OkrsyncError as error:
        yield Finding(subject="credential", ok=False, detail=error.message, hint=error.hint)
        return
    yield Finding(subject="credential", ok=True, detail=f"{who}: accepted; it may only read spreadsheets")
    if settings.spreadsheet is None:
        yield Finding(subject="spreadsheet", ok=True, detail="no default: each metric names its own")
        return
    book = Workbook(client, addresses.parse(settings.spreadsheet).id)
    try:
        yield _overview(book)
        yield from _cells(book, client)
    except OkrsyncError as error:
        # A fault only if a metric reads it, and then the metric says so too.
        yield Finding(subject="spreadsheet", ok=True, detail=error.message, hint=error.hint)


def _overview(book: Workbook) -> Finding:
    about = book.metadata.get("properties", {})
    tabs = ", ".join(
        f"{tab.get('title')} (gid {tab.get('sheetId', 0)}{', hidden' if tab.get('hidden') else ''})"
        for tab in _tabs(book)
    )
    names = [str(named.get("name")) for named in book.metadata.get("namedRanges", [])]
    detail = f"{book.title}: {tabs}; time zone {about.get('timeZone')}, locale {about.get('locale')}"
    if names:
        detail += f"; named ranges {', '.join(names)}"
    return Finding(subject="spreadsheet", ok=True, detail=detail)


def _tabs(book: Workbook) -> list[Mapping[str, Any]]:
    return [sheet.get("properties", {}) for sheet in book.metadata.get("sheets", [])]


def _cells(book: Workbook, client: SheetsClient) -> Iterator[Finding]:
    peeks: list[str] = []
    for tab in _tabs(book):
        grid = tab.get("gridProperties")
        if not grid:  # a chart or a connected sheet: it has no cells to look at
            continue
        bottom = min(_PEEK_ROWS, int(grid.get("rowCount", 1)))
        right = min(_PEEK_COLUMNS, int(grid.get("columnCount", 1)))
        peeks.append(str(a1.Area(tab=str(tab.get("title")), left=1, top=1, right=right, bottom=bottom)))
    if not peeks:
        return
    seen = client.metadata(book.id, _TYPED, peeks)
    for sheet in seen.get("sheets", []):
        title = str(sheet.get("properties", {}).get("title"))
        yield from _errors(title, sheet.get("data", []))
        yield from _hidden(title, sheet.get("data", []))


def _hidden(tab: str, data: list[Mapping[str, Any]]) -> Iterator[Finding]:
    rows = [
        grid.get("startRow", 0) + down + 1
        for grid in data
        for down, about in enumerate(grid.get("rowMetadata", []))
        if (about.get("hiddenByUser") or about.get("hiddenByFilter")) and down < len(grid.get("rowData", []))
    ]
    if rows:
        more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
        shown = ", ".join(map(str, rows[:5]))
        yield Finding(
            subject=f"tab {tab}", ok=True, detail=f"hidden rows, whose numbers count, too: {shown}{more}"
        )


def _errors(tab: str, data: list[Mapping[str, Any]]) -> Iterator[Finding]:
    broken = [
        f"{a1.at(tab, grid.get('startColumn', 0) + right + 1, grid.get('startRow', 0) + down + 1).shown} {error}"
        for grid in data
        for down, row in enumerate(grid.get("rowData", []))
        for right, cell in enumerate(row.get("values", []))
        if (error := cell.get("effectiveValue", {}).get("errorValue", {}).get("type"))
    ]
    if broken:
        more = f" and {len(broken) - 5} more" if len(broken) > 5 else ""
        yield Finding(
            subject=f"tab {tab}",
            ok=True,
            detail=f"cells with errors: {', '.join(broken[:5])}{more}",
            hint="no fault as long as no metric reads them; one that does is held until the formula is fixed",
        )
    else:
        yield Finding(subject=f"tab {tab}", ok=True, detail="no cells with errors at its top")
