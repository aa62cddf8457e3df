"""What a hint says about a name that is not there."""

from __future__ import annotations

import pytest

from okrsync.spelling import as_seen, by_number, did_you_mean, look

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
]


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("bogs", ["bugs"], "did you mean 'bugs'?"),
        (" BUGS ", ["bugs"], "did you mean 'bugs'?"),
        ("bogs", ["leads", "bugs"], "did you mean 'bugs'? There are 'leads' and 'bugs'"),
        ("Janury", MONTHS, "did you mean 'January'?"),
        ("Aprol", MONTHS[:10], "did you mean 'April'? There are 'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September' and 'October'"),
        ("points", ["Points A", "Points B"], "did you mean 'Points B' or 'Points A'?"),
        ("points", [f"Points {one}" for one in "ABCD"] * 3, "did you mean 'Points D', 'Points C' or 'Points B'? There are 'Points A', 'Points B', 'Points C' and 'Points D'"),
        # 'cycle' is as near as any word may be, but 'locale' is much nearer.
        ("locle", ["cycle", "locale"], "did you mean 'locale'? There are 'cycle' and 'locale'"),
        ("zzz", ["bugs"], "there are 'bugs'"),
        ("zzz", ["leads", "bugs"], "there are 'leads' and 'bugs'"),
        ("zzz", [], "there are none"),
    ],
)  # fmt: skip
def test_the_nearest_names_and_what_there_is(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint


def test_a_long_list_is_cut_and_says_so() -> None:
    hint = did_you_mean("zzz", [f"customfield_{number}" for number in range(33)])
    assert hint.startswith("there are 'customfield_0', 'customfield_1', ")
    assert hint.endswith("'customfield_29' and 3 more")


def test_names_are_sorted_by_their_numbers() -> None:
    assert sorted(["KR-10", "KR-2", "O-1", "KR-2a", "12", "3"], key=by_number) == [
        "3",
        "12",
        "KR-2",
        "KR-2a",
        "KR-10",
        "O-1",
    ]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("KR-1", "KR-1"),
        ("  KR-1\u00a0\n", "KR-1"),
        ("KR\u20111", "KR-1"),
        ("KR\u00ad-1\u200b\ufeff", "KR-1"),
        ("Gro\u0308\u00dfe", "Gr\u00f6\u00dfe"),
        ("\u26a0\ufe0f At\u2009risk", "\u26a0 At risk"),
        ("a\tb  c", "a b c"),
        ("\u200b", ""),
    ],
)
def test_what_looks_the_same_is_the_same(text: str, seen: str) -> None:
    assert as_seen(text) == seen


@pytest.mark.parametrize("other", ["kr-1", "KR \u2013 1", "\uff2b\uff32-1", "KR_1", "KR\u22121"])
def test_what_a_person_may_take_for_another_looks_alike(other: str) -> None:
    assert as_seen(other) != "KR-1"
    assert look(other) == look("KR-1")


@pytest.mark.parametrize("other", ["KR-2", "KR1", "KR-1a", "", "KR-11"])
def test_what_is_another_id_does_not(other: str) -> None:
    assert look(other) != look("KR-1")
