"""One number out of the issues that were found. Pure: no requests, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from okrsync.errors import DataError
from okrsync.measures import PERCENTILE, aggregate
from okrsync.model import SECONDS_IN, Cause, Dimension, Unit
from okrsync_jira.errors import NoValue
from okrsync_jira.fields import SECONDS, Field
from okrsync_jira.found import Found, Issue
from okrsync_jira.settings import JiraQuery

Facts = tuple[tuple[str, str], ...]
MOST_SAMPLES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A number, the JQL it came from, how many issues it stands on, and facts worth showing."""

    value: Decimal
    query: str
    rows: int
    facts: Facts = ()


def count(found: Found) -> Outcome:
    return Outcome(value=Decimal(found.count), query=found.jql, rows=found.count, facts=about(found))


def ratio(query: JiraQuery, unit: Unit, whole: Found, part: Found) -> Outcome:
    """The share of ``part`` in ``whole``, as the percent figure where ``unit`` is PERCENT."""
    _enough(whole.count, query.min_samples, "issues in the whole")
    if whole.count == 0:
        raise NoValue("the whole of the ratio is empty: no issue matches the JQL")
    if part.count > whole.count:
        raise NoValue(
            f"the part ({part.count}) is larger than the whole ({whole.count}): issues changed while they were counted",
            cause=Cause.UNAVAILABLE,
            hint="run again",
        )
    return Outcome(
        value=share(Decimal(part.count), Decimal(whole.count), unit),
        query=f"{part.jql} / {whole.jql}",
        rows=whole.count,
        facts=(("part", str(part.count)), ("whole", str(whole.count)), *about(part)),
    )


def measured(query: JiraQuery, unit: Unit, fields: Sequence[Field], found: Found) -> Outcome:
    """An aggregate of the numbers in a field of all issues."""
    values, empty = _values(query, fields, found)
    numbers = [number(value, field, issue) for issue, field, value in values]
    numbers += [Decimal(0)] * (empty if query.empty_field == "zero" else 0)
    _enough(len(numbers), query.min_samples, f"issues with a value in {_names(fields)}")
    if not numbers and query.measure != "sum":
        raise NoValue(f"no issue has a value in {_names(fields)}, and there is no {query.measure} of nothing")
    value = aggregate(query.measure, numbers) if numbers else Decimal(0)
    facts: list[tuple[str, str]] = [("field", _names(fields)), ("values", str(len(numbers)))]
    facts += [("empty", f"{empty} of {found.count} ({query.empty_field})")] if empty else []
    if PERCENTILE.fullmatch(query.measure) or query.measure == "median":
        facts.append(("percentile", "linear interpolation between the closest ranks"))
    if all(field.id in SECONDS for field in fields):
        divisor = SECONDS_IN[unit.detail] if unit.dimension is Dimension.DURATION else 1
        value = value / divisor
        facts.append(("stored as", "seconds"))
    return Outcome(value=value, query=found.jql, rows=found.count, facts=(*facts, *about(found)))


def distinct(query: JiraQuery, fields: Sequence[Field], found: Found) -> Outcome:
    """How many different values a field has; each entry of a field with several counts by itself."""
    values, empty = _values(query, fields, found)
    different = {name for _, _, value in values for name in _identities(value)}
    if found.count:
        _enough(len(values), query.min_samples, f"issues with a value in {_names(fields)}")
    facts = [("field", _names(fields)), ("values", str(len(values)))]
    facts += [("empty", f"{empty} of {found.count}")] if empty else []
    return Outcome(
        value=Decimal(len(different)), query=found.jql, rows=found.count, facts=(*facts, *about(found))
    )


