"""List the tables in the order in which a run plans them.

The other tables need what the key results' rows will show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from okrsync.cells import CHECK_INS, INITIATIVES, KEY_RESULTS, KPIS, OBJECTIVES
from okrsync.config import Company
from okrsync.periods import Phase
from okrsync.planning import DesiredRow, Plan
from okrsync.run_context import Ask, Run
from okrsync.tables import check_ins, initiatives, key_results, kpis, objectives


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a company.

    ``ids`` are those of the YAML that have a row in it; ``asks`` what a run must ask of the sources for it; ``desired``
    what its rows should show, given the plan so far; ``details`` what the ledger keeps of each id, as JSON.
    ``without_cycle``: its rows are written whether or not the cycle is over.
    """

    name: str
    ids: Callable[[Company], Iterable[str]]
    asks: Callable[[Run], Iterable[Ask]]
    desired: Callable[[Run, Plan], list[DesiredRow]]
    details: Callable[[Run, Plan], Mapping[str, dict[str, Any]]]
    without_cycle: bool = False


def due_tables(company: Company, now: datetime) -> list[Table]:
    """The tables whose numbers are wanted now, in the order of planning; some may have no place in the destination."""
    open_cycle = company.cycle.phase(now) not in {Phase.BEFORE, Phase.OVER}
    return [one for one in TABLES if open_cycle or one.without_cycle]


def kept_tables(company: Company, now: datetime) -> list[Table]:
    """Those of ``due_tables`` that the company keeps in its destination."""
    return [one for one in due_tables(company, now) if one.name in company.tables]


TABLES: Final = (
    Table(
        name=KEY_RESULTS,
        ids=key_results.ids,
        asks=key_results.asks,
        desired=key_results.desired,
        details=key_results.details,
    ),
    Table(
        name=OBJECTIVES,
        ids=objectives.ids,
        asks=objectives.asks,
        desired=objectives.desired,
        details=objectives.details,
    ),
    Table(
        name=INITIATIVES,
        ids=initiatives.ids,
        asks=initiatives.asks,
        desired=initiatives.desired,
        details=initiatives.details,
    ),
    Table(
        name=KPIS,
        ids=kpis.ids,
        asks=kpis.asks,
        desired=kpis.desired,
        details=kpis.details,
        without_cycle=True,
    ),
    Table(
        name=CHECK_INS,
        # Their rows go by keys of their own, which `check_ins.with_check_ins` matches.
        ids=lambda _company: (),
        asks=check_ins.asks,
        desired=check_ins.desired,
        details=check_ins.details,
    ),
)
