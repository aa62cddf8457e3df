"""A small plain file is answered without the database, and says what the database says; whatever is unusual is left to it.

``Exports.read`` asks both in all tests of exports. Here it is also looked at which of them answered.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from okrsync.model import Answer, Question, Reading
from okrsync_crm.source import CrmSource
from okrsync_crm.sql import execution
from tests.contract.crm.test_condensed import HEADER, QUESTIONS, UNUSUAL, asked, rows, text
from tests.support.crm_exports import QUARTER, USD, ZONE, Exports, ask, shown

MORE: list[dict[str, Any]] = [
    *({"measure": how, "field": "Amount", "where": {"Stage": "Won"}} for how in ("median", "p1", "p90")),
    {"measure": "median", "field": "Amount", "where": {"Owner": "o3"}, "date": "Closed", "window": QUARTER},
    {"measure": "count", "where": {"Note": {"empty": True}}},
    {"measure": "mean", "field": "Amount", "unit": "hours", "field_unit": "minutes"},
    {"measure": "count_distinct", "field": "Country", "where": {"Owner": {"not": "o1"}}},
]


class DatabaseNeededError(Exception):
    """The database was to be opened."""


def alone(exports: Exports, questions: Sequence[Question], **settings: Any) -> list[Answer] | None:
    """What a small file's own reading says; None if it leaves the questions to the database."""

    def refuse(*_: object) -> execution.SqlConnection:
        raise DatabaseNeededError

    source = exports.source(**settings)
    assert isinstance(source, CrmSource)
    try:
        return list(replace(source, connect=refuse).read(questions))
    except DatabaseNeededError:
        return None


def both(exports: Exports, questions: Sequence[Question], **settings: Any) -> tuple[list[Answer], bool]:
    """The answers of the database, which must be the small file's own if it has some; and whether it has."""
    return list(exports.read(*questions, **settings)), alone(exports, questions, **settings) is not None


def questions() -> list[Question]:
    more = [replace(ask(**keys), metric=f"n{number}") for number, keys in enumerate(MORE)]
    return [*(one for one in asked() if one.query != ask(**QUESTIONS[9]).query), *more]


def plain_rows() -> list[list[str]]:
    return [[*row[:6], row[6].replace('"', "")] for row in rows()]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("key", ["Deal ID", None])
def test_it_says_what_the_database_says(exports: Exports, encoding: str, ends: str, key: str | None) -> None:
    exports.put("deals.csv", text(plain_rows(), ends=ends), encoding=encoding)
    found, own = both(exports, questions(), encoding=encoding.removesuffix("-sig"), key=key)
    assert own
    assert all(isinstance(one, Reading) for one in found)


def quoted(lines: list[list[str]]) -> str:
    return "\n".join(",".join(f'"{cell}"' for cell in line) for line in [HEADER.split(","), *lines])


