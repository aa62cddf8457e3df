"""What is said beside a count of nothing, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from okrsync.loopback import Fault
from okrsync.model import PERCENT, Reading, Window
from tests.contract.jira.test_history import OCTOBER, POINTS, SEED
from tests.support.jira_site import NOW, World, ask, fact

NOVEMBER = Window(start=OCTOBER.end, end=NOW)
STORIES = "project = APP AND type = Story"


@pytest.fixture
def seed() -> Mapping[str, Any]:
    return SEED


def facts(answer: Reading) -> dict[str, str]:
    return dict(answer.evidence.facts)


@pytest.mark.parametrize(
    "query",
    [
        {"jql": STORIES, "date": "created"},
        {"jql": STORIES, "date": "created", "measure": "sum", "field": POINTS, "min_samples": 0},
        {"scope": STORIES, "date": "created"},
        {"scope": STORIES, "measure": "throughput"},
    ],
)
def test_a_zero_says_how_many_there_are_without_its_window(world: World, query: Mapping[str, Any]) -> None:
    nothing = world.value(**query, window=NOVEMBER)
    assert nothing.value == 0
    assert fact(nothing, "without window") == "3"
    something = world.value(
        **{**query, "measure": "count"} if "date" in query and "field" not in query else query, window=OCTOBER
    )
    assert something.value
    assert "without window" not in facts(something)


def test_a_filter_that_no_issue_fulfils_is_named(world: World) -> None:
    both = world.value(jql="project = APP AND labels = uxx", date="created", window=OCTOBER)
    assert both.value == 0
    assert (fact(both, "without window"), fact(both, "no issue has")) == ("0", "labels = uxx")
    mine = world.value(jql='project = APP AND assignee = currentUser() AND labels in (a, "b c")')
    assert fact(mine, "no issue has") == 'assignee = currentUser(); labels in (a, "b c")'
    assert "without window" not in facts(mine)
    world.jira.load({"issues": [{"key": "OPS-1", "labels": ["uxx"]}]})
    world.state.clear()
    elsewhere = world.value(jql="project = APP AND labels = uxx")
    assert "no issue has" not in facts(elsewhere)
    # What may or may not hold beside others is not taken apart.
    assert "no issue has" not in facts(
        world.value(jql="project = APP AND type = Epic AND (labels = x OR labels = y)")
    )


def test_the_facts_cost_one_request_each_and_none_in_a_backfill(world: World) -> None:
    world.value(jql=STORIES, date="created", window=OCTOBER)
    usual = world.jira.server.count("search")
    world.jira.server.forget()
    questions = [ask(f"m{n}", jql=STORIES, date="created", window=NOVEMBER) for n in range(3)]
    world.read(*questions)
    cross_check = 1 if world.kind == "cloud" else 0
    assert world.jira.server.count("search") == usual + cross_check + 1
    world.jira.server.forget()
    early = Window(start=datetime_of("09-01"), end=datetime_of("09-20"))
    past = world.value("09-10", jql="project = APP AND labels = uxx", date="created", window=early)
    assert past.value == 0
    assert facts(past).keys().isdisjoint({"without window", "no issue has"})


def datetime_of(day: str) -> Any:
    return OCTOBER.start.replace(month=int(day[:2]), day=int(day[3:]))


def test_a_fact_that_cannot_be_had_costs_no_answer(cloud: World) -> None:
    cloud.jira.server.faults.append(Fault(where="approximate-count", skip=1, times=99, status=500))
    answer = cloud.value(jql=STORIES, date="created", window=NOVEMBER)
    assert answer.value == 0
    assert "without window" not in facts(answer)


def test_a_share_of_0_names_the_filter_of_its_part(world: World) -> None:
    query = {"measure": "ratio", "jql": STORIES, "unit": PERCENT}
    typo = world.value(**query, part="labels = within-slaa")
    assert typo.value == 0
    assert fact(typo, "no issue has") == "labels = within-slaa"
    windowed = {**query, "date": "created", "window": OCTOBER}
    everywhere = world.value(**windowed, part="labels = within-slaa")
    assert (fact(everywhere, "without window"), fact(everywhere, "no issue has")) == (
        "0",
        "labels = within-slaa",
    )
    # One story of September would be in the part: the 0 of October is true.
    world.jira.load(
        {"issues": [{"key": "APP-77", "type": "Story", "created": "2026-09-02", "labels": ["late"]}]}
    )
    world.state.clear()
    true = world.value(**windowed, part="labels = late")
    assert true.value == 0
    assert fact(true, "without window") == "1"
    assert "no issue has" not in facts(true)
