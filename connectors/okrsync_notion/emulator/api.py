"""The routes: what each request does to the workspace and what it is answered."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from okrsync_notion.emulator import answers, cells, schema, seeding
from okrsync_notion.emulator.queries import Cursors, matching, page_size
from okrsync_notion.emulator.refusals import (
    RefusalError,
    invalid,
    malformed,
    not_found,
    undefined,
    unknown_route,
    unsupported,
)
from okrsync_notion.emulator.workspace import Column, Database, DataSource, Row, Workspace, stable

VERSIONS = ("2025-09-03", "2026-03-11")
LIMIT = 500 * 1024
_UUID = re.compile(r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, taken apart. ``query`` keeps repeated names; ``legacy`` means version 2025-09-03."""

    query: list[tuple[str, str]]
    body: dict[str, Any]
    legacy: bool

    def asked(self, name: str) -> str | None:
        return next((value for key, value in self.query if key == name), None)


@dataclass(slots=True, kw_only=True)
class Api:
    """Notion's API over one workspace. ``strict`` refuses unknown property names, otherwise they are ignored."""

    workspace: Workspace
    cursors: Cursors
    strict: bool = True
    lag: int = 0
    served: int = field(default=0)

    def answer(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and JSON body of one request."""
        self.served += 1
        request_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.workspace.token} {self.served}"))
        stamped = {"x-notion-request-id": request_id}
        try:
            found = self._dispatch(method, path, query, headers, body)
        except RefusalError as refusal:
            return refusal.status, stamped | refusal.headers, refusal.body(request_id)
        return 200, stamped, {**found, "request_id": request_id}

    def _dispatch(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, Any]:
        for verb, pattern, handler in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and verb == method:
                call = self._call(query, headers, body)
                return handler(self, call, **match.groupdict())
        raise unknown_route()

    def _call(self, query: str, headers: Mapping[str, str], body: bytes) -> Call:
        if headers.get("authorization") != f"Bearer {self.workspace.token}":
            raise RefusalError(401, "unauthorized", "API token is invalid.")
        version = headers.get("notion-version")
        if version not in VERSIONS:
            wanted = " or ".join(f'`"{known}"`' for known in VERSIONS)
            was = "`undefined`" if version is None else f'`"{version}"`'
            # Unknown: the code for a version that does not exist. Older versions exist, but not in this emulator.
            raise RefusalError(
                400,
                "missing_version",
                f"Notion-Version header failed validation: Notion-Version header should be {wanted}, instead was {was}.",
            )
        if len(body) > LIMIT:
            raise invalid(f"body failed validation: body.length should be ≤ `{LIMIT}`, instead was `{len(body)}`.")
        return Call(
            query=parse_qsl(query, keep_blank_values=True),
            body=_json(body),
            legacy=version == "2025-09-03",
        )

    # Users

    def me(self, _call: Call) -> dict[str, Any]:
        return cells.user_object(self.workspace.bot, self.workspace)

    def users(self, call: Call) -> dict[str, Any]:
        ids = [user.id for user in self.workspace.users()]
        size = _query_size(call)
        cursor = call.asked("start_cursor")
        page = self.cursors.after("users", cursor, size) if cursor else self.cursors.first("users", ids, size)
        found = [user for user in self.workspace.users() if user.id in page.ids]
        return answers.listing("user", [cells.user_object(u, self.workspace) for u in found], page.cursor)

    def user(self, _call: Call, user_id: str) -> dict[str, Any]:
        found = self.workspace.user(_uuid("user_id", user_id))
        if found is None:
            raise self._missing("user", user_id)
        return cells.user_object(found, self.workspace)

    # Databases and data sources

    def database(self, call: Call, database_id: str) -> dict[str, Any]:
        return answers.database(self.workspace, self._database(database_id), legacy=call.legacy)

    def data_source(self, call: Call, data_source_id: str) -> dict[str, Any]:
        return answers.data_source(self.workspace, self._source(data_source_id), legacy=call.legacy)

    def patch_data_source(self, call: Call, data_source_id: str) -> dict[str, Any]:
        source = self._source(data_source_id)
        _known(call, {"title", "icon", "properties", "in_trash", "parent"})
        for key in ("icon", "parent"):
            if key in call.body:
                raise unsupported(f"{key} in an update of a data source")
        if "title" in call.body:
            source.title = "".join(item["text"]["content"] for item in call.body["title"])
        source.in_trash = bool(call.body.get("in_trash", source.in_trash))
        if "properties" in call.body:
            schema.patch(self.workspace, source, call.body["properties"])
        source.edited, source.edited_by = self.workspace.now(), self.workspace.bot.id
        return answers.data_source(self.workspace, source, legacy=call.legacy)

    def create_database(self, call: Call) -> dict[str, Any]:
        _known(call, {"parent", "title", "description", "is_inline", "initial_data_source", "icon", "cover"})
        workspace, moment = self.workspace, self.workspace.now()
        parent = call.body.get("parent")
        if not isinstance(parent, dict) or parent.get("type") not in {"page_id", "workspace"}:
            raise undefined("body.parent")
        title = "".join(item["text"]["content"] for item in call.body.get("title") or [])
        database = Database(
            id=stable("created database", str(workspace.next_serial())),
            title=title,
            created=moment,
            edited=moment,
            parent=parent,
            is_inline=bool(call.body.get("is_inline", False)),
        )
        properties = (call.body.get("initial_data_source") or {}).get("properties") or {"Name": {"title": {}}}
        source = DataSource(
            id=stable("created data source", database.id),
            database=database.id,
            title=title,
            created=moment,
            edited=moment,
            edited_by=workspace.bot.id,
        )
        for name, config in properties.items():
            schema.create(source, name, f"body.initial_data_source.properties.{name}", config)
        if not any(column.kind == "title" for column in source.columns.values()):
            raise invalid("Title is not provided")
        database.sources.append(source.id)
        workspace.databases[database.id], workspace.sources[source.id] = database, source
        return answers.database(workspace, database, legacy=call.legacy)

    def query(self, call: Call, data_source_id: str) -> dict[str, Any]:
        source = self._source(data_source_id)
        # `archived` is refused too: seen against the live API on the oldest version.
        _known(call, {"filter", "sorts", "start_cursor", "page_size", "in_trash", "result_type"})
        only = _filter_properties(call, source)
        size = page_size("body.page_size", call.body.get("page_size"))
        cursor = call.body.get("start_cursor")
        if cursor is not None and not isinstance(cursor, str):
            raise malformed("body.start_cursor", "a string or `undefined`", cursor)
        rows = matching(self.workspace, source, call.body)
        if call.body.get("result_type") == "data_source":
            rows = []
        for row in source.rows.values():
            row.hidden_for -= row.hidden_for > 0
        by_id = {row.id: row for row in rows}
        page = (
            self.cursors.after(source.id, cursor, size)
            if cursor
            else self.cursors.first(source.id, tuple(by_id), size)
        )
        results = [
            answers.page(self.workspace, by_id[identity], legacy=call.legacy, only=only)
            for identity in page.ids
            if identity in by_id
        ]
        listing = answers.listing("page_or_data_source", results, page.cursor)
        if page.capped:
            listing["request_status"] = {
                "type": "incomplete",
                "incomplete_reason": "query_result_limit_reached",
            }
        return listing

    def search(self, call: Call) -> dict[str, Any]:
        """By title only, newest edit first. Search is neither exhaustive nor consistent in Notion: no client may rely on it."""
        _known(call, {"sort", "query", "start_cursor", "page_size", "filter"})
        if "start_cursor" in call.body or "sort" in call.body:
            raise unsupported("sorting and paging of a search")
        size = page_size("body.page_size", call.body.get("page_size"))
        wanted = str(call.body.get("query", "")).casefold()
        kind = (call.body.get("filter") or {}).get("value")
        found: list[dict[str, Any]] = []
        for source in self.workspace.sources.values():
            if not self.workspace.databases[source.database].shared:
                continue
            if kind != "page" and wanted in source.title.casefold():
                found.append(answers.data_source(self.workspace, source, legacy=call.legacy))
            title = source.titled()
            if kind != "data_source":
                found += [
                    answers.page(self.workspace, row, legacy=call.legacy)
                    for row in source.rows.values()
                    if row.shared and not row.in_trash
                    if wanted in (cells.plain(self.workspace, title, row) or "").casefold()
                ]
        found.sort(key=lambda item: str(item["last_edited_time"]), reverse=True)
        return answers.listing("page_or_data_source", found[:size], None)

    # Pages

    def page(self, call: Call, page_id: str) -> dict[str, Any]:
        row = self._row(page_id)
        only = _filter_properties(call, self.workspace.sources[row.source])
        return answers.page(self.workspace, row, legacy=call.legacy, only=only)

    def create_page(self, call: Call) -> dict[str, Any]:
        _known(call, {"parent", "properties", "icon", "cover"})
        parent = call.body.get("parent")
        if not isinstance(parent, dict) or "data_source_id" not in parent:
            raise undefined("body.parent.data_source_id")
        workspace = self.workspace
        source = self._source(str(parent["data_source_id"]), "body.parent.data_source_id")
        only = _filter_properties(call, source)
        changes = self._changes(source, call.body.get("properties") or {})
        moment, serial = workspace.now(), workspace.next_serial()
        row = Row(
            id=stable("created row", source.id, str(serial)),
            source=source.id,
            serial=serial,
            created=moment,
            edited=moment,
            created_by=workspace.bot.id,
            edited_by=workspace.bot.id,
            hidden_for=self.lag,
            icon=call.body.get("icon"),
            cover=call.body.get("cover"),
        )
        _store(row, changes)
        seeding.fill_in(source, row, {source.columns[identity].name for identity in changes})
        source.rows[row.id] = row
        return answers.page(workspace, row, legacy=call.legacy, only=only)

    def patch_page(self, call: Call, page_id: str) -> dict[str, Any]:
        row = self._row(page_id)
        source = self.workspace.sources[row.source]
        _known(call, {"properties", "icon", "cover", "is_locked", "in_trash", "is_archived"})
        only = _filter_properties(call, source)
        trashed = _flag(call, "in_trash", row.in_trash)
        if call.legacy:
            trashed = _flag(call, "archived", trashed)
        changes = self._changes(source, call.body.get("properties") or {})
        if row.in_trash and trashed and changes:
            # Unknown: whether the sentence says "in trash" since version 2026-03-11.
            raise invalid("Can't edit block that is archived. You must unarchive the block before editing.")
        before = (dict(row.cells), row.icon, row.cover)
        _store(row, changes)
        row.icon, row.cover = call.body.get("icon", row.icon), call.body.get("cover", row.cover)
        row.is_locked = _flag(call, "is_locked", row.is_locked)
        row.is_archived = _flag(call, "is_archived", row.is_archived)
        # Trashing is reported not to move last_edited_time.
        row.in_trash = trashed
        if before != (row.cells, row.icon, row.cover):
            # Unknown: whether a PATCH of equal values moves last_edited_time; one live report says it does not.
            row.edited, row.edited_by = self.workspace.now(), self.workspace.bot.id
        return answers.page(self.workspace, row, legacy=call.legacy, only=only)

    def page_property(self, call: Call, page_id: str, property_id: str) -> dict[str, Any]:
        row = self._row(page_id)
        column = self.workspace.sources[row.source].columns.get(property_id)
        if column is None:
            raise invalid(f"{property_id} is not a property that exists.")
        content = cells.content(self.workspace, column, row, cut=False)
        head = {"object": "property_item", "type": column.kind, "id": column.wire}
        if column.kind not in {"title", "rich_text", "relation", "people"}:
            return {**head, column.kind: content}
        owner = f"{row.id} {column.id}"
        size, cursor = _query_size(call), call.asked("start_cursor")
        numbers = tuple(str(position) for position in range(len(content)))
        page = self.cursors.after(owner, cursor, size) if cursor else self.cursors.first(owner, numbers, size)
        items = [{**head, column.kind: content[int(n)]} for n in page.ids if int(n) < len(content)]
        listing = answers.listing("property_item", items, page.cursor)
        listing["property_item"] = {
            "id": column.wire,
            "next_url": None,
            "type": column.kind,
            column.kind: {},
        }
        return listing

    # Finding things

    def _changes(self, source: DataSource, properties: Any) -> dict[str, Any]:
        """Column ids with what to store in them. Everything is checked before anything is stored."""
        if not isinstance(properties, dict):
            raise malformed("body.properties", "an object", properties)
        found: dict[str, Any] = {}
        for name, payload in properties.items():
            column = source.column(name)
            if column is None:
                if self.strict:
                    raise invalid(f"{name} is not a property that exists.")
                continue
            found[column.id] = cells.accept(self.workspace, column, f"body.properties.{name}", payload)
        return found

    def _database(self, identity: str) -> Database:
        found = self.workspace.databases.get(_uuid("database_id", identity))
        if found is None or not found.shared:
            raise self._missing("database", identity)
        return found

    def _source(self, identity: str, path: str = "path.data_source_id") -> DataSource:
        found = self.workspace.sources.get(_uuid(path, identity))
        if found is None or not self.workspace.databases[found.database].shared:
            # Recorded: an unshared data source is called a database.
            raise self._missing("database", identity)
        return found

    def _row(self, identity: str) -> Row:
        found = self.workspace.row(_uuid("page_id", identity))
        if found is None or not self.workspace.visible(found):
            raise self._missing("page", identity)
        return found

    def _missing(self, noun: str, identity: str) -> RefusalError:
        return not_found(noun, str(uuid.UUID(identity)), self.workspace.bot.id, self.workspace.bot.name)


def _json(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        found = json.loads(body)
    except ValueError as error:
        raise RefusalError(400, "invalid_json", "Error parsing JSON body.") from error
    if not isinstance(found, dict):
        raise malformed("body", "an object", found)
    return found


def _known(call: Call, keys: set[str]) -> None:
    """Refuse what the endpoint does not have: `archived`, `filter_properties` in a body, misspelt names."""
    for key, value in call.body.items():
        if key not in keys:
            raise malformed(f"body.{key}", "not present", value)


def _flag(call: Call, name: str, default: bool) -> bool:
    value = call.body.get(name, default)
    if not isinstance(value, bool):
        raise malformed(f"body.{name}", "a boolean or `undefined`", value)
    return value


def _uuid(name: str, identity: str) -> str:
    path = name if "." in name else f"path.{name}"
    if not _UUID.fullmatch(identity):
        raise malformed(path, "a valid uuid", identity)
    return str(uuid.UUID(identity))


def _query_size(call: Call) -> int:
    text = call.asked("page_size")
    if text is not None and not text.isdigit():
        raise malformed("query.page_size", "a number or `undefined`", text)
    return page_size("query.page_size", None if text is None else int(text))


def _filter_properties(call: Call, source: DataSource) -> list[Column] | None:
    """The columns asked for, by id. Names and doubly escaped ids are refused, as the real API does."""
    wanted = [value for key, value in call.query if key in {"filter_properties", "filter_properties[]"}]
    if not wanted:
        return None
    for identity in wanted:
        if identity not in source.columns:
            raise invalid(f"{identity} is not a property that exists.")
    return [column for identity, column in source.columns.items() if identity in wanted]


def _store(row: Row, changes: dict[str, Any]) -> None:
    for identity, value in changes.items():
        if value is None:
            row.cells.pop(identity, None)
        else:
            row.cells[identity] = value


ROUTES: tuple[tuple[str, str, Callable[..., dict[str, Any]]], ...] = (
    ("GET", "/v1/users/me", Api.me),
    ("GET", "/v1/users", Api.users),
    ("GET", "/v1/users/(?P<user_id>[^/]+)", Api.user),
    ("POST", "/v1/databases", Api.create_database),
    ("GET", "/v1/databases/(?P<database_id>[^/]+)", Api.database),
    ("GET", "/v1/data_sources/(?P<data_source_id>[^/]+)", Api.data_source),
    ("PATCH", "/v1/data_sources/(?P<data_source_id>[^/]+)", Api.patch_data_source),
    ("POST", "/v1/data_sources/(?P<data_source_id>[^/]+)/query", Api.query),
    ("POST", "/v1/search", Api.search),
    ("POST", "/v1/pages", Api.create_page),
    ("GET", "/v1/pages/(?P<page_id>[^/]+)", Api.page),
    ("PATCH", "/v1/pages/(?P<page_id>[^/]+)", Api.patch_page),
    ("GET", "/v1/pages/(?P<page_id>[^/]+)/properties/(?P<property_id>.+)", Api.page_property),
)
