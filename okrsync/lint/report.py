"""Run every rule that is not switched off over one company."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from okrsync.config import Company
from okrsync.lint import company_checks, key_result_checks, objective_checks
from okrsync.lint.rules import RULES, Rule
from okrsync.lint.subjects import Noticed, subjects
from okrsync.memory import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """One warning: what ``rule`` has found of ``subject``, which is an id of the YAML or empty, and where."""

    rule: Rule
    subject: str
    place: str
    text: str


def lint(
    company: Company, outcomes: Mapping[str, Outcome], now: datetime, off: Collection[str] = ()
) -> list[Warned]:
    """The warnings in the order of the file. ``outcomes`` are what the last sync found, if there was one."""
    silent = {*company.lint_off, *off}
    found = [
        Warned(rule=RULES[one.rule], subject=one.subject, place=one.place, text=one.text)
        for one in _found(company, outcomes, now)
        if one.rule not in silent
    ]
    return sorted(found, key=lambda one: _line(one.place))


def _found(company: Company, outcomes: Mapping[str, Outcome], now: datetime) -> Iterator[Noticed]:
    key_results = subjects(company)
    for objective in company.objectives:
        own = [one for one in key_results if one.objective == objective.id]
        yield from objective_checks.findings(objective, own)
    for one in key_results:
        yield from key_result_checks.findings(company, one, outcomes.get(one.id), now)
    yield from company_checks.findings(company, key_results)


def _line(place: str) -> tuple[int, ...]:
    return tuple(int(part) for part in place.rsplit(":", 2)[1:] if part.isdecimal())
