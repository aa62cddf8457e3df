from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.model import COUNT, INDEX, PERCENT, SECONDS_IN, Dimension, Unit
from okrsync.units import UNITS, convertible, parse_number, parse_unit, show, span, to_unit
from okrsync.units.language import cldr, compact, currencies, times

D = Decimal
LANGUAGES = (
    "en_US",
    "en_IN",
    "de_DE",
    "de_AT",
    "de_CH",
    "ru_RU",
    "fr_FR",
    "es_ES",
    "pl_PL",
    "pt_BR",
    "tr_TR",
    "ja_JP",
)


def money(code: str) -> Unit:
    return Unit(dimension=Dimension.MONEY, detail=code)


def time(detail: str) -> Unit:
    return Unit(dimension=Dimension.DURATION, detail=detail)


# ---- span -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("36h", 129_600), ("2d", 172_800), ("1w", 604_800), ("1h 30m", 5400)],
)
def test_a_span(text: str, seconds: int) -> None:
    assert span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "90", "h", "1.5h", "1h x", "-1h", "٣h", "99999999999999w"])
def test_no_span(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 90s|longer than any"):
        span(text)


# ---- units ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("count", COUNT),
        ("percent", PERCENT),
        ("index", INDEX),
        ("money:USD", money("USD")),
        (" money: EUR ", money("EUR")),
        *((word, time(word)) for word in SECONDS_IN),
    ],
)
def test_units_are_read_and_written_back(text: str, unit: Unit) -> None:
    assert parse_unit(text) == unit
    assert parse_unit(str(unit)) == unit


@pytest.mark.parametrize(
    "text", ["", "dollars", "count:x", "Percent", "%", "hour", "hours:x", "duration", "duration:years"]
)
def test_other_units_are_refused_with_what_can_be_written(text: str) -> None:
    with pytest.raises(ValueError, match="is not a unit") as refused:
        parse_unit(text)
    assert UNITS in str(refused.value)


@pytest.mark.parametrize("text", ["money", "money:", "money:usd", "money:XXQ", "money:$"])
def test_money_needs_a_currency_that_exists(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217 code, as in money:USD"):
        parse_unit(text)


def test_durations_convert_and_plain_numbers_are_plain() -> None:
    assert to_unit(D(36), time("hours"), time("days")) == D("1.5")
    assert to_unit(D("1.5"), time("minutes"), time("seconds")) == 90
    assert to_unit(D(2), time("weeks"), time("days")) == 14
    assert to_unit(D(5), COUNT, INDEX) == to_unit(D(5), INDEX, COUNT) == 5
    assert to_unit(D(5), money("USD"), money("USD")) == 5


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (PERCENT, COUNT),
        (COUNT, PERCENT),
        (INDEX, PERCENT),
        (money("USD"), money("EUR")),
        (COUNT, time("hours")),
        (time("hours"), money("USD")),
    ],
)
def test_nothing_else_converts(source: Unit, target: Unit) -> None:
    with pytest.raises(ValueError, match=f"{source} cannot be turned into {target}"):
        to_unit(D(1), source, target)


