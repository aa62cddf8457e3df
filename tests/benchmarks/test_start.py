"""What the start of each command costs, as multiples of ``import typer``: processes that take turns, medians of ratios.

One company of ten key results: five from an export, three from a spreadsheet, two from Jira, with nothing new. What is
printed are the rows of the table in docs/benchmarks.md. ``OKRSYNC_BENCH_ROUNDS`` says how often each takes its turn: `make
bench` 9 times, the tests once, as they only check. ``OKRSYNC_BENCH_BEFORE`` names a checkout of an older okrsync to put
beside this one; its ledger is its own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from statistics import median

import pytest

from tests.benchmarks.cost import Cost, cost_of
from tests.support.fleet import fleet

ROUNDS = int(os.environ.get("OKRSYNC_BENCH_ROUNDS", "1"))
BEFORE = os.environ.get("OKRSYNC_BENCH_BEFORE", "")
HERE = Path(__file__).parents[2]
UNIT = "import typer"
COMMANDS = (
    ("--help",),
    ("connectors",),
    ("validate", "c00000"),
    ("status", "c00000"),
    ("explain", "c00000", "KR-0"),
    ("plan", "c00000"),
    ("sync", "c00000"),
)


def cost(checkout: Path, *words: str) -> Cost:
    """Of one command of the okrsync in ``checkout``, with its modules compiled and a ledger of its own."""
    ledger = Path(os.environ["OKRSYNC_CONFIG"]) / f"ledger-{checkout.name}.db"
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {
        "PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'connectors'}",
        "OKRSYNC_LEDGER": f"sqlite:///{ledger}",
    }
    return cost_of([sys.executable, *words], environment=environment, folder=checkout)


def row(what: str, costs: list[list[Cost]], units: list[Cost]) -> str:
    """``costs`` has a list of this okrsync and perhaps one of the older, each with a cost of every round."""
    ratios = [median(one.cpu / unit.cpu for one, unit in zip(each, units, strict=True)) for each in costs]
    memory = [median(one.mib for one in each) for each in costs]
    cells = [what, *(f"{ratio:.1f} x" for ratio in ratios), *(f"{mib:.0f} MiB" for mib in memory)]
    return f"| {' | '.join(cells)} |"


def test_what_a_start_costs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkouts = [HERE, *([Path(BEFORE)] if BEFORE else [])]
    how = {"rate": 100, "burst": 1000, "schedule": "0 7 * * *"}
    with fleet(tmp_path, 1, key_results=10, mixed=True, **how) as made:  # type: ignore[arg-type]  # one type for all
        made.move_in(monkeypatch)
        for checkout in checkouts:  # the first sync of each compiles its modules and fills its ledger
            for first in (["--force"], []):
                assert cost(checkout, "-m", "okrsync", "sync", "c00000", *first).exit_code == 0
        assert made.shown() == made.expected()
        made.forget()
        units: list[Cost] = []
        spent: dict[tuple[str, ...], list[list[Cost]]] = {
            words: [[] for _ in checkouts] for words in COMMANDS
        }
        for _ in range(ROUNDS):
            units.append(cost(HERE, "-c", UNIT))
            for words, each in spent.items():
                for checkout, costs in zip(checkouts, each, strict=True):
                    costs.append(cost(checkout, "-m", "okrsync", *words))
                    assert costs[-1].exit_code == 0
        assert not made.patches()
    print()
    print(f"({ROUNDS} rounds; 1 x is {median(one.cpu for one in units):.3f} s of processor time here)")
    print(row(f"`{UNIT}`", [units for _ in checkouts], units))
    for words, each in spent.items():
        name = " ".join("COMPANY" if word == "c00000" else "KR" if word == "KR-0" else word for word in words)
        print(row(f"`okrsync {name}`", each, units))
