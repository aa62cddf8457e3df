"""Fills a ``World`` from plain YAML data. Its keys are documented at ``JiraEmulator``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from okrsync.units import span
from okrsync_jira.emulator.moments import millis
from okrsync_jira.emulator.world import (
    EPIC_LINK,
    PARENT_LINK,
    SPRINT,
    Board,
    Field,
    Filter,
    Issue,
    Item,
    Project,
    Sprint,
    Status,
    User,
    World,
)

_CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes"
_FIELD_TYPES: Mapping[str, tuple[str, str | None, str]] = {
    # type in the seed: schema type, element type, schema.custom
    "number": ("number", None, f"{_CUSTOM}:float"),
    "text": ("string", None, f"{_CUSTOM}:textfield"),
    "string": ("string", None, f"{_CUSTOM}:textfield"),
    "option": ("option", None, f"{_CUSTOM}:select"),
    "options": ("array", "option", f"{_CUSTOM}:multiselect"),
    "labels": ("array", "string", f"{_CUSTOM}:labels"),
    "date": ("date", None, f"{_CUSTOM}:datepicker"),
    "datetime": ("datetime", None, f"{_CUSTOM}:datetime"),
    "user": ("user", None, f"{_CUSTOM}:userpicker"),
    "sla": ("sd-servicelevelagreement", None, "com.atlassian.servicedesk:sd-sla-field"),
}
_SYSTEM = {
    "type": "issuetype",
    "status": "status",
    "resolution": "resolution",
    "created": "created",
    "updated": "updated",
    "resolved": "resolutiondate",
    "due": "duedate",
    "assignee": "assignee",
    "reporter": "reporter",
    "priority": "priority",
    "labels": "labels",
    "fix_versions": "fixVersions",
    "components": "components",
    "summary": "summary",
    "parent": "parent",
    "sprint": SPRINT,
}
_ISSUE_KEYS = {*_SYSTEM, "key", "id", "fields", "history"}


class BadSeed(ValueError):
    """The seed is not what this emulator documents."""


def fill(world: World, seed: Mapping[str, Any]) -> None:
    """Add what ``seed`` holds to ``world``. Raises ``BadSeed`` where it holds something that has no meaning here."""
    known = {
        "users",
        "fields",
        "projects",
        "statuses",
        "issues",
        "bulk",
        "boards",
        "sprints",
        "filters",
    }
    if extra := set(seed) - known:
        raise BadSeed(f"unknown keys {sorted(extra)}; known: {sorted(known)}")
    if seed.get("statuses") and not world.issues:
        world.statuses.clear()
    for entry in seed.get("statuses", ()):
        _status(world, entry)
    for entry in seed.get("fields", ()):
        _field(world, entry)
    for entry in seed.get("projects", ()):
        _project(world, entry)
    if seed.get("users"):
        world.users.clear()
    for entry in seed.get("users", ()):
        _user(world, entry)
    for entry in seed.get("sprints", ()):
        _sprint(world, entry)
    for entry in seed.get("boards", ()):
        _board(world, entry)
    for entry in seed.get("filters", ()):
        owner = entry.get("owner") or next(iter(world.users))
        world.filters[int(entry["id"])] = Filter(
            id=int(entry["id"]), name=entry.get("name", f"Filter {entry['id']}"), jql=entry["jql"], owner=owner
        )
    for entry in seed.get("issues", ()):
        add_issue(world, entry)
    for entry in seed.get("bulk", ()):
        _bulk(world, entry)


def instant(value: Any) -> int:
    """Epoch milliseconds of a YAML date, time or ISO text; without a zone it is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise BadSeed(f"{value!r} is no date")
    return millis(value if value.tzinfo else value.replace(tzinfo=UTC))


