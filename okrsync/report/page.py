"""Declare what a report shows: every text in the company's language already, no layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from okrsync.report.chart import Chart
from okrsync.words import Rendered, Words

NO_DATA = "no_data"
"""The status of a key result that has none."""
NOT_MEASURED = "not_measured"
"""The status of a key result whose metric is still to be written."""
STATUSES = ("achieved", "on_track", "behind", "at_risk", "not_started", NO_DATA, NOT_MEASURED)
"""From best to worst, as the overview lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldItem:
    """One reason for which cells are held, and the next step. ``own`` says the reason in the reader's language.

    ``subjects`` are pairs of an id and a title. ``values`` says what the cell shows and what okrsync would write.
    """

    subjects: tuple[tuple[str, str], ...]
    cells: tuple[str, ...]
    reason: Rendered
    hint: Rendered
    own: str = ""
    since: str = ""
    values: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReading:
    """The answer behind a number: when it was true, and what was asked where."""

    source: str
    query: str
    moment: str
    ago: str
    records: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One line below a chart, for those who do not see it."""

    day: str
    value: str
    expected: str
    progress: str
    check_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InitiativeLine:
    title: str
    progress: Decimal | None
    share: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResultCard:
    """One key result. ``missing`` is why it has no value or no progress; ``forecast`` and ``outlook`` are sentences.

    ``limit`` says whether a goal holds that has no way to it; its progress is 1 or 0.
    """

    id: str
    title: str
    status: str
    goal: str
    value: str
    progress: Decimal | None = None
    share: str = ""
    limit: str = ""
    expected: Decimal | None = None
    expected_share: str = ""
    url: str = ""
    owner: str = ""
    reading: LastReading | None = None
    missing: str = ""
    last_known: str = ""
    forecast: str = ""
    outlook: str = ""
    budget: str = ""
    left_out: str = ""
    chart: Chart | None = None
    rows: tuple[TableRow, ...] = ()
    held: tuple[HeldItem, ...] = ()
    initiatives: tuple[InitiativeLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveSection:
    """One objective and its own key results. ``level`` is its depth in the tree, from 1."""

    id: str
    title: str
    level: int
    status: str
    key_results: tuple[KeyResultCard, ...]
    progress: Decimal | None = None
    share: str = ""
    expected: Decimal | None = None
    expected_share: str = ""
    url: str = ""
    owner: str = ""
    problem: str = ""
    held: tuple[HeldItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiCard:
    id: str
    title: str
    value: str
    health: str
    healthy_range: str
    url: str = ""
    reading: LastReading | None = None
    missing: str = ""
    chart: Chart | None = None
    rows: tuple[TableRow, ...] = ()
    held: tuple[HeldItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekMove:
    """A key result whose number has changed. ``points`` is the change of its progress as a fraction."""

    id: str
    title: str
    status: str
    before: str
    now: str
    points: Decimal | None = None
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One connection: how many numbers it has given, how old they are, and which it has not given."""

    name: str
    kind: str
    read: int
    not_read: int
    newest: str = ""
    newest_ago: str = ""
    oldest_ago: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """What everybody who looks at the company should read, and the next step."""

    text: Rendered
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """One company's page. ``counts`` is how many key results have which status, ``week_ago`` the day compared with.

    ``initiatives`` are those that belong to no key result. ``unmeasured`` are the initiatives and KPIs that are not measured yet.
    """

    words: Words
    company: str
    title: str
    cycle: str
    span: str
    day_of: str
    elapsed: Decimal
    elapsed_share: str
    synced: str
    synced_ago: str
    made: str
    week_ago: str
    counts: Mapping[str, int]
    comparable: bool
    objectives: tuple[ObjectiveSection, ...]
    loose: tuple[KeyResultCard, ...]
    held: tuple[HeldItem, ...] = ()
    moves: tuple[WeekMove, ...] = ()
    kpis: tuple[KpiCard, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    notices: tuple[NoticeLine, ...] = ()
    unmeasured: tuple[str, ...] = ()
    initiatives: tuple[InitiativeLine, ...] = ()
    over: bool = False

    @property
    def key_results(self) -> tuple[KeyResultCard, ...]:
        """All of them, in the order of the page."""
        return (*(one for section in self.objectives for one in section.key_results), *self.loose)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def in_sync(self) -> bool:
        """Whether nothing is held, the cycle runs, and there was a sync."""
        never = not self.synced and self.total > self.counts[NOT_MEASURED]
        return not never and not self.held and not self.over

    @property
    def kept_from(self) -> int:
        """How many key results, objectives and so on are held."""
        return len({subject for one in self.held for subject, _ in one.subjects})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A company whose page cannot be made, and why."""

    company: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportIndex:
    """The pages of many companies. ``files`` is the file of each page, by the company's id."""

    words: Words
    made: str
    pages: tuple[ReportPage, ...]
    failed: tuple[Failed, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
