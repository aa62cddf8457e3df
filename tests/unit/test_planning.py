from decimal import Decimal

import pytest

from okrsync.errors import UnsafePlan
from okrsync.memory import Memory
from okrsync.model import Cause, CellState, Decision, Hold, NoValue, Row, Stored, Verdict
from okrsync.planning import DesiredCell, DesiredRow, Limits, Plan, plan, without_value

MISSING = NoValue(metric="m", cause=Cause.ACCESS, reason="the token has expired", hint="renew it")


def row(**cells: Stored) -> Row:
    return Row(
        id="page",
        key="KR",
        title="KR",
        url="",
        cells={n: CellState(address=n, value=v) for n, v in cells.items()},
    )


def aim(
    subject: str, before: Stored, after: Stored, **more: object
) -> tuple[DesiredRow, dict[tuple[str, str], Stored]]:
    one = Row(
        id=subject, key=subject, title="", url="", cells={"current": CellState(address="c", value=before)}
    )
    made = DesiredRow(subject=subject, row=one, cells={"current": DesiredCell(value=after)}, **more)  # type: ignore[arg-type]
    return made, {(subject, "c"): before}


def planned(*aims: tuple[DesiredRow, dict[tuple[str, str], Stored]], limits: Limits | None = None) -> Plan:
    puts = {where: value for _, put in aims for where, value in put.items()}
    return plan("acme", [one for one, _ in aims], Memory(last_written=puts), limits)


def by_cell(decisions: tuple[Decision, ...]) -> dict[str, Decision]:
    return {one.cell: one for one in decisions}


def test_what_is_derived_is_held_with_current_and_says_so() -> None:
    proposals = {
        "status": DesiredCell(value="On track"),
        "progress": DesiredCell(value=Decimal("0.5")),
        "current": without_value(MISSING),
    }
    made = by_cell(
        plan(
            "acme",
            [DesiredRow(subject="KR", row=row(current=None, progress=None, status=None), cells=proposals)],
            Memory(),
        ).decisions
    )
    assert {one.verdict for one in made.values()} == {Verdict.HELD}
    assert made["current"].hold is Hold.NO_DATA
    assert made["current"].hint == "renew it"
    assert made["status"].hold is Hold.FOLLOWS
    assert made["status"].cause is Cause.ACCESS


def test_a_derived_cell_can_be_held_alone() -> None:
    proposals = {
        "current": DesiredCell(value=Decimal(5)),
        "status": DesiredCell(hold=Hold.INVALID, reason="no such option"),
    }
    made = by_cell(
        plan(
            "acme", [DesiredRow(subject="KR", row=row(current=None, status=None), cells=proposals)], Memory()
        ).decisions
    )
    assert made["current"].verdict is Verdict.WRITE
    assert made["status"].hold is Hold.INVALID


def test_followers_are_written_only_with_company() -> None:
    proposals = {
        "updated": DesiredCell(value="23 Nov"),
        "source": DesiredCell(value="jira"),
        "current": DesiredCell(value=Decimal(5)),
    }
    still = DesiredRow(
        subject="KR", row=row(current=Decimal(5), updated="22 Nov", source=None), cells=proposals
    )
    memory = Memory(last_written={("page", "updated"): "22 Nov", ("page", "current"): Decimal(5)})
    made = plan("acme", [still], memory)
    assert not made.writes
    assert by_cell(made.decisions)["updated"].reason == "nothing else of this row changes"
    moved = DesiredRow(
        subject="KR", row=row(current=Decimal(4), updated="22 Nov", source=None), cells=proposals
    )
    memory = Memory(last_written={("page", "updated"): "22 Nov", ("page", "current"): Decimal(4)})
    assert {one.cell for one in plan("acme", [moved], memory).writes} == {"current", "updated", "source"}


def test_a_follower_that_a_person_changed_is_still_held() -> None:
    proposals = {"updated": DesiredCell(value="23 Nov"), "current": DesiredCell(value=Decimal(5))}
    one = DesiredRow(subject="KR", row=row(current=Decimal(5), updated="a person was here"), cells=proposals)
    made = plan("acme", [one], Memory(last_written={("page", "updated"): "22 Nov"}))
    assert by_cell(made.decisions)["updated"].hold is Hold.EDITED


def test_the_plan_is_total() -> None:
    proposals = {"current": DesiredCell(value=Decimal(5)), "status": DesiredCell(value="On track")}
    absent = DesiredRow(subject="A", row=None, cells=proposals, absent="no row has 'A'")
    trashed = Row(id="page", key="B", title="", url="", cells={}, problem="the row is in the trash")
    made = plan("acme", [absent, DesiredRow(subject="B", row=trashed, cells=proposals)], Memory())
    assert [(one.subject, one.hold, one.reason) for one in made.decisions] == [
        ("A", Hold.NO_ROW, "no row has 'A'"),
        ("A", Hold.NO_ROW, "no row has 'A'"),
        ("B", Hold.NO_ROW, "the row is in the trash"),
        ("B", Hold.NO_ROW, "the row is in the trash"),
    ]


def test_a_cell_the_table_does_not_have_is_held() -> None:
    made = plan(
        "acme",
        [DesiredRow(subject="KR", row=row(), cells={"current": DesiredCell(value=Decimal(5))})],
        Memory(),
    )
    assert made.decisions[0].hold is Hold.LOCKED


