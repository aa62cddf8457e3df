"""Complete the names of companies and key results in a shell, without loading what a command needs.

A shell waits for this at each press of a key: the YAML is looked through for ids, and not read as YAML.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

COMPLETING: Final = "_OKRSYNC_COMPLETE"
"""The variable with which a shell asks for completions."""
_LINES: Final = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")
"""The variables in which a shell gives the line so far: bash, and the others."""
_ID: Final = re.compile(r"""(?:^|[\s{,])id:\s*(?:"([^"]*)"|'([^']*)'|([^\s,}#]+))""")
_TITLE: Final = re.compile(r"""(?:^|[\s{,])title:\s*(?:"([^"]*)"|'([^']*)'|([^,}#]+))""")
_PARTS: Final = ("key_results", "objectives")


def completed_command() -> str | None:
    """The command whose words a shell completes; None for the name of a command, or if no shell asks."""
    if COMPLETING not in os.environ:
        return None
    line = next((os.environ[name] for name in _LINES if name in os.environ), "")
    whole = line.rpartition(" ")[0].split()
    return whole[1] if len(whole) > 1 else None


def company_names(incomplete: str) -> list[str]:
    """The names of the YAML files in the configuration folder."""
    folder = Path(os.environ.get("OKRSYNC_CONFIG") or "config")
    return sorted(path.stem for path in folder.glob("*.yaml") if path.stem.startswith(incomplete))


def key_result_ids(ctx: Any, incomplete: str) -> list[tuple[str, str]]:
    """The ids of the company that is named already, each with its title."""
    name = ctx.params.get("company") or ""
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"}:
        path = Path(os.environ.get("OKRSYNC_CONFIG") or "config") / f"{name}.yaml"
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    given = set(ctx.params.get("key_results") or ())
    return [(one, title) for one, title in _ids(text) if one.startswith(incomplete) and one not in given]


def _ids(text: str) -> Iterator[tuple[str, str]]:
    part = ""
    for line in text.splitlines():
        if line[:1].isalpha():
            part = line.partition(":")[0]
        if part in _PARTS and (found := _ID.search(line)):
            title = _TITLE.search(line)
            yield _first(found), _first(title).strip() if title is not None else ""


def _first(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group is not None)
