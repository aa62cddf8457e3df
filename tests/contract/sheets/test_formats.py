"""What the formats of cells say: a metric whose unit or ``values`` they contradict is held, before it is ever written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from ruamel.yaml import YAML

from okrsync.errors import Unavailable
from okrsync.loopback import Fault
from okrsync.model import COUNT, PERCENT, Cause, Dimension, Reading, Unit
from okrsync.testing import JumpClock
from okrsync_sheets import connector
from tests.support.spreadsheet import BOOK, NOW, World, question, seed, value, why

yaml = YAML(typ="safe", pure=True)
MINUTES = Unit(dimension=Dimension.DURATION, detail="minutes")
EURO = Unit(dimension=Dimension.MONEY, detail="EUR")
DOLLAR = Unit(dimension=Dimension.MONEY, detail="USD")
FORMATS = rf"GET /v4/spreadsheets/{BOOK}\?fields=sheets"


def load(world: World, *rows: list[Any], **tab: Any) -> None:
    world.emulator.load(seed(tabs=[{"title": "S", "rows": list(rows), **tab}]))


@pytest.mark.parametrize(
    ("cell", "unit", "values", "expected"),
    [
        ({"percent": 0.37}, PERCENT, "fraction", "37"),
        (0.37, PERCENT, "fraction", "37"),
        (37, PERCENT, "points", "37"),
        ({"format": "percent sign", "value": 37}, PERCENT, "points", "37"),
        ({"duration": "90m"}, MINUTES, "serial_days", "90"),
        (90, MINUTES, "plain", "90"),
        ({"money": 5, "currency": "EUR"}, EURO, None, "5"),
        ({"money": 5, "currency": "€"}, EURO, None, "5"),
        ({"money": 5, "currency": "$"}, DOLLAR, None, "5"),
        ({"format": "number", "value": 5}, EURO, None, "5"),
        ({"format": "number", "value": 46327}, COUNT, None, "46327"),
        (46327, COUNT, None, "46327"),
    ],
)
def test_a_format_that_fits(world: World, cell: Any, unit: Unit, values: str | None, expected: str) -> None:
    load(world, [cell])
    query = {"values": values} if values else {}
    assert value(world.one(unit, cell="S!A1", **query)) == Decimal(expected)


@pytest.mark.parametrize(
    ("cell", "unit", "values", "reason", "hint"),
    [
        ({"percent": 0.37}, PERCENT, "points", "is formatted as percent", "values: fraction"),
        ({"format": "percent sign", "value": 37}, PERCENT, "fraction", "is not formatted", "values: points"),
        (37, PERCENT, "fraction", "S!A1 holds 37 and is not formatted as percent", "values: points"),
        ({"percent": 0.37}, COUNT, None, "formatted as percent, the metric is in count", "unit: percent"),
        ({"percent": 0.37}, EURO, None, "formatted as percent", "unit: percent"),
        ({"duration": "90m"}, COUNT, None, "a length of time, the metric is in count", "minutes"),
        ({"duration": "90m"}, MINUTES, "plain", "formatted as a length of time", "values: serial_days"),
        (90, MINUTES, "serial_days", "is not formatted as a length of time", "values: plain"),
        ({"money": 5, "currency": "USD"}, EURO, None, "an amount in USD, the metric is in EUR", "money:USD"),
        ({"money": 5, "currency": "$"}, EURO, None, "an amount in $", "money:$"),
        ({"money": 5, "currency": "EUR"}, COUNT, None, "an amount of money", "money:EUR"),
        ({"date": "2026-11-01"}, COUNT, None, "S!A1 is a date, not a number", "format it as a number"),
        ({"datetime": "2026-11-01T12:00"}, EURO, None, "is a date", "format it"),
    ],
)
def test_a_format_that_contradicts(
    world: World, cell: Any, unit: Unit, values: str | None, reason: str, hint: str
) -> None:
    load(world, [cell])
    query = {"values": values} if values else {}
    answer = why(world.one(unit, cell="S!A1", **query))
    assert reason in answer.reason
    assert hint in answer.hint
    assert answer.cause is Cause.DATA


@pytest.mark.parametrize(
    "query",
    [
        {"range": "S!A2:A", "measure": "sum"},
        {"range": "S!A2:A", "measure": "max", "skip_text": True},
        {"tab": "S", "column": "Deals", "measure": "sum"},
        {"range": "S!A2:A", "dates": "S!B2:B"},
    ],
)
def test_a_date_among_numbers_is_refused(world: World, query: dict[str, Any]) -> None:
    day = {"date": "2026-11-01"}
    load(
        world,
        ["Deals", "Day"],
        [100, day],
        [{"date": "2026-11-02"}, {"date": "2026-11-02"}],
        [200, day | {"date": "2026-11-03"}],
    )
    assert "S!A3 is a date, not a number" in why(world.one(**query)).reason


def test_counting_dates_is_no_mistake(world: World) -> None:
    load(world, [{"date": "2026-11-01"}], [{"date": "2026-11-02"}])
    assert value(world.one(range="S!A1:A", measure="count")) == 2
    assert world.count(FORMATS) == 0


def test_a_date_that_joins_later_is_noticed_at_once(world: World) -> None:
    load(world, [100], [200])
    query = {"range": "S!A1:A", "measure": "sum"}
    assert value(world.one(**query)) == 300
    load(world, [100], [200], [{"date": "2026-11-02"}])
    assert "S!A3 is a date" in why(world.one(**query)).reason
    assert "S!A3 is a date" in why(world.one(**query)).reason
    load(world, [100], [200], [300])
    assert value(world.one(**query)) == 600


@pytest.mark.parametrize(
    "total", [{"formula": "=SUM(A1:A3)", "value": 600}, {"formula": "=SUMME(A1:A3)", "value": 600}]
)
def test_a_total_below_a_column_is_not_summed(world: World, total: dict[str, Any]) -> None:
    load(world, [100], [200], [300], [total])
    answer = why(world.one(range="S!A1:A", measure="sum"))
    assert "S!A4 is the total of the cells above it" in answer.reason
    assert value(world.one(range="S!A1:A3", measure="sum")) == 600


def test_a_total_that_joins_later_is_noticed_at_once(world: World) -> None:
    load(world, [100], [200], [300])
    query = {"range": "S!A1:A", "measure": "sum"}
    assert value(world.one(**query)) == 600
    load(world, [100], [200], [300], [{"formula": "=SUM(A1:A3)", "value": 600}])
    assert "is the total" in why(world.one(**query)).reason


def test_a_last_value_that_happens_to_be_the_sum_is_no_total(world: World) -> None:
    load(world, [100], [200], [300])
    assert value(world.one(range="S!A1:A", measure="sum")) == 600


def test_hidden_rows_are_counted_and_said(world: World) -> None:
    load(world, [1], [2], [4], [8], hidden_rows=[2], filtered_rows=[3])
    for _ in range(2):
        answer = world.one(range="S!A1:A", measure="sum")
        assert value(answer) == 15
        assert isinstance(answer, Reading)
        assert ("numbers in hidden rows, counted, too", "2") in answer.evidence.facts


def test_formats_are_looked_at_again_after_a_week(world: World) -> None:
    load(world, [0.37])
    query = {"cell": "S!A1"}
    assert value(world.one(**query)) == Decimal("0.37")
    load(world, [{"percent": 0.37}])
    world.clock = JumpClock(NOW + timedelta(days=6))
    assert value(world.one(**query)) == Decimal("0.37")
    assert world.count(FORMATS) == 1
    world.clock = JumpClock(NOW + timedelta(days=7))
    assert "formatted as percent" in why(world.one(**query)).reason
    assert world.count(FORMATS) == 2


def test_many_dates_of_a_backfill_are_one_look(world: World) -> None:
    load(world, *[[{"date": f"2026-10-{day:02}"}, day] for day in range(1, 29)])
    days = [datetime(2026, 10, day, 12, tzinfo=UTC) for day in range(1, 29)]
    answers = world.read(*(question("m", COUNT, day, range="S!B1:B", dates="S!A1:A") for day in days))
    assert [value(answer) for answer in answers] == list(range(1, 29))
    assert world.count(FORMATS) == 1


# ---- Dates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "looks"),
    [
        ([2024, 2025, 2026, 2027], "a year"),
        ([1, 2, 3, 12], "a month"),
        ([45, 46, 47, 48], "a week"),
        ([202610, 202611], "a year and a month"),
        ([20261001, 20261101], "a date written as one number"),
        ([0, 0.5, -3], "a plain number"),
        ([3_000_000], "a plain number"),
    ],
)
def test_numbers_that_are_no_dates_are_refused(world: World, dates: list[float], looks: str) -> None:
    load(world, *[[day, number] for number, day in enumerate(dates)])
    answer = why(world.one(range="S!B1:B", dates="S!A1:A"))
    assert f"which looks like {looks} and not like a date" in answer.reason
    assert "Format > Number > Date" in answer.hint


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland", "Europe/Berlin"])
def test_a_day_is_the_company_s_day_wherever_the_spreadsheet_was_made(world: World, zone: str) -> None:
    rows = [[{"date": "2026-11-08"}, 8], [{"date": "2026-11-09"}, 9]]
    world.emulator.load(seed(timezone=zone, tabs=[{"title": "S", "rows": rows}]))
    query = {"range": "S!B1:B", "dates": "S!A1:A"}
    last = datetime.fromisoformat("2026-11-08T23:59:59.999999+01:00")
    assert value(world.one(COUNT, last, **query)) == 8
    assert value(world.one(COUNT, datetime.fromisoformat("2026-11-09T04:00+01:00"), **query)) == 9


def test_a_time_is_the_spreadsheet_s(world: World) -> None:
    rows = [[{"datetime": "2026-11-08T18:00"}, 8], [{"datetime": "2026-11-09T18:00"}, 9]]
    world.emulator.load(seed(timezone="America/New_York", tabs=[{"title": "S", "rows": rows}]))
    query = {"range": "S!B1:B", "dates": "S!A1:A"}
    assert value(world.one(COUNT, datetime(2026, 11, 9, 22, 59, tzinfo=UTC), **query)) == 8
    assert value(world.one(COUNT, datetime(2026, 11, 9, 23, 0, tzinfo=UTC), **query)) == 9


@pytest.mark.parametrize(
    "heading", ["2026-11-01", "1.11.2026", "01.11.2026", "Nov 2026", "november 2026", "2026-11", "46327"]
)
def test_a_heading_that_is_a_date_is_found_as_people_write_it(world: World, heading: str) -> None:
    months = [{"date": f"2026-{month}-01"} for month in (10, 11, 12)]
    load(world, ["Team", *months], ["A", 1, 2, 3])
    assert value(world.one(tab="S", row="A", column=heading)) == 2


def test_dates_that_are_no_such_heading_are_listed_as_dates(world: World) -> None:
    load(world, ["Team", {"date": "2026-10-01"}, {"date": "2026-11-01"}], ["A", 1, 2])
    answer = why(world.one(tab="S", row="A", column="2026-11-02"))
    assert "2026-11-01" in answer.hint
    assert "46327" not in answer.hint


# ---- Numbers typed as text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "values", "expected"),
    [
        ("5 %", PERCENT, "points", "5"),
        ("5,5%", PERCENT, "fraction", "5.5"),
        ("€ 5", EURO, None, "5"),
        ("1.234,50 €", EURO, None, "1234.50"),
        ("EUR 5", EURO, None, "5"),
        ("(5)", COUNT, None, "-5"),
        ("(1.234,5 €)", EURO, None, "-1234.5"),
        ("$ 5", EURO, None, None),
        ("5 %", COUNT, None, None),
        ("€ 5", COUNT, None, None),
        ("5 € €", EURO, None, "5 € €"),
        ("(5", COUNT, None, None),
    ],
)
def test_numbers_as_people_type_them(
    world: World, text: str, unit: Unit, values: str | None, expected: str | None
) -> None:
    load(world, [text])
    query: dict[str, Any] = {"text_numbers": {"decimal": ",", "thousands": "."}}
    answer = world.one(unit, cell="S!A1", **query, **({"values": values} if values else {}))
    if expected is None or expected == text:
        assert f"holds the text “{text}”" in why(answer).reason
    else:
        assert value(answer) == Decimal(expected)


@pytest.mark.parametrize("values", [None])
def test_a_duration_needs_to_be_said(world: World, values: None) -> None:
    load(world, [{"duration": "90m"}])
    answer = why(world.one(MINUTES, cell="S!A1"))
    assert "nothing says how its cells hold a length of time" in answer.reason
    assert "values: serial_days" in answer.hint
    assert "values: plain" in answer.hint
    assert world.count("") == 0


# ---- Answers that are none ------------------------------------------------------------------------------------

DEEP = ("[" * 100_000).encode()
BODIES = [
    b"<html>sign in</html>",
    b"null",
    b"[]",
    b"0",
    b"{}",
    b'{"valueRanges": null}',
    b'{"valueRanges": [{"range": "S!A1", "values": [[{"a": 1}]]}]}',
    b'{"valueRanges": [{"range": "S!A1", "values": 5}]}',
    b'{"valueRanges": [{"range": 5, "values": [[1]]}]}',
    b'{"valueRanges": [{"range": "S!A1", "values": [[' + b"9" * 5000 + b"]]}]}",
    b'{"valueRanges": ' + DEEP,
]


@pytest.mark.parametrize("number", [b"1e40", b"-1e300", b"9" * 400, b"NaN", b"Infinity"])
def test_a_number_beyond_all_counting_is_no_value(world: World, number: bytes) -> None:
    load(world, [5])
    body = b'{"valueRanges": [{"range": "S!A1", "values": [[' + number + b"]]}]}"
    world.emulator.server.faults.append(Fault(where="batchGet", times=99, status=200, body=body))
    assert "which is no number that anybody counts" in why(world.one(cell="S!A1")).reason


def test_null_is_as_good_as_left_out(world: World) -> None:
    load(world, [5])
    body = b'{"valueRanges": [{"range": "S!A1", "values": null}]}'
    world.emulator.server.faults.append(Fault(where="batchGet", status=200, body=body))
    assert why(world.one(cell="S!A1")).cause is Cause.EMPTY


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_an_answer_of_another_shape_is_no_value(world: World, body: bytes) -> None:
    load(world, [5])
    world.emulator.server.faults.append(Fault(where="batchGet", times=99, status=200, body=body))
    with pytest.raises(Unavailable, match="did not arrive whole"):
        world.one(cell="S!A1")


@pytest.mark.parametrize(
    "answer",
    [
        {"sheets": [{"data": [{"rowData": [{"values": [0]}]}]}]},
        {"sheets": [{"data": [{"rowData": [{"values": [{"effectiveFormat": {"numberFormat": 7}}]}]}]}]},
        {"sheets": {"0": {}}},
        {"sheets": [{"properties": {"title": 5}}]},
        [],
        None,
    ],
)
def test_formats_of_another_shape_cost_no_number(world: World, answer: Any) -> None:
    load(world, [5])
    world.emulator.server.faults.append(
        Fault(where=FORMATS, times=99, status=200, body=json.dumps(answer).encode())
    )
    found = world.one(cell="S!A1")
    assert value(found) == 5
    assert isinstance(found, Reading)
    assert any(name == "formats of the cells" for name, _ in found.evidence.facts)


def test_doctor_names_hidden_rows(world: World) -> None:
    load(world, [1], [2], [4], hidden_rows=[2], filtered_rows=[3, 900])
    assert connector.doctor is not None
    found = list(connector.doctor(world.settings(), [], world.context()))
    assert [one.detail for one in found if "hidden" in one.detail] == [
        "hidden rows, whose numbers count, too: 2, 3"
    ]
    assert all(one.ok for one in found)


@pytest.mark.parametrize(
    ("cells", "keys"),
    [
        ([5, 6], 'tab: "S", column: "V", measure: "sum"'),
        ([{"percent": 0.5}, {"percent": 0.7}], 'measure: "mean", values: "fraction", unit: "percent"'),
        ([{"money": 5, "currency": "EUR"}], 'measure: "sum", unit: "money:EUR"'),
        ([{"money": 5, "currency": "$"}], None),
        ([{"duration": "90m"}], None),
        ([5, {"percent": 0.5}], None),
        ([5, {"date": "2026-11-01"}], None),
    ],
)
def test_what_inspect_proposes_is_what_a_run_takes(world: World, cells: list[Any], keys: str | None) -> None:
    load(world, ["V"], *([cell] for cell in cells))
    assert connector.inspect is not None
    shown = connector.inspect(world.settings(), BOOK, world.context())
    if keys is None:
        assert "metric_" not in shown
        return
    (line,) = [line for line in shown.splitlines() if "metric_" in line]
    assert keys in line
    metric = yaml.load(line)["metric_1"]
    unit = {"percent": PERCENT, "money:EUR": EURO}.get(metric.pop("unit", ""), COUNT)
    del metric["from"]
    assert isinstance(world.one(unit, **metric), Reading)


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        *(
            ("RUB", "₽"),
            ("SEK", "kr"),
            ("DKK", "kr"),
            ("PLN", "zł"),
            ("TRY", "₺"),
            ("UAH", "₴"),
            ("CZK", "Kč"),
        ),
        *(
            ("HUF", "Ft"),
            ("CHF", "CHF"),
            ("USD", "US$"),
            ("CAD", "$"),
            ("AUD", "A$"),
            ("CNY", "¥"),
            ("ZAR", "R"),
        ),
    ],
)
def test_the_sign_of_a_currency_at_home_is_its_sign(world: World, code: str, sign: str) -> None:
    load(world, [{"money": 5, "currency": sign}])
    assert value(world.one(Unit(dimension=Dimension.MONEY, detail=code), cell="S!A1")) == 5


@pytest.mark.parametrize(("code", "sign"), [("USD", "A$"), ("EUR", "£"), ("EUR", "kr"), ("PLN", "Kč")])
def test_the_sign_of_another_currency_is_refused(world: World, code: str, sign: str) -> None:
    load(world, [{"money": 5, "currency": sign}])
    held = why(world.one(Unit(dimension=Dimension.MONEY, detail=code), cell="S!A1"))
    assert f"is an amount in {sign}, the metric is in {code}" in held.reason
    assert f"point to a cell in {code}" in held.hint


@pytest.mark.parametrize("measure", ["sum", "mean", "max", "last", "p85"])
@pytest.mark.parametrize(
    ("formula", "place"),
    [
        ("=SUM(A3:A5)", 0),
        ("=SUM(A2:A3)", 2),
        ("=SUBTOTAL(109;A$2:A$4)", 3),
        ("=sum(A3:A)", 0),
        ("=SUM(S!A2:A3)", 2),
    ],
)
def test_a_total_anywhere_in_a_range_is_no_part_of_it(
    world: World, measure: str, formula: str, place: int
) -> None:
    rows: list[Any] = [["n"], [1], [2], [4]]
    rows.insert(place + 1, [{"formula": formula, "value": 7}])
    load(world, *rows)
    held = why(world.one(range="S!A2:A", measure=measure))
    which = "the cells above it" if place == 3 else "other cells of the range"
    assert f"S!A{place + 2} is the total of {which} ({formula})" in held.reason


@pytest.mark.parametrize(
    "formula", ["=SUM(B2:D2)", "=SUM(Data!A1:A9)", "=SUM('It''s A1'!A:A)", "=B2+C2", "=SUM(AA2:AB2)"]
)
def test_a_sum_of_other_cells_is_a_number_like_any(world: World, formula: str) -> None:
    load(world, ["n"], [{"formula": formula, "value": 6}], [1])
    assert value(world.one(range="S!A2:A", measure="sum")) == 7


def test_a_heading_among_the_numbers_is_said_to_be_one(world: World) -> None:
    load(world, ["Deals"], [1], [2])
    assert "begin the range below its heading" in why(world.one(range="S!A:A", measure="sum")).hint
    assert value(world.one(range="S!A:A", measure="sum", skip_text=True)) == 3
    load(world, ["Deals"], [1], ["two"])
    assert "heading" not in why(world.one(range="S!A2:A", measure="sum")).hint


def test_an_error_in_spanish_is_an_error(world: World) -> None:
    load(world, ["n"], [1], ["#¡REF!"])
    assert "S!A3 holds the error #¡REF!" in why(world.one(range="S!A2:A", measure="count")).reason
