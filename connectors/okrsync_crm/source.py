"""The CRM source: questions about the same files are answered together, some by each scan of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from okrsync.connector import NoValueError, no_value
from okrsync.model import Answer, Cause, Question
from okrsync.ports import Opening
from okrsync_crm.answers import AnswerContext, answer, too_many_bad
from okrsync_crm.files.copy import StagedFile, stage
from okrsync_crm.files.remote import LocalFiles, here
from okrsync_crm.files.selection import ExportFile, file_time, find
from okrsync_crm.refusal import bad_data
from okrsync_crm.settings import CrmSettings, dialect_of
from okrsync_crm.sql import execution
from okrsync_crm.sql.planned_question import PlannedQuestion, check, plan_question
from okrsync_crm.sql.query_plan import KEPT, CellFault, QueryPlan
from okrsync_crm.sql.series import Batch, Series, gathered, read_series

FILE = "_file"
TOGETHER: Final = 10
"""So many questions are answered by one scan: DuckDB takes longer for a statement of 40 than for four of 10, at 30 rows as
at a million, and three times the memory for its intermediate values."""


@dataclass(frozen=True, slots=True)
class CrmSource:
    """Reads exported files. ``connect`` opens the database that scans them."""

    settings: CrmSettings
    opening: Opening
    connect: Callable[[Path], execution.SqlConnection] = execution.connect

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.timezone or self.opening.timezone)

    def read(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Answer every question in order; a fault of one costs no other its answer, a fault of a file costs all its own."""
        with tempfile.TemporaryDirectory(prefix="okrsync-crm-") as name:
            try:
                place = here(self.settings, self.opening, Path(name))
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
        with tempfile.TemporaryDirectory(prefix="okrsync-crm-") as name:
            folder = Path(name)
            staged = [part for file in files for part in stage(file, folder, dialect, self.settings.sheet)]

            def fresh() -> QueryPlan:
                return QueryPlan(staged, self.settings, dialect, self.zone.key)

            with closing(self.connect(folder)) as connection:
                passes, rest = gathered(batch, self.settings, self.zone)
                answers: dict[int, Answer] = {}
                if passes:
                    setting = self._checked(connection, fresh(), files)
                    for passing in passes:
                        known, again = self._read_series(connection, fresh(), passing, setting)
                        answers |= known
                        rest += again
                for first in range(0, len(rest), TOGETHER):
                    answers |= self._read_some(connection, fresh(), rest[first : first + TOGETHER], files)
        return answers

    def _read_some(
        self,
        connection: execution.SqlConnection,
        plan: QueryPlan,
        batch: Batch,
        files: tuple[ExportFile, ...],
    ) -> dict[int, Answer]:
        """The answers of a few questions by one scan. Raises ``NoValueError`` where the files are no basis for any."""
        faults = plan_file_checks(plan)
        answers: dict[int, Answer] = {}
        asked: list[PlannedQuestion] = []
        for place, question in batch:
            try:
                asked.append(plan_question(plan, place, question, question.query, self.zone))
            except NoValueError as refusal:
                plan.forget(place)
                answers[place] = no_value(question.metric, refusal)
        if not asked:
            return answers
        found = execution.tally(connection, plan)
        refuse_file(connection, plan, found, faults)
        setting = self._setting(files, found)
        shown = too_many_bad(asked, found.values, setting)
        examples = (
            execution.examples(connection, plan, {one.index: one.faults for one in shown}) if shown else {}
        )
        for one in asked:
            answers[one.index] = answer(one, found.values, examples.get(one.index, ""), setting)
        return answers

    def _checked(
        self, connection: execution.SqlConnection, plan: QueryPlan, files: tuple[ExportFile, ...]
    ) -> AnswerContext:
        """What is known of the files as a whole. Raises ``NoValueError`` where they are no basis for any answer."""
        faults = plan_file_checks(plan)
        found = execution.tally(connection, plan)
        refuse_file(connection, plan, found, faults)
        return self._setting(files, found)

    def _read_series(
        self,
        connection: execution.SqlConnection,
        plan: QueryPlan,
        passing: Sequence[Series],
        setting: AnswerContext,
    ) -> tuple[dict[int, Answer], list[tuple[int, Question]]]:
        """The answers of some series; and the questions whose unreadable rows must be shown, to be asked by themselves."""
        asked, values, refused = read_series(connection, plan, passing, self.zone)
        question_of = {place: question for one in passing for place, question in one.batch}
        answers: dict[int, Answer] = {
            place: no_value(question_of[place].metric, refusal) for place, refusal in refused.items()
        }
        bad = {one.index for one in too_many_bad(asked, values, setting)}
        for one in asked:
            if one.index not in bad:
                answers[one.index] = answer(one, values, "", setting)
        return answers, [(place, question_of[place]) for place in sorted(bad)]

    def _setting(self, files: Sequence[ExportFile], found: execution.ScanResult) -> AnswerContext:
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
            scanned=int(found.values["total"]),
            skipped=len(found.malformed),
            allowed=self.settings.max_bad_rows,
            currencies=dialect.currencies or {},
            dated="{date}" in self.settings.path,
            rates=self.settings.rates,
        )


