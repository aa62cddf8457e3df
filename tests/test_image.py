"""The image without a Docker engine: its file keeps the rules, and its command runs as the image would run it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from okrsync import __version__
from tests.support.fleet import fleet

ROOT = Path(__file__).parents[1]
SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY", re.IGNORECASE)


def steps() -> list[tuple[str, str]]:
    """Every instruction of the Dockerfile with its arguments, in order."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    found = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(name.upper(), " ".join(rest.split())) for name, rest in found]


def last_stage() -> list[tuple[str, str]]:
    all_steps = steps()
    start = max(index for index, (name, _) in enumerate(all_steps) if name == "FROM")
    return all_steps[start:]


def environment() -> dict[str, str]:
    pairs = [pair for name, text in last_stage() if name == "ENV" for pair in shlex.split(text)]
    return dict(pair.split("=", 1) for pair in pairs)


def test_every_instruction_is_known_and_every_base_has_a_version() -> None:
    known = {
        "FROM",
        "LABEL",
        "ENV",
        "RUN",
        "COPY",
        "USER",
        "WORKDIR",
        "VOLUME",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    assert {name for name, _ in steps()} <= known  # no ADD, which fetches; no ARG, which leaves traces
    for name, text in steps():
        if name == "FROM":
            # A person may pin the digest too, as docs/operations.md says.
            assert re.match(r"python:3\.\d+\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?( AS build)?$", text)


def test_it_runs_as_nobody_in_particular_and_writes_only_its_state() -> None:
    stage = last_stage()
    (user,) = [text for name, text in stage if name == "USER"]
    assert user.isdecimal()  # Kubernetes' runAsNonRoot believes numbers only
    assert int(user) > 0
    position = [name for name, _ in stage].index("USER")
    assert not [name for name, _ in stage[position:] if name in {"RUN", "COPY"}]
    assert [text for name, text in stage if name == "VOLUME"] == ["/state"]


def test_no_secret_is_in_it() -> None:
    assert not [text for name, text in steps() if name in {"ENV", "RUN"} and SECRET.search(text)]
    copied = [text for name, text in steps() if name == "COPY" and "--from" not in text]
    sources = {word for text in copied for word in text.split()[:-1]}
    allowed = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line[:1] == "!"
    }
    for source in sources:
        assert (ROOT / source).exists()
        assert source in allowed or source.split("/")[0] in allowed
    assert not {source for source in sources if source.startswith("config")} - {"config/example.yaml"}


def test_what_is_installed_is_locked() -> None:
    """No package is fetched but by its hash: each `pip install` has a lock or no index, `pip wheel` fetches no builder."""
    commands = [one.strip() for name, text in steps() if name == "RUN" for one in text.split("&&")]
    installs = [one for one in commands if re.search(r"pip (install|wheel)", one)]
    assert [one.rpartition("/")[2] for one in installs] == ["build.txt", "image.txt", "src", "*.whl"]
    for one in installs:
        assert "--no-deps" in one
        assert "--require-hashes" in one or "--no-index" in one or "--no-build-isolation" in one


def test_its_labels_say_what_it_is() -> None:
    (labels,) = [text for name, text in last_stage() if name == "LABEL"]
    found = dict(word.split("=", 1) for word in shlex.split(labels))
    names = {name.removeprefix("org.opencontainers.image.") for name in found}
    assert {"title", "description", "licenses", "version"} == names
    assert found["org.opencontainers.image.version"] == __version__


def test_the_lock_of_the_image_has_the_libraries_for_all_exports() -> None:
    lock = (ROOT / ".requirements" / "image.txt").read_text(encoding="utf-8")
    for name in ("s3fs", "gcsfs", "paramiko", "procrastinate", "apprise"):
        assert re.search(rf"^{name}==", lock, flags=re.MULTILINE), name


def test_the_default_command_is_the_scheduler_and_its_health_is_asked() -> None:
    stage = dict(last_stage())
    assert json.loads(stage["ENTRYPOINT"]) == ["okrsync"]
    assert json.loads(stage["CMD"]) == ["schedule", "run"]
    assert stage["HEALTHCHECK"].endswith("CMD okrsync health || exit 1")


def test_the_command_runs_with_what_the_image_gives_it_and_nothing_more(tmp_path: Path) -> None:
    """Paths of the image are mapped into a clean folder; home does not exist; secrets are files."""
    for name in ("config", "state", "tmp", "secrets"):
        (tmp_path / name).mkdir()
    stage = dict(last_stage())
    with fleet(tmp_path / "config", 2, schedule="0 7 * * *") as made:
        (tmp_path / "secrets" / "notion").write_text("secret_token_0\n", encoding="utf-8")
        for path in (tmp_path / "config").glob("*.yaml"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("{env: FLEET_0}", f"{{file: {tmp_path}/secrets/notion}}"))
        before = sorted(path.name for path in (tmp_path / "config").iterdir())
        env = {
            name: re.sub(r"/(config|state|tmp)\b", rf"{tmp_path}/\1", value)
            for name, value in environment().items()
            if name != "PATH"
        }
        env |= {"HOME": "/nonexistent", "TMPDIR": f"{tmp_path}/tmp", "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-m", "okrsync"]
        process = subprocess.Popen([*command, *json.loads(stage["CMD"])], env=env, cwd=tmp_path / "state")
        try:
            for _ in range(2400):
                if made.shown() == made.expected():
                    break
                threading.Event().wait(0.05)
            assert made.shown() == made.expected()
            check = subprocess.run([*command, "health"], env=env, check=False, cwd=tmp_path)
            assert check.returncode == 0
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=120) == 0
        finally:
            process.kill()
            process.wait()
        assert sorted(path.name for path in (tmp_path / "config").iterdir()) == before
        assert {path.name for path in (tmp_path / "state").iterdir()} <= {
            "ledger.db",
            "ledger.db-wal",
            "ledger.db-shm",
        }
        assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("--read-only",),
        ("--tmpfs", "/tmp"),
        ("--env-file",),
        ("-v", "/srv/exports:/srv/exports:ro"),
        ("-v", "okrsync-state:/state"),
    ],
)
def test_the_example_in_it_keeps_the_rules(words: tuple[str, ...]) -> None:
    comments = [
        line
        for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
    ]
    (example,) = [line for line in comments if "docker run" in line]
    assert " ".join(words) in example
