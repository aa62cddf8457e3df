from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.errors import DataError
from okrsync.model import COUNT, INDEX, PERCENT, Dimension, Quantity, Stored, Unit, Wanted
from okrsync_notion.canonical_values import canonical
from okrsync_notion.property_values import NotionColumn, decode, encode, key


def column(kind: str, **more: Any) -> NotionColumn:
    return NotionColumn(id="a:b", wire="a%3Ab", name="Cell", type=kind, **more)


NUMBER = column("number", format="number")
PERCENTAGE = column("number", format="percent")
TEXT = column("rich_text")
DATE = column("date")
CHECKBOX = column("checkbox")
STATUS = column("status", options={"On track": "id-1", "At Risk": "id-2"})
SELECT = column("select", options={"On track": "id-1", "at risk": "id-2", "At risk": "id-3"})


def form(where: NotionColumn, value: Wanted, decimals: int = 2) -> Stored:
    return canonical(where, value, decimals=decimals, place="statuses: on_track")


def held(where: NotionColumn, value: Any) -> dict[str, Any]:
    return {"id": where.wire, "type": where.type, where.type: value}


def echoed(where: NotionColumn, value: Stored) -> dict[str, Any]:
    """What Notion answers after it was sent ``value``: JSON in between, seconds and the option's id resolved."""
    sent = json.loads(json.dumps(encode(where, value)))[where.type]
    if where.type == "rich_text":
        sent = [{"plain_text": item["text"]["content"]} for item in sent]
    if where.type in {"select", "status"} and sent is not None:
        sent = {"id": sent["id"], "name": next(n for n, i in where.options.items() if i == sent["id"])}
    if where.type == "date" and sent is not None:
        start = sent["start"]
        sent = {"start": start.replace(":00Z", ":00.000+00:00"), "end": None, "time_zone": None}
    return held(where, sent)


# ---- numbers ----


@pytest.mark.parametrize(
    ("where", "value", "unit", "expected"),
    [
        (NUMBER, "84", COUNT, "84"),
        (NUMBER, "84.00", COUNT, "84"),
        (NUMBER, "37", PERCENT, "37"),
        (PERCENTAGE, "37", PERCENT, "0.37"),
        (PERCENTAGE, "33.335", PERCENT, "0.3334"),
        (NUMBER, "2.675", COUNT, "2.68"),
        (NUMBER, "2.665", COUNT, "2.67"),
        (NUMBER, "-2.665", COUNT, "-2.67"),
        (NUMBER, "-0.001", COUNT, "0"),
        (NUMBER, "3500000", Unit(dimension=COUNT.dimension), "3500000"),
        (NUMBER, "1E+3", COUNT, "1000"),
        (NUMBER, "12345678901234567890", COUNT, "12345678901234567000"),
    ],
)
def test_a_number_is_canonical_in_its_column(
    where: NotionColumn, value: str, unit: Unit, expected: str
) -> None:
    found = form(where, Quantity(value=Decimal(value), unit=unit))
    assert str(found) == expected


@pytest.mark.parametrize("unit", [COUNT, INDEX])
def test_a_count_is_not_shown_as_a_percentage(unit: Unit) -> None:
    with pytest.raises(DataError, match="is shown as percent, and 84 is no percentage"):
        form(PERCENTAGE, Quantity(value=Decimal(84), unit=unit))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1E+400"])
def test_what_json_cannot_carry_is_refused(value: str) -> None:
    with pytest.raises(DataError):
        form(NUMBER, Quantity(value=Decimal(value)))


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**16), max_value=10**16),
    st.integers(0, 6),
    st.sampled_from([(NUMBER, COUNT), (NUMBER, PERCENT), (PERCENTAGE, PERCENT)]),
)
def test_a_number_reads_back_as_its_canonical_form(
    value: Decimal, decimals: int, place: tuple[NotionColumn, Unit]
) -> None:
    where, unit = place
    wanted = form(where, Quantity(value=value, unit=unit), decimals)
    assert decode(echoed(where, wanted), where) == wanted
    assert isinstance(wanted, Decimal)
    again = form(NUMBER, Quantity(value=wanted), 12)
    assert again == wanted
    assert str(again) == str(wanted)


