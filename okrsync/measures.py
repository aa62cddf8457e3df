"""Reduce many numbers to one: the aggregates that every source offers, defined once.

Percentiles interpolate linearly between the closest ranks (Excel's PERCENTILE.INC, numpy's default).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

PERCENTILE: Final = re.compile(r"p(100|\d{1,2}(?:\.\d+)?)")
AGGREGATES: Final = ("sum", "mean", "min", "max", "median")


def is_aggregate(name: str) -> bool:
    """Whether ``aggregate`` knows ``name``: sum, mean, min, max, median or a percentile such as p85."""
    return name in AGGREGATES or PERCENTILE.fullmatch(name) is not None


def aggregate(name: str, values: Sequence[Decimal]) -> Decimal:
    """``name`` over at least one value. Raises ``ValueError`` for no values (the caller says why) or no such name."""
    if not values:
        raise ValueError("no values")
    if name == "sum":
        return sum(values, Decimal(0))
    if name == "mean":
        return sum(values, Decimal(0)) / len(values)
    if name == "min":
        return min(values)
    if name == "max":
        return max(values)
    if name == "median":
        return percentile(values, Decimal(50))
    found = PERCENTILE.fullmatch(name)
    if found is None:
        raise ValueError(f"no such measure: {name}")
    return percentile(values, Decimal(found[1]))


def percentile(values: Sequence[Decimal], share: Decimal) -> Decimal:
    """The ``share``-th percentile (0 to 100) of at least one value."""
    ordered = sorted(values)
    rank = (len(ordered) - 1) * share / 100
    below = int(rank)
    if below == len(ordered) - 1:
        return ordered[below]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * (rank - below)


def spread(means: Sequence[Decimal]) -> Decimal | None:
    """The largest deviation of a group from the mean of all groups, in percent of that mean; None if it is 0.

    ``means`` holds one value for each group (its count or sum). It judges "regions stay within 20 % of one another".
    """
    if not means:
        return None
    middle = sum(means, Decimal(0)) / len(means)
    if middle == 0:
        return None
    return max(abs(value - middle) for value in means) / abs(middle) * 100
