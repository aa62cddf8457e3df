"""Answer each question of a batch from the result of its scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.connector import NoValueError, no_value
from okrsync.measures import spread
from okrsync.model import SECONDS_IN, Answer, Cause, Dimension, Evidence, Reading
from okrsync_crm.cells.hints import CORRECT
from okrsync_crm.money import Exchange, exchanged, the_one_currency
from okrsync_crm.refusal import bad_config, bad_data
from okrsync_crm.settings import Rates
from okrsync_crm.sql.conditions import described, window_words
from okrsync_crm.sql.execution import BadCells
from okrsync_crm.sql.planned_question import PlannedQuestion, length_of, rank_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerContext:
    """What all questions about one set of files share. ``skipped`` lines were malformed and may be."""

    source: str
    files: str
    time: datetime
    zone: ZoneInfo
    dialect: str
    scanned: int
    skipped: int
    allowed: int
    currencies: Mapping[str, str]
    dated: bool
    notes: tuple[tuple[str, str], ...] = ()
    rates: Rates | None = None


def answer(
    asked: PlannedQuestion, values: Mapping[str, Any], examples: BadCells | None, setting: AnswerContext
) -> Answer:
    """The reading, or why there is none. ``examples`` names the question's unreadable rows if they are too many."""
    question = asked.question
    try:
        found = _Found(asked, values)
        _refuse_bad(found, examples, setting)
        exchange = exchanged(asked, found.get("sums"), setting.rates, setting.currencies)
        if exchange is not None:
            currency = exchange.shown
        else:
            currency = the_one_currency(
                asked, found.get("signs"), found.get("currencies"), setting.currencies
            )
        value = _value(found, exchange)
    except NoValueError as refusal:
        return no_value(question.metric, refusal)
    facts = [
        ("file", setting.files),
        ("modified", f"{setting.time.astimezone(setting.zone):%Y-%m-%d %H:%M %Z}"),
        ("dialect", setting.dialect),
        ("rows scanned", str(setting.scanned)),
    ]
    if found.empty:
        facts.append(("rows without a value", str(found.empty)))
    if bad := found.number("bad") + setting.skipped:
        facts.append(("unreadable rows left out", str(bad)))
    if currency:
        facts.append(("currency", currency))
    if exchange is not None and setting.rates is not None:
        facts.append(("rates of", f"{setting.rates.as_of:%Y-%m-%d}"))
    if asked.absent:
        facts.append(("in no row", asked.absent))
    facts += setting.notes
    if asked.until is not None:
        facts.append(
            ("rebuilt", "from the dates in today's rows; what was edited since then counts as it is now")
        )
    return Reading(
        metric=question.metric,
        value=value,
        unit=question.unit,
        as_of=min(question.at, setting.time),
        evidence=Evidence(
            source=setting.source,
            query=described_question(asked, setting.files),
            rows=found.rows,
            facts=tuple(facts),
        ),
        window=question.window,
        method=_method(asked, dated=setting.dated),
    )


def described_question(asked: PlannedQuestion, files: str) -> str:
    query = asked.query
    what = {
        "count": "count of rows",
        "count_distinct": f"number of different {query.field}",
        "ratio": f"share of {query.field or 'rows'} with {described(query.part)}",
        "duration": f"{query.aggregate or 'mean'} time from {query.start} to {query.end}",
        "spread": f"largest deviation of {f'sum of {query.field}' if query.field else 'count'} by {query.group} from the mean",
    }.get(query.measure, f"{query.measure} of {query.field}")
    limits = [described(query.where)]
    if query.date is not None:
        limits.append(window_words(query.date, asked.question.window, asked.until))
    where = ", ".join(filter(None, limits))
    return f"{what} where {where} ({files})" if where else f"{what} ({files})"


def _method(asked: PlannedQuestion, *, dated: bool) -> str:
    if not asked.question.past:
        return "observed"
    return "snapshot" if dated else "events"


class _Found:
    """The scan's values of one question, by their names without the index."""

    def __init__(self, asked: PlannedQuestion, values: Mapping[str, Any]) -> None:
        self.asked = asked
        self._values = values

    def get(self, name: str) -> Any:
        return self._values.get(f"{name}{self.asked.index}")

    def number(self, name: str) -> int:
        return int(self.get(name) or 0)

    @property
    def rows(self) -> int:
        return self.number("rows")

    @property
    def filled(self) -> int:
        """Matching rows that have a value; all of them if the measure is of rows."""
        filled = self.get("filled")
        return self.rows if filled is None else int(filled)

    @property
    def empty(self) -> int:
        return self.rows - self.filled


