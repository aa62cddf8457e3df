"""From a YAML file to a ``Company``: everything is checked here, and every complaint names its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from okrsync.config.company import Company, Connection, Initiative, Metric, Notify, Objective, StatusRule
from okrsync.config.key_results import key_result
from okrsync.config.models import (
    CELLS,
    CHECK_IN_CELLS,
    INITIATIVE_CELLS,
    OBJECTIVE_CELLS,
    TODO,
    CompanyModel,
    MetricModel,
    PaceModel,
)
from okrsync.config.problems import Problems
from okrsync.config.yamlfile import PathInFile, YamlFile, read_yaml
from okrsync.errors import ConfigError
from okrsync.expressions import names, order
from okrsync.key_results import KeyResult
from okrsync.model import COUNT, Dimension, Unit
from okrsync.periods import Cycle, Linear, Pace, Phased, WorkingDays, expected, window
from okrsync.planning import Limits
from okrsync.ports import Connector
from okrsync.progress import Rollup
from okrsync.schedules import Schedule, schedule
from okrsync.settings import Table
from okrsync.units import parse_unit


def load_company(path: Path, connectors: Mapping[str, Connector], *, name: str | None = None) -> Company:
    """Read and check one company's YAML. Raises ``ConfigError`` with everything that is wrong in it."""
    file = read_yaml(path, name=name)
    problems = Problems(file)
    if not isinstance(file.data, dict):
        raise ConfigError("this file holds no company", place=file.place(()), hint="okrsync init writes one")
    model = _model(file, problems)
    problems.raise_any()
    assert model is not None
    zone = ZoneInfo(model.timezone)
    cycle = Cycle(name=model.cycle.name, start=model.cycle.start, end=model.cycle.end, zone=zone)
    pace = _pace(model.pace, cycle, problems)
    connections = _connections(model, connectors, problems)
    units = {name: _unit(raw.get("unit"), ("metrics", name), problems) for name, raw in model.metrics.items()}
    metrics = {
        name: metric
        for name, raw in model.metrics.items()
        if (metric := _metric(name, raw, units[name], cycle, connections, problems)) is not None
    }
    _check_expressions(model, metrics, problems)
    key_results = _key_results(model, units, problems)
    objectives = _objectives(model, problems)
    initiatives = _initiatives(model, units, problems)
    tables = _tables(model, connections, key_results, objectives, problems)
    _check_connections(model, connections, problems)
    _every(model, problems)
    timing = _schedule(model, zone, problems)
    problems.raise_any()
    return Company(
        id=model.company,
        title=model.title or model.company,
        zone=zone,
        locale=model.locale,
        cycle=cycle,
        pace=pace,
        status=StatusRule(
            preset=model.status.preset, tolerance=model.status.tolerance, grace=model.status.grace
        ),
        limits=Limits(
            drop=model.limits.drop, fall_back=model.limits.fall_back, of_at_least=model.limits.of_at_least
        ),
        schedule=timing,
        notify=_notify(model, file),
        connections=connections,
        destination=model.destination.connection,
        tables=tables,
        metrics=metrics,
        objectives=objectives,
        key_results=key_results,
        path=path,
        check_in_every=_every(model, problems),
        initiatives=initiatives,
        keep_edits=model.keep_edits,
    )


def _model(file: YamlFile, problems: Problems) -> CompanyModel | None:
    try:
        return CompanyModel.model_validate(file.data)
    except ValidationError as error:
        problems.validation(error, (), CompanyModel)
        return None


def _schedule(model: CompanyModel, zone: ZoneInfo, problems: Problems) -> Schedule | None:
    try:
        return schedule(model.schedule, zone) if model.schedule is not None else None
    except ValueError as error:
        problems.add(("schedule",), str(error))
        return None


def _notify(model: CompanyModel, file: YamlFile) -> Notify | None:
    if (told := model.notify) is None:
        return None
    place = file.place(("notify",), key=True)
    return Notify(ping=told.ping, webhook=told.webhook, kind=told.kind, place=place)


def _validated(
    model: type[Any], data: Any, at: PathInFile, problems: Problems, *, also: Collection[str] = ()
) -> Any:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems.validation(error, at, model, also=also)
        return None


def _connections(
    model: CompanyModel, connectors: Mapping[str, Connector], problems: Problems
) -> dict[str, Connection]:
    result: dict[str, Connection] = {}
    for name, raw in model.connections.items():
        at: PathInFile = ("connections", name)
        kind = raw.get("type")
        if not isinstance(kind, str):
            problems.add(at, "the key 'type' is missing", f"known are: {', '.join(sorted(connectors))}")
        elif kind not in connectors:
            problems.unknown((*at, "type"), "connector", kind, connectors)
        else:
            own = {key: value for key, value in raw.items() if key != "type"}
            settings = _validated(connectors[kind].settings, own, at, problems)
            result[name] = Connection(
                name=name,
                connector=connectors[kind],
                settings=settings,
                place=problems.file.place(at, key=True),
            )
    return result


