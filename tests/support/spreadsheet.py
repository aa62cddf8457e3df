"""What the tests of Google Sheets share: a served emulator whose every answer is held against Google's own schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import googleapiclient
import pytest
from jsonschema import Draft202012Validator

from okrsync.loopback import Receive, Scope, Send
from okrsync.model import COUNT, Answer, NoValue, Question, Reading, SourceRecords, Unit
from okrsync.ports import ConnectorContext, Source
from okrsync.testing import JumpClock
from okrsync_emulators.sheets import SheetsEmulator
from okrsync_emulators.sheets.token import EMAIL
from okrsync_sheets import connector

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BOOK = "acme-kpis"
KPI: dict[str, Any] = {
    "title": "KPI",
    "gid": 0,
    "rows": [
        ["Metric", "Q3", "Q4"],
        ["Revenue", 900000, 1200000],
        ["Share", {"percent": 0.35}, {"percent": 0.37}],
        ["Points", 35, 37],
        ["Wait", {"duration": "90m"}, {"duration": "45m"}],
        ["Broken", 1, {"error": "#REF!"}],
        ["Blank", 1, None],
        ["Text", 1, "1 234,50"],
        ["Tick", True, False],
        ["Tiny", 0.1, 1e-07],
    ],
}
DATA: dict[str, Any] = {
    "title": "It's data",
    "gid": 42,
    "rows": [
        ["Date", "Signups", "Region", "Done", "Note"],
        [{"date": "2026-11-09"}, 30, "EU", True, 1],
        [{"date": "2026-10-05"}, 10, "US", False, "n/a"],
        [{"date": "2026-10-12"}, None, "EU", True, 2],
        [{"date": "2026-11-02"}, 20.5, "EU", True, 3],
    ],
}
EMPTY: dict[str, Any] = {"title": "Empty", "gid": 7}


def seed(**changes: Any) -> dict[str, Any]:
    """One spreadsheet shared with the service account; ``changes`` replace its keys."""
    spreadsheet: dict[str, Any] = {
        "id": BOOK,
        "title": "Acme KPIs",
        "locale": "de_DE",
        "timezone": "Europe/Berlin",
        "shared_with": [EMAIL],
        "named_ranges": {"revenue": "KPI!C2", "signups": "'It''s data'!B2:B5", "gone": "#REF!"},
        "tabs": [KPI, DATA, EMPTY],
    }
    return {"spreadsheets": [spreadsheet | changes]}


@dataclass(kw_only=True)
class World:
    """An emulator and what a source in front of it needs."""

    emulator: SheetsEmulator
    clock: JumpClock = field(default_factory=lambda: JumpClock(NOW))
    state: MutableMapping[str, str] = field(default_factory=dict)

    def settings(self, **changes: Any) -> Any:
        settings: dict[str, Any] = {"credentials": {"env": "GOOGLE_KEY"}, "spreadsheet": BOOK}
        settings |= {"url": self.emulator.server.url, **changes}
        found = {name: value for name, value in settings.items() if value is not None}
        return connector.settings.model_validate(found)

    def records(self, question: Question, limit: int | None) -> SourceRecords:
        assert connector.records is not None
        return connector.records(self.settings(), question, limit, self.context())

    def source(self, **changes: Any) -> Source:
        assert connector.source is not None
        return connector.source(self.settings(**changes), self.context())

    def context(self) -> ConnectorContext:
        return ConnectorContext(name="sheets", clock=self.clock, timezone="Europe/Berlin", state=self.state)

    def read(self, *questions: Question, **settings: Any) -> list[Answer]:
        return list(self.source(**settings).read(questions))

    def one(self, unit: Unit = COUNT, at: datetime = NOW, /, **query: Any) -> Answer:
        (answer,) = self.read(question("metric", unit, at, **query))
        return answer

    def count(self, where: str) -> int:
        return self.emulator.server.count(where)


def question(metric: str, unit: Unit = COUNT, at: datetime = NOW, /, **query: Any) -> Question:
    assert connector.query is not None
    return Question(metric=metric, query=connector.query.model_validate(query), at=at, now=NOW, unit=unit)


def value(answer: Answer | None) -> Decimal:
    assert isinstance(answer, Reading), answer
    return answer.value


def why(answer: Answer | None) -> NoValue:
    assert isinstance(answer, NoValue), answer
    return answer


def renew(world: SheetsEmulator, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world as it is at the start of each test."""
    world.books.clear()
    world.load(seed())
    world.quota, world.disabled = None, False
    world.excel.clear()
    world.tokens.expire()
    world.tokens.revoked.clear()
    world.tokens.scopes.clear()
    world.server.faults.clear()
    world.server.forget()
    monkeypatch.setenv("GOOGLE_KEY", world.secret())
    return World(emulator=world)


@contextmanager
def served() -> Iterator[SheetsEmulator]:
    """An emulator; at the end every answer it gave is held against the discovery document."""
    emulator = SheetsEmulator()
    answers: list[tuple[str, int, bytes]] = []
    inner = emulator.server._app

    async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def keep(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            if message["type"] == "http.response.body":
                answers.append((f"{scope['method']} {scope['path']}", status, message["body"]))
            await send(message)

        await inner(scope, receive, keep)

    emulator.server._app = recorded
    try:
        yield emulator
    finally:
        emulator.server.close()
    assert answers
    for where, status, body in answers:
        validate(where, status, json.loads(body))


def validate(where: str, status: int, body: Any) -> None:
    """Hold one answer against the strict schema of what was asked."""
    if where.endswith("/token"):
        assert ("access_token" in body) == (status == 200), body
        return
    if status != 200:
        schema = "Error"
    elif where.endswith("values:batchGet"):
        schema = "BatchGetValuesResponse"
    elif where.endswith(":batchUpdate"):
        schema = "BatchUpdateSpreadsheetResponse"
    else:
        schema = "ValueRange" if "/values/" in where else "Spreadsheet"
    errors = [f"{where}: {error.message}" for error in _validator(schema).iter_errors(body)]
    assert errors == []


@cache
def discovery() -> Mapping[str, Any]:
    folder = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    document: Mapping[str, Any] = json.loads((folder / "sheets.v4.json").read_text(encoding="utf-8"))
    return document


@cache
def _validator(name: str) -> Draft202012Validator:
    schemas = {key: _strict(schema) for key, schema in discovery()["schemas"].items()}
    schemas["Error"] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "additionalProperties": False,
                "required": ["code", "message", "status"],
                "properties": {
                    "code": {"type": "integer"},
                    "message": {"type": "string"},
                    "status": {"type": "string"},
                    "details": {"type": "array", "items": {"required": ["@type"]}},
                },
            }
        },
    }
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schemas})


def _strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of a discovery document as JSON Schema in which unknown keys are errors."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = schema.get("type")
    if kind == "any":
        return {}
    found: dict[str, Any] = {"type": kind}
    if "enum" in schema:
        found["enum"] = list(schema["enum"])
    if kind == "array":
        found["items"] = _strict(schema["items"])
    if kind == "object":
        found["properties"] = {name: _strict(inner) for name, inner in schema.get("properties", {}).items()}
        more = schema.get("additionalProperties")
        found["additionalProperties"] = _strict(more) if more else False
    return found