@pytest.mark.parametrize(
    ("shown", "fitting"),
    [
        ("number", {"EUR", "USD", "AUD", "CNY", "SAR"}),
        ("riyal", {"EUR", "USD", "AUD", "CNY", "SAR"}),  # that of two countries: nothing is known
        ("dollar", {"USD", "AUD"}),
        ("australian_dollar", {"AUD"}),
        ("yen", {"CNY"}),
        ("euro", {"EUR"}),
    ],
)
def test_an_amount_is_held_where_it_would_show_in_another_currency(shown: str, fitting: set[str]) -> None:
    for code in ("EUR", "USD", "AUD", "CNY", "SAR"):
        amount = Quantity(value=Decimal(5), unit=Unit(dimension=Dimension.MONEY, detail=code))
        if code in fitting:
            assert form(column("number", format=shown), amount) == 5
        else:
            with pytest.raises(DataError, match=f"and 5 is in {code}"):
                form(column("number", format=shown), amount)


@pytest.mark.parametrize("value", [True, "84", float("nan"), float("inf"), [], {}])
def test_what_is_no_number_is_never_read_as_one(value: Any) -> None:
    with pytest.raises(DataError, match="Cell"):
        decode(held(NUMBER, value), NUMBER)


def test_floats_become_the_decimals_they_are_written_as() -> None:
    assert decode(held(NUMBER, 0.1), NUMBER) == Decimal("0.1")
    assert str(decode(held(NUMBER, 84.0), NUMBER)) == "84"
    assert decode(held(NUMBER, None), NUMBER) is None
    assert decode(held(NUMBER, 0), NUMBER) == Decimal(0)


# ---- dates ----


def test_an_instant_loses_its_seconds_and_its_zone() -> None:
    berlin = timezone(timedelta(hours=1))
    assert form(DATE, datetime(2026, 11, 23, 7, 59, 59, 999, tzinfo=berlin)) == "2026-11-23T06:59Z"
    assert form(DATE, date(2026, 11, 23)) == "2026-11-23"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"start": "2026-06-27T18:01:00.000+01:00", "end": None, "time_zone": None}, "2026-06-27T17:01Z"),
        ({"start": "2026-06-27T18:01:00.000Z", "end": None, "time_zone": None}, "2026-06-27T18:01Z"),
        ({"start": "2026-06-27T18:01:00", "end": None, "time_zone": "Europe/Berlin"}, "2026-06-27T16:01Z"),
        ({"start": "2026-06-27", "end": None, "time_zone": None}, "2026-06-27"),
        ({"start": "2026-06-27", "end": "2026-06-30", "time_zone": None}, "2026-06-27/2026-06-30"),
        (None, None),
    ],
)
def test_every_spelling_of_a_date_reads_the_same(value: Any, expected: str | None) -> None:
    assert decode(held(DATE, value), DATE) == expected


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_an_instant_reads_back_as_its_canonical_form(moment: datetime) -> None:
    wanted = form(DATE, moment)
    assert decode(echoed(DATE, wanted), DATE) == wanted


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(DataError, match="no time zone"):
        form(DATE, datetime(2026, 11, 23))  # noqa: DTZ001 - that is the point


def test_a_broken_date_is_said() -> None:
    with pytest.raises(DataError, match="Cell"):
        decode(held(DATE, {"start": "soon", "end": None, "time_zone": None}), DATE)
    with pytest.raises(DataError, match="Cell"):
        decode(held(DATE, {"start": "2026-06-27T18:01:00", "end": None, "time_zone": "Mars/Base"}), DATE)


# ---- texts and options ----


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("on track", "on track"),
        ("", None),
        ("a\r\nb", "a\nb"),
        ("e\u0301", "\u00e9"),
        ("x" * 2000, "x" * 2000),
    ],
)
def test_a_text_is_canonical(value: str, expected: str | None) -> None:
    assert form(TEXT, value) == expected


@given(st.text(st.sampled_from("aé😀\u0301"), min_size=1990, max_size=2100))
def test_a_long_text_is_cut_to_what_notion_takes(value: str) -> None:
    wanted = form(TEXT, value)
    assert isinstance(wanted, str)
    assert len(wanted.encode("utf-16-le")) // 2 <= 2000
    assert decode(echoed(TEXT, wanted), TEXT) == wanted
    assert form(TEXT, wanted) == wanted


def test_a_cut_text_says_so() -> None:
    assert form(TEXT, "x" * 2001) == "x" * 1999 + "…"


def test_runs_of_text_are_one_text() -> None:
    runs = [{"plain_text": "12 bugs "}, {"plain_text": "e"}, {"plain_text": "\u0301"}]
    assert decode(held(TEXT, runs), TEXT) == "12 bugs \u00e9"
    assert decode(held(TEXT, []), TEXT) is None


def test_an_option_takes_the_spelling_of_the_column() -> None:
    assert form(STATUS, "On track") == "On track"
    assert form(STATUS, "at risk") == "At Risk"
    assert form(SELECT, "at risk") == "at risk"


