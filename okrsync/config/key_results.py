"""Build key results from their YAML: numbers are parsed in the unit and the company's locale."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from okrsync.config.key_result_models import HealthyModel, KeyResultModel, KpiModel
from okrsync.config.percentages import Written, warn_of_points, warn_of_shares
from okrsync.config.problems import Problems
from okrsync.config.yamlfile import PathInFile
from okrsync.key_results import Aimed, Form, Judging, KeyResult
from okrsync.model import Dimension, Unit
from okrsync.progress import AtLeast, AtMost, FromTo, Judge, MissingPeriod, Within
from okrsync.units import parse_number, to_unit

_Number = Callable[[str, Decimal | str], Decimal]
_PERCENTAGES = ("at_least", "at_most", "within", "from", "to", "reach", "share", "change", "baseline", "risk")
_NO_ROW = {
    "from": "leave it out: then the row's number in Notion counts, in the column under `baseline`",
    "to": "leave it out: then the row's number in Notion counts, in the column under `target`",
    "within": "a band cannot be kept in Notion: write both numbers, as in [70, 80]",
    "change": "a change cannot be kept in Notion: write it, or leave it out for the row's baseline and target",
    "baseline": "leave `change` out too: then the row's baseline and target in Notion count",
    "risk": "it cannot be kept in Notion: write the number",
}
_RELATIVE = re.compile(r"\s*([+\-\u2212])\s*(\d+(?:[.,]\d+)?)\s*%\s*")


class _Bad(Exception):
    """A number that cannot be read; ``key`` is its key in the YAML."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


def key_result(
    raw: KeyResultModel, unit: Unit, metric_unit: Unit, locale: str, at: PathInFile, problems: Problems
) -> KeyResult | None:
    """Build one key result; what is wrong with it goes to ``problems`` and gives None."""

    def number(key: str, value: Decimal | str) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if value == "row":
            raise _Bad(key, _NO_ROW[key])
        try:
            return parse_number(value, unit, locale)
        except ValueError as error:
            raise _Bad(key, str(error)) from error

    try:
        to_unit(Decimal(1), metric_unit, unit)
        aimed = _aimed(raw, unit, number)
        _check(raw, aimed)
        if aimed.form is Form.FROM_TO and aimed.start is not None and aimed.target is not None:
            FromTo(start=aimed.start, target=aimed.target)
    except _Bad as bad:
        problems.add((*at, bad.key), f"{raw.id}: {bad}")
        return None
    except ValueError as error:
        problems.add(at, f"{raw.id}: {error}")
        return None
    percentages = {name: getattr(raw, "start" if name == "from" else name) for name in _PERCENTAGES}
    written = Written(unit=unit, locale=locale, at=at)
    warn_of_shares(raw.id, percentages, written, problems)
    warn_of_points(raw.id, percentages | {"milestones": raw.milestones}, written, problems)
    if raw.judge == "distance" and aimed.target == 0:
        said = "the distance from a limit of 0 is not a share of it; judge by held, average or worst"
        problems.add((*at, "judge"), f"{raw.id}: {said}")
        return None
    judging = Judging(
        how=Judge(raw.judge),
        every=raw.every,
        missing=MissingPeriod(raw.missing_periods or "miss"),
        misses=raw.misses,
        from_the_start=raw.missing_periods is not None,
    )
    return KeyResult(
        id=raw.id,
        metric=raw.metric,
        aimed=aimed,
        place=problems.file.place(at),
        title=raw.title,
        unit=unit,
        objective=raw.objective,
        owner=raw.owner,
        weight=raw.weight,
        page=raw.page,
        judging=judging if raw.judge != "last" else None,
        may_drop=raw.may_drop,
    )


def healthy(
    raw: KpiModel, unit: Unit, locale: str, at: PathInFile, problems: Problems
) -> AtLeast | AtMost | Within | None:
    """The limit that a KPI should keep; what is wrong with it goes to ``problems`` and gives None."""

    def number(value: Decimal | str) -> Decimal:
        return value if isinstance(value, Decimal) else parse_number(value, unit, locale)

    try:
        return _limit(raw.healthy, number)
    except ValueError as error:
        problems.add((*at, "healthy"), str(error))
        return None
    finally:
        said, written = raw.healthy.model_dump(), Written(unit=unit, locale=locale, at=(*at, "healthy"))
        warn_of_shares(raw.id, said, written, problems)
        warn_of_points(raw.id, said, written, problems)


