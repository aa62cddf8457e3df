"""Declare the YAML's shape as strict models; ``build.py`` checks what needs a connector."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, field_validator, model_validator

from okrsync.settings import Secret, Span, Strict

MEASURED = ("cycle_start", "previous_quarter")
# What `okrsync init` writes where only a person knows the answer.
TODO = "TODO"


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError('write a number, such as 3500000, 12.5 or "3,5 млн" in the company\'s locale')
    return Decimal(value) if isinstance(value, int) else value


def _share(value: Any) -> Any:
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return Decimal(value.strip()[:-1].strip()) / 100
        except ArithmeticError:
            raise ValueError(f"{value!r} is not a share; write 30% or 0.3") from None
    return value


def _unit(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        dimension, detail = next(iter(value.items()))
        return (
            f"{dimension}:{detail}" if dimension == "money" else detail if dimension == "duration" else value
        )
    return value


Number = Annotated[Decimal | str, BeforeValidator(_number, json_schema_input_type=int | float | str)]
Share = Annotated[Decimal, Field(ge=0, le=1), BeforeValidator(_share, json_schema_input_type=float | str)]
UnitText = Annotated[str, BeforeValidator(_unit, json_schema_input_type=str | dict[str, str])]
Row = Literal["row"]


class CycleModel(Strict):
    """The span the key results are set for; ``end`` is its last day."""

    name: str = Field(description="what the company calls it, such as 2026-Q4")
    start: date
    end: date
    closing_days: int = Field(
        default=7, ge=0, le=92, description="how many days after its end its last numbers are still written"
    )

    @model_validator(mode="after")
    def _in_order(self) -> CycleModel:
        if self.end <= self.start:
            raise ValueError(f"the cycle ends {self.end}, which is not after its start {self.start}")
        return self


Month = Literal[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS: tuple[str, ...] = get_args(Month)
WEEKDAYS: tuple[str, ...] = get_args(Weekday)


class CalendarModel(Strict):
    """Where the company's years (and with them its quarters) and weeks begin."""

    year_starts: Month = Field(default="january", description="the first month of the company's year")
    week_starts: Weekday = Field(default="monday", description="the first day of the company's week")


class PaceModel(Strict):
    """How much should be done by when: linear without any key, else by working days or by phased points."""

    working_days: bool = False
    holidays: list[date] = Field(default_factory=list)
    points: dict[date, Share] = Field(default_factory=dict, description="by this day, this share")

    @model_validator(mode="after")
    def _one_way(self) -> PaceModel:
        if self.points and self.working_days:
            raise ValueError("write either working_days or points")
        if self.holidays and not self.working_days:
            raise ValueError("holidays need working_days: true")
        return self


class StatusModel(Strict):
    """The rule that turns progress and pace into a status."""

    preset: Literal["default", "viva", "engagedly", "upraise", "oboard", "burningokr", "planview"] = "default"
    tolerance: Share | None = Field(default=None, description="how far behind is still on track")
    grace: Share | None = Field(default=None, description="share of the cycle that is not judged yet")


class LimitsModel(Strict):
    """How much one run may change unconfirmed."""

    drop: Share = Field(default=Decimal("0.5"), description="share of its value a number may lose at once")
    fall_back: Share = Field(
        default=Decimal("0.3"), description="share of key results that may fall back at once"
    )
    of_at_least: int = Field(default=10, ge=1, description="how many key results this needs to be judged")


class DestinationModel(Strict):
    """Where the key results live. The tables' own keys are the connector's."""

    connection: str
    key_results: dict[str, Any]
    objectives: dict[str, Any] | None = None
    initiatives: dict[str, Any] | None = None
    kpis: dict[str, Any] | None = None
    check_ins: dict[str, Any] | None = Field(
        default=None,
        description="a table to which okrsync adds a row for each key result and period (`every`: day, week or month)",
    )


