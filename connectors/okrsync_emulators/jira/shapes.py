"""Build Jira's answers: beans of issues, people, statuses, fields and changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from okrsync_emulators.jira.moments import moment
from okrsync_emulators.jira.world import (
    CATEGORIES,
    EPIC_LINK,
    PARENT_LINK,
    PRIORITIES,
    RESOLUTIONS,
    SPRINT,
    TYPES,
    Change,
    Field,
    Issue,
    Sprint,
    User,
    World,
    id_of,
)

_BARE: Final = frozenset({"id", "key", "issuekey"})


@dataclass(frozen=True, slots=True)
class Shapes:
    """Beans for one caller. ``base`` is the URL of the REST interface's version, as in ``self`` links."""

    world: World
    base: str
    language: str
    zone: ZoneInfo
    sees: Callable[[Issue], bool]
    hidden_fields: frozenset[str] = frozenset()

    def wanted(self, fields: Sequence[str]) -> tuple[list[Field], bool, bool]:
        """The fields a request's ``fields`` mean; whether the key is asked for; whether anything but the id is."""
        every = {"*all", "*navigable"} & set(fields)
        named = {name for name in fields if not name.startswith(("-", "*"))}
        dropped = {name.removeprefix("-") for name in fields if name.startswith("-")}
        found = [
            known
            for known in self.world.fields.values()
            if (every or known.id in named)
            and known.id not in dropped | self.hidden_fields | _BARE
            and (known.id != "statusCategory" or self.world.kind == "cloud")
        ]
        return found, bool(every or named & _BARE - {"id"}), bool(found)

    def issue(
        self, issue: Issue, fields: Sequence[Field], *, with_key: bool, with_fields: bool
    ) -> dict[str, Any]:
        """The bean of one issue."""
        bean: dict[str, Any] = {"id": str(issue.id)}
        if with_key or with_fields or self.world.kind != "cloud":
            bean["expand"] = "operations,versionedRepresentations,editmeta,changelog,renderedFields"
            bean["self"] = f"{self.base}/issue/{issue.id}"
        # Unknown: whether a page of fields without "key" carries the key nevertheless. Here it does not.
        if with_key or self.world.kind != "cloud":
            bean["key"] = issue.key
        if with_fields:
            bean["fields"] = {
                known.id: self.value(issue, known)
                for known in fields
                if known.project is None or known.project == issue.project
            }
        return bean

    def value(self, issue: Issue, known: Field) -> Any:
        """One field's value as JSON; None if it is empty."""
        if known.id == "project":
            return self.project(issue.project)
        if known.id == "statusCategory":
            return self.category(self.world.statuses[issue.values["status"]].category)
        held = issue.values.get(known.id)
        if held is None:
            return [] if known.id in {"labels", "fixVersions", "components"} else None
        if known.type == "datetime":
            return self.time(held)
        if known.type == "user":
            return self.user(self.world.users.get(held), held)
        if known.id == "status":
            return self.status(held)
        if known.id == "issuetype":
            return self.issue_type(held)
        if known.id == "priority":
            index = PRIORITIES.index(held) + 1 if held in PRIORITIES else 10_000
            return {"self": f"{self.base}/priority/{index}", "name": held, "id": str(index)}
        if known.id == "resolution":
            number = RESOLUTIONS.get(held, 10_099)
            return {
                "self": f"{self.base}/resolution/{number}",
                "id": str(number),
                "description": "",
                "name": held,
            }
        if known.id == "parent":
            return self.parent(held)
        if known.id == SPRINT:
            return [self._sprint_in_field(number) for number in held]
        if known.id in {EPIC_LINK, PARENT_LINK} or known.item == "string":
            return list(held) if isinstance(held, tuple) else held
        if known.item in {"version", "component"}:
            return [
                {"self": f"{self.base}/{known.item}/{id_of(name)}", "id": id_of(name), "name": name}
                for name in held
            ]
        if known.type == "option":
            return self._option(held)
        if known.item == "option":
            return [self._option(name) for name in held]
        return held

    def _option(self, name: str) -> dict[str, str]:
        return {"self": f"{self.base}/customFieldOption/{id_of(name)}", "value": name, "id": id_of(name)}

    def time(self, epoch: int) -> str:
        """``2026-10-05T09:00:00.000+0200``, in the caller's zone."""
        return _time(epoch // 60_000, self.zone.key) % (epoch // 1000 % 60, epoch % 1000)

    def user(self, user: User | None, held: str = "") -> dict[str, Any]:
        if user is None:
            user = User(email=held, name=held, token="", account_id=held)
        common = {"displayName": user.name, "active": True, "timeZone": user.timezone}
        if self.world.kind == "cloud":
            return {
                "self": f"{self.base}/user?accountId={user.account_id}",
                "accountId": user.account_id,
                "emailAddress": user.email,
                "accountType": "app" if user.credential == "service" else "atlassian",
                **common,
            }
        name = user.email.partition("@")[0]
        return {
            "self": f"{self.base}/user?username={name}",
            "name": name,
            "key": name,
            "emailAddress": user.email,
            **common,
        }

    def project(self, key: str) -> dict[str, Any]:
        project = self.world.projects[key]
        return {
            "self": f"{self.base}/project/{project.id}",
            "id": str(project.id),
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "simplified": False,
        }

    def category(self, key: str) -> dict[str, Any]:
        number, english, german, colour = CATEGORIES[key]
        return {
            "self": f"{self.base}/statuscategory/{number}",
            "id": number,
            "key": key,
            "colorName": colour,
            "name": german if self.language == "de" else english,
        }

    def status(self, status_id: str) -> dict[str, Any]:
        status = self.world.statuses[status_id]
        return {
            "self": f"{self.base}/status/{status.id}",
            "description": "",
            "iconUrl": f"{self.base}/images/icons/status.png",
            "name": status.shown(self.language),
            "id": status.id,
            "statusCategory": self.category(status.category),
        }

    def issue_type(self, name: str) -> dict[str, Any]:
        number, level = TYPES.get(name, (10_099, 0))
        bean: dict[str, Any] = {
            "self": f"{self.base}/issuetype/{number}",
            "id": str(number),
            "description": "",
            "name": name,
            "subtask": level < 0,
        }
        if self.world.kind == "cloud":
            bean["hierarchyLevel"] = level
        return bean

    def parent(self, key: str) -> dict[str, Any] | None:
        """The parent in short; None if it is not there or not to be seen."""
        issue = self.world.issues.get(key)
        if issue is None or not self.sees(issue):
            return None
        return {
            "id": str(issue.id),
            "key": issue.key,
            "self": f"{self.base}/issue/{issue.id}",
            "fields": {
                "summary": issue.values["summary"],
                "status": self.status(issue.values["status"]),
                "issuetype": self.issue_type(issue.values["issuetype"]),
            },
        }

    def _sprint_in_field(self, number: int) -> Any:
        sprint = self.world.sprints.get(number)
        if sprint is None:
            sprint = Sprint(id=number, name=str(number), board=0, state="closed")
        if self.world.kind == "cloud":
            bean = self.sprint(sprint)
            bean["boardId"] = bean.pop("originBoardId")
            return bean
        parts = {
            "id": sprint.id,
            "rapidViewId": sprint.board,
            "state": sprint.state.upper(),
            "name": sprint.name,
            "startDate": self._time_or(sprint.start),
            "endDate": self._time_or(sprint.end),
            "completeDate": self._time_or(sprint.complete),
            "sequence": sprint.id,
        }
        inside = ",".join(f"{name}={value}" for name, value in parts.items())
        return f"com.atlassian.greenhopper.service.sprint.Sprint@1f[{inside}]"

    def _time_or(self, epoch: int | None) -> str:
        return "<null>" if epoch is None else self.time(epoch)

    def sprint(self, sprint: Sprint) -> dict[str, Any]:
        times = {"startDate": sprint.start, "endDate": sprint.end, "completeDate": sprint.complete}
        return {
            "id": sprint.id,
            "self": f"{self.base.rpartition('/rest/')[0]}/rest/agile/1.0/sprint/{sprint.id}",
            "state": sprint.state,
            "name": sprint.name,
            **{name: _iso(epoch) for name, epoch in times.items() if epoch is not None},
            "originBoardId": sprint.board,
            "goal": sprint.goal,
        }

    def change(self, change: Change) -> dict[str, Any]:
        return {
            "id": str(change.id),
            "author": self.user(self.world.users.get(change.author), change.author),
            "created": self.time(change.at),
            "items": [self.item(entry) for entry in change.items],
        }

    def item(self, entry: Any) -> dict[str, Any]:
        bean: dict[str, Any] = {
            "field": entry.field,
            "fieldtype": "custom" if entry.custom else "jira",
        }
        # Data Center words its items without the id; so do entries that have no field behind them.
        if entry.field_id is not None and self.world.kind == "cloud":
            bean["fieldId"] = entry.field_id
        return {
            **bean,
            "from": entry.old,
            "fromString": entry.old_text,
            "to": entry.new,
            "toString": entry.new_text,
        }

    def field(self, known: Field) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": known.type}
        if known.item:
            schema["items"] = known.item
        if known.custom:
            schema |= {"custom": known.custom, "customId": int(known.number)}
        else:
            schema["system"] = known.id
        clauses = [*known.clauses] or [known.name]
        if known.number:
            clauses = [f"cf[{known.number}]", known.name]
        bean: dict[str, Any] = {
            "id": known.id,
            "key": known.id,
            "name": known.name,
            "custom": known.custom is not None,
            "orderable": True,
            "navigable": True,
            "searchable": True,
            "clauseNames": clauses,
            "schema": schema,
        }
        if self.world.kind != "cloud":
            del bean["key"]
        if known.project:
            bean["scope"] = {"type": "PROJECT", "project": {"id": str(self.world.projects[known.project].id)}}
        return bean


@lru_cache(maxsize=65_536)
def _time(minute: int, zone: str) -> str:
    """A minute's text with places for seconds and milliseconds: zones are slow, pages are long."""
    local = moment(minute * 60_000, ZoneInfo(zone))
    return f"{local:%Y-%m-%dT%H:%M}:%02d.%03d{local:%z}"


def _iso(epoch: int) -> str:
    found: datetime = moment(epoch, ZoneInfo("UTC"))
    return f"{found:%Y-%m-%dT%H:%M:%S}.{epoch % 1000:03d}Z"
