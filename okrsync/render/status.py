"""Where the key results stand, as of the last run: no requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.model import Outcome
from okrsync.render.trend import budget_text, forecast_short, sparkline
from okrsync.render.words import STATUS, goal, moment, number, share
from okrsync.sync import Trend

if TYPE_CHECKING:
    from rich.table import Table

STYLE = {
    "on_track": "green",
    "achieved": "bold green",
    "behind": "yellow",
    "at_risk": "red",
    "not_started": "dim",
}


def status_table(company: Company, outcomes: Mapping[str, Outcome], trends: Mapping[str, Trend]) -> Table:
    """One line for each key result; ``trends`` by its id."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("key result", overflow="fold", min_width=16)
    for name in ("goal", "now", "progress", "expected"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("trend", no_wrap=True)
    table.add_column(f"by {company.cycle.end}", overflow="fold", max_width=26)
    table.add_column("as of", no_wrap=True)
    for one in company.key_results:
        outcome = outcomes.get(one.id)
        if outcome is None:
            table.add_row(one.id, one.title or one.metric, "–", "–", "–", "–", "never synced", "", "–", "–")
            continue
        table.add_row(*_line(company, one, outcome.detail, trends[one.id]))
    return table


def _line(company: Company, key_result: KeyResult, detail: Mapping[str, Any], trend: Trend) -> list[str]:
    unit, locale = detail["unit"], company.locale
    answer = detail["answer"]
    as_of = moment(datetime.fromisoformat(answer["as_of"]), company.zone) if "as_of" in answer else "–"
    held = any(cell["verdict"] == "held" for cell in detail["cells"].values())
    word = detail["status"]
    shown = f"[{STYLE[word]}]{STATUS[word]}[/]" if word else "[red]no data[/]"
    return [
        key_result.id,
        key_result.title or detail["title"] or detail["metric"],
        goal(detail["goal"], unit, locale),
        number(detail["value"], unit, locale),
        share(detail["progress"], locale),
        share(detail["expected"], locale),
        f"{shown} [bold red]HELD[/]" if held else shown,
        sparkline([one.value for one in trend.values]),
        budget_text(trend.budget, key_result)
        if trend.budget is not None
        else forecast_short(company, key_result, trend),
        as_of,
    ]
