"""Declare the YAML keys of a metric of an export: its measure, its columns and its conditions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from okrsync.measures import AGGREGATES, choices, is_aggregate, meant
from okrsync.settings import Span, Strict, no_entries
from okrsync_crm.settings import listed

OF_A_FIELD: Final = ("count_distinct", "sum", "mean", "min", "max", "median")
FIELD_UNITS = Literal["milliseconds", "seconds", "minutes", "hours", "days", "weeks", "percent", "fraction"]


def _said(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise ValueError("an empty text matches nothing; write {empty: true}")
    return value


def _limit(value: Any) -> Any:
    """A text as a date, a time or a number; the two spellings of a day must not differ by their quotes in YAML."""
    if isinstance(value, bool):
        raise ValueError(f"{value} has no more or less; compare with a number or a date")
    if not isinstance(value, str):
        return value
    for read in (date.fromisoformat, datetime.fromisoformat, Decimal):
        try:
            return read(value.strip())
        except (ValueError, ArithmeticError):
            continue
    raise ValueError(f"{value!r} has no more or less; compare with a number or a date such as 2026-10-01")


def _kind(value: Any) -> str:
    if isinstance(value, Elapsed) or (
        isinstance(value, dict) and ({"start", "end", "at_most"} & value.keys())
    ):
        return "elapsed"
    if isinstance(value, Comparison | dict):
        return "comparison"
    return "list" if isinstance(value, list) else "value"


Scalar = Annotated[bool | int | Decimal | datetime | date | str, BeforeValidator(_said)]
Limit = Annotated[Decimal | datetime | date, BeforeValidator(_limit)]
Limits = tuple[tuple[str, Decimal | datetime | date], ...]
"""Limits by their keys, such as ``gt``."""
_Text = Annotated[str, Field(min_length=1)]
Texts = _Text | Annotated[list[_Text], Field(min_length=1)]


class Comparison(Strict):
    """Tests of one column; all that are given must hold. An empty cell passes only ``empty: true`` and ``not``."""

    not_: Scalar | list[Scalar] | None = Field(default=None, alias="not", description="none of these")
    gt: Limit | None = Field(default=None, description="more than, or after that day")
    gte: Limit | None = Field(default=None, description="at least, or from that day on")
    lt: Limit | None = Field(default=None, description="less than, or before that day")
    lte: Limit | None = Field(default=None, description="at most, or until the end of that day")
    empty: bool | None = Field(default=None, description="whether the cell is empty")
    contains: Texts | None = Field(default=None, description="holds this text, or one of these")
    starts_with: Texts | None = Field(default=None, description="begins with it, or with one of these")

    @model_validator(mode="after")
    def _something(self) -> Comparison:
        if not self.model_fields_set:
            raise ValueError(
                "say what to compare with: not, gt, gte, lt, lte, empty, contains or starts_with"
            )
        return self

    @property
    def limits(self) -> Limits:
        """What the values must be above or below."""
        limits = (("gt", self.gt), ("gte", self.gte), ("lt", self.lt), ("lte", self.lte))
        return tuple((key, limit) for key, limit in limits if limit is not None)


OTHER_MEASURES = ("count", "count_distinct", "ratio", "duration", "spread")


class Elapsed(Strict):
    """The time from one column to another is at most ``at_most``; a row without both dates does not pass."""

    start: str = Field(description="the column with the date from which it is counted")
    end: str = Field(description="the column with the date up to which it is counted")
    at_most: Span = Field(description="how long it may take", examples=["4h", "2d"])


Condition = Annotated[
    Annotated[Scalar, Tag("value")]
    | Annotated[list[Scalar], Tag("list"), Field(min_length=1)]
    | Annotated[Comparison, Tag("comparison")]
    | Annotated[Elapsed, Tag("elapsed")],
    Discriminator(_kind),
]
Conditions = dict[str, Condition]


class CrmQuery(Strict):
    """One number out of the rows of an export.

    ``duration`` needs a unit of time and ``start`` and ``end``; ``ratio`` needs ``part``; ``spread`` needs ``group``.
    """

    measure: str = Field(
        description="count, count_distinct, sum, mean, min, max, median, p1 to p99, ratio, duration or spread",
        json_schema_extra=choices(*OTHER_MEASURES),
    )
    field: str | None = Field(default=None, description="the column that is measured")
    field_unit: FIELD_UNITS | None = Field(
        default=None,
        description="the unit the column is kept in: of time, or for unit percent: percent or fraction",
    )
    where: Conditions = Field(default_factory=dict, description="which rows")
    may_be_absent: Annotated[list[str], BeforeValidator(listed, json_schema_input_type=str | list[str])] = (
        Field(
            default_factory=no_entries,
            description="values of where and part that no row needs to have yet: none is then 0",
        )
    )
    spelling: Literal["checked", "exact"] = Field(
        default="checked",
        description="exact: a value that differs in case, spacing or accents is another one",
    )
    part: Conditions = Field(default_factory=dict, description="ratio: which of these rows are the part")
    date: str | None = Field(default=None, description="the column that puts a row into the metric's window")
    start: str | None = Field(default=None, description="duration: the column it starts at")
    end: str | None = Field(default=None, description="duration: the column it ends at")
    aggregate: str | None = Field(
        default=None, description="duration: mean, median, max, min, sum or p1 to p99; spread: count or sum"
    )
    group: str | None = Field(default=None, description="spread: the column of the groups")
    groups: list[str] | None = Field(
        default=None, min_length=2, description="spread: all groups there should be"
    )
    currency: str | Literal[False] | None = Field(
        default=None, description="the column with this field's currency; false: the field is not money"
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> CrmQuery:
        measure = self.measure
        if measure not in OTHER_MEASURES and not is_aggregate(measure):
            raise ValueError(
                f"there is no measure {measure!r}; {meant(measure, (*OTHER_MEASURES, *AGGREGATES))}known are count, count_distinct, sum, mean, min, max, median, "
                "p1 to p99, ratio, duration and spread"
            )
        for key, wanted in self._keys().items():
            given = getattr(self, key) not in (None, {})
            name = key.rstrip("_")
            if given and wanted is False:
                raise ValueError(f"{name} has no meaning for measure {measure}")
            if not given and wanted is True:
                raise ValueError(f"measure {measure} needs {name}")
        if measure == "duration" and not is_aggregate(self.aggregate or "mean"):
            raise ValueError(f"aggregate {self.aggregate!r}: write mean, median, max, min, sum or p1 to p99")
        if measure == "spread" and self.aggregate not in {None, "count", "sum"}:
            raise ValueError(f"aggregate {self.aggregate!r}: write count or sum")
        if measure == "spread" and (self.aggregate == "sum") != (self.field is not None):
            raise ValueError(
                "spread of a sum needs aggregate: sum and field; spread of a count needs neither"
            )
        for conditions in (self.where, self.part):
            for name, condition in conditions.items():
                if isinstance(condition, Elapsed) and name != "duration":
                    raise ValueError(f"{name}: a length of time is tested under the key duration")
        return self

    def _keys(self) -> dict[str, bool | None]:
        """For every key whether the measure needs it (True), allows it (None) or has no use for it (False)."""
        measure = self.measure
        over_field = measure in OF_A_FIELD or is_aggregate(measure)
        field: bool | None = True if over_field else None if measure in {"ratio", "spread"} else False
        return {
            "field": field,
            "field_unit": None if is_aggregate(measure) else False,
            "part": measure == "ratio",
            "start": measure == "duration",
            "end": measure == "duration",
            "aggregate": None if measure in {"duration", "spread"} else False,
            "group": measure == "spread",
            "groups": None if measure == "spread" else False,
        }
