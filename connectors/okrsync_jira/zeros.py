"""Say beside a count of nothing or a share of 0 what else there is: a filter may match nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from okrsync.model import Question
from okrsync_jira.jql import Clause, both, clauses
from okrsync_jira.queries import JiraQuery
from okrsync_jira.reducers import Facts

_COUNTED: Final = frozenset({"count", "sum", "distinct", "throughput", "ratio"})
# Jira itself refuses a name that is not there in these; it takes any label, and any value of most custom fields.
_CHECKED: Final = frozenset(
    {
        *(
            "project",
            "type",
            "issuetype",
            "status",
            "statuscategory",
            "resolution",
            "priority",
            "sprint",
            "filter",
        ),
        *("key", "issue", "issuekey", "id", "parent", "epic link", "parent link", "component"),
        *("fixversion", "affectedversion", "created", "updated", "resolved", "due", "duedate"),
    }
)
# So many clauses are asked about, each with a request of its own.
_MOST_CLAUSES: Final = 4


def about_nothing(question: Question, count: Callable[[str], int | None]) -> Facts:
    """Facts on an answer of 0: ``without window``, and which of the JQL's clauses no issue fulfils.

    ``count`` says how many issues a JQL finds, None if that is not known.
    """
    query: JiraQuery = question.query
    # Backfills ask for hundreds of days, and most of their zeros lie before the work began.
    if question.past or query.measure not in _COUNTED or not query.issues:
        return ()
    # Of a ratio's whole some issue was found; of its part none was.
    filters = query.part if query.measure == "ratio" else query.issues
    if not filters:
        return ()
    asked = query.issues if filters == query.issues else both(query.issues, filters)
    whole = count(asked) if question.window is not None else 0
    found: Facts = (
        (("without window", str(whole)),) if question.window is not None and whole is not None else ()
    )
    if whole == 0 and (empty := _empty_clauses(filters, count)):
        found = (*found, ("no issue has", "; ".join(empty)))
    return found


def _empty_clauses(jql: str, count: Callable[[str], int | None]) -> list[str]:
    some = [text for clause in clauses(jql) if clause.certain and (text := _text(clause))]
    return [text for text in some[:_MOST_CLAUSES] if count(text) == 0]


def _text(clause: Clause) -> str:
    """The clause as JQL; empty if Jira has checked its values, or they are no plain ones."""
    if clause.operator not in {"=", "in"} or not clause.values or clause.field.casefold() in _CHECKED:
        return ""
    values = [_value(value) for value in clause.values]
    if "" in values:
        return ""
    field = clause.field if re.fullmatch(r"\w+|cf\[\d+\]", clause.field) else f'"{clause.field}"'
    listed = f"({', '.join(values)})" if clause.operator == "in" else values[0]
    return f"{field} {clause.operator} {listed}"


def _value(value: str) -> str:
    if value == "currentUser()" or re.fullmatch(r"[\w.-]+", value):
        return value
    # The arguments of other functions were not kept, and backslashes are as they were written.
    return "" if value.endswith("()") else f'"{value}"'
