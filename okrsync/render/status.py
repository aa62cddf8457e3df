"""Show where the key results were at the last run, from the ledger alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.memory import Outcome
from okrsync.model import Hold
from okrsync.render.tables import with_whole_columns
from okrsync.render.trend import budget_text, forecast_short, sparkline
from okrsync.render.words import STATUS, goal, is_paced, moment, number, share
from okrsync.sync.trend import Trend

if TYPE_CHECKING:
    from rich.table import Table

STYLE = {
    "on_track": "green",
    "achieved": "bold green",
    "behind": "yellow",
    "at_risk": "red",
    "not_started": "dim",
}
NONE = "–"
UNMEASURED = "not measured yet"
UNKNOWN = "cannot say yet"
CONSEQUENCES = {str(Hold.FOLLOWS), str(Hold.CLOSED)}
"""Held only because another cell or the whole cycle is: that one says why."""
WIDTH = 60
COLUMN = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One key result in words."""

    id: str
    title: str
    status: Text
    goal: str = NONE
    now: str = NONE
    progress: str = NONE
    expected: str = NONE
    trend: str = ""
    ahead: str = NONE
    as_of: str = NONE


def status_view(
    company: Company, outcomes: Mapping[str, Outcome], trends: Mapping[str, Trend], width: int
) -> Table | Text:
    """A table with one line for each key result if ``width`` has room for it, else three lines for each.

    ``trends`` are by the key result's id.
    """
    from rich.console import Console

    table = _table(company, outcomes, trends)
    room = Console(width=1000).measure(table).minimum
    return table if room <= width else _below_one_another(company, outcomes, trends)


def _table(company: Company, outcomes: Mapping[str, Outcome], trends: Mapping[str, Trend]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    ahead = f"by {company.cycle.end}"
    table.add_column("id")
    table.add_column("key result", overflow="fold", min_width=16)
    for name in ("goal", "now", "progress", "expected"):
        table.add_column(name, justify="right")
    table.add_column("status")
    table.add_column("trend")
    table.add_column(ahead, overflow="fold", min_width=14, max_width=26)
    table.add_column("as of")
    for one in company.key_results:
        line = _line(company, one, outcomes.get(one.id), trends[one.id])
        texts = (line.goal, line.now, line.progress, line.expected)
        table.add_row(line.id, Text(line.title), *texts, line.status, line.trend, line.ahead, line.as_of)
        for effort in efforts(one.id, outcomes):
            table.add_row("", Text(f"· {effort['title']}"), "", "", share(effort["progress"], company.locale))
    for draft in company.drafts:
        table.add_row(draft.id, Text(draft.title), *[NONE] * 4, Text(UNMEASURED, "dim"), "", NONE, NONE)
    return with_whole_columns(table, "key result", ahead)


def _below_one_another(
    company: Company, outcomes: Mapping[str, Outcome], trends: Mapping[str, Trend]
) -> Text:
    out = Text()
    for one in company.key_results:
        line = _line(company, one, outcomes.get(one.id), trends[one.id])
        out.append(f"{line.id}  ", style="bold")
        out.append(line.title.ljust(WIDTH - len(line.id))).append(f"{line.goal}\n", style="cyan")
        out.append("  ").append_text(line.status)
        if line.now != NONE:
            due = f", expected {line.expected}" if line.expected != NONE else ""
            done = f" ({line.progress}{due})" if line.progress != NONE else ""
            out.append(" " * (COLUMN - len(line.status)))
            out.append(f"{line.now}{done}, {line.as_of}")
            if line.trend or line.ahead != UNKNOWN:
                out.append(f"\n  {line.trend.ljust(COLUMN)}by {company.cycle.end}: {line.ahead}", style="dim")
        out.append("\n")
        for effort in efforts(one.id, outcomes):
            out.append(f"  · {effort['title']}: {share(effort['progress'], company.locale)}\n")
    for draft in company.drafts:
        out.append(f"{draft.id}  ", style="bold").append(f"{draft.title}\n")
        out.append(f"  {UNMEASURED}\n", style="dim")
    return out


def kpis_text(company: Company, outcomes: Mapping[str, Outcome]) -> Text:
    """One line for each KPI, as the last sync found it."""
    out = Text("KPIs\n", style="bold")
    for kpi in company.kpis:
        detail = outcomes[kpi.id].detail if kpi.id in outcomes else None
        if detail is None:
            out.append(f"  {kpi.id}  {kpi.title or company.metric_title(kpi.metric)}  never synced\n")
            continue
        word = detail["health"] or "no data"
        out.append(f"  {kpi.id}  ", style="bold").append(f"{detail['title']}  ")
        out.append(f"{number(detail['value'], detail['unit'], company.locale)}  ")
        out.append(f"{word}\n", style="green" if word == "healthy" else "red")
    return out


def held_text(outcomes: Mapping[str, Outcome]) -> Text:
    """Each reason for which something is held, with its rows and the next step; empty if nothing is."""
    found: dict[tuple[str, str], list[str]] = {}
    for subject, outcome in outcomes.items():
        for cell in outcome.detail["cells"].values():
            if cell["verdict"] == "held" and cell["hold"] not in CONSEQUENCES:
                found.setdefault((cell["reason"], cell["hint"]), []).append(subject)
    out = Text()
    for (reason, hint), subjects in found.items():
        out.append("! HELD ", style="bold red").append(
            f"{', '.join(dict.fromkeys(subjects))}: ", style="bold"
        )
        out.append(f"{reason}\n").append(f"    → {hint}\n" if hint else "", style="cyan")
    return out


def efforts(key_result: str, outcomes: Mapping[str, Outcome]) -> list[Mapping[str, Any]]:
    """The initiatives of a key result, as the last run found them."""
    return [one.detail for one in outcomes.values() if one.detail.get("initiative_of") == key_result]


def _line(company: Company, key_result: KeyResult, outcome: Outcome | None, trend: Trend) -> _Line:
    if outcome is None:
        nothing = Text("never synced")
        return _Line(
            id=key_result.id,
            title=key_result.title or company.metric_title(key_result.metric),
            status=nothing,
        )
    detail, locale = outcome.detail, company.locale
    unit, answer, word = detail["unit"], detail["answer"], detail["status"]
    status = Text(STATUS[word], STYLE[word]) if word else Text("no data", "red")
    if any(cell["verdict"] == "held" for cell in detail["cells"].values()):
        status.append(" HELD", style="bold red")
    return _Line(
        id=key_result.id,
        title=key_result.title or detail["title"] or company.metric_title(detail["metric"]),
        status=status,
        goal=goal(detail["goal"], unit, locale),
        now=number(detail["value"], unit, locale),
        progress=share(detail["progress"], locale),
        expected=share(detail["expected"], locale) if is_paced(detail["goal"]) else NONE,
        trend=sparkline([one.value for one in trend.values]),
        ahead=budget_text(trend.budget, key_result)
        if trend.budget is not None
        else forecast_short(company, key_result, trend),
        as_of=moment(datetime.fromisoformat(answer["as_of"]), company.zone) if "as_of" in answer else NONE,
    )
