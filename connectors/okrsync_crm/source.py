"""Answer questions from exports: those about the same files are planned and asked together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from okrsync.connector import NoValueError, no_value
from okrsync.model import Answer, Question
from okrsync.ports import ConnectorContext
from okrsync_crm import small_values
from okrsync_crm.answers import AnswerContext, answer, too_many_bad
from okrsync_crm.files.copy import StagingOrder, as_it_lies, stage
from okrsync_crm.files.private_folder import private_folder
from okrsync_crm.files.remote import LocalFiles, here
from okrsync_crm.files.selection import ExportFile, file_time, find
from okrsync_crm.files.staged_file import StagedFile
from okrsync_crm.settings import CrmSettings, dialect_of
from okrsync_crm.small_file import SMALL, small_file
from okrsync_crm.sql import execution, file_checks
from okrsync_crm.sql.column_checks import ColumnChecks
from okrsync_crm.sql.condensed import condensed
from okrsync_crm.sql.file_checks import LoadedFiles, plan_file_checks
from okrsync_crm.sql.grouped import read_grouped
from okrsync_crm.sql.planned_question import PlannedQuestion, check, plan_question
from okrsync_crm.sql.query_plan import CellFault, QueryPlan
from okrsync_crm.sql.series import Batch, PlannedSeries, gathered, plan_series, read_series
from okrsync_crm.sql.typed_table import TypedTable, UnusualFileError
from okrsync_crm.sql.where_values import WhereValues

TOGETHER: Final = 10
"""So many questions are answered by one statement: DuckDB takes longer for a statement of 40 than for four of 10, at 30 rows
as at a million, and three times the memory for its intermediate values."""


@dataclass(slots=True)
class PlannedBatch:
    """Everything that is asked of one set of files, planned before the typed table is built."""

    answers: dict[int, Answer] = field(default_factory=dict)
    single: list[tuple[QueryPlan, list[PlannedQuestion]]] = field(default_factory=list)
    series: list[PlannedSeries] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FileValues:
    """What is looked up in the typed table for all questions together."""

    where: WhereValues
    columns: ColumnChecks


@dataclass(frozen=True, slots=True)
class CrmSource:
    """Reads exported files. ``connect`` opens the database that reads them, from ``small`` bytes on."""

    settings: CrmSettings
    opening: ConnectorContext
    connect: Callable[..., execution.SqlConnection] = execution.connect
    small: int = SMALL

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone or self.opening.timezone)

    def read(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Answer every question in order; a fault of one costs no other its answer, a fault of a file costs all its own."""
        with private_folder() as folder:
            try:
                place = here(self.settings, self.opening, folder)
            except NoValueError as refusal:
                return [no_value(question.metric, refusal) for question in questions]
            return self._read_here(place, questions)

    def _read_here(self, at: LocalFiles, questions: Sequence[Question]) -> Sequence[Answer]:
        answers: dict[int, Answer] = {}
        batches: dict[tuple[ExportFile, ...], list[tuple[int, Question]]] = {}
        for place, question in enumerate(questions):
            try:
                check(question, question.query, self.settings.path)
                files = find(at.settings, at.base, question, self.zone)
            except NoValueError as refusal:
                answers[place] = no_value(question.metric, refusal)
            else:
                batches.setdefault(files, []).append((place, question))
        for files, batch in batches.items():
            try:
                for file in files:
                    at.fill(file)
                answers.update(self._read_files(files, batch))
            except NoValueError as refusal:
                answers.update({place: no_value(question.metric, refusal) for place, question in batch})
        return [answers[place] for place in range(len(questions))]

    def _read_files(
        self, files: tuple[ExportFile, ...], batch: Sequence[tuple[int, Question]]
    ) -> dict[int, Answer]:
        dialect = dialect_of(self.settings)
        order = StagingOrder(dialect=dialect, sheet=self.settings.sheet, limits=self.settings.limits)
        with private_folder() as folder:
            lying = as_it_lies(files, order)
            copied = lying is None
            if lying is not None:
                try:
                    return self._read_groups(lying, folder, files, batch)
                except UnusualFileError as unusual:
                    copied = unusual.undecoded
            staged = [part for file in files for part in stage(file, folder, order)]
            if len(staged) == 1 and staged[0].path.stat().st_size < self.small:
                with suppress(UnusualFileError):
                    return self._read_small(staged[0], files, batch)
            if copied and len(staged) == 1:
                with suppress(UnusualFileError):
                    return self._read_groups(staged[0], folder, files, batch)
            table = TypedTable(staged, self.settings, dialect, self.zone.key)
            checks = plan_file_checks(table)
            passes, rest = gathered(batch, self.settings, self.zone)
            planned = self._planned(table, rest)
            planned.series += [plan_series(QueryPlan(table), passing, self.zone) for passing in passes]
            if not planned.single and not any(one.series for one in planned.series):
                return planned.answers | {at: no for one in planned.series for at, no in one.refused.items()}
            with closing(self.connect(folder, (), self.settings.limits.disk_mb)) as connection:
                loaded = file_checks.load(connection, checks)
                return self._answers(connection, table, planned, self._context(files, loaded))

    def _read_small(self, file: StagedFile, files: tuple[ExportFile, ...], batch: Batch) -> dict[int, Answer]:
        """All answers without the database. Raises ``UnusualFileError`` if it is needed for one of them."""
        passes, single = gathered(batch, self.settings, self.zone)
        if passes:
            raise UnusualFileError
        table = TypedTable([file], self.settings, dialect_of(self.settings), self.zone.key)
        planned = self._planned(table, single)
        asked = [one for _, some in planned.single for one in some]
        if not all(small_values.is_usual(one, table) for one in asked):
            raise UnusualFileError
        small = small_file(table)
        where = small_values.where_values(small, asked)
        try:
            sound = [replace(one, absent=where.check(one.query)) for one in asked]
        except NoValueError:
            raise UnusualFileError from None
        context = self._context(files, LoadedFiles(rows=len(small.rows), malformed=0, notes=()))
        answers = {
            one.index: answer(one, small_values.values(small, one, where), None, context) for one in sound
        }
        small.look_for_totals()
        return planned.answers | answers

    def _read_groups(
        self, file: StagedFile, folder: Path, files: tuple[ExportFile, ...], batch: Batch
    ) -> dict[int, Answer]:
        """All answers out of groups of rows. Raises ``UnusualFileError`` if a row must be seen for one of them."""
        passes, single = gathered(batch, self.settings, self.zone)
        table = TypedTable([file], self.settings, dialect_of(self.settings), self.zone.key)
        planned = self._planned(table, single)
        asked = [one for _, some in planned.single for one in some]
        groups = None if passes else condensed(table, asked)
        if groups is None:
            raise UnusualFileError
        with closing(self.connect(folder, (file.path,), self.settings.limits.disk_mb)) as connection:
            rows = groups.load(connection)
            values = FileValues(WhereValues(connection, table), ColumnChecks(connection, table))
            answers = dict(planned.answers)
            sound = _checked(asked, values, answers)
            grouped, rest = read_grouped(connection, table, sound, values.where)
        if rest:
            raise UnusualFileError
        context = self._context(files, LoadedFiles(rows=rows, malformed=0, notes=()))
        return answers | {one.index: answer(one, grouped[one.index], None, context) for one in sound}

    def _planned(self, table: TypedTable, batch: Batch) -> PlannedBatch:
        planned = PlannedBatch()
        for first in range(0, len(batch), TOGETHER):
            plan = QueryPlan(table)
            asked: list[PlannedQuestion] = []
            for place, question in batch[first : first + TOGETHER]:
                try:
                    asked.append(plan_question(plan, place, question, self.zone))
                except NoValueError as refusal:
                    plan.forget(place)
                    planned.answers[place] = no_value(question.metric, refusal)
            if asked:
                planned.single.append((plan, asked))
        return planned

    def _answers(
        self,
        connection: execution.SqlConnection,
        table: TypedTable,
        planned: PlannedBatch,
        context: AnswerContext,
    ) -> dict[int, Answer]:
        values = FileValues(WhereValues(connection, table), ColumnChecks(connection, table))
        answers = dict(planned.answers)
        again: list[tuple[int, Question]] = []
        for one in planned.series:
            of_series, repeat = self._read_series(connection, one, values, context)
            answers |= of_series
            again += repeat
        sound = _checked([one for _, asked in planned.single for one in asked], values, answers)
        grouped, rest = read_grouped(connection, table, sound, values.where)
        answers |= {
            one.index: answer(one, grouped[one.index], None, context) for one in sound if one.index in grouped
        }
        # Planned again, because now it is known which cells can be at fault. The unreadable rows of a series are shown
        # by asking its question alone.
        checked = {one.index: one for one in rest}
        repeated = self._planned(table, [*((one.index, one.question) for one in rest), *again])
        for plan, asked in repeated.single:
            known = [_as_checked(one, checked.get(one.index)) for one in asked]
            answers |= self._read_single(connection, plan, known, context)
        return answers | repeated.answers

    def _read_single(
        self,
        connection: execution.SqlConnection,
        plan: QueryPlan,
        asked: Sequence[PlannedQuestion],
        context: AnswerContext,
    ) -> dict[int, Answer]:
        """The answers of a few questions by one statement."""
        if not asked:
            return {}
        found = execution.tally(connection, plan)
        shown = too_many_bad(asked, found, context)
        faults: dict[int | str, Sequence[CellFault]] = {one.index: one.faults for one in shown}
        examples = execution.examples(connection, plan, faults) if shown else {}
        return {one.index: answer(one, found, examples.get(one.index), context) for one in asked}

    def _read_series(
        self,
        connection: execution.SqlConnection,
        planned: PlannedSeries,
        values: FileValues,
        context: AnswerContext,
    ) -> tuple[dict[int, Answer], list[tuple[int, Question]]]:
        """The answers of some series; and the questions whose unreadable rows must be shown, to be asked by themselves."""
        asked, found = read_series(connection, planned, self.zone)
        question_of = {place: question for one in planned.series for place, question in one.batch}
        answers: dict[int, Answer] = dict(planned.refused)
        sound = _checked(asked, values, answers)
        bad = {one.index for one in too_many_bad(sound, found, context)}
        for one in sound:
            if one.index not in bad:
                answers[one.index] = answer(one, found, None, context)
        return answers, [(place, question_of[place]) for place in sorted(bad)]

    def _context(self, files: Sequence[ExportFile], loaded: LoadedFiles) -> AnswerContext:
        dialect = dialect_of(self.settings)
        names = ", ".join(file.name for file in files[:3]) + (
            f" and {len(files) - 3} more" if len(files) > 3 else ""
        )
        return AnswerContext(
            source=self.opening.name,
            files=names,
            time=file_time(files),
            zone=self.zone,
            dialect=self.settings.dialect,
            scanned=loaded.rows,
            skipped=loaded.malformed,
            allowed=self.settings.max_bad_rows,
            currencies=dialect.currencies or {},
            dated="{date}" in self.settings.path,
            notes=tuple((note.what, note.where) for note in loaded.notes),
            rates=self.settings.rates,
        )


def _as_checked(one: PlannedQuestion, before: PlannedQuestion | None) -> PlannedQuestion:
    return one if before is None else replace(one, absent=before.absent, scale=before.scale)


def _checked(
    asked: Sequence[PlannedQuestion], values: FileValues, answers: dict[int, Answer]
) -> list[PlannedQuestion]:
    """The questions whose conditions name values that the file has; the refusals of the others go into ``answers``."""
    sound: list[PlannedQuestion] = []
    for one in asked:
        try:
            scale = values.columns.check(one)
            sound.append(replace(one, absent=values.where.check(one.query), scale=scale))
        except NoValueError as refusal:
            answers[one.index] = no_value(one.question.metric, refusal)
    return sound
