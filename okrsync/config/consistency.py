"""Check what no single part of a YAML shows: units in expressions, judged windows, idle weights."""

from __future__ import annotations

from collections.abc import Mapping

from okrsync.cells import KEY_RESULTS
from okrsync.config.company import Metric
from okrsync.config.expression_units import Clash, common_unit, lacks_hundred
from okrsync.config.models import CompanyModel
from okrsync.config.problems import Problems
from okrsync.expressions import names
from okrsync.key_results import Form, KeyResult
from okrsync.model import SECONDS_IN, Dimension, Unit
from okrsync.ports import TableSpec
from okrsync.progress import Judge

_JUDGED_BY_PERIOD = frozenset({Judge.HELD, Judge.AVERAGE, Judge.WORST})
_LONGER = ("day", "week", "month")
_PLAIN = frozenset({Dimension.COUNT, Dimension.INDEX})


def check_units(metrics: Mapping[str, Metric], problems: Problems) -> None:
    """Refuse expressions over two units; warn of a share that forgets its 100. The metrics' names are all known."""
    units = {name: one.unit for name, one in metrics.items()}
    for name, one in metrics.items():
        if not one.expr or not names(one.expr) <= units.keys():
            continue
        at = ("metrics", name, "expr")
        found = common_unit(one.expr, units)
        if isinstance(found, Clash):
            said = f"{found.part} mixes {_written(found.one)} and {_written(found.other)}, and a number has one unit"
            problems.add(at, said, f"turn one into the other, {_factor(found.one, found.other)}")
        elif found is not None and one.unit.dimension not in _PLAIN and found != one.unit:
            said = f"{one.expr} is a number in {_written(found)}, and {name} in {_written(one.unit)}"
            problems.add(at, said, f"write `unit: {_written(found)}`, or turn it, {_factor(found, one.unit)}")
        elif one.unit.dimension is Dimension.PERCENT and lacks_hundred(one.expr, units):
            problems.warn(at, f"{one.expr} in percent makes 0.25 % of a quarter; for 25 % multiply by 100")


def check_judged_windows(
    model: CompanyModel, key_results: tuple[KeyResult, ...], metrics: Mapping[str, Metric], problems: Problems
) -> None:
    """Refuse to judge months by what counts a week: the last week is not the month."""
    index = {one.id: number for number, one in enumerate(model.key_results)}
    for one in key_results:
        if one.judging is None or one.judging.how not in _JUDGED_BY_PERIOD:
            continue
        for metric in _measured(one.metric, metrics):
            period = metric.window.removeprefix("previous_")
            if period in _LONGER and period != one.judging.every:
                problems.add(
                    ("key_results", index[one.id]),
                    f"{one.id}: `every: {one.judging.every}` looks at each whole {one.judging.every}, "
                    f"and {metric.name} counts one {period} (`window: {metric.window}`)",
                    f"write every: {period}, or change the window of {metric.name}",
                )


def warn_of_weights(model: CompanyModel, problems: Problems) -> None:
    """Warn of weights in what is added up, or is as good as its worst part: they change nothing."""
    unweighted = {one.id: one.rollup for one in model.objectives if one.rollup != "mean"}
    for index, one in enumerate(model.key_results):
        if one.weight is not None and one.objective in unweighted:
            said = f"{one.id}: its weight changes nothing: {one.objective} has rollup: {unweighted[one.objective]}"
            problems.warn(("key_results", index, "weight"), said)
    for index, below in enumerate(model.objectives):
        if below.weight is not None and below.parent in unweighted:
            said = f"{below.id}: its weight changes nothing: {below.parent} has rollup: {unweighted[below.parent]}"
            problems.warn(("objectives", index, "weight"), said)


def warn_of_open_goals(
    model: CompanyModel,
    key_results: tuple[KeyResult, ...],
    tables: Mapping[str, TableSpec],
    problems: Problems,
) -> None:
    """Warn of a baseline or target that neither the YAML says nor a column of the table could hold."""
    if KEY_RESULTS not in tables:
        return
    settings = tables[KEY_RESULTS].settings
    index = {one.id: number for number, one in enumerate(model.key_results)}
    for one in key_results:
        for word, from_row, key in (
            ("baseline", one.row_has_baseline, "from"),
            ("target", one.row_has_target, "to"),
        ):
            if from_row and getattr(settings, word, None) is None:
                write = (
                    f"write `{key}:`" if one.aimed.form is Form.FROM_TO else "write a number in place of row"
                )
                problems.warn(
                    ("key_results", index[one.id]),
                    f"{one.id} has no {word}: {write}, or name the column that holds it "
                    f"with `{word}:` under `destination: key_results:`",
                )


def _measured(name: str, metrics: Mapping[str, Metric]) -> list[Metric]:
    """The metric, or what an expression is made of, as far as it is known."""
    one = metrics.get(name)
    if one is None:
        return []
    if not one.expr:
        return [one]
    return [found for part in sorted(names(one.expr)) for found in _measured(part, metrics)]


def _written(unit: Unit) -> str:
    """The unit as people write it in the YAML."""
    return unit.detail if unit.dimension is Dimension.DURATION else str(unit)


def _factor(one: Unit, other: Unit) -> str:
    if one.dimension is other.dimension is Dimension.DURATION:
        small, large = sorted((one.detail, other.detail), key=SECONDS_IN.__getitem__)
        return f"such as {small} / {SECONDS_IN[large] // SECONDS_IN[small]} for {large}"
    if one.dimension is other.dimension is Dimension.MONEY:
        return "by a rate of exchange, such as usd * 0.92"
    return "or write the right `unit:` at each metric"
