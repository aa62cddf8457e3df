"""Put values in words, in the company's locale and time zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from okrsync.cells import Kind, kind_of
from okrsync.config import Company, CycleNotice
from okrsync.model import COUNT, PERCENT, Decision, Quantity, Stored, Wanted
from okrsync.units import parse_unit, show

STATUS = {
    "not_started": "not started",
    "on_track": "on track",
    "behind": "behind",
    "at_risk": "at risk",
    "achieved": "achieved",
}


def notice_text(notice: CycleNotice) -> Text:
    """What everybody who looks at the company should read, and the next step."""
    out = Text(f"! {notice.text}\n", style="bold red")
    return out.append(f"  → {notice.hint}\n", style="cyan")


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Like ``Mon 23 Nov 2026, 07:00``, in the company's zone."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def stored(decision: Decision, value: Stored, locale: str) -> str:
    """A canonical value of the decision's cell as a person reads it there."""
    if value is None:
        return "empty"
    if isinstance(value, Decimal):
        unit = decision.shown.unit if isinstance(decision.shown, Quantity) else COUNT
        return show(value * 100 if decision.fraction else value, unit, locale)
    return str(value)


def wanted(decision: Decision, locale: str) -> str:
    """What okrsync wants the cell to show; without a canonical form, as it was meant."""
    if kind_of(decision.cell) is Kind.RELATION and isinstance(decision.shown, str):
        return decision.shown
    if decision.wanted is not None:
        return stored(decision, decision.wanted, locale)
    return _meant(decision.shown, locale)


def cell_text(company: Company, subject: str, cell: str, value: Stored, *, fraction: bool = False) -> str:
    """What a cell of the row of ``subject`` shows, in the company's locale and in the key result's unit."""
    if value is None:
        return "an empty cell"
    if not isinstance(value, Decimal):
        return str(value)
    kind = kind_of(cell)
    if kind is Kind.SHARE:
        return show(value * 100 if fraction else value, PERCENT, company.locale)
    units = {one.id: one.unit for one in company.key_results}
    units |= {one.id: company.metrics[one.metric].unit for one in company.kpis}
    unit = units.get(subject, COUNT) if kind is Kind.NUMBER else COUNT
    return show(value * 100 if fraction else value, unit, company.locale)


def number(text: str | None, unit: str, locale: str) -> str:
    """A number kept as text, in its unit; a dash if there is none."""
    return show(Decimal(text), parse_unit(unit), locale) if text is not None else "–"


def share(text: str | None, locale: str) -> str:
    """A fraction kept as text, as a percentage."""
    return show(Decimal(text) * 100, PERCENT, locale) if text is not None else "–"


def is_paced(detail: Mapping[str, Any] | None) -> bool:
    """Whether a settled goal is compared with the calendar: a limit holds or does not, whatever the day."""
    return detail is None or detail["form"] not in {"AtMost", "AtLeast", "Within"}


def goal(detail: dict[str, Any] | None, unit: str, locale: str) -> str:
    """A settled goal in a few characters: ``120 → 30``, ``≤ 90 s``, ``3 parts``."""
    if detail is None:
        return "no goal"

    def amount(name: str) -> str:
        return number(detail[name], unit, locale)

    match detail["form"]:
        case "FromTo":
            return f"{amount('start')} → {amount('target')}"
        case "AtMost":
            return f"{'<' if detail['strict'] else '≤'} {amount('limit')}"
        case "AtLeast":
            return f"{'>' if detail['strict'] else '≥'} {amount('limit')}"
        case "Within":
            return f"{amount('low')} … {amount('high')}"
        case "Milestones":
            return f"{show(Decimal(detail['parts']), COUNT, locale)} parts"
        case "YesNo":
            return "done or not"
        case _:
            return "find a baseline"


def _meant(value: Wanted, locale: str) -> str:
    if isinstance(value, Quantity):
        return show(value.value, value.unit, locale)
    return STATUS.get(value, value) if isinstance(value, str) else str(value)
