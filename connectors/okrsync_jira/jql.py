"""Writes JQL: combines clauses, adds windows, and finds what does not hold for the past."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from okrsync.model import Window

_QUOTED: Final = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)
_ORDER: Final = re.compile(r"\border\s+by\b", re.IGNORECASE)
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
    """Why ``jql`` cannot be combined with further clauses, or None where it can."""
    bare = _QUOTED.sub("''", jql)
    if not bare:
        return "the JQL is empty, and Jira refuses to search everything"
    if _ORDER.search(bare):
        return "leave ORDER BY out: the order of the issues does not change a number"
    if '"' in bare or bare.replace("''", "").count("'"):
        return "a quotation mark in the JQL is not closed"
    depth = 0
    for letter in bare:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
    return "the brackets of the JQL do not match" if depth != 0 else None


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
    """The first piece of ``jql`` whose meaning depends on the day it is asked, or None where there is none.

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
