"""Say which command a person means who types one of another tool, or one that is an option here."""

from __future__ import annotations

import re
from typing import Final

_FAMILIAR: Final = {
    "next-cycle": "init COMPANY --next-cycle",
    "example": "init --example",
    **dict.fromkeys(("new", "add", "create", "setup", "config", "configure", "login"), "init COMPANY"),
    **dict.fromkeys(("run", "update", "push", "pull", "write", "apply", "start"), "sync COMPANY"),
    **dict.fromkeys(("diff", "preview", "dry-run", "show"), "plan COMPANY"),
    **dict.fromkeys(("check", "test", "verify"), "doctor COMPANY"),
    **dict.fromkeys(("why", "records"), "explain COMPANY KR"),
    **dict.fromkeys(("confirm", "approve"), "accept COMPANY KR"),
    **dict.fromkeys(("log", "logs", "values"), "history COMPANY"),
    **dict.fromkeys(("list", "ls", "companies", "overview"), "status --all"),
    **dict.fromkeys(("dashboard", "page", "html", "pdf"), "report COMPANY"),
    **dict.fromkeys(("cron", "systemd", "docker", "export"), "schedule export"),
    **dict.fromkeys(("digest", "mail", "alert", "alerts"), "notify digest COMPANY"),
    "backup": "ledger backup FILE",
    "restore": "ledger restore FILE",
    "serve": "demo --serve",
    "version": "--version",
}


def meant(said: str, command: str) -> str:
    """The command that is meant by a usage error of ``command``; empty if that is not known."""
    if found := re.match(r"No such command '(.+?)'\.", said):
        word = found[1].casefold()
        return f"okrsync {_FAMILIAR[word]}" if word in _FAMILIAR else ""
    if command == "okrsync status" and "unexpected extra argument" in said:
        return "okrsync explain COMPANY KR shows one key result"
    return ""
