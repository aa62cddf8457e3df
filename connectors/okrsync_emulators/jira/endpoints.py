"""Answer all requests but searches: fields, statuses, issues, changelogs, permissions, projects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from okrsync_emulators.jira.bodies import BULK_CHANGES, BULK_ISSUES
from okrsync_emulators.jira.search import embedded
from okrsync_emulators.jira.site import CLOUD_ID, Call
from okrsync_emulators.jira.texts import Refusal
from okrsync_emulators.jira.world import Change, Filter, Issue

_NO_ISSUE: Final = "Issue does not exist or you do not have permission to see it."
_MOST_BULK_ISSUES: Final = 100
_MOST_BULK_CHANGES: Final = 1000
_MOST_FIELD_IDS: Final = 10
_MOST_CHANGES: Final = 10_000


def server_info(call: Call) -> Any:
    """Served to everybody; only who is signed in sees the server's time."""
    cloud = call.site.cloud
    numbers = [1001, 0, 0] if cloud else [9, 12, 5]
    answer: dict[str, Any] = {
        "baseUrl": call.site.base_url or call.site.url,
        "version": "1001.0.0-SNAPSHOT" if cloud else "9.12.5",
        "versionNumbers": numbers,
        "deploymentType": "Cloud" if cloud else "Server",
        "buildNumber": 100_277 if cloud else 912_005,
        "buildDate": "2026-11-01T00:00:00.000+0000",
        "scmInfo": "0123456789abcdef",
        "serverTitle": "Jira",
    }
    if cloud:
        answer["defaultLocale"] = {"locale": "en_US"}
    if call.user is not None:
        answer["serverTime"] = call.shapes.time(call.world.now())
    return answer


def myself(call: Call) -> Any:
    user = call.signed_in()
    return {**call.shapes.user(user), "locale": user.locale}


def fields(call: Call) -> Any:
    # Unknown: whether anonymous callers see custom fields; here they see the system's only.
    hidden = call.site.switches.hidden_fields
    return [
        call.shapes.field(known)
        for known in call.world.fields.values()
        if known.id not in hidden and (call.user is not None or not known.custom)
    ]


def statuses(call: Call) -> Any:
    return [call.shapes.status(status.id) for status in call.world.statuses.values() if not status.deleted]


def visible_issue(call: Call, name: str) -> Issue:
    issue = call.world.issue(name)
    if issue is None or not call.sees(issue):
        raise Refusal(404, _NO_ISSUE)
    return issue


def issue(call: Call) -> Any:
    found = visible_issue(call, call.parts[0])
    wanted, _, _ = call.shapes.wanted(call.listed("fields") or ["*all"])
    bean = call.shapes.issue(found, wanted, with_key=True, with_fields=True)
    if "changelog" in (call.last("expand") or ""):
        bean["changelog"] = embedded(call, found)
    return bean


def issue_changelog(call: Call) -> Any:
    """GET issue/{key}/changelog: oldest first, in pages."""
    found = visible_issue(call, call.parts[0])
    ordered = sorted(found.changes, key=lambda change: (change.at, change.id))
    start, size = call.number("startAt", 0), min(call.number("maxResults", 100), 100)
    page = ordered[start : start + size]
    return {
        "self": f"{call.shapes.base}/issue/{found.key}/changelog?maxResults={size}&startAt={start}",
        "maxResults": size,
        "startAt": start,
        "total": len(ordered),
        "isLast": start + size >= len(ordered),
        "values": [call.shapes.change(change) for change in page],
    }


def bulk_issues(call: Call) -> Any:
    """POST issue/bulkfetch: at most 100 issues; the missing are named in issueErrors."""
    body = call.payload(BULK_ISSUES)
    names = body.get("issueIdsOrKeys", [])
    if not 1 <= len(names) <= _MOST_BULK_ISSUES:
        raise Refusal(
            400, f"The number of issues must be between 1 and {_MOST_BULK_ISSUES}."
        )  # Unknown: the words
    seen, missing = _visible(call, names)
    wanted, _, _ = call.shapes.wanted(body.get("fields") or ["*navigable"])
    beans = []
    for known in sorted(seen, key=lambda entry: entry.id):
        bean = call.shapes.issue(known, wanted, with_key=True, with_fields=True)
        if "changelog" in body.get("expand", ()):
            bean["changelog"] = embedded(call, known)
        beans.append(bean)
    errors = [{"issueIdOrKey": name, "errorMessage": _NO_ISSUE} for name in missing]
    return {"issues": beans, "issueErrors": errors}


def bulk_changes(call: Call) -> Any:
    """POST changelog/bulkfetch: histories of many issues in one stream, oldest first, cut into pages anywhere."""
    body = call.payload(BULK_CHANGES)
    names, only = body.get("issueIdsOrKeys", []), set(body.get("fieldIds", ()))
    size = body.get("maxResults", 1000)
    if (
        not 1 <= len(names) <= _MOST_BULK_CHANGES
        or len(only) > _MOST_FIELD_IDS
        or not 1 <= size <= _MOST_CHANGES
    ):
        raise Refusal(
            400, "issueIdsOrKeys, fieldIds or maxResults is outside its limits."
        )  # Unknown: the words
    token = body.get("nextPageToken", "0")
    if not token.isdigit():
        raise Refusal(400, "The nextPageToken is invalid.")  # Unknown: the words
    seen, _ = _visible(call, names)
    stream = sorted(
        (change.at, known.id, change.id, change)
        for known in seen
        for change in known.changes
        if not only or any(entry.field_id in only for entry in change.items)
    )
    start = int(token)
    grouped: dict[int, list[Change]] = {}
    for _, number, _, change in stream[start : start + size]:
        grouped.setdefault(number, []).append(change)
    answer: dict[str, Any] = {
        "issueChangeLogs": [
            {
                "issueId": str(number),
                "changeHistories": [_bulk_change(call, change, only) for change in changes],
            }
            for number, changes in grouped.items()
        ]
    }
    if start + size < len(stream):
        answer["nextPageToken"] = str(start + size)
    return answer


