"""Answer searches: Cloud's token pages, Data Center's counted pages, and the estimate."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from okrsync_emulators.jira.bodies import APPROXIMATE_COUNT, COUNTED_SEARCH, MATCH, PARSE, TOKEN_SEARCH
from okrsync_emulators.jira.conditions import compile_query, parse_or_refuse
from okrsync_emulators.jira.grammar import Malformed, parse
from okrsync_emulators.jira.site import Call
from okrsync_emulators.jira.structure import structure
from okrsync_emulators.jira.texts import GONE, UNBOUNDED, Refusal
from okrsync_emulators.jira.world import Issue

MOST_IDS: Final = 5000
MOST_RECONCILED: Final = 50
_TOKEN_LIFE: Final = 7 * 86_400_000


def found(call: Call, jql: str, *, bounded: bool) -> list[Issue]:
    """What the caller may see of the issues that ``jql`` finds, in its order."""
    compiled = compile_query(call.world, call.asker, parse_or_refuse(jql))
    if bounded and compiled.where is None:
        raise Refusal(400, UNBOUNDED)
    projects = {key for key in call.world.projects if call.sees_project(key)}
    hidden = {*call.site.switches.hidden_issues, *call.site.switches.lagging}
    where = compiled.where
    matching = [
        issue
        for issue in call.world.issues.values()
        if issue.project in projects and (where is None or where(issue)) and issue.key not in hidden
    ]
    return compiled.order(matching)


def disturbed(call: Call, issues: list[Issue], *, first: bool) -> list[Issue]:
    """The index as it is today: it lags behind, and it flaps."""
    switches = call.site.switches
    if first:
        switches.searches += 1
        switches.lagging = {key: left - 1 for key, left in switches.lagging.items() if left > 1}
    if switches.flapping is not None and switches.searches % 2 == 0:
        issues = issues[: switches.flapping]
    return issues if switches.truncated_after is None else issues[: switches.truncated_after]


# ---- Cloud ----------------------------------------------------------------------------------------------------


def gone(_call: Call) -> Any:
    raise Refusal(410, GONE)


def get_jql(call: Call) -> Any:
    """GET search/jql; unknown parameters are ignored."""
    wanted: dict[str, Any] = {
        "jql": call.last("jql", ""),
        "nextPageToken": call.last("nextPageToken"),
        "maxResults": call.number("maxResults", 50),
        "fields": call.listed("fields") or ["id"],
        "expand": call.last("expand", ""),
        "failFast": call.last("failFast", "false") == "true",
    }
    return _token_page(call, wanted)


def post_jql(call: Call) -> Any:
    """POST search/jql; an unknown member of the body is refused."""
    body = call.payload(TOKEN_SEARCH)
    if b'"reconcileIssues": null' in call.body or b'"reconcileIssues":null' in call.body:
        raise Refusal(500, "Internal server error")
    if len(body.get("reconcileIssues", ())) > MOST_RECONCILED:
        raise Refusal(400, "The maximum number of reconcileIssues is 50.")  # Unknown: the words
    return _token_page(
        call, {"jql": "", "maxResults": 50, "expand": "", **body, "fields": body.get("fields") or ["id"]}
    )


def _token_page(call: Call, wanted: dict[str, Any]) -> Any:
    size, jql = wanted["maxResults"], wanted["jql"]
    if not 1 <= size <= MOST_IDS:
        # Unknown: the words.
        raise Refusal(400, f"The value {size} for 'maxResults' must be between 1 and {MOST_IDS}.")
    token = wanted.get("nextPageToken") or None
    start = 0 if token is None else _offset(call, token, jql)
    _, _, with_fields = call.shapes.wanted(wanted["fields"])
    failing = call.site.switches.failing_fields
    # The shapes have dropped what does not load; a request for everything asked for it, too.
    lost = (
        failing if {"*all", "*navigable"} & set(wanted["fields"]) else failing.intersection(wanted["fields"])
    )
    if wanted.get("failFast") and lost:
        raise Refusal(500, f"Field {min(lost)} could not be loaded.")  # Unknown: status and words
    with_history = "changelog" in wanted["expand"]
    if with_fields or with_history:
        size = min(size, call.site.page_cap)
    # Unknown: whether the pages of one search are a snapshot. Here every page searches again, so rows may move.
    issues = disturbed(call, found(call, jql, bounded=True), first=token is None)
    switches = call.site.switches
    if switches.empty_pages > 0:
        switches.empty_pages -= 1
        size = 0
    page, last = issues[start : start + size], start + size >= len(issues)
    answer: dict[str, Any] = {
        "issues": beans(call, page, wanted["fields"], with_history=with_history),
        "isLast": last,
    }
    if not last and not switches.lost_token:
        fresh = _token(call, jql, start + size)
        answer["nextPageToken"] = token if switches.repeated_token and token else fresh
    return answer


def _token(call: Call, jql: str, offset: int) -> str:
    inside = json.dumps([_digest(jql), offset, call.world.now()]).encode()
    return base64.urlsafe_b64encode(inside).decode().rstrip("=")


def _offset(call: Call, token: str, jql: str) -> int:
    """Where the page of ``token`` begins. A token of another query, or one older than seven days, is refused."""
    try:
        digest, offset, at = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        raise Refusal(
            400, "The provided next page token is invalid or expired."
        ) from None  # Unknown: the words
    if digest != _digest(jql) or call.world.now() - at > _TOKEN_LIFE:
        raise Refusal(400, "The provided next page token is invalid or expired.")  # Unknown: the words
    return int(offset)


def _digest(jql: str) -> str:
    return hashlib.sha256(jql.encode()).hexdigest()[:12]


def approximate_count(call: Call) -> Any:
    body = call.payload(APPROXIMATE_COUNT)
    issues = disturbed(call, found(call, body.get("jql", ""), bounded=True), first=True)
    switches = call.site.switches
    whole = len(issues) if switches.truncated_after is None else len(found(call, body["jql"], bounded=True))
    return {"count": max(0, whole + switches.approximate_off)}


def parse_queries(call: Call) -> Any:
    """POST jql/parse: what is wrong with each query. Unlike a search it needs no permission to see anything."""
    body = call.payload(PARSE)
    validation = call.last("validation", "strict")
    if validation not in {"strict", "warn", "none"}:
        raise Refusal(
            400, f"The validation parameter has an invalid value: {validation}"
        )  # Unknown: the words
    return {"queries": [_parsed(call, str(jql), validation) for jql in body.get("queries", ())]}


def _parsed(call: Call, jql: str, validation: str | None) -> dict[str, Any]:
    try:
        tree = parse(jql)
    except Malformed as error:
        return {"query": jql, "errors": [str(error)]}
    answer: dict[str, Any] = {"query": jql, "structure": structure(tree)}
    if validation == "none":
        return answer
    try:
        compile_query(call.world, call.asker, tree)
    except Refusal as refusal:
        if validation == "strict":
            return {"query": jql, "errors": list(refusal.messages)}
        answer["warnings"] = list(refusal.messages)
    return answer


def match_issues(call: Call) -> Any:
    """POST jql/match: which of some issues each query finds; a query that is refused costs no other its answer."""
    body = call.payload(MATCH)
    asked = set(body.get("issueIds", ()))
    return {"matches": [_matched(call, jql, asked) for jql in body.get("jqls", ())]}


def _matched(call: Call, jql: str, asked: set[int]) -> dict[str, Any]:
    try:
        issues = found(call, jql, bounded=False)
    except Refusal as refusal:
        return {"matchedIssues": [], "errors": list(refusal.messages)}
    return {"matchedIssues": [issue.id for issue in issues if issue.id in asked], "errors": []}


# ---- Data Center ----------------------------------------------------------------------------------------------


def get_search(call: Call) -> Any:
    return _counted_page(
        call,
        jql=call.last("jql", "") or "",
        start=call.number("startAt", 0),
        size=call.number("maxResults", 50),
        fields=call.listed("fields") or ["*navigable"],
        expand=call.last("expand", "") or "",
    )


def post_search(call: Call) -> Any:
    body = call.payload(COUNTED_SEARCH)
    return _counted_page(
        call,
        jql=body.get("jql", ""),
        start=body.get("startAt", 0),
        size=body.get("maxResults", 50),
        fields=body.get("fields") or ["*navigable"],
        expand=",".join(body.get("expand", ())),
    )


def _counted_page(call: Call, *, jql: str, start: int, size: int, fields: Sequence[str], expand: str) -> Any:
    if start < 0:
        raise Refusal(400, "The 'startAt' parameter must not be negative.")  # Unknown: the words
    # A negative maxResults means "as many as the server allows" on Data Center.
    size = call.site.server_cap if size < 0 else min(size, call.site.server_cap)
    issues = disturbed(call, found(call, jql, bounded=False), first=start == 0)
    page = issues[start : start + size]
    return {
        "expand": "schema,names",
        "startAt": start,
        "maxResults": size,
        "total": len(issues),
        "issues": beans(call, page, fields, with_history="changelog" in expand),
    }


def beans(
    call: Call, issues: Sequence[Issue], names: Sequence[str], *, with_history: bool
) -> list[dict[str, Any]]:
    """The beans of one page. An embedded changelog is newest first and capped on Cloud, complete on Data Center."""
    shapes = call.shapes
    fields, with_key, with_fields = shapes.wanted(names)
    if call.site.cloud and not with_key and not with_fields and not with_history:
        return [{"id": str(issue.id)} for issue in issues]
    answer = []
    for issue in issues:
        bean = shapes.issue(issue, fields, with_key=with_key, with_fields=with_fields)
        if with_history:
            bean["changelog"] = embedded(call, issue)
        answer.append(bean)
    return answer


def embedded(call: Call, issue: Issue) -> dict[str, Any]:
    ordered = sorted(issue.changes, key=lambda change: (change.at, change.id), reverse=call.site.cloud)
    shown = ordered[: call.site.history_cap] if call.site.cloud else ordered
    shapes = call.shapes
    return {
        "startAt": 0,
        "maxResults": len(shown),
        "total": len(ordered),
        "histories": [shapes.change(change) for change in shown],
    }
