"""List the tabs of a spreadsheet and the numbers that have a name in them, for ``okrsync init``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from okrsync.discovery import Discovery, Offer, Resource
from okrsync.ports import ConnectorContext
from okrsync_sheets import a1, addresses
from okrsync_sheets.client import SheetsClient
from okrsync_sheets.inspection import kind_of_cell, shown, tops, unit_of
from okrsync_sheets.settings import SheetsSettings
from okrsync_sheets.workbook import Workbook


def discover(settings: SheetsSettings, context: ConnectorContext) -> Discovery:
    """The credential, the spreadsheet's tabs, and each number beside a name or below a heading. Two requests."""
    client = SheetsClient(settings, context.clock)
    client.sign_in()
    account = f"{client.identity.kind} {client.identity.account}".strip()
    if settings.spreadsheet is None:
        return Discovery(account=account, notes=("no spreadsheet is named: every metric names its own",))
    book = Workbook(client, addresses.parse(settings.spreadsheet).id)
    tabs = [sheet.get("properties", {}) for sheet in book.metadata.get("sheets", [])]
    rows = tops(client, book, tabs)
    seen = [
        Resource(kind="tab", name=str(tab.get("title")), detail="hidden" if tab.get("hidden") else "")
        for tab in tabs
    ]
    names = [str(one["name"]) for one in book.metadata.get("namedRanges", []) if one.get("name")]
    seen += [Resource(kind="named range", name=name) for name in names]
    offers = [offer for title, cells in rows.items() for offer in _named_numbers(title, cells)]
    return Discovery(account=f"{account}, {book.title}", resources=tuple(seen), offers=tuple(offers))


def _named_numbers(tab: str, rows: list[list[Any]]) -> Iterator[Offer]:
    """Numbers whose row begins with a name: a list of KPIs. None if a name comes twice, or a row has two numbers."""
    names = [shown(row[0]) if row else "" for row in rows]
    for down, (name, row) in enumerate(zip(names, rows, strict=True)):
        numbers = [index for index, cell in enumerate(row) if index and _a_number(cell)]
        if not name or names.count(name) > 1 or len(numbers) != 1 or kind_of_cell(row[0]) != "text":
            continue
        cell = row[numbers[0]]
        unit = unit_of([cell])
        if unit is None:
            continue
        place = a1.at(tab, numbers[0] + 1, down + 1).shown
        yield Offer(
            name=_slug(name, down + 1),
            about=name,
            keys={"cell": place, **unit},
            value=shown(cell),
        )


def _a_number(cell: Mapping[str, Any]) -> bool:
    return bool(shown(cell)) and kind_of_cell(cell) in {"number", "percent", "money"}


def _slug(name: str, row: int) -> str:
    words = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name.lower())
    slug = "_".join(part for part in words.split("_") if part)
    return slug if slug[:1].isalpha() else f"row_{row}"
