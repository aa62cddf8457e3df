"""Check the key results, objectives, KPIs and initiatives that a company's YAML lists."""

from __future__ import annotations

from collections.abc import Mapping

from okrsync.config.company import Initiative, Kpi, Objective
from okrsync.config.key_results import healthy, key_result
from okrsync.config.metrics import unit_of
from okrsync.config.models import TODO, CompanyModel
from okrsync.config.problems import Problems
from okrsync.config.yamlfile import PathInFile
from okrsync.key_results import KeyResult
from okrsync.model import Dimension, Unit
from okrsync.progress import Rollup


def key_results_of(
    model: CompanyModel, units: Mapping[str, Unit | None], problems: Problems
) -> tuple[KeyResult, ...]:
    """The key results whose metric is known; a draft, whose metric says TODO, is none of them."""
    result: list[KeyResult] = []
    seen: dict[str, int] = {}
    for index, raw in enumerate(model.key_results):
        at: PathInFile = ("key_results", index)
        if raw.id in seen:
            before = problems.file.place(("key_results", seen[raw.id], "id"))
            problems.add((*at, "id"), f"the id {raw.id!r} is taken already at {before}")
            continue
        seen[raw.id] = index
        if raw.objective and raw.objective not in {one.id for one in model.objectives}:
            problems.unknown(
                (*at, "objective"), "objective", raw.objective, [one.id for one in model.objectives]
            )
        if raw.metric == TODO:
            continue
        if raw.metric not in model.metrics:
            problems.unknown((*at, "metric"), "metric", raw.metric, model.metrics)
            continue
        unit = unit_of(raw.unit, at, problems) if raw.unit is not None else units[raw.metric]
        metric_unit = units[raw.metric]
        if unit is None or metric_unit is None:
            continue
        made = key_result(raw, unit, metric_unit, model.locale, at, problems)
        if made is not None:
            result.append(made)
    return tuple(result)


def objectives_of(model: CompanyModel, problems: Problems) -> tuple[Objective, ...]:
    """The objectives, each with an id of its own and below no objective that is below it."""
    result: dict[str, Objective] = {}
    for index, raw in enumerate(model.objectives):
        at: PathInFile = ("objectives", index)
        if raw.id in {one.id for one in model.key_results}:
            problems.add((*at, "id"), f"the id {raw.id!r} is a key result's already")
        if raw.id in result:
            problems.add((*at, "id"), f"the id {raw.id!r} is taken already at {result[raw.id].place}")
        parents = {one.parent for one in model.objectives}
        if raw.id not in parents and not any(one.objective == raw.id for one in model.key_results):
            problems.warn(
                at, f"no key result belongs to {raw.id}; write `objective: {raw.id}` at its key results"
            )
        result[raw.id] = Objective(
            id=raw.id,
            title=raw.title,
            page=raw.page,
            owner=raw.owner,
            rollup=Rollup(raw.rollup),
            averaged=raw.status == "average",
            parent=raw.parent,
            weight=raw.weight,
            place=problems.file.place(at),
        )
    _check_parents(model, problems)
    return tuple(result.values())


def _check_parents(model: CompanyModel, problems: Problems) -> None:
    """Every parent is an objective, and no objective is above itself."""
    parents = {one.id: one.parent for one in model.objectives}
    places = {
        one.id: problems.file.place(("objectives", index)) for index, one in enumerate(model.objectives)
    }
    for index, one in enumerate(model.objectives):
        if one.parent and one.parent not in parents:
            problems.unknown(("objectives", index, "parent"), "objective", one.parent, parents)
            continue
        above, chain = one.parent, [one.id]
        while above and above in parents and above not in chain:
            chain.append(above)
            above = parents[above]
        if above == one.id:
            others = ", ".join(f"{name} at {places[name]}" for name in chain[1:]) or "itself"
            problems.add(("objectives", index, "parent"), f"{one.id} is above itself, through {others}")


def kpis_of(model: CompanyModel, units: Mapping[str, Unit | None], problems: Problems) -> tuple[Kpi, ...]:
    """The KPIs whose metric is known, each with its healthy range."""
    taken = {one.id for one in model.key_results} | {one.id for one in model.objectives}
    taken |= {one.id for one in model.initiatives}
    result: list[Kpi] = []
    for index, raw in enumerate(model.kpis):
        at: PathInFile = ("kpis", index)
        if raw.id in taken:
            problems.add((*at, "id"), f"the id {raw.id!r} is taken already")
        taken.add(raw.id)
        if raw.metric == TODO:
            continue
        if raw.metric not in model.metrics:
            problems.unknown((*at, "metric"), "metric", raw.metric, model.metrics)
            continue
        unit = units[raw.metric]
        limit = healthy(raw, unit, model.locale, at, problems) if unit is not None else None
        if limit is not None:
            place = problems.file.place(at)
            result.append(
                Kpi(id=raw.id, metric=raw.metric, healthy=limit, place=place, title=raw.title, page=raw.page)
            )
    if model.destination.kpis is not None and not model.kpis:
        problems.add(("destination", "kpis"), "there are no `kpis:` to write into it", key=True)
    return tuple(result)


def initiatives_of(
    model: CompanyModel, units: Mapping[str, Unit | None], problems: Problems
) -> tuple[Initiative, ...]:
    """The initiatives whose metric is known; its unit must be percent."""
    taken = {one.id for one in model.key_results} | {one.id for one in model.objectives}
    result: list[Initiative] = []
    for index, raw in enumerate(model.initiatives):
        at: PathInFile = ("initiatives", index)
        if raw.id in taken:
            problems.add((*at, "id"), f"the id {raw.id!r} is taken already")
        taken.add(raw.id)
        if raw.key_result and raw.key_result not in {one.id for one in model.key_results}:
            known = [one.id for one in model.key_results]
            problems.unknown((*at, "key_result"), "key result", raw.key_result, known)
        if raw.metric == TODO:
            continue
        if raw.metric not in model.metrics:
            problems.unknown((*at, "metric"), "metric", raw.metric, model.metrics)
        elif (unit := units[raw.metric]) is not None and unit.dimension is not Dimension.PERCENT:
            problems.add(
                (*at, "metric"),
                f"{raw.metric} is a number in {unit}, and the progress of an initiative is a share",
                "name a metric with `unit: percent`, such as `measure: done_share` of an epic",
            )
        result.append(
            Initiative(
                id=raw.id,
                key_result=raw.key_result,
                metric=raw.metric,
                place=problems.file.place(at),
                title=raw.title,
                page=raw.page,
            )
        )
    if model.destination.initiatives is not None and not model.initiatives:
        problems.add(("destination", "initiatives"), "there are no `initiatives:` to write into it", key=True)
    return tuple(result)
