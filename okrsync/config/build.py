"""Build a ``Company`` from its YAML: everything is checked, and every problem names its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from okrsync.config.company import Company, Connection, StatusRule
from okrsync.config.consistency import check_judged_windows, check_units, warn_of_open_goals, warn_of_weights
from okrsync.config.drafts import drafts, open_tables
from okrsync.config.idle_settings import refuse_idle
from okrsync.config.metrics import check_expressions, metric, unit_of
from okrsync.config.models import MONTHS, TODO, WEEKDAYS, CompanyModel, PaceModel
from okrsync.config.notify import notify_of
from okrsync.config.places import one_name, zone_warning
from okrsync.config.problems import Problems
from okrsync.config.subjects import initiatives_of, key_results_of, kpis_of, objectives_of
from okrsync.config.tables import check_in_period, tables_of, tables_over_100
from okrsync.config.yamlfile import PathInFile, read_yaml
from okrsync.errors import ConfigError
from okrsync.pace import Linear, Pace, Phased, WorkingDays, expected
from okrsync.periods import Cycle
from okrsync.planning import Limits
from okrsync.ports import Connector
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
        said = f"this file is called {shown.name}, and the company in it {model.company}"
        problems.add(("company",), said, one_name(shown, model.company))
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
    key_results = key_results_of(model, units, problems)
    if computable:
        check_units(metrics, problems)
        check_judged_windows(model, key_results, metrics, problems)
    warn_of_weights(model, problems)
    objectives = objectives_of(model, problems)
    initiatives = initiatives_of(model, units, problems)
    kpis = kpis_of(model, units, problems)
    over_100 = tables_over_100(model, problems)
    refuse_idle(model, problems)
    tables = tables_of(model, connections, key_results, objectives, problems)
    warn_of_open_goals(model, key_results, tables, problems)
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
