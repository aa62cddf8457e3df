"""Refuse settings where they would have no effect, and say where they belong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from okrsync.cells import CHECK_INS, KEY_RESULTS, OBJECTIVES, PROGRESS, TABLE_NAMES
from okrsync.config.key_result_models import KeyResultModel
from okrsync.config.models import CompanyModel
from okrsync.config.problems import Problems
from okrsync.config.yamlfile import PathInFile

_BELONGS: Final[Mapping[str, tuple[str, ...]]] = {
    "over_100": (KEY_RESULTS, OBJECTIVES, CHECK_INS),
    "baseline": (KEY_RESULTS,),
    "target": (KEY_RESULTS,),
    "every": (CHECK_INS,),
}
"""Keys of a table that only some tables have a use for."""
_NOT_HIT: Final = ("within", "milestones", "yes_no", "find_baseline")
"""Goals that cannot be hit exactly, as a target or a limit can."""

Idle = tuple[PathInFile, str, str]
"""Where a setting is, its key, and where it belongs."""


def refuse_idle(model: CompanyModel, problems: Problems) -> None:
    """Add a problem for every setting that changes nothing where it is; warn of rows in tables that are not named."""
    found = [*_of_tables(model), *_of_key_results(model), *_of_objectives(model)]
    for at, key, belongs in found:
        problems.add((*at, key), f"`{key}` has no effect here", belongs, key=True)
    for at, table in _pages(model):
        said = f"`page` has no effect: the destination has no table `{table}` in which that row could be"
        problems.warn((*at, "page"), said, key=True)


def _of_tables(model: CompanyModel) -> Iterator[Idle]:
    tables: dict[str, dict[str, Any]] = {
        name: raw for name in TABLE_NAMES if (raw := getattr(model.destination, name)) is not None
    }
    for name, raw in tables.items():
        at: PathInFile = ("destination", name)
        for key in raw.keys() & _BELONGS.keys():
            if name not in _BELONGS[key]:
                yield at, key, f"it belongs to {_listed(_BELONGS[key])}"
            elif key == "over_100" and name != OBJECTIVES and PROGRESS.name not in (raw.get("cells") or {}):
                yield (
                    at,
                    key,
                    "it is about the cell `progress`, which this table does not name: add it to `cells`",
                )


def _of_key_results(model: CompanyModel) -> Iterator[Idle]:
    for index, one in enumerate(model.key_results):
        yield from ((("key_results", index), key, belongs) for key, belongs in _of_key_result(one))


def _of_key_result(one: KeyResultModel) -> Iterator[tuple[str, str]]:
    if one.strict and (goal := next((name for name in _NOT_HIT if getattr(one, name) is not None), None)):
        yield "strict", f"`{goal}` is not hit exactly; strict belongs to a target or to at_most and at_least"
    if one.weight is not None and not one.objective:
        yield "weight", "it is against the other key results of one objective: add `objective:`"
    if one.judge == "last":
        said = "it belongs to a limit that is judged over time: add `judge: held`, average or worst"
        yield from ((key, said) for key in ("every", "missing_periods") if key in one.model_fields_set)


def _of_objectives(model: CompanyModel) -> Iterator[Idle]:
    for index, one in enumerate(model.objectives):
        if one.weight is not None and not one.parent:
            yield (
                ("objectives", index),
                "weight",
                "it is against the other objectives of one parent: add `parent:`",
            )


def _pages(model: CompanyModel) -> Iterator[tuple[PathInFile, str]]:
    for table in TABLE_NAMES:
        rows: Collection[Any] = getattr(model, table, ())
        if getattr(model.destination, table) is None:
            yield from (((table, index), table) for index, one in enumerate(rows) if one.page)


def _listed(tables: tuple[str, ...]) -> str:
    return " or ".join(f"`destination: {one}:`" for one in tables)
