"""Reduce the issues that were found to one number. Pure: no requests, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync.errors import DataError
from okrsync.measures import PERCENTILE, aggregate
from okrsync.model import SECONDS_IN, Cause, Dimension, Question, Unit
from okrsync_jira.conditions import category
from okrsync_jira.fields import SECONDS, Field
from okrsync_jira.issues import NAMED, Issue, SearchResult
from okrsync_jira.queries import JiraQuery
from okrsync_jira.replay import Replayed, as_of, narrowed, seen_since
from okrsync_jira.statuses import Statuses
from okrsync_jira.values import STATUS

Facts = tuple[tuple[str, str], ...]
MOST_SAMPLES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue:
    """A number, the JQL it came from, how many issues it is based on, and facts worth showing."""

    value: Decimal
    query: str
    rows: int
    facts: Facts = ()


def count(found: SearchResult) -> MetricValue:
    return MetricValue(value=Decimal(found.count), query=found.jql, rows=found.count, facts=about(found))


def ratio(query: JiraQuery, unit: Unit, whole: SearchResult, part: SearchResult) -> MetricValue:
    """The share of ``part`` in ``whole``, as the percent figure if ``unit`` is PERCENT."""
    enough(whole.count, query.min_samples, "issues in the whole")
    if whole.count == 0:
        raise NoValueError(Cause.EMPTY, "the whole of the ratio is empty: no issue matches the JQL")
    if part.count > whole.count:
        raise NoValueError(
            Cause.UNAVAILABLE,
            f"the part ({part.count}) is larger than the whole ({whole.count}): issues changed while they were counted",
            hint="run again",
        )
    return MetricValue(
        value=share(Decimal(part.count), Decimal(whole.count), unit),
        query=f"{part.jql} / {whole.jql}",
        rows=whole.count,
        facts=(("part", str(part.count)), ("whole", str(whole.count)), *about(part)),
    )


def measured(query: JiraQuery, unit: Unit, fields: Sequence[Field], found: SearchResult) -> MetricValue:
    """An aggregate of the numbers in a field of all issues."""
    values, empty = filled_in(query, fields, found)
    numbers = numbers_of(values)
    numbers += [Decimal(0)] * (empty if query.empty_field == "zero" else 0)
    enough(len(numbers), query.min_samples, f"issues with a value in {names_of(fields)}")
    if not numbers and query.measure != "sum":
        raise NoValueError(
            Cause.EMPTY,
            f"no issue has a value in {names_of(fields)}, and there is no {query.measure} of nothing",
        )
    value = aggregate(query.measure, numbers) if numbers else Decimal(0)
    facts: list[tuple[str, str]] = [("field", names_of(fields)), ("values", str(len(numbers)))]
    facts += [("empty", f"{empty} of {found.count} ({query.empty_field})")] if empty else []
    if PERCENTILE.fullmatch(query.measure) or query.measure == "median":
        facts.append(("percentile", "linear interpolation between the closest ranks"))
    if all(field.id in SECONDS for field in fields):
        divisor = SECONDS_IN[unit.detail] if unit.dimension is Dimension.DURATION else 1
        value = value / divisor
        facts.append(("stored as", "seconds"))
    return MetricValue(value=value, query=found.jql, rows=found.count, facts=(*facts, *about(found)))


def distinct(query: JiraQuery, fields: Sequence[Field], found: SearchResult) -> MetricValue:
    """How many different values a field has; each entry of a field with several counts by itself."""
    values, empty = filled_in(query, fields, found)
    different = {name for _, _, value in values for name in _identities(value)}
    if found.count:
        enough(len(values), query.min_samples, f"issues with a value in {names_of(fields)}")
    facts = [("field", names_of(fields)), ("values", str(len(values)))]
    facts += [("empty", f"{empty} of {found.count}")] if empty else []
    return MetricValue(
        value=Decimal(len(different)), query=found.jql, rows=found.count, facts=(*facts, *about(found))
    )


def of_scope(
    question: Question,
    fields: Sequence[Field],
    wanted: Replayed,
    part: Replayed,
    found: SearchResult,
    statuses: Statuses,
) -> MetricValue:
    """Any number about the issues of a scope that were in the state asked for, at the moment asked about."""
    query: JiraQuery = question.query
    seen_since(found, question.at, past=question.past)
    then, in_part = in_scope(question, wanted, part, found, statuses)
    of_status = any(STATUS in some for one in (wanted, part) for some in (one.places or {}).values())
    torn = [issue.key for issue in found.issues if of_status and issue.torn]
    if query.measure == "ratio":
        outcome = ratio(query, question.unit, then, in_part or then)
    elif query.measure == "count":
        outcome = count(then)
    elif query.measure == "distinct":
        outcome = distinct(query, fields, then)
    else:
        outcome = measured(query, question.unit, fields, then)
    facts: list[tuple[str, str]] = [("state", str(query.state))] if query.state else []
    facts += [("state of the part", str(query.part_state))] if query.part_state else []
    facts += [("in the scope", str(found.count))] if question.past else []
    facts += [("changes do not follow from one another", ", ".join(torn[:5]))] if torn else []
    return replace(outcome, facts=(*facts, *outcome.facts))


def in_scope(
    question: Question, wanted: Replayed, part: Replayed, found: SearchResult, statuses: Statuses
) -> tuple[SearchResult, SearchResult | None]:
    """The issues that were in the scope and state asked for; and of a ratio those in its part, too."""
    query: JiraQuery = question.query
    created = question.window if query.date == "created" else None
    then = as_of(found, question.at, wanted, statuses, created)
    return then, narrowed(then, part, found, statuses) if query.measure == "ratio" else None


def share(part: Decimal, whole: Decimal, unit: Unit) -> Decimal:
    return part * 100 / whole if unit.dimension is Dimension.PERCENT else part / whole


def is_done(issue: Issue) -> bool:
    """By the category's key: names follow the language of the account, and many workflows set no resolution."""
    return category(issue) == "done"


