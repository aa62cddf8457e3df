"""Reduce many numbers to one: the aggregates that every source offers, defined once.

Percentiles interpolate linearly between the closest ranks (Excel's PERCENTILE.INC, numpy's default).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

PERCENTILE: Final = re.compile(r"p(100|\d{1,2}(?:\.\d+)?)")
# What spreadsheets and query languages call a measure.
_ALSO: Final = {
    **dict.fromkeys(("total", "summe", "sumif", "sumifs", "сумма"), "sum"),
    **dict.fromkeys(("avg", "average", "mittelwert", "среднее"), "mean"),
    **dict.fromkeys(("number", "counta", "countif", "anzahl", "количество"), "count"),
    **dict.fromkeys(("minimum",), "min"),
    **dict.fromkeys(("maximum",), "max"),
    **dict.fromkeys(("p50", "med"), "median"),
}
AGGREGATES: Final = ("sum", "mean", "min", "max", "median")


def is_aggregate(name: str) -> bool:
    """Whether ``aggregate`` knows ``name``: sum, mean, min, max, median or a percentile such as p85."""
    return name in AGGREGATES or PERCENTILE.fullmatch(name) is not None


def choices(*more: str) -> dict[str, Any]:
    """The measures as an editor's list, for the JSON Schema: ``more``, the aggregates and some percentiles."""
    percentiles = {"pattern": f"^{PERCENTILE.pattern}$", "examples": ["p50", "p85", "p95"]}
    return {"anyOf": [{"enum": list(dict.fromkeys([*more, *AGGREGATES]))}, percentiles, {"type": "null"}]}


def meant(word: str, known: Iterable[str]) -> str:
    """``did you mean sum? `` for a measure that other tools call otherwise; empty if none is near."""
    names = list(known)
    plain = _ALSO.get(word.strip().casefold(), word.strip().casefold().replace("-", "_").replace(" ", "_"))
    near = [plain] if plain in names else get_close_matches(plain, names, n=1, cutoff=0.7)
    return f"did you mean {near[0]}? " if near else ""


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
