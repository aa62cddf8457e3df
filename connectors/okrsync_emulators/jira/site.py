"""Hold a site that answers: its world, the switches that disturb it, and who asks what."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from okrsync_emulators.jira.bodies import Declared, read_body
from okrsync_emulators.jira.shapes import Shapes
from okrsync_emulators.jira.texts import NOT_SIGNED_IN, Refusal
from okrsync_emulators.jira.values import Asker
from okrsync_emulators.jira.world import Issue, User, World

CLOUD_ID = "11111111-2222-3333-4444-555555555555"


@dataclass(slots=True)
class Switches:
    """What is wrong with the site today; all off from the start.

    ``forbidden`` holds (project, e-mail or empty for everybody); ``lagging`` how many more searches an issue stays
    unseen; ``flapping`` how many issues every second search finds (None: no flapping).
    """

    expired: bool = False
    captcha: bool = False
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    hidden_issues: set[str] = field(default_factory=set)
    hidden_fields: set[str] = field(default_factory=set)
    failing_fields: set[str] = field(default_factory=set)
    flapping: int | None = None
    searches: int = 0
    lag: int = 0
    lagging: dict[str, int] = field(default_factory=dict)
    repeated_token: bool = False
    lost_token: bool = False
    empty_pages: int = 0
    truncated_after: int | None = None
    approximate_off: int = 0
    bulk_created: Literal["ms", "s", "iso"] = "ms"


@dataclass(slots=True)
class Site:
    """The world behind an address, and how much of it one answer may hold.

    ``page_cap`` is Cloud's page if fields are asked for, ``server_cap`` Data Center's page; ``history_cap`` is the
    most entries that expand=changelog shows on Cloud. ``base_url`` is the address that serverInfo names, if it is not ``url``.
    ``spent`` counts requests within a second, by person, method and path.
    """

    world: World
    url: str = ""
    page_cap: int = 100
    server_cap: int = 1000
    history_cap: int = 40
    base_url: str | None = None
    switches: Switches = field(default_factory=Switches)
    spent: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def cloud(self) -> bool:
        return self.world.kind == "cloud"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, with its sender known. ``rejected``: a credential came and was not accepted (Cloud goes on)."""

    site: Site
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: bytes
    headers: Mapping[str, str]
    user: User | None
    rejected: bool
    version: str = "3"
    parts: tuple[str, ...] = ()

    @property
    def world(self) -> World:
        return self.site.world

    @property
    def language(self) -> str:
        """Jira heeds Accept-Language only if it is forced; else it is the profile's language."""
        if self.headers.get("x-force-accept-language", "").lower() == "true":
            return self.headers.get("accept-language", "en")[:2].lower()
        return self.user.locale[:2] if self.user else "en"

    @property
    def zone(self) -> ZoneInfo:
        # Unknown: the default zone of a site; it is what nobody's profile is read in.
        return ZoneInfo(self.user.timezone if self.user else "UTC")

    @property
    def asker(self) -> Asker:
        return Asker(
            user=self.user,
            language=self.language,
            zone=self.zone,
            locale=self.user.locale if self.user else "en_US",
            sees=self.sees,
            sees_project=self.sees_project,
            hidden_fields=frozenset(self.site.switches.hidden_fields),
        )

    @property
    def shapes(self) -> Shapes:
        return Shapes(
            world=self.world,
            base=f"{self.site.url}/rest/api/{self.version}",
            language=self.language,
            zone=self.zone,
            sees=self.sees,
            hidden_fields=frozenset(self.site.switches.hidden_fields | self.site.switches.failing_fields),
        )

    def sees_project(self, key: str) -> bool:
        """Whether the caller may browse the project; archived projects are out of everybody's sight."""
        project = self.world.projects.get(key)
        if project is None or project.archived:
            return False
        if self.user is None:
            return project.public
        forbidden = self.site.switches.forbidden
        if (key, "") in forbidden or (key, self.user.email) in forbidden:
            return False
        return self.user.can_see is None or key in self.user.can_see or project.public

    def sees(self, issue: Issue) -> bool:
        return issue.key not in self.site.switches.hidden_issues and self.sees_project(issue.project)

    def last(self, name: str, default: str | None = None) -> str | None:
        """A query parameter's last value."""
        return next((value for known, value in reversed(self.query) if known == name), default)

    def listed(self, name: str) -> list[str]:
        """A query parameter given repeatedly or with commas."""
        return [
            part.strip()
            for known, value in self.query
            if known == name
            for part in value.split(",")
            if part.strip()
        ]

    def number(self, name: str, default: int) -> int:
        text = self.last(name)
        if text is None or text == "":
            return default
        try:
            return int(text)
        except ValueError:
            # Unknown: the words; Jira answers 404 on some interfaces and 400 on others.
            raise Refusal(400, f"The value '{text}' of '{name}' is not a number.") from None

    def payload(self, declared: Declared) -> dict[str, Any]:
        """The JSON body. Raises ``Refusal`` for what this kind of Jira does not declare."""
        return read_body(self.world.kind, self.body, declared)

    def signed_in(self) -> User:
        if self.user is None:
            raise Refusal(401, body={"message": NOT_SIGNED_IN, "status-code": 401})
        return self.user


def sender(site: Site, headers: Mapping[str, str], *, gateway: bool) -> tuple[User | None, bool]:
    """Who sent the request, and whether a credential was refused. Raises ``Refusal`` if that ends the request."""
    kind, _, rest = headers.get("authorization", "").partition(" ")
    name, secret = "", rest.strip()
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(rest).decode().partition(":")
        except ValueError:
            secret = ""
    user = None if site.switches.expired else _match(site, kind.lower(), name, secret, gateway=gateway)
    if gateway:
        if user is None:
            raise Refusal(401, body={"code": 401, "message": "Unauthorized"})
        return user, False
    if site.cloud:
        return user, bool(kind) and user is None
    if kind.lower() == "basic" and site.switches.captcha:
        raise Refusal(
            403,
            html="<html><head><title>Forbidden (403)</title></head><body>Basic Authentication Failure</body></html>",
            headers={
                "x-authentication-denied-reason": f"CAPTCHA_CHALLENGE; login-url={site.url}/login.jsp",
                "x-seraph-loginreason": "AUTHENTICATION_DENIED",
            },
        )
    if kind and user is None:
        raise Refusal(
            401,
            html="<html><head><title>Unauthorized (401)</title></head><body>Unauthorized</body></html>",
            headers={
                "x-seraph-loginreason": "AUTHENTICATED_FAILED",
                "www-authenticate": f'OAuth realm="{site.url}"',
            },
        )
    return user, False


def _match(site: Site, kind: str, name: str, secret: str, *, gateway: bool) -> User | None:
    for user in site.world.users.values():
        if not secret:
            return None
        if site.cloud:
            wanted = (
                ("bearer", "service") if kind == "bearer" else ("basic", "scoped" if gateway else "classic")
            )
            # Unknown: whether a classic token is taken at the gateway; here it is not.
            fits = (kind, user.credential) == wanted and gateway is (user.credential != "classic")
            if (
                fits
                and secret == user.token
                and (kind == "bearer" or name.casefold() == user.email.casefold())
            ):
                return user
        elif (kind == "bearer" and secret == user.token) or (
            kind == "basic" and secret == (user.password or user.token) and name.casefold() in _log_ins(user)
        ):
            return user
    return None


def _log_ins(user: User) -> set[str]:
    return {user.email.casefold(), user.email.partition("@")[0].casefold()}


def pairs(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query, keep_blank_values=True))
