"""Start the emulator of Google Sheets: its reading API, its sharing, its quota."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from okrsync.emulation import Mishap, TableView
from okrsync.loopback import LoopbackServer
from okrsync_emulators.sheets import masks
from okrsync_emulators.sheets.answers import (
    SPREADSHEET,
    VALUES,
    Refusal,
    info,
    located,
    looked,
    spreadsheet,
    value_range,
)
from okrsync_emulators.sheets.book import Book, Tab, book, cell
from okrsync_emulators.sheets.mishaps import mishaps
from okrsync_emulators.sheets.parameters import mask, options
from okrsync_emulators.sheets.ranges import box
from okrsync_emulators.sheets.token import KNOWN_SCOPES, TokenServer
from okrsync_emulators.sheets.writes import update

API_KEY: Final = "AIza-demo-key"
_SCOPES_THAT_WRITE: Final = frozenset(one for one in KNOWN_SCOPES if not one.endswith(".readonly"))
_STANDARD: Final = frozenset(
    {"fields", "key", "alt", "prettyPrint", "quotaUser", "access_token", "callback", "$.xgafv"}
)
_RENDER: Final = frozenset({"ranges", "valueRenderOption", "dateTimeRenderOption", "majorDimension"})


class SheetsEmulator:
    """Reads of the Sheets API v4 over made-up spreadsheets, and the writes that fill a scratch tab for editors.

    ``quota`` is the number of reads a minute (None: no limit), counted on ``monotonic``; ``disabled`` makes the API
    look switched off in the project; ``excel`` holds ids that are Excel files in Drive.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        port: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        del now  # every emulator is started with it, and no answer of Google's has a time
        self.books: dict[str, Book] = {}
        self.quota: int | None = None
        self.disabled = False
        self.excel: set[str] = set()
        self._monotonic = monotonic
        self._reads: dict[str, deque[float]] = {}
        routes = [
            Route("/token", self._token, methods=["POST"]),
            Route("/v4/spreadsheets/{id}/values:batchGet", self._batch_get, methods=["GET"]),
            Route("/v4/spreadsheets/{id}/values/{range:path}", self._values_get, methods=["GET"]),
            Route("/v4/spreadsheets/{id}", self._get, methods=["GET"]),
            Route("/v4/spreadsheets/{id}:batchUpdate", self._batch_update, methods=["POST"]),
        ]
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        routes.append(Route("/{rest:path}", self._unsupported, methods=methods))
        self.server = LoopbackServer(Starlette(routes=routes), port=port)
        self.tokens = TokenServer(f"{self.server.url}/token", monotonic)

    def reset(self) -> None:
        with self.server.lock:
            self.books.clear()
            self.quota, self.disabled = None, False
            self.excel.clear()
            self.tokens.revoked.clear()
            self.server.faults.clear()
            self.server.forget()

    def load(self, seed: Mapping[str, Any]) -> None:
        """Fill in spreadsheets.

        ``spreadsheets`` is a list of ``id``, ``title``, ``locale`` (en_US), ``timezone`` (Etc/GMT), ``shared_with`` (a
        list of e-mails, or ``anyone``), ``editors`` (those of them that may write), ``named_ranges`` (name: range, or ``"#REF!"`` for a broken one) and ``tabs``.
        A tab has ``title``, ``gid``, ``hidden``, ``hidden_rows`` and ``filtered_rows`` (their numbers), ``merges`` (ranges), ``grid`` ([rows, columns], [1000, 26]) and
        ``rows``: lists of cells. A cell is a plain value or one of ``{percent: 0.37}``, ``{money: 5, currency: EUR}``,
        ``{date: 2026-11-01}``, ``{datetime: "2026-11-01T12:00"}``, ``{duration: 90m}``, ``{error: "#REF!"}``,
        ``{loading: 2, then: 5}``, ``{formula: "=A1", value: 5}``, ``{format: "percent sign", value: 37}`` (a plain number in another format).
        """
        with self.server.lock:
            for one in seed.get("spreadsheets", []):
                loaded = book(one)
                self.books[loaded.id] = loaded

    def secret(self) -> str:
        return self.tokens.service_account()

    def tables(self) -> list[TableView]:
        with self.server.lock:
            return [
                TableView(title=self._title(one, tab), columns=_texts(one, tab, 0), rows=_body(one, tab))
                for one in self.books.values()
                for tab in one.tabs
            ]

    def edit(self, table: str, row: str, column: str, value: Any) -> None:
        """A person changes a cell to ``value``, written as in ``load``.

        ``table`` is a title from ``tables`` or a tab's own; ``row`` and ``column`` are headings (of the first column
        and row), or a row's number and a column's letter.
        """
        with self.server.lock:
            one, tab = self._tab(table)
            headings = [tab.at(number, 0).formatted(one.locale) for number in range(len(tab.rows))]
            tab.put(_place(headings, row, "row"), _place(_texts(one, tab, 0), column, "column"), cell(value))

    def mishaps(self) -> Sequence[Mishap]:
        return mishaps(self.server, self.tokens)

    def _title(self, one: Book, tab: Tab) -> str:
        return f"{one.title} / {tab.title}"

    def _tab(self, table: str) -> tuple[Book, Tab]:
        every = [(one, tab) for one in self.books.values() for tab in one.tabs]
        named = [(one, tab) for one, tab in every if table in {self._title(one, tab), tab.title}]
        if len(named) != 1:
            raise LookupError(
                f"{len(named)} tabs are called {table!r}: {[self._title(*pair) for pair in every]}"
            )
        return named[0]

    async def _token(self, request: Request) -> JSONResponse:
        form = dict(parse_qsl((await request.body()).decode()))
        status, body = self.tokens.answer(form)
        return JSONResponse(body, status)

    async def _batch_get(self, request: Request) -> JSONResponse:
        def answer() -> dict[str, Any]:
            one = self._open(request, _RENDER)
            chosen = options(request)
            ranges = request.query_params.getlist("ranges")
            # Unknown: Google's answer to a request without ranges; its documentation calls for one or more.
            found = [value_range(one, text, chosen) for text in ranges]
            looked(one, ranges)
            return {"spreadsheetId": one.id, "valueRanges": found}

        return self._answered(request, answer, VALUES)

    async def _values_get(self, request: Request) -> JSONResponse:
        def answer() -> dict[str, Any]:
            one = self._open(request, _RENDER - {"ranges"})
            text = request.path_params["range"]
            found = value_range(one, text, options(request))
            looked(one, [text])
            return found

        return self._answered(request, answer, VALUES["valueRanges"])

    async def _get(self, request: Request) -> JSONResponse:
        def answer() -> dict[str, Any]:
            allowed = frozenset(
                {"ranges", "includeGridData", "commentsViewMode", "excludeTablesInBandedRanges"}
            )
            one = self._open(request, allowed)
            asked = request.query_params
            areas = [located(one, text) for text in asked.getlist("ranges")]
            grid = asked.get("includeGridData") == "true"
            if "fields" in asked:
                grid = "data" in masks.parse(asked["fields"]).get("sheets", {})
            return spreadsheet(one, "https://docs.google.com", areas, grid=grid)

        return self._answered(request, answer, SPREADSHEET)

    async def _batch_update(self, request: Request) -> JSONResponse:
        body = await request.body()

        def answer() -> dict[str, Any]:
            one = self._open(request, frozenset())
            account, scopes = self._account(request), self._scopes(request)
            if not scopes & _SCOPES_THAT_WRITE:
                text = "Request had insufficient authentication scopes."
                raise Refusal(403, "PERMISSION_DENIED", text, [info("ACCESS_TOKEN_SCOPE_INSUFFICIENT")])
            if account not in one.editors:
                raise Refusal(403, "PERMISSION_DENIED", "The caller does not have permission")
            return update(one, json.loads(body))

        return self._answered(request, answer, {})

    async def _unsupported(self, request: Request) -> JSONResponse:
        refusal = Refusal(
            501,
            "UNIMPLEMENTED",
            f"This emulator does not know {request.method} {request.url.path}: it only reads.",
        )
        return JSONResponse(refusal.body, refusal.code)

    def _answered(
        self, request: Request, answer: Callable[[], dict[str, Any]], known: Mapping[str, Any]
    ) -> JSONResponse:
        try:
            wanted = mask(request, known)
            return JSONResponse(masks.apply(wanted, answer()))
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.code)

    def _open(self, request: Request, allowed: frozenset[str]) -> Book:
        """The spreadsheet asked for, after everything Google checks before. Raises ``Refusal``."""
        account = self._account(request)
        for name in request.query_params:
            if name not in allowed | _STANDARD:
                raise Refusal(
                    400,
                    "INVALID_ARGUMENT",
                    f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
                    f"Field '{name}' could not be found in request message.",
                )
        self._count(account)
        if self.disabled:
            text = "Google Sheets API has not been used in project 123456 before or it is disabled. Enable it by visiting "
            text += "https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project=123456 then retry."
            raise Refusal(
                403, "PERMISSION_DENIED", text, [info("SERVICE_DISABLED", consumer="projects/123456")]
            )
        identity = request.path_params["id"]
        if identity in self.excel:
            text = "This operation is not supported for this document"
            raise Refusal(400, "FAILED_PRECONDITION", text)
        found = self.books.get(identity)
        if found is None:
            raise Refusal(404, "NOT_FOUND", "Requested entity was not found.")
        if not found.public and account not in found.readers:
            raise Refusal(403, "PERMISSION_DENIED", "The caller does not have permission")
        return found

    def _account(self, request: Request) -> str:
        """Who asks: an e-mail, or empty for an API key. Raises ``Refusal``."""
        key = request.headers.get("x-goog-api-key") or request.query_params.get("key")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            grant = self.tokens.grant(token)
            if grant is None:
                text = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
                text += "other valid authentication credential."
                raise Refusal(401, "UNAUTHENTICATED", text, [info("ACCESS_TOKEN_EXPIRED")])
            if not grant.scopes & KNOWN_SCOPES:
                text = "Request had insufficient authentication scopes."
                raise Refusal(403, "PERMISSION_DENIED", text, [info("ACCESS_TOKEN_SCOPE_INSUFFICIENT")])
            return grant.account
        if key == API_KEY:
            return ""
        if key:
            text = "API key not valid. Please pass a valid API key."
            raise Refusal(400, "INVALID_ARGUMENT", text, [info("API_KEY_INVALID")])
        text = "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
        text += "other form of API consumer identity to call this API."
        raise Refusal(403, "PERMISSION_DENIED", text)

    def _scopes(self, request: Request) -> frozenset[str]:
        grant = self.tokens.grant(request.headers.get("authorization", "").partition(" ")[2])
        return grant.scopes if grant is not None else frozenset()

    def _count(self, account: str) -> None:
        now = self._monotonic()
        reads = self._reads.setdefault(account, deque())
        # Unknown: whether Google's minute slides or starts on the clock; here it slides.
        while reads and reads[0] <= now - 60:
            reads.popleft()
        if self.quota is not None and len(reads) >= self.quota:
            text = "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of "
            text += "service 'sheets.googleapis.com' for consumer 'project_number:123456'."
            raise Refusal(
                429, "RESOURCE_EXHAUSTED", text, [info("RATE_LIMIT_EXCEEDED", quota_location="global")]
            )
        reads.append(now)


def _texts(one: Book, tab: Tab, row: int) -> list[str]:
    width = max((len(line) for line in tab.rows), default=0)
    return [tab.at(row, column).formatted(one.locale) for column in range(width)]


def _body(one: Book, tab: Tab) -> list[list[str]]:
    return [_texts(one, tab, row) for row in range(1, len(tab.rows))]


def _place(headings: list[str], name: str, kind: str) -> int:
    if name in headings:
        return headings.index(name)
    if kind == "row" and name.isdigit():
        return int(name) - 1
    if kind == "column" and (area := box(f"{name}:{name}")) is not None and area.left is not None:
        return area.left
    raise LookupError(f"no {kind} {name!r}; there are {headings}")
