"""Make a key result's part of the page from its last outcome and its values through the cycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from okrsync.cells import CHECK_INS
from okrsync.config import Company, Draft
from okrsync.forecast import NotYet
from okrsync.key_results import KeyResult, settle
from okrsync.memory import Outcome
from okrsync.model import COUNT, NoValue
from okrsync.pace import expected
from okrsync.periods import windows_of
from okrsync.progress import Goal, paced
from okrsync.render.status import efforts
from okrsync.render.trend import forecast_amounts
from okrsync.report.chart import Chart, Dot, cone, levels, pace_line, scale, ticks
from okrsync.report.held import held_items
from okrsync.report.page import NO_DATA, NOT_MEASURED, InitiativeLine, KeyResultCard, LastReading, TableRow
from okrsync.sync.trend import Seen, Trend
from okrsync.tables.assessment import goal_from
from okrsync.units import parse_unit
from okrsync.words import Words

MOST_ROWS: Final = 14
"""A chart's table has a line for each value, or for each week if there are more than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a company now, for all parts of its page. ``trends`` are by the key result's id."""

    company: Company
    words: Words
    outcomes: Mapping[str, Outcome]
    trends: Mapping[str, Trend]
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(self.company.zone).date()


def key_result_card(facts: Facts, key_result: KeyResult) -> KeyResultCard:
    """The key result as the last sync left it; if there was none, only its title and goal."""
    words, trend = facts.words, facts.trends[key_result.id]
    outcome = facts.outcomes.get(key_result.id)
    detail: Mapping[str, Any] = outcome.detail if outcome is not None else {}
    unit = parse_unit(detail["unit"]) if detail else key_result.unit
    goal = _goal(detail, trend)
    value = decimal(detail.get("value"))
    done, due = decimal(detail.get("progress")), decimal(detail.get("expected"))
    answer = detail.get("answer", {})
    blocked = detail.get("blocked") or ""
    return KeyResultCard(
        id=key_result.id,
        title=title_of(facts.company, key_result, detail),
        status=detail.get("status") or NO_DATA,
        goal=words.goal(goal, unit),
        value=words.number(value, unit) if value is not None else "",
        progress=done,
        share=words.share(done),
        limit=_limit(words, key_result, goal, done),
        expected=due if done is not None and paced_goal(goal) else None,
        expected_share=words.share(due),
        url=detail.get("url", ""),
        owner=key_result.owner or detail.get("owner", ""),
        reading=last_reading(answer, words, facts.now),
        missing=answer.get("missing") or blocked,
        last_known=_last_known(words, key_result, trend) if value is None else "",
        forecast=_forecast(facts, key_result, trend),
        outlook=words(str(trend.outlook)) if trend.outlook is not None else "",
        budget=_budget(words, key_result, trend),
        left_out=words.count("left_out", trend.left_out) if trend.left_out else "",
        chart=_chart(facts, key_result, trend),
        rows=_rows(facts, key_result, trend),
        held=held_items(words, [(key_result.id, title_of(facts.company, key_result, detail), detail)]),
        initiatives=tuple(initiative_line(words, one) for one in efforts(key_result.id, facts.outcomes)),
    )


def draft_card(facts: Facts, draft: Draft) -> KeyResultCard:
    """A key result whose metric is still to be written."""
    known = draft.key_result
    goal = settle(known, None, None, None) if known is not None else None
    settled = goal if known is not None and not isinstance(goal, NoValue) else None
    return KeyResultCard(
        id=draft.id,
        title=draft.title or draft.id,
        status=NOT_MEASURED,
        goal=facts.words.goal(settled, known.unit) if known is not None else "",
        value="",
        owner=draft.owner,
    )


def _limit(words: Words, key_result: KeyResult, goal: Goal | None, done: Decimal | None) -> str:
    """A limit holds or does not: a share of the way to it would say nothing."""
    if goal is None or done is None or paced_goal(goal) or key_result.judging is not None:
        return ""
    return words("limit_holds" if done >= 1 else "limit_missed")


def title_of(company: Company, key_result: KeyResult, detail: Mapping[str, Any]) -> str:
    return str(key_result.title or detail.get("title") or company.metric_title(key_result.metric))


def paced_goal(goal: Goal | None) -> bool:
    return goal is not None and paced(goal)


def decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


def last_reading(answer: Mapping[str, Any], words: Words, now: datetime) -> LastReading | None:
    """Where the number came from; None if there is none."""
    if "as_of" not in answer:
        return None
    at = datetime.fromisoformat(answer["as_of"])
    rows = answer["rows"]
    return LastReading(
        source=", ".join(dict.fromkeys(_sources(answer))),
        query=answer["query"],
        moment=words.moment(at),
        ago=words.ago(at, now),
        records=words.count("records", rows) if rows is not None else "",
    )


def _sources(answer: Mapping[str, Any]) -> Iterator[str]:
    """Where a number was read: a computed one where its parts were."""
    for part in answer["inputs"]:
        yield from _sources(part)
    if not answer["inputs"]:
        yield answer["source"]


def _goal(detail: Mapping[str, Any], trend: Trend) -> Goal | None:
    said = detail.get("goal")
    return goal_from(said) if said is not None else trend.goal


def _last_known(words: Words, key_result: KeyResult, trend: Trend) -> str:
    if not trend.values:
        return ""
    last = trend.values[-1]
    return words("last_known", value=words.number(last.value, key_result.unit), day=words.day(last.day))


def _forecast(facts: Facts, key_result: KeyResult, trend: Trend) -> str:
    words, found = facts.words, trend.forecast
    if isinstance(found, NotYet):
        said = words.reason(found.reason)
        reason = f": {said.text}" if said.language == words.language else ""
        return f"{words('no_forecast')}{reason}" if trend.values else ""
    value, low, high = forecast_amounts(facts.company, key_result, found)
    if value == low == high:
        return words("forecast_flat", day=words.day(facts.company.cycle.end), value=value)
    return words("forecast_by", day=words.day(facts.company.cycle.end), value=value, low=low, high=high)


def _budget(words: Words, key_result: KeyResult, trend: Trend) -> str:
    budget = trend.budget
    if budget is None or key_result.judging is None:
        return ""
    held = words.number(Decimal(budget.held), COUNT)
    text = words.count(f"budget_{key_result.judging.every}", budget.judged, held=held)
    if budget.left is None:
        return text
    name = "misses_left" if budget.left >= 0 else "misses_over"
    return f"{text}, {words.count(name, abs(budget.left))}"


def initiative_line(words: Words, detail: Mapping[str, Any]) -> InitiativeLine:
    done = decimal(detail["progress"])
    return InitiativeLine(title=detail["title"], progress=done, share=words.share(done))


# ---- Chart and table ----------------------------------------------------------------------------------------------


def _check_in_days(company: Company, values: Sequence[Seen]) -> set[date]:
    """The days whose values went into the check-ins of complete periods: the last one of each period."""
    if CHECK_INS not in company.tables or not values:
        return set()
    found = set()
    for one in windows_of(company.check_in_every, company.cycle, company.cycle.closes):
        first, after = (at.astimezone(company.zone).date() for at in (one.start, one.end))
        inside = [seen.day for seen in values if first <= seen.day < after]
        if inside:
            found.add(inside[-1])
    return found


def _chart(facts: Facts, key_result: KeyResult, trend: Trend) -> Chart | None:
    company, words = facts.company, facts.words
    cycle, unit = company.cycle, key_result.unit
    if not trend.values:
        return None
    dots: tuple[Dot, ...] = tuple(((one.day - cycle.start).days, one.value) for one in trend.values)
    lines, pace = levels(trend.goal, unit, words), pace_line(trend.goal, cycle, company.pace)
    ahead = cone(dots, trend.forecast, cycle.start, cycle.end)
    low, high = scale([*(value for _, value in dots), *(one.value for one in lines)], ahead)
    marked = _check_in_days(company, trend.values)
    first, last = trend.values[0], trend.values[-1]
    said = words.number(last.value, unit)
    if len(dots) > 1:
        said = words("from_value", first=words.number(first.value, unit), last=said)
    return Chart(
        days=(cycle.end - cycle.start).days,
        ticks=ticks(cycle.start, cycle.end, words),
        values=dots,
        levels=lines,
        low=low,
        high=high,
        text=words(
            "chart_of",
            title=key_result.title or key_result.id,
            first=words.day(first.day),
            last=words.day(last.day),
            values=said,
            goal=f"{words('goal')}: {words.goal(trend.goal, unit)}",
        ),
        last=words.short(last.value, unit),
        pace=pace,
        check_ins=tuple(dot for dot, one in zip(dots, trend.values, strict=True) if one.day in marked),
        cone=ahead,
        today=(facts.today - cycle.start).days if cycle.start <= facts.today <= cycle.end else None,
    )


def _rows(facts: Facts, key_result: KeyResult, trend: Trend) -> tuple[TableRow, ...]:
    company, words = facts.company, facts.words
    marked = _check_in_days(company, trend.values)
    return tuple(
        TableRow(
            day=words.day(one.day),
            value=words.number(one.value, key_result.unit),
            expected=words.share(expected(company.cycle, one.day, company.pace))
            if paced_goal(trend.goal)
            else "",
            progress=words.share(one.progress) if one.progress is not None else "",
            check_in=one.day in marked,
        )
        for one in few(trend.values, marked)
    )


def few(values: Sequence[Seen], marked: set[date]) -> list[Seen]:
    """All values, or if there are many the last one of each week, the check-ins' and the last."""
    if len(values) <= MOST_ROWS:
        return list(values)
    weeks = {one.day - timedelta(days=one.day.weekday()): one.day for one in values}
    kept = set(weeks.values()) | marked
    return [one for one in values if one.day in kept]
