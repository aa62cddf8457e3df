"""Take a request apart, with the checks that every endpoint shares."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from okrsync_emulators.notion.queries import Cursors, Slice, page_size
from okrsync_emulators.notion.refusals import RefusalError, invalid, malformed, not_found
from okrsync_emulators.notion.workspace import Column, Database, DataSource, Row, Workspace

# Recorded once: 32 digits whose variant is none are no id. Unknown: whether the version is looked at too.
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class State:
    """What the endpoints work on. A new row is hidden for ``lag`` queries."""

    workspace: Workspace
    cursors: Cursors
    lag: int = 0

    def database(self, identity: str) -> Database:
        found = self.workspace.databases.get(uuid_at("path.database_id", identity))
        if found is None or not found.shared:
            raise self.missing("database", identity)
        return found

    def source(self, identity: str, path: str = "path.data_source_id") -> DataSource:
        found = self.workspace.sources.get(uuid_at(path, identity))
        if found is None or not self.workspace.databases[found.database].shared:
            # Recorded: what is said of an unshared data source calls it a database.
            raise self.missing("database", identity)
        return found

    def row(self, identity: str) -> Row:
        found = self.workspace.row(uuid_at("path.page_id", identity))
        if found is None or not self.workspace.visible(found):
            raise self.missing("page", identity)
        return found

    def spend_block(self) -> None:
        """Count a page, database or view that is about to be made. Raises the refusal of a free workspace at its limit.

        Unknown: its status, code and sentence; that creates are refused, and edits are not, is documented.
        """
        behaviour = self.workspace.behaviour
        if behaviour.blocks is None:
            return
        if behaviour.blocks <= 0:
            status, code = behaviour.limit
            raise RefusalError(status, code, "This workspace has reached the block limit of its plan.")
        behaviour.blocks -= 1

    def missing(self, noun: str, identity: str) -> RefusalError:
        return not_found(noun, str(uuid.UUID(identity)), self.workspace.bot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``query`` keeps repeated names; ``legacy`` means version 2025-09-03."""

    query: list[tuple[str, str]]
    body: dict[str, Any]
    legacy: bool

    def asked(self, name: str) -> str | None:
        return next((value for key, value in self.query if key == name), None)

    def only_keys(self, *keys: str) -> None:
        """Refuse what the endpoint does not have: ``archived``, ``filter_properties`` in a body, misspelt names."""
        for key, value in self.body.items():
            if key not in keys:
                raise malformed(f"body.{key}", "not present", value)

    def flag(self, name: str, default: bool) -> bool:
        value = self.body.get(name, default)
        if not isinstance(value, bool):
            raise malformed(f"body.{name}", "a boolean or `undefined`", value)
        return value

    def columns(self, source: DataSource, *, strict: bool = False) -> list[Column] | None:
        """The columns of ``filter_properties``, by id; None for all of them.

        A page leaves out what is no id of a column (a name, an id escaped twice); ``strict``, a query refuses it.
        """
        wanted = [value for key, value in self.query if key in {"filter_properties", "filter_properties[]"}]
        if strict and not source.columns.keys() >= set(wanted):
            raise invalid(f"The schema for the data source {source.id} is malformed.")
        return (
            [source.columns[identity] for identity in source.columns if identity in wanted]
            if wanted
            else None
        )

    def slice_of_get(self, cursors: Cursors, owner: str, ids: Sequence[str]) -> Slice:
        """One page of a list whose size and cursor are in the query string."""
        text = self.asked("page_size")
        if text is not None and not text.isdigit():
            raise malformed("query.page_size", "a number or `undefined`", text)
        size = page_size("query.page_size", None if text is None else int(text))
        return cursors.slice(owner, ids, self.asked("start_cursor"), size)


def taken_apart(query: str, body: bytes, *, legacy: bool) -> Call:
    return Call(query=parse_qsl(query, keep_blank_values=True), body=_json(body), legacy=legacy)


def _json(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        found = json.loads(body, parse_constant=_no_constant)
    except ValueError as error:
        raise RefusalError(400, "invalid_json", "Error parsing JSON body.") from error
    if not isinstance(found, dict):
        raise malformed("body", "an object", found)
    return found


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def uuid_at(path: str, identity: str) -> str:
    """The id with its dashes; Notion takes it without them too."""
    if not _UUID.fullmatch(identity):
        raise malformed(path, "a valid uuid", identity)
    return str(uuid.UUID(identity))