def add_issue(world: World, entry: Mapping[str, Any]) -> Issue:
    """Add one issue as the seed's ``issues`` describe it."""
    if extra := set(entry) - _ISSUE_KEYS:
        raise BadSeed(f"issue {entry.get('key')}: unknown keys {sorted(extra)}; known: {sorted(_ISSUE_KEYS)}")
    key = str(entry["key"])
    project, _, number = key.rpartition("-")
    _ensure_project(world, project)
    world.last_issue += 1
    values: dict[str, Any] = {
        "issuetype": entry.get("type", "Task"),
        "status": _status_id(world, entry.get("status", _first_status(world).name)),
        "created": instant(entry.get("created", datetime.fromtimestamp(world.now() / 1000, UTC))),
        "reporter": entry.get("reporter") or next(iter(world.users)),
        "priority": entry.get("priority", "Medium"),
        "summary": entry.get("summary", f"{entry.get('type', 'Task')} {key}"),
    }
    issue = Issue(
        id=int(entry.get("id", world.last_issue)),
        key=key,
        project=project,
        number=int(number),
        values=values,
    )
    for name, field_id in _SYSTEM.items():
        if name not in {"type", "status", "created", "reporter", "priority", "summary", "updated", "parent"}:
            put(world, issue, field_id, entry.get(name))
    for name, value in (entry.get("fields") or {}).items():
        put(world, issue, _field_id(world, name), value)
    if entry.get("resolved") is not None:
        values.setdefault("resolution", "Done")
    if entry.get("parent"):
        put(world, issue, _parent_field(world, issue), entry["parent"])
    _add_history(world, issue, entry)
    latest = max((change.at for change in issue.changes), default=values["created"])
    values["updated"] = instant(entry["updated"]) if entry.get("updated") else latest
    world.add(issue)
    return issue


def put(world: World, issue: Issue, field_id: str, value: Any) -> None:
    """Set one field to a value as a seed or a person writes it; None empties it."""
    if value is None or value in ("", [], ()):
        issue.values.pop(field_id, None)
        return
    known = world.fields[field_id]
    if known.type == "datetime":
        value = instant(value)
    elif known.type == "date":
        value = value.isoformat()[:10] if isinstance(value, date) else str(value)
    elif known.type == "status":
        value = _status_id(world, value)
    elif known.type == "number":
        value = float(value)
    elif known.type == "array":
        members = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        value = tuple(int(member) if field_id == SPRINT else str(member) for member in members)
    issue.values[field_id] = value


def item(world: World, field_id: str, old: Any, new: Any) -> Item:
    """A change of one field as the changelog words it; ``old`` and ``new`` are held values."""
    known = world.fields[field_id]
    before, after = (_worded(world, known, value) for value in (old, new))
    name = known.name if known.custom else {"fixVersions": "Fix Version", "components": "Component"}.get(field_id, field_id)
    return Item(
        field=name,
        field_id=field_id,
        old=before[0],
        old_text=before[1],
        new=after[0],
        new_text=after[1],
        custom=known.custom is not None,
    )


def _worded(world: World, known: Field, value: Any) -> tuple[str | None, str | None]:
    """The pair of id and text that a changelog keeps of a value."""
    if value is None:
        return None, None
    if known.type == "status":
        return str(value), world.statuses[value].name
    if known.type == "user":
        user = world.users.get(value)
        return (user.account_id, user.name) if user else (str(value), str(value))
    if known.id == SPRINT:
        names = [world.sprints[number].name if number in world.sprints else str(number) for number in value]
        return ", ".join(map(str, value)), ", ".join(names)
    if known.type == "resolution":
        from okrsync_jira.emulator.world import RESOLUTIONS

        return str(RESOLUTIONS.get(value, value)), str(value)
    if known.type == "array":
        return None, " ".join(value)
    if known.type == "number":
        return None, f"{value:g}"
    if known.type == "datetime":
        text = datetime.fromtimestamp(value / 1000, UTC).isoformat()
        return text, text
    return str(value), str(value)


