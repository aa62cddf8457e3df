from decimal import Decimal

import pytest

from okrsync.key_results import Aimed, Form, KeyResult, direction, settle
from okrsync.model import COUNT, PERCENT, NoValue, Quantity, Unit
from okrsync.progress import AtLeast, AtMost, Baseline, FromTo, Goal, Milestones, Within, YesNo


def key_result(aimed: Aimed, unit: Unit = COUNT) -> KeyResult:
    return KeyResult(id="KR-1", metric="m", aimed=aimed, place="acme.yaml:7:3", unit=unit)


def settled(aimed: Aimed, *, baseline: str = "", target: str = "", measured: str = "") -> Goal | NoValue:
    def quantity(text: str) -> Quantity | None:
        return Quantity(value=Decimal(text)) if text else None

    return settle(
        key_result(aimed), quantity(baseline), quantity(target), Decimal(measured) if measured else None
    )


ten, five = Decimal(10), Decimal(5)


@pytest.mark.parametrize(
    ("aimed", "row", "goal"),
    [
        (Aimed(form=Form.FROM_TO, start=ten, target=five), {}, FromTo(ten, five)),
        (
            Aimed(form=Form.FROM_TO, start=ten, target=five),
            {"baseline": "1", "target": "2"},
            FromTo(ten, five),
        ),
        (Aimed(form=Form.FROM_TO), {"baseline": "10", "target": "5"}, FromTo(ten, five)),
        (Aimed(form=Form.FROM_TO, start=ten, strict=True), {"target": "5"}, FromTo(ten, five, strict=True)),
        (Aimed(form=Form.RELATIVE, change=Decimal("0.5"), start=ten), {}, FromTo(ten, Decimal(15))),
        (
            Aimed(form=Form.RELATIVE, change=Decimal("-0.5"), strict=True),
            {"measured": "10"},
            FromTo(ten, five, strict=True),
        ),
        (Aimed(form=Form.DELTA, change=five), {"measured": "5"}, FromTo(five, ten)),
        (Aimed(form=Form.AT_MOST, target=ten, risk=Decimal(12)), {}, AtMost(ten, risk=Decimal(12))),
        (Aimed(form=Form.AT_MOST), {"target": "10"}, AtMost(ten)),
        (Aimed(form=Form.AT_LEAST, strict=True), {"target": "10"}, AtLeast(ten, strict=True)),
        (Aimed(form=Form.WITHIN, start=five, target=ten), {}, Within(five, ten)),
        (Aimed(form=Form.MILESTONES), {"target": "10"}, Milestones(ten)),
        (Aimed(form=Form.YES_NO), {}, YesNo()),
        (Aimed(form=Form.BASELINE), {}, Baseline()),
    ],
)
def test_the_goal_comes_from_the_yaml_then_from_the_row(
    aimed: Aimed, row: dict[str, str], goal: Goal
) -> None:
    assert settled(aimed, **row) == goal


@pytest.mark.parametrize(
    ("aimed", "row", "reason"),
    [
        (Aimed(form=Form.FROM_TO, target=five), {}, "neither the YAML nor the row says its baseline"),
        (Aimed(form=Form.AT_LEAST), {}, "says its limit"),
        (Aimed(form=Form.FROM_TO), {"baseline": "5", "target": "5"}, "start and target are both 5"),
        (Aimed(form=Form.DELTA, change=five), {}, "its baseline was not measured when the cycle began"),
        (Aimed(form=Form.RELATIVE, change=five), {"measured": "0"}, "the baseline is 0"),
    ],
)
def test_where_there_is_no_goal_it_says_why_and_where(aimed: Aimed, row: dict[str, str], reason: str) -> None:
    missing = settled(aimed, **row)
    assert isinstance(missing, NoValue)
    assert reason in missing.reason
    assert "acme.yaml:7:3" in missing.hint


def test_a_percent_column_does_not_fit_a_count() -> None:
    percent = Quantity(value=ten, unit=PERCENT)
    assert isinstance(settle(key_result(Aimed(form=Form.FROM_TO)), percent, percent, None), NoValue)


def test_only_changes_without_a_given_baseline_measure_one() -> None:
    assert key_result(Aimed(form=Form.DELTA, change=five)).measured_baseline
    assert not key_result(Aimed(form=Form.DELTA, change=five, start=ten)).measured_baseline
    assert not key_result(Aimed(form=Form.FROM_TO)).measured_baseline


@pytest.mark.parametrize(
    ("goal", "sign"),
    [
        (FromTo(five, ten), 1),
        (FromTo(ten, five), -1),
        (AtLeast(ten), 1),
        (AtMost(ten), -1),
        (Milestones(ten), 1),
        (YesNo(), 1),
        (Within(five, ten), 0),
        (Baseline(), 0),
    ],
)
def test_direction(goal: Goal, sign: int) -> None:
    assert direction(goal) == sign