def _unit(text: Any, at: PathInFile, problems: Problems) -> Unit | None:
    probe = {"from": "-", **({} if text is None else {"unit": text})}
    try:
        return parse_unit(str(MetricModel.model_validate(probe).unit))
    except (ValidationError, ValueError) as error:
        said = error if not isinstance(error, ValidationError) else f"{text!r} is not a unit"
        problems.add((*at, "unit"), str(said))
        return None


def _metric(
    name: str,
    raw: Mapping[str, Any],
    unit: Unit | None,
    cycle: Cycle,
    connections: Mapping[str, Connection],
    problems: Problems,
) -> Metric | None:
    at: PathInFile = ("metrics", name)
    place = problems.file.place(at, key=True)
    engine = {info.alias or field for field, info in MetricModel.model_fields.items()}
    unit = unit or COUNT
    own = {key: value for key, value in raw.items() if key not in engine}
    if "expr" in raw:
        common = _validated(MetricModel, raw, at, problems)
        return (
            Metric(name=name, unit=unit, place=place, title=common.title, expr=common.expr)
            if common
            else None
        )
    common = _validated(MetricModel, {key: raw[key] for key in raw if key in engine}, at, problems)
    if common is None:
        return None
    if common.origin not in connections:
        problems.unknown((*at, "from"), "connection", common.origin, connections)
        return None
    connector = connections[common.origin].connector
    if connector.query is None:
        problems.add((*at, "from"), f"{common.origin} is a {connector.name} connection: it holds no metrics")
        return None
    query = _validated(connector.query, own, at, problems, also=engine)
    if query is None:
        return None
    _check_window(common.window, query, cycle, at, problems)
    _check_per(common, query, at, problems)
    return Metric(
        name=name,
        unit=unit,
        place=place,
        title=common.title,
        connection=common.origin,
        query=query,
        window=common.window or "",
        per=common.per or "",
    )


def _check_window(kind: str | None, query: Any, cycle: Cycle, at: PathInFile, problems: Problems) -> None:
    if kind is None:
        return
    try:
        window(kind, cycle.closes, cycle)
    except ValueError as error:
        problems.add((*at, "window"), str(error))
    if not getattr(query, "date", None):
        problems.add((*at, "window"), "a window needs a date to fall into", "add `date:`, or drop `window:`")


def _check_per(common: MetricModel, query: Any, at: PathInFile, problems: Problems) -> None:
    if common.per is None:
        return
    if common.window is None:
        problems.add((*at, "per"), f"the mean per {common.per} needs a window", "add `window: cycle`, say")
    measure = getattr(query, "measure", None)
    if measure not in {"count", "sum"}:
        said = f"per {common.per} divides a count or a sum; {measure or 'this metric'} is neither"
        problems.add((*at, "per"), said, "drop `per:`")


def _check_expressions(model: CompanyModel, metrics: Mapping[str, Metric], problems: Problems) -> None:
    expressions: dict[str, str] = {}
    for name, metric in metrics.items():
        if metric.expr:
            try:
                unknown = sorted(names(metric.expr) - set(model.metrics))
            except ValueError as error:
                problems.add(("metrics", name, "expr"), str(error))
                continue
            for word in unknown:
                problems.unknown(("metrics", name, "expr"), "metric", word, sorted({*model.metrics} - {name}))
            if not unknown:
                expressions[name] = metric.expr
    try:
        order(expressions, set(model.metrics) - set(expressions))
    except ValueError as error:
        first = next((name for name in expressions if name in str(error)), next(iter(expressions), ""))
        problems.add(("metrics", first, "expr"), str(error))


def _key_results(
    model: CompanyModel, units: Mapping[str, Unit | None], problems: Problems
) -> tuple[KeyResult, ...]:
    result: list[KeyResult] = []
    seen: dict[str, int] = {}
    for index, raw in enumerate(model.key_results):
        at: PathInFile = ("key_results", index)
        if raw.id in seen:
            before = problems.file.place(("key_results", seen[raw.id], "id"))
            problems.add((*at, "id"), f"the id {raw.id!r} is taken already at {before}")
            continue
        seen[raw.id] = index
        if raw.metric == TODO:
            named = f" ({raw.title})" if raw.title else ""
            known = (
                f"its name here; known are: {', '.join(model.metrics)}" if model.metrics else "its name here"
            )
            problems.add(
                (*at, "metric"),
                f"nothing measures {raw.id}{named} yet",
                f"write a metric under `metrics:`, and {known}; or take the key result out",
            )
            continue
        if raw.metric not in model.metrics:
            problems.unknown((*at, "metric"), "metric", raw.metric, model.metrics)
            continue
        if raw.objective and raw.objective not in {one.id for one in model.objectives}:
            problems.unknown(
                (*at, "objective"), "objective", raw.objective, [one.id for one in model.objectives]
            )
        unit = _unit(raw.unit, at, problems) if raw.unit is not None else units[raw.metric]
        metric_unit = units[raw.metric]
        if unit is None or metric_unit is None:
            continue
        made = key_result(raw, unit, metric_unit, model.locale, at, problems)
        if made is not None:
            result.append(made)
    return tuple(result)


