"""Name a progress by a status rule, one for each product's way of doing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)


class Status(StrEnum):
    NOT_STARTED = "not_started"
    ON_TRACK = "on_track"
    BEHIND = "behind"
    AT_RISK = "at_risk"
    ACHIEVED = "achieved"


_FROM_BEST: Final = (Status.ACHIEVED, Status.NOT_STARTED, Status.ON_TRACK, Status.BEHIND, Status.AT_RISK)


def worst_status(statuses: Iterable[Status]) -> Status | None:
    """The worst of them (Viva's order: at risk, behind, on track, not started; then achieved); None of none."""
    return max(statuses, key=_FROM_BEST.index, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One product's rule. A shortfall up to ``on_track`` is on track, up to ``behind`` is behind, else at risk.

    The shortfall is expected minus actual, in points, or with ``ratio`` as a share of what is expected.
    ``behind`` None: never worse than behind. ``grace`` is the share of the cycle in which nothing is called late.
    ``missed`` is what a limit that does not hold is called while the cycle runs. ``strict`` says that in that product
    hitting a limit exactly fails.
    """

    on_track: Decimal
    behind: Decimal | None
    ratio: bool = False
    grace: Decimal = _ZERO
    missed: Status = Status.AT_RISK
    strict: bool = False


# Sources: the products' documentation (Viva, Engagedly, UpRaise, Oboard, Planview) and BurningOKR's code; the default is our own.
PRESETS: Final[Mapping[str, Preset]] = {
    "default": Preset(on_track=Decimal("0.05"), behind=Decimal("0.25"), grace=Decimal("0.10")),
    "viva": Preset(on_track=_ZERO, behind=Decimal("0.25"), strict=True),
    "engagedly": Preset(on_track=Decimal("0.165"), behind=Decimal("0.33"), missed=Status.BEHIND),
    "upraise": Preset(on_track=Decimal("0.05"), behind=Decimal("0.25"), ratio=True),
    "oboard": Preset(on_track=Decimal("0.3"), behind=Decimal("0.6"), ratio=True),
    "burningokr": Preset(on_track=Decimal("0.2"), behind=Decimal("0.4")),
    "planview": Preset(on_track=Decimal("0.1"), behind=None),
}


def status(
    *,
    actual: Decimal | None,
    expected: Decimal,
    achieved: bool,
    preset: str = "default",
    elapsed: Decimal | None = None,
    tolerance: Decimal | None = None,
    grace: Decimal | None = None,
    limit: bool = False,
    in_risk_band: bool = False,
    moved_wrong_way: bool = False,
    ended: bool = False,
    started: bool = False,
) -> Status:
    """The status of raw progress ``actual`` when ``expected`` should be done.

    ``limit`` is set for a goal that holds or does not (at_most, at_least, within): it is never judged by pace, and is
    only achieved once the cycle has ``ended``. ``elapsed`` is the share of the cycle that has passed, for the grace
    (default: ``expected``). ``tolerance`` (a fraction of points, or of what is expected, as the preset has it) and
    ``grace`` replace the preset's. ``started`` says that a goal without progress, a baseline to be found, has its first
    value. Raises ``ValueError`` for an unknown preset.
    """
    rule = PRESETS.get(preset)
    if rule is None:
        raise ValueError(f"{preset!r} is not a status preset; write one of {', '.join(PRESETS)}")
    if actual is None:
        return Status.ON_TRACK if started else Status.NOT_STARTED
    if limit:
        if achieved:
            return Status.ACHIEVED if ended else Status.ON_TRACK
        return Status.BEHIND if in_risk_band else Status.AT_RISK if ended else rule.missed
    if achieved:
        return Status.ACHIEVED
    early = (expected if elapsed is None else elapsed) < (rule.grace if grace is None else grace)
    if early and actual >= 0 and not moved_wrong_way:
        return Status.ON_TRACK if actual > 0 else Status.NOT_STARTED
    shortfall = expected - actual
    scale = expected if rule.ratio else _ONE
    if shortfall <= (rule.on_track if tolerance is None else tolerance) * scale:
        # A small step in the wrong direction is no better than no step.
        return Status.NOT_STARTED if early and actual < 0 else Status.ON_TRACK
    if rule.behind is None or shortfall <= rule.behind * scale:
        return Status.BEHIND
    return Status.AT_RISK
