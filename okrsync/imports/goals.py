"""Read baseline, target and unit of a row; list what can be read in two ways, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from okrsync.codec import number as plain
from okrsync.discovery import ExportedCell
from okrsync.model import COUNT, PERCENT, Dimension, Unit
from okrsync.units import parse_number, parse_unit
from okrsync.units.language import currency, folded, times

_PERCENT: Final = re.compile(r"%|percent(age)?|prozent|процент\w*", re.IGNORECASE)
_COUNT: Final = re.compile(
    r"#|number|numeric|numerical|count|units?|integer|decimal|anzahl|zahl|stück|число|числовой|количество|шт\.?|штук",
    re.IGNORECASE,
)
_INDEX: Final = re.compile(r"index|score|points?|nps|punkte|баллы?|балл", re.IGNORECASE)
_LEAST: Final = re.compile(
    r"(?:>=|≥|(?:at least|minimum|min\.?|mindestens|не менее|не ниже|минимум)(?!\w))\s*", re.IGNORECASE
)
_MOST: Final = re.compile(
    r"(?:<=|≤|(?:at most|maximum|maximal|max\.?|höchstens|не более|не выше|максимум)(?!\w))\s*", re.IGNORECASE
)
_NONE: Final = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null", "k. a.", "нет"})


@dataclass(slots=True)
class ImportedGoal:
    """The YAML keys of a goal, and what was not understood by the role of its column."""

    keys: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)


def goal_of(baseline: ExportedCell, target: ExportedCell, unit: ExportedCell, locale: str) -> ImportedGoal:
    goal = ImportedGoal()
    said = _unit(unit, locale, goal)
    ceiling = _limit(target.text)
    number = ExportedCell(text=ceiling[1], percent=target.percent) if ceiling else target
    shown = said or next(
        (one for one in (_own(number, locale), _own(baseline, locale)) if one is not None), None
    )
    start = _number(baseline, shown or COUNT, locale, "baseline", goal)
    end = _number(number, shown or COUNT, locale, "target", goal)
    if shown is not None and (start is not None or end is not None):
        goal.keys["unit"] = shown.detail if shown.dimension is Dimension.DURATION else str(shown)
    if end is None:
        if start is not None and "target" not in dict(goal.problems):
            goal.problems.append(("target", "there is a baseline and no target"))
        goal.keys.pop("unit", None)
        return goal
    goal.keys |= dict(_form(start, end, ceiling[0] if ceiling else "", goal))
    return goal


def healthy_of(target: ExportedCell, unit: ExportedCell, locale: str) -> ImportedGoal:
    """The healthy range of a KPI: its target, if that says on which side of it is healthy."""
    goal = ImportedGoal()
    said = _unit(unit, locale, goal)
    ceiling = _limit(target.text)
    if ceiling is None:
        shown = f"{target.text.strip()!r} does" if target.text.strip() else "nothing does"
        why = f"a KPI needs a healthy range, and {shown} not say on which side of it is healthy"
        goal.problems.append(("target", why if target.text.strip() else "a KPI needs a healthy range"))
        return goal
    number = ExportedCell(text=ceiling[1].strip(), percent=target.percent)
    own = _own(number, locale)
    value = _number(number, said or own or COUNT, locale, "target", goal)
    if value is not None:
        # A KPI has the unit of its metric, which is still open: a number with its own unit keeps it.
        goal.keys["healthy"] = {ceiling[0]: number.text if own is not None else _written(value)}
    return goal


def _form(start: Decimal | None, end: Decimal, limit: str, goal: ImportedGoal) -> Iterator[tuple[str, Any]]:
    if limit:
        yield limit, _written(end)
        if start is not None:
            goal.problems.append(("baseline", "a limit has no baseline: it is left out"))
        return
    if start == end:
        goal.problems.append(
            ("target", f"baseline and target are both {_written(end)}: a goal needs a way to go")
        )
        goal.keys.pop("unit", None)
        return
    if start is not None:
        yield "from", _written(start)
    elif "baseline" not in dict(goal.problems):
        goal.problems.append(
            ("baseline", "there is a target and no baseline: write `from:`, or `reach:` if it starts at 0")
        )
    yield "to", _written(end)


def _limit(text: str) -> tuple[str, str] | None:
    """``at_least`` or ``at_most`` with the rest of the text, if it says so."""
    for key, words in (("at_least", _LEAST), ("at_most", _MOST)):
        if found := words.match(text.strip()):
            return key, text.strip()[found.end() :]
    return None


def _unit(cell: ExportedCell, locale: str, goal: ImportedGoal) -> Unit | None:
    text = cell.text.strip()
    if text.casefold() in _NONE:
        return None
    if _PERCENT.fullmatch(text):
        return PERCENT
    if _COUNT.fullmatch(text):
        return COUNT
    if _INDEX.fullmatch(text):
        return Unit(dimension=Dimension.INDEX)
    if code := currency(text):
        return Unit(dimension=Dimension.MONEY, detail=code)
    try:
        return parse_unit(text.lower())
    except ValueError:
        pass
    if (length := _length(text, locale)) is not None:
        return length
    goal.problems.append(
        ("unit", f"{text!r} is no unit that okrsync knows: count is taken where nothing else says one")
    )
    return None


def _length(text: str, locale: str) -> Unit | None:
    names = {Decimal(seconds): name for name, seconds in _SECONDS.items()}
    for language in (locale, "en_US", "de_DE", "ru_RU"):
        size = times(language).get(folded(text))
        if size in names:
            return Unit(dimension=Dimension.DURATION, detail=names[size])
    return None


_SECONDS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}


def _own(cell: ExportedCell, locale: str) -> Unit | None:
    """The unit that a number is written with: a percent sign, a currency, a length of time."""
    if cell.percent or "%" in cell.text:
        return PERCENT
    if cell.number is not None:
        return None
    rest = re.sub(r"[\d.,\s'\u2212+-]+", " ", cell.text).strip()
    for word in rest.split():
        if code := currency(word):
            return Unit(dimension=Dimension.MONEY, detail=code)
        if (length := _length(word, locale)) is not None:
            return length
    return None


def _number(cell: ExportedCell, unit: Unit, locale: str, role: str, goal: ImportedGoal) -> Decimal | None:
    if cell.text.strip().casefold() in _NONE:
        return None
    if cell.problem:
        goal.problems.append((role, f"{cell.text}: {cell.problem}"))
        return None
    if cell.number is not None:
        if cell.percent and unit.dimension is not Dimension.PERCENT:
            goal.problems.append((role, f"{cell.text} is a percentage, and the unit is {unit}"))
            return None
        return cell.number
    try:
        return parse_number(cell.text, unit, locale)
    except ValueError as error:
        goal.problems.append((role, str(error)))
        return None


def _written(value: Decimal) -> Any:
    """A number that YAML reads back as it is."""
    text = plain(value)
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