@pytest.mark.parametrize(
    ("before", "after", "doubted"),
    [
        (Decimal(120), Decimal(0), True),
        (Decimal(120), Decimal(59), True),
        (Decimal(120), Decimal(60), False),
        (Decimal(-40), Decimal(0), True),
        (Decimal(-40), Decimal(-90), False),
        (Decimal(0), Decimal(0), False),
        (Decimal(0), Decimal(-5), False),
        (None, Decimal(0), False),
        (Decimal(5), Decimal(5000), False),
    ],
)
def test_a_number_that_drops_is_held_by_itself(before: Decimal | None, after: Decimal, doubted: bool) -> None:
    other = aim("KR-2", Decimal(5), Decimal(6))
    made = planned(aim("KR-1", before, after), other)
    made.check()
    one, two = made.decisions
    assert two.verdict is Verdict.WRITE
    assert (one.hold is Hold.DOUBTFUL) is doubted
    if doubted:
        assert one.reason.startswith(
            f"it would {'go' if before is not None and before < after else 'fall'} from"
        )
        assert one.hint == "okrsync accept acme KR-1"


@pytest.mark.parametrize("freed", ["restarted", "unguarded"])
def test_a_new_week_or_the_yaml_frees_a_number_from_the_guard(freed: str) -> None:
    made = planned(aim("KR-1", Decimal(120), Decimal(0), **{freed: True}))
    assert made.decisions[0].verdict is Verdict.WRITE


def test_an_accepted_number_passes_and_no_other_does() -> None:
    passes = planned(aim("KR-1", Decimal(120), Decimal(0), accepted=Decimal(0)))
    assert passes.decisions[0].verdict is Verdict.WRITE
    other = planned(aim("KR-1", Decimal(120), Decimal(1), accepted=Decimal(0)))
    assert other.decisions[0].hold is Hold.DOUBTFUL


def test_a_limit_of_everything_lets_a_number_fall_to_0() -> None:
    free = Limits(drop=Decimal(1))
    assert planned(aim("KR-1", Decimal(120), Decimal(0)), limits=free).decisions[0].verdict is Verdict.WRITE


def test_a_first_0_is_doubted_only_with_a_reason() -> None:
    first = planned(aim("KR-1", None, Decimal(0), first_doubt="nothing proves it"))
    assert (first.decisions[0].hold, first.decisions[0].reason) == (Hold.DOUBTFUL, "nothing proves it")
    assert planned(aim("KR-1", None, Decimal(0))).decisions[0].verdict is Verdict.WRITE
    again = planned(aim("KR-1", Decimal(0), Decimal(0), first_doubt="nothing proves it"))
    assert again.decisions[0].verdict is Verdict.SAME


def test_a_fall_in_a_percent_column_is_said_in_percent() -> None:
    row = Row(
        id="KR",
        key="KR",
        title="",
        url="",
        cells={"current": CellState(address="c", value=Decimal("0.4"), fraction=True)},
    )
    desired = DesiredRow(subject="KR", row=row, cells={"current": DesiredCell(value=Decimal("0.1"))})
    made = plan("acme", [desired], Memory(last_written={("KR", "c"): Decimal("0.4")}))
    assert made.decisions[0].reason == "it would fall from 40% to 10% at once"


def test_held_and_textual_cells_are_not_guarded() -> None:
    held, _ = aim("KR-1", Decimal(9), Decimal(0))
    plan("acme", [held], Memory(last_written={("KR-1", "c"): Decimal(8)})).check()
    planned(aim("KR-2", "a text", Decimal(0))).check()


def test_many_key_results_falling_back_at_once_are_refused() -> None:
    rising = [aim(f"KR-{n}", Decimal(100), Decimal(110), direction=1) for n in range(7)]
    falling = [aim(f"KR-{n}", Decimal(100), Decimal(90), direction=1) for n in range(7, 10)]
    planned(*rising, *falling).check()
    fourth = aim("KR-10", Decimal(100), Decimal(110), direction=-1)
    with pytest.raises(UnsafePlan, match="4 of 10 key results would fall back at once"):
        planned(*rising[1:], *falling, fourth).check()
    planned(*falling, fourth).check()
    planned(*rising[1:], *falling, fourth, limits=Limits(fall_back=Decimal("0.5"))).check()


def test_the_digest_changes_with_what_would_be_written() -> None:
    one = planned(aim("KR-1", Decimal(1), Decimal(2)))
    assert one.digest == planned(aim("KR-1", Decimal("1.0"), Decimal("2.00"))).digest
    assert one.digest != planned(aim("KR-1", Decimal(1), Decimal(3))).digest
    assert one.digest != planned(aim("KR-1", Decimal(1), "2")).digest


def test_two_plans_become_one() -> None:
    falling = [aim(f"A-{n}", Decimal(100), Decimal(90), direction=1) for n in range(10)]
    both = planned(*falling).with_more(planned(aim("B", Decimal(1), Decimal(2))))
    assert [one.subject for one in both.decisions][-2:] == ["A-9", "B"]
    with pytest.raises(UnsafePlan):
        both.check()


def test_a_plan_says_what_it_holds() -> None:
    made = planned(aim("A", Decimal(1), Decimal(2)), aim("B", Decimal(3), Decimal(3)))
    held, _ = aim("C", Decimal(9), Decimal(0))
    both = made.with_more(plan("acme", [held], Memory(last_written={("C", "c"): Decimal(8)})))
    assert [[one.subject for one in group] for group in (both.writes, both.same, both.held)] == [
        ["A"],
        ["B"],
        ["C"],
    ]
