"""Declare the output of ``--json`` as types: they check the code and make the published JSON Schema.

Numbers are texts, so that none is rounded. An absent value is null; a key is absent only if its type says so.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field

# pydantic makes schemas of typing's own TypedDict from Python 3.12 on only.
from typing_extensions import TypedDict

from okrsync.errors import ExitCode
from okrsync.forecast import Outlook
from okrsync.model import Cause, Hold, Verdict
from okrsync.periods import Phase
from okrsync.progress import Status
from okrsync.sync.backfill import Found

Number = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$")]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Shown = str | bool | None
Form = Literal["FromTo", "AtMost", "AtLeast", "Within", "Milestones", "YesNo", "Baseline"]


class Failure(TypedDict):
    """What ended a command, or one company's run among several."""

    company: NotRequired[str]
    """Only among several companies."""
    error: str
    exit_code: ExitCode
    hint: NotRequired[str]
    """What to do, if that is known."""
    place: NotRequired[str]
    """``file:line:column`` in the YAML, if that is known."""


class NoValue(TypedDict):
    """Why there is no value, and what to do."""

    missing: str
    cause: Cause
    hint: str


class NoAnswer(NoValue):
    """Why a metric has no value."""

    metric: str


class Reading(TypedDict):
    """A value with its evidence."""

    metric: str
    value: Number
    unit: str
    as_of: Moment
    """When it was true, which may be long before it was read."""
    method: str
    """``observed`` on the day, else how the past was rebuilt."""
    source: str
    query: str
    """What a person can repeat by hand: a JQL, a cell, a range, conditions."""
    rows: int | None
    """How many records it was computed from."""
    facts: dict[str, str]
    window: tuple[Moment, Moment, str] | None
    """From, up to but not including, and what it is called."""
    inputs: list[Reading]
    """What an expression was computed from."""


class Goal(TypedDict):
    """A settled goal; its form says which numbers it has."""

    form: Form
    start: NotRequired[Number]
    target: NotRequired[Number]
    limit: NotRequired[Number]
    risk: NotRequired[Number | None]
    low: NotRequired[Number]
    high: NotRequired[Number]
    parts: NotRequired[Number]
    strict: NotRequired[bool]


class Cell(TypedDict):
    """One cell and what was decided about it."""

    verdict: Verdict
    reason: str
    hint: str
    hold: Hold | None
    last: Shown
    """What okrsync put there before."""
    now: Shown
    """What the cell shows."""
    wanted: Shown
    """What okrsync would put there; a percentage is a fraction if the column holds fractions."""
    shown: Shown
    """The wanted value as people read it."""
    fraction: bool
    since: NotRequired[Moment]
    """Since when it has been held for this kind of reason; only of a held cell."""


class LastEdit(TypedDict):
    """Who had edited a row last when the run read it; a person, or another program than okrsync."""

    by_okrsync: bool
    at: Moment | None


class Row(TypedDict):
    """One row: a key result's, or with fewer keys an objective's, an initiative's or a check-in's."""

    id: str
    title: str
    url: str
    last_edit: NotRequired[LastEdit | None]
    """Null if the destination does not tell."""
    owner: NotRequired[str]
    """Who it belongs to, if the table's YAML names a column for that, else empty."""
    cells: dict[str, Cell]
    metric: NotRequired[str]
    unit: NotRequired[str]
    goal: NotRequired[Goal | None]
    value: NotRequired[Number | None]
    progress: NotRequired[Number | None]
    """A fraction, as it is: below 0 and above 1 too."""
    expected: NotRequired[Number | None]
    """A fraction: where the calendar of the cycle would have it."""
    status: NotRequired[Status | None]
    blocked: NotRequired[str | None]
    """Why there is no progress though there is a value."""
    answer: NotRequired[Reading | NoAnswer]
    baseline: NotRequired[Reading | None]
    history: NotRequired[list[Number | None]]
    """The values of the cycle's periods, if the goal is judged by them."""
    window: NotRequired[str]
    """The name of the metric's window, if it has one."""
    initiative_of: NotRequired[str]
    """The key result of an initiative."""


class Point(TypedDict):
    date: Day
    value: Number


class Forecast(TypedDict):
    """The end of the cycle; ``low`` and ``high`` hold in four of five cases."""

    at: Moment
    value: Number
    low: Number
    high: Number
    slope_per_day: Number
    points: int
    progress: Number | None
    outlook: Outlook | None


class NoForecast(TypedDict):
    missing: str


class Budget(TypedDict):
    """How many periods held, and how many may still miss."""

    held: int
    judged: int
    periods: int
    without_value: int
    allowed: int | None
    left: int | None


class Trend(TypedDict):
    trend: list[Point]
    forecast: Forecast | NoForecast
    budget: Budget | None
    left_out: int
    """How many remembered values of the cycle do not count: their metric, query or unit was another one."""


class Run(TypedDict):
    """A plan, or one company's sync: every cell of every row with its verdict, reason and the answer behind it."""

    company: str
    cycle: str
    at: Moment
    applied: bool
    digest: str
    """Of what would be written; the same for the same plan."""
    alarms: list[str]
    """Why the plan is not applied without ``--force``."""
    exit_code: ExitCode
    rows: list[Row]
    notice: NotRequired[str]
    """That the cycle has not begun or is over."""
    warnings: NotRequired[list[str]]
    """What is wrong with the ledger (a time that is still to come, or that it is an older copy), and doubtful goals in rows."""
    not_measured_yet: NotRequired[list[str]]
    """What has no metric yet: its metric says TODO."""
    untold: NotRequired[str]
    """Why nobody could be notified, if that failed."""


