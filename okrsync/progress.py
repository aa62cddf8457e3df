"""How far along a key result is, and what to call that: the only place where either is computed.

Progress is a fraction (1 = 100 %) and is kept raw: below 0 and above 1 are facts. Only display and roll-up clamp.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_HUNDRED: Final = Decimal(100)

# ---- Goals ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FromTo:
    """A way from ``start`` to ``target``, up or down. ``strict``: the target must be passed, not only reached."""

    start: Decimal
    target: Decimal
    strict: bool = False

    def __post_init__(self) -> None:
        if self.start == self.target:
            raise ValueError(
                f"start and target are both {self.start}: there is no way to go; "
                f"to keep a level write at_least: {self.target} or at_most: {self.target}"
            )


@dataclass(frozen=True, slots=True)
class AtMost:
    """A ceiling that must hold. From ``limit`` up to ``risk`` it is missed, but only by a little (behind)."""

    limit: Decimal
    strict: bool = False
    risk: Decimal | None = None

    def __post_init__(self) -> None:
        if self.risk is not None and self.risk <= self.limit:
            raise ValueError(
                f"the risk threshold {self.risk} of at_most {self.limit} must lie above the limit"
            )


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A floor that must hold. From ``limit`` down to ``risk`` it is missed, but only by a little (behind)."""

    limit: Decimal
    strict: bool = False
    risk: Decimal | None = None

    def __post_init__(self) -> None:
        if self.risk is not None and self.risk >= self.limit:
            raise ValueError(
                f"the risk threshold {self.risk} of at_least {self.limit} must lie below the limit"
            )


@dataclass(frozen=True, slots=True)
class Within:
    """A range that must hold, both ends included."""

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        if self.high < self.low:
            raise ValueError(
                f"the range {self.low} to {self.high} is empty: its low end is above its high end"
            )


@dataclass(frozen=True, slots=True)
class Milestones:
    """``parts`` parts, or their weights together; the value is the parts done, or their weights together."""

    parts: Decimal = _ONE

    def __post_init__(self) -> None:
        if self.parts <= 0:
            raise ValueError(f"milestones need at least one part, not {self.parts}")


@dataclass(frozen=True, slots=True)
class YesNo:
    """Done from a value of 1 on."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Find a baseline: any value will do, and there is no progress."""


Goal = FromTo | AtMost | AtLeast | Within | Milestones | YesNo | Baseline


def relative(baseline: Decimal, change: Decimal) -> FromTo:
    """A way from ``baseline`` by ``change`` (0.25 = +25 %) of its size: -40 by +25 % goes to -30."""
    if baseline == 0:
        raise ValueError("the baseline is 0, and a percentage of 0 is nothing; write the target as a number")
    return delta(baseline, abs(baseline) * change)


def delta(baseline: Decimal, change: Decimal) -> FromTo:
    """A way from ``baseline`` to ``baseline + change``."""
    return FromTo(baseline, baseline + change)


def band(tolerance: Decimal) -> Within:
    """Stay within ``tolerance`` of the norm, where the value is the deviation from it, signed or not."""
    return Within(-tolerance, tolerance)


# ---- Progress -------------------------------------------------------------------------------------------------


def progress(goal: Goal, value: Decimal) -> Decimal | None:
    """The raw fraction of the way, unclamped; 1 or 0 for a goal that holds or does not; None for ``Baseline``."""
    match goal:
        case FromTo(start, target):
            return (value - start) / (target - start)
        case Milestones(parts):
            return value / parts
        case Baseline():
            return None
        case _:
            return _ONE if achieved(goal, value) else _ZERO


def achieved(goal: Goal, value: Decimal) -> bool:
    """Whether ``value`` fulfils the goal; hitting the figure exactly does, unless the goal is strict."""
    match goal:
        case FromTo(start, target, strict):
            beyond = value > target if target > start else value < target
            return beyond or (value == target and not strict)
        case AtMost(limit, strict):
            return value < limit or (value == limit and not strict)
        case AtLeast(limit, strict):
            return value > limit or (value == limit and not strict)
        case Within(low, high):
            return low <= value <= high
        case Milestones(parts):
            return value >= parts
        case YesNo():
            return value >= 1
        case Baseline():
            return False


def clamp(share: Decimal) -> Decimal:
    """``share`` brought into 0 to 1, for display."""
    return min(max(share, _ZERO), _ONE)


# ---- Over time ------------------------------------------------------------------------------------------------


