"""Money in several currencies: refused, unless a rate table says what each is worth."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from okrsync.model import Cause, Dimension, Unit
from okrsync_crm import CrmSettings
from tests.support.crm_exports import QUARTER, ZONE, Exports, ask, facts

EUR = Unit(dimension=Dimension.MONEY, detail="EUR")
ROWS = "id,stage,amount,currency\n1,Won,100.10,EUR\n2,Won,50,USD\n3,Won,30,USD\n4,Lost,7,GBP\n5,Won,,JPY\n"
RATES = {"EUR": 1, "USD": Decimal("0.92"), "as_of": "2026-11-20"}
WON: dict[str, Any] = {"field": "amount", "where": {"stage": "Won"}, "unit": EUR}


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    made = Exports(tmp_path, settings={"currency": "currency"})
    made.put("deals.csv", ROWS)
    return made


def test_without_rates_it_is_refused(exports: Exports) -> None:
    said = exports.refusal(ask(measure="sum", **WON), Cause.DATA)
    assert "several currencies: EUR, USD" in said
    assert "give rates" in said


def test_a_sum_is_converted_and_shows_how(exports: Exports) -> None:
    reading = exports.reading(ask(measure="sum", **WON), rates=RATES)
    assert reading.value == Decimal("173.7")  # 100.10 + 80 * 0.92
    assert facts(reading)["currency"] == "100.1 EUR + 80 USD × 0.92 ÷ 1"
    assert facts(reading)["rates of"] == "2026-11-20"


def test_a_mean_is_converted(exports: Exports) -> None:
    assert exports.value(ask(measure="mean", **WON), rates=RATES) == Decimal("57.9")  # 173.7 / 3


def test_into_another_than_the_first_currency(exports: Exports) -> None:
    usd = Unit(dimension=Dimension.MONEY, detail="USD")
    rates = {"EUR": Decimal("1.25"), "USD": 1, "as_of": "2026-11-20"}
    assert exports.value(ask(measure="sum", **WON | {"unit": usd}), rates=rates) == Decimal("205.125")


def test_a_currency_without_a_rate_is_named(exports: Exports) -> None:
    said = exports.refusal(ask(measure="sum", field="amount", unit=EUR), Cause.DATA, rates=RATES)
    assert "amount is in GBP, for which rates has no rate" in said


def test_a_unit_without_a_rate_is_named(exports: Exports) -> None:
    chf = Unit(dimension=Dimension.MONEY, detail="CHF")
    said = exports.refusal(ask(measure="sum", **WON | {"unit": chf}), Cause.DATA, rates=RATES)
    assert "CHF, for which rates has no rate" in said


def test_an_amount_without_a_currency_is_no_amount(exports: Exports) -> None:
    exports.put("deals.csv", ROWS.replace("30,USD", "30,"))
    assert "is in (empty)" in exports.refusal(ask(measure="sum", **WON), Cause.DATA, rates=RATES)


def test_one_currency_needs_no_rates_and_shows_none(exports: Exports) -> None:
    exports.put("deals.csv", ROWS.replace("USD", "EUR"))
    reading = exports.reading(ask(measure="sum", **WON), rates=RATES)
    assert reading.value == Decimal("180.1")
    assert "rates of" not in facts(reading)


@pytest.mark.parametrize("measure", ["median", "max", "p85"])
def test_what_cannot_be_added_up_is_refused_in_several_currencies(exports: Exports, measure: str) -> None:
    assert "several currencies" in exports.refusal(ask(measure=measure, **WON), Cause.DATA, rates=RATES)


def test_the_crms_names_of_currencies_have_rates_too(exports: Exports) -> None:
    exports.put("deals.csv", ROWS.replace("USD", "Доллар США"))
    names = {"Доллар США": "USD"}
    assert exports.value(ask(measure="sum", **WON), rates=RATES, currencies=names) == Decimal("173.7")


@pytest.mark.parametrize(
    "rates",
    [
        {"EUR": 1, "USD": 1},
        {"EUR": 1, "as_of": "2026-11-20"},
        {"EUR": 1, "USD": 0, "as_of": "2026-11-20"},
        {"EUR": 1, "usd": 2, "as_of": "2026-11-20"},
        3,
    ],
)
def test_a_rate_table_without_a_day_or_with_nonsense_is_refused(rates: object) -> None:
    with pytest.raises(ValidationError):
        CrmSettings.model_validate({"path": "x.csv", "rates": rates})


def test_many_dates_are_converted_like_one(exports: Exports) -> None:
    lines = ROWS.splitlines()
    dated = [f"{lines[0]},closed", *(f"{line},2026-10-0{n}" for n, line in enumerate(lines[1:], 1))]
    exports.put("deals.csv", "\n".join(dated) + "\n")
    days = [datetime(2026, 10, 3 + n // 3, 12, n % 3, tzinfo=ZONE) for n in range(60)]
    asked = [ask(measure="sum", date="closed", at=day, window=QUARTER, **WON) for day in days]
    answers = exports.read(*asked, rates=RATES)
    assert {getattr(one, "value", one) for one in answers} == {Decimal("173.7")}
