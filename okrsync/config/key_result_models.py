"""Declare how key results, objectives, initiatives and KPIs are written in the YAML."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from okrsync.config.model_types import (
    MEASURED,
    NUMBERS,
    UNIT_CHOICES,
    Id,
    MetricName,
    Number,
    Page,
    Row,
    Title,
    UnitText,
)
from okrsync.settings import Strict

OwnerName = Annotated[
    str, Field(description="who answers for it; `okrsync lint` asks for one", examples=["Ada"])
]

GOALS: Final = (
    "reach",
    "share",
    "change",
    "at_most",
    "at_least",
    "within",
    "milestones",
    "yes_no",
    "find_baseline",
)
"""The keys that are a goal by themselves; `from` and `to` are one together."""


class KeyResultModel(Strict):
    """One key result: a metric and one goal."""

    id: Id
    title: Title = ""
    metric: MetricName
    objective: str = Field(default="", description="the id of the objective it belongs to", examples=["O-1"])
    weight: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="how much it counts in its objective; default: 1", examples=[2, 0.5]
    )
    page: Page = ""
    owner: OwnerName = ""
    unit: UnitText | None = Field(
        default=None, description="default: the metric's", json_schema_extra={"anyOf": UNIT_CHOICES}
    )
    start: Number | None = Field(
        default=None, alias="from", description="the baseline; default: the row's", examples=[120]
    )
    to: Number | None = Field(default=None, description="the target; default: the row's", examples=NUMBERS)
    reach: Number | Row | None = Field(
        default=None, description="from 0 to this number; `row`: to the row's target", examples=NUMBERS
    )
    share: Number | Row | None = Field(
        default=None,
        description="from 0 to this share of a whole; `row`: the row's target",
        examples=["80 %"],
    )
    change: Number | None = Field(
        default=None,
        description="+25% of the baseline, or +500000 on top of it",
        examples=["+25 %", "+500000"],
    )
    baseline: Number | Literal["cycle_start", "previous_quarter"] | None = Field(
        default=None,
        description="of change or to: a number, or when to measure it and freeze it (change: cycle_start)",
    )
    at_most: Number | Row | None = Field(
        default=None,
        description="a limit that is not to be exceeded; `row`: the row's target",
        examples=[90],
    )
    at_least: Number | Row | None = Field(
        default=None,
        description="a limit that is not to be fallen below; `row`: the row's target",
        examples=["95 %"],
    )
    within: Annotated[list[Number], Field(min_length=2, max_length=2)] | Number | None = Field(
        default=None, description="[low, high], or 20% for plus or minus 20 %", examples=[[3, 5]]
    )
    milestones: Number | Row | None = Field(
        default=None, description="how many parts the deliverable has; `row`: the row's target", examples=[4]
    )
    yes_no: Literal[True] | None = Field(default=None, description="done when the metric is 1")
    find_baseline: Literal[True] | None = Field(default=None, description="measure only; no progress yet")
    strict: bool = Field(default=False, description="hitting the target exactly is not enough")
    risk: Number | None = Field(default=None, description="from here to the target a threshold is behind")
    judge: Literal["last", "held", "average", "worst", "distance"] = Field(
        default="last",
        description="how a limit is judged: by the last value, by how many periods held, by their average or worst, "
        "or by how far away the last value is",
    )
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
        given = [name for name in GOALS if getattr(self, name) is not None]
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

    id: str = Field(description="its id, here and in the column `match`", examples=["O-1"])
    title: Title = ""
    owner: OwnerName = ""
    page: Page = ""
    parent: str = Field(default="", description="the objective above it, into which it is rolled up")
    weight: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="how much it counts in its parent; default: 1"
    )
    rollup: Literal["mean", "sum", "worst"] = Field(
        default="mean", description="how the progress of its key results becomes its own"
    )
    status: Literal["worst", "average"] = Field(
        default="worst",
        description="the worst status of its key results, or what its own progress amounts to by the company's rule",
    )


class InitiativeModel(Strict):
    """Work towards a key result. Its progress is shown beside the key result's and never counts into it."""

    id: Id
    title: Title = ""
    key_result: str = Field(
        default="", description="the id of the key result it works towards", examples=["KR-1"]
    )
    metric: str = Field(description="a share in percent, such as the done share of an epic")
    page: Page = ""


class HealthyModel(Strict):
    """When a KPI is healthy: one limit."""

    at_least: Number | None = Field(default=None, description="healthy from here on", examples=["95 %"])
    at_most: Number | None = Field(default=None, description="healthy up to here", examples=[90])
    within: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="[low, high]", examples=[[3, 5]]
    )

    @model_validator(mode="after")
    def _one_limit(self) -> HealthyModel:
        if sum(one is not None for one in (self.at_least, self.at_most, self.within)) != 1:
            raise ValueError("write one of at_least, at_most and within")
        return self


class KpiModel(Strict):
    """A number to watch: it has a healthy range instead of a goal, and never counts into an objective."""

    id: Id
    title: Title = ""
    metric: MetricName
    healthy: HealthyModel = Field(
        description="one limit: at_least, at_most or within", examples=[{"at_most": 90}]
    )
    page: Page = ""