def _add_history(world: World, issue: Issue, entry: Mapping[str, Any]) -> None:
    """The seed's ``history``; without one, the single save that ``resolved`` implies."""
    if "history" not in entry:
        if entry.get("resolved") is None:
            return
        at = issue.values["resolutiondate"]
        items = []
        first = _first_status(world).id
        if issue.values["status"] != first:
            items.append(item(world, "status", first, issue.values["status"]))
        items.append(item(world, "resolution", None, issue.values.get("resolution")))
        world.change(issue, at, issue.values["reporter"], items)
        return
    saves: dict[tuple[int, str], list[Item]] = {}
    for step in entry["history"] or ():
        author = step.get("by") or issue.values["reporter"]
        saves.setdefault((instant(step["at"]), author), []).append(_seeded_item(world, step))
    for (at, author), items in sorted(saves.items(), key=lambda save: save[0][0]):
        world.change(issue, at, author, items)


def _seeded_item(world: World, step: Mapping[str, Any]) -> Item:
    name = str(step["field"])
    matches = world.named(name)
    if not matches:
        # Entries such as Workflow, RemoteIssueLink or Parent have no field behind them.
        old, new = step.get("from"), step.get("to")
        return Item(
            field=name,
            field_id=None,
            old=None if old is None else str(old),
            old_text=None if old is None else str(old),
            new=None if new is None else str(new),
            new_text=None if new is None else str(new),
        )
    scratch = Issue(id=0, key="X-0", project="X", number=0, values={})
    held = []
    for side in ("from", "to"):
        put(world, scratch, matches[0].id, step.get(side))
        held.append(scratch.values.get(matches[0].id))
    return item(world, matches[0].id, held[0], held[1])


def _bulk(world: World, entry: Mapping[str, Any]) -> None:
    plain = {name: value for name, value in entry.items() if name not in {"project", "count", "every"}}
    project, every = str(entry["project"]), entry.get("every", "1h")
    step = span(every) if isinstance(every, str) else timedelta(seconds=float(every))
    first = max((issue.number for issue in world.issues.values() if issue.project == project), default=0) + 1
    starts = {
        name: datetime.fromtimestamp(instant(entry[name]) / 1000, UTC) for name in ("created", "resolved") if name in entry
    }
    for index in range(int(entry["count"])):
        moved = {name: start + index * step for name, start in starts.items()}
        add_issue(world, {**plain, **moved, "key": f"{project}-{first + index}"})


def _status(world: World, entry: Mapping[str, Any]) -> None:
    if entry.get("category", "new") not in {"new", "indeterminate", "done", "undefined"}:
        raise BadSeed(f"status {entry['name']}: unknown category {entry['category']}")
    known = world.status(str(entry.get("id", entry["name"])))
    new_id = str(entry.get("id") or (known.id if known else 10_100 + len(world.statuses)))
    world.statuses[new_id] = Status(
        id=new_id,
        name=entry["name"],
        category=entry.get("category", "new"),
        names=dict(entry.get("names", {})),
        deleted=bool(entry.get("deleted", False)),
    )


def _field(world: World, entry: Mapping[str, Any]) -> None:
    kind = entry.get("type", "text")
    if kind not in _FIELD_TYPES:
        raise BadSeed(f"field {entry['id']}: unknown type {kind}; known: {sorted(_FIELD_TYPES)}")
    base, element, custom = _FIELD_TYPES[kind]
    world.fields[entry["id"]] = Field(
        id=entry["id"],
        name=entry["name"],
        type=base,
        item=element,
        custom=entry.get("custom", custom),
        project=entry.get("project"),
    )


def _project(world: World, entry: Mapping[str, Any]) -> None:
    number = world.projects[entry["key"]].id if entry["key"] in world.projects else 10_000 + len(world.projects)
    world.projects[entry["key"]] = Project(
        id=number,
        key=entry["key"],
        name=entry.get("name", entry["key"]),
        archived=bool(entry.get("archived", False)),
        public=bool(entry.get("public", False)),
    )


def _ensure_project(world: World, key: str) -> None:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", key):
        raise BadSeed(f"{key!r} is no project key")
    if key not in world.projects:
        _project(world, {"key": key})


