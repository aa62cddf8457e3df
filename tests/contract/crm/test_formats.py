"""Whatever way a file is written, the numbers are those that the standard library's csv and Decimal find."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import math
import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from okrsync.measures import aggregate
from okrsync.model import PERCENT, Cause, NoValue, Reading
from tests.support.crm_exports import QUARTER, Exports, ask

ENCODINGS = ("utf-8", "utf-8-sig", "cp1251", "cp1252", "utf-16")
DELIMITERS = (",", ";", "\t")


def _grouped(amount: Decimal, thousands: str, decimal: str) -> str:
    return f"{amount:,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)


# How a number is written, and the settings that say so.
NUMBERS: dict[str, tuple[Callable[[Decimal], str], dict[str, str]]] = {
    "1,234.50": (lambda amount: _grouped(amount, ",", "."), {"decimal": ".", "thousands": ","}),
    "1 234,50": (lambda amount: _grouped(amount, "\u00a0", ","), {"decimal": ",", "thousands": " "}),
    "1.234,50": (lambda amount: _grouped(amount, ".", ","), {"decimal": ",", "thousands": "."}),
    "1234,5 €": (
        lambda amount: f"{amount.normalize():f} €".replace(".", ","),
        {"decimal": ",", "thousands": ""},
    ),
}
DATES: dict[str, tuple[Callable[[datetime], str], dict[str, str]]] = {
    "ISO": (lambda at: f"{at:%Y-%m-%d %H:%M}", {}),
    "dd.mm.yyyy": (lambda at: f"{at:%d.%m.%Y %H:%M}", {"date_format": "%d.%m.%Y %H:%M"}),
    "m/d/yyyy": (lambda at: f"{at.month}/{at.day}/{at:%Y %I:%M %p}", {"date_format": "%m/%d/%Y %I:%M %p"}),
}
STAGES = {"cp1251": ("Выиграна", "Проиграна"), "cp1252": ("Gewonnen übel", "Verloren")}


def made_up_rows(
    seed: int, stages: tuple[str, str]
) -> list[tuple[str, Decimal | None, datetime | None, str]]:
    dice = random.Random(seed)
    rows = []
    for _ in range(60):
        amount = None if dice.random() < 0.1 else Decimal(dice.randrange(-(10**8), 10**9)) / 100
        closed = datetime(2026, 9, 1) + timedelta(minutes=dice.randrange(200 * 1440))  # noqa: DTZ001 - a cell knows no zone
        note = dice.choice(
            [
                "",
                "plain",
                'said "yes", then no',
                "two\nlines;\tand, more",
                "“ü”" if stages[0] != "Выиграна" else "№",
            ]
        )
        rows.append((dice.choice(stages), amount, None if dice.random() < 0.2 else closed, note))
    return rows


@pytest.mark.parametrize("delimiter", DELIMITERS, ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("style", NUMBERS)
def test_every_way_to_write_a_file(tmp_path: Path, encoding: str, delimiter: str, style: str) -> None:
    # Every pair of encoding, delimiter and style meets one order of dates and one line end; all of them occur.
    seed = (ENCODINGS.index(encoding) + DELIMITERS.index(delimiter) + list(NUMBERS).index(style)) % 3
    dates, ending = list(DATES)[seed], ("\n", "\r\n", "\r")[seed]
    stages = STAGES.get(encoding, ("Won – 勝", "Lost"))
    rows = made_up_rows(seed, stages)
    write_number, number_keys = NUMBERS[style]
    write_date, date_keys = DATES[dates]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ending)
    writer.writerow(["Stage", " Amount\u00a0", "Closed", "Note"])
    for stage, amount, closed, note in rows:
        written = "" if amount is None else write_number(amount)
        writer.writerow(
            [stage, written, "" if closed is None else write_date(closed), note.replace("\n", ending)]
        )
    exports = Exports(
        tmp_path,
        settings={
            "encoding": encoding.replace("-sig", ""),
            "delimiter": delimiter,
            **number_keys,
            **date_keys,
        },
    )
    exports.put("deals.csv", text.getvalue(), encoding=encoding)
    check_against_the_oracle(exports, rows, stages[0])


def check_against_the_oracle(
    exports: Exports, rows: list[tuple[str, Decimal | None, datetime | None, str]], won: str
) -> None:
    start, end = QUARTER.start.replace(tzinfo=None), QUARTER.end.replace(tzinfo=None)
    chosen = [row for row in rows if row[0] == won and row[2] is not None and start <= row[2] < end]
    amounts = [amount for _, amount, _, _ in chosen if amount is not None]
    measures = ("sum", "mean", "min", "max", "median", "p92.5")
    window: dict[str, Any] = {"date": "Closed", "window": QUARTER}
    asked = [ask(measure=name, field="Amount", where={"Stage": won}, **window) for name in measures]
    asked += [
        ask(measure="count", where={"Stage": won}, **window),
        ask(measure="ratio", part={"Stage": won}, unit=PERCENT),
        ask(measure="count", where={"Note": {"contains": 'said "yes", then'}}),
        ask(measure="count", where={"Amount": {"gt": 100000, "lte": 5000000}}),
    ]
    values = []
    for answer in exports.read(*asked):
        assert isinstance(answer, Reading), answer
        values.append(answer.value)
    expected = [aggregate(name, amounts) for name in measures]
    expected += [
        Decimal(len(chosen)),
        Decimal(sum(row[0] == won for row in rows)) / len(rows) * 100,
        Decimal(sum(row[3].startswith("said") for row in rows)),
        Decimal(sum(row[1] is not None and 100_000 < row[1] <= 5_000_000 for row in rows)),
    ]
    assert values[0] == expected[0]
    for value, wanted in zip(values, expected, strict=True):
        assert math.isclose(value, wanted, rel_tol=1e-20), (value, wanted)


CELL = st.one_of(
    st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False).map(str),
    st.text(alphabet="0123456789.,-+()% \u00a0\u2212$€eE'", max_size=9),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(CELL, min_size=1, max_size=30))
@example(
    cells=[
        "1.234,50",
        "12 34",
        "1,2",
        "(5)",
        "\u22127",
        "1e3",
        "--1",
        "5-",
        ".5",
        "5.",
        "1,23,456",
        "12,34",
        "0x1",
    ]
)
def test_a_cell_is_one_number_or_an_error(tmp_path: Path, cells: list[str]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["Id", "Amount"], *enumerate(cells)])
    exports = Exports(tmp_path)
    exports.put("deals.csv", text.getvalue())
    asked = [ask(measure="sum", field="Amount", where={"Id": number}) for number in range(len(cells))]
    for cell, answer in zip(cells, exports.read(*asked, thousands=","), strict=True):
        if isinstance(answer, Reading):
            mantissa, _, power = cell.lower().partition("e")
            power = "".join(
                sign for sign in power if sign in "0123456789+-"
            )  # "0E0$" has a currency behind it
            digits = "".join(sign for sign in mantissa if sign in "0123456789.") + f"e{power or 0}"
            if re.search(r"\.[-\u2212]", mantissa):
                continue  # "5.-" is how shops write that there are no cents
            if not any(sign.isdigit() for sign in mantissa):
                assert answer.value == 0, cell  # "$-" is how a spreadsheet's accounting format shows 0
                continue
            negative = any(sign in mantissa for sign in "-\u2212(")
            assert answer.value == (-Decimal(digits) if negative else Decimal(digits)), cell
            first, *groups = cell.partition(".")[0].split(",")
            assert all(sum(map(str.isdigit, group)) in {2, 3} for group in groups), cell
            assert not groups or (sum(map(str.isdigit, groups[-1])) == 3 and any(map(str.isdigit, first))), (
                cell
            )
        else:
            assert isinstance(answer, NoValue)
            assert answer.cause is (Cause.DATA if cell.strip(" \u00a0") else Cause.EMPTY)
            assert not re.fullmatch(r"-?\d+(\.\d+)?", cell, re.ASCII), cell


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1234.5", "1234.5"),
        ("1,234.50", "1234.5"),
        ("12,34,567.00", "1234567"),
        ("(12.00)", "-12"),
        ("($1,200)", "-1200"),
        ("\u221212", "-12"),
        ("-$12", "-12"),
        ("$-12", "-12"),
        ("$ 12", "12"),
        ("USD 12", "12"),
        ("12 USD", "12"),
        (" \u00a012\ufeff", "12"),
        (".5", "0.5"),
        ("5.", "5"),
        ("0.123456789", "0.123456789"),
    ],
)
def test_numbers_as_people_write_them(tmp_path: Path, written: str, value: str) -> None:
    exports = Exports(tmp_path, settings={"thousands": ","})
    exports.put("deals.csv", f'Amount\n"{written}"\n')
    assert exports.value(ask(measure="sum", field="Amount")) == Decimal(value)


@pytest.mark.parametrize(
    "written",
    [
        "1.234,50",
        "1 234.50",
        "1,23",
        "1,2345,678",
        "1,2,345",
        "12abc",
        "--5",
        "1.2.3",
        "12%",
        "#N/A",
        "n/a",
    ],
)
def test_what_is_no_number_is_named(tmp_path: Path, written: str) -> None:
    exports = Exports(tmp_path, settings={"thousands": ","})
    exports.put("deals.csv", f'Id,Amount\n1,2\n2,"{written}"\n')
    reason = exports.refusal(ask(measure="sum", field="Amount"), Cause.DATA)
    assert f"deals.csv, line 3: Amount is “{written}”" in reason


def test_a_percent_sign_counts_where_the_unit_is_percent(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    exports.put("deals.csv", "Chance\n60%\n 40 %\n")
    assert exports.value(ask(measure="mean", field="Chance", unit=PERCENT)) == 50


@pytest.mark.parametrize(
    ("date_format", "written", "month"),
    [
        (None, "2026-10-05", 10),
        (None, "2026-10-05T10:00:00.123+02:00", 10),
        ("%d/%m/%Y", "05/10/2026", 10),
        ("%d/%m/%Y", "5/10/2026", 10),
        ("%m/%d/%Y", "05/10/2026", 5),
        (["%d.%m.%Y %H:%M", "%d.%m.%Y"], "05.10.2026", 10),
        (["%d.%m.%Y %H:%M", "%d.%m.%Y"], "05.10.2026 7:05", 10),
        ("%d %b %Y", "05 Oct 2026", 10),
        ("%d.%m.%y", "05.10.26", 10),
    ],
)
def test_dates_are_read_as_declared(
    tmp_path: Path, date_format: str | list[str] | None, written: str, month: int
) -> None:
    exports = Exports(tmp_path, settings={"date_format": date_format} if date_format else {})
    exports.put("deals.csv", f"Closed\n{written}\n")
    days = {"gte": f"2026-{month:02}-01", "lt": f"2026-{month + 1:02}-01"}
    assert exports.value(ask(measure="count", where={"Closed": days})) == 1


@pytest.mark.parametrize(
    ("date_format", "written"),
    [
        (None, "05/10/2026"),
        (None, "20-10-16"),
        (None, "2026-13-01"),
        (None, "2026-02-30"),
        (None, "46300"),
        (None, "2026/10/05"),
        ("%d.%m.%Y", "05.10.26"),
        ("%d.%m.%Y", "2026-10-05"),
        ("%d.%m.%Y", "31.11.2026"),
        ("%m/%d/%Y", "25/12/2026"),
        ("%d.%m.%Y", "05.10.2026 10:00"),
    ],
)
def test_no_date_is_guessed(tmp_path: Path, date_format: str | None, written: str) -> None:
    exports = Exports(tmp_path, settings={"date_format": date_format} if date_format else {})
    exports.put(
        "deals.csv", f"Closed\n2026-10-01\n{written}\n" if date_format is None else f"Closed\n{written}\n"
    )
    reason = exports.refusal(ask(measure="count", date="Closed", window=QUARTER), Cause.DATA)
    assert f"Closed is “{written}”" in reason


def test_rows_without_a_date_are_in_no_window_and_are_no_error(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    exports.put("deals.csv", "Id,Closed\n1,\n2,2026-10-01\n")
    assert exports.value(ask(measure="count", date="Closed", window=QUARTER)) == 1
    assert exports.value(ask(measure="count", date="Closed")) == 2


def test_only_rows_that_could_matter_are_held_against_a_metric(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    exports.put(
        "deals.csv",
        "Stage,Amount,Closed\nWon,5,2026-10-01\nLost,?,2026-10-01\nWon,?,2026-01-01\nLost,1,someday\n",
    )
    window: dict[str, Any] = {"date": "Closed", "window": QUARTER}
    assert exports.value(ask(measure="sum", field="Amount", where={"Stage": "Won"}, **window)) == 5
    lost = exports.refusal(ask(measure="sum", field="Amount", where={"Stage": "Lost"}, **window), Cause.DATA)
    assert lost.startswith(
        "2 rows cannot be read: deals.csv, line 3: Amount is “?”; deals.csv, line 5: Closed is “someday”"
    )


def test_a_part_that_cannot_be_told_is_refused(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    exports.put("deals.csv", "Amount,Asked,Answered\n5,2026-10-02,2026-10-01\n?,2026-10-01,2026-10-03\n")
    within = {"duration": {"start": "Asked", "end": "Answered", "at_most": "5d"}}
    for part, says in (({"Amount": {"gt": 1}}, "Amount is “?”"), (within, "ends before it begins")):
        question = ask(measure="ratio", part=part, unit=PERCENT)
        assert says in exports.refusal(question, Cause.DATA)
        assert exports.value(question, max_bad_rows=1) == 100


def test_unreadable_rows_up_to_a_number_are_left_out_and_said(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    exports.put("deals.csv", "Id,Amount\n1,5\n2,?\n3,7,8\n4,1\n")
    reading = exports.reading(ask(measure="sum", field="Amount"), max_bad_rows=2)
    assert reading.value == 6
    assert dict(reading.evidence.facts)["unreadable rows left out"] == "2"
    assert "Amount is “?”" in exports.refusal(ask(measure="sum", field="Amount"), Cause.DATA, max_bad_rows=1)
    assert "line 4" in exports.refusal(ask(measure="sum", field="Amount"), Cause.DATA)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "utf-16-le"])
def test_the_line_of_an_offender_is_the_files_own(tmp_path: Path, encoding: str) -> None:
    exports = Exports(tmp_path, settings={"encoding": encoding})
    text = 'Id,Note,Amount\r\n\r\n1,"a\r\nb\r\nц",1\r\n\r\n2,,2\r\n3,,x\r\n'
    exports.put("deals.csv", text, encoding=encoding)
    assert "deals.csv, line 8: Amount is “x”" in exports.refusal(
        ask(measure="sum", field="Amount"), Cause.DATA
    )


def test_a_large_file_is_counted_and_its_lines_are_right(tmp_path: Path) -> None:
    rows = "".join(
        f'{number},"note {number}\nmore {"x" * 40}",{number % 7}.25\n' for number in range(120_000)
    )
    exports = Exports(tmp_path)
    exports.put("deals.csv", "Id,Note,Amount\n" + rows)
    total = sum((Decimal(number % 7) + Decimal("0.25") for number in range(120_000)), Decimal(0))
    assert exports.value(ask(measure="sum", field="Amount"), key="Id") == total
    exports.put("deals.csv", "Id,Note,Amount\n" + rows + "120000,,oops\n")
    assert f"line {2 + 2 * 120_000}: Amount is “oops”" in exports.refusal(
        ask(measure="sum", field="Amount"), Cause.DATA
    )


def test_bytes_that_are_no_text_are_found(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    exports.put("deals.csv", b"Stage,Amount\nWon,1\n" + "Выиграна,2\n".encode("cp1251"))
    reason = exports.refusal(ask(measure="count"), Cause.DATA)
    assert "deals.csv, line 3, byte 19: c2" in reason
    assert "set encoding" in reason


def test_the_byte_is_right_behind_the_first_chunk(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    good = "Stage,Amount\n" + "Wön,1\n" * 300_000
    exports.put("deals.csv", good.encode() + b"W\xf6n,1\n")
    assert f"line 300002, byte {len(good.encode()) + 1}: f6" in exports.refusal(
        ask(measure="count"), Cause.DATA
    )


@pytest.mark.parametrize("encoding", ["cp1251", "cp1252", "latin-1"])
def test_utf8_declared_as_a_code_page_is_not_read_as_nonsense(tmp_path: Path, encoding: str) -> None:
    exports = Exports(tmp_path, settings={"encoding": encoding})
    exports.put("deals.csv", "Stage\nнет\n")
    exports.refusal(ask(measure="count"), Cause.DATA)
    exports.put("deals.csv", "Stage\nWon\n")
    assert exports.value(ask(measure="count")) == 1


def test_a_byte_order_mark_wins(tmp_path: Path) -> None:
    exports = Exports(tmp_path, settings={"encoding": "cp1251"})
    for bom, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        exports.put("deals.csv", bom + "Stage\nнет\n".encode(encoding))
        assert exports.value(ask(measure="count", where={"Stage": "нет"})) == 1


def test_utf16_needs_its_mark(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    exports.put("deals.csv", "Stage\nWon\n", encoding="utf-16-le")
    assert "set encoding: utf-16-le" in exports.refusal(ask(measure="count"), Cause.DATA)
    assert "has no byte order mark" in exports.refusal(ask(measure="count"), Cause.DATA, encoding="utf-16")
    assert exports.value(ask(measure="count"), encoding="utf-16-le") == 1


def test_the_order_of_all_dialects_and_keys_is_consistent() -> None:
    from okrsync_crm.dialects import DIALECTS
    from okrsync_crm.settings import CrmSettings, dialect_of

    for (name, dialect), encoding in itertools.product(DIALECTS.items(), ("cp1252", None)):
        used = dialect_of(CrmSettings.model_validate({"path": "x", "dialect": name, "encoding": encoding}))
        assert used.encoding == (encoding or dialect.encoding)
        assert used.delimiter == dialect.delimiter
