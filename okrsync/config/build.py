"""Build a ``Company`` from its YAML: everything is checked, and every problem names its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from okrsync.config.company import Company, Connection, Initiative, Kpi, Objective, StatusRule
from okrsync.config.consistency import check_judged_windows, check_units, warn_of_weights
from okrsync.config.drafts import drafts, open_tables
from okrsync.config.key_results import healthy, key_result
from okrsync.config.metrics import check_expressions, metric, unit_of
from okrsync.config.models import MONTHS, TODO, WEEKDAYS, CompanyModel, PaceModel
from okrsync.config.notify import notify_of
from okrsync.config.places import zone_warning
from okrsync.config.problems import Problems
from okrsync.config.tables import check_in_period, tables_of, tables_over_100
from okrsync.config.yamlfile import PathInFile, read_yaml
from okrsync.errors import ConfigError
from okrsync.key_results import KeyResult
from okrsync.model import Dimension, Unit
from okrsync.pace import Linear, Pace, Phased, WorkingDays, expected
from okrsync.periods import Cycle
from okrsync.planning import Limits
from okrsync.ports import Connector
from okrsync.progress import Rollup
from okrsync.schedules import Schedule, schedule


def load_company(path: Path, connectors: Mapping[str, Connector], *, name: str | None = None) -> Company:
    """Read and check one company's YAML. Raises ``ConfigError`` with everything that is wrong in it."""
    file = read_yaml(path, name=name)
    problems = Problems(file, path.parent, warnings=list(file.warnings))
    if not isinstance(file.data, dict):
        raise ConfigError("this file holds no company", place=file.place(()), hint="okrsync init writes one")
    model: CompanyModel | None = problems.validated(CompanyModel, file.data, ())
    problems.raise_any()
    assert model is not None
    shown = Path(name or path.name)
    if shown.stem != model.company:
        problems.add(
            ("company",),
            f"this file is called {shown.name}, and the company in it {model.company}",
            f"write company: {shown.stem}, or rename the file to {model.company}{shown.suffix}; "
            "two files of one company would share what okrsync remembers",
        )
    zone = ZoneInfo(model.timezone)
    if warning := zone_warning(model.timezone):
        problems.warn(("timezone",), warning)
    cycle = Cycle(
        name=model.cycle.name,
        start=model.cycle.start,
        end=model.cycle.end,
        zone=zone,
        year_starts=MONTHS.index(model.calendar.year_starts) + 1,
        week_starts=WEEKDAYS.index(model.calendar.week_starts),
        closing_days=model.cycle.closing_days,
    )
    pace = _pace(model.pace, cycle, problems)
    connections = _connections(model, connectors, problems)
    units = {
        name: unit_of(raw.get("unit"), ("metrics", name), problems) for name, raw in model.metrics.items()
    }
    metrics = {
        name: made
        for name, raw in model.metrics.items()
        if (made := metric(name, raw, units[name], cycle, connections, problems)) is not None
    }
    before = len(problems.found)
    check_expressions(model, metrics, problems)
    computable = len(problems.found) == before
    key_results = _key_results(model, units, problems)
    if computable:
        check_units(metrics, problems)
        check_judged_windows(model, key_results, metrics, problems)
    warn_of_weights(model, problems)
    objectives = _objectives(model, problems)
    initiatives = _initiatives(model, units, problems)
    kpis = _kpis(model, units, problems)
    over_100 = tables_over_100(model, problems)
    tables = tables_of(model, connections, key_results, objectives, problems)
    undone = tuple(drafts(model, problems))
    _check_connections(model, connections, problems)
    check_in_every = check_in_period(model, problems)
    timing = _schedule(model, zone, problems)
    notify = notify_of(model, zone, problems)
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
            drop=model.limits.drop,
            fall_back=model.limits.fall_back,
            of_at_least=model.limits.of_at_least,
            locale=model.locale,
        ),
        schedule=timing,
        notify=notify,
        connections=connections,
        destination=model.destination.connection,
        tables=tables,
        metrics=metrics,
        objectives=objectives,
        key_results=key_results,
        path=path,
        check_in_every=check_in_every,
        initiatives=initiatives,
        kpis=kpis,
        over_100=over_100,
        keep_edits=model.keep_edits,
        warnings=tuple(problems.warnings),
        drafts=undone,
        open_tables=open_tables(model, problems),
        lint_off=frozenset(model.lint.off),
    )


def _schedule(model: CompanyModel, zone: ZoneInfo, problems: Problems) -> Schedule | None:
    try:
        return schedule(model.schedule, zone) if model.schedule is not None else None
    except ValueError as error:
        problems.add(("schedule",), str(error))
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
            settings = problems.validated(connectors[kind].settings, own, at)
            result[name] = Connection(
                name=name,
                connector=connectors[kind],
                settings=settings,
                place=problems.file.place(at, key=True),
            )
    return result


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


def _objectives(model: CompanyModel, problems: Problems) -> tuple[Objective, ...]:
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


def _kpis(model: CompanyModel, units: Mapping[str, Unit | None], problems: Problems) -> tuple[Kpi, ...]:
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


def _check_connections(
    model: CompanyModel, connections: Mapping[str, Connection], problems: Problems
) -> None:
    used = {str(raw.get("from")) for raw in model.metrics.values()} | {model.destination.connection}
    for name in connections:
        # A connection may be there for the metrics that drafts still wait for.
        if name not in used and not any(one.metric == TODO for one in model.key_results):
            said = f"nothing uses the connection {name!r}"
            if connections[name].connector.query is None:
                said += f": a company is written through one connection, {model.destination.connection!r}; write a YAML of its own for what is in {name!r}, or take it out"
            problems.warn(("connections", name), said, key=True)


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
