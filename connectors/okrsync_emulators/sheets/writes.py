"""Add, fill and remove a scratch tab: a part of ``spreadsheets.batchUpdate``, for the live check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from okrsync_emulators.sheets.answers import Refusal
from okrsync_emulators.sheets.book import Book, Cell, Tab
from okrsync_emulators.sheets.ranges import Box

# The kind of cell that a number format makes of a number.
_KINDS: Final = {
    "PERCENT": "percent",
    "CURRENCY": "money",
    "DATE": "date",
    "DATE_TIME": "datetime",
    "TIME": "duration",
}


def update(book: Book, body: Any) -> dict[str, Any]:
    """Carry out all requests of a ``batchUpdate``, or none. Raises ``Refusal``."""
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not requests:
        raise _invalid("Must specify at least one request.")
    known: dict[str, Callable[[Book, Mapping[str, Any]], dict[str, Any]]] = {
        "addSheet": _add,
        "deleteSheet": _delete,
        "updateCells": _fill,
        "mergeCells": _merge,
        "unmergeCells": _unmerge,
    }
    for request in requests:
        if len(request) != 1 or not request.keys() <= known.keys():
            raise Refusal(
                501, "UNIMPLEMENTED", f"This emulator does not know the request {', '.join(request)}."
            )
    replies = [known[name](book, details) for request in requests for name, details in request.items()]
    return {"spreadsheetId": book.id, "replies": replies}


def _add(book: Book, request: Mapping[str, Any]) -> dict[str, Any]:
    title = str(request.get("properties", {}).get("title", f"Sheet{len(book.tabs) + 1}"))
    if book.tab(title) is not None:
        raise _invalid(
            f'Invalid requests[0].addSheet: A sheet with the name "{title}" already exists. Please enter another name.'
        )
    gid = 1 + max((tab.gid for tab in book.tabs), default=0)
    book.tabs.append(Tab(title=title, gid=gid))
    grid = {"rowCount": 1000, "columnCount": 26}
    index = len(book.tabs) - 1
    return {
        "addSheet": {
            "properties": {
                "sheetId": gid,
                "title": title,
                "index": index,
                "sheetType": "GRID",
                "gridProperties": grid,
            }
        }
    }


def _delete(book: Book, request: Mapping[str, Any]) -> dict[str, Any]:
    book.tabs.remove(_tab(book, request.get("sheetId", 0)))
    return {}


def _fill(book: Book, request: Mapping[str, Any]) -> dict[str, Any]:
    start = request.get("start", {})
    tab = _tab(book, start.get("sheetId", 0))
    for down, row in enumerate(request.get("rows", [])):
        for right, value in enumerate(row.get("values", [])):
            place = start.get("rowIndex", 0) + down, start.get("columnIndex", 0) + right
            tab.put(*place, _cell(value))
    return {}


def _cell(data: Mapping[str, Any]) -> Cell:
    value = next(iter(data.get("userEnteredValue", {}).values()), None)
    kind = data.get("userEnteredFormat", {}).get("numberFormat", {}).get("type", "")
    return Cell(value=value, kind=_KINDS.get(kind, "plain"))  # type: ignore[arg-type]  # one of the kinds above


def _merge(book: Book, request: Mapping[str, Any]) -> dict[str, Any]:
    tab, area = _area(book, request)
    tab.merges.append(area)
    return {}


def _unmerge(book: Book, request: Mapping[str, Any]) -> dict[str, Any]:
    tab, area = _area(book, request)
    tab.merges.remove(area)
    return {}


def _area(book: Book, request: Mapping[str, Any]) -> tuple[Tab, Box]:
    asked = request.get("range", {})
    edges = (
        asked.get(name) for name in ("startRowIndex", "startColumnIndex", "endRowIndex", "endColumnIndex")
    )
    return _tab(book, asked.get("sheetId", 0)), Box(*edges)


def _tab(book: Book, gid: int) -> Tab:
    for tab in book.tabs:
        if tab.gid == gid:
            return tab
    raise _invalid(f"Invalid requests[0]: No grid with id: {gid}")


def _invalid(text: str) -> Refusal:
    return Refusal(400, "INVALID_ARGUMENT", text)
