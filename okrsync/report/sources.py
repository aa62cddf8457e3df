"""Say of each connection how fresh its numbers are, by the answers that the last sync got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from okrsync.expressions import names
from okrsync.report.key_result_card import Facts
from okrsync.report.page import SourceLine


def source_lines(facts: Facts) -> tuple[SourceLine, ...]:
    """A line for each connection that a metric of the page is read from."""
    moments: dict[str, dict[str, datetime]] = {}
    problems: dict[str, dict[str, str]] = {}
    for answer in _answers(facts):
        for metric, part in _parts(facts, answer):
            connection = facts.company.metrics[metric].connection
            if "missing" in part:
                problems.setdefault(connection, {})[metric] = part["missing"]
            else:
                moments.setdefault(connection, {})[metric] = datetime.fromisoformat(part["as_of"])
    used = [name for name in facts.company.connections if name in moments or name in problems]
    return tuple(_line(facts, one, moments.get(one, {}), problems.get(one, {})) for one in used)


def _answers(facts: Facts) -> Iterator[Mapping[str, Any]]:
    for one in facts.outcomes.values():
        if "answer" in one.detail:
            yield one.detail["answer"]


def _parts(facts: Facts, answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The answers of connections behind an answer: of a computed one, those it was computed from."""
    metrics, metric = facts.company.metrics, answer["metric"]
    if metric not in metrics:
        return
    if not metrics[metric].expr:
        yield metric, answer
    elif "missing" in answer:
        # If it is made of one connection's numbers, that one did not give them; of several, nobody knows which.
        behind = list(_metrics_behind(facts, metric))
        if len({metrics[one].connection for one in behind}) == 1:
            yield behind[0], answer
    for part in answer.get("inputs", ()):
        yield from _parts(facts, part)


def _metrics_behind(facts: Facts, metric: str) -> Iterator[str]:
    """The metrics of connections that a metric is made of."""
    one = facts.company.metrics[metric]
    if not one.expr:
        yield metric
    else:
        for part in sorted(names(one.expr)):
            yield from _metrics_behind(facts, part)


def _line(
    facts: Facts, name: str, moments: Mapping[str, datetime], problems: Mapping[str, str]
) -> SourceLine:
    words = facts.words
    newest, oldest = max(moments.values(), default=None), min(moments.values(), default=None)
    return SourceLine(
        name=name,
        kind=facts.company.connections[name].connector.name,
        read=len(moments),
        not_read=len(problems),
        newest=words.moment(newest) if newest is not None else "",
        newest_ago=words.ago(newest, facts.now) if newest is not None else "",
        oldest_ago=words.ago(oldest, facts.now) if oldest is not None else "",
        problems=tuple(dict.fromkeys(problems.values())),
    )