# ---- reading --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "locale", "value"),
    [
        # What the book and the design write.
        ("50 000", "count", "ru_RU", "50000"),
        ("$3.5M", "money:USD", "en_US", "3500000"),
        ("3,5 млн", "money:USD", "ru_RU", "3500000"),
        ("$3,5 млн", "money:USD", "ru_RU", "3500000"),
        ("1.234,56 €", "money:EUR", "de_DE", "1234.56"),
        ("2 мин 37 с", "seconds", "ru_RU", "157"),
        ("2 min 37 s", "seconds", "en_US", "157"),
        ("3 min 45 s", "seconds", "de_DE", "225"),
        ("37%", "percent", "en_US", "37"),
        ("37 %", "percent", "ru_RU", "37"),
        # Separators.
        ("50 000", "count", "en_US", "50000"),
        ("50\u00a0000", "count", "ru_RU", "50000"),
        ("50\u202f000", "count", "de_DE", "50000"),
        ("1'234.5", "count", "en_US", "1234.5"),
        ("1’234.5", "count", "de_CH", "1234.5"),
        ("1,23,456", "count", "en_IN", "123456"),
        ("1.234", "count", "de_DE", "1234"),
        ("1,234", "count", "de_DE", "1.234"),
        ("1.234,50", "count", "de_DE", "1234.5"),
        ("  7  ", "count", "en_US", "7"),
        ("12345", "count", "de_DE", "12345"),
        # Signs.
        ("−5", "index", "ru_RU", "-5"),
        ("-5,5", "index", "ru_RU", "-5.5"),
        ("+5", "count", "en_US", "5"),
        ("(1,234.50)", "money:USD", "en_US", "-1234.50"),
        ("($5)", "money:USD", "en_US", "-5"),
        ("$(5)", "money:USD", "en_US", "-5"),
        ("-$5", "money:USD", "en_US", "-5"),
        ("$-5", "money:USD", "en_US", "-5"),
        ("\u200e-5\u200f", "count", "en_US", "-5"),
        # Powers of ten.
        ("300k", "count", "en_US", "300000"),
        ("300K", "count", "de_DE", "300000"),
        ("5 тыс", "count", "ru_RU", "5000"),
        ("5 тыс. $", "money:USD", "ru_RU", "5000"),
        ("5 миллионов", "count", "ru_RU", "5000000"),
        ("2 million", "count", "en_US", "2000000"),
        ("1.2 Mio", "count", "de_CH", "1200000"),
        ("1,2 Mio. €", "money:EUR", "de_DE", "1200000"),
        ("1,2 Mrd", "count", "de_DE", "1200000000"),
        ("5 M $US", "money:USD", "fr_FR", "5000000"),
        ("2B", "count", "en_US", "2000000000"),
        ("5万", "count", "ja_JP", "50000"),
        ("5kEUR", "money:EUR", "de_DE", "5000"),
        # Currencies: the sign is the locale's.
        ("5 usd", "money:USD", "de_DE", "5"),
        ("$5 USD", "money:USD", "en_US", "5"),
        ("$5", "money:CAD", "en_CA", "5"),
        ("US$5", "money:USD", "en_CA", "5"),
        ("5 $ US", "money:USD", "fr_CA", "5"),
        ("5 руб.", "money:RUB", "ru_RU", "5"),
        ("3,5 млн долларов США", "money:USD", "ru_RU", "3500000"),
        ("5 euros", "money:EUR", "en_US", "5"),
        ("1 euro", "money:EUR", "en_US", "1"),
        ("%37", "percent", "tr_TR", "37"),
        ("0.5%", "percent", "en_US", "0.5"),
        ("37", "percent", "en_US", "37"),
        ("-12 %", "percent", "de_DE", "-12"),
        # Lengths of time, into the unit's own detail.
        ("1h 30m", "hours", "en_US", "1.5"),
        ("90s", "minutes", "ru_RU", "1.5"),
        ("90", "seconds", "en_US", "90"),
        ("1 500", "seconds", "ru_RU", "1500"),
        ("1.5 hours", "minutes", "en_US", "90"),
        ("1 Stunde, 30 Min.", "minutes", "de_DE", "90"),
        ("2時間30分", "minutes", "ja_JP", "150"),
        ("-5 h", "seconds", "en_US", "-18000"),
        ("(5 h)", "hours", "en_US", "-5"),
        ("1w 2d", "days", "en_US", "9"),
        ("250 ms", "seconds", "en_US", "0.25"),
        ("12 сек", "seconds", "ru_RU", "12"),
        ("5 j", "hours", "fr_FR", "120"),
        ("5 min", "seconds", "en-US", "300"),
    ],
)
def test_numbers_as_people_write_them(text: str, unit: str, locale: str, value: str) -> None:
    assert parse_number(text, parse_unit(unit), locale) == D(value)


