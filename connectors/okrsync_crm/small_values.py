"""Computes the values of questions about a small file, as the statements of the database do.

A question of another kind raises ``UnusualFileError``.
"""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from okrsync.model import Dimension
from okrsync_crm.cells.moments import ReadMoment
from okrsync_crm.cells.names import folded
from okrsync_crm.query_settings import Conditions, CrmQuery
from okrsync_crm.small_file import SmallFile, Texts
from okrsync_crm.sql.cell_values import DAY
from okrsync_crm.sql.conditions import (
    is_of_text,
    limits_of,
    micros,
    wall_clock,
    window_bounds,
    without_limits,
)
from okrsync_crm.sql.grouped import allowed_texts, chosen
from okrsync_crm.sql.planned_question import PlannedQuestion, is_percentile, length_of, rank_of
from okrsync_crm.sql.typed_table import TypedTable, UnusualFileError
from okrsync_crm.sql.where_values import WhereValues

_MEASURES: Final = {"count", "count_distinct", "sum", "mean", "min", "max", "ratio", "duration", "spread"}
_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def is_usual(one: PlannedQuestion, table: TypedTable) -> bool:
    """Whether a question is of a kind that is answered here."""
    query, unit = one.query, one.question.unit
    if query.measure not in _MEASURES and not is_percentile(query.measure):
        return False
    if unit.dimension is Dimension.MONEY and table.settings.rates is not None:
        return False
    if unit.dimension is Dimension.PERCENT and query.field and query.measure not in {"ratio", "spread"}:
        return False
    rest = map(without_limits, (*query.where.values(), *query.part.values()))
    return all(one is None or is_of_text(one) for one in rest)


def where_values(file: SmallFile, asked: Sequence[PlannedQuestion]) -> WhereValues:
    """What the conditions of the questions are compared with."""
    known: dict[str, Mapping[str, int]] = {}
    for one in asked:
        query = one.query
        names = [*query.where, *query.part, *([query.group] if query.group else [])]
        names += [query.field or ""] if query.measure == "count_distinct" else []
        for name in names:
            if (column := file.table.text(name)) not in known:
                known[column] = Counter(cell for cell in file.texts(name) if cell is not None)
        for conditions in (query.where, query.part):
            _hold_limits(file, conditions, one.zone)
    return WhereValues(None, file.table, known=known, rows=len(file.rows))


def _hold_limits(file: SmallFile, conditions: Conditions, zone: ZoneInfo) -> None:
    """Find out in which rows the cells are within the limits of conditions."""
    for name, condition in conditions.items():
        if not (limits := limits_of(condition)):
            continue
        column = file.table.limits.setdefault((folded(name), limits), f"h{len(file.table.limits)}")
        if column not in file.columns:
            within = zip(*(_within(file, name, key, limit, zone) for key, limit in limits), strict=True)
            file.columns[column] = ["true" if all(holds) else "false" for holds in within]


def _within(file: SmallFile, name: str, key: str, limit: Decimal | date, zone: ZoneInfo) -> list[bool]:
    """In which rows a limit holds; conditions.py says it in SQL."""
    compare = _COMPARED[key]
    if isinstance(limit, Decimal):
        if limit != round(limit, 8):
            raise UnusualFileError
        return [cell is not None and compare(cell, limit) for cell in file.amounts(name)]
    if not isinstance(limit, datetime):
        first = wall_clock(datetime(limit.year, limit.month, limit.day))  # noqa: DTZ001 - a wall-clock time
        edge = first + DAY if key in {"gt", "lte"} else first
        after = key in {"gt", "gte"}
        return [cell is not None and (cell.local >= edge) is after for cell in file.moments(name)]
    if limit.tzinfo is None:
        wall = wall_clock(limit)
        return [cell is not None and compare(cell.local, wall) for cell in file.moments(name)]
    wall, moment = wall_clock(limit.astimezone(zone)), micros(limit)
    return [cell is not None and compare(*_comparable(cell, wall, moment)) for cell in file.moments(name)]


