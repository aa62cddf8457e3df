"""Fill the templates of each format, with every value quoted as its file needs it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from okrsync.errors import ConfigError
from okrsync.fleet.exports.deployment import BRANCH, GRACE, MINUTES, Deployment, origin_of, secret_names
from okrsync.fleet.exports.hours import MINUTE

if TYPE_CHECKING:
    from jinja2 import Environment

Format = Literal["cron", "systemd", "launchd", "windows", "compose", "kubernetes", "job", "github", "gitlab"]

_TEMPLATES: Final = Path(__file__).parent / "templates"
_NAMES: Final[Mapping[Format, tuple[str, ...]]] = {
    "cron": ("okrsync.cron",),
    "systemd": ("okrsync.service", "okrsync.timer"),
    "launchd": ("okrsync.plist",),
    "windows": ("okrsync.cmd", "okrsync-task.xml"),
    "compose": ("compose.yaml",),
    "kubernetes": ("okrsync.yaml", "okrsync-workers.yaml", "okrsync-shell.yaml"),
    "job": ("okrsync-job.sh",),
    "github": ("okrsync.yml",),
    "gitlab": ("okrsync.gitlab-ci.yml",),
}
_QUOTED: Final = frozenset(" \t\n';")
"""What ends or begins a word of systemd, if it is in no quotes."""
_REFUSED: Final = frozenset("\"'\\$")
"""What systemd takes in no program's path."""
_CONFIG_MAP: Final = 900_000
"""Bytes of YAML that one ConfigMap is given; Kubernetes takes 1 MiB with everything around it."""


def export_files(kind: Format, deployment: Deployment) -> dict[str, str]:
    """The files by their names. Raises ``ConfigError`` if the format cannot hold the deployment."""
    templates = _environment()
    values = {"d": deployment, "minutes": MINUTES, "grace": GRACE, **_MORE.get(kind, _nothing)(deployment)}
    return {name: templates.get_template(f"{name}.j2").render(values) for name in _NAMES[kind]}


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(  # noqa: S701 - most are no HTML; each value is quoted by its own filter
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "sh": lambda text: shlex.quote(str(text)),
        "words": lambda words: shlex.join(map(str, words)),
        "cron": lambda text: str(text).replace("%", "\\%"),  # to cron a bare % is the end of the line
        "exec": systemd_command,
        "setting": systemd_setting,
        "yaml": yaml_text,
        "batch": lambda text: str(text).replace("%", "%%"),
        "ascii": lambda text: str(text).encode("ascii", "xmlcharrefreplace").decode("ascii"),
    }
    return made


def systemd_setting(text: object) -> str:
    """One value of a systemd unit in which a dollar means itself, as in ``Environment=``."""
    text = str(text)
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{plain}"' if plain != text or set(text) & _QUOTED else plain


def systemd_command(words: Sequence[object]) -> str:
    """The words of ``ExecStart=``: arguments may hold anything, the program itself no quotes, backslashes and dollars."""
    arguments = [systemd_setting(one).replace("$", "$$") for one in words]
    if not set(str(words[0])) & _REFUSED:
        arguments[0] = systemd_setting(words[0])
        return " ".join(arguments)
    return " ".join(["/usr/bin/env", *arguments])


def yaml_text(text: object) -> str:
    """A text in YAML's double quotes. Half of a character, as JSON escapes it, is refused by what reads it for Kubernetes."""
    written = json.dumps(str(text), ensure_ascii=False)
    return "".join(one if one.isprintable() else _escaped(one) for one in written)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _nothing(_: Deployment) -> dict[str, Any]:
    return {}


def _kubernetes(deployment: Deployment) -> dict[str, Any]:
    size = sum(len(text.encode()) for text in deployment.companies.values())
    if size > _CONFIG_MAP:
        raise ConfigError(
            f"the YAMLs have {size} bytes, and a ConfigMap of Kubernetes holds 1 MiB",
            hint="put the companies into several folders, and export each for a namespace of its own",
        )
    keys = {path: f"{number:04d}-{_key(path.name)}" for number, path in enumerate(deployment.companies)}
    return {
        "keys": keys,
        "blocks": {key: _block(deployment.companies[path]) for path, key in keys.items()},
        "secret_keys": {
            path: f"{number:02d}-{_key(path.name)}" for number, path in enumerate(deployment.files)
        },
    }


def _key(name: str) -> str:
    """A key as ConfigMaps and Secrets take it."""
    return re.sub(r"[^-._a-zA-Z0-9]", "_", name)


def _block(text: str) -> str:
    """A YAML text as a value in YAML: as it was written, if a block can hold it."""
    lines = text.split("\n")
    fits = text.endswith("\n") and not text.endswith("\n\n") and not text.startswith((" ", "\n"))
    if fits and all(line.isprintable() for line in lines) and not any(line.endswith(" ") for line in lines):
        return "|\n" + "\n".join(f"    {line}" if line else "" for line in lines[:-1])
    return yaml_text(text)


def _ci(reserved: str) -> Callable[[Deployment], dict[str, Any]]:
    def more(deployment: Deployment) -> dict[str, Any]:
        outside = [one for one in deployment.folders if not one.is_relative_to(deployment.root)]
        hours = deployment.hours
        return {
            "source": origin_of(deployment),
            "names": secret_names(deployment, reserved=reserved),
            "inside": lambda path: str(_relative(path, deployment.root)),
            "outside": outside,
            "branch": BRANCH,
            "lock": ".requirements/image.txt" if deployment.extras else ".requirements/run.txt",
            "cron": f"{MINUTE} {_ranges(hours) if 0 < len(hours) < 24 else '*'} * * *",
        }

    return more


def _relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def _ranges(hours: Any) -> str:
    """Hours as cron writes them: ``4-6,22``."""
    parts: list[list[int]] = []
    for hour in hours:
        if parts and hour == parts[-1][-1] + 1:
            parts[-1].append(hour)
        else:
            parts.append([hour])
    return ",".join(str(one[0]) if len(one) == 1 else f"{one[0]}-{one[-1]}" for one in parts)


_MORE: Final[Mapping[Format, Callable[[Deployment], dict[str, Any]]]] = {
    "kubernetes": _kubernetes,
    "github": _ci("GITHUB_"),
    "gitlab": _ci("CI_"),
}
