"""Show a key result over time in few characters: a line of bars and its forecast."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from okrsync.config import Company
from okrsync.forecast import Forecast, Outlook
from okrsync.key_results import KeyResult
from okrsync.model import PERCENT
from okrsync.progress import Budget
from okrsync.sync.trend import Trend
from okrsync.units import show

if TYPE_CHECKING:
    from okrsync.render import outputs

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 12
OUTLOOK = {Outlook.LIKELY: "likely", Outlook.OPEN: "open", Outlook.UNLIKELY: "unlikely"}


def sparkline(values: Sequence[Decimal]) -> str:
    """The last values as bars between their lowest and their highest; one height if all are alike."""
    shown = values[-WIDTH:]
    if len(shown) < 2:
        return ""
    low, high = min(shown), max(shown)
    if low == high:
        return BARS[3] * len(shown)
    return "".join(
        BARS[int((value - low) * (len(BARS) - 1) / (high - low) + Decimal("0.5"))] for value in shown
    )


def forecast_short(company: Company, key_result: KeyResult, trend: Trend) -> str:
    """Like ``37 (29 to 45) likely``; ``cannot say yet`` if there is no forecast."""
    expected = trend.forecast
    if not isinstance(expected, Forecast):
        return "cannot say yet"
    amounts = forecast_amounts(company, key_result, expected)
    word = f" {OUTLOOK[trend.outlook]}" if trend.outlook is not None else ""
    return f"{amounts[0]} ({amounts[1]} to {amounts[2]}){word}"


def forecast_long(company: Company, key_result: KeyResult, trend: Trend) -> str:
    """One line for ``explain``: the value at the end of the cycle, its range, the goal, and how many values it rests on."""
    expected = trend.forecast
    if not isinstance(expected, Forecast):
        return f"cannot say yet: {expected.reason}"
    value, low, high = forecast_amounts(company, key_result, expected)
    text = f"{value} by {company.cycle.end}, in 4 of 5 cases {low} to {high}"
    if trend.progress is not None:
        text += f"; progress {show(trend.progress * 100, PERCENT, company.locale)}"
    if trend.outlook is not None:
        text += f"; reaching the goal is {OUTLOOK[trend.outlook]}"
    a_week = show(expected.slope * 7, key_result.unit, company.locale)
    return f"{text} (median slope {a_week} a week over {expected.points} values)"


def budget_text(budget: Budget, key_result: KeyResult) -> str:
    """Like ``7 of 9 weeks held, 1 miss left of 3``."""
    every = key_result.judging.every if key_result.judging is not None else "period"
    text = f"{budget.held} of {budget.judged} {every}s held"
    if budget.allowed is not None and budget.left is not None:
        if budget.left >= 0:
            text += f", {_misses(budget.left)} left of {budget.allowed}"
        else:
            text += f", {_misses(budget.missed)} where {budget.allowed} may be"
    return f"{text}, {budget.without} without a value" if budget.without else text


def left_out_text(count: int) -> str:
    """How many remembered values do not count, and why."""
    values = "1 value is" if count == 1 else f"{count} values are"
    return f"{values} left out: its metric, its query or its unit was another one then"


def trend_data(trend: Trend) -> outputs.Trend:
    """The same for programs; numbers as texts, so that none is rounded."""
    expected, budget = trend.forecast, trend.budget
    forecast: outputs.Forecast | outputs.NoForecast
    if isinstance(expected, Forecast):
        forecast = {
            "at": expected.at.isoformat(),
            "value": _plain(expected.value),
            "low": _plain(expected.low),
            "high": _plain(expected.high),
            "slope_per_day": _plain(expected.slope),
            "points": expected.points,
            "progress": _plain(trend.progress) if trend.progress is not None else None,
            "outlook": trend.outlook,
        }
    else:
        forecast = {"missing": expected.reason}
    return {
        "trend": [{"date": one.day.isoformat(), "value": _plain(one.value)} for one in trend.values[-WIDTH:]],
        "forecast": forecast,
        "budget": {
            "held": budget.held,
            "judged": budget.judged,
            "periods": budget.periods,
            "without_value": budget.without,
            "allowed": budget.allowed,
            "left": budget.left,
        }
        if budget is not None
        else None,
        "left_out": trend.left_out,
    }


def forecast_amounts(company: Company, key_result: KeyResult, expected: Forecast) -> list[str]:
    """The three numbers, rounded to three figures of their size: a forecast knows no more."""
    size = max(abs(expected.low), abs(expected.high), abs(expected.value))
    digits = max(0, 2 - size.adjusted()) if size else 0
    step = Decimal(1).scaleb(max(0, size.adjusted() - 2)) if size else Decimal(1)
    return [
        show((one / step).quantize(Decimal(1).scaleb(-digits)) * step, key_result.unit, company.locale)
        for one in (expected.value, expected.low, expected.high)
    ]


def _misses(count: int) -> str:
    return "1 miss" if count == 1 else f"{count} misses"


def _plain(value: Decimal) -> str:
    return f"{(round(value, 6) or Decimal(0)).normalize():f}"
