"""Check one key result: its words, its numbers, and what the last sync found of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from okrsync.config import Company
from okrsync.key_results import Aimed, Form
from okrsync.lint import language
from okrsync.lint.subjects import Noticed, Subject
from okrsync.memory import Outcome
from okrsync.pace import Linear, expected
from okrsync.units import show

_THRESHOLDS: Final = {Form.AT_LEAST, Form.AT_MOST, Form.WITHIN}
_QUARTER: Final = re.compile(
    r"\bQ([1-4])\b|\b([1-4])\.? (?:quarter|квартал|Quartal)|\bв ([1-4])-м квартале", re.IGNORECASE
)
_YEAR: Final = re.compile(r"(?<![\d.,])(20[2-4]\d)(?![\d.,]*\d)(?! (?:users|customers|leads))")
EARLY: Final = Decimal("0.5")


def findings(company: Company, one: Subject, outcome: Outcome | None, now: datetime) -> Iterator[Noticed]:
    yield from _of_words(one)
    if one.known is not None:
        yield from _of_numbers(company, one, one.known.aimed)
    yield from _of_period(company, one)
    if one.known is not None and outcome is not None:
        yield from _of_last_sync(company, one, outcome, now)


def _of_words(one: Subject) -> Iterator[Noticed]:
    form = one.known.aimed.form if one.known is not None else None
    if one.known is None and not one.in_row and not language.has_number(one.title):
        yield one.found("no-number", f"{one.title or one.id!r} has no number to reach")
    if form is Form.YES_NO:
        yield one.found("task", f"{one.title or one.id!r} is done or not done: that is a piece of work")
    elif language.is_work(one.title) and not _counts_parts(one) and not language.has_number(one.title):
        yield one.found("task", f"{one.title!r} names work, not what it brings about")
    held = one.known is not None and one.known.judging is not None
    if language.keeps_a_level(one.title) or (
        form in _THRESHOLDS and (held or language.is_availability(one.title))
    ):
        yield one.found("kpi-as-key-result", f"{one.title or one.id!r} only has to stay where it is")


def _counts_parts(one: Subject) -> bool:
    """Whether the goal itself counts what is produced, such as 12 articles."""
    if one.known is None:
        return False
    aimed = one.known.aimed
    reached = aimed.form is Form.FROM_TO and aimed.start == 0
    return (reached or aimed.form is Form.MILESTONES) and (aimed.target or 0) > 1


def _of_numbers(company: Company, one: Subject, aimed: Aimed) -> Iterator[Noticed]:
    if aimed.change == 0 or (
        aimed.form is Form.FROM_TO and aimed.target is not None and aimed.start == aimed.target
    ):
        yield one.found("baseline-equals-target", "its target is its baseline")
    wanted = language.direction_of(one.title)
    if aimed.form is Form.FROM_TO and aimed.start is not None and aimed.target is not None and wanted:
        rises = 1 if aimed.target > aimed.start else -1
        if rises != wanted and aimed.target != aimed.start:
            assert one.known is not None
            low, high = (show(value, one.known.unit, company.locale) for value in (aimed.start, aimed.target))
            more = "more" if wanted > 0 else "less"
            yield one.found(
                "direction", f"{one.title!r} asks for {more}, and its numbers go from {low} to {high}"
            )
    if aimed.change is not None and wanted and aimed.change * wanted < 0:
        more = "more" if wanted > 0 else "less"
        yield one.found("direction", f"{one.title!r} asks for {more}, and its change is the other way")


def _of_period(company: Company, one: Subject) -> Iterator[Noticed]:
    """The quarter or year that the title names must be in the cycle."""
    cycle = company.cycle
    for found in _QUARTER.finditer(one.title):
        number = next(int(group) for group in found.groups() if group)
        if number not in _quarters(cycle.start, cycle.end, cycle.year_starts):
            yield one.found("period", f"{one.title!r} names {found[0]}, and the cycle is {cycle.name}")
    for found in _YEAR.finditer(one.title):
        if not cycle.start.year <= int(found[1]) <= cycle.end.year + 1:
            yield one.found("period", f"{one.title!r} names {found[1]}, and the cycle is {cycle.name}")
    metric = company.metrics.get(one.metric)
    days = (cycle.end - cycle.start).days + 1
    span = re.fullmatch(r"last (\d+)d", metric.window) if metric is not None else None
    if span is not None and int(span[1]) > days:
        yield one.found("period", f"its metric covers {span[1]} days, and the cycle has {days}")


def _quarters(start: date, end: date, year_starts: int) -> set[int]:
    months = range(start.year * 12 + start.month, end.year * 12 + end.month + 1)
    return {(month - year_starts) % 12 // 3 + 1 for month in months}


def _of_last_sync(company: Company, one: Subject, outcome: Outcome, now: datetime) -> Iterator[Noticed]:
    assert one.known is not None
    if one.known.aimed.form in {*_THRESHOLDS, Form.BASELINE, Form.YES_NO}:
        return
    said = outcome.detail.get("progress")
    elapsed = expected(company.cycle, now.astimezone(company.zone).date(), Linear())
    if said is not None and Decimal(said) >= 1 and elapsed < EARLY:
        yield one.found("target-already-met", "the last sync found its target met")
