"""Fill a ``World`` from plain YAML data. Its keys are documented at ``JiraEmulator``."""

from __future__ import annotations

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
from okrsync_emulators.jira.site_seed import ensure_project, field_id_of, fill_site, first_status
from okrsync_emulators.jira.world import (
    EPIC_LINK,
    PARENT_LINK,
    SPRINT,
    Issue,
    Item,
    World,
)

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
    fill_site(world, seed)
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
    ensure_project(world, project)
    world.last_issue += 1
    kind = str(entry.get("type", "Task"))
    issue = Issue(
        id=int(entry.get("id", world.last_issue)),
        key=key,
        project=project,
        number=int(number),
        values={
            "issuetype": kind,
            "status": status_id(world, entry.get("status", first_status(world).name)),
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
        put(world, issue, field_id_of(world, name), value)
    if entry.get("resolved") is not None:
        issue.values.setdefault("resolution", "Done")
    if entry.get("parent"):
        put(world, issue, _parent_field(world, issue), entry["parent"])


def _resolve(world: World, issue: Issue) -> None:
    """The single save that ``resolved`` implies if the seed says no more."""
    first = first_status(world).id
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
            ensure_project(world, str(step[side]).rpartition("-")[0])
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


def _parent_field(world: World, issue: Issue) -> str:
    """Where the parent is kept: Data Center has three places, by the child's level."""
    if world.kind == "cloud" or world.level(issue) < 0:
        return "parent"
    return EPIC_LINK if world.level(issue) == 0 else PARENT_LINK
