"""Ask the sources for the records behind a key result's number. Reads only, and records nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from okrsync.config import Company
from okrsync.connector import no_value
from okrsync.errors import OkrsyncError
from okrsync.expressions import names
from okrsync.memory import Memory
from okrsync.model import Cause, NoValue, SourceRecords
from okrsync.ports import Clock
from okrsync.run_context import Ask
from okrsync.sync.connections import open_connections
from okrsync.sync.fetch import question_for


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRecords:
    """The records of one metric at a connection, or why there are none to list."""

    metric: str
    connection: str
    found: SourceRecords | NoValue


def records_behind(
    company: Company, metric: str, memory: Memory, clock: Clock, limit: int | None
) -> list[MetricRecords]:
    """The records of the metric as they are now, ``limit`` of each at most; of an expression those of every input.

    Raises ``AccessError`` if a secret cannot be read. What a source cannot say is in its place.
    """
    now = clock.now()
    connections = open_connections(company, memory, clock)
    found: list[MetricRecords] = []
    for name in _inputs(company, metric):
        one = company.metrics[name]
        context = connections[one.connection]
        connector = company.connections[one.connection].connector
        question = question_for(company, one, Ask(name, now), now)
        listed: SourceRecords | NoValue
        if isinstance(question, NoValue):
            listed = question
        elif connector.records is None:
            listed = _none(name, f"{connector.name} lists no records")
        else:
            settings = company.connections[one.connection].settings
            try:
                listed = connector.records(settings, question, limit, context)
            except OkrsyncError as error:
                listed = no_value(name, error)
        found.append(MetricRecords(metric=name, connection=one.connection, found=listed))
    return found


def _inputs(company: Company, metric: str) -> Iterator[str]:
    """The metric itself, or every metric that its expression is made of, each once."""
    seen: set[str] = set()
    rest = [metric]
    while rest:
        name = rest.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if expression := company.metrics[name].expr:
            rest += sorted(names(expression))
        else:
            yield name


def _none(metric: str, reason: str) -> NoValue:
    return NoValue(metric=metric, cause=Cause.CONFIG, reason=reason, hint="see the query")
