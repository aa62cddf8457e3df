"""Check a company as a whole: how many objectives, who owns what, what belongs to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from okrsync.cells import KEY_RESULTS
from okrsync.config import Company
from okrsync.lint.rules import MOST_OBJECTIVES
from okrsync.lint.subjects import Noticed, Subject

SHORTEST, LONGEST = 21, 366


def findings(company: Company, key_results: Sequence[Subject]) -> Iterator[Noticed]:
    top = [one for one in company.objectives if not one.parent]
    if len(top) > MOST_OBJECTIVES:
        text = f"there are {len(top)} objectives that belong to no other"
        yield Noticed(rule="too-many-objectives", subject="", place=top[MOST_OBJECTIVES].place, text=text)
    if not company.objectives and len(key_results) > MOST_OBJECTIVES**2:
        text = f"there are {len(key_results)} key results and no objective"
        yield Noticed(rule="too-many-key-results", subject="", place=key_results[0].place, text=text)
    yield from _of_owners(company, key_results)
    yield from _of_cycle(company)
    yield from _untied(company, key_results)


def _of_owners(company: Company, key_results: Sequence[Subject]) -> Iterator[Noticed]:
    """One warning if the YAML names no owner at all: people may keep them elsewhere."""
    table = company.tables.get(KEY_RESULTS)
    if table is not None and getattr(table.settings, "owner", None) is not None:
        return  # people keep the owners in the destination, which lint does not ask
    without = [one for one in key_results if not one.owner]
    if without and len(without) == len(key_results) and not any(one.owner for one in company.objectives):
        yield Noticed(
            rule="no-owner", subject="", place=without[0].place, text="no key result names who answers for it"
        )
        return
    owned = {one.id for one in company.objectives if one.owner}
    yield from (
        one.found("no-owner", "nobody answers for it") for one in without if one.objective not in owned
    )


def _of_cycle(company: Company) -> Iterator[Noticed]:
    days = (company.cycle.end - company.cycle.start).days + 1
    if not SHORTEST <= days <= LONGEST:
        text = f"the cycle {company.cycle.name} has {days} days: a quarter is usual, a year the longest"
        yield Noticed(rule="period", subject="", place=company.path.name, text=text)


def _untied(company: Company, key_results: Sequence[Subject]) -> Iterator[Noticed]:
    if company.objectives:
        for one in key_results:
            if not one.objective:
                yield one.found("untied", "it belongs to no objective")
    for initiative in company.initiatives:
        if not initiative.key_result:
            text = "the initiative belongs to no key result"
            yield Noticed(rule="untied", subject=initiative.id, place=initiative.place, text=text)
    for draft in company.drafts:
        if draft.kind == "initiative" and not draft.key_result_id:
            text = "the initiative belongs to no key result"
            yield Noticed(rule="untied", subject=draft.id, place=draft.place, text=text)
