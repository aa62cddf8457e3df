"""What the emulated Google Sheets assumes, asked of Google: a scratch tab is added to a spreadsheet, filled and removed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

import requests
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials

from okrsync_sheets import addresses
from okrsync_sheets.key_file import KeyFile
from tests.live.report import CannotTry, Check, Http, Reply

NEEDS: Final = ("OKRSYNC_LIVE_GOOGLE_CREDENTIALS", "OKRSYNC_LIVE_SPREADSHEET")
SCOPE: Final = "https://www.googleapis.com/auth/spreadsheets"
TITLE: Final = "2026okrsynclive"
_ORIGIN: Final = "https://sheets.googleapis.com"


class Scratch:
    """A spreadsheet that the account may edit, and a tab of ours in it."""

    def __init__(self) -> None:
        info = KeyFile(env=NEEDS[0]).contents()
        credentials: Any = Credentials.from_service_account_info(info, scopes=[SCOPE])  # type: ignore[no-untyped-call]
        credentials.refresh(Request(requests.Session()))
        base = os.environ.get("OKRSYNC_LIVE_GOOGLE_URL", _ORIGIN)
        self.http = Http(base, {"Authorization": f"Bearer {credentials.token}"})
        self.path = f"/v4/spreadsheets/{addresses.parse(os.environ[NEEDS[1]]).id}"
        made = self.change({"addSheet": {"properties": {"title": TITLE}}})
        self.gid: int = made["replies"][0]["addSheet"]["properties"]["sheetId"]

    def change(self, *requests_: Any) -> Any:
        return self.http.got("POST", f"{self.path}:batchUpdate", {"requests": list(requests_)})

    def fill(self, *cells: Any) -> None:
        """Put ``cells`` (CellData) into the first row."""
        start = {"sheetId": self.gid, "rowIndex": 0, "columnIndex": 0}
        fields = "userEnteredValue,userEnteredFormat.numberFormat"
        self.change({"updateCells": {"rows": [{"values": list(cells)}], "start": start, "fields": fields}})

    def values(self, cells: str, **options: str) -> Reply:
        return self.http.ask("GET", f"{self.path}/values/{quote(cells, safe='')}", **options)


@contextmanager
def scratch() -> Iterator[Scratch]:
    made = Scratch()
    try:
        yield made
    finally:
        made.change({"deleteSheet": {"sheetId": made.gid}})


def _merged(scratch: Scratch) -> str:
    first = scratch.http.got("GET", scratch.path, fields="sheets.properties(sheetId,title)")
    if all(sheet["properties"].get("sheetId", 0) != 0 for sheet in first["sheets"]):
        raise CannotTry("the spreadsheet has no tab with the gid 0")
    edges = {"startRowIndex": 900, "endRowIndex": 901, "startColumnIndex": 0, "endColumnIndex": 2}
    scratch.change({"mergeCells": {"range": {"sheetId": 0, **edges}, "mergeType": "MERGE_ALL"}})
    try:
        body = scratch.http.got("GET", scratch.path, fields="sheets(merges)")
    finally:
        scratch.change({"unmergeCells": {"range": {"sheetId": 0, **edges}}})
    merges = [merge for sheet in body["sheets"] for merge in sheet.get("merges", [])]
    ours = next(merge for merge in merges if merge.get("startRowIndex") == 900)
    return "shown" if "sheetId" in ours else "left out"


def _date(scratch: Scratch) -> str:
    number_format = {"numberFormat": {"type": "DATE"}}
    scratch.fill({"userEnteredValue": {"numberValue": 46327}, "userEnteredFormat": number_format})
    return str(scratch.values(f"'{TITLE}'!A1").body["values"][0][0])


def _case(scratch: Scratch) -> str:
    return scratch.values(f"'{TITLE.upper()}'!A1").said.replace(TITLE.upper(), "TITLE")


def _open_block(scratch: Scratch) -> str:
    return scratch.values(f"'{TITLE}'!A2:5").said.replace(TITLE, "TITLE")


def _digit(scratch: Scratch) -> str:
    found: str = scratch.values(f"'{TITLE}'!A1").body["range"]
    return "quoted" if found.startswith("'") else "not quoted"


def _no_ranges(scratch: Scratch) -> str:
    reply = scratch.http.ask("GET", f"{scratch.path}/values:batchGet")
    return f"200: {sorted(reply.body)}" if reply.status == 200 else reply.said


def _formats(scratch: Scratch) -> str:
    """What the product takes the formats of cells for: see okrsync_sheets/formats.py."""
    kinds = ("PERCENT", "TIME", "CURRENCY", "DATE")
    scratch.fill(
        *(
            {
                "userEnteredValue": {"numberValue": 0.0625},
                "userEnteredFormat": {"numberFormat": {"type": kind}},
            }
            for kind in kinds
        )
    )
    mask = "sheets(data(rowData(values(effectiveFormat(numberFormat(type))))))"
    body = scratch.http.got("GET", scratch.path, fields=mask, ranges=f"'{TITLE}'!A1:D1")
    cells = body["sheets"][0]["data"][0]["rowData"][0]["values"]
    raw = scratch.values(f"'{TITLE}'!A1:D1", valueRenderOption="UNFORMATTED_VALUE").body["values"][0]
    return f"{[cell['effectiveFormat']['numberFormat']['type'] for cell in cells]} {raw}"


CHECKS: Final[Sequence[Check]] = (
    Check(mark="sheets/answers._grid_range: …", assumed="shown", find=_merged),
    Check(mark="sheets/book: the patterns…", why="a pattern of a menu is not to be had over the API"),
    Check(mark="sheets/book.formatted: …", assumed="11/1/26", find=_date),
    Check(mark="sheets/book.tab: …", assumed="400: Unable to parse range: 'TITLE'!A1", find=_case),
    Check(mark="sheets/ranges.box: …", assumed="400: Unable to parse range: 'TITLE'!A2:5", find=_open_block),
    Check(mark="sheets/ranges.name: …", assumed="not quoted", find=_digit),
    Check(mark="sheets/service.answer: …", assumed="200: ['spreadsheetId', 'valueRanges']", find=_no_ranges),
    Check(
        mark="product/sheets: formats tell percent, durations, money and dates apart",
        assumed="['PERCENT', 'TIME', 'CURRENCY', 'DATE'] [0.0625, 0.0625, 0.0625, 0.0625]",
        find=_formats,
    ),
    Check(mark="sheets/service._count: …", why="it would spend the quota of a whole minute"),
)
