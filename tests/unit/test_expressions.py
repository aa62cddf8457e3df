from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.expressions import evaluate, names, order
from okrsync.model import COUNT, PERCENT, Answer, Cause, Evidence, NoValue, Reading, Window

D = Decimal
AT = datetime(2026, 11, 23, 7, tzinfo=UTC)
NOVEMBER = Window(start=datetime(2026, 11, 1, tzinfo=UTC), end=AT, label="2026-11")


def reading(metric: str, value: str, **more: Any) -> Reading:
    given_ = {"unit": COUNT, "as_of": AT, "evidence": Evidence(source="sheet", query="A1"), **more}
    return Reading(metric=metric, value=D(value), **given_)


def answers(**values: str) -> dict[str, Answer]:
    return {metric: reading(metric, value) for metric, value in values.items()}


def value_of(text: str, **values: str) -> Decimal:
    found = evaluate("m", text, answers(**values), COUNT, AT)
    assert isinstance(found, Reading), found
    return found.value


# ---- syntax ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("won / closed * 100", {"won", "closed"}),
        ("min(a, max(b, abs(c)))", {"a", "b", "c"}),
        ("min + abs(max)", {"min", "max"}),
        ("-(x)", {"x"}),
        ("1.5 * 2", set()),
        ("  won\n  + closed", {"won", "closed"}),
        ("выиграно / всего", {"выиграно", "всего"}),
    ],
)
def test_the_metrics_an_expression_uses(text: str, used: set[str]) -> None:
    assert names(text) == used


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "cannot be read to its end"),
        ("won +", "cannot be read to its end"),
        ("won closed", "cannot be read at character"),
        ("a) + (b", "cannot be read at character 2"),
        ("   a) + (b", "cannot be read at character 5"),
        ("won = 1", "cannot be read"),
        ("won ** 2", r"'won \*\* 2' at character 1"),
        ("1 + won % 2", "'won % 2' at character 5"),
        ("  1 + won // 2", "'won // 2' at character 7"),
        ("имя + имя ** 2", "at character 7"),
        ("+won", "'[+]won' at character 1"),
        ("~won", "'~won' at character 1"),
        ("not won", "'not won' at character 1"),
        ("won if lost else 2", "at character 1"),
        ("won > 1", "'won > 1'"),
        ("won and lost", "at character 1"),
        ("won.real", "'won.real'"),
        ("won[0]", "cannot be used"),
        ("[won]", "cannot be used"),
        ("won, lost", "cannot be used"),
        ("lambda: 1", "cannot be used"),
        ("(x := 1)", "cannot be used"),
        ("'1'", "cannot be used"),
        ("f'{won}'", "cannot be used"),
        ("True", "'True' at character 1"),
        ("None", "'None' at character 1"),
        ("...", "cannot be used"),
        ("1e5", "'1e5' at character 1"),
        ("0x10", "'0x10' at character 1"),
        ("1_000", "'1_000' at character 1"),
        ("1.", "'1.' at character 1"),
        ("1j", "'1j' at character 1"),
        ("round(won)", r"'round\(won\)' at character 1"),
        ("__import__('os')", "cannot be used"),
        ("won.abs(1)", "cannot be used"),
        ("min(a, key=b)", "cannot be used"),
        ("max(*a, b)", "'[*]a' at character 5"),
        ("abs(a, b)", r"abs\(\) takes one number, not 2"),
        ("abs()", r"abs\(\) takes one number, not 0"),
        ("min(a)", r"min\(\) takes two numbers or more, not 1"),
        ("max()", r"max\(\) takes two numbers or more, not 0"),
        ("won # of all\n + lost", "holds a #"),
        ("won\x00", "cannot be read"),
        ("-" * 500 + "won", "nested too deeply"),
        ("abs(" * 150 + "won" + ")" * 150, "nested too deeply"),
        ("(a + " * 120 + "won" + ")" * 120, "nested too deeply"),
        ("(" * 300 + "won" + ")" * 300, "cannot be read"),
        ("a + " * 600 + "a", "has 2401 characters"),
    ],
)
def test_anything_else_is_refused_at_its_place(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        names(text)
    assert len(str(refused.value)) < 250
    with pytest.raises(ValueError, match=why):
        evaluate("m", text, answers(won="1", lost="1", a="1", b="1", x="1"), COUNT, AT)


def test_what_is_allowed_is_said() -> None:
    with pytest.raises(
        ValueError, match=r"use numbers, names of metrics, \+ - \* /, parentheses, min\(\), max\(\) and abs"
    ):
        names("won ^ 2")


@given(st.text(alphabet="ab12.+-*/(), minmaxabs#'[]\n", max_size=30))
def test_any_text_is_an_expression_or_a_sentence(text: str) -> None:
    try:
        used = names(text)
    except ValueError:
        return
    found = evaluate("m", text, answers(**dict.fromkeys(used, "3")), COUNT, AT)
    assert isinstance(found, NoValue) or found.value.is_finite()


# ---- order ----------------------------------------------------------------------------------------------------


def test_each_comes_after_what_it_uses() -> None:
    found = order({"rate": "share * 100", "share": "won / closed", "other": "won + 1"}, {"won", "closed"})
    assert sorted(found) == ["other", "rate", "share"]
    assert found.index("share") < found.index("rate")
    assert order({}, set()) == []


@pytest.mark.parametrize(
    ("expressions", "why"),
    [
        ({"a": "b + 1", "b": "a"}, "computed from one another: (a -> b -> a|b -> a -> b)$"),
        ({"a": "a + 1"}, "computed from one another: a -> a$"),
        ({"a": "b", "b": "c", "c": "a", "d": "1"}, "(a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)$"),
        ({"a": "cloze / 2"}, r"a uses cloze, but there is no such metric; did you mean 'closed'\?"),
        ({"a": "zzz"}, "a uses zzz, but there is no such metric; there are 'a', "),
        ({"rate": "won ^ 2"}, "^rate: 'won . 2' at character 1"),
    ],
)
def test_what_cannot_be_put_in_order(expressions: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        order(expressions, ["won", "closed"])


# ---- value ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("won / closed * 100", "40"),
        ("0.1 + 0.2", "0.3"),
        ("won - closed - 1", "-19"),
        ("won - (closed - 1)", "-17"),
        ("2 + 3 * 4", "14"),
        ("-won * -1", "12"),
        ("min(won, closed, 5)", "5"),
        ("max(won, closed)", "30"),
        ("abs(won - closed)", "18"),
        ("12345678901234567.89", "12345678901234567.89"),
        ("won", "12"),
        ("1 / 3 * 3", "1"),
        ("won / 7 * closed / 30 * 7", "12"),
        ("1 / 3", "0.3333333333333333333333333333"),
        ("0.1 * 3 - 0.3", "0"),
        (" + ".join(["won"] * 300), "3600"),
        (" - ".join(["won"] * 150), "-1776"),
        (" + ".join(["won * -closed"] * 120), "-43200"),
    ],
)
def test_exact_decimal_arithmetic(text: str, value: str) -> None:
    assert value_of(text, won="12", closed="30") == D(value)


