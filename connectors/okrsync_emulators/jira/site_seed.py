"""Fill what a Jira site has before its issues: statuses, fields, projects, users, boards and more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from okrsync_emulators.jira.changes import BadSeed, instant, status_id
from okrsync_emulators.jira.world import Board, Field, Filter, Project, Sprint, Status, User, World

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


def fill_site(world: World, seed: Mapping[str, Any]) -> None:
    """Add what ``seed`` says of the site. Its statuses and users replace those that every site has."""
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


def ensure_project(world: World, key: str) -> None:
    """Add the project of an issue or board that the seed does not list."""
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
    ensure_project(world, entry["project"])
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
        estimation=field_id_of(world, entry["estimation"]) if entry.get("estimation") else None,
        private=bool(entry.get("private", False)),
    )


def first_status(world: World) -> Status:
    """The status that a new issue has."""
    return next(status for status in world.statuses.values() if not status.deleted)


def field_id_of(world: World, name: str) -> str:
    """The id of the only field called ``name``. Raises ``BadSeed`` if there is none or several."""
    matches = world.named(name)
    if len(matches) != 1:
        raise BadSeed(f"{len(matches)} fields are called {name!r}")
    return matches[0].id
