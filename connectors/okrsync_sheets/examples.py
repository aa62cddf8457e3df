"""Show one example of each measure; a test asks all of them (see ``okrsync connectors sheets``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from okrsync.ports import Example

EXAMPLES: Final[Sequence[Example]] = (
    Example(shows="one cell", metric='{from: sheets, cell: "KPI!B2", unit: index}', value="46"),
    Example(
        shows="a named range: it survives renamed tabs and inserted rows",
        metric="{from: sheets, named: customer_nps, unit: index}",
        value="88",
    ),
    Example(
        shows="one cell, found by the headings of its row and column",
        metric="{from: sheets, tab: KPI, row: Checkout steps, column: Now}",
        value="7",
    ),
    Example(
        shows="a tab by the number after #gid= in its address",
        metric="{from: sheets, gid: 8, column: Published, measure: count_true}",
        value="8",
    ),
    Example(
        shows="the last value of a column",
        metric="{from: sheets, spreadsheet: 1BookMarketing2026Q4xxxxxxxxxxxxxxxxxxxxxxxx, tab: Quarters, column: NPS, last_row: true, unit: index}",
        value="7.6",
    ),
    Example(
        shows="a dated column: the value as of a day, also in the past",
        metric='{from: sheets, range: "Daily!B2:B", dates: "Daily!A2:A"}',
        value="1380",
    ),
    Example(
        shows="a dated row, in another spreadsheet than the connection's",
        metric='{from: sheets, spreadsheet: 1BookMarketing2026Q4xxxxxxxxxxxxxxxxxxxxxxxx, range: "Followers!B2:Z2", dates: "Followers!B1:Z1"}',
        value="65000",
    ),
    Example(
        shows="sum of a column",
        metric="{from: sheets, tab: Features, column: Leads, measure: sum}",
        value="550",
    ),
    Example(
        shows="mean; percent cells hold fractions",
        metric="{from: sheets, tab: Managers, column: Attainment, measure: mean, values: fraction, unit: percent}",
        value="71",
    ),
    Example(
        shows="mean; cells formatted as a length of time",
        metric='{from: sheets, range: "Sessions!B2:B4", measure: mean, values: serial_days, unit: seconds}',
        value="195",
    ),
    Example(shows="min", metric='{from: sheets, range: "Daily!B2:B", measure: min}', value="1310"),
    Example(shows="max", metric='{from: sheets, range: "Daily!B2:B", measure: max}', value="1390"),
    Example(shows="median", metric='{from: sheets, range: "Daily!B2:B", measure: median}', value="1372.5"),
    Example(
        shows="a percentile, between the closest ranks",
        metric='{from: sheets, range: "Daily!B2:B", measure: p85}',
        value="1385.5",
    ),
    Example(shows="first", metric='{from: sheets, range: "Daily!B2:B", measure: first}', value="1365"),
    Example(shows="last", metric='{from: sheets, range: "Daily!B2:B", measure: last}', value="1380"),
    Example(
        shows="count of the filled cells",
        metric='{from: sheets, range: "Board!A2:A", measure: count}',
        value="30",
    ),
    Example(
        shows="count_distinct",
        metric='{from: sheets, range: "Managers!C2:C", measure: count_distinct}',
        value="2",
    ),
    Example(
        shows="count_true: ticked boxes",
        metric="{from: sheets, tab: Problems, column: Plan agreed, measure: count_true}",
        value="2",
    ),
    Example(
        shows="share_true: ticked boxes of all boxes",
        metric="{from: sheets, tab: Managers, column: Territory presented, measure: share_true, unit: percent}",
        value="62.5",
    ),
)
