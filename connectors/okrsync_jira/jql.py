"""Write JQL: combine clauses, add windows, and find what does not hold for the past."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from okrsync.model import Window

_QUOTED: Final = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)
_ORDER: Final = re.compile(r"\border\s+by\b", re.IGNORECASE)
_LOOSE_END: Final = re.compile(
    r"(?:\b|(?<=[)\'\s]))(and|or|not|in|is|was|[=<>~]|[!<>]=|!~)\s*$", re.IGNORECASE
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOVING: Final = (
    re.compile(r"[<>=]\s*[\"']?[+-]\s*\d+\s*[smhdwy]\b", re.IGNORECASE),
    re.compile(r"\b(?!(?:in|and|or|not)\b)[a-z]\w*\s*\(", re.IGNORECASE),
    re.compile(
        r"\b(?:status|statuscategory|statuscategorychangeddate|assignee|resolution|sprint|priority|updated|updateddate|"
        r"lastviewed|due|duedate|filter|request|savedfilter|searchrequest|was|changed|timespent|remainingestimate|"
        r"originalestimate|workratio|votes|watchers|voter|watcher)\b",
        re.IGNORECASE,
    ),
)


def fault(jql: str) -> str | None:
    """Why ``jql`` cannot be combined with further clauses, or None if it can."""
    if (address := _address(jql)) is not None:
        return address
    bare = _QUOTED.sub("''", jql)
    if not bare:
        return "the JQL is empty, and Jira refuses to search everything"
    if _ORDER.search(bare):
        return "leave ORDER BY out: the order of the issues does not change a number"
    if found := _LOOSE_END.search(bare):
        return f"the JQL ends with {found[1].upper()}: something is missing behind it"
    if '"' in bare or bare.replace("''", "").count("'"):
        return "a quotation mark in the JQL is not closed"
    depth = 0
    for letter in bare:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
    return "the brackets of the JQL do not match" if depth != 0 else None


def _address(text: str) -> str | None:
    """What to write instead of the address of a search, a filter or an issue; None for what is no address."""
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"}:
        return None
    query = parse_qs(parts.query)
    issue = re.search(r"/browse/([A-Z][A-Z0-9_]*-\d+)", parts.path)
    if "jql" in query:
        meant = query["jql"][0]
    elif "filter" in query:
        meant = f"filter = {query['filter'][0]}"
    elif issue is not None:
        meant = f"key = {issue[1]}"
    else:
        return "this is an address, not JQL; open the issue search in Jira, switch to JQL and copy the text"
    return f"this is an address, not JQL; write what it searches for: {meant}"


def both(whole: str, part: str) -> str:
    """The issues of ``whole`` that are also in ``part``, so that a ratio cannot pass 1."""
    return f"({whole}) AND ({part})"


def during(jql: str, name: str, window: Window) -> str:
    """``jql`` within ``window`` of a field with a time of day.

    Unquoted epoch milliseconds: every other way of writing a moment is read in the time zone of the API user.
    """
    return f"({jql}) AND {name} >= {_millis(window.start)} AND {name} < {_millis(window.end)}"


def touched_since(jql: str, moment: datetime) -> str:
    """The issues of ``jql`` that anything has been changed of since."""
    return f"({jql}) AND updated >= {_millis(moment)}"


def during_days(jql: str, name: str, window: Window, zone: str) -> str:
    """``jql`` within ``window`` of a field that holds days: those whose midnight in ``zone`` is in the window."""
    first, end = (_first_midnight(moment, zone) for moment in (window.start, window.end))
    return f'({jql}) AND {name} >= "{first}" AND {name} < "{end}"'


def moving(jql: str) -> str | None:
    """The first piece of ``jql`` whose meaning depends on the day it is asked, or None if there is none.

    Quoted texts are looked at as well: ``"status"`` is a field's name, and a needless refusal costs less than a
    wrong number.
    """
    for pattern in _MOVING:
        if found := pattern.search(jql):
            return found[0].strip(" (=<>\"'")
    return None


def _millis(moment: datetime) -> int:
    """The first millisecond not before ``moment``: Jira knows no finer one, so that this cuts where ``moment`` does."""
    return -((_EPOCH - moment) // timedelta(milliseconds=1))


def _first_midnight(moment: datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    begun = local.hour or local.minute or local.second or local.microsecond
    return (local.date() + timedelta(days=1 if begun else 0)).isoformat()


# ---- Clauses --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clause:
    """``certain``: it holds for every issue that the JQL finds, because it is joined to the rest by AND alone."""

    field: str
    operator: str
    values: tuple[str, ...]
    certain: bool


_TOKEN: Final = re.compile(
    r"""\s*(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\s*(?P<sign>!=|!~|<=|>=|&&|\|\||[=<>~!&|(),])|\s*(?P<word>[^\s()=!<>~,'"&|]+)""",
    re.DOTALL,
)
_WORDS_OF_OPERATORS: Final = frozenset({"not", "in", "is", "was", "changed"})


def clauses(jql: str) -> tuple[Clause, ...]:
    """The clauses of ``jql``, in order. What is no JQL is read as far as it goes: Jira itself refuses it."""
    return tuple(_Clauses(jql).disjunction(certain=True))


_LASTING: Final = frozenset(
    {"key", "issue", "issuekey", "id", "created", "createddate", "creator", "project", "type", "issuetype"}
)
_STATE_KEYS: Final[Mapping[str, str]] = {
    "status": "status",
    "resolution": "resolution",
    "assignee": "assignee",
    "reporter": "reporter",
    "priority": "priority",
    "labels": "labels",
    "fixversion": "fixVersions",
    "component": "components",
    "sprint": "sprint",
    "parent": "parent",
    "epic link": "parent",
    "parent link": "parent",
}


def changing(jql: str) -> str | None:
    """The first piece of ``jql`` that may change about an issue or with the day, or None if there is none."""
    if (piece := moving(jql)) is not None:
        return piece
    return next((clause.field for clause in clauses(jql) if not _lasting(clause)), None)


def as_state(jql: str) -> str:
    """The conditions of ``jql`` that belong into a state, as YAML; empty if they are not that simple."""
    found = []
    for clause in clauses(jql):
        if not _lasting(clause) and clause.certain and clause.operator in {"=", "in"} and clause.values:
            names = [_as_yaml(value) for value in clause.values]
            value = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
            key = _STATE_KEYS.get(clause.field.casefold())
            found.append(f"{key}: {value}" if key else f"fields: {{{_as_yaml(clause.field)}: {value}}}")
    return ", ".join(found)


def _as_yaml(text: str) -> str:
    """A text inside a list or mapping of YAML; in quotes if YAML would read something else."""
    plain = re.fullmatch(r"[^\W\d_][\w' -]*\w|[^\W\d_]|[1-9]\d*", text)
    if plain and text.casefold() not in {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}:
        return text
    return json.dumps(text, ensure_ascii=False)


def _lasting(clause: Clause) -> bool:
    return clause.field.casefold() in _LASTING


class _Clauses:
    """A reader of JQL that goes through its tokens once; the text of a quoted one is never taken for a word."""

    def __init__(self, jql: str) -> None:
        self._tokens = [
            (found["quoted"][1:-1], True) if found["quoted"] else (found["sign"] or found["word"], False)
            for found in _TOKEN.finditer(jql)
        ]
        self._at = 0

    def disjunction(self, *, certain: bool) -> list[Clause]:
        found = self._conjunction(certain=certain)
        while self._take("or", "||", "|"):
            found = [replace(clause, certain=False) for clause in found]
            found += self._conjunction(certain=False)
        return found

    def _conjunction(self, *, certain: bool) -> list[Clause]:
        found = self._term(certain=certain)
        while self._take("and", "&&", "&"):
            found += self._term(certain=certain)
        return found

    def _term(self, *, certain: bool) -> list[Clause]:
        if self._take("not", "!"):
            return self._term(certain=False)
        if self._take("("):
            inside = self.disjunction(certain=certain)
            self._take(")")
            return inside
        if self._at >= len(self._tokens):
            return []
        return [self._clause(certain=certain)]

    def _clause(self, *, certain: bool) -> Clause:
        field = self._next()
        operator: list[str] = []
        while self._word() in _WORDS_OF_OPERATORS or (
            not operator and self._word()[:1] in set("=!<>~") and self._word()
        ):
            operator.append(self._next().lower())
        values: list[str] = []
        if self._take("("):
            while self._at < len(self._tokens) and not self._take(")"):
                values.append(self._value())
        elif self._at < len(self._tokens):
            values.append(self._value())
        # What follows WAS and CHANGED, such as ON and BY, is of no use here.
        while self._at < len(self._tokens) and self._word() not in {"and", "or", "&&", "||", "&", "|", ")"}:
            self._next()
        return Clause(field, " ".join(operator), tuple(value for value in values if value), certain)

    def _value(self) -> str:
        value = self._next()
        if self._take("("):
            while self._at < len(self._tokens) and not self._take(")"):
                self._next()
            value = f"{value}()"
        self._take(",")
        return value

    def _word(self) -> str:
        """The next token in small letters, unless it is quoted."""
        if self._at >= len(self._tokens):
            return ""
        text, quoted = self._tokens[self._at]
        return "" if quoted else text.lower()

    def _take(self, *words: str) -> bool:
        if self._word() not in words:
            return False
        self._at += 1
        return True

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            return ""
        self._at += 1
        return self._tokens[self._at - 1][0]
