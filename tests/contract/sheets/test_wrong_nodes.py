"""Any answer of Google with one node taken away or replaced: a value, no value, or an error with a next step."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from okrsync.errors import OkrsyncError
from okrsync.model import PERCENT, NoValue, Reading
from okrsync_sheets import connector
from tests.support.spreadsheet import World, question

QUESTIONS = [
    question("cell", cell="KPI!C2"),
    question("percent", PERCENT, cell="KPI!C3", values="fraction"),
    question("named", named="signups", measure="sum"),
    question("headings", tab="KPI", row="Revenue", column="Q3"),
    question("gid", gid=42, column="Signups", measure="max"),
    question("dated", range="'It''s data'!B2:B", dates="'It''s data'!A2:A"),
    question("blank", cell="KPI!C7"),
    question("nowhere", cell="Nowhere!B4"),
]


def changed(answer: Any, chance: random.Random) -> Any:
    """The answer with one node taken away or replaced."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            places.append((node, key))
            walk(node[key])

    walk(answer)
    node, key = chance.choice(places)
    wrong: Any = chance.choice(["gone", None, [], {}, "text", 0, -1, 10**40, True, 1.5, [[]], {"a": {}}])
    if wrong == "gone":
        del node[key]
    else:
        node[key] = wrong
    return answer


@pytest.fixture
def disturbed(world: World) -> Iterator[tuple[World, list[random.Random]]]:
    """Every answer is changed by the last ``Random`` in the list."""
    server, chances = world.emulator.server, [random.Random(0)]
    app = server._app

    async def altered_app(scope: Any, receive: Any, send: Any) -> None:
        async def altered(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [pair for pair in message["headers"] if pair[0] != b"content-length"]
            if message["type"] == "http.response.body" and message.get("body"):
                answer = changed(json.loads(message["body"]), chances[-1])
                message["body"] = json.dumps(answer).encode()
            await send(message)

        await app(scope, receive, altered)

    server._app = altered_app
    yield world, chances
    server._app = app


def test_one_wrong_node_is_never_a_bug(disturbed: tuple[World, list[random.Random]]) -> None:
    world, chances = disturbed
    for seed in range(150):
        chances.append(random.Random(seed))
        world.state = {}
        try:
            answers = world.read(*QUESTIONS)
        except OkrsyncError:
            continue
        assert len(answers) == len(QUESTIONS)
        assert all(isinstance(answer, Reading | NoValue) for answer in answers)


def test_doctor_and_inspect_bear_it_too(disturbed: tuple[World, list[random.Random]]) -> None:
    world, chances = disturbed
    assert connector.doctor is not None
    assert connector.inspect is not None
    keys = {
        "credentials": {"env": "GOOGLE_KEY"},
        "spreadsheet": "acme-kpis",
        "url": world.emulator.server.url,
    }
    settings = connector.settings.model_validate(keys)
    for seed in range(60):
        chances.append(random.Random(seed))
        for finding in connector.doctor(settings, [], world.context()):
            assert finding.detail
        with suppress(OkrsyncError):
            assert connector.inspect(settings, "acme-kpis", world.context())
