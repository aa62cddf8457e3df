"""Make a KPI's part of the page: its number, its healthy range and its last quarter as a line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from okrsync.config import Kpi
from okrsync.model import Unit
from okrsync.ports import Ledger
from okrsync.report.chart import Chart, Dot, levels, scale, ticks
from okrsync.report.held import held_items
from okrsync.report.key_result_card import Facts, decimal, few, last_reading
from okrsync.report.page import NO_DATA, KpiCard, TableRow
from okrsync.sync.trend import Seen
from okrsync.tables.past_values import by_day, day_of, known_readings

LOOKS_BACK: Final = timedelta(days=91)
"""A KPI has no cycle: its line shows a quarter of a year."""


def kpi_card(facts: Facts, ledger: Ledger, kpi: Kpi) -> KpiCard:
    words, outcome = facts.words, facts.outcomes.get(kpi.id)
    detail: Mapping[str, Any] = outcome.detail if outcome is not None else {}
    unit = facts.company.metrics[kpi.metric].unit
    value = decimal(detail.get("value"))
    title = kpi.title or detail.get("title") or facts.company.metric_title(kpi.metric)
    values = _values(facts, ledger, kpi, unit)
    answer = detail.get("answer", {})
    return KpiCard(
        id=kpi.id,
        title=title,
        value=words.number(value, unit) if value is not None else "",
        health=detail.get("health") or NO_DATA,
        healthy_range=words("healthy_range", range=words.goal(kpi.healthy, unit)),
        url=detail.get("url", ""),
        reading=last_reading(answer, words, facts.now),
        missing=answer.get("missing", ""),
        chart=_chart(facts, kpi, title, values) if len(values) > 1 else None,
        rows=tuple(
            TableRow(day=words.day(one.day), value=words.number(one.value, unit), expected="", progress="")
            for one in few(values, set())
        ),
        held=held_items(words, [(kpi.id, title, detail)]),
    )


def _values(facts: Facts, ledger: Ledger, kpi: Kpi, unit: Unit) -> list[Seen]:
    company = facts.company
    found = known_readings(company, ledger, kpi.metric, facts.now - LOOKS_BACK, facts.now)
    same = [one for one in by_day(found, company.zone) if one.unit == unit]
    return [Seen(day=day_of(one, company.zone), value=one.value, progress=None, reading=one) for one in same]


def _chart(facts: Facts, kpi: Kpi, title: str, values: list[Seen]) -> Chart:
    words, unit = facts.words, facts.company.metrics[kpi.metric].unit
    first, last = values[0], values[-1]
    end = max(facts.today, last.day)
    dots: tuple[Dot, ...] = tuple(((one.day - first.day).days, one.value) for one in values)
    lines = levels(kpi.healthy, unit, words)
    low, high = scale([*(value for _, value in dots), *(one.value for one in lines)], None)
    span = words("from_value", first=words.number(first.value, unit), last=words.number(last.value, unit))
    return Chart(
        days=max(1, (end - first.day).days),
        ticks=ticks(first.day, end, words),
        values=dots,
        levels=lines,
        low=low,
        high=high,
        text=words(
            "chart_of",
            title=title,
            first=words.day(first.day),
            last=words.day(last.day),
            values=span,
            goal=words("healthy_range", range=words.goal(kpi.healthy, unit)),
        ),
        last=words.short(last.value, unit),
    )
