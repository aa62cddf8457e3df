"""What is remembered belongs to what it was measured with: a changed metric never inherits it in silence."""

from __future__ import annotations

from typing import Any

VISITORS = 'visitors: {from: sheets, range: "Web!B2:B", dates: "Web!A2:A"}'
SHORTER = 'visitors: {from: sheets, range: "Web!B2:B4", dates: "Web!A2:A4"}'
SHORTEST = 'visitors: {from: sheets, range: "Web!B2:B3", dates: "Web!A2:A3"}'


def test_a_frozen_baseline_does_not_outlive_its_metric(desk: Any) -> None:
    desk.run("sync", "demo")
    before = desk.table()["KR-12"]
    desk.edit_yaml(VISITORS, SHORTER)
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "its baseline of 41000 was measured before its metric, query or unit was changed" in ended.out
    assert "okrsync baseline demo KR-12 --measure-again, or --keep" in ended.out
    assert desk.table()["KR-12"] == before


def test_the_baseline_is_kept_or_measured_again_as_a_person_says(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.edit_yaml(VISITORS, SHORTER)
    kept = desk.run("baseline", "demo", "KR-12", "--keep")
    assert (kept.code, "the baseline stays 41,000" in kept.out) == (0, True)
    assert "baseline of 41000" not in desk.run("plan", "demo").out
    desk.edit_yaml(SHORTER, SHORTEST)
    assert "baseline of 41000" in desk.run("plan", "demo").out
    again = desk.run("baseline", "demo", "KR-12", "--measure-again")
    assert (again.code, "the next sync measures it again" in again.out) == (0, True)
    ended = desk.run("sync", "demo")
    assert "baseline of 41000" not in ended.out
    assert "41,000 → 51,250" in desk.run("explain", "demo", "KR-12").out


def test_there_is_nothing_to_decide_about_a_baseline_that_fits(desk: Any) -> None:
    desk.run("sync", "demo")
    for words in (("KR-12", "--keep"), ("KR-1", "--keep"), ("KR-99", "--keep"), ("KR-12",)):
        assert desk.run("baseline", "demo", *words).code == 2


def test_a_metric_that_is_only_renamed_keeps_its_baseline(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.edit_yaml(VISITORS, VISITORS.replace("visitors:", "organic:"))
    desk.edit_yaml("metric: visitors", "metric: organic")
    assert "was measured before" not in desk.run("plan", "demo").out


def test_values_of_a_metric_that_meant_something_else_are_no_history_of_it(desk: Any) -> None:
    desk.run("sync", "demo")
    assert len(desk.run("history", "demo", "KR-9", "--json").json["values"]) == 1
    desk.edit_yaml('cell: "KPI!B2"', 'cell: "KPI!B4"')
    assert desk.run("history", "demo", "KR-9", "--json").json["values"] == []


def test_a_kept_baseline_goes_on_in_a_unit_that_the_old_one_cannot_be_turned_into(desk: Any) -> None:
    """41,000 visitors were counted; now the same figures are euros: 41,000 € + 25 % = 51,250 €, 44,900 € is 38.05 %."""
    desk.run("sync", "demo")
    desk.edit_yaml(VISITORS, VISITORS.replace("}", ', unit: "money:EUR"}'))
    assert "baseline of 41000" in desk.run("plan", "demo").out
    kept = desk.run("baseline", "demo", "KR-12", "--keep")
    assert (kept.code, "the baseline stays €41,000" in kept.out) == (0, True)
    assert desk.run("sync", "demo").code == 3
    assert "(€44,900 − €41,000) ÷ (€51,250 − €41,000) = 38.05%" in desk.run("explain", "demo", "KR-12").out
    for command in ("plan", "status", "history"):
        assert desk.run(command, "demo").code in {0, 3}
    regretted = desk.run("baseline", "demo", "KR-12", "--measure-again")
    assert regretted.code == 2
    assert "if it is wrong, write `baseline:` with a number at" in regretted.err
