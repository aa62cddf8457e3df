"""Find what a YAML leaves open with TODO: metrics that are not there yet, tables without an address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from okrsync.cells import TABLE_NAMES
from okrsync.config.company import Draft, UnplacedTable
from okrsync.config.key_result_models import GOALS, KeyResultModel
from okrsync.config.key_results import key_result
from okrsync.config.metrics import unit_of
from okrsync.config.models import TODO, CompanyModel
from okrsync.config.problems import Problems
from okrsync.config.yamlfile import PathInFile
from okrsync.key_results import KeyResult
from okrsync.model import COUNT

_GOALS: Final = frozenset({"start", "to", *GOALS})


def drafts(model: CompanyModel, problems: Problems) -> Iterator[Draft]:
    """Everything whose metric says TODO. What is known of it already is checked like everything else."""
    for index, raw in enumerate(model.key_results):
        if raw.metric == TODO:
            at: PathInFile = ("key_results", index)
            yield Draft(
                kind="key result",
                id=raw.id,
                title=raw.title,
                objective=raw.objective,
                owner=raw.owner,
                weight=raw.weight,
                key_result=_goal(raw, model.locale, at, problems),
                has_goal=bool(_GOALS & raw.model_fields_set),
                place=problems.file.place((*at, "metric")),
            )
    for index, initiative in enumerate(model.initiatives):
        if initiative.metric == TODO:
            place = problems.file.place(("initiatives", index, "metric"))
            yield Draft(
                kind="initiative",
                id=initiative.id,
                title=initiative.title,
                key_result_id=initiative.key_result,
                place=place,
            )
    for index, kpi in enumerate(model.kpis):
        if kpi.metric == TODO:
            place = problems.file.place(("kpis", index, "metric"))
            yield Draft(kind="KPI", id=kpi.id, title=kpi.title, place=place)


def _goal(raw: KeyResultModel, locale: str, at: PathInFile, problems: Problems) -> KeyResult | None:
    """The key result as far as its goal can be read: without a unit of its own, only plain numbers can."""
    if raw.unit is not None:
        unit = unit_of(raw.unit, at, problems)
        return key_result(raw, unit, unit, locale, at, problems) if unit is not None else None
    # Its metric will say the unit, so a text such as 98% is no mistake yet, and a share is measured in percent.
    written = [getattr(raw, name) for name in _GOALS]
    unread = raw.share is not None or any(isinstance(one, str | list) for one in written)
    into = Problems(problems.file, problems.folder) if unread else problems
    return key_result(raw, COUNT, COUNT, locale, at, into)


def open_tables(model: CompanyModel, problems: Problems) -> dict[str, UnplacedTable]:
    """The tables of the destination that say TODO where their address belongs."""
    found: dict[str, UnplacedTable] = {}
    for name in TABLE_NAMES:
        for key, value in (getattr(model.destination, name) or {}).items():
            if value == TODO:
                place = problems.file.place(("destination", name, key))
                found[name] = UnplacedTable(key=key, place=place)
    return found
