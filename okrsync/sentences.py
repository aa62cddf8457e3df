"""Say the reasons and next steps that people meet most in German and Russian.

As for gettext, the English sentence is the id, with a name in braces for each value: code and connectors write plain English,
and what an older okrsync has recorded is known, too. A sentence is only taken for a listed one if all of it fits, and its
values in one way alone; any other stays English. A value whose name begins with ``reason`` is a listed sentence itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Final

NESTED: Final = "reason"
_MAYBE: Final = "maybe"
"""A value that may be missing, and is then an empty text."""
# What a sentence begins with is the name of a cell, file or column. With these signs it would be another sentence before it.
_FIRST: Final = r"(?:(?![:;] ).)+"
# Names of the YAML: one word, without a colon.
_NAMES: Final = frozenset({"connection", "metric", "key_result"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A listed sentence. ``longest`` and ``shortest`` find its values: if they differ, the values are not certain."""

    longest: re.Pattern[str]
    shortest: re.Pattern[str]
    said: str
    letters: int

    def values(self, text: str) -> dict[str, str] | None:
        """The values in ``text`` if it is this sentence, and there is one way alone to read it."""
        first, second = self.longest.fullmatch(text), self.shortest.fullmatch(text)
        if first is None or second is None or first.groupdict() != second.groupdict():
            return None
        return first.groupdict()


def translated(text: str, language: str) -> str | None:
    """The English ``text`` in another language; None if it is not listed there."""
    for one in _sentences(language):
        values = one.values(text)
        if values is not None and (said := _nested(values, language)) is not None:
            return one.said.format(**said)
    return None


def _nested(values: Mapping[str, str], language: str) -> dict[str, str] | None:
    found = {}
    for name, value in values.items():
        said = translated(value, language) if name.startswith(NESTED) else value
        if said is None:
            return None
        found[name] = said
    return found


@cache
def listed(language: str) -> Mapping[str, str]:
    """The sentences of one language by the English ones; none for a language without a list."""
    file = files("okrsync") / "messages" / f"reasons_{language}.toml"
    found: dict[str, str] = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


@cache
def _sentences(language: str) -> tuple[Sentence, ...]:
    """The one with most words of its own first: it says more than one that only happens to fit."""
    found = [_sentence(english, said) for english, said in listed(language).items()]
    return tuple(sorted(found, key=lambda one: -one.letters))


def _sentence(english: str, said: str) -> Sentence:
    longest, shortest, letters = "", "", 0
    for literal, name, _, _ in Formatter().parse(english):
        longest, shortest, letters = (
            longest + re.escape(literal),
            shortest + re.escape(literal),
            letters + len(literal),
        )
        if name:
            what = _one_value(name, first=not longest)
            longest, shortest = f"{longest}(?P<{name}>{what})", f"{shortest}(?P<{name}>{what}?)"
    return Sentence(
        longest=re.compile(longest, re.DOTALL),
        shortest=re.compile(shortest, re.DOTALL),
        said=said,
        letters=letters,
    )


def _one_value(name: str, *, first: bool) -> str:
    if name in _NAMES:
        return r"[^\s:]+"
    if name == _MAYBE:
        return ".*"
    return _FIRST if first and not name.startswith(NESTED) else ".+"