def test_the_reading_explains_itself() -> None:
    older = reading("closed", "30.0", as_of=AT - timedelta(days=2))
    found = evaluate(
        "win_rate", " won / closed\n * 100", {"won": reading("won", "12"), "closed": older}, PERCENT, AT
    )
    assert isinstance(found, Reading)
    assert (found.metric, found.unit, found.method, found.window) == ("win_rate", PERCENT, "observed", None)
    assert found.evidence == Evidence(source="expression", query="won / closed * 100 = 12 / 30 * 100")
    assert [one.metric for one in found.inputs] == ["won", "closed"]
    assert found.as_of == AT - timedelta(days=2)


def test_the_values_are_put_in_place_of_the_names_and_of_nothing_else() -> None:
    found = evaluate(
        "m", "a + aa * max(a, max) - имя", answers(a="-1.50", aa="1E+3", max="2", имя="7"), COUNT, AT
    )
    assert isinstance(found, Reading)
    assert found.evidence.query.partition(" = ")[2] == "(-1.5) + 1000 * max((-1.5), 2) - 7"


def test_an_input_is_named_once() -> None:
    found = evaluate("m", "b * a + a", answers(a="1", b="2"), COUNT, AT)
    assert isinstance(found, Reading)
    assert [one.metric for one in found.inputs] == ["b", "a"]


def test_a_constant_is_true_at_the_moment_asked_for() -> None:
    found = evaluate("m", "42", {}, COUNT, AT)
    assert isinstance(found, Reading)
    assert (found.as_of, found.inputs, found.window) == (AT, (), None)


def test_the_window_is_kept_where_all_share_it() -> None:
    shared: dict[str, Answer] = {name: reading(name, "1", window=NOVEMBER) for name in ("a", "b")}
    found = evaluate("m", "a + b", shared, COUNT, AT)
    assert isinstance(found, Reading)
    assert found.window == NOVEMBER
    mixed = evaluate("m", "a + c", {**shared, **answers(c="1")}, COUNT, AT)
    assert isinstance(mixed, Reading)
    assert mixed.window is None


