"""Declare the YAML's shape as strict models; ``build.py`` checks what needs a connector."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from okrsync.config.key_result_models import InitiativeModel, KeyResultModel, KpiModel, ObjectiveModel
from okrsync.config.model_types import TABLE, UNIT_CHOICES, WINDOW_CHOICES, Share, UnitText
from okrsync.config.notify_models import NotifyModel
from okrsync.config.places import COMPANY_NAME, locale_name, zone_name
from okrsync.settings import Span, Strict, no_entries

# What `okrsync init` writes if only a person knows the answer.
TODO = "TODO"


class CycleModel(Strict):
    """The span the key results are set for; ``end`` is its last day."""

    name: str = Field(description="what the company calls it", examples=["2026-Q4"])
    start: date = Field(description="its first day", examples=["2026-10-01"])
    end: date = Field(description="its last day", examples=["2026-12-31"])
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

    working_days: bool = Field(default=False, description="true: count Monday to Friday only")
    holidays: list[date] = Field(
        default_factory=no_entries,
        description="working days that are free",
        examples=[["2026-12-25", "2026-12-26"]],
    )
    points: dict[date, Share] = Field(
        default_factory=dict, description="by this day, this share", examples=[{"2026-11-15": "30%"}]
    )

    @model_validator(mode="after")
    def _one_way(self) -> PaceModel:
        if self.points and self.working_days:
            raise ValueError("write either working_days or points")
        if self.holidays and not self.working_days:
            raise ValueError("holidays need working_days: true")
        return self


class StatusModel(Strict):
    """The rule that turns progress and pace into a status."""

    preset: Literal["default", "viva", "engagedly", "upraise", "oboard", "burningokr", "planview"] = Field(
        default="default", description="whose rule: okrsync's own, or that of a product you know"
    )
    tolerance: Share | None = Field(
        default=None, description="how far behind is still on track", examples=["10%"]
    )
    grace: Share | None = Field(
        default=None, description="share of the cycle that is not judged yet", examples=["10%"]
    )


class LimitsModel(Strict):
    """How much one run may change unconfirmed."""

    drop: Share = Field(default=Decimal("0.5"), description="share of its value a number may lose at once")
    fall_back: Share = Field(
        default=Decimal("0.3"), description="share of key results that may fall back at once"
    )
    of_at_least: int = Field(default=10, ge=1, description="how many key results this needs to be judged")


class DestinationModel(Strict):
    """Where the key results live. The tables' own keys are the connector's."""

    connection: str = Field(description="the name of the connection that is written to", examples=["notion"])
    key_results: dict[str, Any] = Field(description="the table of key results", examples=[TABLE])
    objectives: dict[str, Any] | None = Field(
        default=None, description="the table of objectives", examples=[TABLE]
    )
    initiatives: dict[str, Any] | None = Field(
        default=None, description="the table of initiatives", examples=[TABLE]
    )
    kpis: dict[str, Any] | None = Field(
        default=None, description="the table of numbers to watch", examples=[TABLE]
    )
    check_ins: dict[str, Any] | None = Field(
        default=None,
        description="a table to which okrsync adds a row for each key result and period (`every`: day, week or month)",
    )


LintRule = Literal[
    "business-as-usual",
    "no-number",
    "task",
    "too-many-objectives",
    "too-many-key-results",
    "baseline-equals-target",
    "target-already-met",
    "direction",
    "no-owner",
    "period",
    "untied",
    "leading-only",
    "kpi-as-key-result",
]


class LintModel(Strict):
    """What ``okrsync lint`` does not warn of."""

    off: list[LintRule] = Field(
        default_factory=no_entries, description="rules that are switched off", examples=[["no-owner"]]
    )


class CompanyModel(Strict):
    """One company: one YAML file."""

    company: str = Field(
        pattern=f"^{COMPANY_NAME}$",
        description="its short name for the command line, in small letters, digits, - and _",
        examples=["acme"],
    )
    title: str = Field(default="", description="how reports call the company", examples=["Acme GmbH"])
    timezone: str = Field(
        description="its time zone, by the name of a city", examples=["Europe/Berlin", "America/New_York"]
    )
    locale: str = Field(
        default="en_US",
        description="how its people write numbers: a language and a country",
        examples=["en_US", "de_DE", "ru_RU"],
    )
    cycle: CycleModel = Field(
        description="the time its key results are set for",
        examples=[{"name": "2026-Q4", "start": "2026-10-01", "end": "2026-12-31"}],
    )
    calendar: CalendarModel = Field(
        default=CalendarModel.model_construct(),
        description="where its years and weeks begin",
        examples=[{"year_starts": "february", "week_starts": "sunday"}],
    )
    pace: PaceModel = Field(
        default=PaceModel.model_construct(),
        description="how much should be done by when; default: evenly over the cycle",
        examples=[{"working_days": True}],
    )
    status: StatusModel = Field(
        default=StatusModel.model_construct(),
        description="the rule that turns progress into a status",
        examples=[{"preset": "viva"}],
    )
    limits: LimitsModel = Field(
        default=LimitsModel.model_construct(),
        description="how much one run may change unconfirmed",
        examples=[{"drop": "50%"}],
    )
    keep_edits: Span | None = Field(
        default=None,
        description="how long a person's edit is kept; default: until it is released",
        examples=["14d"],
    )
    schedule: str | None = Field(
        default=None,
        description="when it is due: a cron line in its time zone",
        examples=["0 7 * * mon-fri", "@daily"],
    )
    notify: NotifyModel | None = Field(
        default=None,
        description="who is notified of what needs a person",
        examples=[{"webhook": {"env": "ACME_WEBHOOK"}}],
    )
    lint: LintModel = Field(
        default=LintModel.model_construct(),
        description="what okrsync lint does not warn of",
        examples=[{"off": ["no-owner"]}],
    )
    connections: dict[str, dict[str, Any]] = Field(
        description="where numbers come from and go to, each under a name of your choice",
        examples=[{"notion": {"type": "notion", "token": {"env": "NOTION_TOKEN"}}}],
    )
    destination: DestinationModel = Field(
        description="the tables that okrsync writes",
        examples=[{"connection": "notion", "key_results": TABLE}],
    )
    metrics: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="one number each, under a name of your choice",
        examples=[{"open_bugs": {"from": "jira", "measure": "count", "jql": "project = APP"}}],
    )
    objectives: list[ObjectiveModel] = Field(
        default_factory=no_entries, description="what the key results belong to", examples=[[{"id": "O-1"}]]
    )
    key_results: Annotated[list[KeyResultModel], Field(min_length=1)] = Field(
        description="a metric and a goal each",
        examples=[[{"id": "KR-1", "metric": "open_bugs", "from": 120, "to": 30}]],
    )
    initiatives: list[InitiativeModel] = Field(
        default_factory=no_entries, description="work towards a key result", examples=[[{"id": "I-1"}]]
    )
    kpis: list[KpiModel] = Field(
        default_factory=no_entries,
        description="numbers to watch: they belong to no objective and to no cycle",
    )

    @field_validator("metrics", mode="before")
    @classmethod
    def _none_yet(cls, value: Any) -> Any:
        return {} if value is None else value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return zone_name(value)

    @field_validator("locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        return locale_name(value)


class MetricModel(Strict):
    """What every metric has beside its connector's own keys: one of ``from`` and ``expr``."""

    origin: str | None = Field(default=None, alias="from", description="the connection to read from")
    expr: str | None = Field(default=None, description="an expression over other metrics")
    unit: UnitText = Field(
        default="count", description="what the number counts", json_schema_extra={"anyOf": UNIT_CHOICES}
    )
    window: str | None = Field(
        default=None,
        description="the span one value covers, by the metric's date",
        json_schema_extra={"anyOf": WINDOW_CHOICES},
    )
    per: Literal["day", "workday", "week", "month"] | None = Field(
        default=None, description="the mean of this count or sum over the window's complete days, weeks ..."
    )
    title: str = Field(default="", description="how reports call it")

    @model_validator(mode="after")
    def _one_origin(self) -> MetricModel:
        if (self.origin is None) == (self.expr is None):
            raise ValueError("write exactly one of `from` (a connection) and `expr` (an expression)")
        if self.expr is not None and (self.window is not None or self.per is not None):
            raise ValueError("an expression has no window of its own; write it at the metrics it is made of")
        return self
