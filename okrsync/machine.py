"""Read the settings of the machine from ``OKRSYNC_*`` environment variables."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from okrsync.answer_size import DEFAULT_MB

PREFIX: Final = "OKRSYNC_"


class Machine(BaseSettings):
    """Settings of the machine, from ``OKRSYNC_*`` environment variables."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    ledger: SecretStr | None = Field(
        default=None, description="URL of the ledger; default: SQLite in the state folder"
    )
    config: Path = Field(default=Path("config"), description="the folder with one YAML per company")
    health: Path | None = Field(
        default=None,
        description="the file in which `okrsync schedule run` or `okrsync worker` says that it is alive",
    )
    webhook: SecretStr | None = Field(
        default=None,
        description="webhook for companies whose YAML names none or cannot be read",
    )
    webhook_file: Path | None = Field(default=None, description="the file that holds that address instead")
    webhook_kind: Literal["slack", "json"] = Field(
        default="slack", description="the form of that webhook's message"
    )
    notify: SecretStr | None = Field(
        default=None,
        description="an address of Apprise for companies whose YAML names nobody or cannot be read",
    )
    notify_file: Path | None = Field(default=None, description="the file that holds that address instead")
    answer_mb: int = Field(
        default=DEFAULT_MB,
        ge=1,
        description="the most megabytes, unpacked, of one answer of Notion, Jira, Google or a webhook",
    )
    log: str = Field(default="text", pattern="^(text|json)$", description="form of the log lines on stderr")