@pytest.mark.parametrize(
    ("text", "unit", "locale", "why"),
    [
        ("", "count", "en_US", "the text is empty"),
        ("\u00a0 ", "count", "en_US", "the text is empty"),
        ("n/a", "count", "en_US", "holds no digits"),
        ("NaN", "count", "en_US", "holds no digits"),
        ("∞", "count", "en_US", "holds no digits"),
        ("٣", "count", "en_US", "holds no digits"),
        # Malformed or ambiguous.
        ("1.23", "count", "de_DE", "did you mean '123' or '1,23'?"),
        ("1.2 Mio", "count", "de_DE", "did you mean '12' or '1,2'?"),
        ("3.5", "count", "ru_RU", "not one number with ',' before its decimals"),
        ("1,23,456", "count", "en_US", "did you mean '123,456'?"),
        ("1 234'567", "count", "en_US", "not one number"),
        ("1 234.567", "count", "de_DE", "not one number"),
        ("1,234.567,8", "count", "en_US", "did you mean"),
        ("1.2.3", "count", "en_US", "is malformed"),
        ("5 10", "count", "en_US", "did you mean"),
        ("1e5", "count", "en_US", "not one number"),
        ("1_000", "count", "en_US", "not one number"),
        ("10/20", "count", "en_US", "not one number"),
        ("10-20", "count", "en_US", "not one number"),
        ("5-", "count", "en_US", "'-' is neither"),
        ("--5", "count", "en_US", "'-' is neither"),
        ("+-5", "count", "en_US", "'[+]' is neither"),
        ("(-5)", "count", "en_US", "both a minus and parentheses"),
        ("(5", "count", "en_US", "neither"),
        ("((5)", "count", "en_US", "neither"),
        ("((5))", "count", "en_US", "neither"),
        ("(5))", "count", "en_US", "neither"),
        ("5)", "count", "en_US", "neither"),
        (".5", "count", "en_US", "as in 0.5"),
        ("-.5", "count", "en_US", "as in 0.5"),
        ("$.50", "money:USD", "en_US", "as in 0.5"),
        (",5", "count", "de_DE", "neither"),
        ("5.", "count", "en_US", "neither"),
        ("5..", "money:USD", "en_US", "neither"),
        ("1 000,", "count", "ru_RU", "neither"),
        ("5 apples", "count", "en_US", "'apples' is neither a currency nor a power of ten"),
        ("about 5", "count", "en_US", "'about' is neither"),
        ("5m", "money:USD", "en_US", "length of time"),
        ("K5", "count", "en_US", "belongs behind the number"),
        ("Rs.500", "money:INR", "en_US", "is 'Rs.' part of the number"),
        ("Rs. 500", "money:INR", "en_US", "'Rs.' is neither"),
        # Against the unit.
        ("37%", "count", "en_US", "it is a percentage"),
        ("37 %", "money:USD", "en_US", "it is a percentage"),
        ("%5%", "percent", "en_US", "two percent signs"),
        ("5%%", "percent", "en_US", "neither"),
        ("€5", "money:USD", "en_US", "it is an amount of EUR"),
        ("$5", "money:USD", "en_CA", "it is an amount of CAD"),
        ("$5 EUR", "money:USD", "en_US", "it is an amount of EUR"),
        ("$5", "count", "en_US", "it is an amount of USD"),
        ("5 EUR", "percent", "en_US", "it is an amount of EUR"),
        ("$5%", "percent", "en_US", "it is an amount of USD"),
        ("5 min", "count", "en_US", "it is a length of time"),
        # Lengths of time.
        ("5 min 3 s", "count", "en_US", "it is a length of time"),
        ("37 %", "seconds", "en_US", "'%' is not a unit of time"),
        ("5 M", "seconds", "en_US", "'M' is not a unit of time"),
        ("2:37", "seconds", "en_US", "is not a unit of time"),
        ("2 min 37", "seconds", "en_US", "'' is not a unit of time"),
        ("30s 1h", "seconds", "en_US", "from the largest to the smallest"),
        ("1h 2h", "hours", "en_US", "from the largest to the smallest"),
        ("1.5h 30m", "seconds", "en_US", "only the last may have decimals"),
        ("5 h,", "hours", "en_US", "not a length of time"),
        ("in 5 h", "hours", "en_US", "not a length of time"),
        ("soon", "hours", "en_US", "not a length of time"),
        ("5 h . 3 m", "hours", "en_US", "not a length of time"),
        ("1.23 h", "hours", "de_DE", "did you mean"),
        ("5 months", "days", "en_US", "'months' is not a unit of time"),
    ],
)
def test_what_is_no_number_is_an_error_and_never_a_guess(text: str, unit: str, locale: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_number(text, parse_unit(unit), locale)


def test_the_error_names_text_unit_and_locale() -> None:
    with pytest.raises(ValueError, match="'5 apples' is not a number in money:USD as en_US writes it: "):
        parse_number("5 apples", money("USD"), "en_US")


@pytest.mark.parametrize("locale", ["xx_YY", "", "german please"])
def test_an_unknown_locale_is_named(locale: str) -> None:
    with pytest.raises(ValueError, match="is not a locale"):
        parse_number("5", COUNT, locale)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_no_word_means_two_things(locale: str) -> None:
    assert all(factor > 1 for factor in compact(locale).values())
    assert set(times(locale).values()) >= {D(size) for size in SECONDS_IN.values()}
    assert currencies(locale)["eur"] == "EUR"
    assert "" not in compact(locale)


def test_a_word_that_is_two_things_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from okrsync.units import parser

    monkeypatch.setattr(parser, "compact", lambda locale: {"m": D(1000)})
    monkeypatch.setattr(parser, "currencies", lambda locale: {"xn": "XUA", "mxn": "MXN"})
    with pytest.raises(ValueError, match="neither"):
        parse_number("5 mxn", money("MXN"), "en_US")


def test_a_word_for_two_units_of_time_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from babel import units

    monkeypatch.setattr(units, "format_unit", lambda *given, **more: "5 x")
    times.cache_clear()
    try:
        known = times("en_US")
    finally:
        times.cache_clear()
    assert "x" not in known
    assert known["h"] == 3600


# ---- showing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "locale", "shown"),
    [
        ("3500000", "money:USD", "en_US", "$3,500,000"),
        ("3500000", "money:USD", "de_DE", "3.500.000 $"),
        ("3500000", "money:USD", "ru_RU", "3 500 000 $"),
        ("1234.5", "money:EUR", "de_DE", "1.234,50 €"),
        ("-1234.5", "money:USD", "en_US", "-$1,234.50"),
        ("0.999", "money:USD", "en_US", "$1"),
        ("37", "percent", "ru_RU", "37 %"),
        ("37.456", "percent", "en_US", "37.46%"),
        ("50000", "count", "en_US", "50,000"),
        ("50000", "count", "ru_RU", "50 000"),
        ("1.50", "index", "de_DE", "1,5"),
        ("0.125", "count", "en_US", "0.13"),
        ("-0.001", "count", "en_US", "0"),
        ("1E+6", "count", "en_US", "1,000,000"),
        (
            "12345678901234567890123456789012.345",
            "percent",
            "en_US",
            "12,345,678,901,234,567,890,123,456,789,012.35%",
        ),
        ("157", "seconds", "en_US", "2 min 37 sec"),
        ("157", "seconds", "ru_RU", "2 мин 37 с"),
        ("225", "seconds", "de_DE", "3 Min. 45 Sek."),
        ("90000", "seconds", "en_US", "25 hr"),
        ("0.25", "seconds", "en_US", "0.25 sec"),
        ("0", "hours", "en_US", "0 sec"),
        ("36", "hours", "en_US", "36 hr"),
        ("16.372", "hours", "en_US", "16 hr 22 min"),
        ("24.5", "days", "en_US", "24 days 12 hr"),
        ("35", "days", "en_US", "35 days"),
        ("1.5", "weeks", "en_US", "1 wk 4 days"),
        ("0.25", "minutes", "en_US", "15 sec"),
        ("119.7", "seconds", "en_US", "2 min"),
        ("59.999", "seconds", "en_US", "1 min"),
        ("-3599.9", "seconds", "en_US", "-1 hr"),
        ("-157", "seconds", "en_US", "-2 min 37 sec"),
    ],
)
def test_numbers_as_people_read_them(value: str, unit: str, locale: str, shown: str) -> None:
    assert show(D(value), parse_unit(unit), locale).replace("\u00a0", " ") == shown