def plan_file_checks(plan: QueryPlan) -> list[CellFault]:
    """Draft what is checked of the files as a whole; return how a row can be at fault for every question."""
    faults = [
        CellFault(column="a column without a name", sql="ghost IS NOT NULL", shown="ghost", says="holds")
    ]
    key, latest = plan.settings.key, plan.settings.latest_by
    put = plan.aggregates
    put["total"] = "count(*)"
    put.update({f"file_{index}": f"count(*) FILTER (f = {index})" for index in range(len(plan.files))})
    if key is not None:
        text = plan.text(key)
        faults.append(CellFault(column=key, sql=f"{text} IS NULL", shown=plan.raw(key), says="is no id:"))
        if latest is None:
            put["doubles"] = f"count({text}) - count(DISTINCT {text})"
    if latest is not None:
        faults.append(plan.fault(latest, plan.moment(latest).local))
        put["torn"] = f"count(*) FILTER ({KEPT} AND torn)"
    plan.mark(f"b{FILE}", f"({' OR '.join(fault.sql for fault in faults)})", layer=1)
    put[f"bad{FILE}"] = f"count(*) FILTER (b{FILE})"
    return faults


def refuse_file(
    connection: execution.SqlConnection,
    plan: QueryPlan,
    found: execution.ScanResult,
    faults: Sequence[CellFault],
) -> None:
    """Raise ``NoValueError`` where the files as a whole are no sound basis for any number."""
    values: Mapping[str, Any] = found.values
    execution.refuse_malformed(found, plan.settings.max_bad_rows)
    for index, file in enumerate(plan.files):
        lost = sum(one.where.startswith(f"{file.name}, ") for one in found.malformed)
        if file.declared_rows is not None and file.declared_rows != values[f"file_{index}"] + lost:
            raise bad_data(
                f"{file.name} says it has {file.declared_rows} rows, but {values[f'file_{index}']} were found",
                hint="export again: the file is not whole",
            )
    names = _names(plan.files)
    if not values["total"]:
        raise NoValueError(
            Cause.EMPTY,
            f"{names} has a header and no rows",
            hint="look why the export has no rows; it is not taken as 0",
        )
    if values[f"bad{FILE}"]:
        shown = execution.examples(connection, plan, {FILE: faults})
        raise bad_data(f"{shown[FILE]}", hint="check delimiter, key and latest_by against the file")
    if values.get("doubles"):
        key = plan.settings.key or ""
        raise bad_data(
            f"{names}: {key} is not unique: {execution.duplicates(connection, plan, key)}",
            hint="one row per deal is needed: set latest_by to keep the newest, or fix the export",
        )
    if values.get("torn"):
        raise bad_data(
            f"{names}: rows with one {plan.settings.key} differ and are equally new by {plan.settings.latest_by}",
            hint="set latest_by to a column that tells which row is the newest",
        )


def _names(files: Sequence[StagedFile]) -> str:
    return ", ".join(file.name for file in files)
