"""Draft one question into the statement of its batch; answers.py reads the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from okrsync.connector import NoValueError
from okrsync.measures import PERCENTILE
from okrsync.model import Cause, Dimension, Question
from okrsync_crm.cells.words import is_no_money, says_its_own_currency
from okrsync_crm.query_settings import CrmQuery
from okrsync_crm.refusal import bad_config
from okrsync_crm.sql import conditions
from okrsync_crm.sql.query_plan import ODD_ROW, CellFault, KeptValue, QueryPlan, RowTest

CONVERTED: Final = ("sum", "mean")
"""What can be made of amounts in several currencies: their sums, converted each with its rate."""

ODD: Final = RowTest(holds="odd IS NULL", fault=ODD_ROW)

_NUMBERS_OF_ROWS: Final = {"count", "count_distinct"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedQuestion:
    """A question and how its columns in the result are called: each name followed by ``index``."""

    index: int
    question: Question
    query: CrmQuery
    faults: tuple[CellFault, ...]
    currency: str | None = None
    until: datetime | None = None
    kept_in: str | None = None
    absent: str = ""
    scale: Decimal = Decimal(1)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


def check(question: Question, query: CrmQuery, path: str) -> None:
    """Refuse, before any file is opened, what no file could answer. Raises ``NoValueError``."""
    dimension = question.unit.dimension
    if question.window is not None and query.date is None:
        raise bad_config(
            "the metric has a window but no date", hint="set date to the column that places a row in time"
        )
    if question.past and query.date is None and "{date}" not in path:
        raise NoValueError(
            Cause.PAST,
            "an export holds today's rows, and without date none of them says what was true then",
            hint="set date, or keep one file for each day and write {date} in path",
        )
    if query.measure == "duration" and dimension is not Dimension.DURATION:
        raise bad_config(
            f"a duration cannot be given as {question.unit}", hint="set unit to hours or days, say"
        )
    of_shares = query.field_unit in {"percent", "fraction"}
    if query.field_unit is not None and dimension is not (
        Dimension.PERCENT if of_shares else Dimension.DURATION
    ):
        kind = "a share" if of_shares else "a unit of time"
        raise bad_config(
            f"field_unit is {kind} and unit is {question.unit}", hint="remove field_unit or set unit"
        )
    if dimension is Dimension.DURATION and query.measure in {*_NUMBERS_OF_ROWS, "ratio", "spread"}:
        raise bad_config(f"{query.measure} gives no length of time", hint="set another unit")
    if dimension is Dimension.MONEY and query.measure in {*_NUMBERS_OF_ROWS, "ratio", "spread"}:
        raise bad_config(
            f"{query.measure} gives no money", hint="set another unit, or measure the sum of a field"
        )
    if dimension is Dimension.PERCENT and query.measure in _NUMBERS_OF_ROWS:
        raise bad_config(
            f"{query.measure} gives a number, not a percentage", hint="set unit: count, or measure: ratio"
        )


def plan_question(
    plan: QueryPlan, index: int, question: Question, zone: ZoneInfo, inside: RowTest | None = None
) -> PlannedQuestion:
    """Draft what the question needs under names that end in ``index``. Raises ``NoValueError``.

    ``inside`` takes the place of the window, and of what had happened by then: a series of questions judges time by
    itself, and keeps in ``plan.kept`` what cannot be added up from one part of it to the next.
    """
    query: CrmQuery = question.query
    events = question.past and "{date}" not in plan.settings.path and inside is None
    until = question.at.astimezone(zone) if events else None
    tests = [ODD, *conditions.tests(plan, query.where, zone, until)]
    if query.date is not None:
        plan.moment(query.date)
        if inside is not None:
            tests.append(inside)
        elif question.window is not None or until is not None:
            tests.append(conditions.in_window(plan, query.date, question.window, until, zone))
    where, unsure = plan.judge(index, tests)
    faults = [test.fault for test in tests if test.fault is not None]
    part = conditions.tests(plan, query.part, zone, until)
    later = _values(plan, index, question, query, until)
    later += [test.fault for test in part if test.fault is not None]
    possible = [fault.sql for fault in later if plan.possible(fault)]
    doubt = f"({' OR '.join(possible)})" if possible else "false"
    bad = plan.mark(f"b{index}", f"({unsure} OR ({where} AND {doubt}))", layer=1)
    match = plan.mark(f"m{index}", f"({where} AND NOT {doubt})", layer=1)
    if part:
        plan.mark(f"g{index}", f"({match} AND {' AND '.join(test.holds for test in part)})", layer=1)
    currency = _currency(plan, query, question)
    _aggregates(plan, index, query, currency, sliced=inside is not None)
    plan.aggregates[f"bad{index}"] = f"count(*) FILTER ({bad})"
    return PlannedQuestion(
        index=index,
        question=question,
        query=query,
        faults=(*faults, *later),
        currency=currency,
        kept_in=_kept_in(plan, question, query),
        until=until,
        zone=zone,
    )


def _values(
    plan: QueryPlan, index: int, question: Question, query: CrmQuery, until: datetime | None
) -> list[CellFault]:
    """Mark ``v<index>``, the value that a matching row adds; NULL if it has none. How it can be at fault."""
    if query.measure == "duration":
        span, faults = conditions.elapsed(plan, query.start or "", query.end or "", until)
        plan.mark(f"v{index}", f"CAST({span} AS HUGEINT)")
        return faults
    if query.measure == "count_distinct" and query.field:
        text = plan.text(query.field)
        plan.mark(f"v{index}", text)
        return [plan.fault(query.field, text)]
    if query.field:
        number = value_of(plan, question)
        plan.mark(f"v{index}", number)
        return [plan.fault(query.field, number)]
    if query.group:
        return [plan.fault(query.group, plan.text(query.group))]
    return []


def value_of(plan: QueryPlan, question: Question) -> str:
    """The typed column of a question's field. Raises ``NoValueError`` if it is not known in which unit it is kept."""
    query: CrmQuery = question.query
    if question.unit.dimension is Dimension.DURATION:
        return _length_of_time(plan, query)
    return plan.number(query.field or "", percent=question.unit.dimension is Dimension.PERCENT)


