"""Explain one number: formula, inputs, query, rows, source and time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.text import Text

from okrsync.cells import Kind, kind_of
from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.memory import Outcome
from okrsync.model import COUNT
from okrsync.render.reasons import over_time, reasons
from okrsync.render.trend import WIDTH, budget_text, forecast_long, left_out_text, sparkline
from okrsync.render.words import STATUS, cell_text, goal, is_paced, moment, number, share
from okrsync.sync.trend import Trend
from okrsync.units import show

LABEL = 14
VALUES_AT = LABEL + 3
"""The column in which the explanations begin."""
Lines = Iterator[tuple[str, str]]


def explanation(
    company: Company,
    key_result: KeyResult,
    outcome: Outcome,
    trend: Trend,
    initiatives: Sequence[Mapping[str, Any]] = (),
) -> Text:
    """What the last run found for one key result, how, and its initiatives."""
    detail = outcome.detail
    out = Text(f"{key_result.id}  {key_result.title or detail['title']}\n", style="bold")
    for name, text in _lines(company, key_result, outcome, trend):
        out.append(f"  {name:<{LABEL}} ", style="cyan")
        out.append(f"{text}\n")
    for one in initiatives:
        out.append(f"  initiative {one['title']}: ", style="cyan")
        out.append(f"{share(one['progress'], company.locale)} (beside the key result, never part of it)\n")
        for name, text in _answer(one["answer"], company, "  "):
            out.append(f"  {name:<{LABEL}} ", style="cyan")
            out.append(f"{text}\n")
    return out


def _lines(company: Company, key_result: KeyResult, outcome: Outcome, trend: Trend) -> Lines:
    detail, locale = outcome.detail, company.locale
    unit = detail["unit"]
    yield "defined", key_result.place
    if detail["url"]:
        yield "row", detail["url"]
    yield "value", number(detail["value"], unit, locale)
    yield from _answer(detail["answer"], company, "")
    yield "goal", goal(detail["goal"], unit, locale)
    if detail["baseline"] is not None:
        yield "baseline", f"{number(detail['baseline']['value'], detail['baseline']['unit'], locale)}, frozen"
        yield from _answer(detail["baseline"], company, "  ")
    if detail["blocked"]:
        yield "no progress", detail["blocked"]
    if detail["progress"] is not None:
        yield "progress", f"{_formula(key_result, detail, locale)} = {share(detail['progress'], locale)}"
    if is_paced(detail["goal"]):
        yield "expected", f"{share(detail['expected'], locale)} by {moment(outcome.at, company.zone)}"
    if detail["status"]:
        yield "status", f"{STATUS[detail['status']]} (rule: {company.status.preset})"
    for sentence in reasons(company, key_result, detail):
        yield "because", sentence
    if trend.budget is not None:
        yield "budget", f"{budget_text(trend.budget, key_result)} ({trend.budget.periods} in the cycle)"
    if line := sparkline([one.value for one in trend.values]):
        first, last = trend.values[-WIDTH:][0].day, trend.values[-1].day
        yield "trend", f"{line} ({first} to {last})"
    if trend.left_out:
        yield "left out", left_out_text(trend.left_out)
    yield "forecast", forecast_long(company, key_result, trend)
    yield from _cells(company, key_result.id, detail["cells"])
    if edit := _last_edit(outcome, company):
        yield "last edit", edit


def _answer(answer: dict[str, Any], company: Company, indent: str) -> Lines:
    if "missing" in answer:
        yield f"{indent}no data", answer["missing"] + (f" → {answer['hint']}" if answer["hint"] else "")
        return
    as_of = moment(datetime.fromisoformat(answer["as_of"]), company.zone)
    yield f"{indent}metric", f"{answer['metric']}, as of {as_of}, {answer['method']}"
    yield f"{indent}source", answer["source"]
    yield f"{indent}query", answer["query"]
    if answer["rows"] is not None:
        yield f"{indent}rows", show(Decimal(answer["rows"]), COUNT, company.locale)
    if answer["window"]:
        start, end = (moment(datetime.fromisoformat(one), company.zone) for one in answer["window"][:2])
        yield f"{indent}window", f"{answer['window'][2]}: {start} to {end}"
    for name, text in answer["facts"].items():
        yield f"{indent}{name}", text
    for part in answer["inputs"]:
        yield f"{indent}{part['metric']}", number(part["value"], part["unit"], company.locale)
        yield from _answer(part, company, f"{indent}  ")


def _formula(key_result: KeyResult, detail: Mapping[str, Any], locale: str) -> str:
    aim, unit = detail["goal"], detail["unit"]
    value = number(detail["value"], unit, locale)
    if over_time(key_result, detail):
        seen = ", ".join(number(one, unit, locale) for one in detail["history"])
        return f"{goal(aim, unit, locale)} judged over {seen}"
    match aim["form"]:
        case "FromTo":
            start, target = (number(aim[name], unit, locale) for name in ("start", "target"))
            return f"({value} − {start}) ÷ ({target} − {start})"
        case "Milestones":
            return f"{value} ÷ {goal(aim, unit, locale)}"
        case _:
            return f"{value} against {goal(aim, unit, locale)}"


def _last_edit(outcome: Outcome, company: Company) -> str:
    """Who wrote last in the row, as far as the run could see."""
    if any(one["verdict"] == "write" for one in outcome.detail["cells"].values()):
        return f"by okrsync, {moment(outcome.at, company.zone)}"
    edit = outcome.detail.get("last_edit")
    if not edit:
        return ""
    who = (
        "by okrsync"
        if edit["by_okrsync"]
        else "by a person or another program (Notion's page history says who)"
    )
    at = f", {moment(datetime.fromisoformat(edit['at']), company.zone)}" if edit["at"] else ""
    return f"{who}{at}"


def _cells(company: Company, subject: str, cells: Mapping[str, dict[str, Any]]) -> Lines:
    """Each cell; those that are held for one reason in one line."""
    held: dict[tuple[str, str], list[str]] = {}
    for name, cell in cells.items():
        if cell["verdict"] == "held":
            held.setdefault((cell["reason"], cell["hint"]), []).append(name)
        else:
            yield f"cell {name}", _cell(company, subject, name, cell)
    for (reason, hint), names in held.items():
        yield "HELD", f"{', '.join(names)}: {reason}" + (f" → {hint}" if hint else "")


def _cell(company: Company, subject: str, name: str, cell: dict[str, Any]) -> str:
    value = Decimal(cell["wanted"]) if kind_of(name) in {Kind.NUMBER, Kind.SHARE} else cell["wanted"]
    if kind_of(name) is Kind.INSTANT and value is not None:
        value = moment(datetime.fromisoformat(str(value)), company.zone)
    shown = cell_text(company, subject, name, value, fraction=cell["fraction"])
    return f"{shown} ({'written' if cell['verdict'] == 'write' else 'unchanged'})"