def numbers_of(values: Sequence[tuple[Issue, Field, Any]]) -> list[Decimal]:
    """JSON numbers as they were written. Raises ``DataError`` for anything else, naming all issues that have it."""
    found = [number(value) for _, _, value in values]
    broken = [one for one, exact in zip(values, found, strict=True) if exact is None]
    if broken:
        issue, field, value = broken[0]
        # A status or a person is a mapping, and called by one of these.
        names = (
            [value.get(name) for name in ("name", "value", "displayName", "key")]
            if isinstance(value, dict)
            else []
        )
        text = str(next(filter(None, names), value))
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        others = f"; likewise {some_of([one[0].key for one in broken[1:]])} of {len(values)} issues"
        raise DataError(
            f"{field} of {issue.key} is {shown!r}, not a number{others if len(broken) > 1 else ''}",
            hint="choose a field that holds numbers",
        )
    return [exact for exact in found if exact is not None]


def number(value: Any) -> Decimal | None:
    """A JSON number as it was written, or None for anything else."""
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        exact = Decimal(repr(value))
        return exact if exact.is_finite() else None
    return None


def about(found: SearchResult) -> Facts:
    """What is worth knowing of any search."""
    sample = ", ".join(issue.key for issue in found.issues[:MOST_SAMPLES])
    sampled: Facts = (("sample", sample),) if sample else ()
    return (("pages", str(found.pages)), *sampled, *found.note)


def filled_in(
    query: JiraQuery, fields: Sequence[Field], found: SearchResult
) -> tuple[list[tuple[Issue, Field, Any]], int]:
    """The values that are filled in, and how many issues have none. Judges ``empty_field: fail`` and absent fields."""
    values, empty = [], []
    for issue in found.issues:
        filled = next((field for field in fields if not _is_empty(issue.fields.get(field.id))), None)
        if filled is None:
            empty.append(issue.key)
        else:
            values.append((issue, filled, issue.fields[filled.id]))
    if found.issues and not any(field.id in issue.fields for issue in found.issues for field in fields):
        raise NoValueError(
            Cause.DATA,
            f"not one of the {found.count} issues has the field {names_of(fields)}",
            hint="it was deleted, hidden or mistyped, or it belongs to another project",
        )
    if empty and query.empty_field == "fail":
        raise NoValueError(
            Cause.DATA,
            f"{len(empty)} of {found.count} issues have no value in {names_of(fields)}, such as {', '.join(empty[:5])}",
            hint="fill them in, or write empty_field: skip or zero",
        )
    return values, len(empty)


def _identities(value: Any) -> Iterable[str]:
    if isinstance(value, list):
        return [name for entry in value for name in _identities(entry)]
    if isinstance(value, dict):
        for key in ("accountId", "id", "key", "value", "name"):
            if value.get(key) is not None:
                return [f"{key} {value[key]}"]
    return [str(value)]


def _is_empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def names_of(fields: Iterable[Field]) -> str:
    """The fields, for a message.

    They are alternatives: the first that is filled in counts.
    """
    return " or ".join(str(field) for field in fields)


def enough(found: int, needed: int, what: str, besides: str = "") -> None:
    if found < needed:
        raise NoValueError(
            Cause.EMPTY, f"{found} {what}, at least {needed} are needed{besides}", hint="see min_samples"
        )


def some_of(keys: Sequence[str]) -> str:
    """How many issues, and the first of their keys."""
    return f"{len(keys)} ({', '.join(keys[:NAMED])}{', …' if len(keys) > NAMED else ''})"