def test_digits_are_asked_for() -> None:
    assert show(D("1.23456"), COUNT, "en_US", digits=4) == "1.2346"
    assert show(D("1.5"), COUNT, "en_US", digits=0) == "2"
    assert show(D("1.50"), money("USD"), "en_US", digits=1) == "$1.5"
    assert show(D("16.372"), time("hours"), "en_US", digits=1) == "16.4 hr"
    assert show(D("100"), time("hours"), "en_US", digits=1) == "100 hr"


numbers = st.decimals(min_value=-(10**15), max_value=10**15, places=2, allow_nan=False, allow_infinity=False)


@given(
    numbers,
    st.sampled_from(["count", "percent", "money:USD", "money:EUR", "money:RUB"]),
    st.sampled_from(LANGUAGES),
)
def test_what_is_shown_reads_back_as_itself(value: Decimal, unit: str, locale: str) -> None:
    assert parse_number(show(value, parse_unit(unit), locale), parse_unit(unit), locale) == value


@given(
    st.decimals(min_value=-(10**6), max_value=10**6, places=3, allow_nan=False, allow_infinity=False),
    st.sampled_from(sorted(SECONDS_IN)),
    st.sampled_from(LANGUAGES),
)
def test_a_shown_length_of_time_reads_back_to_its_second_part(
    value: Decimal, detail: str, locale: str
) -> None:
    read = parse_number(show(value, time(detail), locale), time("seconds"), locale)
    size = abs(value * SECONDS_IN[detail])
    step = 0.01 if size < 60 else 1 if size < 3600 else 60 if size < 86_400 else 86_400
    assert abs(read - value * SECONDS_IN[detail]) <= D(str(step)) / 2