def test_the_way_the_past_was_rebuilt_is_kept() -> None:
    given_ = {**answers(a="1"), "b": reading("b", "1", method="changelog")}
    found = evaluate("m", "a + b", given_, COUNT, AT)
    assert isinstance(found, Reading)
    assert found.method == "changelog"


def test_a_missing_part_is_named_with_its_reason_cause_and_hint() -> None:
    gone = NoValue(metric="closed", cause=Cause.ACCESS, reason="the token has expired", hint="renew it")
    found = evaluate("m", "won / closed", {**answers(won="0"), "closed": gone}, COUNT, AT)
    assert found == NoValue(
        metric="m", cause=Cause.ACCESS, reason="closed: the token has expired", hint="renew it"
    )


def test_all_missing_parts_are_named() -> None:
    gone: dict[str, Answer] = {
        name: NoValue(metric=name, cause=cause, reason="gone")
        for name, cause in (("a", Cause.DATA), ("b", Cause.EMPTY))
    }
    found = evaluate("m", "b + a", gone, COUNT, AT)
    assert found == NoValue(metric="m", cause=Cause.EMPTY, reason="b: gone; a: gone")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("won / closed * 100", "won / closed * 100: closed is 0"),
        ("closed / closed", "closed / closed: closed is 0"),
        ("won / (won - 12)", "won / (won - 12): won - 12 is 0"),
        ("1 / (won / closed)", "1 / (won / closed): closed is 0"),
        ("won / 0.0", "won / 0.0: 0.0 is 0"),
        ("won / (1 / 3 * 3 - 1)", "won / (1 / 3 * 3 - 1): 1 / 3 * 3 - 1 is 0"),
        ("won / 4 + 1\n / closed", "won / 4 + 1 / closed: closed is 0"),
    ],
)
def test_a_division_by_0_is_no_data(text: str, why: str) -> None:
    found = evaluate("m", text, answers(won="12", closed="0"), COUNT, AT)
    assert found == NoValue(metric="m", cause=Cause.EMPTY, reason=why)


@pytest.mark.parametrize("value", ["Infinity", "NaN", "sNaN", "9E+999999", "9E-999999"])
def test_what_is_not_finite_is_no_number(value: str) -> None:
    found = evaluate("m", "a * 10", answers(a=value), COUNT, AT)
    assert found == NoValue(metric="m", cause=Cause.DATA, reason="a * 10 has no finite value")


@pytest.mark.parametrize("value", ["9E+1001", "9E-1001", "9E-999999"])
def test_no_metric_has_a_thousand_digits(value: str) -> None:
    found = evaluate("m", "a", answers(a=value), COUNT, AT)
    assert found == NoValue(metric="m", cause=Cause.DATA, reason="a has no finite value")


@pytest.mark.parametrize("value", ["9E+999", "9E-999"])
def test_a_product_beyond_all_bounds_ends_at_once(value: str) -> None:
    text = "*".join(["a"] * 900)
    found = evaluate("m", text, answers(a=value), COUNT, AT)
    assert found == NoValue(metric="m", cause=Cause.DATA, reason=f"{text} has no finite value")


def test_an_infinite_divisor_is_not_taken_for_0() -> None:
    found = evaluate("m", "1 / (2 * a) * a", answers(a="Infinity"), COUNT, AT)
    assert isinstance(found, NoValue)
    assert found.cause is Cause.DATA


def test_the_callers_decimal_context_does_not_matter() -> None:
    with localcontext(Context(prec=3, traps=[])):
        assert value_of("a * 1.0001", a="10000") == D("10001")
        assert isinstance(evaluate("m", "1 / a", answers(a="0"), COUNT, AT), NoValue)


def test_a_name_without_an_answer_is_a_bug() -> None:
    with pytest.raises(KeyError, match="closed"):
        evaluate("m", "won / closed", answers(won="1"), COUNT, AT)


@given(
    st.decimals(-1000, 1000, places=3), st.decimals(-1000, 1000, places=3), st.decimals(-1000, 1000, places=3)
)
def test_it_computes_what_decimals_compute(a: Decimal, b: Decimal, c: Decimal) -> None:
    found = evaluate("m", "a + b * c - min(a, b) / 4", answers(a=str(a), b=str(b), c=str(c)), COUNT, AT)
    assert isinstance(found, Reading)
    assert found.value == a + b * c - min(a, b) / 4
