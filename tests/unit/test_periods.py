from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.pace import Linear, Phased, WorkingDays, expected
from okrsync.periods import (
    PERIODS,
    WINDOWS,
    Calendar,
    Cycle,
    Phase,
    complete,
    endings,
    following,
    window,
    windows_of,
)

D = Decimal
BERLIN = ZoneInfo("Europe/Berlin")
Q4 = Cycle("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), BERLIN)
NOW = datetime(2026, 11, 25, 14, 30, tzinfo=BERLIN)


def local(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BERLIN)


# ---- cycles ---------------------------------------------------------------------------------------------------


def test_a_cycle_holds_its_last_day() -> None:
    assert Q4.opens == local(2026, 10, 1)
    assert Q4.closes == local(2027, 1, 1)
    assert Q4.opens.utcoffset() == timedelta(hours=2)
    assert Q4.closes.utcoffset() == timedelta(hours=1)


def test_a_cycle_of_one_day() -> None:
    one = Cycle("day", date(2026, 10, 1), date(2026, 10, 1), BERLIN)
    assert one.closes - one.opens == timedelta(days=1)
    assert expected(one, one.start, Linear()) == 1
    assert expected(one, one.start, Phased(((one.start, D(1)),))) == 1


@pytest.mark.parametrize(
    ("name", "start", "end", "after"),
    [
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), ("2027-Q1", date(2027, 1, 1), date(2027, 3, 31))),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31), ("2027-01", date(2027, 1, 1), date(2027, 1, 31))),
        ("2027", date(2027, 1, 1), date(2027, 12, 31), ("2028", date(2028, 1, 1), date(2028, 12, 31))),
        ("Autumn", date(2026, 10, 1), date(2026, 12, 31), None),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 30), None),
        ("2026-Q4", date(2026, 9, 30), date(2026, 12, 31), None),
        ("2026-W40", date(2026, 9, 28), date(2026, 10, 4), None),
    ],
)
def test_what_follows_a_cycle(
    name: str, start: date, end: date, after: tuple[str, date, date] | None
) -> None:
    found = following(Cycle(name, start, end, BERLIN))
    assert found == (Cycle(*after, BERLIN) if after is not None else None)


def test_a_cycle_that_ends_before_it_starts() -> None:
    with pytest.raises(ValueError, match="back ends on 2026-09-30, before it starts on 2026-10-01"):
        Cycle("back", date(2026, 10, 1), date(2026, 9, 30), BERLIN)


def test_midnight_that_the_clocks_skip_or_repeat() -> None:
    """In a year that is over: what governments decide next is in newer time-zone data only."""
    beirut = Cycle("x", date(2019, 3, 31), date(2019, 3, 31), ZoneInfo("Asia/Beirut"))
    assert beirut.opens.astimezone(UTC) == datetime(2019, 3, 30, 22, tzinfo=UTC)
    assert (beirut.opens.hour, beirut.opens.day) == (1, 31)
    havana = Cycle("x", date(2019, 11, 3), date(2019, 11, 3), ZoneInfo("America/Havana"))
    assert havana.opens.astimezone(UTC) == datetime(2019, 11, 3, 4, tzinfo=UTC)
    assert havana.closes.astimezone(UTC) - havana.opens.astimezone(UTC) == timedelta(hours=25)


# ---- windows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "start", "label"),
    [
        ("day", (2026, 11, 25), "2026-11-25"),
        ("week", (2026, 11, 23), "2026-W48"),
        ("month", (2026, 11, 1), "2026-11"),
        ("quarter", (2026, 10, 1), "2026-Q4"),
        ("year", (2026, 1, 1), "2026"),
        ("cycle", (2026, 10, 1), "2026-Q4"),
    ],
)
def test_a_running_window_ends_now(kind: str, start: tuple[int, int, int], label: str) -> None:
    found = window(kind, NOW, Q4)
    assert (found.start, found.end, found.label) == (local(*start), NOW, label)


