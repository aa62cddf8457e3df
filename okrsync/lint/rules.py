"""Declare the rules of ``okrsync lint``: the name of each, why it is one, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MOST_OBJECTIVES: Final = 5
MOST_KEY_RESULTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``reason`` is the advice behind it, ``hint`` the next step."""

    name: str
    reason: str
    hint: str


RULES: Final[Mapping[str, Rule]] = {
    rule.name: rule
    for rule in (
        Rule(
            name="business-as-usual",
            reason="an objective is a change that people will notice; what only has to go on needs no objective",
            hint="say what will be different at the end of the cycle, or watch the number under `kpis:`",
        ),
        Rule(
            name="no-number",
            reason="a key result is a number: without one nobody can say how far along it is",
            hint="add a goal, such as from: 120, to: 30",
        ),
        Rule(
            name="task",
            reason="a key result is what the work brings about; the work itself is an initiative",
            hint="name the number that should move, and put the work under `initiatives:`",
        ),
        Rule(
            name="too-many-objectives",
            reason=f"focus is the point of OKRs: more than {MOST_OBJECTIVES} objectives in a cycle are none",
            hint="keep those that matter most now, or give each team a company file of its own",
        ),
        Rule(
            name="too-many-key-results",
            reason=f"with more than {MOST_KEY_RESULTS} key results nobody knows which of them matters",
            hint="keep the few that prove the objective",
        ),
        Rule(
            name="baseline-equals-target",
            reason="a key result that ends where it begins asks for nothing",
            hint="set a target that differs from the baseline, or watch the number under `kpis:`",
        ),
        Rule(
            name="target-already-met",
            reason="a target that is met while most of the cycle is still to come guides nobody",
            hint="set a target that takes the whole cycle",
        ),
        Rule(
            name="direction",
            reason="the title and the two numbers say opposite things, and progress follows the numbers",
            hint="swap baseline and target, or correct the title",
        ),
        Rule(
            name="no-owner",
            reason="what belongs to everybody is done by nobody: each key result has one person who answers for it",
            hint="write `owner:`; if people keep the owners in Notion, switch this rule off",
        ),
        Rule(
            name="period",
            reason="a key result is measured within its cycle; another period makes its number say something else",
            hint="write the period of the cycle, or correct `cycle:`",
        ),
        Rule(
            name="untied",
            reason="an initiative is there to move a key result, and a key result to prove an objective",
            hint="write `key_result:` at the initiative, `objective:` at the key result",
        ),
        Rule(
            name="leading-only",
            reason="activities show early where things are heading; only a result shows that they got there",
            hint="add a key result for what the activities should bring, such as revenue or deals won",
        ),
        Rule(
            name="kpi-as-key-result",
            reason="an OKR is not a KPI: a number that only has to stay healthy is watched, not aimed at",
            hint="move it under `kpis:` with its healthy range, or set a target that is a change",
        ),
    )
}
