"""Answer requests to Notion's API: who may ask, which endpoint, and what every answer carries."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from okrsync_emulators.notion import pages, tables, views
from okrsync_emulators.notion.calls import Call, State, taken_apart
from okrsync_emulators.notion.refusals import RefusalError, invalid, unknown_route

VERSIONS = ("2025-09-03", "2026-03-11")
LIMIT = 500 * 1024
WINDOW = 60.0
Endpoint = Callable[..., dict[str, Any]]

# Method, path, the capability that the integration needs, and the endpoint.
ROUTES: tuple[tuple[str, str, str, Endpoint], ...] = (
    ("GET", "/v1/users/me", "", tables.me),
    ("GET", "/v1/users", "users", tables.users),
    ("GET", "/v1/users/(?P<user_id>[^/]+)", "users", tables.user),
    ("POST", "/v1/databases", "insert", tables.create_database),
    ("GET", "/v1/databases/(?P<database_id>[^/]+)", "read", tables.database),
    ("PATCH", "/v1/databases/(?P<database_id>[^/]+)", "update", tables.update_database),
    ("GET", "/v1/data_sources/(?P<data_source_id>[^/]+)", "read", tables.data_source),
    ("PATCH", "/v1/data_sources/(?P<data_source_id>[^/]+)", "update", tables.update_data_source),
    ("POST", "/v1/data_sources/(?P<data_source_id>[^/]+)/query", "read", tables.query),
    ("GET", "/v1/blocks/(?P<block_id>[^/]+)/children", "read", tables.children),
    ("POST", "/v1/views", "insert", views.create),
    ("GET", "/v1/views/(?P<view_id>[^/]+)", "read", views.retrieve),
    ("POST", "/v1/search", "read", tables.search),
    ("POST", "/v1/pages", "insert", pages.create),
    ("GET", "/v1/pages/(?P<page_id>[^/]+)", "read", pages.retrieve),
    ("PATCH", "/v1/pages/(?P<page_id>[^/]+)", "update", pages.update),
    ("GET", "/v1/pages/(?P<page_id>[^/]+)/properties/(?P<property_id>.+)", "read", pages.retrieve_property),
)


@dataclass(slots=True, kw_only=True)
class Budget:
    """So many requests in every window of 60 seconds, and so many writes in any one second; None is without limit.

    Unknown: how large a burst Notion allows; ``writes`` is a server that allows none. ``refused`` counts what was too much.
    """

    requests: int | None
    monotonic: Callable[[], float]
    writes: int | None = None
    refused: int = field(default=0)
    _opened: float = field(default=-math.inf)
    _spent: int = field(default=0)
    _written: list[float] = field(default_factory=list)

    def spend(self, *, write: bool) -> None:
        """Count one request. Raises the 429 of a connection that has used up its window."""
        now = self.monotonic()
        if write and self.writes is not None:
            self._written = [moment for moment in self._written if now - moment < 1 - 1e-6]
            if len(self._written) >= self.writes:
                raise self._too_many(1)
            self._written.append(now)
        if self.requests is None:
            return
        if now - self._opened >= WINDOW:
            self._opened, self._spent = now, 0
        if self._spent >= self.requests:
            raise self._too_many(math.ceil(self._opened + WINDOW - now))
        self._spent += 1

    def _too_many(self, wait: int) -> RefusalError:
        self.refused += 1
        return RefusalError(
            429,
            "rate_limited",
            "You have been rate limited. Please try again in a few minutes.",
            extra={"rate_limit_reason": "public_api_request_rate_limit"},
            headers={"retry-after": str(wait)},
        )


@dataclass(slots=True, kw_only=True)
class Api:
    """Answers requests from the state, one at a time."""

    state: State
    budget: Budget
    _served: int = field(default=0)

    def answer(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and JSON of one request. The names of ``headers`` are in lower case."""
        self._served += 1
        request_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.state.workspace.bot.id} {self._served}"))
        stamped = {"x-notion-request-id": request_id}
        try:
            endpoint, capability, ids = _route(method, path)
            write = capability in {"insert", "update"}
            call = self._admitted(capability, query, headers, body, write=write)
            found = endpoint(self.state, call, **ids)
        except RefusalError as refusal:
            return refusal.status, stamped | refusal.headers, refusal.body(request_id)
        return 200, stamped, {**found, "request_id": request_id}

    def _admitted(
        self, capability: str, query: str, headers: Mapping[str, str], body: bytes, *, write: bool
    ) -> Call:
        """The request, if it may be made at all."""
        workspace = self.state.workspace
        if headers.get("authorization") != f"Bearer {workspace.token}":
            raise RefusalError(401, "unauthorized", "API token is invalid.")
        self.budget.spend(write=write)
        version = headers.get("notion-version")
        if version not in VERSIONS:
            raise _bad_version(version)
        if capability and capability not in workspace.capabilities:
            raise RefusalError(403, "restricted_resource", "Insufficient permissions for this endpoint.")
        if len(body) > LIMIT:
            # Unknown: the sentence; that 500 KB is the limit is documented.
            raise invalid(
                f"body failed validation: body.length should be ≤ `{LIMIT}`, instead was `{len(body)}`."
            )
        return taken_apart(query, body, legacy=version == "2025-09-03")


def _route(method: str, path: str) -> tuple[Endpoint, str, dict[str, str]]:
    for verb, pattern, capability, endpoint in ROUTES:
        match = re.fullmatch(pattern, path)
        if match and verb == method:
            return endpoint, capability, match.groupdict()
    raise unknown_route()


def _bad_version(version: str | None) -> RefusalError:
    """Unknown: the code for a version that does not exist. Older versions do exist, but not in this emulator."""
    wanted = "defined" if version is None else " or ".join(f'`"{known}"`' for known in VERSIONS)
    was = "`undefined`" if version is None else f'`"{version}"`'
    return RefusalError(
        400,
        "missing_version",
        f"Notion-Version header failed validation: Notion-Version header should be {wanted}, instead was {was}.",
    )