def _bulk_change(call: Call, change: Change, only: set[str]) -> dict[str, Any]:
    bean = call.shapes.change(change)
    # Unknown: whether a history is cut down to the fields asked for; here it is.
    bean["items"] = [call.shapes.item(entry) for entry in change.items if not only or entry.field_id in only]
    # Unknown: the unit of the number; the example in the documentation reads as seconds, people report milliseconds.
    if call.site.switches.bulk_created == "ms":
        bean["created"] = change.at
    elif call.site.switches.bulk_created == "s":
        bean["created"] = change.at // 1000
    return bean


def _visible(call: Call, names: Iterable[Any]) -> tuple[list[Issue], list[str]]:
    seen: dict[int, Issue] = {}
    missing = []
    for name in map(str, names):
        known = call.world.issue(name)
        if known is None or not call.sees(known):
            missing.append(name)
        else:
            seen[known.id] = known
    return list(seen.values()), missing


def my_permissions(call: Call) -> Any:
    names = call.listed("permissions")
    if not names and call.site.cloud:
        raise Refusal(400, "The 'permissions' query parameter is required.")
    key = call.last("projectKey")
    if key is not None and not call.sees_project(key):
        raise Refusal(404, f"No project could be found with key '{key}'.")
    if unknown := [name for name in names if name not in _PERMISSIONS]:
        raise Refusal(400, f"Unrecognized permission: {', '.join(unknown)}")  # Unknown: the words
    return {
        "permissions": {
            name: {
                "id": _PERMISSIONS[name][0],
                "key": name,
                "name": _PERMISSIONS[name][1],
                "type": "PROJECT",
                "description": "",
                # A site's emulated people read; nothing is written to Jira.
                "havePermission": name == "BROWSE_PROJECTS"
                and any(map(call.sees_project, call.world.projects)),
            }
            for name in names or _PERMISSIONS
        }
    }


_PERMISSIONS: Final = {
    "BROWSE_PROJECTS": ("10", "Browse Projects"),
    "CREATE_ISSUES": ("11", "Create Issues"),
    "EDIT_ISSUES": ("12", "Edit Issues"),
    "DELETE_ISSUES": ("16", "Delete Issues"),
    "ADMINISTER_PROJECTS": ("23", "Administer Projects"),
}


def project_search(call: Call) -> Any:
    visible = [key for key in sorted(call.world.projects) if call.sees_project(key)]
    start, size = call.number("startAt", 0), min(call.number("maxResults", 50), 100)
    return {
        "self": f"{call.shapes.base}/project/search?maxResults={size}&startAt={start}",
        "maxResults": size,
        "startAt": start,
        "total": len(visible),
        "isLast": start + size >= len(visible),
        "values": [call.shapes.project(key) for key in visible[start : start + size]],
    }


def projects(call: Call) -> Any:
    return [call.shapes.project(key) for key in sorted(call.world.projects) if call.sees_project(key)]


def project(call: Call) -> Any:
    key = call.parts[0]
    if not call.sees_project(key):
        raise Refusal(404, f"No project could be found with key '{key}'.")
    return call.shapes.project(key)


def saved_filter(call: Call) -> Any:
    known = call.world.filters.get(int(call.parts[0]))
    if known is None or call.user is None:
        # Unknown: the words.
        raise Refusal(404, f"The selected filter with the ID '{call.parts[0]}' does not exist.")
    return _filter(call, known)


def filter_search(call: Call) -> Any:
    """GET filter/search, of Cloud only: in pages, by name; a filter's JQL only if it is expanded."""
    shown = sorted(call.world.filters.values(), key=lambda one: one.name) if call.user is not None else []
    start, size = call.number("startAt", 0), min(call.number("maxResults", 50), 100)
    expanded = "jql" in (call.last("expand") or "").split(",")
    beans = [_filter(call, one) for one in shown[start : start + size]]
    kept = {"self", "id", "name"} | ({"jql"} if expanded else set())
    return {
        "self": f"{call.shapes.base}/filter/search?maxResults={size}&startAt={start}",
        "maxResults": size,
        "startAt": start,
        "total": len(shown),
        "isLast": start + size >= len(shown),
        "values": [{key: value for key, value in bean.items() if key in kept} for bean in beans],
    }


def favourite_filters(call: Call) -> Any:
    """GET filter/favourite. Unknown: who has which favourites; here an account's own filters are its favourites."""
    user = call.signed_in()
    return [_filter(call, one) for one in call.world.filters.values() if one.owner == user.email]


def _filter(call: Call, known: Filter) -> dict[str, Any]:
    return {
        "self": f"{call.shapes.base}/filter/{known.id}",
        "id": str(known.id),
        "name": known.name,
        "owner": call.shapes.user(call.world.users.get(known.owner), known.owner),
        "jql": known.jql,
    }


def tenant_info(_call: Call) -> Any:
    return {"cloudId": CLOUD_ID}


def accessible_resources(call: Call) -> Any:
    return [
        {
            "id": CLOUD_ID,
            "url": call.site.base_url or call.site.url,
            "name": "acme",
            "scopes": ["read:jira-work", "read:jira-user"],
            "avatarUrl": f"{call.site.url}/avatar.png",
        }
    ]
