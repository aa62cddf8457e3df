"""The listed sentences are those of the code, say the same in each language, and never mistake one value for another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from okrsync.sentences import listed, translated
from okrsync.words import Rendered, Words

ROOT = Path(__file__).parents[2]
LANGUAGES = ("de", "ru")


@cache
def written() -> frozenset[str]:
    """Every text of the code, with … for each value."""
    return frozenset(text for one in ("okrsync", "connectors") for text in _texts(ROOT / one))


def _texts(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield _one(
                    part.value if isinstance(part, ast.Constant) else "…"
                    for part in node.values
                    if not isinstance(part, ast.Constant) or isinstance(part.value, str)
                )


def _one(parts: Iterator[object]) -> str:
    return re.sub("…+", "…", "".join(map(str, parts)))


def _template(text: str) -> str:
    return _one(f"{literal}{'…' if name else ''}" for literal, name, _, _ in Formatter().parse(text))


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_listed_sentence_is_in_the_code(language: str) -> None:
    assert [one for one in listed(language) if _template(one) not in written()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_lists_the_same_sentences_with_their_values(language: str) -> None:
    assert listed(language).keys() == listed(LANGUAGES[0]).keys()
    for english, said in listed(language).items():
        assert _names(said) == _names(english), english


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("KPI!B2 is blank", "KPI!B2 ist leer"),
        ("no data is not zero: fill the range", "keine Daten sind nicht null: den Bereich füllen"),
        (
            "the first value counts bad as 0, and nothing in the source has labels = uxx",
            "der erste Wert rechnet mit bad = 0, und nichts in der Quelle hat labels = uxx",
        ),
        (
            "won: KPI!B2 is blank; closed: KPI!B3 holds only text",
            "won: KPI!B2 ist leer; closed: KPI!B3 enthält nur Text",
        ),
        (
            "its number is in doubt: it would fall from 72 to 0 at once",
            "seine Zahl ist zweifelhaft: die Zahl würde auf einmal von 72 auf 0 fallen",
        ),
        # Most words of its own: not "… holds …, not a number" with a longer value.
        ("B2 holds the text “n/a”, not a number", "B2 enthält den Text „n/a“ und keine Zahl"),
        ("jira: no answer in time after 6 tries", "jira: keine Antwort in der Zeit, nach 6 Versuchen"),
    ],
)
def test_a_sentence_is_said_with_its_values(english: str, german: str) -> None:
    assert translated(english, "de") == german


@pytest.mark.parametrize(
    "text",
    [
        "a sentence that nobody has listed",
        "KPI!B2 is blank, and so is its neighbour",
        # Which of the two words is the cell's? There are two ways to read it.
        "A holds B, not a date holds C, not a date",
        "it would fall from 5 to 4 to 3 at once",
        # The part behind the colon is not listed: half a translation helps nobody.
        "won: something that nobody has listed",
        "",
        "okrsync release demo KR-1",
    ],
)
def test_what_is_not_certain_stays_english(text: str) -> None:
    for language in (*LANGUAGES, "fr"):
        assert translated(text, language) is None
    assert Words("de_DE", ZoneInfo("UTC")).reason(text) == Rendered(text, "en")


def test_english_and_languages_without_a_list_read_english() -> None:
    for locale in ("en_US", "fr_FR"):
        assert Words(locale, ZoneInfo("UTC")).reason("KPI!B2 is blank") == Rendered("KPI!B2 is blank", "en")
    assert Words("ru_RU", ZoneInfo("UTC")).reason("KPI!B2 is blank") == Rendered("KPI!B2 не заполнена", "ru")