@given(
    st.text(alphabet="0123456789.,' -+()%$€kMm\u00a0шт", max_size=12),
    st.sampled_from(["count", "percent", "money:USD", "hours"]),
    st.sampled_from(LANGUAGES),
)
def test_any_text_is_a_finite_number_or_a_sentence(text: str, unit: str, locale: str) -> None:
    try:
        value = parse_number(text, parse_unit(unit), locale)
    except ValueError:
        return
    assert value.is_finite()
    written = int("".join(character for character in text if character.isdigit()))
    assert (value == 0) == (written == 0)
    assert value <= 0 or "-" not in text


@given(numbers, st.sampled_from(sorted(SECONDS_IN)), st.sampled_from(sorted(SECONDS_IN)))
def test_conversion_of_time_turns_back(value: Decimal, one: str, other: str) -> None:
    back = to_unit(to_unit(value, time(one), time(other)), time(other), time(one))
    assert abs(back - value) <= abs(value) * D("1e-20")


def test_cldr_is_parsed_once() -> None:
    assert cldr("de_DE") is cldr("de_DE")


def test_what_can_be_compared_and_what_cannot() -> None:
    hours, days = parse_unit("hours"), parse_unit("days")
    assert convertible(hours, days)
    assert not convertible(hours, parse_unit("percent"))
