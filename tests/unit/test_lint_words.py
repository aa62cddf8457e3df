"""Measure how well the rules of lint tell good lines from bad ones by their words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from okrsync.lint.language import (
    direction_of,
    has_number,
    is_activity,
    is_work,
    keeps_a_level,
    stays_as_it_is,
)

CASES: Any = YAML(typ="safe", pure=True).load(
    (Path(__file__).parents[1] / "cases" / "lint.yaml").read_text(encoding="utf-8")
)


def is_bad_key_result(text: str) -> bool:
    return (is_work(text) and not has_number(text)) or keeps_a_level(text)


JUDGES: dict[str, Callable[[str], bool]] = {"objective": stays_as_it_is, "key_result": is_bad_key_result}


@pytest.mark.parametrize("kind", ["objective", "key_result"])
@pytest.mark.parametrize("language", ["en", "ru", "de"])
def test_good_and_bad_lines_are_told_apart(kind: str, language: str) -> None:
    cases = CASES[kind][language]
    judge = JUDGES[kind]
    missed = [text for text in cases["bad"] if not judge(text)]
    wrong = [text for text in cases["good"] if judge(text)]
    found = len(cases["bad"]) - len(missed)
    precision, recall = found / (found + len(wrong)), found / len(cases["bad"])
    assert (wrong, missed) == ([], []), f"precision {precision:.0%}, recall {recall:.0%}"


@pytest.mark.parametrize("pair", CASES["quality_pairs"], ids=lambda one: one["kind"])
def test_the_pairs_of_the_book_are_told_apart(pair: dict[str, str]) -> None:
    judge = JUDGES[pair["kind"]]
    assert (judge(pair["good"]), judge(pair["bad"])) == (False, True)


def test_the_titles_of_the_book_are_good_and_its_initiatives_are_work() -> None:
    titles = CASES["book"]["key_results"]
    assert [text for text in titles if is_bad_key_result(text)] == []
    assert [text for text in CASES["book"]["objectives"] if stays_as_it_is(text)] == []
    work = CASES["book"]["initiatives"]
    found = [text for text in work if is_bad_key_result(text)]
    # Many of the book's initiatives are noun phrases, which no word gives away: none of these is a false alarm.
    assert len(found) / len(work) > 0.3


@pytest.mark.parametrize(("text", "direction"), list(CASES["direction"].items()))
def test_words_have_a_direction(text: str, direction: int) -> None:
    assert direction_of(text) == direction


@pytest.mark.parametrize(("text", "activity"), list(CASES["activity"].items()))
def test_activities_are_known_by_their_words(text: str, activity: bool) -> None:
    assert is_activity(text) is activity