def _user(world: World, entry: Mapping[str, Any]) -> None:
    email = str(entry["email"])
    seen = entry.get("can_see", "all")
    world.users[email] = User(
        email=email,
        name=entry.get("name", email.partition("@")[0]),
        token=str(entry.get("token", f"token-of-{email}")),
        account_id=entry.get("account_id", f"712020:{len(world.users) + 1:08d}"),
        timezone=entry.get("timezone", "Europe/Berlin"),
        locale=entry.get("locale", "en_US"),
        can_see=None if seen == "all" else frozenset(seen),
        credential=entry.get("credential", "classic"),
        password=str(entry.get("password", "")),
    )


def _sprint(world: World, entry: Mapping[str, Any]) -> None:
    times = {name: instant(entry[name]) for name in ("start", "end", "complete") if entry.get(name)}
    world.sprints[int(entry["id"])] = Sprint(
        id=int(entry["id"]),
        name=entry.get("name", f"Sprint {entry['id']}"),
        board=int(entry["board"]),
        state=entry.get("state", "closed"),
        start=times.get("start"),
        end=times.get("end"),
        complete=times.get("complete"),
        goal=entry.get("goal", ""),
    )


def _board(world: World, entry: Mapping[str, Any]) -> None:
    _ensure_project(world, entry["project"])
    live = [status for status in world.statuses.values() if not status.deleted]
    columns = entry.get("columns") or [{"name": status.name, "statuses": [status.name]} for status in live]
    world.boards[int(entry["id"])] = Board(
        id=int(entry["id"]),
        name=entry.get("name", f"{entry['project']} board"),
        type=entry.get("type", "scrum"),
        project=entry["project"],
        columns=tuple(
            (column["name"], tuple(_status_id(world, name) for name in column["statuses"])) for column in columns
        ),
        estimation=_field_id(world, entry["estimation"]) if entry.get("estimation") else None,
        private=bool(entry.get("private", False)),
    )


def _first_status(world: World) -> Status:
    return next(status for status in world.statuses.values() if not status.deleted)


def _status_id(world: World, name: Any) -> str:
    status = world.status(str(name))
    if status is None:
        raise BadSeed(f"there is no status {name!r}; known: {[status.name for status in world.statuses.values()]}")
    return status.id


def _field_id(world: World, name: str) -> str:
    matches = world.named(name)
    if len(matches) != 1:
        raise BadSeed(f"{len(matches)} fields are called {name!r}")
    return matches[0].id


def _parent_field(world: World, issue: Issue) -> str:
    """Where the parent is kept: Data Center has three places, by the child's level."""
    if world.kind == "cloud" or world.level(issue) < 0:
        return "parent"
    return EPIC_LINK if world.level(issue) == 0 else PARENT_LINK


def change(world: World, issue: Issue, values: Mapping[str, Any], *, author: str) -> None:
    """Save new ``values`` by field id as one change, made now; a status moves the resolution along."""
    now = world.now()
    before = dict(issue.values)
    for field_id, value in values.items():
        put(world, issue, field_id, value)
    if "status" in values:
        done = world.statuses[issue.values["status"]].category == "done"
        if done and "resolutiondate" not in issue.values:
            issue.values |= {"resolution": "Done", "resolutiondate": now}
        elif not done:
            issue.values.pop("resolution", None)
            issue.values.pop("resolutiondate", None)
    issue.values["updated"] = now
    items = [
        item(world, field_id, before.get(field_id), issue.values.get(field_id))
        for field_id in [*values, *(("resolution",) if "status" in values else ())]
        if before.get(field_id) != issue.values.get(field_id)
    ]
    if items:
        world.change(issue, now, author, items)


def delete_status(world: World, name: str) -> None:
    """Mark a status as deleted. Raises ``BadSeed`` while an issue stands in it, as Jira would refuse."""
    status = world.statuses[_status_id(world, name)]
    if standing := [issue.key for issue in world.issues.values() if issue.values["status"] == status.id]:
        raise BadSeed(f"status {name} is in use by {standing[0]}")
    world.statuses[status.id] = replace(status, deleted=True)