class Judge(StrEnum):
    """How a goal is judged over the periods of a cycle."""

    LAST = "last"
    HELD = "held"
    AVERAGE = "average"
    WORST = "worst"
    DISTANCE = "distance"


class MissingPeriod(StrEnum):
    """What a period without a value counts as: not met, nothing at all, or its predecessor's value."""

    MISS = "miss"
    SKIP = "skip"
    CARRY = "carry"


def judge(
    goal: Goal,
    values: Sequence[Decimal | None],
    how: Judge,
    expected_periods: int | None = None,
    missing: MissingPeriod = MissingPeriod.SKIP,
) -> Decimal | None:
    """Progress over ``values``, one for each period that has passed, oldest first; None is a period without a value.

    ``held`` is the share of ``expected_periods`` (default: those passed) in which the goal was met; ``average`` judges
    the mean value, ``worst`` the worst one, ``last`` the last one. ``distance`` says by how much the last value meets
    the limit (Profit.co): 2 - V/T for a ceiling, V/T for a floor. A mean has no room for a value that does not exist,
    so ``miss`` leaves it out there. None where nothing can be judged.
    """
    periods = len(values) if expected_periods is None else expected_periods
    if periods < len(values):
        raise ValueError(f"{len(values)} periods have passed, but only {periods} are expected")
    if isinstance(goal, Baseline):
        return None
    filled = _carried(values) if missing is MissingPeriod.CARRY else list(values)
    known = [value for value in filled if value is not None]
    missed = missing is MissingPeriod.MISS
    if not known and not (missed and filled):
        return None
    match how:
        case Judge.HELD:
            met = sum(achieved(goal, value) for value in known)
            out = 0 if missed else len(filled) - len(known)
            return Decimal(met) / (periods - out)
        case Judge.AVERAGE:
            return progress(goal, sum(known, _ZERO) / len(known)) if known else _ZERO
        case Judge.WORST:
            found = [_measured(goal, value) for value in known]
            return min([*found, _ZERO] if missed and len(known) < len(filled) else found)
        case Judge.LAST | Judge.DISTANCE:
            if missed and filled[-1] is None:
                return _ZERO
            return _measured(goal, known[-1]) if how is Judge.LAST else _distance(goal, known[-1])


def _measured(goal: Goal, value: Decimal) -> Decimal:
    found = progress(goal, value)
    assert found is not None
    return found


def _carried(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    carried: list[Decimal | None] = []
    for value in values:
        carried.append(value if value is not None or not carried else carried[-1])
    return carried


def _distance(goal: Goal, value: Decimal) -> Decimal:
    match goal:
        case AtMost(limit):
            return _ONE + (limit - value) / _size(limit)
        case AtLeast(limit):
            return _ONE + (value - limit) / _size(limit)
        case Within(low, high):
            if value > high:
                return _distance(AtMost(high), value)
            return _distance(AtLeast(low), value) if value < low else _ONE
        case _:
            return _measured(goal, value)


def _size(limit: Decimal) -> Decimal:
    if limit == 0:
        raise ValueError(
            "the distance from a limit of 0 is not a share of it; judge by last, held, average or worst"
        )
    return abs(limit)


# ---- Status ---------------------------------------------------------------------------------------------------


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

    The shortfall is expected minus actual, in points, or where ``ratio`` is set as a share of what is expected.
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


def paced(goal: Goal) -> bool:
    """Whether the goal is a way to go, to be judged against the pace, rather than a limit that holds or does not."""
    return isinstance(goal, FromTo | Milestones | YesNo)


def in_risk_band(goal: Goal, value: Decimal) -> bool:
    """Whether a limit is missed, but not by more than its risk threshold allows."""
    match goal:
        case AtMost(_, strict, Decimal() as risk) | AtLeast(_, strict, Decimal() as risk):
            near = AtMost(risk, strict) if isinstance(goal, AtMost) else AtLeast(risk, strict)
            return not achieved(goal, value) and achieved(near, value)
        case _:
            return False


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
) -> Status:
    """What to call raw progress ``actual`` where ``expected`` should be done.

    ``limit`` is set for a goal that holds or does not (at_most, at_least, within): it is never judged by pace, and is
    only achieved once the cycle has ``ended``. ``elapsed`` is the share of the cycle that has passed, for the grace
    (default: ``expected``). ``tolerance`` and ``grace`` replace the preset's. Raises ``ValueError`` for an unknown
    preset.
    """
    rule = PRESETS.get(preset)
    if rule is None:
        raise ValueError(f"{preset!r} is not a status preset; write one of {', '.join(PRESETS)}")
    if actual is None:
        return Status.NOT_STARTED
    if limit:
        if achieved:
            return Status.ACHIEVED if ended else Status.ON_TRACK
        return Status.BEHIND if in_risk_band else Status.AT_RISK if ended else rule.missed
    if achieved:
        return Status.ACHIEVED
    passed = expected if elapsed is None else elapsed
    early = passed <= (rule.grace if grace is None else grace) and not ended
    if (
        early
        and passed < 1
        and actual >= 0
        and not moved_wrong_way
        and (rule.grace if grace is None else grace)
    ):
        return Status.ON_TRACK if actual > 0 else Status.NOT_STARTED
    shortfall = expected - actual
    scale = expected if rule.ratio else _ONE
    if shortfall <= (rule.on_track if tolerance is None else tolerance) * scale:
        return Status.ON_TRACK
    if rule.behind is None or shortfall <= rule.behind * scale:
        return Status.BEHIND
    return Status.AT_RISK


