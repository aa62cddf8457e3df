"""List what is held: why, since when, and what to do, in the words of ``plan`` and ``status``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from okrsync.cells import Kind, kind_of, leads
from okrsync.model import COUNT, PERCENT, Cause, Hold
from okrsync.report.page import HeldItem
from okrsync.tables.notes import reason_text
from okrsync.units import parse_unit
from okrsync.words import Words

_CONSEQUENCES: Final = {str(Hold.FOLLOWS), str(Hold.CLOSED)}
"""A cell that is held only because another one or the whole cycle is: that one says why."""
_WITH_VALUES: Final = {str(Hold.UNCLAIMED), str(Hold.EDITED), str(Hold.DOUBTFUL)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCell:
    """One held cell of a key result, objective or other row."""

    id: str
    title: str
    cell: str
    decision: Mapping[str, Any]
    detail: Mapping[str, Any]

    @property
    def reason(self) -> tuple[str, str]:
        return self.decision["reason"], self.decision["hint"]


def held_items(words: Words, found: Iterable[tuple[str, str, Mapping[str, Any]]]) -> tuple[HeldItem, ...]:
    """Everything that is held in the rows (id, title, what the ledger keeps), once for each reason and next step."""
    cells = [one for subject, title, detail in found for one in held_cells(subject, title, detail)]
    order = {reason: place for place, reason in reversed(list(enumerate(one.reason for one in cells)))}
    cells.sort(key=lambda one: order[one.reason])
    return tuple(_item(words, list(alike)) for _, alike in groupby(cells, key=lambda one: one.reason))


def held_cells(subject: str, title: str, detail: Mapping[str, Any]) -> Iterator[HeldCell]:
    """The held cells of a row, without those that only follow another one."""
    for cell, one in detail.get("cells", {}).items():
        if one["verdict"] == "held" and one["hold"] not in _CONSEQUENCES:
            yield HeldCell(id=subject, title=title, cell=cell, decision=one, detail=detail)


def _item(words: Words, alike: list[HeldCell]) -> HeldItem:
    first = alike[0]
    subjects = {one.id: one.title for one in alike}
    return HeldItem(
        subjects=tuple(subjects.items()),
        cells=tuple(dict.fromkeys(one.cell for one in alike)),
        reason=words.reason(first.reason[0]),
        hint=words.reason(first.reason[1]),
        own=own_reason(words, first) if words.language != "en" else "",
        since=_since(words, alike),
        values=_values(words, alike) if len(subjects) == 1 else "",
    )


def own_reason(words: Words, one: HeldCell) -> str:
    """The reason in short in the reader's language."""
    return reason_text(_hold(one), _cause(one), words.locale, _shown(words, one, "wanted"))


def _hold(one: HeldCell) -> Hold | None:
    return Hold(one.decision["hold"]) if one.decision["hold"] else None


def _cause(one: HeldCell) -> Cause:
    answer = one.detail.get("answer", {})
    return Cause(answer["cause"]) if "cause" in answer else Cause.EMPTY


def _since(words: Words, alike: Iterable[HeldCell]) -> str:
    """The day on which the first of them was held, as far as the ledger knows."""
    known = [datetime.fromisoformat(one.decision["since"]) for one in alike if one.decision.get("since")]
    return words.day(min(known).astimezone(words.zone).date()) if known else ""


def _values(words: Words, alike: Iterable[HeldCell]) -> str:
    """What the leading cell shows, what okrsync wrote there, and what it would write, if a person decides."""
    for one in alike:
        if leads(one.cell) and one.decision["hold"] in _WITH_VALUES:
            parts = [words("shows", value=_shown(words, one, "now"))]
            if one.decision["last"] is not None:
                parts.append(words("wrote", value=_shown(words, one, "last")))
            return " · ".join([*parts, words("would_write", value=_shown(words, one, "wanted"))])
    return ""


def _shown(words: Words, one: HeldCell, which: str) -> str:
    value = one.decision[which]
    kind = kind_of(one.cell)
    if value is None:
        return words("empty")
    if kind not in {Kind.NUMBER, Kind.SHARE}:
        return str(value)
    unit = (
        PERCENT if kind is Kind.SHARE else parse_unit(one.detail["unit"]) if "unit" in one.detail else COUNT
    )
    return words.number(Decimal(value) * (100 if one.decision["fraction"] else 1), unit)