def done_share(query: JiraQuery, unit: Unit, fields: Sequence[Field], found: Found) -> Outcome:
    """The share of issues (or of the sum of a field) whose status is in the category Done."""
    left_out = frozenset(query.done_excludes.resolution if query.done_excludes else ())
    children = [issue for issue in found.issues if _resolution(issue) not in left_out]
    excluded = len(found.issues) - len(children)
    parents = ", ".join(query.parent)
    if not children:
        raise NoValue(f"{parents} has no children that count", hint="a share of nothing is not 0 %")
    _enough(len(children), query.min_samples, f"children of {parents}")
    weights, empty = _weights(query, fields, children, found)
    total = sum(weights.values(), Decimal(0))
    if total == 0:
        raise NoValue(f"the children of {parents} have no {_names(fields)}, so there is no share of them")
    done = [issue for issue in children if is_done(issue)]
    facts: list[tuple[str, str]] = [("done", str(len(done))), ("children", str(len(children)))]
    facts += [("field", _names(fields))] if fields else []
    facts += [("empty", f"{empty} of {len(children)} ({query.empty_field})")] if empty else []
    facts += [("left out", f"{excluded} with resolution {', '.join(sorted(left_out))}")] if excluded else []
    return Outcome(
        value=share(sum((weights[issue.id] for issue in done), Decimal(0)), total, unit),
        query=found.jql,
        rows=len(children),
        facts=(*facts, *about(found)),
    )


def share(part: Decimal, whole: Decimal, unit: Unit) -> Decimal:
    return part * 100 / whole if unit.dimension is Dimension.PERCENT else part / whole


def is_done(issue: Issue) -> bool:
    """By the category's key: names follow the language of the account, and many workflows set no resolution."""
    category = (issue.fields.get("status") or {}).get("statusCategory") or {}
    if not category.get("key"):
        raise DataError(f"{issue.key} came without its status category", hint="may the account see statuses?")
    return bool(category["key"] == "done")


def number(value: Any, field: Field, issue: Issue) -> Decimal:
    """A JSON number as it was written. Raises ``DataError`` for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        exact = Decimal(repr(value))
        if exact.is_finite():
            return exact
    shown = str(value) if len(str(value)) <= 40 else f"{str(value)[:40]}…"
    raise DataError(
        f"{field} of {issue.key} is {shown!r}, not a number", hint="choose a field that holds numbers"
    )


def about(found: Found) -> Facts:
    """What is worth knowing of any search."""
    sample = ", ".join(issue.key for issue in found.issues[:MOST_SAMPLES])
    sampled: Facts = (("sample", sample),) if sample else ()
    return (("pages", str(found.pages)), *sampled, *found.note)


def _values(
    query: JiraQuery, fields: Sequence[Field], found: Found
) -> tuple[list[tuple[Issue, Field, Any]], int]:
    """The filled-in values, and how many issues have none. Judges ``empty_field: fail`` and absent fields."""
    values, empty = [], []
    for issue in found.issues:
        filled = next((field for field in fields if not _is_empty(issue.fields.get(field.id))), None)
        if filled is None:
            empty.append(issue.key)
        else:
            values.append((issue, filled, issue.fields[filled.id]))
    if found.issues and not any(field.id in issue.fields for issue in found.issues for field in fields):
        raise NoValue(
            f"not one of the {found.count} issues has the field {_names(fields)}",
            cause=Cause.DATA,
            hint="it was deleted, hidden or mistyped, or it belongs to another project",
        )
    if empty and query.empty_field == "fail":
        raise NoValue(
            f"{len(empty)} of {found.count} issues have no value in {_names(fields)}, such as {', '.join(empty[:5])}",
            cause=Cause.DATA,
            hint="fill them in, or write empty_field: skip or zero",
        )
    return values, len(empty)


def _weights(
    query: JiraQuery, fields: Sequence[Field], children: Sequence[Issue], found: Found
) -> tuple[Mapping[str, Decimal], int]:
    if not fields:
        return {issue.id: Decimal(1) for issue in children}, 0
    counted = Found(jql=found.jql, count=len(children), issues=tuple(children))
    values, empty = _values(query, fields, counted)
    weights = {issue.id: number(value, field, issue) for issue, field, value in values}
    return {issue.id: weights.get(issue.id, Decimal(0)) for issue in children}, empty


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


def _resolution(issue: Issue) -> str | None:
    name: str | None = (issue.fields.get("resolution") or {}).get("name")
    return name


def _names(fields: Sequence[Field]) -> str:
    return " or ".join(str(field) for field in fields)


def _enough(found: int, needed: int, what: str) -> None:
    if found < needed:
        raise NoValue(f"{found} {what}, at least {needed} are needed", hint="see min_samples")
