from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.forecast import POINTS, RECENT, Forecast, NotYet, Outlook, Point, forecast, outlook
from okrsync.progress import AtLeast, AtMost, FromTo, Goal, Within

D = Decimal
START = datetime(2026, 10, 1, tzinfo=UTC)
numbers = st.decimals(-1000, 1000, places=2)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def line(*values: str | int) -> list[Point]:
    """One value a day."""
    return [Point(day(number), D(value)) for number, value in enumerate(values)]


def ints(*values: Decimal | int) -> list[int]:
    """Whole numbers, to be compared with what was worked out by hand."""
    assert all(value == int(value) for value in values), values
    return [int(value) for value in values]


def known(
    points: list[Point], at: datetime, least: Decimal | None = None, most: Decimal | None = None
) -> Forecast:
    found = forecast(points, at, least, most)
    assert isinstance(found, Forecast), found
    return found


# ---- worked out by hand ---------------------------------------------------------------------------------------


def test_a_straight_line_goes_on_without_doubt() -> None:
    found = known(line(1, 3, 5, 7, 9), day(10))
    assert ints(found.value, found.low, found.high) == [21, 21, 21]
    assert ints(found.slope, found.points) == [2, 5]


def test_one_bad_day_does_not_turn_the_line() -> None:
    """The slopes between every two of 0, 1, 2, 3, 40: six of 1, and 10, 13, 19, 37 to the last; their median is 1.

    The medians are day 2 and value 2, so day 8 stands at 2 + 6 = 8. var(S) = 5 x 4 x 15 / 18 = 16.67 and
    C = 1.2816 x 4.0825 = 5.23: rank floor((10 - 5.23) / 2) = 2 from either end, slopes 1 and 19. The last point lies
    36 above the line, the others on it: up to 2 + 19 x 6 + 36 = 152.
    """
    found = known(line(0, 1, 2, 3, 40), day(8))
    assert ints(found.slope, found.value, found.low, found.high) == [1, 8, 8, 152]


def test_ties_narrow_the_ranks() -> None:
    """The slopes between every two of 0, 0, 0, 1, 1: 0 0 0 0 1/4 1/3 1/3 1/2 1/2 1; their median is 7/24.

    var(S) = (5x4x15 - 3x2x11 - 2x1x9) / 18 = 12 and C = 1.2816 x 3.4641 = 4.44: rank floor((10 - 4.44) / 2) = 2 from
    either end, slopes 0 and 1/2. The medians are day 2 and value 0: day 6 stands at 4 x 7/24. Off the line are
    7/12, 7/24, 0, 17/24 and 5/12: from 0 + 0 to 4 x 1/2 + 17/24.
    """
    found = known(line(0, 0, 0, 1, 1), day(6))
    assert found.slope.quantize(D("0.0001")) == D("0.2917")
    assert found.value.quantize(D("0.0001")) == D("1.1667")
    assert found.low == 0
    assert found.high.quantize(D("0.0001")) == D("2.7083")


def test_what_always_was_the_same_will_be() -> None:
    found = known(line(4, 4, 4, 4, 4), day(9))
    assert ints(found.value, found.low, found.high, found.slope) == [4, 4, 4, 0]


def test_uneven_days_count_by_their_length() -> None:
    found = known([Point(day(n), D(n) * 2) for n in (0, 1, 5, 6.5, 10)], day(20))
    assert found.value == 40


def test_a_bound_that_cannot_be_passed() -> None:
    falling = line(8, 6, 4, 2, 1)
    assert known(falling, day(9)).low < 0
    bounded = known(falling, day(9), D(0))
    assert ints(bounded.value, bounded.low) == [0, 0]
    assert bounded.high == 0
    rising = line(80, 84, 88, 92, 99)
    assert known(rising, day(9)).high > 100
    assert ints(known(rising, day(9), None, D(100)).high) == [100]


# ---- when nothing can be said ---------------------------------------------------------------------------------


def test_too_few_points_say_nothing() -> None:
    assert forecast(line(1, 2, 3, 4), day(10)) == NotYet(f"4 of the {POINTS} values that a forecast needs")
    assert forecast([], day(10)) == NotYet("0 of the 5 values that a forecast needs")


def test_two_values_of_one_moment_are_one_point_and_the_last_counts() -> None:
    twice = [*line(1, 2, 3, 4), Point(day(3), D(40))]
    assert isinstance(forecast(twice, day(10)), NotYet)
    assert known([*twice, Point(day(4), D(50))], day(8)).points == 5