def _limit(raw: HealthyModel, number: Callable[[Decimal | str], Decimal]) -> AtLeast | AtMost | Within:
    if raw.at_least is not None:
        return AtLeast(limit=number(raw.at_least))
    if raw.at_most is not None:
        return AtMost(limit=number(raw.at_most))
    assert raw.within is not None
    low, high = (number(one) for one in raw.within)
    if low >= high:
        raise ValueError(f"{low} to {high} is no range; write the lower number first")
    return Within(low=low, high=high)


def _check(raw: KeyResultModel, aimed: Aimed) -> None:
    """Raise ``_Bad`` for numbers that make no goal, whatever will be measured."""
    if aimed.form is Form.MILESTONES and aimed.target is not None and aimed.target <= 0:
        raise _Bad("milestones", f"{aimed.target} parts are none; write how many parts the deliverable has")
    if aimed.form is Form.RELATIVE and aimed.start == 0:
        raise _Bad("baseline", f"{raw.change} of 0 is 0; write `change` as a number, such as +500")
    if aimed.risk is not None and aimed.target is not None:
        wrong = aimed.risk <= aimed.target if aimed.form is Form.AT_MOST else aimed.risk >= aimed.target
        if wrong:
            side, limit = ("above", "at_most") if aimed.form is Form.AT_MOST else ("below", "at_least")
            raise _Bad(
                "risk",
                f"risk {raw.risk} must be {side} {limit} {getattr(raw, limit)}: between them is behind",
            )


def _aimed(raw: KeyResultModel, unit: Unit, number: _Number) -> Aimed:
    for key, form in (
        ("at_most", Form.AT_MOST),
        ("at_least", Form.AT_LEAST),
        ("milestones", Form.MILESTONES),
    ):
        value = getattr(raw, key)
        if value is not None:
            risk = number("risk", raw.risk) if raw.risk is not None else None
            target = None if value == "row" else number(key, value)
            return Aimed(form=form, target=target, strict=raw.strict, risk=risk)
    for key in ("reach", "share"):
        value = getattr(raw, key)
        if value is not None:
            if key == "share" and unit.dimension is not Dimension.PERCENT:
                raise _Bad("share", "a share is measured in percent; write `unit: percent` at its metric")
            target = None if value == "row" else number(key, value)
            return Aimed(form=Form.FROM_TO, start=Decimal(0), target=target, strict=raw.strict)
    if raw.within is not None:
        return _within(raw.within, number)
    if raw.change is not None:
        return _change(raw, number)
    if raw.yes_no:
        return Aimed(form=Form.YES_NO)
    if raw.find_baseline:
        return Aimed(form=Form.BASELINE)
    start = number("from", raw.start) if raw.start is not None else None
    measured = _measured(raw.baseline)
    target = number("to", raw.to) if raw.to is not None else None
    return Aimed(form=Form.FROM_TO, start=start, target=target, strict=raw.strict, measured=measured)


def _measured(baseline: object) -> Literal["", "cycle_start", "previous_quarter"]:
    return (
        "cycle_start"
        if baseline == "cycle_start"
        else "previous_quarter"
        if baseline == "previous_quarter"
        else ""
    )


def _within(within: list[Decimal | str] | Decimal | str, number: _Number) -> Aimed:
    if isinstance(within, list):
        low, high = (number("within", one) for one in within)
        if low >= high:
            raise _Bad("within", f"{low} to {high} is no range; write the lower number first")
        return Aimed(form=Form.WITHIN, start=low, target=high)
    tolerance = abs(number("within", within))
    return Aimed(form=Form.WITHIN, start=-tolerance, target=tolerance)


def _change(raw: KeyResultModel, number: _Number) -> Aimed:
    assert raw.change is not None
    start = None
    measured = _measured(raw.baseline)
    if measured == "cycle_start":
        measured = ""
    elif raw.baseline is not None and not measured:
        start = number("baseline", raw.baseline)
    if isinstance(raw.change, str) and (found := _RELATIVE.fullmatch(raw.change)):
        share = Decimal(found[2].replace(",", ".")) / 100
        signed = share if found[1] == "+" else -share
        return Aimed(form=Form.RELATIVE, change=signed, start=start, strict=raw.strict, measured=measured)
    text = raw.change.strip().removeprefix("+") if isinstance(raw.change, str) else raw.change
    change = number("change", text)
    return Aimed(form=Form.DELTA, change=change, start=start, strict=raw.strict, measured=measured)
