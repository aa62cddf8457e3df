"""Suggest the names that a person may have meant by one that does not exist, and count in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches

# Measured from 0 to 1: half a word that is right is near; a name much farther than the nearest one is not.
NEAR, AS_NEAR = 0.6, 0.1
NEAREST, SHORT, LONG = 3, 10, 30


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint for a name that is not ``known``: the names it may have meant, and those that exist.

    At most three names that are near whatever their case; behind them all that there are if those are few, and
    alone if none is near. Never empty.
    """
    names = {name.strip().casefold(): name for name in known}
    wrong = word.strip().casefold()
    near = get_close_matches(wrong, names, n=NEAREST, cutoff=NEAR)
    least = max((_likeness(one, wrong) for one in near), default=0) - AS_NEAR
    meant = [repr(names[one]) for one in near if _likeness(one, wrong) >= least]
    there = f"are {_listed(list(names.values()))}" if names else "are none"
    if not meant:
        return f"there {there}"
    question = f"did you mean {_joined(meant, 'or')}?"
    return f"{question} There {there}" if len(meant) < len(names) <= SHORT else question


def as_seen(text: str) -> str:
    """``text`` as a reader sees it: two texts that look the same are the same.

    Accents are one letter, blanks of every width are spaces and stand single, signs that nobody sees (zero-width ones, marks
    of direction, soft hyphens, the mark of a coloured emoji) are left out, and a hyphen that breaks no line is a hyphen.
    """
    if text.isascii() and text.isprintable():  # as nearly all ids and names, of which a table has thousands
        return " ".join(text.split())
    seen = "".join(
        " " if sign.isspace() else "-" if sign in "\u2010\u2011" else sign
        for sign in unicodedata.normalize("NFC", text)
        if sign.isspace() or (unicodedata.category(sign) not in {"Cf", "Cc"} and sign not in "\ufe0e\ufe0f")
    )
    return " ".join(seen.split())


def look(text: str) -> str:
    """An id without what people overlook: capitals, blanks, kinds of dashes and widths of letters."""
    spelled = unicodedata.normalize("NFKC", as_seen(text)).casefold()
    return "".join(
        "-" if unicodedata.category(sign) == "Pd" or sign in "\u2212_" else sign
        for sign in spelled
        if not sign.isspace()
    )


def counted(number: int, noun: str) -> str:
    """``1 key result``, ``3 key results``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def by_number(name: str) -> list[tuple[int, str]]:
    """The key that sorts KR-2 before KR-10."""
    return [(int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", name)]


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _listed(names: Sequence[str]) -> str:
    shown = [repr(name) for name in names[:LONG]]
    more = len(names) - len(shown)
    return _joined([*shown, f"{more} more"] if more else shown, "and")


def _joined(names: Sequence[str], last: str) -> str:
    return f" {last} ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
