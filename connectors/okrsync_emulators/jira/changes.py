"""Set fields of issues, and record each change in the changelog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from okrsync_emulators.jira.moments import millis
from okrsync_emulators.jira.world import (
    EPIC_LINK,
    PRIORITIES,
    RESOLUTIONS,
    SPRINT,
    TYPES,
    Field,
    Issue,
    Item,
    World,
    id_of,
)

CATEGORY_CHANGED: Final = "statuscategorychangedate"
# The changelog's names of fields whose own name differs.
_LOGGED_AS: Final = {"fixVersions": "Fix Version", "components": "Component"}


class BadSeed(ValueError):
    """The seed, or an edit, is not what this emulator documents."""


def instant(value: Any) -> int:
    """Epoch milliseconds of a YAML date, time or ISO text; without a zone it is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise BadSeed(f"{value!r} is no date")
    return millis(value if value.tzinfo else value.replace(tzinfo=UTC))


def status_id(world: World, name: Any) -> str:
    status = world.status(str(name))
    if status is None:
        raise BadSeed(
            f"there is no status {name!r}; known: {[known.name for known in world.statuses.values()]}"
        )
    return status.id


def put(world: World, issue: Issue, field_id: str, value: Any) -> None:
    """Set one field to a value as a seed or a person writes it; None empties it."""
    if value is None or value in ("", [], ()):
        issue.values.pop(field_id, None)
        return
    issue.values[field_id] = _held(world, world.fields[field_id], value)


def _held(world: World, known: Field, value: Any) -> Any:
    """A value as the world holds it."""
    if known.type == "datetime":
        return instant(value)
    if known.type == "date":
        return value.isoformat()[:10] if isinstance(value, date) else str(value)
    if known.type == "status":
        return status_id(world, value)
    if known.type == "number":
        return float(value)
    if known.type == "array":
        members = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        return tuple(int(member) if known.id == SPRINT else str(member) for member in members)
    return value


def items(world: World, field_id: str, old: Any, new: Any) -> list[Item]:
    """The change of one field as the changelog words it; ``old`` and ``new`` are held values.

    Versions and components get one item for each value added or removed, every other field exactly one.
    """
    known = world.fields[field_id]
    if known.item in {"version", "component"}:
        before, after = old or (), new or ()
        pairs = [((name,), None) for name in before if name not in after]
        pairs += [(None, (name,)) for name in after if name not in before]  # type: ignore[misc]
        return [_item(world, known, gone, come) for gone, come in pairs]
    return [_item(world, known, old, new)]


def _item(world: World, known: Field, old: Any, new: Any) -> Item:
    before, after = _worded(world, known, old), _worded(world, known, new)
    name, field_id = _logged_as(world, known, old or new)
    return Item(
        field=name,
        field_id=field_id,
        old=before[0],
        old_text=before[1],
        new=after[0],
        new_text=after[1],
        custom=known.custom is not None,
    )


def _logged_as(world: World, known: Field, value: Any) -> tuple[str, str | None]:
    """The name and the id under which the changelog keeps a change of ``known``.

    Recorded on Cloud: a move between epics is ``Epic Link`` with the id of that old field, in 16 of 16 cases; a move
    between other issues is ``IssueParentAssociation`` without an id.
    """
    if known.id == "parent":
        above = world.issue(value)
        if world.kind == "cloud" and above is not None and above.values["issuetype"] == "Epic":
            return "Epic Link", EPIC_LINK
        return "IssueParentAssociation", None
    return known.name if known.custom else _LOGGED_AS.get(known.id, known.id), known.id


def moved(world: World, old_key: str, new_key: str) -> list[Item]:
    """The items of a move of an issue from one project to another."""
    projects = [world.projects.get(key.rpartition("-")[0]) for key in (old_key, new_key)]
    ids = [str(project.id) if project else None for project in projects]
    names = [project.name if project else None for project in projects]
    return [
        Item(
            field="project", field_id="project", old=ids[0], old_text=names[0], new=ids[1], new_text=names[1]
        ),
        # Unknown: whether Cloud gives the key's change an id; here it gives none.
        Item(field="Key", field_id=None, old=None, old_text=old_key, new=None, new_text=new_key),
    ]


def shown(world: World, issue: Issue, field_id: str) -> str:
    """One cell as a person sees it; empty if the field is."""
    value = issue.values.get(field_id)
    return "" if value is None else _worded(world, world.fields[field_id], value)[1] or ""


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
        return str(RESOLUTIONS.get(value, value)), str(value)
    if known.type == "issuetype":
        return str(TYPES.get(value, (10_099, 0))[0]), str(value)
    if known.type == "priority":
        return str(PRIORITIES.index(value) + 1 if value in PRIORITIES else 10_000), str(value)
    if known.item in {"version", "component"}:
        return id_of(value[0]), " ".join(value)
    if known.type == "option":
        return id_of(value), str(value)
    if known.type == "array":
        return None, " ".join(value)
    if known.id == "parent":
        above = world.issue(value)
        return str(above.id) if above else value, value
    if known.type == "number":
        # Lengths of time are kept as seconds on both sides.
        return None if known.custom else f"{value:g}", f"{value:g}"
    if known.type == "datetime":
        text = datetime.fromtimestamp(value / 1000, UTC).isoformat()
        return text, text
    return str(value), str(value)


def change(world: World, issue: Issue, values: Mapping[str, Any], *, author: str) -> None:
    """Save new ``values`` by field id as one change, made now; a status moves the resolution along."""
    now = world.now()
    before = dict(issue.values)
    for field_id, value in values.items():
        put(world, issue, field_id, value)
    if "status" in values:
        _follow_status(world, issue, before["status"], now)
    issue.values["updated"] = now
    logged = [*values, *(("resolution",) if "status" in values else ())]
    made = [
        entry
        for field_id in logged
        if before.get(field_id) != issue.values.get(field_id)
        for entry in items(world, field_id, before.get(field_id), issue.values.get(field_id))
    ]
    if made:
        world.change(issue, now, author, made)


def _follow_status(world: World, issue: Issue, before: str, now: int) -> None:
    category = world.statuses[issue.values["status"]].category
    if category == "done" and "resolutiondate" not in issue.values:
        issue.values |= {"resolution": "Done", "resolutiondate": now}
    elif category != "done":
        issue.values.pop("resolution", None)
        issue.values.pop("resolutiondate", None)
    if world.kind == "cloud" and category != world.statuses[before].category:
        issue.values[CATEGORY_CHANGED] = now


def category_changed(world: World, entries: Iterable[Item]) -> bool:
    """Whether one of ``entries`` took the issue into another category."""
    return any(
        entry.field_id == "status"
        and {entry.old, entry.new} <= set(world.statuses)
        and world.statuses[str(entry.old)].category != world.statuses[str(entry.new)].category
        for entry in entries
    )


def delete_status(world: World, name: str) -> None:
    """Mark a status as deleted. Raises ``BadSeed`` while an issue has it, as Jira would refuse."""
    status = world.statuses[status_id(world, name)]
    if users := [issue.key for issue in world.issues.values() if issue.values["status"] == status.id]:
        raise BadSeed(f"status {name} is in use by {users[0]}")
    world.statuses[status.id] = replace(status, deleted=True)
