"""Collect what an exported schedule must name: command, folders, ledger, and where secrets are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from okrsync.errors import ConfigError

MINUTES: Final = 5
"""Minutes between two checks of who is due, and so the longest delay of a company."""

GRACE: Final = 90
"""Seconds a run may take to stop: one request's longest wait, and the row being written."""

BRANCH: Final = "okrsync-ledger"
"""The branch on which a job without a disk keeps the ledger."""

_PATTERN: Final = re.compile(r"[*?\[{]")
_REMOTE: Final = re.compile(r"(?P<where>.+)@(?P<commit>[0-9a-f]{40})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the files must name, with absolute paths of this machine.

    ``command`` starts okrsync, word by word. ``companies`` are the YAMLs' texts by their paths. ``variables`` and ``files``
    are where secrets are read from; ``env_file`` holds the variables, unless the scheduler sets them. ``folders`` are
    those with exports, ``remote`` the URLs of others. ``ledger`` is empty if ``OKRSYNC_LEDGER`` is one of the secrets.
    ``to`` is where the files go, ``hours`` are those of UTC in which some company can be due, ``source`` is where a job
    gets okrsync from.
    """

    command: Sequence[str]
    version: str
    config: Path
    companies: Mapping[Path, str]
    variables: Sequence[str]
    files: Sequence[Path]
    folders: Sequence[Path]
    remote: Sequence[str]
    env_file: Path
    ledger: str
    image: str
    user: str
    to: Path
    hours: Sequence[int]
    source: str = ""

    @property
    def root(self) -> Path:
        """The repository that the configuration is in; without one the folder above it."""
        folders = (self.config, *self.config.parents)
        return next((one for one in folders if (one / ".git").exists()), self.config.parent)

    @property
    def mounts(self) -> Sequence[Path]:
        """The folders that a container must see beside the configuration, none inside another."""
        return _outermost([*self.folders, *(one.parent for one in self.files)], self.config)

    @property
    def export_mounts(self) -> Sequence[Path]:
        """The same, but only those with exports."""
        return _outermost(self.folders, self.config)

    @property
    def ledger_folder(self) -> Path | None:
        """The folder of a ledger in a file."""
        path = self.ledger.removeprefix("sqlite:///")
        return Path(path).parent if path != self.ledger else None

    @property
    def extras(self) -> Sequence[str]:
        """The extras that remote exports need."""
        known = {"s3": "s3", "gs": "gcs", "gcs": "gcs", "sftp": "sftp", "ssh": "sftp"}
        return sorted({known[scheme] for one in self.remote if (scheme := one.partition("://")[0]) in known})


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a job gets okrsync from: ``folder`` of the repository, into which ``url`` at ``commit`` is fetched if given."""

    folder: str
    url: str = ""
    commit: str = ""


def origin_of(deployment: Deployment) -> Origin:
    """Read ``deployment.source``; by default okrsync is in the repository itself. Raises ``ConfigError``."""
    if found := _REMOTE.fullmatch(deployment.source):
        return Origin(folder="okrsync-source", url=found["where"], commit=found["commit"])
    folder = deployment.source or "."
    if (deployment.root / folder / "okrsync" / "fleet").is_dir():
        return Origin(folder=folder)
    raise ConfigError(
        f"a job cannot install okrsync: it is in no registry, and not in {deployment.root / folder}",
        hint="--source URL@COMMIT names a Git repository with okrsync and a whole commit (40 digits) of it; "
        "--source FOLDER names a folder of your repository, such as a submodule",
    )


def secret_names(deployment: Deployment, *, reserved: str) -> dict[str, str]:
    """For each variable and secret file a name that a CI system takes: capitals, digits and ``_``, each once.

    ``reserved`` is how the names begin that the system keeps for itself.
    """
    wanted = [*deployment.variables, *(f"OKRSYNC_FILE_{one.name}" for one in deployment.files)]
    keys = [*deployment.variables, *map(str, deployment.files)]
    names = [re.sub(r"\W", "_", one, flags=re.ASCII).upper() for one in wanted]
    names = [f"OKRSYNC_{one}" if one.startswith(reserved) or one[0].isdigit() else one for one in names]
    seen: Counter[str] = Counter()
    found = {}
    for key, name in zip(keys, names, strict=True):
        seen[name] += 1
        found[key] = name if seen[name] == 1 else f"{name}_{seen[name]}"
    return found


def folder_of(pattern: str, base: Path) -> Path:
    """The folder that a path of exports is in; ``pattern`` may hold wildcards and starts from ``base``."""
    parts = Path(pattern).expanduser().parts
    plain = next((number for number, part in enumerate(parts) if _PATTERN.search(part)), len(parts) - 1)
    return _normal(base.joinpath(*parts[:plain]))


def _normal(path: Path) -> Path:
    """Without ``..``, and without asking the disk: the folder need not be there yet."""
    out: list[str] = []
    for part in path.absolute().parts:
        if part == "..":
            out[1:] = out[1:-1]
        else:
            out.append(part)
    return Path(*out)


def _outermost(folders: Iterable[Path], config: Path) -> list[Path]:
    found: list[Path] = []
    for one in sorted(set(folders)):
        if not any(one.is_relative_to(other) for other in (*found, config)):
            found.append(one)
    return found