@pytest.mark.parametrize(("kind", "start"), [("day", 25), ("week", 19), ("cycle", 1), ("last 7d", 19)])
def test_the_last_instant_of_a_day_covers_the_whole_day(kind: str, start: int) -> None:
    # The day on which the clocks go back has 25 hours, a week of elapsed time begins an hour late.
    begins = local(2026, 10, start, hour=1 if kind == "last 7d" else 0)
    midnight = local(2026, 10, 26)
    last = (midnight.astimezone(UTC) - timedelta(microseconds=1)).astimezone(BERLIN)
    found = window(kind, last, Q4)
    assert (found.start, found.end) == (begins, midnight)
    assert window(kind, last - timedelta(microseconds=1), Q4).end == last - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("kind", "start", "end", "label"),
    [
        ("previous_day", (2026, 11, 24), (2026, 11, 25), "2026-11-24"),
        ("previous_week", (2026, 11, 16), (2026, 11, 23), "2026-W47"),
        ("previous_month", (2026, 10, 1), (2026, 11, 1), "2026-10"),
        ("previous_quarter", (2026, 7, 1), (2026, 10, 1), "2026-Q3"),
        ("previous_year", (2025, 1, 1), (2026, 1, 1), "2025"),
    ],
)
def test_a_previous_window_is_complete(
    kind: str, start: tuple[int, int, int], end: tuple[int, int, int], label: str
) -> None:
    found = window(kind, NOW, Q4)
    assert (found.start, found.end, found.label) == (local(*start), local(*end), label)


def test_the_iso_year_of_a_week() -> None:
    assert window("week", local(2027, 1, 2, 9), Q4).label == "2026-W53"
    assert window("previous_week", local(2027, 1, 4, 9), Q4).label == "2026-W53"


def test_a_rolling_window_is_elapsed_time() -> None:
    found = window("last 30d", NOW, Q4)
    assert (found.end, found.label) == (NOW, "last 30d")
    assert found.end.astimezone(UTC) - found.start.astimezone(UTC) == timedelta(days=30)
    assert window("last 36h", NOW, Q4).start == NOW - timedelta(hours=36)
    across = window("last 1d", local(2026, 10, 25, 12), Q4)
    assert across.start == local(2026, 10, 24, 13)


@pytest.mark.parametrize("kind", PERIODS)
def test_at_midnight_sharp_the_running_period_is_the_one_that_just_ended(kind: str) -> None:
    midnight = local(2027, 1, 1) if kind != "week" else local(2026, 11, 23)
    assert window(kind, midnight, Q4) == window(f"previous_{kind}", midnight, Q4)
    assert window(kind, midnight, Q4).end == midnight


def test_at_a_midnight_that_the_clocks_skip_the_day_is_the_one_that_just_ended() -> None:
    zone = ZoneInfo("Asia/Beirut")
    cycle = Cycle("x", date(2019, 1, 1), date(2019, 12, 31), zone)
    found = window("day", datetime(2019, 3, 30, 22, tzinfo=UTC), cycle)
    assert found.label == "2019-03-30"
    assert found.end.astimezone(UTC) - found.start.astimezone(UTC) == timedelta(days=1)


def test_the_moment_is_taken_in_the_zone_of_the_company() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert window("day", late, Q4).label == "2026-11-23"
    assert window("day", late, Cycle("utc", Q4.start, Q4.end, ZoneInfo("UTC"))).label == "2026-11-22"


def test_the_day_the_clocks_change_has_25_hours() -> None:
    day = window("previous_day", local(2026, 10, 26, 7), Q4)
    assert day.label == "2026-10-25"
    assert day.end.astimezone(UTC) - day.start.astimezone(UTC) == timedelta(hours=25)


def test_the_cut_within_a_repeated_hour_is_by_the_instant() -> None:
    second = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    cycle = Cycle("x", date(2026, 10, 25), date(2026, 10, 25), BERLIN)
    assert window("cycle", second, cycle).end.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_cycle_is_whole_once_it_has_ended() -> None:
    assert window("cycle", local(2027, 2, 1), Q4).end == Q4.closes


