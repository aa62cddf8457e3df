"""Plan the table of objectives: each follows what the rows of its key results will show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from okrsync.cells import COUNT, EXPECTED, OBJECTIVES, PROGRESS, STATUS, SUMMARY, UPDATED
from okrsync.config import Company, Draft, Objective
from okrsync.key_results import Form
from okrsync.model import COUNT as UNIT
from okrsync.model import Cause, Dimension, NoValue, Wanted
from okrsync.pace import Linear, expected
from okrsync.planning import DesiredCell, DesiredRow, Plan, without_value
from okrsync.progress import FromTo, Part, Rolled, Rollup, Status, achieved, rollup, status
from okrsync.run_context import Ask, Run
from okrsync.tables.assessment import Assessment
from okrsync.tables.desired import desire, no_row, percent
from okrsync.tables.key_results import shown
from okrsync.tables.notes import note_of, own_cells
from okrsync.units import to_unit


def ids(company: Company) -> Iterable[str]:
    return [one.id for one in _measured(company)]


def _measured(company: Company) -> list[Objective]:
    """The objectives without those of which nothing is measured yet, neither itself nor below."""
    parents = {one.id: one.parent for one in company.objectives}

    def above(names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for name in names:
            while name and name not in found:
                found.add(name)
                name = parents.get(name, "")  # noqa: PLW2901 - one step up
        return found

    measured = above(one.objective for one in company.key_results)
    drafted = above(one.objective for one in company.drafts)
    return [one for one in company.objectives if one.id in measured or one.id not in drafted]


def asks(_run: Run) -> Iterable[Ask]:
    return ()


def desired(run: Run, decided: Plan) -> list[DesiredRow]:
    """Objectives follow what their key results' rows will show, a person's numbers included, and the objectives below."""
    tree = ObjectiveTree(run.company, run.now, shown(run, decided))
    return [
        DesiredRow(
            subject=objective.id,
            row=run.rows[objective.id],
            absent=no_row(run, OBJECTIVES, objective.id),
            cells=_cells(run, objective, tree),
            note=note_of(run, OBJECTIVES),
        )
        for objective in _measured(run.company)
    ]


class ObjectiveTree:
    """The objectives with their parts at the moment ``now``, each rolled up once, from the leaves upwards."""

    def __init__(self, company: Company, now: datetime, assessments: Sequence[Assessment]) -> None:
        self._company = company
        self._now = now
        self._assessments = assessments
        self._rolled: dict[str, Rolled | ValueError] = {}

    def key_results(self, objective: Objective) -> list[Assessment]:
        return [one for one in self._assessments if one.key_result.objective == objective.id]

    def drafts(self, objective: Objective) -> list[Draft]:
        """Its key results that are not measured yet: they count as parts without data."""
        return [one for one in self._company.drafts if one.objective == objective.id]

    def below(self, objective: Objective) -> list[Objective]:
        return [one for one in self._company.objectives if one.parent == objective.id]

    def rolled(self, objective: Objective) -> Rolled:
        """The objective's progress from its parts. Raises ``ValueError`` if they cannot be added up."""
        if objective.id not in self._rolled:
            try:
                self._rolled[objective.id] = roll_up(
                    objective,
                    self.key_results(objective),
                    self._children(objective),
                    self.drafts(objective),
                    cap=None if OBJECTIVES in self._company.over_100 else Decimal(1),
                )
            except ValueError as error:
                self._rolled[objective.id] = error
        found = self._rolled[objective.id]
        if isinstance(found, ValueError):
            raise found
        return found

    def status(self, objective: Objective) -> Status | None:
        return _status(
            self._company, self._now, objective, self.rolled(objective), final=self._final(objective)
        )

    def without_progress(self, objective: Objective) -> bool:
        """Whether nothing in it has a progress to be found: its key results only look for a baseline."""
        own, below = self.key_results(objective), self.below(objective)
        return (
            bool(own or below)
            and not self.drafts(objective)
            and all(one.key_result.aimed.form is Form.BASELINE for one in own)
            and all(self.without_progress(one) for one in below)
        )

    def _final(self, objective: Objective) -> bool:
        """Whether each part that has all of its progress is achieved: a limit that holds may still fail."""
        parts = [Part(one.progress, status=one.status) for one in self.key_results(objective)]
        full = [
            one
            for one in (*parts, *self._children(objective))
            if one.progress is not None and one.progress >= 1
        ]
        return all(one.status is Status.ACHIEVED for one in full)

    def _children(self, objective: Objective) -> list[Part]:
        parts = []
        for one in self.below(objective):
            try:
                parts.append(Part(self.rolled(one).progress, one.weight, self.status(one)))
            except ValueError:
                parts.append(Part(None, one.weight))
        return parts


