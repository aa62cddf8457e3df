"""Check an objective with its key results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from okrsync.config import Objective
from okrsync.lint.language import is_activity, stays_as_it_is
from okrsync.lint.rules import MOST_KEY_RESULTS
from okrsync.lint.subjects import Noticed, Subject
from okrsync.model import Dimension


def findings(objective: Objective, key_results: Sequence[Subject]) -> Iterator[Noticed]:
    if stays_as_it_is(objective.title):
        yield _found(
            objective, "business-as-usual", f"{objective.title!r} asks that something goes on as it is"
        )
    if len(key_results) > MOST_KEY_RESULTS:
        yield _found(objective, "too-many-key-results", f"it has {len(key_results)} key results")
    if key_results and all(_leads(one) for one in key_results):
        names = ", ".join(one.id for one in key_results)
        verb = "counts" if len(key_results) == 1 else "all count"
        yield _found(objective, "leading-only", f"{names} {verb} what people do, not what comes of it")


def _leads(one: Subject) -> bool:
    """A share of something, and money, are results whatever they are called."""
    if one.known is not None and one.known.unit.dimension in {Dimension.PERCENT, Dimension.MONEY}:
        return False
    return is_activity(one.title)


def _found(objective: Objective, rule: str, text: str) -> Noticed:
    return Noticed(rule=rule, subject=objective.id, place=objective.place, text=text)
