"""Answer metrics that differ only in the values of ``where`` and ``part`` by one GROUP BY.

A statement costs 50 ms to plan, however small the file; five hundred sums by owner are one. Only questions that no
cell of the file can spoil are answered so: what has an unreadable cell anywhere is judged row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final, TypeVar

from okrsync.model import Dimension
from okrsync_crm.cells.names import folded
from okrsync_crm.query_settings import Comparison, Conditions
from okrsync_crm.sql import conditions, execution
from okrsync_crm.sql.planned_question import PlannedQuestion, is_percentile, rank_of, value_of
from okrsync_crm.sql.query_plan import QueryPlan
from okrsync_crm.sql.typed_table import RECORDS, TypedTable
from okrsync_crm.sql.where_values import WhereValues

_MEASURES: Final = {"count", "sum", "mean", "min", "max", "ratio"}
_GROUPS: Final = 100_000
Group = TypeVar("Group")
Allowed = Mapping[str, frozenset[str | None]]
"""The texts that each tested column may have; None stands for an empty cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShape:
    """What a GROUP BY needs: by which columns, of which rows, and what of them. ``window`` is SQL of numbers of our own."""

    keys: tuple[str, ...]
    window: str
    value: str
    sign: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTotals:
    """The aggregates of one group, or of several."""

    rows: int
    filled: int
    total: Any
    least: Any
    most: Any
    signs: tuple[str, ...]
    currencies: tuple[str, ...]


def read_grouped(
    connection: execution.SqlConnection,
    table: TypedTable,
    asked: Sequence[PlannedQuestion],
    where: WhereValues,
) -> tuple[dict[int, dict[str, Any]], list[PlannedQuestion]]:
    """The values of the questions that groups can answer, as a statement of its own gives them; and the other questions."""
    shapes: dict[GroupShape, list[PlannedQuestion]] = {}
    rest: list[PlannedQuestion] = []
    for one in asked:
        shape = _shape(table, one, where)
        if shape is None:
            rest.append(one)
        else:
            shapes.setdefault(shape, []).append(one)
    found: dict[int, dict[str, Any]] = {}
    for shape, mine in shapes.items():
        groups = _groups(connection, table, shape)
        found |= {one.index: _values(one, table, shape, groups, where) for one in mine}
        for one in mine:
            if is_percentile(one.query.measure):
                found[one.index] |= _percentile(connection, table, shape, one, found[one.index], where)
    return found, rest


def _shape(table: TypedTable, one: PlannedQuestion, where: WhereValues) -> GroupShape | None:
    query, settings = one.query, table.settings
    if settings.latest_by or table.odd:
        return None
    # Without groups of rows, a column may have as many different values as there are rows.
    large = query.measure == "count_distinct" or is_percentile(query.measure)
    if query.measure not in _MEASURES and not (large and table.condensed):
        return None
    if settings.rates is not None and one.question.unit.dimension is Dimension.MONEY:
        return None
    allowed = [allowed_texts(table, one_of, where) for one_of in (query.where, query.part)]
    if None in allowed:
        return None
    tested = {column for found in allowed if found is not None for column in found}
    different = table.text(query.field or "") if query.measure == "count_distinct" else ""
    columns = sorted({*tested, *([different] if different else [])})
    size = 1
    for column in columns:
        size *= where.size_of(column) + 1
    scratch = QueryPlan(table)
    value = value_of(scratch, one.question) if query.field and not different else ""
    window = ""
    used = [*columns, *([value] if value else [])]
    if query.date is not None and (one.question.window is not None or one.until is not None):
        window = conditions.in_window(scratch, query.date, one.question.window, one.until, one.zone).holds
        for name, bound in sorted(scratch.bind.values.items(), key=lambda item: -len(item[0])):
            window = window.replace(f"${name}", str(int(bound)))
        used.append(table.moment(query.date).local)
    if size > _GROUPS or not all(table.is_sound(column) for column in used):
        return None
    return GroupShape(
        keys=tuple(columns),
        window=window,
        value=value,
        sign=table.sign(query.field or "") if value[:1] in {"n", "q"} else "",
        currency=table.text(one.currency) if one.currency else "",
    )


def allowed_texts(table: TypedTable, tests: Conditions, where: WhereValues) -> Allowed | None:
    """The texts that each column may have; None if a test is of another kind."""
    found: dict[str, frozenset[str | None]] = {}
    for name, condition in tests.items():
        if limits := conditions.limits_of(condition):
            holds = table.limits.get((folded(name), limits))
            if holds is None:
                return None
            found[holds] = frozenset({"true"})
        rest = conditions.without_limits(condition)
        if rest is None:
            continue
        if not conditions.is_of_text(rest):
            return None
        values = conditions.named_texts(rest)
        # A day is compared with a sheet's date cells by what they mean.
        if table.tagged and any(conditions.ISO_DAY.fullmatch(value) for value in values):
            return None
        column = table.text(name)
        texts = frozenset[str | None](values)
        if isinstance(rest, Comparison):
            there = where.all_values(name)
            if there is None:
                return None
            texts = frozenset(text for text in (*there, None) if conditions.passes(text, rest))
        found[column] = found[column] & texts if column in found else texts
    return found


