"""Build the destination's tables from their YAML: which cells okrsync may write in each."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from okrsync.cells import CHECK_INS, INITIATIVES, KEY_RESULTS, KPIS, OBJECTIVES, TABLE_NAMES, names_of
from okrsync.config.company import Connection, Objective
from okrsync.config.models import TODO, CompanyModel
from okrsync.config.problems import Problems
from okrsync.config.yamlfile import PathInFile
from okrsync.key_results import KeyResult
from okrsync.ports import TableSpec


def tables_of(
    model: CompanyModel,
    connections: Mapping[str, Connection],
    key_results: Collection[KeyResult],
    objectives: Collection[Objective],
    problems: Problems,
) -> dict[str, TableSpec]:
    at: PathInFile = ("destination", "connection")
    name = model.destination.connection
    if name not in connections:
        problems.unknown(at, "connection", name, model.connections)
        return {}
    connector = connections[name].connector
    if connector.table is None:
        problems.add(
            at, f"{name} is a {connector.name} connection: okrsync reads from it and cannot write to it"
        )
        return {}
    keys = {
        KEY_RESULTS: frozenset(one.id for one in key_results),
        OBJECTIVES: frozenset(one.id for one in objectives),
        INITIATIVES: frozenset(one.id for one in model.initiatives),
        KPIS: frozenset(one.id for one in model.kpis),
        CHECK_INS: frozenset[str](),
    }
    pages = {
        KEY_RESULTS: {one.id: one.page for one in key_results if one.page},
        OBJECTIVES: {one.id: one.page for one in objectives if one.page},
        INITIATIVES: {one.id: one.page for one in model.initiatives if one.page},
        KPIS: {one.id: one.page for one in model.kpis if one.page},
        CHECK_INS: {},
    }
    result: dict[str, TableSpec] = {}
    for kind, named in pages.items():
        fitting = names_of(kind)
        raw = getattr(model.destination, kind)
        if raw is None:
            continue
        here: PathInFile = ("destination", kind)
        ours = ("every", "over_100")
        own = {key: value for key, value in raw.items() if key not in ours}
        if TODO in own.values():
            continue
        table = problems.validated(connector.table, own, here, also=ours)
        if table is None:
            continue
        if kind == CHECK_INS:
            if connector.register is None:
                problems.add(here, f"okrsync cannot add rows to a {connector.name} table")
            if getattr(table, "match", None) is None:
                problems.add(
                    here, "check-ins are found again by their key", "name a text column under `match`"
                )
        for cell in table.cells:
            if cell not in fitting:
                problems.unknown((*here, "cells", cell), "cell", cell, fitting)
        result[kind] = TableSpec(settings=table, pages=named, keys=keys[kind], adds_rows=kind == CHECK_INS)
        if not result[kind].cells:
            problems.add(here, "no cells are named, so there is nothing to write")
    return result


def tables_over_100(model: CompanyModel, problems: Problems) -> frozenset[str]:
    """The tables whose YAML says that a progress above 100 % is shown."""
    found = set()
    for name in TABLE_NAMES:
        said = (getattr(model.destination, name) or {}).get("over_100", "capped")
        if said not in {"shown", "capped"}:
            problems.unknown(("destination", name, "over_100"), "word", str(said), ("shown", "capped"))
        if said == "shown":
            found.add(name)
    return frozenset(found)


def check_in_period(model: CompanyModel, problems: Problems) -> str:
    """How often the company's check-ins are: one for each day, week or month."""
    every = (model.destination.check_ins or {}).get("every", "week")
    if every not in {"day", "week", "month"}:
        at: PathInFile = ("destination", "check_ins", "every")
        problems.unknown(at, "period", str(every), ("day", "week", "month"))
    return str(every)
