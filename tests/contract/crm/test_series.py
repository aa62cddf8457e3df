"""One metric at many moments: what one pass says is what each question by itself would say, to the last word."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from okrsync.model import COUNT, PERCENT, Answer, Dimension, NoValue, Question, Reading, Unit, Window
from okrsync.ports import ConnectorContext
from okrsync.testing import JumpClock
from okrsync_crm.query_settings import CrmQuery
from okrsync_crm.settings import CrmSettings
from okrsync_crm.source import CrmSource
from okrsync_crm.sql import execution, series

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
EUR = Unit(dimension=Dimension.MONEY, detail="EUR")
ENDS = [
    datetime(2025, 11, 30, 23, 59, 59, 999999, tzinfo=BERLIN) + timedelta(days=45 * number)
    for number in range(8)
]
STAGES = ("Won", "Lost", "Open")

DAYS = Unit(dimension=Dimension.DURATION, detail="days")
QUICKLY = {"start": "Created", "end": "Closed", "at_most": "30d"}

MEASURES: list[tuple[dict[str, Any], Unit]] = [
    ({"measure": "count"}, COUNT),
    ({"measure": "count", "where": {"Stage": "Won"}}, COUNT),
    ({"measure": "sum", "field": "Amount", "where": {"Stage": ["Won", "Lost"]}}, EUR),
    ({"measure": "mean", "field": "Amount", "where": {"Stage": {"not": "Open"}}}, EUR),
    ({"measure": "min", "field": "Amount"}, EUR),
    ({"measure": "max", "field": "Amount", "where": {"Amount": {"lt": 400}}}, EUR),
    ({"measure": "ratio", "part": {"Stage": "Won"}}, PERCENT),
    ({"measure": "ratio", "field": "Amount", "part": {"Stage": "Won"}}, PERCENT),
    ({"measure": "median", "field": "Amount"}, EUR),
    ({"measure": "count_distinct", "field": "Owner"}, COUNT),
    ({"measure": "sum", "field": "Amount", "where": {"Stage": "won"}}, EUR),
    ({"measure": "sum", "field": "Amount", "where": {"Stage": "Nobody's"}}, EUR),
    # One row only has this stage: that the others' windows hold none is no reason to doubt the spelling.
    ({"measure": "count", "where": {"Stage": "Rare"}}, COUNT),
    ({"measure": "count", "where": {"Stage": "rare"}}, COUNT),
    ({"measure": "sum", "field": "No such column"}, EUR),
    # What cannot be added up from one slice of time to the next.
    ({"measure": "p85", "field": "Amount", "where": {"Stage": "Won"}}, EUR),
    ({"measure": "median", "field": "Amount", "where": {"Owner": "o9"}}, EUR),
    ({"measure": "count_distinct", "field": "Amount", "where": {"Stage": ["Won", "Open"]}}, COUNT),
    ({"measure": "spread", "field": "Amount", "group": "Owner", "aggregate": "sum"}, PERCENT),
    ({"measure": "spread", "group": "Stage", "groups": ["Won", "Lost", "Open", "Rare", "Gone"]}, PERCENT),
    ({"measure": "spread", "group": "Owner", "groups": ["o1", "o2"]}, PERCENT),
    ({"measure": "spread", "group": "Owner", "where": {"Owner": "o1"}}, PERCENT),
    ({"measure": "duration", "start": "Created", "end": "Closed"}, DAYS),
    ({"measure": "duration", "start": "Created", "end": "Closed", "aggregate": "p85"}, DAYS),
    ({"measure": "duration", "start": "Created", "end": "Closed", "aggregate": "max"}, DAYS),
    ({"measure": "ratio", "part": {"duration": QUICKLY}}, PERCENT),
    # The window is about the start: what had not ended by then had no length yet.
    ({"measure": "duration", "start": "Created", "end": "Closed", "date": "Created"}, DAYS),
    ({"measure": "count", "where": {"duration": QUICKLY}, "date": "Created"}, COUNT),
]


def export(folder: Path, *, times: bool = False, extra: Sequence[Sequence[object]] = ()) -> Path:
    chance = random.Random(7)
    path = folder / "deals.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Id", "Owner", "Stage", "Amount", "Created", "Closed"])
        for number in range(400):
            closed = datetime(2025, 12, 1, tzinfo=BERLIN) + timedelta(hours=chance.randrange(24 * 350))
            created = closed - timedelta(days=chance.randrange(90))
            # Every third closes at midnight sharp, where a window begins.
            shown = closed.isoformat() if times and number % 3 else f"{closed:%Y-%m-%d}"
            empty = number % 41 == 0
            amount = "" if number % 37 == 0 else f"{chance.randrange(100_000) / 100:.2f}"
            row = [number, f"o{number % 5}", chance.choice(STAGES), amount, f"{created:%Y-%m-%d}", shown]
            writer.writerow([*row[:5], "" if empty else row[5]])
        writer.writerows(extra)
    os.utime(path, (NOW.timestamp() - 60,) * 2)
    return path


def questions(*, window: str = "none") -> list[Question]:
    asked = []
    for number, (query, unit) in enumerate(MEASURES):
        for at in ENDS:
            span = None
            if window == "year":
                span = Window(start=datetime(2026, 1, 1, tzinfo=BERLIN), end=at) if at.year == 2026 else None
            elif window == "week":
                span = Window(start=at + timedelta(microseconds=1) - timedelta(days=7), end=at)
            model = CrmQuery.model_validate({"date": "Closed", **query})
            asked.append(Question(metric=f"m{number}", query=model, at=at, now=NOW, unit=unit, window=span))
    return asked


class Counted:
    def __init__(self, inner: execution.SqlConnection, executed: list[str]) -> None:
        self._inner, self._executed = inner, executed

    @property
    def description(self) -> Any:
        return self._inner.description

    def execute(self, query: str, parameters: object = None) -> Any:
        self._executed.append(query)
        return self._inner.execute(query, parameters)

    def close(self) -> None:
        self._inner.close()


def source(folder: Path, executed: list[str] | None = None, **settings: Any) -> CrmSource:
    context = ConnectorContext(name="deals", clock=JumpClock(NOW), timezone="Europe/Berlin", base=str(folder))
    model = CrmSettings.model_validate({"path": "deals.csv", **settings})
    log = [] if executed is None else executed
    return CrmSource(model, context, connect=lambda *given: Counted(execution.connect(*given), log), small=0)


def one_by_one(read: CrmSource, asked: Sequence[Question]) -> list[Answer]:
    """Batches that are too small to be read as series."""
    step = series.AT_ONCE
    return [
        answer for first in range(0, len(asked), step) for answer in read.read(asked[first : first + step])
    ]


@pytest.mark.parametrize(("window", "times"), [("none", False), ("year", True), ("week", True)])
def test_a_series_says_what_each_question_by_itself_says(tmp_path: Path, window: str, *, times: bool) -> None:
    export(tmp_path, times=times, extra=[[901, "o1", "Rare", "10", "2025-12-01", "2026-01-02"]])
    asked = questions(window=window)
    together = source(tmp_path).read(asked)
    alone = one_by_one(source(tmp_path), asked)
    assert list(together) == alone
    kinds = {type(answer) for answer in together}
    assert kinds == {Reading, NoValue}
    assert sum(isinstance(answer, Reading) for answer in together) > 80


BAD = {
    "a date nobody can read": [900, "o1", "Won", "10", "2026-01-01", "soon"],
    "an amount nobody can read": [900, "o1", "Won", "ten", "2026-01-01", "2026-06-10"],
    "another currency": [900, "o1", "Won", "£10", "2026-01-01", "2026-06-10"],
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("allowed", [0, 5])
def test_what_cannot_be_read_counts_where_it_would_by_itself(tmp_path: Path, bad: str, allowed: int) -> None:
    export(tmp_path, extra=[BAD[bad]])
    asked = questions()
    read = source(tmp_path, max_bad_rows=allowed).read(asked)
    assert list(read) == one_by_one(source(tmp_path, max_bad_rows=allowed), asked)
    refused = any(isinstance(answer, NoValue) and answer.metric == "m2" for answer in read)
    assert refused == (allowed == 0 or "currency" in bad)


def test_a_file_that_is_no_basis_is_one_for_no_question(tmp_path: Path) -> None:
    export(tmp_path, extra=[["1", "o1", "Won", "10", "2026-01-01", "2026-06-10"]])
    asked = questions()
    answers = source(tmp_path, key="Id").read(asked)
    assert list(answers) == one_by_one(source(tmp_path, key="Id"), asked)
    assert all(isinstance(answer, NoValue) and "not unique" in answer.reason for answer in answers)


def test_the_newest_row_of_a_key_counts_in_a_series_too(tmp_path: Path) -> None:
    export(tmp_path, extra=[["1", "o1", "Won", "999999", "2026-10-01", "2026-11-10"]])
    asked = questions(window="year")
    settings: dict[str, Any] = {"key": "Id", "latest_by": "Created"}
    assert list(source(tmp_path, **settings).read(asked)) == one_by_one(source(tmp_path, **settings), asked)


def test_many_metrics_at_many_moments_take_a_pass_for_each_forty_and_not_for_each_moment(
    tmp_path: Path,
) -> None:
    export(tmp_path)
    asked = [
        Question(
            metric=f"m{number}",
            query=CrmQuery.model_validate({"measure": "count", "date": "Closed", "where": {"Id": number}}),
            at=at,
            now=NOW,
        )
        for number in range(60)
        for at in ENDS
    ]
    executed: list[str] = []
    answers = source(tmp_path, executed).read(asked)
    assert len([sql for sql in executed if "read_csv" in sql]) <= 2
    assert all(isinstance(answer, Reading) for answer in answers)


def test_medians_and_the_like_take_one_pass_more_and_not_one_for_each_moment(tmp_path: Path) -> None:
    export(tmp_path)
    asked = [
        Question(
            metric=f"m{number}",
            query=CrmQuery.model_validate({"date": "Closed", "where": {"Id": {"gte": number}}, **query}),
            at=at,
            now=NOW,
            unit=unit,
        )
        for number in range(15)
        for query, unit in (
            ({"measure": "median", "field": "Amount"}, EUR),
            ({"measure": "count_distinct", "field": "Stage"}, COUNT),
            ({"measure": "spread", "group": "Stage"}, PERCENT),
        )
        for at in ENDS
    ]
    executed: list[str] = []
    answers = source(tmp_path, executed).read(asked)
    # 45 series: two passes for each forty.
    assert len([sql for sql in executed if "read_csv" in sql]) <= 2
    assert sum(isinstance(answer, Reading) for answer in answers) > 200


def test_money_of_several_currencies_is_converted_in_a_series_as_by_itself(tmp_path: Path) -> None:
    chance = random.Random(9)
    with (tmp_path / "deals.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Amount", "Code", "Closed"])
        for number in range(300):
            day = f"{datetime(2025, 12, 1, tzinfo=BERLIN) + timedelta(days=number):%Y-%m-%d}"
            writer.writerow([chance.randrange(100_000) / 100, chance.choice(("EUR", "USD", "GBP")), day])
    os.utime(tmp_path / "deals.csv", (NOW.timestamp() - 60,) * 2)
    rates = {"as_of": "2026-11-01", "codes": {"EUR": "1", "USD": "0.9", "GBP": "1.2"}}
    asked = [
        Question(
            metric=measure,
            query=CrmQuery.model_validate({"measure": measure, "field": "Amount", "date": "Closed"}),
            at=datetime(2025, 12, 2, 23, tzinfo=BERLIN) + timedelta(days=number),
            now=NOW,
            unit=EUR,
        )
        for measure in ("sum", "mean")
        for number in range(30)
    ]
    settings: dict[str, Any] = {"currency": "Code", "rates": rates}
    together = source(tmp_path, **settings).read(asked)
    assert list(together) == one_by_one(source(tmp_path, **settings), asked)
    assert sum(isinstance(one, Reading) and "×" in str(one.evidence.facts) for one in together) > 40


def test_no_scan_draws_a_bar_on_stdout(tmp_path: Path) -> None:
    """In a program without a file, such as a notebook's, DuckDB draws one after two seconds: into somebody's JSON."""
    program = """if True:
        import sys, pathlib
        from okrsync_crm.sql import execution
        connection = execution.connect(pathlib.Path(sys.argv[1]))
        print(connection.execute("SELECT current_setting('enable_progress_bar')").fetchone())
    """
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "(False,)\n"


def test_bounds_in_the_hour_that_a_clock_shows_twice_are_asked_one_by_one(tmp_path: Path) -> None:
    """02:10 comes twice on 26 October 2025 in Berlin: by the wall clock the second bound is not later."""
    export(tmp_path, times=True)
    hours = [
        datetime(2026, 10, 25, 0, 10, tzinfo=UTC) + timedelta(minutes=minute * 20) for minute in range(60)
    ]
    asked = [
        Question(
            metric="m", query=CrmQuery.model_validate({"measure": "count", "date": "Closed"}), at=at, now=NOW
        )
        for at in hours
    ]
    passes, rest = series.gathered(list(enumerate(asked)), CrmSettings(path="deals.csv"), BERLIN)
    assert (passes, len(rest)) == ([], 60)
    assert list(source(tmp_path).read(asked)) == one_by_one(source(tmp_path), asked)
