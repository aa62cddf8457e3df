"""Answer a batch of questions from Google Sheets: one request per spreadsheet, side by side."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from okrsync.connector import NoValueError, no_value
from okrsync.errors import AccessError, OkrsyncError, Unavailable
from okrsync.model import Answer, Cause, NoValue, Question, Reading
from okrsync.ports import ConnectorContext
from okrsync_sheets import addresses
from okrsync_sheets.cells import Block, check_unit
from okrsync_sheets.client import BadRange, SheetsClient
from okrsync_sheets.formats import Mark, check, filled_part, mark, matters
from okrsync_sheets.lookup import Lookup, Moved, StillLoading, lookup
from okrsync_sheets.settings import SheetsQuery, SheetsSettings
from okrsync_sheets.workbook import Group, GroupAnswer, Workbook

LOADING_WAIT: Final = 20.0
_ROUNDS: Final = 5
_SIDE_BY_SIDE: Final = 8


@dataclass(frozen=True, slots=True)
class _Answers:
    """What one spreadsheet answered; ``failures`` are those answers for which it could not be read at all."""

    answers: list[Answer]
    failures: list[OkrsyncError]
    unchecked: dict[int, tuple[Lookup, Block]] = field(default_factory=dict)

    def fail(self, index: int, question: Question, error: OkrsyncError) -> None:
        self.answers[index] = no_value(question.metric, error)
        self.failures.append(error)


class SheetsSource:
    """A ``Source``. Spreadsheets are only read, and only their ids and ranges leave this machine."""

    def __init__(self, settings: SheetsSettings, context: ConnectorContext) -> None:
        self._settings = settings
        self._context = context
        self._client: SheetsClient | None = None
        self._state_lock = threading.Lock()

    def read(self, questions: Sequence[Question]) -> list[Answer]:
        answers: dict[int, Answer] = {}
        books: dict[str, list[int]] = {}
        for index, question in enumerate(questions):
            try:
                link = self._link(question)
            except NoValueError as why:
                answers[index] = no_value(question.metric, why)
            else:
                books.setdefault(link.id, []).append(index)
        if books:
            self._connect().sign_in()
            failures: list[OkrsyncError] = []
            with ThreadPoolExecutor(max_workers=min(_SIDE_BY_SIDE, len(books))) as pool:
                asked = [[questions[index] for index in indexes] for indexes in books.values()]
                for indexes, outcome in zip(
                    books.values(), pool.map(self._read_book, books, asked), strict=True
                ):
                    answers.update(zip(indexes, outcome.answers, strict=True))
                    failures += outcome.failures
            if len(failures) == len(questions):
                _raise_if_alike(failures)
        return [answers[index] for index in range(len(questions))]

    def _link(self, question: Question) -> addresses.Link:
        return link_of(question, self._settings)

    def _connect(self) -> SheetsClient:
        if self._client is None:
            self._client = SheetsClient(self._settings, self._context.clock)
        return self._client

    def _read_book(self, spreadsheet: str, questions: Sequence[Question]) -> _Answers:
        book = Workbook(self._connect(), spreadsheet)
        done = _Answers(answers=[_unasked(question) for question in questions], failures=[])
        pending: dict[int, tuple[Lookup, Group]] = {}
        for index, question in enumerate(questions):
            try:
                bound = lookup(question, self._context, self._link(question), book)
            except NoValueError as why:
                done.answers[index] = no_value(question.metric, why)
            except OkrsyncError as error:
                done.fail(index, question, error)
            else:
                pending[index] = (bound, bound.first(self._hint(spreadsheet, bound)))
        book.label()
        waited: set[int] = set()
        for _ in range(_ROUNDS):
            if not pending:
                break
            pending = self._round(book, pending, done, waited)
        for index, (bound, _group) in pending.items():
            moved = NoValueError(
                Cause.UNAVAILABLE, "the headings moved while they were read", hint="run again"
            )
            done.answers[index] = no_value(bound.question.metric, moved)
        self._check_formats(book, done)
        return done

    def _check_formats(self, book: Workbook, done: _Answers) -> None:
        """Hold the numbers that the formats of their cells contradict; most runs ask for no format at all."""
        today = self._context.clock.now().date()
        marks = {index: mark(block, today) for index, (_, block) in done.unchecked.items()}
        pending: dict[int, Mark] = {}
        for index, now in marks.items():
            before = Mark.read(self._noted(_format_key(book.id, done.unchecked[index][0])))
            if before is not None and before.covers(now):
                _tell_hidden(done, index, before.hidden)
            else:
                pending[index] = now
        areas = [area for index in pending if (area := filled_part(done.unchecked[index][1])) is not None]
        try:
            seen = book.formats(areas)
        except OkrsyncError as error:
            # The numbers arrived; the next run looks at their formats.
            for index in pending:
                _add_fact(done, index, "formats of the cells", f"not looked at: {error.message}")
            return
        for index, now in pending.items():
            bound, block = done.unchecked[index]
            try:
                hidden = check(block, seen, bound.query, bound.question.unit)
            except NoValueError as why:
                done.answers[index] = no_value(bound.question.metric, why)
                continue
            self._note(_format_key(book.id, bound), str(replace(now, hidden=hidden)))
            _tell_hidden(done, index, hidden)

    def _round(
        self, book: Workbook, pending: dict[int, tuple[Lookup, Group]], done: _Answers, waited: set[int]
    ) -> dict[int, tuple[Lookup, Group]]:
        """Read what is pending once; returns what has to be read again, after a wait if cells were loading."""
        found = book.read([group for _, group in pending.values()])
        left: dict[int, tuple[Lookup, Group]] = {}
        loading = False
        for index, (bound, group) in pending.items():
            try:
                outcome = self._settle(bound, group, found[group], book)
            except StillLoading as why:
                if index in waited:
                    done.answers[index] = no_value(bound.question.metric, why)
                    continue
                loading = True
                waited.add(index)
                left[index] = (bound, group)
            except NoValueError as why:
                done.answers[index] = no_value(bound.question.metric, why)
            except OkrsyncError as error:
                done.fail(index, bound.question, error)
            else:
                if isinstance(outcome, Moved):
                    left[index] = (bound, outcome.group)
                else:
                    done.answers[index] = outcome
                    if isinstance(outcome, Reading) and matters(bound.query):
                        blocks = found[group]
                        assert isinstance(blocks, tuple)
                        done.unchecked[index] = (bound, bound.values(blocks))
        if loading:
            self._context.clock.sleep(LOADING_WAIT)
        return left

    def _settle(self, bound: Lookup, group: Group, found: GroupAnswer, book: Workbook) -> Answer | Moved:
        if isinstance(found, OkrsyncError):
            raise found
        if isinstance(found, BadRange):
            plain = bound.first(None)
            if plain == group:
                raise book.unreadable(group, found)
            # A remembered place may lie outside a tab that shrank: ask again from the headings alone.
            return Moved(group=plain)
        outcome = bound.settle(found, group, book)
        if not isinstance(outcome, Moved):
            self._remember(book.id, bound, group)
        return outcome

    def _hint(self, spreadsheet: str, bound: Lookup) -> str | None:
        return (self._noted(_key(spreadsheet, bound)) or None) if bound.heading is not None else None

    def _remember(self, spreadsheet: str, bound: Lookup, group: Group) -> None:
        if bound.heading is not None:
            self._note(_key(spreadsheet, bound), group[-1])

    def _noted(self, key: str) -> str:
        with self._state_lock:
            return self._context.state.get(key, "")

    def _note(self, key: str, text: str) -> None:
        with self._state_lock:
            if self._context.state.get(key) != text:
                self._context.state[key] = text


def link_of(question: Question, settings: SheetsSettings) -> addresses.Link:
    """Which spreadsheet is asked, if the question can be answered at all. Raises ``NoValueError``; no request."""
    query: SheetsQuery = question.query
    check_unit(query, question.unit)
    if question.past and query.dates is None:
        raise NoValueError(
            Cause.PAST,
            f"a spreadsheet shows only today's value, and {question.at:%Y-%m-%d} is asked",
            hint="keep one row per date in the sheet and name its columns with range and dates",
        )
    address = query.spreadsheet or settings.spreadsheet
    if address is None:
        raise NoValueError(
            Cause.CONFIG,
            "nothing says which spreadsheet",
            hint="add spreadsheet: to the metric or connection",
        )
    return addresses.parse(address)


def _key(spreadsheet: str, bound: Lookup) -> str:
    heading = bound.heading
    assert heading is not None
    row = f" row {heading.row} of {heading.row_headings}" if heading.row is not None else ""
    return f"{spreadsheet} {heading.tab} column {heading.column} of {heading.column_headings}{row}"


def _format_key(spreadsheet: str, bound: Lookup) -> str:
    where = _key(spreadsheet, bound) if bound.heading is not None else f"{spreadsheet} {bound.fixed[0]}"
    query = bound.query
    return f"formats of {where} {query.measure or ''} {query.values or ''} {bound.question.unit}"


def _tell_hidden(done: _Answers, index: int, hidden: int) -> None:
    query = done.unchecked[index][0].query
    if hidden and (query.measure or query.last_row):
        _add_fact(done, index, "numbers in hidden rows, counted, too", str(hidden))


def _add_fact(done: _Answers, index: int, name: str, text: str) -> None:
    answer = done.answers[index]
    if isinstance(answer, Reading):
        facts = (*answer.evidence.facts, (name, text))
        done.answers[index] = replace(answer, evidence=replace(answer.evidence, facts=facts))


def _unasked(question: Question) -> Answer:
    return NoValue(metric=question.metric, cause=Cause.UNAVAILABLE, reason="it was not asked")


def _raise_if_alike(errors: Sequence[OkrsyncError]) -> None:
    """Raise one error for all if nothing at all could be read, and always for the same kind of reason."""
    for kind in (AccessError, Unavailable):
        if all(isinstance(error, kind) for error in errors):
            messages = dict.fromkeys(error.message for error in errors)
            raise kind("; ".join(messages), hint=errors[0].hint) from errors[0]
