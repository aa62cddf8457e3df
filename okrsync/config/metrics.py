"""Build a ``Metric`` from its YAML: the connector's own keys, its window, its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from okrsync.config.company import Connection, Metric
from okrsync.config.models import CompanyModel, MetricModel
from okrsync.config.problems import Problems
from okrsync.config.yamlfile import PathInFile
from okrsync.expressions import names, order
from okrsync.model import COUNT, Unit
from okrsync.periods import Cycle, window
from okrsync.units import parse_unit


def metric(
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
        common = problems.validated(MetricModel, raw, at)
        return (
            Metric(name=name, unit=unit, place=place, title=common.title, expr=common.expr)
            if common
            else None
        )
    common = problems.validated(MetricModel, {key: raw[key] for key in raw if key in engine}, at)
    if common is None:
        return None
    if common.origin not in connections:
        problems.unknown((*at, "from"), "connection", common.origin, connections)
        return None
    connector = connections[common.origin].connector
    if connector.query is None:
        problems.add((*at, "from"), f"{common.origin} is a {connector.name} connection: it holds no metrics")
        return None
    query = problems.validated(connector.query, own, at, also=engine)
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


def unit_of(text: Any, at: PathInFile, problems: Problems) -> Unit | None:
    probe = {"from": "-", **({} if text is None else {"unit": text})}
    try:
        return parse_unit(str(MetricModel.model_validate(probe).unit))
    except (ValidationError, ValueError) as error:
        said = error if not isinstance(error, ValidationError) else f"{text!r} is not a unit"
        problems.add((*at, "unit"), str(said))
        return None


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


def check_expressions(model: CompanyModel, metrics: Mapping[str, Metric], problems: Problems) -> None:
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
