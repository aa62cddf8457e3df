"""Ask the sources for every metric and moment that is needed: each connection once, side by side."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from okrsync.codec import number
from okrsync.config import Company, Connection, Metric
from okrsync.connector import cause_of
from okrsync.errors import AccessError, ConfigError, DataError, Unavailable
from okrsync.expressions import evaluate, names, order
from okrsync.metric_digest import MEASURED_WITH, metric_digest
from okrsync.model import Answer, Cause, NoValue, Question, Reading
from okrsync.pace import WorkingDays
from okrsync.periods import whole_periods, window
from okrsync.ports import Source
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
    asked = {name: [question for _, question in batch] for name, batch in batches.items()}
    read = read_side_by_side(_reads(run, asked), run.clock, "source")
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


def _reads(
    run: Run, asked: Mapping[str, Sequence[Question]]
) -> Iterator[tuple[str, Callable[[], Sequence[Answer]]]]:
    """One read for each connection, its source opened in the calling thread.

    Opening loads the vendor's library. Threads that load side by side take the interpreter from each other 9,000 times
    in one sync, which costs a twentieth of it.
    """
    for name, questions in asked.items():
        connection = run.company.connections[name]
        assert connection.connector.source is not None
        try:
            source = connection.connector.source(connection.settings, run.connections[name])
        except Exception as error:  # noqa: BLE001 - `_unanswered` says which
            yield name, partial(_unanswered, connection, questions, error)
        else:
            yield name, partial(_read, source, connection, questions)


def _read(source: Source, connection: Connection, questions: Sequence[Question]) -> Sequence[Answer]:
    try:
        return source.read(questions)
    except Exception as error:  # noqa: BLE001 - `_unanswered` says which
        return _unanswered(connection, questions, error)


def _unanswered(connection: Connection, questions: Sequence[Question], error: Exception) -> list[Answer]:
    """What the failure of a connection as a whole answers to each of its questions. Raises a ``ConfigError`` again."""
    name = connection.name
    match error:
        case AccessError() | Unavailable() | DataError():
            cause, hint = cause_of(error), error.hint
            said = error.message if name in error.message else f"{name}: {error.message}"
        case ConfigError():
            raise error
        case _:
            # A bug in one connector holds its own metrics; the others are written, and the run ends with exit code 1.
            _log.error("connection %s", name, exc_info=error)
            cause, hint = Cause.BUG, "report it with the traceback above"
            said = f"{name}: a bug in the connector {connection.connector.name} ({type(error).__name__})"
    return [NoValue(metric=one.metric, cause=cause, reason=said, hint=hint) for one in questions]


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