def test_an_option_that_is_not_there_is_never_made() -> None:
    with pytest.raises(DataError) as raised:
        form(STATUS, "On trak")
    text = str(raised.value)
    assert "has no option 'On trak'" in text
    assert "did you mean 'On track'? There are 'On track' and 'At Risk'" in text
    assert "statuses: on_track" in text
    with pytest.raises(DataError, match="AT RISK"):
        form(SELECT, "AT RISK")
    with pytest.raises(DataError, match="there are none"):
        form(column("status"), "On track")


def test_options_are_sent_by_id() -> None:
    assert encode(STATUS, "At Risk") == {"status": {"id": "id-2"}}
    with pytest.raises(DataError):
        encode(STATUS, "Gone")


# ---- what does not fit ----


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (NUMBER, "84"),
        (NUMBER, True),
        (NUMBER, date(2026, 11, 23)),
        (TEXT, Quantity(value=Decimal(84))),
        (STATUS, True),
        (STATUS, Quantity(value=Decimal(84))),
        (DATE, "2026-11-23"),
        (DATE, Quantity(value=Decimal(84))),
        (CHECKBOX, "yes"),
        (CHECKBOX, None),
        (CHECKBOX, Quantity(value=Decimal(1))),
    ],
)
def test_a_value_of_another_kind_is_refused_by_name(where: NotionColumn, value: Wanted) -> None:
    with pytest.raises(DataError, match="'Cell'"):
        form(where, value)


@pytest.mark.parametrize("where", [NUMBER, TEXT, STATUS, SELECT, DATE])
def test_nothing_empties_a_cell(where: NotionColumn) -> None:
    assert form(where, None) is None
    assert decode(echoed(where, None), where) is None


def test_a_checkbox_holds_yes_or_no() -> None:
    for value in (True, False):
        assert form(CHECKBOX, value) is value
        assert decode(echoed(CHECKBOX, value), CHECKBOX) is value
    with pytest.raises(DataError):
        decode(held(CHECKBOX, None), CHECKBOX)


def test_a_column_that_changed_its_type_is_said() -> None:
    with pytest.raises(DataError, match="was a text column and is now a number column"):
        decode(held(NUMBER, 84), TEXT)


# ---- keys ----


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"type": "rich_text", "rich_text": [{"plain_text": " KR-"}, {"plain_text": "1 "}]}, "KR-1"),
        ({"type": "title", "title": [{"plain_text": "KR-1"}]}, "KR-1"),
        ({"type": "unique_id", "unique_id": {"prefix": "KR", "number": 12}}, "KR-12"),
        ({"type": "unique_id", "unique_id": {"prefix": None, "number": 12}}, "12"),
        ({"type": "unique_id", "unique_id": {"prefix": "KR", "number": None}}, ""),
        ({"type": "formula", "formula": {"type": "string", "string": "KR-1"}}, "KR-1"),
        ({"type": "formula", "formula": {"type": "number", "number": 7}}, "7"),
        ({"type": "formula", "formula": {"type": "string", "string": None}}, ""),
        ({"type": "rich_text", "rich_text": [{"plain_text": "\ufeffKR\u00ad\u20111\u00a0"}]}, "KR-1"),
        ({"type": "select", "select": {"name": "KR-1"}}, "KR-1"),
        ({"type": "select", "select": None}, ""),
        ({"type": "number", "number": 7.0}, "7"),
        ({"type": "url", "url": "KR-1"}, "KR-1"),
        ({"type": "rich_text", "rich_text": []}, ""),
    ],
)
def test_a_key_is_read_from_any_column_that_can_hold_one(value: Any, expected: str) -> None:
    assert key(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"type": "formula", "formula": {"type": "unsupported", "unsupported": {}}},
        {"type": "formula", "formula": "KR-1"},
        {"type": "rich_text", "rich_text": 5},
        {"type": "title", "title": [None]},
        {"type": "select", "select": {}},
        {"type": "unique_id", "unique_id": 7},
        {"type": "number", "number": "7"},
    ],
)
def test_a_key_that_cannot_be_read_is_said(value: Any) -> None:
    with pytest.raises(DataError):
        key(value)


def test_whole_numbers_beyond_what_a_double_counts_are_sent_as_doubles() -> None:
    """2^53 and more: JSON readers that keep integers would disagree with Notion, which keeps doubles."""
    assert isinstance(encode(NUMBER, Decimal(2**53 - 1))["number"], int)
    assert isinstance(encode(NUMBER, Decimal(2**53))["number"], float)
