"""The messages of reports: the same ones in each language, with the plural forms that it has."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from okrsync.model import COUNT, PERCENT, Dimension, Evidence, Reading, Unit
from okrsync.periods import Cycle
from okrsync.report.chart import Cone, scale, ticks
from okrsync.report.moves import pair
from okrsync.sync.trend import Seen
from okrsync.words import LANGUAGES, Words, messages

EUR = Unit(dimension=Dimension.MONEY, detail="EUR")
BERLIN = ZoneInfo("Europe/Berlin")


def fields(message: object) -> set[str]:
    texts = message.values() if isinstance(message, dict) else [message]
    return {name for text in texts for name in re.findall(r"\{(\w+)\}", str(text))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_the_same(language: str) -> None:
    english, own = messages("en"), messages(language)
    assert own.keys() == english.keys()
    assert {name: fields(text) for name, text in own.items()} == {
        name: fields(text) for name, text in english.items()
    }
    assert all(text for text in own.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_plural_forms_that_it_needs(language: str) -> None:
    forms = Locale(language).plural_form
    needed = {*forms.rules, "other"}
    for name, text in messages(language).items():
        if isinstance(text, dict):
            assert set(text) == needed, name


@pytest.mark.parametrize(
    ("locale", "number", "said"),
    [
        ("en_US", 1, "1 key result"),
        ("en_US", 21, "21 key results"),
        ("de_DE", 2, "2 Key Results"),
        ("ru_RU", 1, "1 ключевой результат"),
        ("ru_RU", 3, "3 ключевых результата"),
        ("ru_RU", 11, "11 ключевых результатов"),
        ("ru_RU", 21, "21 ключевой результат"),
        ("fr_FR", 2, "2 key results"),
    ],
)
def test_plurals_are_right(locale: str, number: int, said: str) -> None:
    assert Words(locale, BERLIN).count("key_results_counted", number) == said


def test_dates_are_in_the_language_of_the_words_and_numbers_in_the_company_s() -> None:
    at = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    assert Words("de_DE", BERLIN).moment(at) == "23.11.2026, 07:00"
    assert Words("ru_RU", BERLIN).short_day(at.date()) == "23 нояб."
    # There is no French message file: an English sentence has no French date in it.
    assert Words("fr_FR", BERLIN).day(at.date()) == "Nov 23, 2026"
    assert Words("fr_FR", BERLIN).number(Decimal("1234.5"), COUNT) == "1\u202f234,5"


@pytest.mark.parametrize(
    ("day", "german"),
    [
        (
            datetime(2026, 9, 30, tzinfo=UTC),
            "Der Zyklus 2026-Q4 beginnt am 01.10.2026. Vorher wird nichts geschrieben.",
        ),
        (datetime(2026, 11, 23, tzinfo=UTC), ""),
        (
            datetime(2027, 1, 3, tzinfo=UTC),
            "Bis 07.01.2027 werden noch die Zahlen seines letzten Augenblicks geschrieben.",
        ),
        (
            datetime(2027, 2, 1, tzinfo=UTC),
            "Der Zyklus 2026-Q4 endete am 31.12.2026. Es wird nichts mehr geschrieben.",
        ),
    ],
)
def test_a_cycle_outside_its_days_is_said_in_every_language(day: datetime, german: str) -> None:
    cycle = Cycle(name="2026-Q4", start=date(2026, 10, 1), end=date(2026, 12, 31), zone=BERLIN)
    said = Words("de_DE", BERLIN).cycle_phase(cycle, day)
    assert said.endswith(german)
    assert bool(said) is bool(german)
    for locale in ("en_US", "ru_RU"):
        assert bool(Words(locale, BERLIN).cycle_phase(cycle, day)) is bool(german)


def test_an_age_is_never_in_the_future_by_a_moment() -> None:
    now = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    assert Words("en_US", BERLIN).ago(now, now) == "just now"
    assert Words("en_US", BERLIN).ago(now - timedelta(hours=10), now) == "10 hours ago"
    assert Words("ru_RU", BERLIN).ago(now - timedelta(days=2), now) == "2 дня назад"


def test_the_labels_of_a_chart_are_short() -> None:
    english, german = Words("en_US", BERLIN), Words("de_DE", BERLIN)
    assert english.short(Decimal(3_500_000), EUR) == "€3.5M"
    assert german.short(Decimal(3_500_000), EUR) == "3,5 Mio. €"
    assert english.short(Decimal("49.06"), PERCENT) == "49%"
    assert english.short(Decimal(44_900), COUNT) == "44.9K"
    assert english.short(Decimal(120), COUNT) == "120"


def test_a_wide_forecast_does_not_flatten_the_values() -> None:
    wide = Cone(start=(50, Decimal(10)), end=(91, Decimal(20)), low=Decimal(-9000), high=Decimal(9000))
    low, high = scale([Decimal(0), Decimal(100)], wide)
    assert (low, high) == (Decimal(-124), Decimal(224))
    assert scale([Decimal(5)], None) == (Decimal("4.6"), Decimal("5.4"))


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ((2026, 10, 1), (2026, 12, 31), ["Oct", "Nov", "Dec"]),
        ((2026, 11, 1), (2026, 11, 30), ["Nov 1", "Nov 8", "Nov 15", "Nov 22", "Nov 29"]),
        ((2026, 1, 1), (2026, 12, 31), ["Jan", "Mar", "May", "Jul", "Sep", "Nov"]),
        ((2026, 11, 23), (2026, 11, 23), ["Nov 23"]),
    ],
)
def test_an_axis_has_few_labels(
    first: tuple[int, int, int], last: tuple[int, int, int], labels: list[str]
) -> None:
    begin, end = (datetime(*day, tzinfo=UTC).date() for day in (first, last))
    assert [text for _, text in ticks(begin, end, Words("en_US", BERLIN))] == labels


def seen(day: int) -> Seen:
    at = datetime(2026, 11, day, tzinfo=UTC)
    nowhere = Evidence(source="", query="")
    reading = Reading(metric="bugs", value=Decimal(day), unit=COUNT, as_of=at, evidence=nowhere)
    return Seen(day=at.date(), value=Decimal(day), progress=None, reading=reading)


def test_a_week_is_from_the_last_value_of_seven_days_ago_to_the_newest() -> None:
    then = datetime(2026, 11, 16, tzinfo=UTC).date()
    days = [seen(9), seen(16), seen(17), seen(23)]
    assert pair(days, then) == (days[1], days[3])
    assert pair(days[:2], then) is None
    assert pair(days[2:], then) is None
    assert pair([], then) is None
