"""Answer what cannot be added up by slices: medians, numbers of different values, sums by group.

One scan copies the values of the matching rows into a table of the database, which spills to its folder; every window
is then answered from the copy. No list of values is ever held in Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from okrsync_crm.query_settings import CrmQuery
from okrsync_crm.sql import execution
from okrsync_crm.sql.cell_values import DECIMAL
from okrsync_crm.sql.planned_question import is_percentile, length_of, rank_of
from okrsync_crm.sql.query_plan import QueryPlan

_TABLE: Final = "sliced"


@dataclass(slots=True)
class SlicedValues:
    """The values that a plan keeps, by the place of its question and by slice; ``close`` lets go of them."""

    connection: execution.SqlConnection
    _changes: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)

    def copy(self, plan: QueryPlan, mark: str) -> None:
        """Copy everything in ``plan.kept`` with one scan, by the slice that ``mark`` tells."""
        cells = ", ".join(
            f"CASE WHEN {kept.holds} THEN {{'place': {place}, 'name': CAST({kept.name} AS VARCHAR), "
            f"'amount': CAST({kept.amount} AS {DECIMAL})}} END"
            for place, kept in plan.kept.items()
        )
        cut = plan.statement(
            f"SELECT cell.place AS place, slice, cell.name AS name, cell.amount AS amount FROM "
            f"(SELECT {mark} AS slice, unnest([{cells}]) AS cell FROM judged) WHERE cell IS NOT NULL ORDER BY place, slice"
        )
        # In order, so that a window touches its own rows only.
        execution.run_plan(self.connection, plan, f"CREATE TEMP TABLE {_TABLE} AS {cut}")

    def close(self) -> None:
        self.connection.execute(f"DROP TABLE IF EXISTS {_TABLE}")

    def values(self, place: int, query: CrmQuery, first: int, last: int, filled: int) -> Mapping[str, Any]:
        """What the slices ``first`` to ``last`` hold of the question drafted at ``place``, by name."""
        if query.measure == "count_distinct":
            return {"value": self._different(place, first, last)}
        how = length_of(query)
        if is_percentile(how):
            return self._percentile(place, how, first, last, filled)
        rows = self._fetch(
            "SELECT name, sum(amount) FROM {table} WHERE {window} GROUP BY name ORDER BY name",
            place,
            first,
            last,
        )
        if query.measure == "spread":
            return {"groups": [{"name": name, "amount": amount} for name, amount in rows]}
        return {"sums": [{"code": name, "amount": amount} for name, amount in rows]}

    def _percentile(self, place: int, how: str, first: int, last: int, filled: int) -> Mapping[str, Any]:
        """The two values that a full sort would have between them."""
        if not filled:
            return {"below": None, "above": None}
        below = int(rank_of(how, filled))
        above = min(filled - 1, below + 1)
        # Halfway between two places no rounding of the fraction can reach a neighbour.
        shares = ", ".join(repr((place_ + 0.5) / filled) for place_ in (below, above))
        ((found,),) = self._fetch(
            f"SELECT quantile_disc(amount, [{shares}]) FROM {{table}} WHERE {{window}}",
            place,
            first,
            last,
        )
        return dict(zip(("below", "above"), found, strict=True))

    def _different(self, place: int, first: int, last: int) -> int:
        """A value counts once in a window: in the first slice that has it."""
        if place not in self._changes:
            self._changes[place] = self.connection.execute(
                f"SELECT before, slice, count(*) FROM (SELECT slice, lag(slice, 1, -1) OVER (PARTITION BY name ORDER BY slice) "
                f"AS before FROM (SELECT DISTINCT slice, name FROM {_TABLE} WHERE place = $place)) GROUP BY before, slice",
                {"place": place},
            ).fetchall()
        return sum(
            count
            for before, slice_, count in self._changes[place]
            if first <= slice_ <= last and before < first
        )

    def _fetch(self, statement: str, place: int, first: int, last: int) -> Sequence[Any]:
        window = "place = $place AND slice BETWEEN $first AND $last"
        rows: Sequence[Any] = self.connection.execute(
            statement.format(table=_TABLE, window=window), {"place": place, "first": first, "last": last}
        ).fetchall()
        return rows
