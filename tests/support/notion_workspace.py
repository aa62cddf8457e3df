"""A Notion to test against: the emulator, its seed, the real client and plain HTTP, all on one desk."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from notion_client import APIResponseError, Client

from okrsync.testing import JumpClock
from okrsync_emulators.notion import NotionEmulator

VERSION = "2026-03-11"
START = datetime(2026, 11, 23, 6, 30, 42, tzinfo=UTC)
PAGE_KEYS = [
    "object",
    "id",
    "created_time",
    "last_edited_time",
    "created_by",
    "last_edited_by",
    "cover",
    "icon",
    "parent",
    "in_trash",
    "is_archived",
    "is_locked",
    "properties",
    "url",
    "public_url",
    "archived",
]
QUERY_KEYS = [
    "object",
    "results",
    "next_cursor",
    "has_more",
    "type",
    "page_or_data_source",
    "request_id",
]
SEED: dict[str, Any] = {
    "token": "secret_demo",
    "workspace": "Acme",
    "bot": {"name": "okrsync"},
    "people": ["Ada Lovelace", {"name": "Grace Hopper", "email": "grace@acme.test"}],
    "databases": [
        {
            "title": "Objectives",
            "data_sources": [
                {
                    "properties": {"Name": "title", "Done": "checkbox"},
                    "rows": [{"Name": "Delight customers", "Done": True}],
                }
            ],
        },
        {
            "title": "Company OKRs",
            "data_sources": [
                {
                    "title": "Key results",
                    "properties": {
                        "Name": {"type": "title"},
                        "KR ID": {"type": "rich_text"},
                        "Current": {"type": "number"},
                        "Share": {"type": "number", "format": "percent"},
                        "Status": {
                            "type": "status",
                            "options": [
                                "Not started",
                                {"name": "On track", "group": "In progress"},
                                {"name": "Done", "group": "Complete"},
                            ],
                        },
                        "Tier": {
                            "type": "select",
                            "options": [{"name": "Gold", "color": "yellow"}, "Silver"],
                        },
                        "Tags": {"type": "multi_select", "options": ["EU", "US"]},
                        "Synced": {"type": "date"},
                        "Done": {"type": "checkbox"},
                        "Mail": {"type": "email"},
                        "Owner": {"type": "people"},
                        "Objective": {"type": "relation", "data_source": "Objectives"},
                        "Progress": {"type": "formula", "result": "number", "expression": "1"},
                        "Total": {"type": "rollup", "function": "sum"},
                        "No": {"type": "unique_id", "prefix": "KR"},
                        "Made": {"type": "created_time"},
                        "Editor": {"type": "last_edited_by"},
                    },
                    "rows": [
                        {
                            "Name": "Open bugs",
                            "KR ID": "KR-1",
                            "Current": 84,
                            "Share": 0.25,
                            "Status": "On track",
                            "Tier": "Gold",
                            "Tags": ["EU"],
                            "Synced": "2026-11-22",
                            "Mail": "john.doe@gmail.com",
                            "Owner": "Grace Hopper",
                            "Objective": "Delight customers",
                            "Progress": 0.4,
                            "Total": "incomplete",
                        },
                        {"Name": "Churn", "KR ID": "KR-2", "Current": 3.5, "Status": "Done", "Done": True},
                        {"Name": "Revenue", "KR ID": "KR-3", "Status": None},
                    ],
                }
            ],
        },
    ],
}


class Desk:
    """An emulator with everything a test needs to talk to it."""

    def __init__(self, seed: Mapping[str, Any] = SEED, *, version: str = VERSION, **options: Any) -> None:
        self.clock = JumpClock(START)
        self.emulator = NotionEmulator(now=self._now, monotonic=self._monotonic, **options)
        self.server = self.emulator.server
        self.reset(seed)
        headers = {"authorization": f"Bearer {self.emulator.secret()}", "notion-version": version}
        self.http = httpx.Client(base_url=self.server.url, headers=headers, trust_env=False)
        quiet = logging.getLogger("test.notion")
        quiet.setLevel(logging.CRITICAL)
        # Its methods are typed as sync or async at once: Any stands for the sync half.
        self.client: Any = Client(
            auth=self.emulator.secret(),
            base_url=self.server.url,
            notion_version=version,
            retry=False,
            logger=quiet,
            client=httpx.Client(trust_env=False),
        )

    def _now(self) -> datetime:
        return self.clock.now()

    def _monotonic(self) -> float:
        return self.clock.monotonic()

    def reset(self, seed: Mapping[str, Any] = SEED) -> None:
        self.clock = JumpClock(START)
        self.server.faults.clear()
        self.server.forget()
        self.emulator.load(seed)

    def close(self) -> None:
        self.http.close()
        self.client.close()
        self.server.close()

    @property
    def database(self) -> str:
        return next(d.id for d in self.emulator.workspace.databases.values() if d.title == "Company OKRs")

    @property
    def table(self) -> str:
        return self.emulator.workspace.source("Key results").id

    def schema(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.client.data_sources.retrieve(self.table)["properties"]
        return properties

    def rows(self, **query: Any) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = self.client.data_sources.query(self.table, **query)["results"]
        return results

    def listed(self, filter: Mapping[str, Any] | None = None, **query: Any) -> list[str]:  # noqa: A002 - Notion's word
        rows = self.rows(**({"filter": filter} if filter else {}), **query)
        return [row["properties"]["KR ID"]["rich_text"][0]["plain_text"] for row in rows]

    def where(self, column: str, kind: str, **condition: Any) -> list[str]:
        return sorted(self.listed({"property": column, kind: condition}))

    def page(self, key: str) -> str:
        return self.emulator.page_id(key)

    def get(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.pages.retrieve(self.page(key))
        return found

    def write(self, key: str, **properties: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.client.pages.update(self.page(key), properties=properties)
        return found

    def refused(self, key: str, **properties: Any) -> str:
        with pytest.raises(APIResponseError) as caught:
            self.write(key, **properties)
        assert caught.value.status == 400
        assert caught.value.code == "validation_error"
        return str(caught.value)

    def error(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        answer = self.http.request(method, path, **request)
        body: dict[str, Any] = answer.json()
        assert body["object"] == "error"
        assert body["status"] == answer.status_code
        assert body["request_id"] == answer.headers["x-notion-request-id"]
        return body


def desk_with(**options: Any) -> Iterator[Desk]:
    """A desk of its own, closed when the loop over it ends."""
    made = Desk(**options)
    try:
        yield made
    finally:
        made.close()


def text(content: str) -> list[dict[str, Any]]:
    return [{"text": {"content": content}}]