def details(_run: Run, _decided: Plan) -> dict[str, dict[str, Any]]:
    return {}


def _cells(run: Run, objective: Objective, tree: ObjectiveTree) -> dict[str, DesiredCell]:
    """What every configured cell of an objective should show."""
    cells, destination = own_cells(run, OBJECTIVES), run.destinations[OBJECTIVES]
    try:
        rolled = tree.rolled(objective)
    except ValueError as error:
        why = NoValue(
            metric=objective.id, cause=Cause.CONFIG, reason=str(error), hint=f"see {objective.place}"
        )
        return {cell: without_value(why) for cell in cells}
    none = NoValue(
        metric=objective.id,
        cause=Cause.EMPTY,
        reason=f"{rolled.counted} of {rolled.total} {_noun(objective, tree)} have a progress",
    )
    if not rolled.total:
        none = NoValue(
            metric=objective.id,
            cause=Cause.CONFIG,
            reason=f"no key result belongs to {objective.id}",
            hint=f"write `objective: {objective.id}` at its key results, or take it out at {objective.place}",
        )
    wanted = _wanted(run, objective, tree, rolled)
    unpaced = {PROGRESS.name, EXPECTED.name} if tree.without_progress(objective) else frozenset()
    return {
        cell: desire(destination, cell, value, None)
        if (value := wanted[cell]) is not None
        else without_value(none)
        for cell in cells
        if cell not in unpaced
    }


def _wanted(run: Run, objective: Objective, tree: ObjectiveTree, rolled: Rolled) -> Mapping[str, Wanted]:
    company, parts, noun = run.company, tree.key_results(objective), _noun(objective, tree)
    today = run.now.astimezone(company.zone).date()
    word = tree.status(objective)
    return {
        PROGRESS.name: percent(rolled.progress, over_100=OBJECTIVES in company.over_100)
        if rolled.progress is not None
        else None,
        STATUS.name: str(word) if word is not None else None,
        EXPECTED.name: percent(expected(company.cycle, today, company.pace)),
        SUMMARY.name: _summary(objective, tree, rolled),
        COUNT.name: f"{_reached(objective, tree)} of {len(parts) + len(tree.drafts(objective)) + len(tree.below(objective))} {noun}",
        UPDATED.name: run.now,
    }


def roll_up(
    objective: Objective,
    parts: Sequence[Assessment],
    below: Sequence[Part] = (),
    drafts: Sequence[Draft] = (),
    *,
    cap: Decimal | None = Decimal(1),
) -> Rolled:
    """The objective's progress from its key results, measured or not yet, and the objectives ``below`` it.

    Each part counts up to ``cap``; None: as it is, also above 100 %. Raises ``ValueError`` if they cannot be added up.
    """
    if objective.rollup is Rollup.SUM:
        if below:
            raise ValueError("objectives have no way from a number to a number; write rollup: mean")
        return _added_up(parts, len(drafts))
    shares = [Part(one.progress, one.key_result.weight, one.status) for one in parts]
    unmeasured = [Part(None, one.weight) for one in drafts]
    return rollup([*shares, *unmeasured, *below], objective.rollup, cap=cap)