def _refuse_bad(found: _Found, examples: BadCells | None, setting: AnswerContext) -> None:
    bad = found.number("bad")
    if bad and bad + setting.skipped > setting.allowed:
        rows = "1 row cannot be read" if bad == 1 else f"{bad} rows cannot be read"
        raise bad_data(
            f"{rows}: {examples.shown if examples else ''}",
            hint=examples.hint if examples else CORRECT,
        )


def too_many_bad(
    asked: Sequence[PlannedQuestion], values: Mapping[str, Any], setting: AnswerContext
) -> list[PlannedQuestion]:
    """The questions whose unreadable rows must be shown."""
    bad = {one.index: int(values[f"bad{one.index}"] or 0) for one in asked}
    return [one for one in asked if bad[one.index] and bad[one.index] + setting.skipped > setting.allowed]


def _value(found: _Found, exchange: Exchange | None) -> Decimal:
    measure = found.asked.query.measure
    if measure in {"count", "count_distinct"}:
        return Decimal(found.rows if measure == "count" else found.number("value"))
    if measure == "ratio":
        return _ratio(found)
    if measure == "spread":
        return _spread(found)
    if not found.filled:
        if measure == "sum" and not found.rows:
            return Decimal(0)
        raise _nothing(found)
    how = length_of(found.asked.query)
    total = exchange.total if exchange is not None else None
    if how in {"sum", "min", "max"}:
        value = Decimal(found.get("value")) if total is None else total
    elif how == "mean":
        value = (Decimal(found.get("value")) if total is None else total) / found.filled
    else:
        value = _percentile(found, how)
    return _plain(_in_unit(found.asked, value) * found.asked.scale)


def _nothing(found: _Found) -> NoValueError:
    if not found.rows:
        return NoValueError(Cause.EMPTY, f"no row matches: {described_question(found.asked, 'the file')}")
    query = found.asked.query
    what = f"{query.start} and {query.end}" if query.measure == "duration" else query.field or query.group
    return NoValueError(Cause.EMPTY, f"{found.rows} rows match, but none has a value in {what}")


def _percentile(found: _Found, how: str) -> Decimal:
    """As ``okrsync.measures.percentile`` does, from the two values on both sides of it."""
    rank = rank_of(how, found.filled)
    below, above = Decimal(found.get("below")), Decimal(found.get("above"))
    return below + (above - below) * (rank - int(rank))


def _in_unit(asked: PlannedQuestion, value: Decimal) -> Decimal:
    """Microseconds of a duration, or a field's own unit of time, as the question's."""
    if asked.question.unit.dimension is not Dimension.DURATION:
        return value
    seconds = SECONDS_IN[asked.question.unit.detail]
    own = asked.kept_in
    if asked.query.measure == "duration":
        return value / 1_000_000 / seconds
    if own == "milliseconds":
        return value / 1000 / seconds
    return value * SECONDS_IN[own or asked.question.unit.detail] / seconds


def _ratio(found: _Found) -> Decimal:
    by_field = found.asked.query.field is not None
    whole = Decimal(found.get("value") or 0) if by_field else Decimal(found.rows)
    if by_field and not found.filled:
        raise _nothing(found)
    if whole == 0:
        reason = "no row matches" if not found.rows else f"the sum of {found.asked.query.field} is 0"
        raise NoValueError(Cause.EMPTY, f"{reason}: there is nothing to take a share of")
    return _as_share(found.asked, Decimal(found.get("part") or 0) / whole)


def _spread(found: _Found) -> Decimal:
    query = found.asked.query
    amounts = {group["name"]: group["amount"] for group in found.get("groups") or ()}
    if query.groups is not None:
        unknown = sorted(set(amounts) - set(query.groups))
        if unknown:
            raise bad_data(
                f"{query.group} has values that groups does not name: {', '.join(unknown[:10])}",
                hint="add them to groups, or leave them out in where",
            )
        amounts = {name: amounts.get(name, 0) for name in query.groups}
    elif len(amounts) == 1:
        raise bad_config(
            f"all rows are of one {query.group}: {next(iter(amounts))}",
            hint="name all groups there should be: groups: [...]",
        )
    result = spread([Decimal(amount or 0) for amount in amounts.values()])
    if result is None:
        raise _nothing(found) if not found.rows else NoValueError(Cause.EMPTY, "the groups' mean is 0")
    return _as_share(found.asked, result / 100)


def _as_share(asked: PlannedQuestion, share: Decimal) -> Decimal:
    return _plain(share * 100 if asked.question.unit.dimension is Dimension.PERCENT else share)


def _plain(value: Decimal) -> Decimal:
    """Without the zeros that a fixed number of decimals leaves behind."""
    return Decimal(f"{value.normalize():f}")
