"""Declare what the YAML says of a Jira connection. Loads no vendor library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from okrsync.connector import encrypted
from okrsync.settings import Passphrase, Secret, Strict
from okrsync_jira.queries import check_jql
from okrsync_jira.states import CATEGORIES

# Where the paths of Jira's own pages begin, after the path that a Data Center may have of its own.
_PAGE: Final = re.compile(r"/(?:rest|browse|secure|projects|plugins|servicedesk)/|/(?:login|default)\.jsp$")

Deployment = Literal["cloud", "data_center"]


class ApiToken(Strict):
    """A person's classic API token on Jira Cloud."""

    email: str = Field(min_length=3, description="the e-mail address of the Atlassian account")
    token: Secret = Field(description="its API token")


class ScopedToken(Strict):
    """A person's API token with scopes on Jira Cloud.

    It needs read:jira-work and read:jira-user; for a velocity also read:board-scope:jira-software and
    read:sprint:jira-software.
    """

    email: str = Field(min_length=3, description="the e-mail address of the Atlassian account")
    token: Secret = Field(description="its API token with scopes")
    cloud_id: str = Field(
        min_length=1, description="the site's cloud id, as https://SITE/_edge/tenant_info shows it"
    )


class ServiceAccount(Strict):
    """A service account on Jira Cloud; its token needs the scopes of a ``ScopedToken``."""

    token: Secret = Field(description="the service account's token")
    cloud_id: str = Field(
        min_length=1, description="the site's cloud id, as https://SITE/_edge/tenant_info shows it"
    )


class PersonalToken(Strict):
    """A personal access token on Jira Data Center."""

    token: Secret = Field(description="the personal access token")


class Password(Strict):
    """A user and a password on Jira Data Center."""

    user: str = Field(min_length=1, description="the user name")
    password: Passphrase = Field(description="the user's password")


class Anonymous(Strict):
    """Nobody signs in: only what this Jira shows to the whole world is counted."""

    anonymous: Literal[True] = Field(description="read as nobody, on purpose")


Auth = ApiToken | ScopedToken | ServiceAccount | PersonalToken | Password | Anonymous
_KINDS: Final[Mapping[frozenset[str], type[Auth]]] = {
    frozenset(kind.model_fields): kind
    for kind in (ApiToken, ScopedToken, ServiceAccount, PersonalToken, Password, Anonymous)
}


def _kind(value: Any) -> str | None:
    if isinstance(value, Strict):
        return type(value).__name__
    kind = _KINDS.get(frozenset(value)) if isinstance(value, Mapping) else None
    return kind.__name__ if kind is not None else None


AnyAuth = Annotated[
    Annotated[ApiToken, Tag("ApiToken")]
    | Annotated[ScopedToken, Tag("ScopedToken")]
    | Annotated[ServiceAccount, Tag("ServiceAccount")]
    | Annotated[PersonalToken, Tag("PersonalToken")]
    | Annotated[Password, Tag("Password")]
    | Annotated[Anonymous, Tag("Anonymous")],
    Discriminator(
        _kind,
        custom_error_type="auth",
        custom_error_message=(
            "write auth as one of: {email, token} (Cloud), {email, token, cloud_id} (Cloud, token with scopes), "
            "{token, cloud_id} (Cloud, service account), {token} (Data Center), {user, password} (Data Center), "
            "{anonymous: true}"
        ),
    ),
]


class JiraSettings(Strict):
    """One Jira and the account that reads it."""

    url: str = Field(description="the address people open, such as https://acme.atlassian.net")
    auth: AnyAuth = Field(description="how to sign in")
    deployment: Literal["auto", "cloud", "data_center"] = Field(
        default="auto", description="auto: *.atlassian.net is Cloud, any other address is asked once"
    )
    canary: str | None = Field(
        default=None,
        description="JQL that always finds an issue; where it finds none, the account has lost its permissions",
    )
    status_map: dict[str, str] = Field(
        default_factory=dict,
        description="to do, in progress or done for each status that is gone from Jira, by its id or its old name",
    )
    parallel: int = Field(default=4, ge=1, le=8, description="how many searches run side by side")
    api_url: str = Field(
        default="https://api.atlassian.com", description="where tokens with a cloud_id are used"
    )

    @field_validator("url", "api_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError(f"{value!r} is not an address such as https://acme.atlassian.net")
        return _whole_jira(value.rstrip("/"))

    @field_validator("status_map")
    @classmethod
    def _are_categories(cls, value: dict[str, str]) -> dict[str, str]:
        for status, category in value.items():
            if category.casefold() not in CATEGORIES:
                raise ValueError(f"{status}: {category!r} is no category; write to do, in progress or done")
        return {status.casefold(): CATEGORIES[category.casefold()] for status, category in value.items()}

    @field_validator("canary")
    @classmethod
    def _canary_is_jql(cls, value: str | None) -> str | None:
        return None if value is None else check_jql(value)

    @model_validator(mode="after")
    def _auth_fits(self) -> JiraSettings:
        for url in (self.url, self.api_url):
            # Nobody who signs in as nobody has anything to hide.
            if not isinstance(self.auth, Anonymous):
                encrypted(url)
        known = self.known_deployment
        if known is not None and (problem := self.misfit(known)):
            raise ValueError(problem)
        if urlsplit(self.url).scheme == "http" and _is_cloud_host(self.url):
            raise ValueError("Jira Cloud is only at https; write https:// in url")
        return self

    def misfit(self, deployment: Deployment) -> str:
        """Why this way of signing in is not one of ``deployment``, or an empty text."""
        if deployment == "cloud" and isinstance(self.auth, PersonalToken | Password):
            return "Jira Cloud takes auth: {email, token}; a token alone or a password is for Data Center"
        if deployment == "data_center" and isinstance(self.auth, ApiToken | ScopedToken | ServiceAccount):
            return "Jira Data Center takes auth: {token} or {user, password}; {email, token} is for Cloud"
        return ""

    @property
    def known_deployment(self) -> Deployment | None:
        """Cloud or Data Center as far as the settings tell; None if the server must be asked."""
        if self.deployment != "auto":
            return self.deployment
        if _is_cloud_host(self.url) or isinstance(self.auth, ScopedToken | ServiceAccount):
            return "cloud"
        return None

    @property
    def base(self) -> str:
        """Where the REST API of this account lives."""
        if isinstance(self.auth, ScopedToken | ServiceAccount):
            return f"{self.api_url}/ex/jira/{self.auth.cloud_id}"
        return self.url


def _whole_jira(url: str) -> str:
    """``url`` if it can be that of a whole Jira, not of one of its pages. Raises ``ValueError`` with the one meant."""
    parts = urlsplit(url)
    own = "" if _is_cloud_host(url) else _PAGE.split(parts.path, maxsplit=1)[0]
    if own != parts.path and parts.hostname != "api.atlassian.com":
        raise ValueError(
            f"{url} is the address of a page in Jira; write {parts.scheme}://{parts.netloc}{own}"
        )
    return url


def _is_cloud_host(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host.endswith(".atlassian.net") or host == "api.atlassian.com"
