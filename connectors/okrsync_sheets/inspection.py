"""List a spreadsheet's tabs, names, headings and broken cells, with YAML, for ``okrsync inspect``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from okrsync.errors import ConfigError
from okrsync.ports import ConnectorContext
from okrsync_sheets import a1, addresses
from okrsync_sheets.client import SheetsClient
from okrsync_sheets.formats import Format, currency
from okrsync_sheets.settings import SheetsSettings
from okrsync_sheets.workbook import Workbook

_ROWS: Final = 50
_COLUMNS: Final = 26
_SHOWN: Final = 12
_TYPED: Final = (
    "sheets(properties(title),data(startRow,startColumn,rowData(values(effectiveValue,formattedValue,"
    "effectiveFormat.numberFormat(type,pattern)))))"
)


def inspect(settings: SheetsSettings, text: str, context: ConnectorContext) -> str:
    """Two requests: what the spreadsheet is made of, and the top of every tab. Raises ``ConfigError`` for no address."""
    try:
        link = addresses.parse(text)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    client = SheetsClient(settings, context.clock)
    client.sign_in()
    book = Workbook(client, link.id)
    about = book.metadata.get("properties", {})
    lines = [f"{book.title}: locale {about.get('locale')}, time zone {about.get('timeZone')}", ""]
    tabs = [sheet.get("properties", {}) for sheet in book.metadata.get("sheets", [])]
    top_rows = tops(client, book, tabs)
    yaml: list[str] = []
    for tab in tabs:
        title = str(tab.get("title"))
        hidden = ", hidden" if tab.get("hidden") else ""
        lines.append(f"tab {title} (gid {tab.get('sheetId', 0)}{hidden})")
        lines += _tab(title, top_rows.get(title, []), yaml)
    names = [one for one in book.metadata.get("namedRanges", []) if one.get("name")]
    lines.append("named ranges: " + (", ".join(str(one["name"]) for one in names) or "none"))
    if names:
        yaml.append(_metric("by_name", named=str(names[0]["name"])))
    lines += ["", "YAML:", "", "metrics:", *yaml]
    if link.id != (addresses.parse(settings.spreadsheet).id if settings.spreadsheet else ""):
        lines.append(f"# every metric also needs: spreadsheet: {addresses.web(link.id)}")
    return "\n".join(lines)


def tops(client: SheetsClient, book: Workbook, tabs: list[Mapping[str, Any]]) -> dict[str, list[list[Any]]]:
    """The cells at the top of each tab that has any: title -> rows of CellData."""
    peeks = [
        str(
            a1.Area(
                tab=str(tab.get("title")),
                left=1,
                top=1,
                right=min(_COLUMNS, int(grid.get("columnCount", 1))),
                bottom=min(_ROWS, int(grid.get("rowCount", 1))),
            )
        )
        for tab in tabs
        if (grid := tab.get("gridProperties"))
    ]
    if not peeks:
        return {}
    seen = client.metadata(book.id, _TYPED, peeks)
    return {
        str(sheet.get("properties", {}).get("title")): [
            list(row.get("values", [])) for grid in sheet.get("data", []) for row in grid.get("rowData", [])
        ]
        for sheet in seen.get("sheets", [])
    }


def _tab(title: str, rows: list[list[Any]], yaml: list[str]) -> Iterator[str]:
    if not any(shown(cell) for row in rows for cell in row):
        yield "  empty at its top"
        return
    headings = [shown(cell) for cell in rows[0]]
    for index, heading in enumerate(headings[:_SHOWN]):
        below = [row[index] for row in rows[1:] if index < len(row) and shown(row[index])]
        samples = ", ".join(shown(cell)[:24] for cell in below[:3])
        yield f"  {a1.letters(index + 1)}  {heading or '(no heading)':<24} {_kinds(below)}: {samples}"
    if len(headings) > _SHOWN:
        yield f"  and {len(headings) - _SHOWN} more columns"
    broken = [
        f"{a1.at('', right + 1, down + 1).shown} {error}"
        for down, row in enumerate(rows)
        for right, cell in enumerate(row)
        if (error := cell.get("effectiveValue", {}).get("errorValue", {}).get("type"))
    ]
    if broken:
        yield f"  cells with errors: {', '.join(broken[:5])}" + (
            f" and {len(broken) - 5} more" if len(broken) > 5 else ""
        )
    _propose(title, headings, rows, yaml)


def _propose(title: str, headings: list[str], rows: list[list[Any]], yaml: list[str]) -> None:
    numbered = len(yaml) + 1
    for index, heading in enumerate(headings):
        below = [row[index] for row in rows[1:] if index < len(row) and shown(row[index])]
        if not heading or not below or (unit := unit_of(below)) is None or headings.count(heading) > 1:
            continue
        dated = [row[0] for row in rows[1:] if row and shown(row[0])]
        if index and dated and all(_type(cell) in {"DATE", "DATE_TIME"} for cell in dated):
            letter = a1.letters(index + 1)
            place = a1.parse(f"{letter}2:{letter}", title).shown, a1.parse("A2:A", title).shown
            yaml.append(_metric(f"metric_{numbered}", range=place[0], dates=place[1], **unit))
        else:
            measure = "mean" if unit.get("unit") == "percent" else "sum"
            yaml.append(_metric(f"metric_{numbered}", tab=title, column=heading, measure=measure, **unit))
        return


def _metric(name: str, **keys: str) -> str:
    written = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items())
    return f"  {name}: {{from: sheets, {written}}}"


def _kinds(cells: list[Any]) -> str:
    if not cells:
        return "empty"
    kinds = sorted({kind_of_cell(cell) for cell in cells})
    return " and ".join(kinds)


def kind_of_cell(cell: Mapping[str, Any]) -> str:
    value = cell.get("effectiveValue", {})
    if "errorValue" in value:
        return "error"
    if "boolValue" in value:
        return "tick box"
    if "numberValue" in value:
        named = {
            "PERCENT": "percent",
            "CURRENCY": "money",
            "DATE": "date",
            "DATE_TIME": "date",
            "TIME": "time",
        }
        return named.get(_type(cell), "number")
    return "text"


def unit_of(cells: list[Any]) -> dict[str, str] | None:
    """The keys that say what the cells hold, as far as their formats decide it; None if they do not."""
    kinds = {kind_of_cell(cell) for cell in cells}
    if kinds == {"number"}:
        return {}
    if kinds == {"percent"}:
        return {"values": "fraction", "unit": "percent"}
    if kinds == {"money"}:
        codes = {currency(_format(cell)) for cell in cells}
        code = next(iter(codes))
        return {"unit": f"money:{code}"} if len(codes) == 1 and re.fullmatch("[A-Z]{3}", code) else None
    return None


def _format(cell: Mapping[str, Any]) -> Format:
    number = cell.get("effectiveFormat", {}).get("numberFormat", {})
    return Format(kind=str(number.get("type", "")), pattern=str(number.get("pattern", "")))


def _type(cell: Mapping[str, Any]) -> str:
    return str(cell.get("effectiveFormat", {}).get("numberFormat", {}).get("type", ""))


def shown(cell: Mapping[str, Any]) -> str:
    return str(cell.get("formattedValue", "")).strip()