@pytest.mark.parametrize("at", [local(2026, 9, 30, 12), Q4.opens])
def test_a_cycle_that_has_not_begun_has_no_window(at: datetime) -> None:
    with pytest.raises(ValueError, match=r"the cycle 2026-Q4 has not begun on .*: it starts on 2026-10-01"):
        window("cycle", at, Q4)


@pytest.mark.parametrize(
    "kind", ["", "fortnight", "previous_cycle", "previous_", "previous", "Week", "last", "last ", "next week"]
)
def test_other_words_are_refused_with_what_can_be_written(kind: str) -> None:
    with pytest.raises(ValueError, match="is not a window") as refused:
        window(kind, NOW, Q4)
    assert all(word in str(refused.value) for word in WINDOWS)


def test_rolling_over_no_length_of_time() -> None:
    with pytest.raises(ValueError, match="write 90s"):
        window("last month", NOW, Q4)
    with pytest.raises(ValueError, match="covers no time at all"):
        window("last 0d", NOW, Q4)


def test_every_word_that_is_offered_is_taken() -> None:
    assert [window(kind, NOW, Q4).label for kind in WINDOWS]


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 23)  # noqa: DTZ001 - what must be refused
    with pytest.raises(ValueError, match="has no time zone"):
        window("day", naive, Q4)
    with pytest.raises(ValueError, match="has no time zone"):
        windows_of("day", Q4, naive)


moments = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([ZoneInfo("UTC"), BERLIN, ZoneInfo("Pacific/Apia"), ZoneInfo("Asia/Beirut")]),
)


@given(
    moments,
    st.sampled_from(PERIODS),
    st.sampled_from([BERLIN, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Pacific/Apia")]),
)
def test_previous_and_running_meet_and_neither_is_empty(at: datetime, kind: str, zone: ZoneInfo) -> None:
    cycle = Cycle("x", date(2026, 10, 1), date(2026, 12, 31), zone)
    at = at.astimezone(UTC)
    running, before = window(kind, at, cycle), window(f"previous_{kind}", at, cycle)
    assert running.start.astimezone(UTC) < running.end.astimezone(UTC) == at
    assert before.start.astimezone(UTC) < before.end.astimezone(UTC) <= at
    assert before == running or before.end.astimezone(UTC) == running.start.astimezone(UTC)


# ---- windows of a cycle ---------------------------------------------------------------------------------------


def test_the_weeks_that_end_in_the_quarter() -> None:
    weeks = windows_of("week", Q4, Q4.closes)
    assert len(weeks) == 13
    assert (weeks[0].label, weeks[0].start) == ("2026-W40", local(2026, 9, 28))
    assert (weeks[-1].label, weeks[-1].end) == ("2026-W52", local(2026, 12, 28))
    assert [one.end for one in weeks[:-1]] == [one.start for one in weeks[1:]]


def test_a_week_across_two_cycles_is_judged_once() -> None:
    q1 = Cycle("2027-Q1", date(2027, 1, 1), date(2027, 3, 31), BERLIN)
    labels = [one.label for cycle in (Q4, q1) for one in windows_of("week", cycle, cycle.closes)]
    assert len(labels) == len(set(labels)) == 26


@pytest.mark.parametrize(
    ("until", "count"),
    [
        (local(2026, 9, 1), 0),
        (local(2026, 10, 5), 1),
        (local(2026, 10, 4, 23), 0),
        (NOW, 8),
        (local(2028, 1, 1), 13),
    ],
)
def test_only_complete_weeks_up_to_then(until: datetime, count: int) -> None:
    assert len(windows_of("week", Q4, until)) == count


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("day", 92),
        ("week", 13),
        ("month", 3),
        ("quarter", 1),
        ("year", 1),
        ("cycle", 1),
        ("previous_month", 3),
    ],
)
def test_the_periods_of_a_quarter(kind: str, count: int) -> None:
    assert len(windows_of(kind, Q4, Q4.closes)) == count