def test_a_short_look_back_allows_no_long_look_ahead() -> None:
    four_days = line(1, 2, 3, 4, 5)
    assert isinstance(forecast(four_days, day(4 + 16)), Forecast)
    found = forecast(four_days, day(4 + 16.5))
    assert found == NotYet("values of 4 days for a forecast of 17: too short, it needs 5")


def test_the_past_is_not_forecast() -> None:
    assert forecast(line(1, 2, 3, 4, 5), day(4)) == NotYet(
        "the last value is not before the day to be forecast"
    )
    assert isinstance(forecast(line(1, 2, 3, 4, 5), day(4.01)), Forecast)


# ---- properties -----------------------------------------------------------------------------------------------

walks = st.lists(numbers, min_size=5, max_size=25).map(lambda values: line(*(str(one) for one in values)))


@given(walks, st.integers(1, 20), st.randoms())
def test_order_does_not_matter_and_the_range_holds_the_value(
    points: list[Point], ahead: int, chance: random.Random
) -> None:
    at = points[-1].at + timedelta(days=min(ahead, len(points)))
    found = known(points, at)
    assert found.low <= found.value <= found.high
    mixed = list(points)
    chance.shuffle(mixed)
    assert forecast(mixed, at) == found


@given(walks, numbers, st.integers(-8, 8).filter(bool))
def test_shifted_and_scaled_values_shift_and_scale_the_forecast(
    points: list[Point], shift: Decimal, factor: int
) -> None:
    at = points[-1].at + timedelta(days=2)
    plain = known(points, at)
    moved = known([Point(one.at, one.value * factor + shift) for one in points], at)
    tiny = D("1e-15")
    assert abs(moved.value - (plain.value * factor + shift)) < tiny
    ends = sorted((plain.low * factor + shift, plain.high * factor + shift))
    assert abs(moved.low - ends[0]) < tiny
    assert abs(moved.high - ends[1]) < tiny


@given(st.integers(0, 4), numbers)
def test_one_wild_value_of_nine_stays_inside_the_slopes_of_the_others(place: int, wild: Decimal) -> None:
    values = [D(2 * number) for number in range(9)]
    values[place] = wild
    assert known(line(*(str(one) for one in values)), day(12)).slope == 2


def test_only_the_latest_points_are_compared() -> None:
    old = [Point(day(number), D(-number)) for number in range(100)]
    new = [Point(day(100 + number), D(number)) for number in range(RECENT)]
    found = known([*old, *new], day(230))
    assert ints(found.slope, found.points) == [1, RECENT]


@pytest.mark.parametrize("count", [5, 8, 12, 25])
@pytest.mark.parametrize("noise", [1, 20])
def test_the_range_holds_what_comes_in_four_of_five_cases_at_least(count: int, noise: int) -> None:
    chance = random.Random(f"{count} {noise}")
    held = 0
    for _ in range(300):
        points = [
            Point(day(7 * number), D(repr(3 * number + chance.gauss(0, noise)))) for number in range(count)
        ]
        ahead = count + count // 2
        came = D(repr(3 * ahead + chance.gauss(0, noise)))
        found = known(points, day(7 * ahead))
        held += found.low <= came <= found.high
    assert held >= 240, held


# ---- outlook --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goal", "view"),
    [
        (FromTo(D(0), D(7)), Outlook.LIKELY),
        (FromTo(D(0), D(8)), Outlook.LIKELY),
        (FromTo(D(0), D(8), strict=True), Outlook.OPEN),
        (FromTo(D(0), D(11)), Outlook.OPEN),
        (FromTo(D(0), D(13)), Outlook.UNLIKELY),
        (FromTo(D(40), D(12)), Outlook.LIKELY),
        (FromTo(D(40), D(9)), Outlook.OPEN),
        (FromTo(D(40), D(5)), Outlook.UNLIKELY),
        (AtMost(D(12)), Outlook.LIKELY),
        (AtMost(D(10)), Outlook.OPEN),
        (AtMost(D(7)), Outlook.UNLIKELY),
        (AtLeast(D(8)), Outlook.LIKELY),
        (AtLeast(D(13)), Outlook.UNLIKELY),
        (Within(D(0), D(20)), Outlook.LIKELY),
        (Within(D(9), D(11)), Outlook.OPEN),
        (Within(D(20), D(30)), Outlook.UNLIKELY),
    ],
)
def test_whether_the_goal_will_be_met(goal: Goal, view: Outlook) -> None:
    found = Forecast(at=day(1), value=D(10), low=D(8), high=D(12), slope=D(1), points=5)
    assert outlook(goal, found) is view
