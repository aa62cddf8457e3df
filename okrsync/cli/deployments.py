"""Gather what an exported schedule must name from this machine and its companies' YAMLs."""

from __future__ import annotations

import getpass
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from okrsync import __version__
from okrsync.cli.context import Context
from okrsync.errors import ConfigError

if TYPE_CHECKING:
    from okrsync.config import Company
    from okrsync.fleet.exports import Deployment, Format
    from okrsync.schedules import Schedule

SYSTEM_LEDGER: Final = "sqlite:////var/lib/okrsync/ledger.db"
"""The ledger of a user of the system's own, if ``OKRSYNC_LEDGER`` names no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the options say; ``to`` is the folder of the files, ``user`` is empty for the one who asks."""

    env_file: Path
    image: str
    user: str
    source: str
    to: Path


@dataclass(frozen=True, slots=True)
class _Referenced:
    """What the companies' YAMLs need."""

    variables: set[str] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)
    folders: set[Path] = field(default_factory=set)
    remote: set[str] = field(default_factory=set)
    schedules: list[Schedule] = field(default_factory=list)
    unscheduled: list[str] = field(default_factory=list)

    def add(self, company: Company) -> None:
        from okrsync.fleet.exports import folder_of
        from okrsync.sync.connections import references

        for secret in references(company):
            if secret.env:
                self.variables.add(secret.env)
            if secret.file:
                self.files.add(secret.file.absolute())
        for connection in company.connections.values():
            for path in connection.connector.paths(connection.settings) if connection.connector.paths else ():
                if "://" in path:
                    self.remote.add(path)
                else:
                    self.folders.add(folder_of(path, company.path.parent))
        if company.schedule is None:
            self.unscheduled.append(company.id)
        else:
            self.schedules.append(company.schedule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """``unreadable`` says why companies are not in the deployment, ``unscheduled`` which ones are never due."""

    deployment: Deployment
    unreadable: list[str]
    unscheduled: list[str]


def gathered(context: Context, kind: Format, asked: Asked) -> Gathered:
    """Ask every company; a YAML that cannot be read stops no other."""
    from okrsync.fleet.exports import Deployment, utc_hours

    config = context.machine.config.absolute()
    found, texts, unreadable = _Referenced(), {}, []
    for name in context.companies():
        path = context.file(name).absolute()
        try:
            texts[path] = path.read_text(encoding="utf-8")
            found.add(context.company(name))
        except (ConfigError, OSError, UnicodeDecodeError) as error:
            unreadable.append(f"{name}: {error}")
    user = asked.user or getpass.getuser()
    ledger = _ledger(context, other_user=kind == "systemd" and user != getpass.getuser())
    # The other machine needs this one's webhook too, and a server's address holds a password.
    own = {"OKRSYNC_WEBHOOK"} if context.machine.webhook else set()
    own |= set() if ledger else {"OKRSYNC_LEDGER"}
    command = _command()
    if kind == "systemd":
        _check_may_run(Path(command[0]), user)
    deployment = Deployment(
        command=command,
        version=__version__,
        config=config,
        companies=texts,
        variables=sorted(found.variables | own),
        files=sorted(found.files),
        folders=sorted(found.folders),
        remote=sorted(found.remote),
        env_file=asked.env_file,
        ledger=ledger,
        image=asked.image,
        user=user,
        to=asked.to,
        hours=utc_hours(found.schedules, context.clock.now()),
        source=asked.source,
    )
    return Gathered(deployment=deployment, unreadable=unreadable, unscheduled=found.unscheduled)


def _ledger(context: Context, *, other_user: bool) -> str:
    """The URL of this shell's ledger, empty if it is on a server: its URL may hold a password."""
    from okrsync.ledger.address import address, sqlite_url

    where = address(context.ledger_url)
    if not where.drivername.startswith("sqlite"):
        return ""
    if other_user and context.ledger_url is None:
        return SYSTEM_LEDGER
    return sqlite_url(Path(where.database or ""))


def _command() -> list[str]:
    """The command that starts this okrsync from any folder."""
    started = Path(sys.argv[0])
    names = {"okrsync", "okrsync.exe"}
    return [str(started.absolute())] if started.name in names else [sys.executable, "-m", "okrsync"]


def _check_may_run(command: Path, user: str) -> None:
    """Raises ``ConfigError`` if ``user`` does not exist here or cannot reach the command: pipx puts it below a home."""
    import pwd

    try:
        who = pwd.getpwnam(user)
    except KeyError:
        raise ConfigError(
            f"there is no user {user} on this machine",
            hint=f"useradd --system --create-home --home-dir /var/lib/{user} {user}, or leave --user out",
        ) from None
    if who.pw_uid in {0, os.geteuid()}:
        return
    groups = set(os.getgrouplist(user, who.pw_gid))
    for path in (command, command.resolve()):
        for folder in reversed(path.parents):
            if not _may_enter(folder, who.pw_uid, groups):
                raise ConfigError(
                    f"{user} cannot run {command}: {folder} is closed to others",
                    hint="install okrsync for all, such as in /opt/okrsync (docs/install.md), or leave --user out",
                )


def _may_enter(folder: Path, uid: int, groups: set[int]) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    if found.st_uid == uid:
        return bool(found.st_mode & 0o100)
    return bool(found.st_mode & (0o010 if found.st_gid in groups else 0o001))