def test_a_cycle_is_judged_when_it_has_closed() -> None:
    assert windows_of("cycle", Q4, NOW) == []
    assert windows_of("cycle", Q4, Q4.closes)[0].label == "2026-Q4"


def test_a_period_longer_than_the_cycle_belongs_where_it_ends() -> None:
    october = Cycle("oct", date(2026, 10, 1), date(2026, 10, 31), BERLIN)
    december = Cycle("dec", date(2026, 12, 1), date(2026, 12, 31), BERLIN)
    assert windows_of("quarter", october, october.closes) == []
    assert [one.label for one in windows_of("quarter", december, december.closes)] == ["2026-Q4"]


def test_the_window_at_the_end_of_each_period_is_that_period() -> None:
    for kind in PERIODS:
        for one in windows_of(kind, Q4, Q4.closes):
            assert window(kind, one.end, Q4) == one


@pytest.mark.parametrize("kind", ["last 30d", "fortnight", ""])
def test_what_has_no_periods_cannot_be_judged_over_time(kind: str) -> None:
    with pytest.raises(ValueError, match="cannot be judged over time; write one of day"):
        windows_of(kind, Q4, NOW)


# ---- pace -----------------------------------------------------------------------------------------------------

PHASED = Phased(((date(2026, 10, 31), D("0.1")), (date(2026, 11, 30), D("0.3")), (date(2026, 12, 31), D(1))))


def test_linear_pace() -> None:
    assert expected(Q4, date(2026, 11, 23), Linear()) == D(53) / 91
    assert round(expected(Q4, date(2026, 11, 23), Linear()), 4) == D("0.5824")
    assert expected(Q4, date(2026, 10, 1), Linear()) == 0
    assert expected(Q4, date(2026, 12, 31), Linear()) == 1


def test_phased_pace() -> None:
    assert round(expected(Q4, date(2026, 11, 23), PHASED), 4) == D("0.2533")
    assert expected(Q4, date(2026, 10, 31), PHASED) == D("0.1")
    assert expected(Q4, date(2026, 10, 16), PHASED) == D("0.05")
    assert expected(Q4, date(2026, 12, 31), PHASED) == 1


def test_phased_pace_starts_at_0_and_ends_at_1_unless_it_says_otherwise() -> None:
    middle = Phased(((date(2026, 11, 30), D("0.3")),))
    assert expected(Q4, date(2026, 10, 1), middle) == 0
    assert expected(Q4, date(2026, 12, 31), middle) == 1
    ends = Phased(((date(2026, 10, 1), D("0.2")), (date(2026, 12, 31), D("0.8"))))
    assert expected(Q4, date(2026, 9, 1), ends) == D("0.2")
    assert expected(Q4, date(2027, 1, 5), ends) == D("0.8")


def test_a_phased_pace_may_rest() -> None:
    rest = Phased(((date(2026, 10, 31), D("0.5")), (date(2026, 11, 30), D("0.5"))))
    assert expected(Q4, date(2026, 11, 15), rest) == D("0.5")


def test_working_days() -> None:
    pace = WorkingDays(frozenset({date(2026, 12, 25), date(2026, 10, 3)}))
    total = (
        sum((Q4.start + timedelta(days=n)).weekday() < 5 for n in range(1, 92)) - 1
    )  # the 3rd of October 2026 is a Saturday anyway
    assert expected(Q4, date(2026, 10, 2), pace) == D(1) / total
    assert expected(Q4, date(2026, 10, 4), pace) == expected(Q4, date(2026, 10, 2), pace)
    assert expected(Q4, date(2026, 12, 24), pace) == expected(Q4, date(2026, 12, 27), pace)
    assert expected(Q4, date(2026, 12, 31), pace) == 1
    assert expected(Q4, Q4.start, pace) == 0


