"""Three quarters of mornings at a company whose year begins in February; each quarter's numbers are worked out by hand.

A deal is closed every Monday: 1,000 each in the first quarter, 2,000 in the second, 3,000 in the third. Each quarter has
13 Mondays (2 February to 27 April, 4 May to 27 July, 3 August to 26 October 2026).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from okrsync.testing import JumpClock

YAML = """\
company: demo
timezone: Europe/Berlin
cycle: {{name: {name}, start: {start}, end: {end}}}
calendar: {{year_starts: february}}
connections:
  deals: {{type: crm, path: exports/fiscal.csv, delimiter: ",", decimal: ".", date_format: "%Y-%m-%d"}}
  notion: {{type: notion, url: {url}, token: {{env: DEMO_NOTION_TOKEN}}}}
destination:
  connection: notion
  key_results:
    database: https://app.notion.com/p/acme/11111111111141118111111111111111
    match: KR
    cells: {{current: Current, progress: Progress, status: Status}}
metrics:
  in_cycle: {{from: deals, measure: sum, field: Amount, date: Closed, window: cycle}}
  in_quarter: {{from: deals, measure: sum, field: Amount, date: Closed, window: quarter}}
  in_year: {{from: deals, measure: sum, field: Amount, date: Closed, window: year}}
key_results:
  - {{id: KR-1, metric: in_cycle, reach: 52000}}
  - {{id: KR-2, metric: in_quarter, to: 52000, baseline: previous_quarter}}
  - {{id: KR-3, metric: in_year, reach: 156000}}
"""
QUARTERS = {
    "FY27-Q1": (date(2026, 2, 1), date(2026, 4, 30), 1000),
    "FY27-Q2": (date(2026, 5, 1), date(2026, 7, 31), 2000),
    "FY27-Q3": (date(2026, 8, 1), date(2026, 10, 31), 3000),
}
# At the end of each quarter: of the cycle, of the quarter, of the year; and the progress of each in percent.
BY_HAND = {
    # 13 x 1,000. KR-2 has no quarter before it in the file: nothing to start from.
    "FY27-Q1": (("13000", "25%"), None, ("13000", "8.33%")),
    # 13 x 2,000; (26,000 - 13,000) / (52,000 - 13,000) = 1/3; 13,000 + 26,000 of 156,000.
    "FY27-Q2": (("26000", "50%"), ("26000", "33.33%"), ("39000", "25%")),
    # 13 x 3,000; (39,000 - 26,000) / (52,000 - 26,000) = 1/2; 13,000 + 26,000 + 39,000 of 156,000.
    "FY27-Q3": (("39000", "75%"), ("39000", "50%"), ("78000", "50%")),
}


@pytest.fixture
def deals(desk: Any) -> Any:
    lines = ["Deal,Amount,Closed"]
    for name, (first, last, amount) in QUARTERS.items():
        monday = first + timedelta(days=-first.weekday() % 7)
        while monday <= last:
            lines.append(f"{name}-{monday},{amount},{monday}")
            monday += timedelta(days=7)
    (desk.folder / "exports" / "fiscal.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return desk


def shown(desk: Any) -> tuple[tuple[str, str], ...]:
    table = desk.table()
    return tuple(
        (table[row]["Current"].replace(",", ""), table[row]["Progress"]) for row in ("KR-1", "KR-2", "KR-3")
    )


def begin(desk: Any, name: str) -> None:
    first, last, _ = QUARTERS[name]
    text = YAML.format(name=name, start=first, end=last, url=desk.notion.server.url)
    desk.yaml.write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_three_quarters_of_mornings_end_with_the_numbers_worked_out_by_hand(deals: Any) -> None:
    for name, (first, last, _) in QUARTERS.items():
        begin(deals, name)
        day = first
        while day <= last:
            deals.run("sync", "demo", clock=JumpClock(datetime(day.year, day.month, day.day, 6, tzinfo=UTC)))
            day += timedelta(days=3)
        # On the last evening, and in the closing days, the numbers are those of the whole quarter.
        for at in (
            datetime(last.year, last.month, last.day, 21, tzinfo=UTC),
            closing(last, 3),
            closing(last, 7),
        ):
            deals.run("sync", "demo", clock=JumpClock(at))
            for found, right in zip(shown(deals), BY_HAND[name], strict=True):
                assert right is None or found == right, (name, at)
        before = shown(deals)
        deals.stage.forget()
        ended = deals.run("sync", "demo", clock=JumpClock(closing(last, 8)))
        assert (ended.code, deals.stage.requests, shown(deals)) == (3, 0, before)


def closing(last: date, days: int) -> datetime:
    """The morning so many days after the quarter's last day; the next quarter's deals are in the file by then."""
    day = last + timedelta(days=days)
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
