"""What the YAML says of a Jira connection and of one metric read from it. No vendor library is loaded here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from okrsync.measures import AGGREGATES, is_aggregate
from okrsync.settings import Secret, Strict
from okrsync_jira.clauses import fault

Deployment = Literal["cloud", "data_center"]
OTHER_MEASURES: Final = ("count", "distinct", "ratio", "done_share")
EVENT_DATES: Final = ("created", "resolved")
DATES: Final = (*EVENT_DATES, "updated", "due")
_ISSUE_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]*-[1-9]\d*")


class ApiToken(Strict):
    """A person's classic API token on Jira Cloud."""

    email: str = Field(min_length=3, description="the e-mail address of the Atlassian account")
    token: Secret = Field(description="its API token")


class ScopedToken(Strict):
    """A person's API token with scopes on Jira Cloud; it needs read:jira-work and read:jira-user."""

    email: str = Field(min_length=3, description="the e-mail address of the Atlassian account")
    token: Secret = Field(description="its API token with scopes")
    cloud_id: str = Field(
        min_length=1, description="the site's cloud id, as https://SITE/_edge/tenant_info shows it"
    )


class ServiceAccount(Strict):
    """A service account on Jira Cloud; its token needs read:jira-work and read:jira-user."""

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
    password: Secret = Field(description="the user's password")


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


def _check_jql(value: str) -> str:
    text = value.strip()
    if (problem := fault(text)) is not None:
        raise ValueError(problem)
    return text


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
        return value.rstrip("/")

    @field_validator("canary")
    @classmethod
    def _canary_is_jql(cls, value: str | None) -> str | None:
        return None if value is None else _check_jql(value)

    @model_validator(mode="after")
    def _auth_fits(self) -> JiraSettings:
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
        """Cloud or Data Center as far as the settings tell; None where the server must be asked."""
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


def _is_cloud_host(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host.endswith(".atlassian.net") or host == "api.atlassian.com"


def _to_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_to_tuple, json_schema_input_type=str | list[str]),
]


class DoneExcludes(Strict):
    """Issues that were closed without being done: they leave both sides of the share."""

    resolution: Names = Field(min_length=1, description="names of resolutions, such as Won't Do")


class JiraQuery(Strict):
    """One number out of Jira issues."""

    measure: str = Field(
        default="count", description="count, sum, mean, min, max, median, p85, distinct, ratio or done_share"
    )
    jql: str | None = Field(default=None, description="which issues; for a ratio, the whole")
    part: str | None = Field(default=None, description="JQL: which of these issues a ratio counts")
    field: Names = Field(
        default=(), description="id or name of the field; of a list, the first that is filled in counts"
    )
    empty_field: Literal["skip", "zero", "fail"] = Field(
        default="skip", description="what an issue without a value in the field means"
    )
    min_samples: int = Field(
        default=1,
        ge=0,
        description="fewer values or issues than this give no number; 0 lets a sum of nothing be 0",
    )
    parent: Names = Field(default=(), description="done_share: keys of the epics or initiatives")
    by: Literal["count", "points"] = Field(
        default="count", description="done_share: issues or the sum of the field"
    )
    done_excludes: DoneExcludes | None = Field(default=None, description="done_share: closed, but not done")
    date: str | None = Field(
        default=None,
        description="what the metric's window is about: created, resolved, updated, due, or a date field",
    )
    exact: bool = Field(default=True, description="false: let Jira Cloud estimate a count with one request")

    @field_validator("jql", "part")
    @classmethod
    def _is_jql(cls, value: str | None) -> str | None:
        return None if value is None else _check_jql(value)

    @field_validator("parent")
    @classmethod
    def _are_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for key in value:
            if not _ISSUE_KEY.fullmatch(key):
                raise ValueError(f"{key!r} is not the key of an issue, such as APP-12")
        return tuple(dict.fromkeys(value))

    @field_validator("measure")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in OTHER_MEASURES and not is_aggregate(value):
            known = ", ".join((*OTHER_MEASURES, *AGGREGATES))
            raise ValueError(f"{value!r} is no measure; write one of {known}, or a percentile such as p85")
        return value

    @model_validator(mode="after")
    def _keys_fit_the_measure(self) -> JiraQuery:
        needed, allowed = _keys_of(self.measure, self.by)
        written = {name for name in self.model_fields_set if getattr(self, name) not in (None, ())}
        if missing := sorted(needed - written):
            raise ValueError(f"measure: {self.measure} needs {' and '.join(missing)}")
        if foreign := sorted(written - needed - allowed - {"measure"}):
            raise ValueError(f"measure: {self.measure} has no use for {' and '.join(foreign)}")
        if self.measure == "distinct" and self.empty_field == "zero":
            raise ValueError("empty_field: zero means nothing to distinct; write skip or fail")
        return self


def _keys_of(measure: str, by: str) -> tuple[set[str], set[str]]:
    """The keys that a measure must have, and those it may have."""
    if measure == "count":
        return {"jql"}, {"date", "exact"}
    if measure == "ratio":
        return {"jql", "part"}, {"date", "exact", "min_samples"}
    if measure == "done_share":
        common = {"by", "done_excludes", "min_samples"}
        return ({"parent", "field"}, common | {"empty_field"}) if by == "points" else ({"parent"}, common)
    return {"jql", "field"}, {"date", "empty_field", "min_samples"}
