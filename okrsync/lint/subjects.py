"""Show the rules one kind of key result, whether it is measured or a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from okrsync.cells import KEY_RESULTS
from okrsync.config import Company
from okrsync.key_results import Form, KeyResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """What a rule has found, by the name of the rule."""

    rule: str
    subject: str
    place: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A key result as the rules see it. ``known`` is its goal if the YAML says it; ``in_row``: the row may say it."""

    id: str
    title: str
    objective: str
    owner: str
    place: str
    metric: str
    in_row: bool
    known: KeyResult | None

    def found(self, rule: str, text: str) -> Noticed:
        return Noticed(rule=rule, subject=self.id, place=self.place, text=text)


def subjects(company: Company) -> Sequence[Subject]:
    """The company's key results, those that are not measured yet included."""
    table = company.tables.get(KEY_RESULTS)
    in_row = getattr(table.settings, "target", None) is not None if table is not None else False
    measured = [
        Subject(
            id=one.id,
            title=one.title,
            objective=one.objective,
            owner=one.owner,
            place=one.place,
            metric=one.metric,
            in_row=in_row,
            known=one if _says_a_goal(one) else None,
        )
        for one in company.key_results
    ]
    drafts = [
        Subject(
            id=one.id,
            title=one.title,
            objective=one.objective,
            owner=one.owner,
            place=one.place,
            metric="",
            in_row=in_row or (one.has_goal and one.key_result is None),
            known=one.key_result if one.key_result is not None and _says_a_goal(one.key_result) else None,
        )
        for one in company.drafts
        if one.kind == "key result"
    ]
    return [*measured, *drafts]


def _says_a_goal(one: KeyResult) -> bool:
    aimed = one.aimed
    if aimed.form in {Form.YES_NO, Form.BASELINE}:
        return True
    return aimed.target is not None or aimed.change is not None