FORMS: dict[str, tuple[Callable[[list[str]], list[str]], dict[str, Any]]] = {
    "as it is": (lambda row: row, {}),
    "grouped digits": (
        lambda row: [*row[:4], f"{float(row[4]) * 99:,.2f}" if row[4] else "", *row[5:]],
        {"thousands": ",", "decimal": "."},
    ),
    "grouped by blanks, below zero": (
        lambda row: [*row[:4], f"-{float(row[4]) * 99:,.2f}".replace(",", " ").replace(".", ",") if row[4] else "-0", *row[5:]],
        {"thousands": " ", "decimal": ","},
    ),
    "decimal comma": (lambda row: [*row[:4], row[4].replace(".", ","), *row[5:]], {"decimal": ","}),
    "German dates": (
        lambda row: [*row[:5], ".".join(reversed(row[5].split("-"))), row[6]],
        {"date_format": "%d.%m.%Y"},
    ),
    "days or times": (
        lambda row: [*row[:5], f"{row[5][8:]}/{row[5][5:7]}/{row[5][2:4]}{' 4:05' if row[3] == 'Italy' else ''}", row[6]],
        {"date_format": ["%d/%m/%Y", "%d/%m/%y %H:%M", "%d/%m/%y"]},
    ),
    "halves of a day": (
        lambda row: [*row[:5], f"{int(row[5][5:7])}/{int(row[5][8:])}/{row[5][:4]} 12:30 {'AM' if row[3] == 'Italy' else 'PM'}", row[6]],
        {"date_format": "%m/%d/%Y %I:%M %p"},
    ),
    "times": (lambda row: [*row[:5], f"{row[5]} 00:30:00", row[6]], {}),
    "times of another zone": (lambda row: [*row[:5], f"{row[5]}T22:30", row[6]], {"timezone": "America/New_York"}),
    "a word for nothing": (lambda row: [*row[:4], row[4] or "n/a", *row[5:]], {"nulls": ["n/a"]}),
    "blanks around texts": (lambda row: [f"{row[0]}\t", row[1], f" {row[2]} ", f"\u00a0{row[3]}\u202f", *row[4:]], {}),
    "ids that are no first column": (lambda row: [row[1], row[0], *row[2:]], {}),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_usual_forms_need_no_database(exports: Exports, form: str) -> None:
    change, settings = FORMS[form]
    exports.put("deals.csv", quoted([change(row) for row in plain_rows()]))
    wanted = [one for one in questions() if form != "ids that are no first column" or "Owner" not in str(one)]
    found, own = both(exports, wanted, **settings)
    assert own
    # No number below zero is above 250.
    assert sum(isinstance(one, Reading) for one in found) >= len(found) - ("below" in form)


def _with(change: Callable[[list[list[str]]], object]) -> Callable[[list[list[str]]], list[list[str]]]:
    def changed(lines: list[list[str]]) -> list[list[str]]:
        change(lines)
        return lines

    return changed


MORE_UNUSUAL: dict[str, Callable[[list[list[str]]], list[list[str]]]] = {
    "an amount with a point that may group": _with(lambda lines: lines[7].__setitem__(4, "1.200")),
    "an amount with a power": _with(lambda lines: lines[7].__setitem__(4, "1e3")),
    "an amount with a plus": _with(lambda lines: lines[7].__setitem__(4, "+5")),
    "an amount of many digits": _with(lambda lines: lines[7].__setitem__(4, "1" * 20)),
    "an amount of many decimals": _with(lambda lines: lines[7].__setitem__(4, "1.00000000005")),
    "an amount in other digits": _with(lambda lines: lines[7].__setitem__(4, "\u0665\u0666")),
    "a share": _with(lambda lines: lines[7].__setitem__(4, "5%")),
    "a text as a formula": _with(lambda lines: lines[7].__setitem__(1, '="o1"')),
    "a thin blank": _with(lambda lines: lines[7].__setitem__(1, "o1\u2009")),
    "a line feed in a cell": _with(lambda lines: lines[7].__setitem__(6, "two\nlines")),
    "a mark in a cell": _with(lambda lines: lines[7].__setitem__(6, 'a "word"')),
    "never": _with(lambda lines: lines[7].__setitem__(5, "9999-12-31")),
    "an hour that the clock shows twice": _with(lambda lines: lines[7].__setitem__(5, "2026-10-25 02:30")),
    "an hour that no clock shows": _with(lambda lines: lines[7].__setitem__(5, "2026-03-29 02:30")),
    "a year of another age": _with(lambda lines: lines[7].__setitem__(5, "1905-10-25")),
    "no such day": _with(lambda lines: lines[7].__setitem__(5, "2026-02-30")),
    "a row of blanks": lambda lines: [*lines[:9], [" "] + [""] * 6, *lines[9:]],
    "an empty line": lambda lines: [*lines[:9], [], *lines[9:]],
    "a cell too many": lambda lines: [*lines[:9], [*lines[9], ""], *lines[10:]],
    "an equal row but for a zero": lambda lines: [*lines[:9], ["D-1", *lines[9][1:4], "20", *lines[9][5:]], ["D-1", *lines[9][1:4], "20.00", *lines[9][5:]], *lines[10:]],
    "a customer called Total": _with(lambda lines: lines[7].__setitem__(1, "Total")),
}  # fmt: skip


@pytest.mark.parametrize("what", [*UNUSUAL, *MORE_UNUSUAL])
def test_what_is_unusual_is_left_to_the_database(exports: Exports, what: str) -> None:
    exports.put("deals.csv", text(({**UNUSUAL, **MORE_UNUSUAL})[what](plain_rows())))
    found, own = both(exports, questions())
    # A customer of this name is a row like any other, and nothing shows that it could be otherwise.
    assert not own or what == "a customer called Total"
    assert len(found) == len(questions())


@pytest.mark.parametrize("what", ["the header again", "a total", "a group row", "a row twice", "a short row"])
def test_a_row_that_is_no_record_is_seen_if_only_rows_are_counted(exports: Exports, what: str) -> None:
    exports.put("deals.csv", text(UNUSUAL[what](plain_rows())))
    _, own = both(exports, [ask(measure="count")])
    assert not own


def test_rows_without_a_cell_are_no_rows(exports: Exports) -> None:
    exports.put("deals.csv", text([*plain_rows()[:20], [""] * 7, *plain_rows()[20:], [""] * 7]))
    found, own = both(exports, [ask(measure="count")])
    assert own
    assert isinstance(found[0], Reading)
    assert found[0].value == len(rows())


@pytest.mark.parametrize(
    ("settings", "question"),
    [
        ({"key": "Deal ID", "latest_by": "Closed"}, {"measure": "count"}),
        ({"fill_down": "Stage"}, {"measure": "count"}),
        ({"short_rows": "fill"}, {"measure": "count"}),
        ({"quotes": "lenient"}, {"measure": "count"}),
        ({"date_format": "%d %b %Y"}, {"measure": "count", "date": "Closed", "window": QUARTER}),
        ({"date_format": "%Y%m%d"}, {"measure": "count", "date": "Closed", "window": QUARTER}),
        ({"key": "Owner"}, {"measure": "count"}),
        ({"limits": {"rows": 10}}, {"measure": "count"}),
        (
            {"currency": "Country", "rates": {"EUR": 1, "USD": 2, "as_of": "2026-11-20"}},
            {"measure": "sum", "field": "Amount", "unit": USD},
        ),
        ({}, {"measure": "mean", "field": "Amount", "unit": "percent", "field_unit": "percent"}),
        ({}, {"measure": "count", "where": {"Amount": {"gt": "10.0000000001"}}}),
        ({}, {"measure": "count", "where": {"Closed": date(2026, 10, 5)}}),
        (
            {},
            {
                "measure": "count",
                "where": {"duration": {"start": "Closed", "end": "Closed", "at_most": "2d"}},
            },
        ),
        ({}, {"measure": "count", "where": {"Stage": "won"}}),
        ({}, {"measure": "count", "where": {"Stage": "Gone"}}),
    ],
)
def test_other_questions_are_asked_of_the_database(
    exports: Exports, settings: dict[str, Any], question: dict[str, Any]
) -> None:
    exports.put("deals.csv", text(plain_rows()))
    _, own = both(exports, [ask(**question)], **settings)
    assert not own


TIMES = (
    "",
    "2026-10-05",
    "2026-10-05 23:30",
    "2026-10-06 00:30:15",
    "2026-10-24",
    "2026-10-26 12:00",
    "2026-12-31",
)
LATER: list[dict[str, Any]] = [
    *({"measure": "duration", "start": "Created", "end": "Closed", "aggregate": how, "unit": "days"} for how in ("mean", "median", "max", "p5", "min")),
    {"measure": "duration", "start": "Created", "end": "Closed", "unit": "hours", "date": "Created", "window": QUARTER, "at": datetime(2026, 10, 26, 12, tzinfo=ZONE)},
    {"measure": "duration", "start": "Created", "end": "Closed", "unit": "hours", "where": {"Owner": "o1"}},
    {"measure": "spread", "group": "Owner", "unit": "percent"},
    {"measure": "spread", "group": "Owner", "field": "Amount", "aggregate": "sum", "unit": "percent", "where": {"Amount": {"gt": 2}}},
    {"measure": "ratio", "part": {"Owner": "o1"}, "field": "Amount", "unit": "percent"},
    *({"measure": "count", "where": {"Closed": {key: limit}}} for key in ("gt", "gte", "lt", "lte")
      for limit in ("2026-10-05", "2026-10-24", "2026-10-05T23:30", "2026-10-05T22:30:00+00:00", "2026-10-26T11:00:00+00:00")),
    {"measure": "count", "where": {"Closed": {"gte": "2026-10-06", "lt": "2026-10-26"}, "Created": {"empty": False}}},
]  # fmt: skip


def test_lengths_of_time_groups_and_limits_of_dates(exports: Exports) -> None:
    chance = random.Random(11)
    lines = []
    for number in range(80):
        first, last = sorted(chance.choices(range(len(TIMES)), k=2))
        amount = chance.choice(["", "1.5", "2.25", "7"])
        lines.append([str(number), f"o{number % 3}", TIMES[first], TIMES[last], amount])
    exports.put("deals.csv", text(lines, header="Id,Owner,Created,Closed,Amount"))
    questions = [replace(ask(**keys), metric=f"m{n}") for n, keys in enumerate(LATER)]
    # Rows that lack many cells may be totals.
    found, own = both(exports, questions, totals="records")
    assert own
    assert all(isinstance(one, Reading) for one in found)
    lines[40][2:4] = ["2026-10-26 12:00", "2026-10-05"]
    exports.put("deals.csv", text(lines, header="Id,Owner,Created,Closed,Amount"))
    found, own = both(exports, [ask(**LATER[0])], totals="records")
    assert not own
    assert "ends before it begins" in str(found[0])


def test_a_footer_that_counts_is_believed_only_if_it_is_right(exports: Exports) -> None:
    lines = text(plain_rows())
    footer = {"footer": [r"(?P<rows>\d+) records"]}
    exports.put("deals.csv", f"{lines}{len(rows())} records\n")
    found, own = both(exports, [ask(measure="count")], **footer)
    assert own
    assert isinstance(found[0], Reading)
    exports.put("deals.csv", f"{lines}{len(rows()) + 1} records\n")
    found, own = both(exports, [ask(measure="count")], **footer)
    assert not own
    assert not isinstance(found[0], Reading)


AMOUNTS = ("", "0", "-0", "7", "007", "1.5", "1.50", "-2.25", "1,5", "1,200", "1 200,5", "12.345.678", "123456789012", "0.12345678")  # fmt: skip
ODD_AMOUNTS = (" ", "1.200", ".5", "5.", "+3", "1e2", "5 %", "$5", "5 EUR", "(5)", "nan", "inf", "1_000", "0x1F", "1234567890123", "0.123456789", "\u0663")  # fmt: skip
MOMENTS = ("", "2026-10-05", "2026-12-31", "2026-10-05 10:00", "2026-10-05T10:00:59", "05.10.2026", "5.10.2026", "31/12/26", "2026-11-01")  # fmt: skip
ODD_MOMENTS = ("2026-1-5", "2026-10-05 10:00:00.5", "2026-10-25 02:30", "2026-03-29 02:30", "2026-10-05T10:00Z", "2026-13-05", "0026-10-05", "9999-12-31", "12:00")  # fmt: skip
WORDS = ("n/a", "won", "Won", "Won ", "Total", "Türkiye", "=1", "'5", "a,b", 'a"b', "x\ny")
EVERY = (*AMOUNTS, *ODD_AMOUNTS, *MOMENTS, *ODD_MOMENTS, *WORDS)  # fmt: skip
"""Texts that the two readings might read otherwise, in a column of numbers, of dates or of words."""


@pytest.mark.parametrize("seed", range(60))
def test_no_cell_is_read_two_ways(exports: Exports, seed: int) -> None:
    chance = random.Random(seed)
    amounts, moments = (
        chance.sample(usual if chance.random() < 0.7 else EVERY, chance.randint(1, 4))
        for usual in (AMOUNTS, MOMENTS)
    )
    settings: dict[str, Any] = chance.choice(
        [
            {},
            {"decimal": "."},
            {"decimal": ",", "thousands": "."},
            {"decimal": ",", "thousands": " "},
            {"decimal": ".", "thousands": ","},
            {"nulls": ["n/a", "0"]},
            {"date_format": ["%d.%m.%Y", "%Y-%m-%d"]},
            {"date_format": ["%d/%m/%y", "%Y-%m-%d %H:%M"]},
            {"timezone": "Pacific/Auckland"},
            {"key": "Id"},
            {"equal_rows": "count", "totals": "records"},
        ]
    )
    lines = [
        [str(n), chance.choice(["Won", "Lost"]), "2026-10-05", chance.choice(amounts), chance.choice(moments)]
        for n in range(chance.randint(1, 30))
    ]
    exports.put("deals.csv", text(lines, header="Id,Stage,Day,Amount,Closed"))
    wanted = [
        ask(measure="count", where={"Stage": "Won"}, may_be_absent=["Won"]),
        *(ask(measure=how, field="Amount", unit=unit) for how in ("sum", "mean", "min", "max", "p30") for unit in ("count", "money:EUR")),
        ask(measure="count", date="Closed", window=QUARTER),
        ask(measure="count", date="Closed", at=datetime(2026, 10, 25, 2, 30, tzinfo=ZONE)),
        ask(measure="count_distinct", field="Closed"),
        ask(measure="ratio", part={"Stage": "Won"}, field="Amount", may_be_absent=["Won"]),
        ask(measure="count", where={"Amount": {"empty": False}}),
        ask(measure="count", where={"Amount": {"gt": "1.5", "lte": 1200}, "Closed": {"not": "Won"}}, spelling="exact"),
    ]  # fmt: skip
    # Each by itself: what one of them leaves to the database hides no other.
    source = exports.source(**settings)
    assert isinstance(source, CrmSource)
    for one, answer in zip(wanted, replace(source, small=0).read(wanted), strict=True):
        own = alone(exports, [one], **settings)
        assert own is None or list(map(shown, own)) == [shown(answer)]


def test_an_installation_without_duckdb_reads_small_files(exports: Exports) -> None:
    """DuckDB is not even loaded, which is where the memory goes."""
    exports.put("deals.csv", text(plain_rows()))
    program = f"""
import sys
from tests.support.crm_exports import Exports, ask
from pathlib import Path
(one,) = Exports(Path({str(exports.folder)!r})).source().read([ask(measure="sum", field="Amount")])
assert one.value > 0 and not {{"duckdb", "_duckdb"}} & sys.modules.keys(), one
"""
    subprocess.run([sys.executable, "-c", program], check=True)
