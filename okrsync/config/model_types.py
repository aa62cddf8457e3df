"""Declare what the keys of a company's YAML have in common: numbers, units, names."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, JsonValue

from okrsync.cells import CURRENT, STATUS
from okrsync.model import SECONDS_IN
from okrsync.periods import WINDOWS

MEASURED = ("cycle_start", "previous_quarter")


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


# For editors, which complete what is listed; how each is read is in okrsync.units and okrsync.periods.
UNIT_CHOICES: list[JsonValue] = [
    {"enum": ["count", "percent", "index", *SECONDS_IN]},
    {"pattern": "^money: ?[A-Z]{3}$", "examples": ["money:EUR", "money:USD", "money:GBP"]},
    {"type": "object", "examples": [{"money": "EUR"}]},
    {"type": "null"},
]
WINDOW_CHOICES: list[JsonValue] = [
    {"enum": [one for one in WINDOWS if not one.startswith("last ")]},
    {"pattern": "^last [0-9]", "examples": ["last 7d", "last 30d", "last 90d"]},
    {"type": "null"},
]

Number = Annotated[Decimal | str, BeforeValidator(_number, json_schema_input_type=int | float | str)]
Share = Annotated[Decimal, Field(ge=0, le=1), BeforeValidator(_share, json_schema_input_type=float | str)]
UnitText = Annotated[str, BeforeValidator(_unit, json_schema_input_type=str | dict[str, str])]
Row = Literal["row"]
Id = Annotated[
    str,
    Field(
        min_length=1, max_length=100, description="its id, here and in the column `match`", examples=["KR-1"]
    ),
]
Title = Annotated[str, Field(description="how reports call it; default: its row's title, or its metric")]
Page = Annotated[str, Field(description="address of its row, if no column holds the id")]
MetricName = Annotated[
    str, Field(description="the name of a metric under `metrics:`", examples=["open_bugs"])
]
TABLE = {
    "database": "https://www.notion.so/…",
    "match": "KR",
    "cells": {CURRENT.name: "Current", STATUS.name: "Status"},
}
NUMBERS = [30, "3,5 Mio. €", "98,5 %"]