# ---- Roll-up --------------------------------------------------------------------------------------------------


class Rollup(StrEnum):
    """How an objective follows from its parts."""

    MEAN = "mean"
    SUM = "sum"
    WORST = "worst"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole. ``progress`` None is no data, or a goal without progress.

    ``weight`` counts against the other weights and is 1 by default; ``share`` is a fixed contribution in percent of
    the whole. Where any part has a share, the others divide the rest among them by weight. 0 does not contribute.
    """

    progress: Decimal | None
    weight: Decimal | None = None
    status: Status | None = None
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rolled:
    """``counted`` of ``total`` contributing parts had a progress; ``status`` is the worst of the parts'."""

    progress: Decimal | None
    counted: int
    total: int
    status: Status | None = None


def rollup(
    parts: Sequence[Part], how: Rollup, *, floor: Decimal | None = _ZERO, cap: Decimal | None = _ONE
) -> Rolled:
    """The progress of a whole. Parts without progress are left out and counted.

    ``mean`` and ``worst`` first bring each part into ``floor`` to ``cap`` (None: leave it). ``sum`` adds values of one
    unit that the caller puts in ``progress``; it has no result while one is missing, as leaving it out would count it
    as 0. Raises ``ValueError`` for weights that cannot be shared out.
    """
    weighed = [(part, weight) for part, weight in zip(parts, _weights(parts), strict=True) if weight]
    if parts and not weighed:
        raise ValueError("all weights are 0, so nothing contributes; give at least one key result a weight")
    known = [(part.progress, weight) for part, weight in weighed if part.progress is not None]
    worst = worst_status(part.status for part, _ in weighed if part.status is not None)
    return Rolled(_rolled(known, how, len(weighed), floor, cap), len(known), len(weighed), worst)


def _rolled(
    known: Sequence[tuple[Decimal, Decimal]],
    how: Rollup,
    total: int,
    floor: Decimal | None,
    cap: Decimal | None,
) -> Decimal | None:
    if not known or (how is Rollup.SUM and len(known) < total):
        return None
    if how is Rollup.SUM:
        return sum((value for value, _ in known), _ZERO)
    bounded = [(_bounded(value, floor, cap), weight) for value, weight in known]
    if how is Rollup.WORST:
        return min(value for value, _ in bounded)
    return sum((value * weight for value, weight in bounded), _ZERO) / sum(
        (weight for _, weight in bounded), _ZERO
    )


def _bounded(value: Decimal, floor: Decimal | None, cap: Decimal | None) -> Decimal:
    raised = value if floor is None else max(value, floor)
    return raised if cap is None else min(raised, cap)


def _weights(parts: Sequence[Part]) -> list[Decimal]:
    plain = [_ONE if part.weight is None else part.weight for part in parts]
    shares = [part.share for part in parts if part.share is not None]
    negative = [number for number in (*plain, *shares) if number < 0]
    if negative:
        raise ValueError(f"a weight of {negative[0]} is below 0")
    if not shares:
        return plain
    rest = _HUNDRED - sum(shares, _ZERO)
    free = sum((weight for part, weight in zip(parts, plain, strict=True) if part.share is None), _ZERO)
    if rest < 0:
        raise ValueError(f"the fixed contributions come to {_HUNDRED - rest} %, which is more than 100 %")
    return [
        weight * rest / (free or _ONE) if part.share is None else part.share
        for part, weight in zip(parts, plain, strict=True)
    ]
