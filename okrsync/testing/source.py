"""Test the contract of sources: subclass ``SourceContract`` and fill in one fixture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest

from okrsync.connector import NoValueError
from okrsync.errors import AccessError, Unavailable
from okrsync.model import NoValue, Question, Reading, SourceRecords
from okrsync.ports import Source


@dataclass(frozen=True, kw_only=True)
class SourceCase:
    """What the suite needs to know of one source and the world it reads.

    ``good`` are questions with the value each must have; ``nothing`` has no data and must be a ``NoValue``; ``broken`` asks
    for something that is not there. ``denied`` and ``down`` are sources in front of a wrong credential and of a server
    that does not answer; None if the kind of source knows no such thing. ``records`` lists the records behind a number,
    if the connector does.
    """

    source: Source
    good: Sequence[tuple[Question, Decimal]]
    nothing: Question
    broken: Question
    denied: Source | None = None
    down: Source | None = None
    records: Callable[[Question, int | None], SourceRecords] | None = None


class SourceContract:
    """Subclass it, name it ``Test...``, and give it a fixture ``case`` that returns a ``SourceCase``."""

    def test_values_are_right_and_in_order(self, case: SourceCase) -> None:
        answers = case.source.read([question for question, _ in case.good])
        for (question, value), answer in zip(case.good, answers, strict=True):
            assert isinstance(answer, Reading), answer
            assert answer.metric == question.metric
            assert isinstance(answer.value, Decimal)
            assert answer.value == value, question.metric
            assert answer.unit == question.unit
            assert answer.as_of.tzinfo is not None
            assert answer.as_of <= question.now
            assert answer.evidence.query

    def test_nobody_answers_for_another(self, case: SourceCase) -> None:
        first, value = case.good[0]
        answers = case.source.read([case.broken, first, case.nothing])
        assert [answer.metric for answer in answers] == [
            case.broken.metric,
            first.metric,
            case.nothing.metric,
        ]
        assert isinstance(answers[0], NoValue)
        assert isinstance(answers[1], Reading)
        assert answers[1].value == value

    def test_no_data_is_not_zero(self, case: SourceCase) -> None:
        (answer,) = case.source.read([case.nothing])
        assert isinstance(answer, NoValue)
        assert answer.reason

    def test_what_is_not_there_is_missing_with_a_reason(self, case: SourceCase) -> None:
        (answer,) = case.source.read([case.broken])
        assert isinstance(answer, NoValue)
        assert answer.reason

    def test_reading_twice_gives_the_same(self, case: SourceCase) -> None:
        questions = [question for question, _ in case.good]
        assert case.source.read(questions) == case.source.read(questions)

    def test_no_questions_no_answers(self, case: SourceCase) -> None:
        assert list(case.source.read([])) == []

    def test_a_wrong_credential_is_said_and_never_a_value(self, case: SourceCase) -> None:
        self._all_refused(case, case.denied, AccessError)

    def test_a_server_that_is_down_is_said_and_never_a_value(self, case: SourceCase) -> None:
        self._all_refused(case, case.down, Unavailable)

    def test_the_records_behind_a_number_are_listed_or_it_is_said_why_not(self, case: SourceCase) -> None:
        if case.records is None:
            return
        for question, _ in case.good:
            try:
                whole = case.records(question, None)
            except NoValueError as refusal:
                if not refusal.message:
                    pytest.fail("it does not say why there is no list")
                continue
            assert len(whole.records) == whole.total
            assert all(one.id for one in whole.records)
            assert len({one.id for one in whole.records}) == whole.total
            first = case.records(question, 1)
            assert first.records == whole.records[:1]
            assert first.total == whole.total

    @staticmethod
    def _all_refused(case: SourceCase, source: Source | None, error: type[Exception]) -> None:
        if source is None:
            return
        try:
            answers = source.read([question for question, _ in case.good])
        except error:
            return
        assert answers
        for answer in answers:
            assert isinstance(answer, NoValue), pytest.fail(f"a value came out of nowhere: {answer}")
