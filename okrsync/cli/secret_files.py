"""Keep what a person types as a secret in a file beside the YAML, for its owner only, and out of git."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from okrsync.errors import ConfigError

FOLDER: Final = "secrets"


def keep_secret(folder: Path, name: str, secret: str) -> Path:
    """``secret`` in the new file ``secrets/NAME`` of ``folder``; its path from there. Never overwrites one."""
    place = folder / FOLDER
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    ignore(folder)
    path = place / name
    try:
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(f"{secret}\n")
    except FileExistsError:
        raise ConfigError(
            f"{path} is there already, and init overwrites nothing",
            hint="remove that file, or name it by its option",
        ) from None
    return path.relative_to(folder)


def ignore(folder: Path) -> None:
    """Let git pass over the secrets of ``folder``: one line in its .gitignore, added if it is not there."""
    path, line = folder / ".gitignore", f"/{FOLDER}/"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    if line not in before.splitlines():
        gap = "" if not before or before.endswith("\n") else "\n"
        path.write_text(f"{before}{gap}{line}\n", encoding="utf-8")