class Runs(TypedDict):
    """The syncs of several companies, and the worst exit code."""

    companies: list[Run | Failure]
    summary: str
    exit_code: ExitCode


class StatusRow(Row):
    """A row as the last sync left it; a key result's has its trend too."""

    at: Moment
    trend: NotRequired[list[Point]]
    forecast: NotRequired[Forecast | NoForecast]
    budget: NotRequired[Budget | None]
    left_out: NotRequired[int]


class Standings(TypedDict):
    """The key results at the last sync."""

    company: str
    rows: list[StatusRow]
    notice: NotRequired[str]
    """That the cycle has not begun or is over."""
    not_measured_yet: NotRequired[list[str]]
    """What has no metric yet: its metric says TODO."""


class CompanyStatus(TypedDict):
    """How a company is doing, as far as the ledger and its YAML know; ``error`` is why its YAML cannot be read."""

    name: str
    """Its YAML's name."""
    company: str | None
    last_run: Moment | None
    """When the last sync ended, well or not."""
    exit_code: ExitCode | None
    """Of the last sync that ended; 2 if the YAML cannot be read."""
    held: int | None
    """Rows that the last sync held; null if it did not get so far."""
    cycle: Phase | None
    next_due: Moment | None
    """Null without a schedule; not after now if it is due."""
    running_since: Moment | None
    error: str
    hint: str


class AllStatuses(TypedDict):
    """Every company of the configuration folder, sorted as asked; ``exit_code`` is the worst of all."""

    companies: list[CompanyStatus]
    exit_code: ExitCode


class ListedRecord(TypedDict):
    """An issue, a cell or a row; ``cells`` are the parts of it that the number depends on."""

    id: str
    link: str
    cells: dict[str, str]


class Listing(TypedDict):
    """The records behind one metric as they were when the command ran, or why there is no list."""

    metric: str
    connection: str
    total: NotRequired[int]
    records: NotRequired[list[ListedRecord]]
    missing: NotRequired[str]
    hint: NotRequired[str]


class Explanation(StatusRow):
    """How one key result's number came about."""

    company: str
    because: NotRequired[list[str]]
    """Why progress and status are what they are, and what would change them, in sentences."""
    records: NotRequired[list[Listing]]
    """Only with ``--limit`` or ``--records``."""


class Remembered(TypedDict):
    """A value of the past."""

    value: Number
    unit: str
    method: str
    source: str
    query: str


class Rebuilt(TypedDict):
    """One metric at one moment of the past, and whether a value was found."""

    date: Day
    at: Moment
    metric: str
    key_results: list[str]
    found: Found
    value: NotRequired[Number]
    unit: NotRequired[str]
    method: NotRequired[str]
    source: NotRequired[str]
    query: NotRequired[str]
    missing: NotRequired[str]
    cause: NotRequired[Cause]
    hint: NotRequired[str]


class NotAdded(TypedDict):
    key: str
    reason: str
    hint: str


class CheckIns(TypedDict):
    """The check-ins of past periods: the keys of the rows added, how many were there already, and what was not."""

    added: list[str]
    there: int
    not_added: list[NotAdded]


class Backfill(TypedDict):
    """Every value that was asked for; ``counts`` by what was found."""

    company: str
    at: Moment
    applied: bool
    exit_code: ExitCode
    counts: dict[str, int]
    check_ins: CheckIns | None
    """If the company has a table for them."""
    values: list[Rebuilt]


class PastValue(TypedDict):
    """What is known of one day."""

    id: str
    date: Day
    as_of: Moment
    value: Number
    unit: str
    progress: Number | None
    method: str
    source: str
    query: str


class History(TypedDict):
    company: str
    values: list[PastValue]


class Finding(TypedDict):
    """One thing the doctor looked at; ``hint`` is empty if there is nothing to do."""

    subject: str
    ok: bool
    detail: str
    hint: str


class Findings(TypedDict):
    company: str
    findings: list[Finding]


class Valid(TypedDict):
    company: str
    key_results: int
    missing_secrets: list[str]
    warnings: list[str]
    not_measured_yet: NotRequired[list[str]]
    """What has no metric yet: its metric says TODO."""
    open_tables: NotRequired[list[str]]
    """The tables of the destination that have no address yet."""


class Validation(TypedDict):
    companies: list[Valid | Failure]


class Figure(TypedDict):
    """A number in a plan file, marked because a text may look like one."""

    number: Number


class Planned(TypedDict):
    """One decision of a kept plan."""

    id: str
    cell: str
    verdict: Verdict
    now: Figure | Shown
    wanted: Figure | Shown
    reason: str
    hint: str
    row: str
    address: str


class PlanFile(TypedDict):
    """What ``plan --out FILE`` keeps for ``sync --plan FILE``."""

    company: str
    at: Moment
    digest: str
    alarms: list[str]
    decisions: list[Planned]
