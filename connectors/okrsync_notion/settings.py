"""Declare what the YAML says of a Notion connection and of a table in it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from okrsync.cells import Kind, kind_of
from okrsync.connector import encrypted
from okrsync.settings import Secret, Strict, TableSettings
from okrsync.spelling import as_seen, did_you_mean
from okrsync_notion.addresses import database_id

HEALTH: Final = ("healthy", "unhealthy")
_NUMBERS: Final = frozenset({Kind.NUMBER, Kind.SHARE})
STATUSES: Final = {
    "not_started": "Not started",
    "on_track": "On track",
    "behind": "Behind",
    "at_risk": "At risk",
    "achieved": "Achieved",
}


class NotionSettings(Strict):
    """A connection to one Notion workspace."""

    token: Secret = Field(description="the access token of the Notion connection (integration)")
    url: str = Field(default="https://api.notion.com", description="where Notion's API answers")
    requests_per_second: Decimal = Field(
        default=Decimal(3), gt=0, le=100, description="requests a second, on average"
    )
    burst: int = Field(default=10, ge=1, le=1000, description="requests that may go out at once")

    @field_validator("url")
    @classmethod
    def _encrypted_or_on_this_machine(cls, url: str) -> str:
        return encrypted(url)


class NotionTable(TableSettings):
    """A Notion database whose rows are key results or objectives."""

    database: str = Field(description="address or id of the database (or of one of its data sources)")
    data_source: str | None = Field(
        default=None, description="name or id of the data source, where the database has several"
    )
    match: str | None = Field(default=None, description="the column that holds the ids used in this file")
    baseline: str | None = Field(
        default=None, description="a number column in which people keep where a key result started"
    )
    target: str | None = Field(default=None, description="a number column in which people keep the target")
    release: str | None = Field(
        default=None,
        description="a checkbox column: a person ticks it to let okrsync write over their edits of the row",
    )
    owner: str | None = Field(
        default=None, description="a person, text or select column that names a row's owner, for reports"
    )
    statuses: dict[str, str] = Field(
        default_factory=lambda: dict(STATUSES), description="how each status is called in the status column"
    )
    initial: str | None = Field(
        default=None,
        description="the option of the status column that Notion itself puts into a new row, if it is not the first",
    )
    decimals: int = Field(
        default=2,
        ge=0,
        le=10,
        description="decimal places of written numbers (percentages: of the percent figure)",
    )

    @field_validator("database")
    @classmethod
    def _holds_an_id(cls, text: str) -> str:
        if database_id(text) is None:
            raise ValueError(
                f"{text!r} holds no Notion id; open the database as a full page in Notion and copy its link"
            )
        return text

    @field_validator("statuses", mode="before")
    @classmethod
    def _over_the_defaults(cls, given: Any) -> Any:
        return {**STATUSES, **given} if isinstance(given, dict) else given

    @field_validator("statuses")
    @classmethod
    def _known_statuses(cls, statuses: dict[str, str]) -> dict[str, str]:
        for word in statuses.keys() - STATUSES.keys() - set(HEALTH):
            raise ValueError(f"there is no status {word!r}\n  → {did_you_mean(word, (*STATUSES, *HEALTH))}")
        return statuses

    @model_validator(mode="after")
    def _none_idle(self) -> NotionTable:
        kinds = {kind_of(cell) for cell in self.cells}
        for name, fitting in (
            ("statuses", {Kind.STATUS}),
            ("initial", {Kind.STATUS}),
            ("decimals", _NUMBERS),
        ):
            if name in self.model_fields_set and not kinds & fitting:
                what = "status" if fitting == {Kind.STATUS} else "number"
                raise ValueError(
                    f"`{name}` has no effect here: no {what} is among the `cells`\n  → take it out, or name that cell"
                )
        return self

    @field_validator("cells")
    @classmethod
    def _one_column_each(cls, cells: dict[str, str]) -> dict[str, str]:
        counts = Counter(map(as_seen, cells.values()))
        doubled = [column for column, count in counts.items() if count > 1]
        if doubled:
            both = " and ".join(cell for cell, column in cells.items() if as_seen(column) == doubled[0])
            raise ValueError(f"{both} cannot share the column {doubled[0]!r}")
        return cells
