"""What more companies and more key results cost: time, requests, memory and the ledger's size.

Every key result stands on a metric of its own, from an export, a spreadsheet or Jira. Waits for rate limits cost nothing
here (the clock jumps), so that the time is okrsync's own; it is given as a multiple of the smallest company's, because it
is a machine's. What is printed are the rows of the table in the README. ``OKRSYNC_BENCH_COMPANIES`` and
``OKRSYNC_BENCH_KEY_RESULTS`` say how far it goes: `make bench` to 100 and 1000, the tests to 10 and 100, as they only check.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.cost import cost_of
from tests.support.fleet import Fleet, fleet

COMPANIES = int(os.environ.get("OKRSYNC_BENCH_COMPANIES", "10"))
KEY_RESULTS = int(os.environ.get("OKRSYNC_BENCH_KEY_RESULTS", "100"))
PROGRAM = """
import sys
from datetime import UTC, datetime
from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.testing import JumpClock
sys.exit(main(context=Context(clock=JumpClock(datetime.now(tz=UTC)))))
"""


@dataclass(frozen=True)
class Spent:
    """By one command: processor seconds, most memory in MiB, requests (of them to Notion); and the ledger in KiB afterwards."""

    seconds: float
    memory: float
    requests: int
    notion: int
    ledger: float


def spent(made: Fleet, *words: str) -> Spent:
    made.forget()
    cost = cost_of([sys.executable, "-c", PROGRAM, *words])
    assert cost.exit_code == 0
    kept = sum(path.stat().st_size for path in made.folder.glob("ledger.db*"))
    return Spent(cost.cpu, cost.mib, made.asked(), made.count(), kept / 1024)


def costs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, companies: int, key_results: int, **how: Any
) -> tuple[Spent, Spent]:
    """Of the first sync, which writes everything, and of the second, which writes nothing."""
    folder.mkdir()
    how = {"rate": 100, "burst": 1000, "schedule": "0 7 * * *", "mixed": True, **how}
    with fleet(folder, companies, key_results=key_results, **how) as made:
        made.move_in(monkeypatch)
        first, second = spent(made, "sync", "--all"), spent(made, "sync", "--all")
        look, again = spent(made, "sync", "--due"), spent(made, "sync", "--due")
        assert look.requests == again.requests == 0
        print(
            f"(who of {companies} is due, with the program's start:"
            f" {look.seconds:.2f} s at the first look, {again.seconds:.2f} s at the next)"
        )
        assert made.shown() == made.expected()
        return first, second


def say(what: str, first: Spent, second: Spent, unit: Spent) -> None:
    """A row of the README's table."""
    cells = [
        what,
        *(f"{float(f'{one.seconds / unit.seconds:.2g}'):g} x" for one in (first, second)),
        f"{first.requests:,}, then {second.requests:,}",
        f"{first.memory:.0f} MiB",
        f"{first.ledger:.0f} KiB" if first.ledger < 1024 else f"{first.ledger / 1024:.1f} MiB",
    ]
    print(f"| {' | '.join(cells)} |")


def sizes(most: int, least: int) -> list[int]:
    return [size for size in (1, 10, 100, 1000, 10_000) if least <= size <= most]


@pytest.mark.slow
def test_companies_cost_no_more_than_in_proportion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    print()
    by_size: dict[int, tuple[Spent, Spent]] = {}
    for size in sizes(COMPANIES, 1):
        by_size[size] = costs(tmp_path / str(size), monkeypatch, size, 10)
        what = "1 company of 10 key results" if size == 1 else f"{size:,} companies"
        say(what, *by_size[size], by_size[1][0])
    one = by_size[1]
    print(f"(1 x is {one[0].seconds:.1f} s of processor time here)")
    for size, (first, second) in by_size.items():
        # A row whose reading is too old when its write is due is read again: on a busy machine that is one of hundreds.
        assert size * one[0].requests <= first.requests <= 1.01 * size * one[0].requests
        assert second.requests == size * one[1].requests
        assert second.requests < first.requests / 2
        assert first.seconds <= size * one[0].seconds
        assert second.seconds <= size * one[1].seconds
        # Memory is that of those side by side, eight at a time, not of all.
        assert first.memory < 1.3 * by_size[min(10, max(by_size))][0].memory
        assert first.ledger < (size + 10) * one[0].ledger


@pytest.mark.slow
def test_key_results_cost_no_more_than_in_proportion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    print()
    by_size: dict[int, tuple[Spent, Spent]] = {}
    for size in sizes(KEY_RESULTS, 10):
        by_size[size] = costs(tmp_path / str(size), monkeypatch, 1, size)
        say(f"1 company of {size:,} key results", *by_size[size], by_size[10][0])
    small = by_size[10]
    for size, (first, second) in by_size.items():
        # Notion: the schema, the pages of 100 rows, a query for ten empty rows at most, and a write for each row. Jira: each of the distinct queries,
        # and the fields. Sheets: a token, and as many ranges in a request as its address holds.
        pages = -(-size // 100)
        assert 1 <= first.notion - pages - size <= size // 10 + 2
        assert second.notion - pages in {1, 2}
        for one in (first, second):
            # The fifth is for the formats of a spreadsheet's cells, which are asked for when a metric is new.
            assert one.requests - one.notion <= size // 5 + 5 + size // 50
        assert first.seconds < size / 10 * small[0].seconds * 1.2
        assert second.seconds < size / 10 * small[1].seconds * 1.2
