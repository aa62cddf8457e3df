"""Rows that okrsync adds to Notion: once, and found again by their key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from okrsync.errors import AccessError, ConfigError, Conflict, DataError, Unavailable
from okrsync.loopback import Fault
from okrsync.ports import ConnectorContext, Register, TableSpec
from okrsync.settings import Secret
from okrsync.testing import JumpClock
from okrsync_emulators.notion import NotionEmulator
from okrsync_notion import NotionSettings, NotionTable, connector

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
DATABASE = "33333333-3333-4333-8333-333333333333"
KEY = "acme/KR-1/2026-W48"
POST = "POST /v1/pages"
SEED: dict[str, Any] = {
    "token": "ntn_good",
    "databases": [
        {
            "id": DATABASE,
            "title": "Check-ins",
            "data_sources": [
                {
                    "properties": {
                        "Name": "title",
                        "Key": "rich_text",
                        "Value": "number",
                        "Status": {"type": "select", "options": ["On track", "Behind"]},
                        "Tier": {"type": "select", "options": ["A"]},
                    },
                    "rows": [
                        {"Name": "Older", "Key": "acme/KR-1/2026-W47", "Value": 1},
                        {"Name": "Alike", "Key": "ACME/kr-1/2026-w48", "Value": 2},
                    ],
                }
            ],
        }
    ],
}


@pytest.fixture
def notion(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotionEmulator]:
    monkeypatch.setenv("NOTION_TOKEN", "ntn_good")
    emulator = NotionEmulator(now=lambda: NOW)
    emulator.load(SEED)
    yield emulator
    emulator.server.close()


def register(
    notion: NotionEmulator,
    clock: JumpClock | None = None,
    ending: str = "",
    known: Mapping[str, str] | None = None,
    **table: Any,
) -> Register:
    settings = NotionSettings(token=Secret(env="NOTION_TOKEN"), url=notion.server.url)
    given = {"database": DATABASE, "match": "Key", "cells": {"value": "Value", "status": "Status"}, **table}
    context = ConnectorContext(name="notion", clock=clock or JumpClock(NOW))
    assert connector.register is not None
    spec = TableSpec(settings=NotionTable.model_validate(given), ending=ending, known=known or {})
    made = connector.register(settings, spec, context)
    made.read()
    return made


def test_a_row_is_added_with_one_request(notion: NotionEmulator) -> None:
    made = register(notion)
    notion.server.forget()
    row = made.add(KEY, "Open bugs · 2026-W48", {"value": Decimal(72), "status": "On track"})
    assert (row.key, row.title, row.cells["value"].value) == (KEY, "Open bugs · 2026-W48", Decimal(72))
    assert notion.server.count() == notion.server.count(POST) == 1


def test_only_the_rows_of_the_ending_are_read(notion: NotionEmulator) -> None:
    assert [row.key for row in register(notion, ending="/2026-W47").read()] == ["acme/KR-1/2026-W47"]


def test_a_key_is_found_to_the_letter_though_notion_compares_without_case(notion: NotionEmulator) -> None:
    made = register(notion)
    assert made.find(KEY) is None
    made.add(KEY, "", {"value": Decimal(72)})
    found = made.find(KEY)
    assert found is not None
    assert found.cells["value"].value == Decimal(72)


def test_looking_waits_as_long_as_listing_may_take_but_only_once(notion: NotionEmulator) -> None:
    clock = JumpClock(NOW)
    made = register(notion, clock)
    assert made.find(KEY) is None
    assert sum(clock.slept) == 14
    assert made.find("acme/KR-2/2026-W48") is None
    assert sum(clock.slept) == 14


def test_several_rows_with_the_key_are_a_conflict(notion: NotionEmulator) -> None:
    for name in ("One", "Two"):
        notion.add_row("Check-ins", {"Name": name, "Key": KEY})
    with pytest.raises(Conflict, match="2 rows have the key"):
        register(notion).find(KEY)


def test_after_a_lost_answer_the_row_is_found_and_not_added_again(notion: NotionEmulator) -> None:
    notion._state.lag = 2
    made = register(notion)
    notion.server.faults.append(Fault(where=POST, cut="after"))
    row = made.add(KEY, "", {"value": Decimal(72)})
    assert row.cells["value"].value == Decimal(72)
    assert notion.server.count(POST) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_never_answered_with_a_second_row(notion: NotionEmulator, status: int) -> None:
    made = register(notion)
    notion.server.faults.append(Fault(where=POST, status=status, body=b"<html>"))
    with pytest.raises(Unavailable, match="not listed"):
        made.add(KEY, "", {"value": Decimal(72)})
    assert notion.server.count(POST) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(429, "rate_limited"), (529, "service_overload"), (409, "conflict_error")]
)
def test_what_was_turned_away_is_sent_again(notion: NotionEmulator, status: int, code: str) -> None:
    made = register(notion)
    body = f'{{"object":"error","status":{status},"code":"{code}","message":"no"}}'
    notion.server.faults.append(Fault(where=POST, status=status, body=body.encode()))
    assert made.add(KEY, "", {"value": Decimal(72)}).key == KEY
    assert notion.server.count(POST) == 2


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "validation_error", DataError),
        (409, "row_limit_exceeded", DataError),
        (403, "restricted_resource", AccessError),
    ],
)
def test_a_refusal_is_final(notion: NotionEmulator, status: int, code: str, error: type[Exception]) -> None:
    made = register(notion)
    body = f'{{"object":"error","status":{status},"code":"{code}","message":"no"}}'
    notion.server.faults.append(Fault(where=POST, status=status, body=body.encode()))
    with pytest.raises(error):
        made.add(KEY, "", {"value": Decimal(72)})
    assert notion.server.count(POST) == 1


def test_keys_need_a_text_column(notion: NotionEmulator) -> None:
    made = register(notion, match="Tier")
    notion.server.forget()
    with pytest.raises(ConfigError, match="need a text column"):
        made.add(KEY, "", {"value": Decimal(72)})
    assert notion.server.count(POST) == 0


def test_the_key_may_be_the_title(notion: NotionEmulator) -> None:
    row = register(notion, match="Name").add(KEY, "Open bugs", {"value": Decimal(72)})
    assert (row.key, row.title) == (KEY, KEY)
