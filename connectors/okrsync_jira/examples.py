"""Show one example of each measure; a test asks all of them (see ``okrsync connectors jira``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from okrsync.ports import Example

EXAMPLES: Final[Sequence[Example]] = (
    Example(
        shows="count",
        metric='{from: jira, measure: count, jql: "parent = RES-1 AND statusCategory = Done"}',
        value="4",
    ),
    Example(
        shows="count of what falls into a window",
        metric='{from: jira, measure: count, jql: "project = MKT AND type = Placement", date: resolved, window: quarter}',
        value="8",
    ),
    Example(
        shows="a rolling window",
        metric='{from: jira, jql: "project = SUP AND labels = level-1", date: created, window: last 30d}',
        value="70",
    ),
    Example(
        shows="ratio: a part of these issues",
        metric='{from: jira, measure: ratio, jql: "project = SDR AND type = Conversation", part: "labels = repeat", date: created, window: cycle, unit: percent}',
        value="31",
    ),
    Example(
        shows="done_share of the work below an epic",
        metric="{from: jira, measure: done_share, parent: RES-2, unit: percent}",
        value="60",
    ),
    Example(
        shows="sum of a numeric field",
        metric='{from: jira, measure: sum, field: Story Points, jql: "project = MKT AND type = Post", date: resolved, window: cycle}',
        value="21",
    ),
    Example(
        shows="mean",
        metric='{from: jira, measure: mean, field: Story Points, jql: "project = MKT AND type = Post"}',
        value="4",
    ),
    Example(
        shows="min",
        metric='{from: jira, measure: min, field: Story Points, jql: "project = MKT AND type = Post"}',
        value="3",
    ),
    Example(
        shows="max",
        metric='{from: jira, measure: max, field: Story Points, jql: "project = MKT AND type = Post"}',
        value="7.5",
    ),
    Example(
        shows="median",
        metric='{from: jira, measure: median, field: Story Points, jql: "project = MKT AND type = Post"}',
        value="3",
    ),
    Example(
        shows="a percentile, between the closest ranks",
        metric='{from: jira, measure: p90, field: Story Points, jql: "project = MKT AND type = Post"}',
        value="7.5",
    ),
    Example(
        shows="distinct: different values of a field",
        metric='{from: jira, measure: distinct, field: Story Points, jql: "project = MKT AND type = Post"}',
        value="2",
    ),
    Example(
        shows="lead_time: from created to done",
        metric="{from: jira, measure: lead_time, aggregate: mean, scope: project = DEV, window: cycle, unit: days}",
        value="7",
    ),
    Example(
        shows="cycle_time: from in progress to done",
        metric="{from: jira, measure: cycle_time, aggregate: mean, scope: project = DEV, window: cycle, unit: days}",
        value="2.5",
    ),
    Example(
        shows="time_in_status",
        metric="{from: jira, measure: time_in_status, statuses: [In Progress], aggregate: max, scope: project = DEV, window: cycle, unit: days}",
        value="3",
    ),
    Example(
        shows="throughput: finished in the window",
        metric="{from: jira, measure: throughput, scope: project = DEV, window: cycle}",
        value="2",
    ),
    Example(
        shows="age of what is open",
        metric='{from: jira, measure: age, aggregate: max, jql: "project = DEV AND statusCategory != Done", unit: days}',
        value="20",
    ),
    Example(
        shows="velocity: points completed in a sprint",
        metric="{from: jira, measure: velocity, board: 1, by: points}",
        value="4",
    ),
    Example(
        shows="sla: share of the clock's runs that kept their time",
        metric='{from: jira, measure: sla, jql: "project = DESK", field: Time to resolution, window: cycle, unit: percent}',
        value="75",
    ),
    Example(
        shows="sla: how long the clock ran",
        metric='{from: jira, measure: sla, aggregate: mean, jql: "project = DESK", field: Time to resolution, window: cycle, unit: hours}',
        value="4",
    ),
)
