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
    assert world.notion.server.count() <= 1.1 * size + 10
    print(f"\n{size} key results, first sync: {world.notion.server.count()} Notion requests")
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
    # An address takes the ranges of some 90 cells.
    assert world.sheets.server.count("batchGet") == {30: 1, 300: 2}[size]
    asked = size + size // 3 * 2
    total = notion + jira + sheets
    print(
        f"\n{size} key results, nothing new: {total} requests (Notion {notion}, Jira {jira}, Sheets {sheets}); "
        f"one by one: {asked + size}; ratio {(asked + size) / total:.1f}"
    )
    assert total < asked / 2


@pytest.mark.parametrize(
    ("size", "changed", "recheck", "looks", "queries"),
    [
        # A short run: what it has read itself is young enough for its first ten writes.
        (150, 10, "row", 0, 0),
        (300, 15, "row", 5, 0),
        (300, 15, "group", 0, 1),
        (300, 45, "group", 0, 4),
    ],
)
def test_what_changed_pages_cost(
    build: Any, size: int, changed: int, recheck: str, looks: int, queries: int
) -> None:
    world = build(size, recheck=recheck)
    world.sync()
    world.forget()
    for number in range(changed):
        world.sheets.edit("KPI", f"f{number * 3 + 1}", "Now", 500 + number)
    world.sync()
    writes = world.notion.server.count("^PATCH")
    reads = math.ceil(size / 100) + 1
    print(
        f"\n{size} key results, {changed} changed, recheck: {recheck}: {looks} re-reads by row, {queries} by group, "
        f"{writes} writes, {world.notion.server.count()} Notion requests"
    )
    assert writes == changed
    assert world.notion.server.count("^GET /v1/pages/") == looks
    assert world.notion.server.count() == reads + looks + queries + changed
    if recheck == "group" or changed <= 10:
        assert world.notion.server.count() <= 1.2 * changed + reads


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
