"""Compute the progress of a whole from its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from okrsync.progress.statuses import Status, worst_status

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_HUNDRED: Final = Decimal(100)


class Rollup(StrEnum):
    """How an objective follows from its parts."""

    MEAN = "mean"
    SUM = "sum"
    WORST = "worst"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole. ``progress`` None is no data, or a goal without progress.

    ``weight`` counts against the other weights and is 1 by default; ``share`` is a fixed contribution in percent of
    the whole. If any part has a share, the others divide the rest among them by weight. 0 does not contribute.
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
