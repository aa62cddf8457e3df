"""Run the steps of an exported GitHub workflow or GitLab job as their runners do: in a fresh clone, with an empty home."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.git_server import JOB_TOKEN, git_server

# What the job installs okrsync with. A test reaches no registry, so pip only notes its words; OKRSYNC_TEST_INSTALL=1
# takes the real one.
PYTHON = """#!/bin/sh
[ "$1 $2" = "-m venv" ] || exec {python} "$@"
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$@" >>{said}\\n' >"$3/bin/pip"
printf '#!/bin/sh\\nexec {python} {shim} "$@"\\n' >"$3/bin/okrsync"
chmod +x "$3/bin/pip" "$3/bin/okrsync"
"""
SHIM = """
import os, sys
from datetime import datetime
sys.path[:0] = {path!r}
from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.testing import JumpClock
sys.exit(main(sys.argv[1:], Context(clock=JumpClock(datetime.fromisoformat(open({now!r}).read())))))
"""


@dataclass
class Ended:
    code: int
    output: str
    summary: str = ""
    steps: list[str] = field(default_factory=list)


@dataclass
class Site:
    """A repository on a server (``origin``), and the machines of its jobs."""

    folder: Path
    secrets: Mapping[str, str]

    @property
    def origin(self) -> Path:
        return self.folder / "origin.git"

    def publish(self, files: Path) -> None:
        """Make a repository of the folder, as a company would."""
        git(self.folder, "init", "--quiet", "--bare", "--initial-branch", "main", str(self.origin))
        git(files, "init", "--quiet", "--initial-branch", "main")
        git(files, "add", "--all")
        git(files, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "Begin")
        git(files, "push", "--quiet", str(self.origin), "main")

    def commits(self, branch: str) -> list[str]:
        ended = git(self.origin, "rev-list", f"refs/heads/{branch}", check=False)
        return ended.stdout.split()

    def machine(self, now: str) -> tuple[Path, dict[str, str]]:
        """A fresh clone, and the environment of a machine that has seen nothing before."""
        machine = self.folder / "machine"
        shutil.rmtree(machine, ignore_errors=True)  # a runner's folders have the same names each time
        for name in ("home", "temp", "bin"):
            (machine / name).mkdir(parents=True)
        git(machine, "clone", "--quiet", "--depth", "1", f"file://{self.origin}", "work")
        (machine / "now").write_text(now)
        shim = machine / "shim.py"
        path = [one for one in sys.path if one]
        shim.write_text(SHIM.format(path=path, now=str(machine / "now")))
        if not os.environ.get("OKRSYNC_TEST_INSTALL"):
            python = machine / "bin" / "python3"
            python.write_text(PYTHON.format(python=sys.executable, shim=shim, said=machine / "pip"))
            python.chmod(0o755)
        environment = {
            "PATH": f"{machine / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(machine / "home"),
            "LANG": "C.UTF-8",
        }
        return machine, environment

    def github(self, workflow: str, now: str, command: str | None = None) -> Ended:
        """Run the workflow: by its schedule, or by hand with ``command``."""
        machine, environment = self.machine(now)
        summary = machine / "summary"
        summary.touch()
        environment |= {
            "RUNNER_TEMP": str(machine / "temp"),
            "GITHUB_WORKSPACE": str(machine / "work"),
            "GITHUB_STEP_SUMMARY": str(summary),
        }
        (job,) = parsed(workflow)["jobs"].values()
        ended = Ended(0, "")
        outcomes: dict[str, str] = {}
        for step in job["steps"]:
            condition = step.get("if", "success()")
            wanted = ended.code == 0 if condition == "success()" else self._holds(condition, outcomes)
            if "run" not in step or not wanted:
                continue
            more = {name: self._filled(value, command) for name, value in step.get("env", {}).items()}
            done = bash(step["run"], machine / "work", environment | more, "-e")
            outcomes[step.get("id", "")] = "success" if done.returncode == 0 else "failure"
            ended.steps.append(step["name"])
            ended.output += done.stdout
            ended.code = ended.code or done.returncode
        ended.summary = summary.read_text(encoding="utf-8")
        return ended

    def gitlab(
        self,
        text: str,
        now: str,
        command: str | None = None,
        *,
        push_token: str = "",
        job_may_push: bool = True,
    ) -> Ended:
        """Run the job: by its schedule, or by hand with ``command``; GitLab takes a job's token from its own user only."""
        machine, environment = self.machine(now)
        data = parsed(text)
        variables = {"OKRSYNC_COMMAND": command or data["variables"]["OKRSYNC_COMMAND"]["value"]}
        variables |= {key: str(value) for key, value in data["okrsync"]["variables"].items()}
        variables |= {"OKRSYNC_PUSH_TOKEN": push_token} if push_token else {}
        (script,) = data["okrsync"]["script"]
        environment |= variables | dict(self.secrets) | {"TMPDIR": str(machine / "temp")}
        with git_server(self.folder, job_may_push=job_may_push) as address:
            scheme, _, rest = address.partition("://")
            environment |= {
                "CI_SERVER_PROTOCOL": scheme,
                "CI_REPOSITORY_URL": f"{scheme}://gitlab-ci-token:{JOB_TOKEN}@{rest}/{self.origin.name}",
            }
            done = bash(script, machine / "work", environment, "-eo", "pipefail")
        said = machine / "work" / "okrsync.txt"
        summary = said.read_text(encoding="utf-8") if said.exists() else ""
        return Ended(done.returncode, done.stdout, summary)

    def _filled(self, value: str, command: str | None) -> str:
        if value == "${{ inputs.command || 'sync --due' }}":
            return command or "sync --due"
        found = re.fullmatch(r"\$\{\{ secrets\.(\w+) \}\}", value)
        return self.secrets.get(found[1], "") if found else value

    def _holds(self, condition: str, outcomes: Mapping[str, str]) -> bool:
        found = re.fullmatch(r"always\(\) && steps\.(\w+)\.outcome == 'success'", condition)
        assert found, condition
        return outcomes.get(found[1]) == "success"


def parsed(text: str) -> Any:
    """A YAML file as its readers read it."""
    return YAML(typ="safe", pure=True).load(text)


def bash(script: str, folder: Path, environment: Mapping[str, str], *words: str) -> Any:
    return subprocess.run(
        ["bash", "--noprofile", "--norc", *words, "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def git(folder: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    command: Sequence[str] = ["git", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=check)