def _kept_in(plan: QueryPlan, question: Question, query: CrmQuery) -> str | None:
    """The unit of time of the values: a sheet's lengths of time are read as milliseconds."""
    of_time = question.unit.dimension is Dimension.DURATION and query.field
    return "milliseconds" if of_time and plan.table.holds_durations(query.field or "") else query.field_unit


def _length_of_time(plan: QueryPlan, query: CrmQuery) -> str:
    """The column of a length of time: its cells' own format says the unit, else ``field_unit`` does. Raises ``NoValueError``."""
    field = query.field or ""
    if plan.table.holds_durations(field):
        if query.field_unit not in {None, "days"}:
            raise bad_config(
                f"the cells of {field} show lengths of time, and field_unit says {query.field_unit}",
                hint="remove field_unit",
            )
        return plan.table.duration(field, in_days=query.field_unit is not None)
    if query.field_unit is None:
        raise bad_config(
            f"it is not said in which unit of time {field} is kept", hint="set field_unit: minutes, say"
        )
    return plan.number(field, percent=False)


def _currency(plan: QueryPlan, query: CrmQuery, question: Question) -> str | None:
    """The column with the field's currency: as declared, or as the dialect or the file shows it.

    A unit without a currency is no permission to add up several: it is asked for every field that may be money.
    """
    if query.currency is False or query.field is None or query.measure == "count_distinct":
        return None
    dimension = question.unit.dimension
    is_money = dimension is Dimension.MONEY
    if not is_money and (
        dimension in {Dimension.DURATION, Dimension.PERCENT} and query.measure not in {"ratio", "spread"}
    ):
        return None
    if query.currency:
        plan.raw(query.currency)
        return query.currency
    if says_its_own_currency(query.field) or (not is_money and is_no_money(query.field)):
        return None
    found = plan.settings.currency or plan.table.currency_of(query.field)
    if found:
        plan.raw(found)
    return found