def _objectives(model: CompanyModel, problems: Problems) -> tuple[Objective, ...]:
    result: dict[str, Objective] = {}
    for index, raw in enumerate(model.objectives):
        at: PathInFile = ("objectives", index)
        if raw.id in {one.id for one in model.key_results}:
            problems.add((*at, "id"), f"the id {raw.id!r} is a key result's already")
        if raw.id in result:
            problems.add((*at, "id"), f"the id {raw.id!r} is taken already at {result[raw.id].place}")
        if not any(one.objective == raw.id for one in model.key_results):
            problems.add(
                at, f"no key result belongs to {raw.id}", f"write `objective: {raw.id}` at its key results"
            )
        result[raw.id] = Objective(
            id=raw.id,
            title=raw.title,
            page=raw.page,
            rollup=Rollup(raw.rollup),
            averaged=raw.status == "average",
            place=problems.file.place(at),
        )
    return tuple(result.values())


def _initiatives(
    model: CompanyModel, units: Mapping[str, Unit | None], problems: Problems
) -> tuple[Initiative, ...]:
    taken = {one.id for one in model.key_results} | {one.id for one in model.objectives}
    result: list[Initiative] = []
    for index, raw in enumerate(model.initiatives):
        at: PathInFile = ("initiatives", index)
        if raw.id in taken:
            problems.add((*at, "id"), f"the id {raw.id!r} is taken already")
        taken.add(raw.id)
        if raw.key_result not in {one.id for one in model.key_results}:
            known = [one.id for one in model.key_results]
            problems.unknown((*at, "key_result"), "key result", raw.key_result, known)
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
    if model.destination.initiatives is not None and not result:
        problems.add(("destination", "initiatives"), "there are no `initiatives:` to write into it", key=True)
    return tuple(result)


def _tables(
    model: CompanyModel,
    connections: Mapping[str, Connection],
    key_results: Collection[KeyResult],
    objectives: Collection[Objective],
    problems: Problems,
) -> dict[str, Table]:
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
    pages = {
        "key_results": {one.id: one.page for one in key_results if one.page},
        "objectives": {one.id: one.page for one in objectives if one.page},
        "initiatives": {one.id: one.page for one in model.initiatives if one.page},
    }
    allowed = {
        "key_results": CELLS,
        "objectives": OBJECTIVE_CELLS,
        "initiatives": INITIATIVE_CELLS,
        "check_ins": CHECK_IN_CELLS,
    }
    result: dict[str, Table] = {}
    for kind, fitting in allowed.items():
        raw = getattr(model.destination, kind)
        if raw is None:
            continue
        here: PathInFile = ("destination", kind)
        own = {key: value for key, value in raw.items() if (kind, key) != ("check_ins", "every")}
        table = _validated(
            connector.table, own, here, problems, also=("every",) if kind == "check_ins" else ()
        )
        if table is None:
            continue
        if kind == "check_ins":
            if connector.register is None:
                problems.add(here, f"okrsync cannot add rows to a {connector.name} table")
            if getattr(table, "match", None) is None:
                problems.add(
                    here, "check-ins are found again by their key", "name a text column under `match`"
                )
        for cell in table.cells:
            if cell not in fitting:
                problems.unknown((*here, "cells", cell), "cell", cell, fitting)
        if not table.cells:
            problems.add(here, "no cells are named, so there is nothing to write")
        result[kind] = table.model_copy(update={"pages": pages.get(kind, {})})
    return result


def _every(model: CompanyModel, problems: Problems) -> str:
    every = (model.destination.check_ins or {}).get("every", "week")
    if every not in {"day", "week", "month"}:
        at: PathInFile = ("destination", "check_ins", "every")
        problems.unknown(at, "period", str(every), ("day", "week", "month"))
    return str(every)


def _check_connections(
    model: CompanyModel, connections: Mapping[str, Connection], problems: Problems
) -> None:
    used = {str(raw.get("from")) for raw in model.metrics.values()} | {model.destination.connection}
    for name in connections:
        if name not in used:
            problems.add(("connections", name), f"nothing uses the connection {name!r}", "drop it", key=True)


def _pace(model: PaceModel, cycle: Cycle, problems: Problems) -> Pace:
    if model.working_days:
        return WorkingDays(holidays=frozenset(model.holidays))
    if not model.points:
        return Linear()
    try:
        pace = Phased(points=tuple(sorted(model.points.items())))
        expected(cycle, cycle.start, pace)
    except ValueError as error:
        problems.add(("pace", "points"), str(error))
        return Linear()
    return pace
