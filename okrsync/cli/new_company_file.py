"""Name a new company's file, check what it begins with, and put beside it what editors read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from okrsync.cli.context import Context
from okrsync.errors import ConfigError

ZONE: Final = "UTC"
LOCALE: Final = "en_US"
"""What a new company begins with if nobody says otherwise."""


def named_path(context: Context, company: str) -> Path:
    from okrsync.config.places import COMPANY_NAME

    path = context.file(company)
    if not re.fullmatch(COMPANY_NAME, path.stem):
        raise ConfigError(
            f"{path.stem!r} is no short name", hint="use small letters, digits, - and _, such as acme-eu"
        )
    return path


def zone_of(name: str) -> str:
    from zoneinfo import available_timezones

    if name not in available_timezones():
        raise ConfigError(f"there is no time zone {name!r}", hint="write a name such as Europe/Berlin")
    return name


def locale_of(name: str) -> str:
    from babel import Locale, UnknownLocaleError

    spelled = name.replace("-", "_")
    try:
        Locale.parse(spelled)
    except (UnknownLocaleError, ValueError):
        raise ConfigError(f"there is no locale {name!r}", hint="write one such as de_DE or en_US") from None
    return spelled


def write_schema(context: Context, folder: Path) -> None:
    """Write what editors need beside the YAML, unless it is there."""
    from okrsync.config.new_company import SCHEMA
    from okrsync.config.schema import json_schema

    path = folder / SCHEMA
    if not path.exists():
        path.write_text(json.dumps(json_schema(context.connectors), indent=1) + "\n", encoding="utf-8")