class KeyResultModel(Strict):
    """One key result: a metric and one goal."""

    id: str = Field(min_length=1, max_length=100)
    title: str = ""
    metric: str
    objective: str = ""
    weight: Annotated[Decimal, Field(gt=0)] | None = None
    page: str = Field(default="", description="address of its row, if no column holds the id")
    unit: UnitText | None = Field(default=None, description="default: the metric's")
    start: Number | None = Field(default=None, alias="from", description="the baseline; default: the row's")
    to: Number | None = Field(default=None, description="the target; default: the row's")
    reach: Number | Row | None = Field(default=None, description="from 0 to this number")
    share: Number | Row | None = Field(default=None, description="from 0 to this share of a whole")
    change: Number | None = Field(default=None, description="+25% of the baseline, or +500000 on top of it")
    baseline: Number | Literal["cycle_start", "previous_quarter"] | None = Field(
        default=None,
        description="of change or to: a number, or when to measure it and freeze it (change: cycle_start)",
    )
    at_most: Number | Row | None = None
    at_least: Number | Row | None = None
    within: Annotated[list[Number], Field(min_length=2, max_length=2)] | Number | None = Field(
        default=None, description="[low, high], or 20% for plus or minus 20 %"
    )
    milestones: Number | Row | None = Field(default=None, description="how many parts the deliverable has")
    yes_no: Literal[True] | None = Field(default=None, description="done when the metric is 1")
    find_baseline: Literal[True] | None = Field(default=None, description="measure only; no progress yet")
    strict: bool = Field(default=False, description="hitting the target exactly is not enough")
    risk: Number | None = Field(default=None, description="from here to the target a threshold is behind")
    judge: Literal["last", "held", "average", "worst", "distance"] = "last"
    every: Literal["day", "week", "month"] = Field(
        default="week", description="the period that judge looks at"
    )
    missing_periods: Literal["miss", "skip", "carry"] | None = Field(
        default=None,
        description="what a period without a value counts as; default: a miss, but unknown before the first value",
    )
    misses: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="error budget of judge: held: how many periods may miss the threshold"
    )
    may_drop: bool = Field(default=False, description="its number may drop by any amount at once")

    @model_validator(mode="after")
    def _one_goal(self) -> KeyResultModel:
        goals = [
            "reach",
            "share",
            "change",
            "at_most",
            "at_least",
            "within",
            "milestones",
            "yes_no",
            "find_baseline",
        ]
        given = [name for name in goals if getattr(self, name) is not None]
        if self.start is not None or self.to is not None:
            given.append("from and to" if self.start is not None else "to")
        if len(given) > 1:
            raise ValueError(f"it has more than one goal: {' and '.join(given)}; keep one")
        if self.baseline is not None and self.change is None:
            if self.to is None or self.baseline not in MEASURED:
                raise ValueError("baseline belongs to change; a from-to key result has `from`")
            if self.start is not None:
                raise ValueError(f"from and baseline: {self.baseline} both say where it starts; keep one")
        if self.risk is not None and self.at_most is None and self.at_least is None:
            raise ValueError("risk belongs to at_most or at_least")
        thresholds = (self.at_most, self.at_least, self.within)
        if self.judge != "last" and all(goal is None for goal in thresholds):
            raise ValueError("judge belongs to at_most, at_least or within")
        if self.misses is not None and self.judge != "held":
            raise ValueError("misses is the error budget of judge: held")
        return self


class ObjectiveModel(Strict):
    """One objective; its key results name it."""

    id: str
    title: str = ""
    page: str = ""
    parent: str = Field(default="", description="the objective above it, into which it is rolled up")
    weight: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="how much it counts in its parent; default: 1"
    )
    rollup: Literal["mean", "sum", "worst"] = "mean"
    status: Literal["worst", "average"] = Field(
        default="worst",
        description="the worst status of its key results, or what its own progress amounts to by the company's rule",
    )


class InitiativeModel(Strict):
    """Work towards a key result. Its progress is shown beside the key result's and never counts into it."""

    id: str = Field(min_length=1, max_length=100)
    title: str = ""
    key_result: str
    metric: str = Field(description="a share in percent, such as the done share of an epic")
    page: str = ""


