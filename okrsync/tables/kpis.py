"""Plan the table of KPIs: numbers to watch, with healthy ranges, outside every objective and cycle."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from okrsync.cells import HEALTH, KPIS, SOURCE, TREND, UPDATED, VALUE
from okrsync.codec import answer_data, number
from okrsync.config import Company, Kpi
from okrsync.model import COUNT, PERCENT, NoValue, Quantity, Reading, Unit, Wanted
from okrsync.planning import DesiredCell, DesiredRow, Plan, without_value
from okrsync.progress import achieved
from okrsync.run_context import Ask, Run
from okrsync.tables.desired import desire, no_row, provenance
from okrsync.tables.doubts import accepted, first_doubt, restarted
from okrsync.tables.notes import note_of, own_cells
from okrsync.tables.past_values import by_day, known_readings
from okrsync.units import show

LOOKS_BACK: Final = timedelta(days=31)
"""How far back a trend looks for the value to compare with."""
EVER: Final = datetime(1, 1, 2, tzinfo=UTC)
CLOCK_CHANGE: Final = timedelta(hours=3)
"""Two days, weeks or months of one calendar may differ by less than this where the clocks change."""


def ids(company: Company) -> Iterable[str]:
    return [one.id for one in company.kpis]


def asks(run: Run) -> Iterable[Ask]:
    return [Ask(one.metric, run.now) for one in run.company.kpis]


def desired(run: Run, _decided: Plan) -> list[DesiredRow]:
    """What every KPI's row should show."""
    return [_desired_row(run, one) for one in run.company.kpis]


def details(run: Run, _decided: Plan) -> dict[str, dict[str, Any]]:
    """What a run found of each KPI, as JSON for ``status``."""
    return {one.id: _details(run, one) for one in run.company.kpis if Ask(one.metric, run.now) in run.answers}


def _desired_row(run: Run, kpi: Kpi) -> DesiredRow:
    answer = run.answers[Ask(kpi.metric, run.now)]
    before = run.memory.outcomes.get(kpi.id)
    value = answer.value if isinstance(answer, Reading) else None
    return DesiredRow(
        subject=kpi.id,
        row=run.rows[kpi.id],
        absent=no_row(run, KPIS, kpi.id),
        cells={cell: _cell(run, cell, kpi) for cell in own_cells(run, KPIS)},
        restarted=restarted(answer, before.detail if before is not None else None),
        first_doubt=first_doubt(answer, value, reaches=value is not None and achieved(kpi.healthy, value)),
        accepted=accepted(run, kpi.id),
        note=note_of(run, KPIS),
    )


def _cell(run: Run, cell: str, kpi: Kpi) -> DesiredCell:
    answer = run.answers[Ask(kpi.metric, run.now)]
    if isinstance(answer, NoValue):
        return without_value(answer)
    wanted: Wanted
    match cell:
        case VALUE.name:
            wanted = Quantity(value=answer.value, unit=answer.unit)
        case HEALTH.name:
            wanted = health(kpi, answer.value)
        case TREND.name:
            wanted = _trend(run, answer)
        case SOURCE.name:
            wanted = provenance(run.company, answer)
        case UPDATED.name:
            wanted = run.now
        case _:
            raise AssertionError(cell)
    return desire(run.destinations[KPIS], cell, wanted, answer)


def health(kpi: Kpi, value: Decimal) -> str:
    """Whether the value keeps the KPI's limit; the limit itself is healthy."""
    return "healthy" if achieved(kpi.healthy, value) else "unhealthy"


def _trend(run: Run, answer: Reading) -> str:
    """By how much the value has moved since the oldest one of the last month that it can be compared with, in words."""
    company = run.company
    seen = known_readings(company, run.ledger, answer.metric, run.now - LOOKS_BACK, run.now)
    before = [one for one in by_day(seen, company.zone) if one.unit == answer.unit]
    comparable = [one for one in before if _counts_alike(company, one, answer)]
    if not comparable:
        return "a new period" if before else _without_comparison(run, answer)
    moved = answer.value - comparable[0].value
    since = f"since {comparable[0].as_of.astimezone(company.zone):%Y-%m-%d}"
    if moved == 0:
        return f"unchanged {since}"
    return f"{'up' if moved > 0 else 'down'} {_amount(abs(moved), answer.unit, company.locale)} {since}"


def _without_comparison(run: Run, answer: Reading) -> str:
    older = known_readings(run.company, run.ledger, answer.metric, EVER, run.now)
    return f"no value in the {LOOKS_BACK.days} days before" if older else "first value"


def _counts_alike(company: Company, before: Reading, answer: Reading) -> bool:
    """Whether both count as much time, or the same period so far: two days of a week are less than all of the last one."""
    one, other = before.window, answer.window
    parts = answer.inputs or (answer,)
    whole = all(company.metrics[part.metric].window.startswith("previous_") for part in parts)
    if one is None or other is None or whole or one.start == other.start:
        return True
    return abs((one.end - one.start) - (other.end - other.start)) < CLOCK_CHANGE


def _amount(moved: Decimal, unit: Unit, locale: str) -> str:
    """A difference of two percentages is in points, not in percent."""
    return f"{show(moved, COUNT, locale)} points" if unit == PERCENT else show(moved, unit, locale)


def _details(run: Run, kpi: Kpi) -> dict[str, Any]:
    answer = run.answers[Ask(kpi.metric, run.now)]
    row = run.rows.get(kpi.id)
    detail: dict[str, Any] = {
        "title": kpi.title or (row.title if row is not None else "") or kpi.id,
        "kpi": True,
        "metric": kpi.metric,
        "unit": str(run.company.metrics[kpi.metric].unit),
        "value": number(answer.value) if isinstance(answer, Reading) else None,
        "health": health(kpi, answer.value) if isinstance(answer, Reading) else None,
        "answer": answer_data(answer),
    }
    if isinstance(answer, Reading) and answer.window is not None:
        detail["window"] = answer.window.label
    return detail
