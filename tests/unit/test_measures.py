from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.measures import AGGREGATES, aggregate, is_aggregate, percentile, spread

D = Decimal


def decimals(*values: str | int) -> list[Decimal]:
    return [D(value) for value in values]


@pytest.mark.parametrize(
    ("name", "values", "value"),
    [
        ("sum", decimals("0.1", "0.2"), "0.3"),
        ("mean", decimals(1, 2, 6), "3"),
        ("min", decimals(3, -1, 2), "-1"),
        ("max", decimals(3, -1, 2), "3"),
        ("median", decimals(9, 1, 5), "5"),
        ("median", decimals(4, 1, 2, 3), "2.5"),
        ("p0", decimals(3, 1, 2), "1"),
        ("p100", decimals(3, 1, 2), "3"),
        ("p85", decimals(7), "7"),
        ("p92", decimals(*range(101)), "92"),
        ("p25", decimals(1, 2, 3, 4), "1.75"),
        ("p99.9", decimals(0, 1000), "999.0"),
    ],
)
def test_one_number_out_of_many(name: str, values: list[Decimal], value: str) -> None:
    assert is_aggregate(name)
    assert aggregate(name, values) == D(value)


@pytest.mark.parametrize("name", ["", "average", "p", "p101", "p1000", "p-5", "p85.", "P85", "p85 ", "count"])
def test_no_such_measure(name: str) -> None:
    assert not is_aggregate(name)
    with pytest.raises(ValueError, match=f"no such measure: {name}"):
        aggregate(name, decimals(1))


@pytest.mark.parametrize("name", [*AGGREGATES, "p85"])
def test_no_values_is_not_zero(name: str) -> None:
    with pytest.raises(ValueError, match="no values"):
        aggregate(name, [])


def test_spread_of_regions() -> None:
    assert spread(decimals(80, 100, 120)) == 20
    assert spread(decimals(50, 50)) == 0
    assert spread(decimals(-80, -120)) == 20
    assert spread(decimals(7)) == 0


def test_spread_of_nothing_is_unknown() -> None:
    assert spread([]) is None
    assert spread(decimals(-5, 5)) is None


values = st.lists(st.decimals(-(10**9), 10**9, places=3, allow_nan=False), min_size=1, max_size=40)


@given(values, st.decimals(0, 100, places=1), st.decimals(0, 100, places=1))
def test_percentiles_rise_and_stay_within_the_values(
    given_values: list[Decimal], one: Decimal, other: Decimal
) -> None:
    low, high = sorted((one, other))
    assert (
        min(given_values)
        <= percentile(given_values, low)
        <= percentile(given_values, high)
        <= max(given_values)
    )


@given(values)
def test_the_order_of_values_does_not_matter(given_values: list[Decimal]) -> None:
    for name in ("sum", "min", "max", "median", "p85"):
        assert aggregate(name, given_values) == aggregate(name, given_values[::-1])