class HealthyModel(Strict):
    """When a KPI is healthy: one limit."""

    at_least: Number | None = None
    at_most: Number | None = None
    within: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="[low, high]"
    )

    @model_validator(mode="after")
    def _one_limit(self) -> HealthyModel:
        if sum(one is not None for one in (self.at_least, self.at_most, self.within)) != 1:
            raise ValueError("write one of at_least, at_most and within")
        return self


class KpiModel(Strict):
    """A number to watch: it has a healthy range instead of a goal, and never counts into an objective."""

    id: str = Field(min_length=1, max_length=100)
    title: str = ""
    metric: str
    healthy: HealthyModel
    page: str = ""


class NotifyModel(Strict):
    """Whom a run notifies. Both addresses are secrets: who knows them can post there."""

    ping: Secret | None = Field(default=None, description="address that is pinged after every finished run")
    webhook: Secret | None = Field(
        default=None, description="address that gets what needs a person, each thing once"
    )
    kind: Literal["slack", "json"] = Field(default="slack", description="the form of the webhook's message")

    @model_validator(mode="after")
    def _somebody(self) -> NotifyModel:
        if self.ping is None and self.webhook is None:
            raise ValueError("write ping, webhook or both; else drop notify")
        return self


class CompanyModel(Strict):
    """One company: one YAML file."""

    company: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="short name for the command line")
    title: str = ""
    timezone: str
    locale: str = "en_US"
    cycle: CycleModel
    calendar: CalendarModel = CalendarModel()
    pace: PaceModel = PaceModel()
    status: StatusModel = StatusModel()
    limits: LimitsModel = LimitsModel()
    keep_edits: Span | None = Field(
        default=None,
        description="how long a person's edit is kept, such as 14d; default: until it is released",
    )
    schedule: str | None = Field(
        default=None, description='when it is due: a cron line in its time zone, such as "0 7 * * mon-fri"'
    )
    notify: NotifyModel | None = Field(default=None, description="who is notified of what needs a person")
    connections: dict[str, dict[str, Any]]
    destination: DestinationModel
    metrics: dict[str, dict[str, Any]] = Field(default_factory=dict)
    objectives: list[ObjectiveModel] = Field(default_factory=list)
    key_results: Annotated[list[KeyResultModel], Field(min_length=1)]
    initiatives: list[InitiativeModel] = Field(default_factory=list)
    kpis: list[KpiModel] = Field(
        default_factory=list, description="numbers to watch: they belong to no objective and to no cycle"
    )

    @field_validator("metrics", mode="before")
    @classmethod
    def _none_yet(cls, value: Any) -> Any:
        return {} if value is None else value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"there is no time zone {value!r}; write a name such as Europe/Berlin")
        ZoneInfo(value)
        return value

    @field_validator("locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        from babel import Locale, UnknownLocaleError

        try:
            Locale.parse(value.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            raise ValueError(f"there is no locale {value!r}; write one such as de_DE or en_US") from None
        return value.replace("-", "_")


class MetricModel(Strict):
    """What every metric has beside its connector's own keys: one of ``from`` and ``expr``."""

    origin: str | None = Field(default=None, alias="from", description="the connection to read from")
    expr: str | None = Field(default=None, description="an expression over other metrics")
    unit: UnitText = "count"
    window: str | None = Field(default=None, description="the span one value covers, by the query's date")
    per: Literal["day", "workday", "week", "month"] | None = Field(
        default=None, description="the mean of this count or sum over the window's complete days, weeks ..."
    )
    title: str = ""

    @model_validator(mode="after")
    def _one_origin(self) -> MetricModel:
        if (self.origin is None) == (self.expr is None):
            raise ValueError("write exactly one of `from` (a connection) and `expr` (an expression)")
        if self.expr is not None and (self.window is not None or self.per is not None):
            raise ValueError("an expression has no window of its own; write it at the metrics it is made of")
        return self