def _aggregates(plan: QueryPlan, index: int, query: CrmQuery, currency: str | None, *, sliced: bool) -> None:
    match, value = f"FILTER (m{index})", f"v{index}"
    put = plan.aggregates
    put[f"rows{index}"] = f"count(*) {match}"
    if query.measure == "count_distinct":
        put[f"filled{index}"] = f"count({value}) {match}"
        if sliced:
            plan.kept[index] = KeptValue(holds=f"m{index} AND {value} IS NOT NULL", name=value)
        else:
            put[f"value{index}"] = f"count(DISTINCT {value}) {match}"
    elif query.measure == "ratio" and query.field is None:
        put[f"part{index}"] = f"count(*) FILTER (g{index})"
    elif query.measure == "spread":
        _groups(plan, index, query, sliced=sliced)
    elif query.measure != "count":
        put[f"filled{index}"] = f"count({value}) {match}"
        how = length_of(query)
        if how in {"sum", "mean", "ratio"}:
            put[f"value{index}"] = f"sum({value}) {match}"
            if how == "ratio":
                put[f"part{index}"] = f"sum({value}) FILTER (g{index})"
        elif how in {"min", "max"}:
            put[f"value{index}"] = f"{how}({value}) {match}"
        elif sliced:
            plan.kept[index] = KeptValue(holds=f"m{index} AND {value} IS NOT NULL", amount=value)
        else:
            _percentile(plan, index, how)
    if query.field is not None and query.measure != "count_distinct":
        signs = plan.table.sign(query.field)
        put[f"signs{index}"] = f"list(DISTINCT {signs}) FILTER (m{index} AND {signs} IS NOT NULL)"
    if currency is not None:
        code = plan.text(currency)
        put[f"currencies{index}"] = (
            f"list(DISTINCT coalesce({code}, '')) FILTER (m{index} AND v{index} IS NOT NULL)"
        )
        if query.measure in CONVERTED and sliced and plan.settings.rates is not None:
            holds = f"m{index} AND {value} IS NOT NULL"
            plan.kept[index] = KeptValue(holds=holds, name=f"coalesce({code}, '')", amount=value)
        elif query.measure in CONVERTED and not sliced:
            plan.picks[f"sums{index}"] = (
                f"(SELECT list({{'code': code, 'amount': amount}} ORDER BY code) FROM (SELECT coalesce({code}, '') AS code, "
                f"sum({value}) AS amount FROM judged WHERE m{index} AND {value} IS NOT NULL GROUP BY {code}))"
            )


def _groups(plan: QueryPlan, index: int, query: CrmQuery, *, sliced: bool) -> None:
    group = plan.text(query.group or "")
    plan.aggregates[f"filled{index}"] = f"count({group}) FILTER (m{index})"
    if sliced:
        amount = f"v{index}" if query.aggregate == "sum" else "1"
        plan.kept[index] = KeptValue(holds=f"m{index} AND {group} IS NOT NULL", name=group, amount=amount)
        return
    each = f"sum(v{index})" if query.aggregate == "sum" else "count(*)"
    plan.picks[f"groups{index}"] = (
        f"(SELECT list({{'name': name, 'amount': amount}} ORDER BY name) FROM (SELECT {group} AS name, {each} AS amount "
        f"FROM judged WHERE m{index} AND {group} IS NOT NULL GROUP BY {group}))"
    )


def length_of(query: CrmQuery) -> str:
    """How the values become one: a duration has an aggregate, anything else is its own."""
    return query.aggregate or "mean" if query.measure == "duration" else query.measure


def is_percentile(how: str) -> bool:
    return how == "median" or PERCENTILE.fullmatch(how) is not None


def rank_of(how: str, count: int) -> Decimal:
    """The place of a median or percentile among ``count`` sorted values, from 0 on; often between two."""
    return (count - 1) * share_of(how) / 100


def share_of(how: str) -> Decimal:
    """The share of values, in percent, that ``median`` or ``p85`` means."""
    found = PERCENTILE.fullmatch(how)
    return Decimal(found[1]) if found else Decimal(50)


def _percentile(plan: QueryPlan, index: int, how: str) -> None:
    """Pick the two values that ``okrsync.measures.percentile`` interpolates between: floats stay out of it."""
    numerator, denominator = (share_of(how) / 100).as_integer_ratio()
    ordered = f"ordered{index}"
    plan.aggregates[ordered] = f"list_sort(list(v{index}) FILTER (m{index} AND v{index} IS NOT NULL))"
    below = f"((len({ordered}) - 1) * {numerator} // {denominator})"
    plan.picks[f"below{index}"] = f"{ordered}[{below} + 1]"
    plan.picks[f"above{index}"] = f"{ordered}[least(len({ordered}), {below} + 2)]"