def test_a_cycle_without_working_days_goes_by_all_days() -> None:
    weekend = Cycle("w", date(2026, 11, 21), date(2026, 11, 22), BERLIN)
    assert expected(weekend, weekend.start, WorkingDays()) == 0
    assert expected(weekend, weekend.end, WorkingDays()) == 1


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ((), "at least one date"),
        (((date(2026, 11, 1), D("0.5")), (date(2026, 11, 1), D("0.6"))), "must rise with time"),
        (((date(2026, 11, 1), D("0.5")), (date(2026, 10, 9), D("0.6"))), "must rise with time"),
        (((date(2026, 11, 1), D("0.5")), (date(2026, 11, 9), D("0.4"))), "must rise with time"),
        (((date(2026, 11, 1), D(30)),), "write a share from 0 to 1"),
        (((date(2026, 11, 1), D(-1)),), "write a share from 0 to 1"),
    ],
)
def test_a_phased_pace_must_make_sense(points: tuple[tuple[date, Decimal], ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Phased(points)


@pytest.mark.parametrize("day", [date(2026, 9, 30), date(2027, 1, 1)])
def test_a_phased_date_outside_the_cycle(day: date) -> None:
    with pytest.raises(ValueError, match=f"names {day}, but 2026-Q4 is 2026-10-01 to 2026-12-31"):
        expected(Q4, Q4.start, Phased(((day, D("0.5")),)))


@given(st.dates(date(2026, 9, 1), date(2027, 2, 1)), st.sampled_from([Linear(), PHASED, WorkingDays()]))
def test_pace_only_rises_and_stays_between_0_and_1(on: date, pace: Linear | Phased | WorkingDays) -> None:
    today, tomorrow = expected(Q4, on, pace), expected(Q4, on + timedelta(days=1), pace)
    assert 0 <= today <= tomorrow <= 1


# ---- ends of periods ------------------------------------------------------------------------------------------


def ends(kind: str, first: date, last: date, until: datetime = NOW) -> list[str]:
    return [f"{one:%Y-%m-%d %H:%M:%S.%f %z}" for one in endings(kind, first, last, Calendar(BERLIN), until)]


def test_a_period_ends_with_the_last_instant_of_its_last_day() -> None:
    assert ends("week", date(2026, 10, 19), date(2026, 11, 1)) == [
        "2026-10-25 23:59:59.999999 +0100",
        "2026-11-01 23:59:59.999999 +0100",
    ]
    assert ends("day", date(2026, 10, 24), date(2026, 10, 25)) == [
        "2026-10-24 23:59:59.999999 +0200",
        "2026-10-25 23:59:59.999999 +0100",
    ]
    assert [one[:10] for one in ends("month", date(2026, 8, 15), date(2026, 10, 31))] == [
        "2026-08-31",
        "2026-09-30",
        "2026-10-31",
    ]


def test_only_periods_whose_last_day_is_asked_for_and_over() -> None:
    assert ends("week", date(2026, 10, 1), date(2026, 10, 3)) == []
    assert len(ends("week", date(2026, 10, 1), date(2026, 10, 4))) == 1
    assert ends("month", date(2026, 10, 2), date(2026, 10, 30)) == []
    monday = local(2026, 11, 23)
    tick = timedelta(microseconds=1)
    assert len(ends("week", date(2026, 11, 16), date(2026, 12, 31), monday)) == 1
    assert ends("week", date(2026, 11, 16), date(2026, 12, 31), monday - tick) == []
    assert endings("quarter", date(2026, 1, 1), date(2026, 12, 31), Calendar(BERLIN), NOW)[-1].month == 9


def test_an_ending_lies_in_its_own_window() -> None:
    (end,) = endings("week", date(2026, 11, 16), date(2026, 11, 22), Calendar(BERLIN), NOW)
    assert window("week", end, Q4).label == "2026-W47"
    assert complete("week", window("week", end, Q4), Calendar(BERLIN))


def test_what_ends_at_no_period() -> None:
    with pytest.raises(ValueError, match="'fortnight' is no period"):
        endings("fortnight", date(2026, 1, 1), date(2026, 2, 1), Calendar(BERLIN), NOW)
    with pytest.raises(ValueError, match="no time zone"):
        endings("day", date(2026, 1, 1), date(2026, 2, 1), Calendar(BERLIN), datetime(2026, 1, 5))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("kind", ["cycle", "previous_week", "last 30d"])
def test_a_window_that_is_no_running_period_is_always_whole(kind: str) -> None:
    assert complete(kind, window(kind, NOW, Q4), Calendar(BERLIN))


@pytest.mark.parametrize("kind", PERIODS)
def test_a_running_period_is_whole_at_its_end_only(kind: str) -> None:
    assert not complete(kind, window(kind, NOW, Q4), Calendar(BERLIN))
    whole = window(f"previous_{kind}", NOW, Q4)
    assert complete(kind, whole, Calendar(BERLIN))
    assert complete(kind, window(kind, whole.end, Q4), Calendar(BERLIN))
    assert not complete(kind, window(kind, whole.end - timedelta(seconds=1), Q4), Calendar(BERLIN))


FISCAL = Cycle("FY27-Q1", date(2026, 2, 1), date(2026, 4, 30), BERLIN, year_starts=2)


@pytest.mark.parametrize(
    ("kind", "start", "end", "label"),
    [
        ("quarter", date(2026, 2, 1), date(2026, 3, 16), "FY2027-Q1"),
        ("year", date(2026, 2, 1), date(2026, 3, 16), "FY2027"),
        ("previous_quarter", date(2025, 11, 1), date(2026, 2, 1), "FY2026-Q4"),
        ("previous_year", date(2025, 2, 1), date(2026, 2, 1), "FY2026"),
        ("month", date(2026, 3, 1), date(2026, 3, 16), "2026-03"),
    ],
)
def test_quarters_and_years_follow_the_company_s_calendar(
    kind: str, start: date, end: date, label: str
) -> None:
    found = window(kind, datetime(2026, 3, 16, tzinfo=BERLIN), FISCAL)
    assert (found.start.date(), found.end.date(), found.label) == (start, end, label)


@pytest.mark.parametrize("year_starts", range(1, 13))
def test_a_year_of_any_month_has_four_quarters_without_a_gap(year_starts: int) -> None:
    cycle = replace(FISCAL, start=date(2026, 1, 1), end=date(2027, 12, 31), year_starts=year_starts)
    quarters = windows_of("quarter", cycle, cycle.closes)
    assert all(one.end == other.start for one, other in pairwise(quarters))
    assert len(quarters) == 8
    assert len({one.label for one in quarters}) == 8
    years = windows_of("year", cycle, cycle.closes)
    assert {one.start.month for one in years} == {year_starts}


def test_weeks_begin_on_the_company_s_day() -> None:
    sundays = replace(Q4, week_starts=6)
    found = window("week", datetime(2026, 11, 23, 12, tzinfo=BERLIN), sundays)
    assert (found.start.date(), found.label) == (date(2026, 11, 22), "2026-W48")
    weeks = windows_of("week", sundays, Q4.closes)
    assert {one.start.weekday() for one in weeks} == {6}
    assert len({one.label for one in weeks}) == len(weeks)


@pytest.mark.parametrize(
    ("day", "phase"),
    [
        (date(2026, 9, 30), Phase.BEFORE),
        (date(2026, 10, 1), Phase.RUNNING),
        (date(2026, 12, 31), Phase.RUNNING),
        (date(2027, 1, 1), Phase.CLOSING),
        (date(2027, 1, 7), Phase.CLOSING),
        (date(2027, 1, 8), Phase.OVER),
    ],
)
def test_a_cycle_has_a_beginning_an_end_and_closing_days(day: date, phase: Phase) -> None:
    assert Q4.phase(datetime.combine(day, time.min, BERLIN)) is phase
    assert replace(Q4, closing_days=0).phase(Q4.closes) is Phase.OVER
    assert Q4.last_instant == Q4.closes - timedelta(microseconds=1)