def _added_up(parts: Sequence[Assessment], unmeasured: int) -> Rolled:
    """The way of all parts together: the distances covered over the distances to go, in one unit, up or down."""
    units = {one.key_result.unit for one in parts}
    if len(units) > 1 and {one.dimension for one in units} != {Dimension.DURATION}:
        said = " and ".join(sorted(str(one) for one in units))
        raise ValueError(f"key results in {said} cannot be added up; write rollup: mean")
    unit = next(iter(units), UNIT)
    covered, whole, statuses = Decimal(0), Decimal(0), []
    for one in parts:
        if not isinstance(one.goal, FromTo) and one.goal is not None:
            raise ValueError(f"{one.key_result.id} has no way from a number to a number; write rollup: mean")
        if one.goal is not None and one.value is not None:
            way = one.goal.target - one.goal.start
            ahead = one.value - one.goal.start if way > 0 else one.goal.start - one.value
            covered += to_unit(ahead, one.key_result.unit, unit)
            whole += abs(to_unit(way, one.key_result.unit, unit))
            statuses.append(Part(None, status=one.status))
    counted = len(statuses)
    worst = rollup(statuses, Rollup.WORST).status
    total = len(parts) + unmeasured
    complete = total > 0 and counted == total
    return Rolled(covered / whole if complete else None, counted, total, worst)


def _status(
    company: Company, now: datetime, objective: Objective, rolled: Rolled, *, final: bool
) -> Status | None:
    """The worst status of the key results or, for an averaged objective, that of its own progress."""
    if not objective.averaged or rolled.progress is None:
        return None if objective.averaged else rolled.status
    today = now.astimezone(company.zone).date()
    return status(
        actual=rolled.progress,
        expected=expected(company.cycle, today, company.pace),
        achieved=rolled.progress >= 1 and final,
        preset=company.status.preset,
        elapsed=expected(company.cycle, today, Linear()),
        tolerance=company.status.tolerance,
        grace=company.status.grace,
        ended=now >= company.cycle.closes,
    )


def _noun(objective: Objective, tree: ObjectiveTree) -> str:
    """What the objective's parts are called together."""
    below = ["objectives"] if tree.below(objective) else []
    own = ["key results"] if tree.key_results(objective) or tree.drafts(objective) or not below else []
    return " and ".join([*own, *below])


def _reached(objective: Objective, tree: ObjectiveTree) -> int:
    own = sum(_fulfilled(one) for one in tree.key_results(objective))
    return own + sum(
        tree.status(one) is Status.ACHIEVED for one in tree.below(objective) if _adds_up(one, tree)
    )


def _fulfilled(one: Assessment) -> bool:
    """Whether the key result has all of its progress and, if its goal is strict, a little more."""
    if one.goal is None or one.value is None or one.progress is None or one.progress < 1:
        return False
    return one.key_result.judging is not None or achieved(one.goal, one.value)


def _adds_up(objective: Objective, tree: ObjectiveTree) -> bool:
    try:
        tree.rolled(objective)
    except ValueError:
        return False
    return True


def _summary(objective: Objective, tree: ObjectiveTree, rolled: Rolled) -> str:
    statuses = [one.status for one in tree.key_results(objective)]
    statuses += [tree.status(one) for one in tree.below(objective) if _adds_up(one, tree)]
    well = sum(one in {Status.ON_TRACK, Status.ACHIEVED} for one in statuses)
    text = f"{well} of {rolled.total} {_noun(objective, tree)} on track"
    searching = sum(
        one.key_result.aimed.form is Form.BASELINE and one.value is not None
        for one in tree.key_results(objective)
    ) + sum(tree.without_progress(one) for one in tree.below(objective))
    without = rolled.total - rolled.counted - searching
    said = [(without, "without data"), (searching, "finding a baseline")]
    return ", ".join([text, *(f"{count} {words}" for count, words in said if count > 0)])
