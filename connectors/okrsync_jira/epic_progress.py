"""Compute how much of the work below epics and initiatives is done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from okrsync.connector import NoValueError
from okrsync.model import Cause, Question
from okrsync_jira.fields import Field
from okrsync_jira.hierarchy import Links
from okrsync_jira.issues import Issue, SearchResult
from okrsync_jira.names import Names, UnknownNameError, names_in
from okrsync_jira.queries import JiraQuery
from okrsync_jira.reducers import (
    MetricValue,
    about,
    enough,
    filled_in,
    is_done,
    names_of,
    numbers_of,
    share,
)
from okrsync_jira.replay import Replayed, as_of, there_at
from okrsync_jira.statuses import Statuses
from okrsync_jira.values import PARENT, RESOLUTION, STATUS, value_at, words

_NONE_GONE: Final = Statuses(names={}, categories={}, mapped={})


@dataclass(frozen=True, slots=True)
class Tree:
    """Which issue was below which at ``at``; ``above`` are the epics and the like, by key and by id."""

    roots: frozenset[str]
    links: Links
    found: SearchResult
    statuses: Statuses
    at: datetime
    above: Mapping[str, Issue]

    def members(self) -> set[str]:
        """The ids of the work that existed and was below a root. What has left since then cannot be seen."""
        return {issue.id for issue in there_at(self.found.issues, self.at) if self.branch(issue) is not None}

    def branch(self, issue: Issue) -> str | None:
        """The key of the direct child of a root that the issue was below (or is), else None."""
        seen: set[str] = set()
        here: Issue | None = issue
        while here is not None and here.id not in seen:
            seen.add(here.id)
            ties = {
                word
                for field in self.links.fields
                for word in words(value_at(here, field, self.at, self.statuses))
            }
            if ties & self.roots:
                return here.key
            here = next((self.above[word] for word in sorted(ties) if word in self.above), None)
        return None


def done_share(
    question: Question,
    fields: Sequence[Field],
    links: Links,
    found: SearchResult,
    statuses: Statuses = _NONE_GONE,
) -> MetricValue:
    """The share of issues (or of the sum of a field) whose status is in the category Done.

    Frozen: of the issues that were below the parents when the window began, with their weights of then.
    """
    query: JiraQuery = question.query
    names = names_in(found, statuses)
    moment = question.window.start if query.frozen and question.window else question.at
    above = {word: one for one in found.above for word in (one.key.casefold(), one.id)}
    replayed = question.past or query.frozen
    roots = _roots(query.parent, links, names, found)
    tree = Tree(roots, links, found, statuses, moment, above)
    wound = Replayed((STATUS, RESOLUTION, *fields))
    then = as_of(found, question.at, wound, statuses) if replayed else found
    members = tree.members() if replayed else {issue.id for issue in found.issues}
    inside = [issue for issue in then.issues if issue.id in members]
    excluded = query.done_excludes.resolution if query.done_excludes else ()
    left_out = names.resolved((RESOLUTION,), excluded)
    children = [issue for issue in inside if left_out.isdisjoint(words(issue.fields.get(RESOLUTION.id)))]
    parents = ", ".join(query.parent)
    if not children:
        raise NoValueError(
            Cause.PAST if question.past else Cause.EMPTY,
            f"{parents} has no children that count{f' as of {moment:%Y-%m-%d}' if replayed else ''}",
            hint="a share of nothing is not 0 %",
        )
    enough(len(children), query.min_samples, f"children of {parents}")
    counted = {issue.id for issue in children}
    weighed = as_of(found, moment, wound, statuses).issues if query.frozen else children
    weights, empty = _weights(query, fields, [issue for issue in weighed if issue.id in counted], found)
    done = {issue.id for issue in children if is_done(issue)}
    facts: list[tuple[str, str]] = [("done", str(len(done))), ("children", str(len(children)))]
    if query.frozen:
        began = moment.isoformat(sep=" ", timespec="minutes")
        later = len(then.issues) - len(inside)
        facts.append(("frozen", f"children of {began}; {later} came later and do not count"))
    facts += [("field", names_of(fields))] if fields else []
    facts += [("empty", f"{empty} of {len(children)} ({query.empty_field})")] if empty else []
    if cancelled := len(inside) - len(children):
        facts.append(("left out", f"{cancelled} with resolution {', '.join(sorted(excluded))}"))
    if query.by == "children_mean":
        value, parts = _mean_of_branches(question, tree, children, weights, done)
        facts += parts
    else:
        value = _share(weights, done, question, parents, fields)
    return MetricValue(value=value, query=found.jql, rows=len(children), facts=(*facts, *about(found)))


def _roots(parents: Sequence[str], links: Links, names: Names, found: SearchResult) -> frozenset[str]:
    """Everything that the parents are called by: a change may name them by their id alone, or by an earlier key."""
    known = {
        key: [ids for field in links.fields if (ids := names.index(field).ids(key)) is not None]
        for key in parents
    }
    if found.issues and (unknown := [key for key, ids in known.items() if not ids]):
        raise UnknownNameError(names.index(PARENT), PARENT, unknown)
    return frozenset(word for key, some in known.items() for word in {key.casefold()}.union(*some))


def _weights(
    query: JiraQuery, fields: Sequence[Field], children: Sequence[Issue], found: SearchResult
) -> tuple[Mapping[str, Decimal], int]:
    if not fields:
        return {issue.id: Decimal(1) for issue in children}, 0
    counted = SearchResult(jql=found.jql, count=len(children), issues=tuple(children))
    values, empty = filled_in(query, fields, counted)
    weights = dict(zip((issue.id for issue, _, _ in values), numbers_of(values), strict=True))
    return {issue.id: weights.get(issue.id, Decimal(0)) for issue in children}, empty


def _share(
    weights: Mapping[str, Decimal],
    done: set[str],
    question: Question,
    parents: str,
    fields: Sequence[Field],
) -> Decimal:
    total = sum(weights.values(), Decimal(0))
    if total == 0:
        raise NoValueError(
            Cause.EMPTY, f"the children of {parents} have no {names_of(fields)}, so there is no share of them"
        )
    part = sum((weight for one, weight in weights.items() if one in done), Decimal(0))
    return share(part, total, question.unit)


def _mean_of_branches(
    question: Question,
    tree: Tree,
    children: Sequence[Issue],
    weights: Mapping[str, Decimal],
    done: set[str],
) -> tuple[Decimal, list[tuple[str, str]]]:
    """The mean of the shares of each direct child, however large it is; one without any work has no share."""
    query: JiraQuery = question.query
    whole = {issue.id: issue for issue in tree.found.issues}
    branches: dict[str, dict[str, Decimal]] = {}
    for issue in children:
        if (branch := tree.branch(whole[issue.id])) is not None:
            branches.setdefault(branch, {})[issue.id] = weights[issue.id]
    parts = [
        sum((weight for one, weight in inside.items() if one in done), Decimal(0)) / total
        for inside in branches.values()
        if (total := sum(inside.values(), Decimal(0)))
    ]
    if not parts:
        raise NoValueError(Cause.EMPTY, f"no child of {', '.join(query.parent)} has any work that counts")
    facts = [("children with work", f"{len(parts)} of {len(branches)}")]
    return share(sum(parts, Decimal(0)), Decimal(len(parts)), question.unit), facts
