"""Fill a ``World`` from plain YAML data. Its keys are documented at ``JiraEmulator``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from okrsync.units import span
from okrsync_emulators.jira.changes import (
    CATEGORY_CHANGED,
    BadSeed,
    category_changed,
    instant,
    items,
    moved,
    put,
    status_id,
)
from okrsync_emulators.jira.world import (
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
# The keys of an issue that are put into their field as they are.
_PLAIN: Final = {
    "resolution": "resolution",
    "resolved": "resolutiondate",
    "due": "duedate",
    "assignee": "assignee",
    "labels": "labels",
    "fix_versions": "fixVersions",
    "components": "components",
    "sprint": SPRINT,
}
_ISSUE_KEYS: Final = {
    *_PLAIN,
    *("key", "id", "type", "status", "created", "updated", "reporter", "priority", "summary", "parent"),
    *("fields", "history"),
}
_SEED_KEYS: Final = {
    *("users", "fields", "projects", "statuses", "issues", "bulk", "boards", "sprints", "filters"),
}


def fill(world: World, seed: Mapping[str, Any]) -> None:
    """Add what ``seed`` holds to ``world``. Raises ``BadSeed`` if it holds something that has no meaning here."""
    if extra := set(seed) - _SEED_KEYS:
        raise BadSeed(f"unknown keys {sorted(extra)}; known: {sorted(_SEED_KEYS)}")
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
            id=int(entry["id"]),
            name=entry.get("name", f"Filter {entry['id']}"),
            jql=entry["jql"],
            owner=owner,
        )
    for entry in seed.get("issues", ()):
        add_issue(world, entry)
    for entry in seed.get("bulk", ()):
        _bulk(world, entry)


def add_issue(world: World, entry: Mapping[str, Any]) -> Issue:
    """Add one issue as the seed's ``issues`` describe it."""
    if extra := set(entry) - _ISSUE_KEYS:
        raise BadSeed(f"issue {entry.get('key')}: unknown keys {sorted(extra)}; known: {sorted(_ISSUE_KEYS)}")
    key = str(entry["key"])
    project, _, number = key.rpartition("-")
    _ensure_project(world, project)
    world.last_issue += 1
    kind = str(entry.get("type", "Task"))
    issue = Issue(
        id=int(entry.get("id", world.last_issue)),
        key=key,
        project=project,
        number=int(number),
        values={
            "issuetype": kind,
            "status": status_id(world, entry.get("status", _first_status(world).name)),
            "created": instant(entry["created"]) if entry.get("created") else world.now(),
            "reporter": entry.get("reporter") or next(iter(world.users)),
            "priority": entry.get("priority", "Medium"),
            "summary": entry.get("summary", f"{kind} {key}"),
        },
    )
    _fill_fields(world, issue, entry)
    if "history" in entry:
        _replay(world, issue, entry["history"] or ())
    elif entry.get("resolved") is not None:
        _resolve(world, issue)
    _stamp(world, issue, entry)
    world.add(issue)
    return issue


def _fill_fields(world: World, issue: Issue, entry: Mapping[str, Any]) -> None:
    for name, field_id in _PLAIN.items():
        put(world, issue, field_id, entry.get(name))
    for name, value in (entry.get("fields") or {}).items():
        put(world, issue, _field_id(world, name), value)
    if entry.get("resolved") is not None:
        issue.values.setdefault("resolution", "Done")
    if entry.get("parent"):
        put(world, issue, _parent_field(world, issue), entry["parent"])


def _resolve(world: World, issue: Issue) -> None:
    """The single save that ``resolved`` implies if the seed says no more."""
    first = _first_status(world).id
    moved = items(world, "status", first, issue.values["status"]) if issue.values["status"] != first else []
    resolved = items(world, "resolution", None, issue.values["resolution"])
    world.change(issue, issue.values["resolutiondate"], issue.values["reporter"], [*moved, *resolved])


def _replay(world: World, issue: Issue, steps: Iterable[Mapping[str, Any]]) -> None:
    """The seed's history: what was changed at one time by one person was one save."""
    saves: dict[tuple[int, str], list[Item]] = {}
    for step in steps:
        author = str(step.get("by") or issue.values["reporter"])
        saves.setdefault((instant(step["at"]), author), []).extend(_seeded_items(world, step))
    for (at, author), made in sorted(saves.items(), key=lambda save: save[0][0]):
        world.change(issue, at, author, made)


def _seeded_items(world: World, step: Mapping[str, Any]) -> list[Item]:
    name = str(step["field"])
    if name == "Key":
        for side in ("from", "to"):
            _ensure_project(world, str(step[side]).rpartition("-")[0])
        return moved(world, str(step["from"]), str(step["to"]))
    matches = world.named(name)
    if matches:
        scratch = Issue(id=0, key="X-0", project="X", number=0, values={})
        held = []
        for side in ("from", "to"):
            put(world, scratch, matches[0].id, step.get(side))
            held.append(scratch.values.get(matches[0].id))
        made = items(world, matches[0].id, held[0], held[1])
        if "as" in step:
            return [replace(item, field=step["as"], field_id=step.get("field_id")) for item in made]
        return made
    # Entries such as Workflow, RemoteIssueLink or IssueParentAssociation have no field behind them.
    old, new = (None if step.get(side) is None else str(step[side]) for side in ("from", "to"))
    return [Item(field=name, field_id=None, old=old, old_text=old, new=new, new_text=new)]


def _stamp(world: World, issue: Issue, entry: Mapping[str, Any]) -> None:
    """When the issue was last touched, and when it last changed its category."""
    created = issue.values["created"]
    latest = max((made.at for made in issue.changes), default=created)
    issue.values["updated"] = instant(entry["updated"]) if entry.get("updated") else latest
    if world.kind == "cloud":
        crossings = [made.at for made in issue.changes if category_changed(world, made.items)]
        issue.values[CATEGORY_CHANGED] = max(crossings, default=created)


def _bulk(world: World, entry: Mapping[str, Any]) -> None:
    plain = {name: value for name, value in entry.items() if name not in {"project", "count", "every"}}
    project, every = str(entry["project"]), entry.get("every", "1h")
    step = span(every) if isinstance(every, str) else timedelta(seconds=float(every))
    first = max((issue.number for issue in world.issues.values() if issue.project == project), default=0) + 1
    starts = {
        name: datetime.fromtimestamp(instant(entry[name]) / 1000, UTC)
        for name in ("created", "resolved")
        if name in entry
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
    number = (
        world.projects[entry["key"]].id if entry["key"] in world.projects else 10_000 + len(world.projects)
    )
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
            (column["name"], tuple(status_id(world, name) for name in column["statuses"]))
            for column in columns
        ),
        estimation=_field_id(world, entry["estimation"]) if entry.get("estimation") else None,
        private=bool(entry.get("private", False)),
    )


def _first_status(world: World) -> Status:
    return next(status for status in world.statuses.values() if not status.deleted)


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
