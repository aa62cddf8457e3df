"""A large plain file is read as groups of rows, and says what it says row by row; whatever is unusual is seen."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from okrsync.model import COUNT, PERCENT, Answer, NoValue, Question, Reading
from okrsync_crm import source as source_module
from okrsync_crm.files import plain_text
from okrsync_crm.sql import condensed
from okrsync_crm.sql.condensed import CondensedFile
from tests.support.crm_exports import QUARTER, USD, ZONE, Exports, ask

ROWS = 400
HEADER = "Deal ID,Owner,Stage,Country,Amount,Closed,Note"
QUESTIONS: list[dict[str, Any]] = [
    {"measure": "count"},
    {"measure": "count", "where": {"Stage": "Won"}, "date": "Closed", "window": QUARTER},
    {"measure": "sum", "field": "Amount", "where": {"Stage": ["Won", "Lost"], "Owner": "o1"}},
    {"measure": "mean", "field": "Amount", "where": {"Country": "Türkiye"}},
    {"measure": "min", "field": "Amount", "where": {"Stage": "Lost"}},
    {"measure": "max", "field": "Amount", "date": "Closed", "window": QUARTER},
    {"measure": "ratio", "part": {"Stage": "Won"}, "unit": PERCENT},
    {"measure": "ratio", "part": {"Stage": "Won"}, "field": "Amount", "where": {"Owner": ["o1", "o2"]}},
    {"measure": "count_distinct", "field": "Owner", "where": {"Stage": "Won"}},
    {"measure": "sum", "field": "Amount", "where": {"Stage": "Gone"}},
    {"measure": "count", "where": {"Country": {"contains": "rk"}}},
    {
        "measure": "sum",
        "field": "Amount",
        "where": {"Country": {"starts_with": ["It", "Po"]}, "Stage": {"not": "Open"}},
    },
    {
        "measure": "ratio",
        "part": {"Stage": {"not": ["Open", "Lost"]}},
        "where": {"Owner": {"empty": False}},
        "unit": PERCENT,
    },
    {
        "measure": "count",
        "where": {"Stage": "Won"},
        "date": "Closed",
        "at": datetime(2026, 10, 9, tzinfo=ZONE),
    },
    {"measure": "count", "where": {"Amount": {"gt": 500}}},
    {"measure": "sum", "field": "Amount", "where": {"Amount": {"gte": "250.5", "lt": 700}, "Stage": "Won"}},
    {
        "measure": "ratio",
        "part": {"Amount": {"lte": 300, "empty": False}},
        "where": {"Owner": {"not": "o1"}},
        "unit": PERCENT,
    },
    {"measure": "median", "field": "Amount"},
    {"measure": "p3", "field": "Amount"},
    {"measure": "p90", "field": "Amount", "where": {"Stage": ["Won", "Lost"], "Amount": {"gt": 10}}},
    {
        "measure": "median",
        "field": "Amount",
        "where": {"Owner": {"not": "o1"}},
        "date": "Closed",
        "window": QUARTER,
    },
]


def asked(**unit: Any) -> list[Question]:
    questions = [
        ask(**({"unit": COUNT} | keys | (unit if keys["measure"] in {"sum", "min", "max"} else {})))
        for keys in QUESTIONS
    ]
    return [replace(one, metric=f"m{number}") for number, one in enumerate(questions)]


def rows() -> list[list[str]]:
    chance = random.Random(5)
    made = []
    for number in range(ROWS):
        stage, country = chance.choice(["Won", "Lost", "Open"]), chance.choice(["Italy", "Türkiye", "Poland"])
        amount = "" if chance.random() < 0.1 else f"{chance.randrange(100_000) / 100}"
        day = datetime(2026, 8, 1) + timedelta(days=chance.randrange(110))  # noqa: DTZ001 - only its date is written
        note = "" if chance.random() < 0.3 else f'a "note", {number}'
        made.append([f"D-{number + 7}", f"o{number % 5}", stage, country, amount, f"{day:%Y-%m-%d}", note])
    return made


def text(lines: list[list[str]], *, header: str = HEADER, ends: str = "\n") -> str:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if set(value) & set(',"\n') else value

    return ends.join([header, *(",".join(map(cell, line)) for line in lines)]) + ends


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only large files get, for files that a test can write."""
    monkeypatch.setattr(plain_text, "LARGE", 1)
    monkeypatch.setattr(condensed, "LARGE", 1)
    monkeypatch.setattr(condensed, "SMALL", 10)