def values(file: SmallFile, one: PlannedQuestion, where: WhereValues) -> dict[str, Any]:
    """The values of a question, as a statement of its own gives them."""
    query, index = one.query, one.index
    rows = _matching(file, query.where, where)
    if query.date is not None and (one.question.window is not None or one.until is not None):
        moments = file.moments(query.date)
        bounds = window_bounds(one.question.window, one.until, one.zone)
        rows = [row for row in rows if _is_inside(moments[row], bounds)]
    found: dict[str, Any] = {"rows": len(rows), "bad": 0}
    part = set(_matching(file, query.part, where)) if query.measure == "ratio" else set()
    if query.measure == "count_distinct":
        texts = [text for row in rows if (text := file.texts(query.field or "")[row]) is not None]
        found |= {"filled": len(texts), "value": len(set(texts))}
    elif query.measure == "duration":
        spans = _spans(file, one, rows)
        found |= {"filled": len(spans)} | _of_amounts(length_of(query), spans)
    elif query.field:
        cells = file.amounts(query.field)
        filled = [(row, value) for row in rows if (value := cells[row]) is not None]
        found |= {"filled": len(filled), "signs": ()}
        found |= _of_amounts(length_of(query), [value for _, value in filled])
        if query.measure == "ratio":
            found["part"] = sum((value for row, value in filled if row in part), Decimal(0))
        if one.currency is not None:
            codes = file.texts(one.currency)
            found["currencies"] = tuple(sorted({codes[row] or "" for row, _ in filled}))
    elif query.measure == "ratio":
        found["part"] = sum(row in part for row in rows)
    if query.measure == "spread":
        found |= _groups(file, query, rows)
    return {f"{name}{index}": value for name, value in found.items()}


def _matching(file: SmallFile, conditions: Conditions, where: WhereValues) -> Sequence[int]:
    """The rows for which all conditions hold."""
    allowed = allowed_texts(file.table, conditions, where)
    if allowed is None:
        raise UnusualFileError
    keys = tuple(allowed)
    if keys not in file.groups:
        groups: defaultdict[Texts, list[int]] = defaultdict(list)
        for row, texts in enumerate(zip(*(file.columns[key] for key in keys), strict=True)):
            groups[texts].append(row)
        file.groups[keys] = groups if keys else {(): range(len(file.rows))}
    return [row for rows in chosen(file.groups[keys], keys, allowed).values() for row in rows]


def _is_inside(read: ReadMoment | None, bounds: Sequence[tuple[str, int, int]]) -> bool:
    if read is None:
        return False
    for sign, wall, moment in bounds:
        at, bound = _comparable(read, wall, moment)
        if (at < bound) is (sign == ">="):
            return False
    return True


def _spans(file: SmallFile, one: PlannedQuestion, rows: Sequence[int]) -> list[Decimal]:
    """The microseconds between two moments of rows that have both; whole days if one is a mere date."""
    begins, ends = file.moments(one.query.start or ""), file.moments(one.query.end or "")
    until = None if one.until is None else (wall_clock(one.until), micros(one.until))
    spans = []
    for row in rows:
        first, last = begins[row], ends[row]
        if first is None or last is None or (until is not None and _is_later(last, *until)):
            continue
        days = last.local // DAY - first.local // DAY
        exact = None if first.instant is None or last.instant is None else last.instant - first.instant
        spans.append(Decimal(days * DAY if exact is None else exact))
    if any(span < 0 for span in spans):
        raise UnusualFileError
    return spans


def _is_later(read: ReadMoment, wall: int, moment: int) -> bool:
    at, bound = _comparable(read, wall, moment)
    return at >= bound


def _comparable(read: ReadMoment, wall: int, moment: int) -> tuple[int, int]:
    """The moment and a bound, both on the wall clock if the moment is a mere date, else both on the time line."""
    return (read.local, wall) if read.instant is None else (read.instant, moment)


def _groups(file: SmallFile, query: CrmQuery, rows: Sequence[int]) -> dict[str, Any]:
    """What each group has: its rows, or the sum of their amounts."""
    names = file.texts(query.group or "")
    amounts = file.amounts(query.field) if query.field else None
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    filled = 0
    for row in rows:
        if (name := names[row]) is not None:
            filled += 1
            found[name] += 1 if amounts is None else amounts[row] or 0
    groups = [{"name": name, "amount": found[name]} for name in sorted(found)]
    return {"filled": filled, "groups": groups}


def _of_amounts(how: str, amounts: Sequence[Decimal]) -> dict[str, Any]:
    if not amounts:
        return {"value": None}
    if how in {"min", "max"}:
        return {"value": min(amounts) if how == "min" else max(amounts)}
    if not is_percentile(how):
        return {"value": sum(amounts, Decimal(0))}
    ordered = sorted(amounts)
    below = int(rank_of(how, len(ordered)))
    return {"below": ordered[below], "above": ordered[min(len(ordered) - 1, below + 1)]}
