"""okrsync beside what people use today: a cron script, a dlt pipeline, csv2notion-neo.

All run on the same emulators, one after another, behind the same limit at Notion. `make bench-peers` runs them all and
prints the tables of docs/benchmarks.md; it names the Python that the peers are installed in (``OKRSYNC_BENCH_PEERS``) and
how many key results there are. The tests run okrsync and the script on a small company without waiting, and check only what
is sent and what Notion shows.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.benchmarks.cost import Cost, cost_of
from tests.benchmarks.race_company import RaceCompany, RateLimit, Requests, race_company

PEERS: Final = os.environ.get("OKRSYNC_BENCH_PEERS")
SIZES: Final = [int(one) for one in (os.environ.get("OKRSYNC_BENCH_PEER_SIZES") or "6").split()]
RATE, BURST = (3.0, 10) if PEERS else (1000.0, 1000)
SCRIPTS: Final = Path(__file__).with_name("peers")
RUNS: Final = ("first sync", "nothing new", "5 % changed")


@dataclass(frozen=True)
class Outcome:
    """What one run of a tool cost, and how many rows were right after it."""

    cost: Cost
    requests: Requests
    right: int


def commands() -> Mapping[str, list[str]]:
    """The tools by their names; each is run in the company's folder."""
    naive = [sys.executable, str(SCRIPTS / "naive_script.py"), "key_results.json"]
    found = {"okrsync": [sys.executable, "-m", "okrsync", "sync", "race"], "naive script": naive}
    if PEERS:
        found["dlt"] = [PEERS, str(SCRIPTS / "dlt_pipeline.py"), "key_results.json"]
        found["csv2notion-neo"] = [PEERS, str(SCRIPTS / "csv2notion_half.py"), "values.csv"]
    return found


def run(company: RaceCompany, command: list[str], output: Path) -> Outcome:
    company.forget()
    cost = cost_of(command, output=output, folder=company.folder, environment=company.environment())
    return Outcome(cost=cost, requests=company.requests(), right=company.right())


def race(folder: Path, command: list[str], size: int) -> Mapping[str, Outcome]:
    """The runs of one tool: every cell empty, nothing new, 5 % of the sources changed."""
    with race_company(folder, size, rate=RATE, burst=BURST) as company:
        outcomes = {}
        for number, name in enumerate(RUNS):
            if name == "5 % changed":
                company.change(0.05)
            output = folder / f"output-{number}.txt"
            outcomes[name] = run(company, command, output)
            assert outcomes[name].cost.exit_code == 0, output.read_text(encoding="utf-8")[-2000:]
        return outcomes


def table(size: int, raced: Mapping[str, Mapping[str, Outcome]]) -> str:
    """Two tables of docs/benchmarks.md: what the user waits for, and what the machine spends."""
    titles = " | ".join(raced)
    rules = "|".join("---" for _ in raced)
    lines = [f"\n| N = {size}: time, Notion requests, 429s, other requests | {titles} |", f"|---|{rules}|"]
    for name in RUNS:
        cells = [
            f"{one.cost.seconds:.1f} s, {one.requests.notion}, {one.requests.refused}, {one.requests.sources}"
            for one in (outcomes[name] for outcomes in raced.values())
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [f"\n| N = {size}: processor time, memory, right rows | {titles} |", f"|---|{rules}|"]
    for name in RUNS:
        cells = [
            f"{one.cost.cpu:.1f} s, {one.cost.mib:.0f} MiB, {one.right}"
            for one in (outcomes[name] for outcomes in raced.values())
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


@pytest.mark.parametrize("size", SIZES)
def test_okrsync_is_right_and_asks_less_than_what_people_use(tmp_path: Path, size: int) -> None:
    raced = {
        name: race(tmp_path / name.replace(" ", "-"), command, size) for name, command in commands().items()
    }
    print(table(size, raced))
    own, naive = raced["okrsync"], raced["naive script"]
    pages, changed = -(-size // 100), max(1, round(size * 0.05))
    for name in RUNS:
        assert own[name].right == naive[name].right == size
        assert naive[name].requests.notion == 2 * size
        if PEERS:
            quickest = min(outcomes[name].cost.seconds for outcomes in raced.values())
            # All wait for the same limit nearly all the time; a busy machine delays whoever has more to start.
            assert own[name].cost.seconds <= 1.05 * quickest
    assert own["first sync"].requests.writes == size
    # Rows are read again one by one if a group's reading is too old: on a busy machine, as most tests' is.
    assert own["first sync"].requests.notion <= (1.1 * size + 10 if PEERS else 2.1 * size + pages + 3)
    assert own["nothing new"].requests.writes == 0
    assert own["nothing new"].requests.notion == pages + 1
    assert own["5 % changed"].requests.writes == changed
    assert own["5 % changed"].requests.notion <= pages + 1 + 2 * changed


def test_the_limit_refuses_what_is_over_it_and_says_how_long_to_wait() -> None:
    now = 0.0
    limit = RateLimit(3.0, 10, lambda: now)
    assert [limit.hits("") for _ in range(12)] == [False] * 10 + [True] * 2
    assert (limit.status, limit.headers["retry-after"], len(limit.refused)) == (429, "1", 2)
    now = 1.0
    assert [limit.hits("") for _ in range(4)] == [False] * 3 + [True]
    now = 100.0
    assert [limit.hits("") for _ in range(11)] == [False] * 10 + [True]
