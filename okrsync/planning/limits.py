"""Doubt a number that falls too far, and refuse a plan in which too many key results fall back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from okrsync.cells import leads
from okrsync.model import COUNT, PERCENT, Decision, Quantity, Verdict
from okrsync.planning.desired import DesiredRow
from okrsync.planning.write_rule import same
from okrsync.units import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may change unconfirmed.

    ``drop`` is the share of its value that a number may lose at once (a fall to exactly 0 is too much unless that is 1);
    ``fall_back`` is the share of key results that may move against their goal at once, if at least
    ``of_at_least`` of them hold a number. Reasons show numbers as ``locale`` writes them.
    """

    drop: Decimal = Decimal("0.5")
    fall_back: Decimal = Decimal("0.3")
    of_at_least: int = 10
    locale: str = "en_US"


def doubt(desired: DesiredRow, decision: Decision, limits: Limits) -> str:
    """Why the row's number must not be written before a person has looked at it, else empty."""
    before, after = decision.now, decision.wanted
    if not leads(decision.cell) or decision.verdict is not Verdict.WRITE or not isinstance(after, Decimal):
        return ""
    if desired.accepted is not None and same(desired.accepted, after):
        return ""
    if not isinstance(before, Decimal):
        return desired.first_doubt
    if desired.restarted or desired.unguarded or not _drops(before, after, limits.drop):
        return ""
    whole = 100 if decision.fraction else 1
    unit = decision.shown.unit if isinstance(decision.shown, Quantity) else COUNT
    unit = PERCENT if decision.fraction else unit
    # The cell has rounded what is meant: 40 s are 0.67 minutes.
    meant = decision.shown.value if isinstance(decision.shown, Quantity) else after * whole
    seen = [show(one, unit, limits.locale) for one in (before * whole, meant)]
    if after < before:
        return f"it would fall from {seen[0]} to {seen[1]} at once"
    return f"it would go from {seen[0]} to {seen[1]} at once"


def _drops(before: Decimal, after: Decimal, share: Decimal) -> bool:
    if after == 0:
        return before != 0 and share < 1
    return before > 0 and after < before * (1 - share)


def alarms(decided: Sequence[tuple[DesiredRow, list[Decision]]], limits: Limits) -> Iterable[str]:
    numbers = 0
    fallen: list[str] = []
    for desired, row in decided:
        before, after = _replaced_number(row)
        if before is None or after is None:
            continue
        numbers += 1
        if desired.restarted or desired.unguarded:
            continue
        if (after - before) * desired.direction < 0:
            fallen.append(desired.subject)
    if numbers >= limits.of_at_least and len(fallen) > limits.fall_back * numbers:
        yield f"{len(fallen)} of {numbers} key results would fall back at once ({', '.join(fallen)})"


def _replaced_number(row: Sequence[Decision]) -> tuple[Decimal | None, Decimal | None]:
    """Return the row's number now and after the plan; None if there is none or it is held."""
    for one in row:
        if leads(one.cell) and one.verdict is not Verdict.HELD:
            return (
                one.now if isinstance(one.now, Decimal) else None,
                one.wanted if isinstance(one.wanted, Decimal) else None,
            )
    return None, None
