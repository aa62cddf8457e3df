"""Resolve the name of a field to its id: names must be unique, and nothing is guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from okrsync.errors import ConfigError, OkrsyncError
from okrsync.spelling import did_you_mean
from okrsync_jira.client import Site

SECONDS: Final = frozenset(
    {
        "timespent",
        "timeestimate",
        "timeoriginalestimate",
        "aggregatetimespent",
        "aggregatetimeestimate",
        "aggregatetimeoriginalestimate",
    }
)
"""Jira's own lengths of time; their values are seconds."""

_SYSTEM: Final = (
    SECONDS
    | {"workratio", "status", "issuetype", "priority", "project", "resolution", "reporter"}
    | {"assignee", "creator", "labels", "components", "fixVersions", "versions", "parent"}
)
_CUSTOM: Final = re.compile(r"customfield_\d+")
_CLAUSE: Final = re.compile(r"cf\[(\d+)\]", re.IGNORECASE)
_FRESH: Final = timedelta(days=1)


class NoSuchField(ConfigError):
    """A site has no field of that name."""


@dataclass(frozen=True, slots=True)
class Field:
    """``type`` is Jira's (number, date, datetime, string, ...), or empty if it was not looked up."""

    id: str
    name: str
    type: str = ""

    @property
    def clause(self) -> str:
        """The field as JQL writes it."""
        return f"cf[{self.id.removeprefix('customfield_')}]" if _CUSTOM.fullmatch(self.id) else self.id

    def __str__(self) -> str:
        return self.id if self.name == self.id else f"{self.name} ({self.id})"


class FieldNames:
    """The names of a site's fields, read with one request at the first name that needs it.

    What a name meant is kept in the connection's state for a day.
    """

    def __init__(self, site: Site, state: MutableMapping[str, str], now: datetime) -> None:
        self._site = site
        self._state = state
        self._now = now
        self._all: Sequence[Mapping[str, Any]] | OkrsyncError | None = None

    def resolve(self, text: str, *, typed: bool = False) -> Field:
        """The one field that ``text`` means (an id, a name or ``cf[10016]``); with its type if ``typed``.

        Raises ``ConfigError`` if no field or more than one has that name.
        """
        if clause := _CLAUSE.fullmatch(text):
            text = f"customfield_{clause[1]}"
        if not typed and (text in _SYSTEM or _CUSTOM.fullmatch(text)):
            return Field(text, text)
        return self._remembered(text) or self._looked_up(text)

    def find(self, text: str) -> Field | None:
        """As ``resolve``, for a field that a site may well lack."""
        try:
            return self.resolve(text, typed=True)
        except NoSuchField:
            return None

    def refuse_namesakes(self, field: Field) -> None:
        """Raise ``ConfigError`` if another field has the same name: Data Center's changelog tells only names."""
        others = [raw["id"] for raw in self._read() if _called(raw, field.name) and raw["id"] != field.id]
        if others:
            raise ConfigError(
                f"{field} and {' and '.join(others)} have one name, and this Jira's changelog tells fields by name only",
                hint="rename one of them",
            )

    def _remembered(self, text: str) -> Field | None:
        page = self._state.get(f"field {text}")
        if page is None:
            return None
        kept = json.loads(page)
        return Field(**kept) if fresh(kept.pop("read_at"), self._now) else None

    def _looked_up(self, text: str) -> Field:
        fields = self._read()
        found = [raw for raw in fields if raw["id"] == text] or [raw for raw in fields if _called(raw, text)]
        if not found:
            meant = did_you_mean(text, [raw.get("name", "") for raw in fields])
            raise NoSuchField(
                f"no field is called {text!r} (or this account cannot see it)",
                hint=f"write its name or its id (customfield_12345): {meant}",
            )
        if len(found) > 1:
            listed = "; ".join(_described(raw) for raw in found)
            raise ConfigError(
                f"{len(found)} fields are called {text!r}: {listed}",
                hint="write the id of the one you mean, or a list of ids: the first that is filled in counts",
            )
        field = Field(
            found[0]["id"], found[0].get("name", text), (found[0].get("schema") or {}).get("type", "")
        )
        self._state[f"field {text}"] = json.dumps({**asdict(field), "read_at": self._now.isoformat()})
        return field

    def _read(self) -> Sequence[Mapping[str, Any]]:
        if self._all is None:
            try:
                self._all = self._site.fields()
            except OkrsyncError as error:
                # Every metric that needs a name gets the same error, without a second request.
                self._all = error
        if isinstance(self._all, OkrsyncError):
            raise self._all
        return self._all


def fresh(noted: str | None, now: datetime) -> bool:
    """Whether something was kept in the connection's state within the last day."""
    return noted is not None and now - _FRESH < datetime.fromisoformat(noted) <= now


def _called(raw: Mapping[str, Any], text: str) -> bool:
    return str(raw.get("name", "")).casefold() == text.casefold()


def _described(raw: Mapping[str, Any]) -> str:
    project = ((raw.get("scope") or {}).get("project") or {}).get("id")
    kind = (raw.get("schema") or {}).get("type", "unknown type")
    return f"{raw['id']} ({kind}{f', only in project {project}' if project else ''})"
