"""Find what a name in JQL means for the person who asks: a project, status, person, version or key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from okrsync_emulators.jira.texts import Refusal, bad_request
from okrsync_emulators.jira.tree import Call, Empty, Literal, Many, Operand
from okrsync_emulators.jira.world import (
    CATEGORIES,
    EPIC_LINK,
    PARENT_LINK,
    PRIORITIES,
    RESOLUTIONS,
    SPRINT,
    TYPES,
    Field,
    Issue,
    User,
    World,
)

Test = Callable[[Issue], bool]
_LINKS: Final = {"issuekey", "parent", EPIC_LINK, PARENT_LINK}
_SPRINT_STATES: Final = {"opensprints": "active", "closedsprints": "closed", "futuresprints": "future"}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and what that changes: the zone and locale of dates, the language of names, what can be seen."""

    user: User | None
    language: str
    zone: ZoneInfo
    locale: str
    sees: Test
    sees_project: Callable[[str], bool]
    hidden_fields: frozenset[str] = frozenset()

    def refuse(self, text: str, **values: object) -> Refusal:
        return bad_request(self.language, text, **values)


def searched(world: World, asker: Asker, name: str) -> list[Field]:
    """The fields a clause means: names are not unique, and then Jira searches all of them."""
    found = [known for known in world.named(name) if known.id not in asker.hidden_fields]
    if not found:
        raise asker.refuse("no_field", field=name)
    return found


def is_unresolved(known: Field, operand: Operand) -> bool:
    """``Unresolved`` is no resolution but the lack of one."""
    return (
        known.id == "resolution" and isinstance(operand, Literal) and operand.text.casefold() == "unresolved"
    )


def members(
    world: World, asker: Asker, known: Field, operand: Operand, name: str
) -> tuple[frozenset[Any], bool]:
    """The held values that ``operand`` names, and whether EMPTY is among them. ``name`` is the field's, as asked."""
    if isinstance(operand, Many):
        parts = [members(world, asker, known, member, name) for member in operand.members]
        return frozenset().union(*(values for values, _ in parts)), any(empty for _, empty in parts)
    if isinstance(operand, Empty) or is_unresolved(known, operand):
        return frozenset(), True
    if isinstance(operand, Call):
        return _called(world, asker, known, operand), False
    return frozenset(_named(world, asker, known, operand.text, name)), False


def _called(world: World, asker: Asker, known: Field, call: Call) -> frozenset[Any]:
    function = call.name.casefold()
    if function == "currentuser" and known.type == "user":
        return frozenset({asker.user.email} if asker.user else ())
    if function in _SPRINT_STATES and known.id == SPRINT:
        wanted = _SPRINT_STATES[function]
        return frozenset(sprint.id for sprint in world.sprints.values() if sprint.state == wanted)
    raise asker.refuse("no_function", function=f"{call.name}()")


def _named(world: World, asker: Asker, known: Field, text: str, name: str) -> Iterable[Any]:
    if known.id in _LINKS:
        issue = world.issue(text)
        if issue is None or not asker.sees(issue):
            raise asker.refuse("no_id" if text.isdigit() else "no_key", value=text, field=name)
        return {issue.key}
    if known.item == "string":
        return {text}
    candidates = _candidates(world, asker, known)
    folded = text.casefold()
    found = {value for value, names in candidates.items() if folded in map(str.casefold, names)}
    if not found:
        kind = "no_id" if text.isdigit() and known.id != "project" else "no_value"
        raise asker.refuse(kind, value=text, field=name)
    return found


def _candidates(world: World, asker: Asker, known: Field) -> Mapping[Any, tuple[str, ...]]:
    """Every value that the field can be asked for, with the names it answers to."""
    if known.id == "project":
        visible = [entry for entry in world.projects.values() if asker.sees_project(entry.key)]
        return {entry.key: (entry.key, entry.name, str(entry.id)) for entry in visible}
    if known.id == "status":
        live = [status for status in world.statuses.values() if not status.deleted]
        return {status.id: (status.id, status.name, status.shown(asker.language)) for status in live}
    if known.id == "statusCategory":
        # Unknown: whether the key is taken as well; the name is in the language of the request.
        german = asker.language == "de"
        return {key: (str(entry[0]), entry[2] if german else entry[1]) for key, entry in CATEGORIES.items()}
    if known.id == "issuetype":
        used = {issue.values["issuetype"] for issue in world.issues.values()} - set(TYPES)
        return {kind: (kind, str(TYPES[kind][0])) for kind in TYPES} | {kind: (kind,) for kind in used}
    if known.id == "priority":
        return {kind: (kind, str(index)) for index, kind in enumerate(PRIORITIES, 1)}
    if known.id == "resolution":
        return {kind: (kind, str(number)) for kind, number in RESOLUTIONS.items()}
    if known.type == "user":
        # Unknown: whether Cloud still takes an e-mail address here; this emulator takes it.
        return {user.email: (user.account_id, user.email, user.name) for user in world.users.values()}
    if known.id == SPRINT:
        return {sprint.id: (str(sprint.id), sprint.name) for sprint in world.sprints.values()}
    return _used(world, known.id)


def _used(world: World, field_id: str) -> dict[str, tuple[str, ...]]:
    """Versions, components and options exist here once an issue has them."""
    found: set[str] = set()
    for issue in world.issues.values():
        value = issue.values.get(field_id)
        found.update(
            member for member in (value if isinstance(value, tuple) else (value,)) if isinstance(member, str)
        )
    return {name: (name,) for name in found}


def worded(operand: Operand) -> str:
    """An operand as an error message shows it."""
    if isinstance(operand, Literal):
        return f'"{operand.text}"'
    if isinstance(operand, Call):
        return f"{operand.name}({', '.join(operand.arguments)})"
    return "EMPTY" if isinstance(operand, Empty) else "(...)"
