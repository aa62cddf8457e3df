"""Cron lines on a wall clock: zones, daylight saving, missed times, and lines that are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.schedules import SHORTHANDS, schedule

BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/Santiago",
]
LINES = [
    "0 7 * * mon-fri",
    "30 2 * * *",
    "*/15 * * * *",
    "0 0 1 * *",
    "15 1,2,3 * * sun",
    "@daily",
    "0 * * * *",
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "zone", "moment", "then"),
    [
        ("0 7 * * mon-fri", BERLIN, "2026-11-23T05:59:59", "2026-11-23T06:00:00"),
        ("0 7 * * mon-fri", BERLIN, "2026-11-23T06:00:00", "2026-11-24T06:00:00"),
        ("0 7 * * mon-fri", BERLIN, "2026-11-27T06:00:00", "2026-11-30T06:00:00"),  # over a week-end
        ("0 7 * * *", KOLKATA, "2026-11-23T00:00:00", "2026-11-23T01:30:00"),
        ("0 7 * * 0", BERLIN, "2026-11-23T00:00:00", "2026-11-29T06:00:00"),  # 0 is Sunday, as in every cron
        ("0 7 * * *", BERLIN, "2026-03-28T07:00:00", "2026-03-29T05:00:00"),  # summer time begins
        (
            "30 2 * * *",
            BERLIN,
            "2026-03-28T12:00:00",
            "2026-03-29T01:00:00",
        ),  # 02:30 is skipped: right after it
        ("30 2 * * *", BERLIN, "2026-03-29T01:00:00", "2026-03-30T00:30:00"),
        (
            "30 2 * * *",
            BERLIN,
            "2026-10-24T12:00:00",
            "2026-10-25T00:30:00",
        ),  # 02:30 comes twice: the first time
        ("30 2 * * *", BERLIN, "2026-10-25T00:30:00", "2026-10-26T01:30:00"),
        ("30 2 * * *", BERLIN, "2026-10-25T01:15:00", "2026-10-26T01:30:00"),  # asked in the repeated hour
        ("0 0 29 2 *", BERLIN, "2026-01-01T00:00:00", "2028-02-28T23:00:00"),
        ("@weekly", BERLIN, "2026-11-23T00:00:00", "2026-11-28T23:00:00"),
    ],
)
def test_the_next_time(line: str, zone: ZoneInfo, moment: str, then: str) -> None:
    assert schedule(line, zone).after(at(moment)) == at(then)


@given(
    st.sampled_from(LINES),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - hypothesis takes naive bounds
)
def test_time_only_goes_on(line: str, zone: str, moment: datetime) -> None:
    found = schedule(line, ZoneInfo(zone))
    start = moment.replace(tzinfo=UTC)
    first = found.after(start)
    assert start < first < found.after(first)
    # Nothing lies between: asked a moment before it, the same time is found.
    assert found.after(first - timedelta(seconds=1)) == first


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("61 * * * *", "bad minute"),
        ("0 25 * * *", "bad hour"),
        ("0 7 * * mon-fry", "bad day-of-week"),
        ("0 0 31 2 *", "bad day-of-month"),
        ("0 7 * *", "it needs five fields"),
        ("0 0 7 * * *", "it needs five fields"),
        ("", "it needs five fields"),
        ("@sometimes", "it needs five fields"),
        ("every morning", "it needs five fields"),
        ("0 0 */31 * fri#5", "never comes"),  # a first of the month that is its fifth Friday
    ],
)
def test_what_is_no_cron_line_is_refused_with_the_form(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        schedule(line, BERLIN)
    assert '"0 7 * * mon-fri"' in str(caught.value)
    assert repr(line) in str(caught.value)


def test_missed_times_make_one_run() -> None:
    daily = schedule("0 7 * * *", BERLIN)
    now = at("2026-11-23T06:00:00")
    assert daily.due(None, now)
    assert daily.due(at("2026-11-22T07:00:00"), now)
    assert daily.due(at("2026-11-01T07:00:00"), now)
    assert not daily.due(now, now)
    assert not daily.due(at("2026-11-22T07:00:00"), now - timedelta(seconds=1))
    assert daily.missed(at("2026-11-20T06:00:00"), now, at_most=9) == 3
    assert daily.missed(at("2026-01-20T06:00:00"), now, at_most=3) == 3
    assert daily.missed(now, now, at_most=3) == 0


def test_every_shorthand_is_a_line() -> None:
    for name, line in SHORTHANDS.items():
        moment = at("2026-11-23T06:10:00")
        assert schedule(name, BERLIN).after(moment) == schedule(line, BERLIN).after(moment)
        assert schedule(name.upper(), BERLIN).after(moment) == schedule(line, BERLIN).after(moment)
