"""Show one example of each measure; a test asks all of them (see ``okrsync connectors crm``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from okrsync.ports import Example

EXAMPLES: Final[Sequence[Example]] = (
    Example(
        shows="count of rows, of those that fall into a window",
        metric="{from: deals, measure: count, where: {Deal Stage: Closed Won}, date: Close Date, window: cycle}",
        value="9",
    ),
    Example(
        shows="a rolling window",
        metric="{from: deals, measure: count, where: {Deal Stage: Closed Lost}, date: Close Date, window: last 90d}",
        value="52",
    ),
    Example(
        shows="count_distinct",
        metric="{from: calls, measure: count_distinct, field: Account Name, date: Call Start Time, window: cycle}",
        value="75",
    ),
    Example(
        shows="sum of money",
        metric='{from: deals, measure: sum, field: Amount, where: {Pipeline: Growth, Segment: Enterprise, Deal Stage: Closed Won}, date: Close Date, window: cycle, unit: "money:USD"}',
        value="290000",
    ),
    Example(
        shows="a span of its own, by tests of a date",
        metric='{from: deals, measure: sum, field: Amount, where: {Campaign: Expo, Close Date: {gte: 2026-04-01, lt: 2026-07-01}}, unit: "money:USD"}',
        value="333000",
    ),
    Example(
        shows="mean of a field that is kept in another unit of time",
        metric="{from: calls, measure: mean, field: Call Duration (in seconds), field_unit: seconds, date: Call Start Time, window: cycle, unit: minutes}",
        value="5",
    ),
    Example(
        shows="min",
        metric='{from: deals, measure: min, field: Amount, where: {Deal Stage: Closed Won}, date: Close Date, window: cycle, unit: "money:USD"}',
        value="25000",
    ),
    Example(
        shows="max",
        metric='{from: deals, measure: max, field: Amount, where: {Deal Stage: Closed Won}, date: Close Date, window: cycle, unit: "money:USD"}',
        value="900000",
    ),
    Example(
        shows="median",
        metric='{from: deals, measure: median, field: Amount, where: {Deal Stage: Closed Won}, date: Close Date, window: cycle, unit: "money:USD"}',
        value="120000",
    ),
    Example(
        shows="a percentile, between the closest ranks",
        metric="{from: survey, measure: p10, field: Score}",
        value="7.8",
    ),
    Example(
        shows="ratio of rows",
        metric="{from: deals, measure: ratio, where: {SQL: Yes, Deal Stage: [Closed Won, Closed Lost]}, part: {Deal Stage: Closed Won}, date: Close Date, window: cycle, unit: percent}",
        value="50",
    ),
    Example(
        shows="ratio of a field's sums",
        metric="{from: messages, measure: ratio, field: People, part: {Engaged: Yes}, unit: percent}",
        value="26",
    ),
    Example(
        shows="ratio: done within a length of time",
        metric="{from: leads, measure: ratio, where: {Source: Website}, part: {duration: {start: Created, end: Discovery, at_most: 5d}}, date: Created, window: cycle, unit: percent}",
        value="44",
    ),
    Example(
        shows="duration: mean time from one column to another",
        metric="{from: deals, measure: duration, start: Create Date, end: Close Date, where: {Deal Stage: Closed Won}, date: Close Date, window: cycle, unit: days}",
        value="29",
    ),
    Example(
        shows="duration: the longest",
        metric="{from: leads, measure: duration, aggregate: max, start: Created, end: First Response, where: {Source: Website}, date: Created, window: cycle, unit: hours}",
        value="18",
    ),
    Example(
        shows="duration: what 92 % stay under",
        metric="{from: leads, measure: duration, aggregate: p92, start: Created, end: First Response, where: {Source: Demo request}, date: Created, window: cycle, unit: hours}",
        value="29",
    ),
    Example(
        shows="spread: how far the farthest group is from the mean of all",
        metric="{from: leads, measure: spread, group: Region, groups: [EMEA, Americas, APAC], date: Created, window: cycle, unit: percent}",
        value="20",
    ),
    Example(
        shows="a mean per workday over the cycle so far",
        metric="{from: activity, measure: sum, field: Count, where: {Kind: Cold call}, date: Day, window: cycle, per: workday}",
        value="23",
    ),
)
