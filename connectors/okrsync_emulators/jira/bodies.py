"""Declare the members of each request body, and refuse what Jira's own readers refuse.

Cloud: Atlassian's OpenAPI description. Data Center: the published request class of its search, and what people's
requests were refused with: ``expand`` as a text (floralvikings/jira-connector issue 10), ``fieldsByKeys`` (issue 219
there), ``properties`` and a ``validateQuery`` that is a word (ljay79/jira-tools issue 12).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from okrsync_emulators.jira.texts import BAD_PAYLOAD, Refusal
from okrsync_emulators.jira.world import Kind

Declared = Mapping[str, type | list[type]]
"""The type of each member; ``[str]`` is a list of texts."""

TOKEN_SEARCH: Final[Declared] = {
    "jql": str,
    "nextPageToken": str,
    "maxResults": int,
    "fields": [str],
    "expand": str,
    "properties": [str],
    "fieldsByKeys": bool,
    "failFast": bool,
    "reconcileIssues": [int],
}
COUNTED_SEARCH: Final[Declared] = {
    "jql": str,
    "startAt": int,
    "maxResults": int,
    "fields": [str],
    "validateQuery": bool,
    "expand": [str],
}
APPROXIMATE_COUNT: Final[Declared] = {"jql": str}
PARSE: Final[Declared] = {"queries": [str]}
MATCH: Final[Declared] = {"jqls": [str], "issueIds": [int]}
BULK_ISSUES: Final[Declared] = {
    "issueIdsOrKeys": [str],
    "fields": [str],
    "expand": [str],
    "properties": [str],
    "fieldsByKeys": bool,
}
BULK_CHANGES: Final[Declared] = {
    "issueIdsOrKeys": [str],
    "fieldIds": [str],
    "maxResults": int,
    "nextPageToken": str,
}

_JAVA: Final[Mapping[type, str]] = {str: "String", int: "Integer", bool: "Boolean"}
_TOKENS: Final[Mapping[type, str]] = {
    str: "VALUE_STRING",
    int: "VALUE_NUMBER_INT",
    float: "VALUE_NUMBER_FLOAT",
    bool: "VALUE_TRUE",
    list: "START_ARRAY",
    dict: "START_OBJECT",
}


def read_body(kind: Kind, body: bytes, declared: Declared) -> dict[str, Any]:
    """The members of a JSON body, without those that are null. Raises ``Refusal`` for anything not declared."""
    try:
        found = json.loads(body)
    except ValueError:
        raise Refusal(400, BAD_PAYLOAD) from None
    if not isinstance(found, dict):
        raise Refusal(400, BAD_PAYLOAD)
    for name, value in found.items():
        if name not in declared:
            raise Refusal(400, BAD_PAYLOAD if kind == "cloud" else _unknown(name))
        if value is not None and not _fits(value, declared[name]):
            raise Refusal(400, BAD_PAYLOAD if kind == "cloud" else _misfit(value, declared[name]))
    return {name: value for name, value in found.items() if value is not None}


def _fits(value: Any, declared: type | list[type]) -> bool:
    if isinstance(declared, list):
        return isinstance(value, list) and all(_fits(member, declared[0]) for member in value)
    return type(value) is declared


def _unknown(name: str) -> str:
    return (
        f'Unrecognized field "{name}" (Class com.atlassian.jira.rest.v2.search.SearchRequestBean), not marked as '
        "ignorable"
    )


def _misfit(value: Any, declared: type | list[type]) -> str:
    token = _TOKENS.get(type(value), "VALUE_NULL")
    java = "java.util.ArrayList" if isinstance(declared, list) else f"java.lang.{_JAVA[declared]}"
    return f"Can not deserialize instance of {java} out of {token} token"
