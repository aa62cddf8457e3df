"""Declare whom a company notifies, as its YAML says it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from okrsync.settings import Secret, Strict, no_entries

Addresses = Annotated[
    list[Secret],
    BeforeValidator(
        lambda value: value if isinstance(value, list) else [value],
        json_schema_input_type=Secret | list[Secret],
    ),
]


class OwnerModel(Strict):
    """One person, who is notified of their own key results and objectives only."""

    to: Annotated[Addresses, Field(min_length=1, description="the person's addresses, as under `to`")]
    of: Annotated[
        list[str], Field(min_length=1, description="ids of key results and objectives that are theirs")
    ]


class NotifyModel(Strict):
    """Whom a run notifies. All addresses are secrets: who knows them can post there."""

    ping: Secret | None = Field(default=None, description="address that is pinged after every finished run")
    webhook: Secret | None = Field(
        default=None, description="address that gets what needs a person, each thing once"
    )
    kind: Literal["slack", "json"] = Field(default="slack", description="the form of the webhook's message")
    to: Addresses = Field(
        default_factory=no_entries,
        description="addresses of Apprise (mail, Teams, Slack, Telegram ...) that get what needs a person, and the digest",
    )
    digest: str | None = Field(
        default=None, description='when `to` and the owners get a digest: a cron line, such as "0 9 * * mon"'
    )
    owners: dict[str, OwnerModel] = Field(
        default_factory=dict, description="people who are notified of what is theirs"
    )

    @model_validator(mode="after")
    def _somebody(self) -> NotifyModel:
        if not (self.ping or self.webhook or self.to or self.owners):
            raise ValueError("write ping, webhook, to or owners; else drop notify")
        if self.digest is not None and not (self.to or self.owners):
            raise ValueError("a digest goes to the addresses under `to` and to the owners: write one of them")
        return self
