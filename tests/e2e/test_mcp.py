"""`okrsync mcp` in front of the SDK's own client, as a process of its own: it answers, and never writes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

mcp = pytest.importorskip("mcp")

SERVE = """
import sys
from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.sandbox import DemoClock
sys.exit(main(["mcp"], Context(clock=DemoClock())))
"""


def talk(work: Callable[[Any], Coroutine[Any, Any, Any]], **changed: str) -> Any:
    async def session() -> Any:
        parameters = mcp.StdioServerParameters(
            command=sys.executable, args=["-c", SERVE], env={**os.environ, **changed}
        )
        async with mcp.Client(parameters) as client:
            return await work(client)

    return asyncio.run(asyncio.wait_for(session(), timeout=120))


def test_the_tools_answer_what_the_commands_print_and_write_nothing(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.jira.server.requests_seen = 0
    writes = desk.writes
    ledger = desk.folder / "ledger.db"

    async def work(client: Any) -> dict[str, Any]:
        tools = {one.name: one for one in (await client.list_tools()).tools}
        assert set(tools) == {"status", "explain", "history", "plan"}
        assert all(one.annotations.read_only_hint for one in tools.values())
        found = {
            "status": await client.call_tool("status", {"company": "demo"}),
            "explain": await client.call_tool(
                "explain", {"company": "demo", "key_result": "KR-5", "limit": 2}
            ),
            "history": await client.call_tool("history", {"company": "demo", "key_result": "KR-5"}),
            "plan": await client.call_tool("plan", {"company": "demo"}),
        }
        wrong = [
            await client.call_tool("status", {"company": "dmeo"}),
            await client.call_tool("explain", {"company": "demo", "key_result": "KR-99"}),
            await client.call_tool("explain", {"company": "demo", "key_result": "KR-5", "limit": -1}),
        ]
        return found | {"wrong": wrong}

    found = talk(work)
    data = {name: one.structured_content for name, one in found.items() if name != "wrong"}
    assert not any(one.is_error for name, one in found.items() if name != "wrong")
    status = {row["id"]: row for row in desk.run("status", "demo", "--json").json["rows"]}
    assert {row["id"]: row["progress"] for row in data["status"]["rows"] if "progress" in row} == {
        name: row["progress"] for name, row in status.items() if "progress" in row
    }
    assert data["explain"]["value"] == desk.run("explain", "demo", "KR-5", "--json").json["value"]
    assert len(data["explain"]["records"][0]["records"]) == 2
    assert [one["value"] for one in data["history"]["values"]] == [data["explain"]["value"]]
    assert data["plan"]["applied"] is False
    texts = [one.content[0].text for one in found["wrong"]]
    assert all(one.is_error for one in found["wrong"])
    assert "did you mean 'demo'?" in texts[0]
    assert "KR-99" in texts[1]
    assert "limit" in texts[2]
    assert desk.writes == writes
    assert ledger.is_file()


def test_a_revoked_token_is_a_tool_s_error_without_the_token(desk: Any) -> None:
    desk.run("sync", "demo")

    async def work(client: Any) -> list[Any]:
        return [
            await client.call_tool("plan", {"company": "demo"}),
            await client.call_tool("status", {"company": "demo"}),
        ]

    plan, status = talk(work, DEMO_NOTION_TOKEN="ntn_secret_that_nobody_may_see")
    assert plan.is_error
    assert "ntn_secret" not in json.dumps([one.text for one in plan.content])
    assert not status.is_error