def _groups(
    connection: execution.SqlConnection, table: TypedTable, shape: GroupShape
) -> dict[tuple[str | None, ...], GroupTotals]:
    value = shape.value
    totals = table.totals_of(value) if value else ("0", "NULL", "NULL", "NULL")
    filled = f"count_{value} > 0" if table.condensed else f"{value} IS NOT NULL"
    signs = f"list(DISTINCT {shape.sign}) FILTER ({shape.sign} IS NOT NULL)" if shape.sign else "NULL"
    codes = f"list(DISTINCT coalesce({shape.currency}, '')) FILTER ({filled})" if shape.currency else "NULL"
    keys = "".join(f"{key}, " for key in shape.keys)
    statement = (
        f"SELECT {keys}{table.rows}, {', '.join(totals)}, {signs}, {codes} FROM {RECORDS}"
        + (f" WHERE {shape.window}" if shape.window else "")
        + (f" GROUP BY {', '.join(shape.keys)}" if shape.keys else "")
    )
    rows = execution.run(connection, table.bind, table.label, statement).fetchall()
    width = len(shape.keys)
    return {
        tuple(row[:width]): GroupTotals(
            rows=row[width],
            filled=row[width + 1],
            total=row[width + 2],
            least=row[width + 3],
            most=row[width + 4],
            signs=tuple(row[width + 5] or ()),
            currencies=tuple(row[width + 6] or ()),
        )
        for row in rows
    }


def _values(
    one: PlannedQuestion,
    table: TypedTable,
    shape: GroupShape,
    groups: Mapping[tuple[str | None, ...], GroupTotals],
    values_of: WhereValues,
) -> dict[str, Any]:
    query, index = one.query, one.index
    where = allowed_texts(table, query.where, values_of) or {}
    whole = _together(chosen(groups, shape.keys, where).values())
    values: dict[str, Any] = {f"rows{index}": whole.rows, f"bad{index}": 0}
    if query.measure == "count_distinct":
        at = shape.keys.index(table.text(query.field or ""))
        filled = {
            place: found
            for place, found in chosen(groups, shape.keys, where).items()
            if place[at] is not None
        }
        return values | {
            f"filled{index}": sum(found.rows for found in filled.values()),
            f"value{index}": len({place[at] for place, found in filled.items() if found.rows}),
        }
    if query.field:
        values |= {f"filled{index}": whole.filled, f"signs{index}": whole.signs}
        values[f"value{index}"] = {"min": whole.least, "max": whole.most}.get(query.measure, whole.total)
    if shape.currency:
        values[f"currencies{index}"] = whole.currencies
    if query.measure == "ratio":
        part = allowed_texts(table, query.part, values_of) or {}
        both = {column: where.get(column, texts) & texts for column, texts in part.items()}
        share = _together(chosen(groups, shape.keys, {**where, **both}).values())
        values[f"part{index}"] = share.total if query.field else share.rows
    return values


def _percentile(
    connection: execution.SqlConnection,
    table: TypedTable,
    shape: GroupShape,
    one: PlannedQuestion,
    found: Mapping[str, Any],
    where: WhereValues,
) -> dict[str, Any]:
    """The two values on both sides of a percentile, out of the groups' lists of all their values."""
    filled = found[f"filled{one.index}"]
    if not filled:
        return {}
    places = [int(rank_of(one.query.measure, filled))]
    places.append(min(filled - 1, places[0] + 1))
    # Halfway between two places no rounding of the fraction can reach a neighbour.
    shares = ", ".join(repr((place + 0.5) / filled) for place in places)
    tests = [shape.window] if shape.window else []
    texts: dict[str, list[str]] = {}
    for key, allowed in (allowed_texts(table, one.query.where, where) or {}).items():
        texts[key] = sorted(text for text in allowed if text is not None)
        tests.append(f"({key} IN (SELECT unnest(${key})) OR ({None in allowed} AND {key} IS NULL))")
    statement = (
        f"SELECT quantile_disc(value, [{shares}]) FROM (SELECT unnest(list_{shape.value}) AS value FROM {RECORDS} "
        f"WHERE {' AND '.join(['true', *tests])})"
    )
    ((values,),) = connection.execute(statement, texts or None).fetchall()
    return {f"{name}{one.index}": value for name, value in zip(("below", "above"), values, strict=True)}


def chosen(
    groups: Mapping[tuple[str | None, ...], Group], keys: Sequence[str], allowed: Allowed
) -> dict[tuple[str | None, ...], Group]:
    """The groups whose texts are allowed."""
    if all(key in allowed for key in keys) and prod(len(allowed[key]) for key in keys) <= len(groups):
        places = product(*(allowed[key] for key in keys))
        return {place: groups[place] for place in places if place in groups}
    return {
        place: found
        for place, found in groups.items()
        if all(key not in allowed or text in allowed[key] for key, text in zip(keys, place, strict=True))
    }


def _together(groups: Collection[GroupTotals]) -> GroupTotals:
    def known(name: str) -> list[Any]:
        return [value for one in groups if (value := getattr(one, name)) is not None]

    return GroupTotals(
        rows=sum(one.rows for one in groups),
        filled=sum(one.filled for one in groups),
        total=sum(known("total")) if known("total") else None,
        least=min(known("least"), default=None),
        most=max(known("most"), default=None),
        signs=tuple(sorted({sign for one in groups for sign in one.signs})),
        currencies=tuple(sorted({code for one in groups for code in one.currencies})),
    )
