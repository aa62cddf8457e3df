"""Ask the sources for every metric and moment that is needed: each connection once, side by side."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from okrsync.codec import number
from okrsync.config import Company, Metric
from okrsync.connector import cause_of
from okrsync.errors import AccessError, ConfigError, DataError, Unavailable
from okrsync.expressions import evaluate, names, order
from okrsync.metric_digest import MEASURED_WITH, metric_digest
from okrsync.model import Answer, Cause, NoValue, Question, Reading
from okrsync.pace import WorkingDays
from okrsync.periods import whole_periods, window
from okrsync.run_context import Ask, Run
from okrsync.sync.side_by_side import read_side_by_side

_log = logging.getLogger(__name__)


def fetch(run: Run, wanted: Collection[Ask]) -> dict[Ask, Answer]:
    """Answer everything in ``wanted``, and what its expressions use.

    A connection that fails as a whole answers each of its questions with a NoValue: nothing here stops the others.
    """
    company = run.company
    needed = _with_parts(company, wanted)
    digests = {name: metric_digest(company, name) for name in {ask.metric for ask in needed}}
    answers: dict[Ask, Answer] = {}
    batches: dict[str, list[tuple[Ask, Question]]] = {}
    for ask in needed:
        metric = company.metrics[ask.metric]
        if metric.expr:
            continue
        question = question_for(company, metric, ask, run.now)
        if isinstance(question, NoValue):
            answers[ask] = question
        else:
            batches.setdefault(metric.connection, []).append((ask, question))
    reads = {
        name: partial(_read, run, name, [question for _, question in batch])
        for name, batch in batches.items()
    }
    read = read_side_by_side(reads, run.clock, "source")
    for name, batch in batches.items():
        for (ask, question), answer in zip(batch, read[name], strict=True):
            averaged = _averaged(company, company.metrics[ask.metric], question, answer)
            answers[ask] = _tagged(digests[ask.metric], averaged)
    _compute(company, needed, answers, digests)
    return answers


def _with_parts(company: Company, wanted: Iterable[Ask]) -> list[Ask]:
    found: dict[Ask, None] = {}
    rest = list(wanted)
    while rest:
        ask = rest.pop()
        if ask in found:
            continue
        found[ask] = None
        metric = company.metrics[ask.metric]
        if metric.expr:
            rest += [Ask(name, ask.at) for name in sorted(names(metric.expr))]
    return sorted(found, key=lambda ask: (ask.at, ask.metric))


def question_for(company: Company, metric: Metric, ask: Ask, now: datetime) -> Question | NoValue:
    """What a source is asked for one metric and moment; why it cannot be asked, if so."""
    span = None
    if metric.window:
        try:
            span = window(metric.window, ask.at, company.cycle)
        except ValueError as error:
            return NoValue(metric=metric.name, cause=Cause.PAST, reason=str(error))
    if metric.per and span is not None:
        try:
            span, _ = whole_periods(span, metric.per, company.cycle.calendar, _holidays(company))
        except ValueError as error:
            return NoValue(metric=metric.name, cause=Cause.EMPTY, reason=str(error))
    return Question(metric=metric.name, query=metric.query, at=ask.at, now=now, unit=metric.unit, window=span)


def _holidays(company: Company) -> frozenset[date]:
    return company.pace.holidays if isinstance(company.pace, WorkingDays) else frozenset()


def _averaged(company: Company, metric: Metric, question: Question, answer: Answer) -> Answer:
    """The mean per period, if the metric is one: the number of whole periods in the window is its divisor."""
    if not metric.per or question.window is None or not isinstance(answer, Reading):
        return answer
    _, count = whole_periods(question.window, metric.per, company.cycle.calendar, _holidays(company))
    shown = f"{number(answer.value)} ÷ {count} {metric.per}{'s' if count != 1 else ''}"
    evidence = replace(answer.evidence, facts=(*answer.evidence.facts, (f"mean per {metric.per}", shown)))
    return replace(answer, value=answer.value / count, evidence=evidence)


def _tagged(digest: str, answer: Answer) -> Answer:
    """The reading with what its metric means, so that a later meaning is seen to be another one."""
    if not isinstance(answer, Reading):
        return answer
    facts = (*answer.evidence.facts, (MEASURED_WITH, digest))
    return replace(answer, evidence=replace(answer.evidence, facts=facts))


def _read(run: Run, name: str, questions: Sequence[Question]) -> Sequence[Answer]:
    connection = run.company.connections[name]
    assert connection.connector.source is not None
    try:
        return connection.connector.source(connection.settings, run.connections[name]).read(questions)
    except (AccessError, Unavailable, DataError) as error:
        said = error.message if name in error.message else f"{name}: {error.message}"
        return [
            NoValue(metric=one.metric, cause=cause_of(error), reason=said, hint=error.hint)
            for one in questions
        ]
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - it is logged with its traceback, and ends in exit code 1
        # A bug in one connector holds its own metrics; the others are written, and the run ends with exit code 1.
        _log.exception("connection %s", name)
        said = f"{name}: a bug in the connector {connection.connector.name} ({type(error).__name__})"
        return [
            NoValue(
                metric=one.metric, cause=Cause.BUG, reason=said, hint="report it with the traceback above"
            )
            for one in questions
        ]


def _compute(
    company: Company, needed: Collection[Ask], answers: dict[Ask, Answer], digests: Mapping[str, str]
) -> None:
    expressions = {name: metric.expr for name, metric in company.metrics.items() if metric.expr}
    sequence = order(expressions, set(company.metrics) - set(expressions))
    moments: dict[str, list[Ask]] = {}
    for ask in needed:
        moments.setdefault(ask.metric, []).append(ask)
    for name in sequence:
        metric, used = company.metrics[name], names(expressions[name])
        for ask in moments.get(name, ()):
            parts = {part: answers[Ask(part, ask.at)] for part in used}
            computed = evaluate(name, metric.expr, parts, metric.unit, ask.at)
            answers[ask] = _tagged(digests[name], computed)
