"""The book's key results that live in a CRM, each as one metric on an export, against sums done by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from okrsync.model import PERCENT, Reading, Window
from tests.support.crm_exports import NOW, QUARTER, USD, ZONE, Exports, ask

WEEK = Window(start=datetime(2026, 11, 16, tzinfo=ZONE), end=datetime(2026, 11, 23, tzinfo=ZONE))
DAY = Window(start=datetime(2026, 11, 20, tzinfo=ZONE), end=datetime(2026, 11, 21, tzinfo=ZONE))
DEALS = """\
Id,Account,Segment,Pipeline,Stage,Region,Amount,Currency,Created,DesiredCell,Closed,Event
1,acme,Enterprise,Outbound,Won,EMEA,400000,USD,2026-10-01 09:00,2026-10-11 09:00,2026-10-21 09:00,
2,bolt,Mid-market,Mid-market,Won,EMEA,250000.50,USD,2026-10-05 09:00,2026-10-20 09:00,2026-10-29 09:00,Expo
3,core,Small business,Inbound,Lost,APAC,9000,USD,2026-10-05 09:00,2026-11-01 09:00,2026-11-02 09:00,Expo
4,acme,Enterprise,Outbound,Won,APAC,60000,USD,2026-11-01 09:00,2026-11-06 09:00,2026-11-10 09:00,Expo
5,dune,Mid-market,Mid-market,Open,APAC,70000,USD,2026-11-17 09:00,,,
6,echo,Small business,Inbound,Won,EMEA,5000,USD,2026-08-01 09:00,2026-08-02 09:00,2026-09-01 09:00,
"""
LEADS = """\
Lead,Source,Asked,Answered,Discovery,Demo,Quality,Country,Met,Talks
1,Demo request,2026-11-16 08:00,2026-11-16 10:00,2026-11-20 08:00,2026-11-18 08:00,MQL,EMEA,2026-11-18,2
2,Web,2026-11-16 09:00,2026-11-17 05:00,2026-11-24 09:00,2026-11-17 09:00,MQL,EMEA,2026-11-19,1
3,Demo request,2026-11-17 08:00,2026-11-18 20:00,,,SQL,APAC,,1
4,Chat,2026-11-18 08:00:00,2026-11-18 08:02:00,2026-11-19 08:00,2026-11-20 08:00,SQL,APAC,2026-11-20,3
5,Chat,2026-11-19 08:00:00,2026-11-19 08:01:00,,,MQL,APAC,,1
"""
ACTIVITIES = """\
Id,Kind,When,Length (s),Account,Outcome
1,Call,2026-11-20 09:00,240,acme,None
2,Call,2026-11-20 10:00,480,bolt,Meeting
3,E-mail,2026-11-20 11:00,,acme,None
4,Meeting,2026-11-17 09:00,1800,core,DesiredCell
5,Meeting,2026-11-18 09:00,1800,acme,None
6,Presentation,2026-11-19 09:00,3600,acme,None
"""
REPS = (
    "Rep,Role,Attained,Quota,Presented\nann,AM,90000,100000,2026-10-10\nbob,AM,30000,60000,\ncyd,SDR,1,2,\n"
)

DEALS_ASKED: list[tuple[str, dict[str, Any], str]] = [
    (
        "O04-1",
        {
            "measure": "sum",
            "field": "Amount",
            "unit": USD,
            "where": {"Stage": "Won", "Pipeline": "Mid-market"},
            "date": "Closed",
            "window": QUARTER,
        },
        "250000.5",
    ),
    ("O04-2", {"measure": "count", "where": {"Stage": "Lost"}, "date": "Closed", "window": QUARTER}, "1"),
    (
        "O05-1",
        {
            "measure": "duration",
            "start": "Created",
            "end": "Closed",
            "unit": "days",
            "where": {"Stage": "Won"},
            "date": "Closed",
            "window": QUARTER,
        },
        "17.68055556",
    ),
    (
        "O05-3",
        {
            "measure": "ratio",
            "where": {"Stage": ["Won", "Lost"]},
            "part": {"Stage": "Won"},
            "unit": PERCENT,
            "date": "Closed",
            "window": QUARTER,
        },
        "75",
    ),
    *(
        (
            key,
            {
                "measure": "sum",
                "field": "Amount",
                "unit": USD,
                "where": {"Stage": "Won", "Segment": segment},
                "date": "Closed",
                "window": QUARTER,
            },
            value,
        )
        for key, segment, value in (
            ("O06-1", "Enterprise", "460000"),
            ("O06-2", "Mid-market", "250000.5"),
            ("O06-3", "Small business", "0"),
        )
    ),
    (
        "O09-3",
        {"measure": "sum", "field": "Amount", "unit": USD, "date": "Created", "window": QUARTER},
        "789000.5",
    ),
    ("O10-1", {"measure": "count_distinct", "field": "Account", "date": "Created", "window": QUARTER}, "4"),
    (
        "O10-4",
        {
            "measure": "duration",
            "start": "Created",
            "end": "Closed",
            "unit": "days",
            "where": {"Pipeline": "Outbound", "Stage": "Won"},
        },
        "14.5",
    ),
    (
        "O12-3",
        {
            "measure": "duration",
            "start": "DesiredCell",
            "end": "Closed",
            "unit": "days",
            "where": {"Closed": {"empty": False}},
            "date": "Closed",
            "window": QUARTER,
        },
        "6.01041667",
    ),
    ("O12-4", {"measure": "count", "where": {"Stage": "Won"}, "date": "Closed", "window": QUARTER}, "3"),
    (
        "O14-3",
        {
            "measure": "count_distinct",
            "field": "Account",
            "where": {"Stage": "Won"},
            "date": "Closed",
            "window": QUARTER,
        },
        "2",
    ),
    (
        "O15-3",
        {
            "measure": "sum",
            "field": "Amount",
            "unit": USD,
            "where": {"Stage": "Won", "Event": "Expo"},
            "date": "Closed",
            "window": QUARTER,
        },
        "310000.5",
    ),
]
DEMOS = {"Source": "Demo request"}
LEADS_ASKED: list[tuple[str, dict[str, Any], str]] = [
    ("O07-2", {"measure": "spread", "group": "Country", "groups": ["EMEA", "APAC"], "unit": PERCENT}, "20"),
    (
        "O08-1",
        {"measure": "duration", "aggregate": "max", "start": "Asked", "end": "Answered", "unit": "hours"},
        "36",
    ),
    (
        "O08-2",
        {
            "measure": "duration",
            "aggregate": "p92",
            "start": "Asked",
            "end": "Answered",
            "unit": "hours",
            "where": DEMOS,
        },
        "33.28",
    ),
    (
        "O08-3",
        {
            "measure": "duration",
            "start": "Asked",
            "end": "Answered",
            "unit": "seconds",
            "where": {"Source": "Chat"},
        },
        "90",
    ),
    ("O08-4", {"measure": "count", "where": {"Demo": {"empty": False}}, "date": "Demo", "window": WEEK}, "3"),
    (
        "O09-1",
        {
            "measure": "ratio",
            "part": {"duration": {"start": "Asked", "end": "Discovery", "at_most": "5d"}},
            "unit": PERCENT,
            "date": "Asked",
            "window": WEEK,
        },
        "40",
    ),
    (
        "O09-2",
        {"measure": "count", "where": {"Met": {"empty": False}}, "date": "Met", "window": QUARTER},
        "3",
    ),
    ("O09-4", {"measure": "ratio", "part": {"Talks": {"gt": 1}}, "unit": PERCENT}, "40"),
    (
        "O10-2",
        {
            "measure": "count",
            "where": {"Quality": "MQL", "Answered": {"empty": False}},
            "date": "Answered",
            "window": QUARTER,
        },
        "3",
    ),
    (
        "O12-1",
        {
            "measure": "duration",
            "aggregate": "max",
            "start": "Asked",
            "end": "Answered",
            "unit": "hours",
            "where": {"Source": "Web"},
        },
        "20",
    ),
    ("O12-2", {"measure": "duration", "start": "Asked", "end": "Demo", "unit": "hours"}, "40"),
]
ACTIVITIES_ASKED: list[tuple[str, dict[str, Any], str]] = [
    ("O04-3", {"measure": "count", "where": {"Kind": "Presentation"}, "date": "When", "window": WEEK}, "1"),
    (
        "O10-3",
        {
            "measure": "mean",
            "field": "Length (s)",
            "field_unit": "seconds",
            "unit": "minutes",
            "where": {"Kind": "Call"},
        },
        "6",
    ),
    ("O11-1", {"measure": "count", "where": {"Kind": "Call"}, "date": "When", "window": DAY}, "2"),
    ("O11-2", {"measure": "count", "where": {"Kind": "E-mail"}, "date": "When", "window": DAY}, "1"),
    ("O11-3", {"measure": "count", "where": {"Kind": "Meeting"}, "date": "When", "window": WEEK}, "2"),
    (
        "O11-4",
        {
            "measure": "ratio",
            "where": {"Kind": "Meeting"},
            "part": {"Outcome": "DesiredCell"},
            "unit": PERCENT,
        },
        "50",
    ),
    ("O15-2", {"measure": "count", "where": {"Kind": "Meeting", "Account": {"contains": "c"}}}, "2"),
    ("O19-2", {"measure": "count", "where": {"Kind": "Call", "Length (s)": {"gte": 240}}}, "2"),
]
REPS_ASKED: list[tuple[str, dict[str, Any], str]] = [
    (
        "O05-2 attained",
        {"measure": "sum", "field": "Attained", "unit": USD, "where": {"Role": "AM"}},
        "120000",
    ),
    ("O05-2 quota", {"measure": "sum", "field": "Quota", "unit": USD, "where": {"Role": "AM"}}, "160000"),
    (
        "O07-1",
        {
            "measure": "ratio",
            "where": {"Role": "AM"},
            "part": {"Presented": {"empty": False}},
            "unit": PERCENT,
        },
        "50",
    ),
]


@pytest.mark.parametrize(
    ("content", "asked"),
    [(DEALS, DEALS_ASKED), (LEADS, LEADS_ASKED), (ACTIVITIES, ACTIVITIES_ASKED), (REPS, REPS_ASKED)],
    ids=["deals", "leads", "activities", "reps"],
)
def test_the_books_key_results(
    tmp_path: Path, content: str, asked: list[tuple[str, dict[str, Any], str]]
) -> None:
    exports = Exports(tmp_path)
    exports.put("deals.csv", content)
    answers = exports.read(*(ask(metric=key, **query) for key, query, _ in asked))
    for (key, _, value), answer in zip(asked, answers, strict=True):
        assert isinstance(answer, Reading), answer
        assert abs(answer.value - Decimal(value)) < Decimal("0.00001"), (key, answer.value)


def test_a_weekly_history_of_each_is_one_scan_too(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    exports.put("deals.csv", DEALS)
    ends = [datetime(2026, 10, day, tzinfo=ZONE) for day in (8, 15, 22, 29, 30)]
    asked = [
        ask(measure="count", where={"Stage": "Won"}, date="Closed", window=QUARTER, at=at)
        for at in (*ends, NOW)
    ]
    values = [answer.value for answer in exports.read(*asked) if isinstance(answer, Reading)]
    assert values == [0, 0, 1, 1, 2, 3]