@contextmanager
def row_by_row(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr(source_module, "condensed", lambda *_: None)
        yield


def both(
    exports: Exports, monkeypatch: pytest.MonkeyPatch, questions: list[Question], **settings: Any
) -> tuple[list[Answer], bool]:
    """The answers, which must be those of reading row by row; and whether groups gave them."""
    used: list[int] = []
    load = CondensedFile.load

    def noted(one: CondensedFile, connection: Any) -> int:
        used.append(load(one, connection))
        return used[-1]

    monkeypatch.setattr(CondensedFile, "load", noted)
    found = list(exports.read(*questions, **settings))
    with row_by_row(monkeypatch):
        assert found == list(exports.read(*questions, **settings))
    return found, bool(used)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso8859-9"])
def test_groups_say_what_rows_say(
    exports: Exports, monkeypatch: pytest.MonkeyPatch, encoding: str, ends: str
) -> None:
    key = "Deal ID" if ends == "\n" else None
    exports.put("deals.csv", text(rows(), ends=ends), encoding=encoding)
    found, grouped = both(exports, monkeypatch, asked(), key=key, encoding=encoding.removesuffix("-sig"))
    assert grouped
    assert [type(one) for one in found].count(NoValue) == 1  # no row has the stage Gone
    assert isinstance(found[0], Reading)
    assert found[0].value == ROWS


def test_cyrillic_texts_of_a_code_page_get_their_letters(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [["№1" if n == 0 else f"№{n + 1}", "Турция" if n % 2 else "Франция", str(n)] for n in range(60)]
    exports.put("deals.csv", text(lines, header="Номер,Страна,Сумма"), encoding="cp1251")
    questions = [
        ask(measure="sum", field="Сумма", where={"Страна": "Турция"}),
        ask(measure="count", where={"Страна": "турция"}),
    ]
    found, grouped = both(exports, monkeypatch, questions, encoding="cp1251")
    assert grouped
    assert isinstance(found[0], Reading)
    assert found[0].value == sum(range(1, 60, 2))
    assert isinstance(found[1], NoValue)
    assert "Турция" in found[1].reason


@pytest.mark.parametrize(
    ("encoding", "sign"), [("cp1252", "€"), ("utf-16", "🙂"), ("utf-16-be", "ü"), ("gb18030", "中")]
)
def test_what_duckdb_cannot_decode_is_copied_and_then_read_in_groups(
    exports: Exports, monkeypatch: pytest.MonkeyPatch, encoding: str, sign: str
) -> None:
    lines = rows()
    lines[300][6] = sign
    exports.put("deals.csv", text(lines), encoding=encoding)
    _, grouped = both(exports, monkeypatch, asked()[:3], encoding=encoding)
    assert grouped


def test_utf8_under_another_name_is_refused(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    exports.put("deals.csv", text(rows()))
    found, grouped = both(exports, monkeypatch, asked(), encoding="cp1251")
    assert not grouped
    assert all(isinstance(one, NoValue) and "set encoding: utf-8" in one.hint for one in found)


def test_no_copy_is_made_of_a_file_that_needs_none(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    exports.put("deals.csv", text(rows()), encoding="iso8859-9")
    monkeypatch.setattr(source_module, "stage", refuse)
    assert exports.value(ask(measure="count"), encoding="iso8859-9") == ROWS


FORMS: dict[str, tuple[Callable[[list[str]], list[str]], dict[str, Any]]] = {
    "amounts with a sign": (lambda row: [*row[:4], f"€ {row[4]}" if row[4] else "", *row[5:]], {}),
    "grouped digits": (
        lambda row: [*row[:4], f"{float(row[4]):,.2f}" if row[4] else "", *row[5:]],
        {"thousands": ","},
    ),
    "decimal comma": (lambda row: [*row[:4], row[4].replace(".", ","), *row[5:]], {"decimal": ","}),
    "German dates": (
        lambda row: [*row[:5], ".".join(reversed(row[5].split("-"))), row[6]],
        {"date_format": "%d.%m.%Y"},
    ),
    "times with zones": (lambda row: [*row[:5], f"{row[5]}T23:30:00+00:00", row[6]], {}),
    "times without a zone": (lambda row: [*row[:5], f"{row[5]} 00:30:00", row[6]], {}),
    "a word for nothing": (lambda row: [*row[:4], row[4] or "n/a", *row[5:]], {"nulls": ["n/a"]}),
    "rows without a stage": (
        lambda row: [*row[:2], "" if row[0].endswith("7") else row[2], *row[3:]],
        {"totals": "records"},
    ),
    "blanks around texts": (lambda row: [*row[:2], f" {row[2]} ", *row[3:]], {}),
    "ids that are words": (lambda row: [f"id-{hash(row[0]) % 10**12:x}-{row[0]}z", *row[1:]], {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_usual_forms_need_no_row(exports: Exports, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    change, settings = FORMS[form]
    exports.put("deals.csv", text([change(row) for row in rows()]))
    _, grouped = both(exports, monkeypatch, asked(), **settings)
    assert grouped


def _at(place: int, column: int, value: str) -> Callable[[list[list[str]]], list[list[str]]]:
    def change(lines: list[list[str]]) -> list[list[str]]:
        lines[place][column] = value
        return lines

    return change


UNUSUAL: dict[str, Callable[[list[list[str]]], list[list[str]]]] = {
    "an amount that is none": _at(300, 4, "what"),
    "an amount with a sign": _at(300, 4, "$ 5.00"),
    "an amount with a group": _at(300, 4, "1,200.50"),
    "a date that is none": _at(300, 5, "sometime"),
    "a date of another order": _at(300, 5, "05.10.2026"),
    "a date with slashes": _at(300, 5, "2026/10/05"),
    "a date of another age": _at(300, 5, "1026-10-05"),
    "a row twice": lambda lines: [*lines, lines[17]],
    "the header again": lambda lines: [*lines[:200], HEADER.split(","), *lines[200:]],
    "a total": lambda lines: [*lines, ["Total", "", "", "", "123456.7", "", ""]],
    "a group row": lambda lines: [*lines[:9], ["o1", "", "", "", "", "", ""], *lines[9:]],
    "a short row": lambda lines: [*lines[:300], ["D-9999", "o1", "Won"], *lines[300:]],
    "another spelling": _at(300, 2, "won"),
    "an open quote": lambda lines: [
        *lines[:300],
        ["D-9999", "o1", "Won", "Italy", "5", "2026-10-05"],
        *lines[300:],
    ],
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_is_unusual_is_judged_row_by_row(
    exports: Exports, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    # No sample shows it: only the beginning of the file is looked at.
    monkeypatch.setattr(plain_text, "_PLACES", 1)
    monkeypatch.setattr(plain_text, "_BLOCK", 4_000)
    exports.put("deals.csv", text(UNUSUAL[what](rows())))
    # Without a look at equal rows nothing else notices a row of totals.
    found, _ = both(
        exports, monkeypatch, asked(unit=USD), equal_rows="refuse" if "twice" in what else "count"
    )
    assert len(found) == len(QUESTIONS)


@pytest.mark.parametrize("what", ["the header again", "a total", "a group row"])
def test_a_row_that_is_no_record_is_seen_by_its_texts_alone(
    exports: Exports, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    exports.put("deals.csv", text(UNUSUAL[what](rows())))
    for questions in (
        [ask(measure="count")],
        [ask(measure="count", where={"Stage": ["Won", "Lost", "Open"]})],
    ):
        (found,), grouped = both(exports, monkeypatch, questions, equal_rows="count")
        assert not grouped
        assert isinstance(found, Reading | NoValue)


def test_an_id_of_more_digits_than_those_of_the_sample_is_seen(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_text, "_PLACES", 1)
    monkeypatch.setattr(plain_text, "_BLOCK", 4_000)
    lines = rows()
    lines[300][0] = "D-4294967303"  # D-7 in 32 bits
    exports.put("deals.csv", text(lines))
    found, grouped = both(exports, monkeypatch, asked())
    assert not grouped
    assert isinstance(found[0], Reading)
    assert found[0].value == ROWS


def test_an_id_twice_is_named(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = rows()
    lines[321][0] = lines[2][0]
    exports.put("deals.csv", text(lines))
    found, grouped = both(exports, monkeypatch, asked(), key="Deal ID")
    assert not grouped
    assert all(isinstance(one, NoValue) and "D-9" in one.reason for one in found)
    found, grouped = both(exports, monkeypatch, asked())
    assert not grouped
    assert isinstance(found[0], Reading)
