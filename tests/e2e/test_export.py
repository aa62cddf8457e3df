"""``okrsync schedule export``: files that the real tools take, each run for real as far as this machine can."""

from __future__ import annotations

import getpass
import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from ruamel.yaml import YAML

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.schedules import schedule
from tests.support.ci_runner import parsed
from tests.support.fleet import Fleet, fleet


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    folder = tmp_path / "50% of all"
    folder.mkdir()
    with fleet(folder, 2, alone=1, schedule="0 7 * * *") as made:
        path = folder / "c00001.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("{env: FLEET_0}", "{file: /run/secrets/notion}"), encoding="utf-8")
        monkeypatch.setenv("OKRSYNC_CONFIG", str(folder))
        monkeypatch.setenv("OKRSYNC_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
        monkeypatch.setenv("FLEET_1", "secret_token_1")
        yield made


def export(capsys: Any, kind: str, *words: str) -> str:
    assert main(["schedule", "export", "--format", kind, *words], Context()) == 0
    out: str = capsys.readouterr().out
    assert "secret_token" not in out
    return out


def bare(**more: str) -> dict[str, str]:
    """What a scheduler gives a command, and how this test run finds okrsync if it is not installed."""
    found = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    return {"PATH": "/usr/bin:/bin", **found, **more}


def test_cron_gets_one_line_that_a_shell_can_run(one: Fleet, tmp_path: Path, capsys: Any) -> None:
    env = tmp_path / "env"
    env.write_text("FLEET_1=secret_token_1\n")
    text = export(capsys, "cron", "--env-file", str(env))
    (line,) = [line for line in text.splitlines() if line.startswith("*")]
    assert schedule(" ".join(line.split()[:5]), ZoneInfo("UTC")).line == "*/5 * * * *"
    (config,) = [line.partition("=")[2] for line in text.splitlines() if line.startswith("OKRSYNC_CONFIG=")]
    assert config == str(one.folder)
    assert "must set, readable by its owner only: FLEET_1" in text
    assert "These files must be there: /run/secrets/notion" in text
    command = line.split(maxsplit=5)[5]
    ended = subprocess.run(
        ["/bin/sh", "-c", command.replace("\\%", "%")],
        env=bare(OKRSYNC_CONFIG=config, OKRSYNC_LEDGER=f"sqlite:///{tmp_path / 'ledger.db'}"),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (
        "c00001: connection notion, token: the secret's file /run/secrets/notion does not exist"
        in ended.stderr
    )
    assert one.shown()["c00000"] == one.expected()["c00000"]


def test_systemd_takes_the_units(one: Fleet, tmp_path: Path, capsys: Any) -> None:
    printed = export(capsys, "systemd")
    assert "# ---- okrsync.service" in printed
    assert "# ---- okrsync.timer" in printed
    folder = tmp_path / "units"
    export(capsys, "systemd", "--to", str(folder))
    units = [folder / "okrsync.service", folder / "okrsync.timer"]
    assert "50%% of all" in units[0].read_text(encoding="utf-8")
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("NO systemd-analyze HERE: the units were not verified by systemd")
    ended = subprocess.run(
        [verify, "verify", "--man=no", *map(str, units)], capture_output=True, text=True, check=False
    )
    said = [line for line in ended.stderr.splitlines() if "okrsync" in line]
    assert said == []
    assert ended.returncode == 0, ended.stderr


ODD = 'o\'brien $HOME 50% \\x "q" é'
"""A folder that people may have, with every character that some file or shell reads as its own."""


@pytest.fixture
def odd(one: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same companies in a folder with an odd name, where okrsync is, too; it says how it was called."""
    folder = tmp_path / ODD
    shutil.copytree(one.folder, folder)
    (folder / "secrets").mkdir()
    first, second = folder / "c00000.yaml", folder / "c00001.yaml"
    second.write_text(second.read_text(encoding="utf-8").replace("/run/secrets/notion", "secrets/no tion's"))
    # Neither a block nor half of a character: it is to be escaped, and as a whole.
    first.write_text(f"# 🚀 \t \n{first.read_text(encoding='utf-8')}", encoding="utf-8")
    command = folder / "okrsync"
    command.write_text('#!/bin/sh\necho "$OKRSYNC_CONFIG|$OKRSYNC_LEDGER|$FLEET_1|$0|$*"\n')
    command.chmod(0o755)
    (folder / "env").write_text("FLEET_1='secret_token_1'\n")
    monkeypatch.setattr("sys.argv", [str(command)])
    monkeypatch.setenv("OKRSYNC_CONFIG", str(folder))
    monkeypatch.setenv("OKRSYNC_LEDGER", f"sqlite:///{folder}/ledger.db")
    return folder


def test_every_scheduler_takes_odd_names(odd: Path, tmp_path: Path, capsys: Any) -> None:
    said = f"{odd}|sqlite:///{odd}/ledger.db|secret_token_1|{odd}/okrsync|sync --due\n"
    text = export(capsys, "cron", "--env-file", str(odd / "env"))
    variables = dict(line.split("=", 1) for line in text.splitlines() if line.startswith("OKRSYNC_"))
    (line,) = [line for line in text.splitlines() if line.startswith("*")]
    command = line.split(maxsplit=5)[5].replace("\\%", "%")
    ended = subprocess.run(
        ["/bin/sh", "-c", command], env=bare(**variables), capture_output=True, text=True, check=True
    )
    assert ended.stdout == said
    agent = plistlib.loads(export(capsys, "launchd", "--env-file", str(odd / "env")).encode())
    (tmp_path / "Library" / "Logs").mkdir(parents=True)
    variables = bare(HOME=str(tmp_path), **agent["EnvironmentVariables"])
    subprocess.run(agent["ProgramArguments"], env=variables, cwd="/", check=True)
    assert (tmp_path / "Library" / "Logs" / "okrsync.log").read_text(encoding="utf-8") == said


def test_systemd_takes_odd_names(odd: Path, tmp_path: Path, capsys: Any) -> None:
    """A dollar means itself in settings and is doubled in arguments; a program's own path must hold no quote."""
    export(capsys, "systemd", "--to", str(tmp_path / "units"))
    unit = tmp_path / "units" / "okrsync.service"
    lines = unit.read_text(encoding="utf-8").splitlines()
    inner = 'o\'brien $HOME 50%% \\\\x \\"q\\" é'
    assert f'Environment="OKRSYNC_CONFIG={tmp_path}/{inner}"' in lines
    assert f'ReadWritePaths="{tmp_path}/{inner}"' in lines
    assert f'ExecStart=/usr/bin/env "{tmp_path}/{inner.replace("$", "$$")}/okrsync" sync --due' in lines
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("NO systemd-analyze HERE: the units were not verified by systemd")
    ended = subprocess.run(
        [verify, "verify", "--man=no", unit, unit.with_suffix(".timer")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, [line for line in ended.stderr.splitlines() if "okrsync" in line]) == (0, [])


def test_kubernetes_takes_odd_names(odd: Path, tmp_path: Path, capsys: Any) -> None:
    """What reads YAML for kubectl refuses the halves of a character that JSON writes."""
    folder = tmp_path / "k8s"
    export(capsys, "kubernetes", "--to", str(folder))
    text = (folder / "okrsync.yaml").read_text(encoding="utf-8")
    assert "\\ud83d" not in text
    first, *_ = documents(text)
    assert first["data"]["0000-c00000.yaml"] == (odd / "c00000.yaml").read_text(encoding="utf-8")
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("NO kubectl HERE: the objects were not read by it")
    (folder / "kustomization.yaml").write_text(
        "resources: [okrsync.yaml, okrsync-workers.yaml, okrsync-shell.yaml]\n"
    )
    ended = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    maps = [one for one in documents(ended.stdout) if one["kind"] == "ConfigMap"]
    assert [one["data"] for one in maps] == [first["data"]]


def test_compose_takes_odd_names(odd: Path, tmp_path: Path, capsys: Any) -> None:
    export(capsys, "compose", "--to", str(tmp_path), "--env-file", str(odd / "env"))
    file = tmp_path / "compose.yaml"
    takes("vendor.compose-spec", file)
    text = file.read_text(encoding="utf-8")
    data = parsed("".join(line for line in text.splitlines(keepends=True) if not line.startswith("#")))
    (service,) = data["services"].values()
    doubled = str(odd).replace("$", "$$")
    assert service["env_file"] == [f"{doubled}/env"]
    assert service["environment"]["OKRSYNC_CONFIG"] == doubled
    assert service["volumes"][0]["source"] == doubled
    assert data["secrets"]["file-1"]["file"] == f"{doubled}/secrets/no tion's"


def test_systemd_runs_what_a_person_can_run(one: Fleet, capsys: Any, tmp_path: Path) -> None:
    """running.md, 11: DynamicUser cannot run what pipx or a venv put below a closed home."""
    text = export(capsys, "systemd")
    assert "DynamicUser" not in text
    assert f"User={getpass.getuser()}" in text
    assert f"Environment=OKRSYNC_LEDGER=sqlite:///{tmp_path / 'ledger.db'}" in text
    assert f"ReadWritePaths={tmp_path}\n" in text
    assert "systemctl daemon-reload && systemctl enable --now okrsync.timer" in text
    assert main(["schedule", "export", "--format", "systemd", "--user", "no-such-user"], Context()) == 2
    assert "there is no user no-such-user" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into a closed folder of another user")
def test_a_user_who_cannot_reach_the_command_is_refused(
    one: Fleet, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setattr("sys.argv", [str(home / "okrsync")])
    assert main(["schedule", "export", "--format", "systemd", "--user", "nobody"], Context()) == 2
    complaint = capsys.readouterr().err
    assert "nobody cannot run" in complaint
    assert "is closed to others" in complaint
    opened = Path("/usr/bin/okrsync")
    monkeypatch.setattr("sys.argv", [str(opened)])
    monkeypatch.delenv("OKRSYNC_LEDGER")
    text = export(capsys, "systemd", "--user", "nobody")
    assert "User=nobody" in text
    assert "OKRSYNC_LEDGER=sqlite:////var/lib/okrsync/ledger.db" in text  # root's own is closed to nobody


def test_launchd_takes_the_agent_and_its_command_runs(one: Fleet, capsys: Any, tmp_path: Path) -> None:
    env = tmp_path / "env"
    env.write_text("FLEET_1=secret_token_1\n")
    text = export(capsys, "launchd", "--env-file", str(env))
    agent = plistlib.loads(text.encode())
    assert plistlib.loads(plistlib.dumps(agent)) == agent
    assert agent["StartInterval"] == 300
    assert "launchctl bootstrap" in text
    assert "launchctl bootout" in text
    (tmp_path / "Library" / "Logs").mkdir(parents=True)
    variables = bare(HOME=str(tmp_path), **agent["EnvironmentVariables"])
    subprocess.run(agent["ProgramArguments"], env=variables, cwd="/", check=False)
    assert "the secret's file /run/secrets/notion does not exist" in (
        tmp_path / "Library" / "Logs" / "okrsync.log"
    ).read_text(encoding="utf-8")
    assert one.shown()["c00000"] == one.expected()["c00000"]


def test_the_task_scheduler_gets_a_task_and_a_command(one: Fleet, capsys: Any, tmp_path: Path) -> None:
    folder = tmp_path / "Prüfung & mehr"
    export(capsys, "windows", "--to", str(folder))
    written = (folder / "okrsync-task.xml").read_bytes()
    assert written.isascii()  # so that no encoding can be the wrong one
    task = ET.fromstring(written)
    name = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    assert [one.tag.removeprefix(name) for one in task] == [
        *("RegistrationInfo", "Triggers", "Principals", "Settings", "Actions")  # the schema's order
    ]
    assert task.findtext(f".//{name}Command") == str(folder / "okrsync.cmd")
    assert task.findtext(f".//{name}Interval") == "PT5M"
    command = (folder / "okrsync.cmd").read_bytes().decode()
    assert command.count("\r\n") == command.count("\n")
    assert "50%% of all" in command
    assert "FLEET_1" in command
    for words in ("schtasks /create /tn okrsync /xml", "schtasks /delete /tn okrsync", "okrsync.log"):
        assert words in command


def documents(text: str) -> list[dict[str, Any]]:
    return [one for one in YAML(typ="safe", pure=True).load_all(text) if one]


def test_kubernetes_takes_all_objects(one: Fleet, capsys: Any, tmp_path: Path) -> None:
    outside = tmp_path / "exports"
    path = one.folder / "c00001.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("path: c00001.csv", "path: ../exports/*.csv"))
    folder = tmp_path / "k8s"
    export(capsys, "kubernetes", "--to", str(folder), "--image", "registry.example/okrsync:1")
    parts = {file.name: documents(file.read_text(encoding="utf-8")) for file in folder.iterdir()}
    for objects in parts.values():
        for data in objects:
            kubernetes_validate.validate(data, "1.37", strict=True)
    kinds = [data["kind"] for data in parts["okrsync.yaml"]]
    assert kinds == ["ConfigMap", *["PersistentVolumeClaim"] * 2, "CronJob"]
    # One ConfigMap, for YAMLs only, and as they were written.
    texts = sorted(path.read_text(encoding="utf-8") for path in one.folder.glob("*.yaml"))
    assert sorted(parts["okrsync.yaml"][0]["data"].values()) == texts
    pods = {
        "okrsync.yaml": parts["okrsync.yaml"][-1]["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        "okrsync-workers.yaml": parts["okrsync-workers.yaml"][0]["spec"]["template"]["spec"],
        "okrsync-shell.yaml": parts["okrsync-shell.yaml"][0]["spec"],
    }
    claims = {data["metadata"]["name"] for data in parts["okrsync.yaml"]}
    for pod in pods.values():
        (container,) = pod["containers"]
        assert [one["name"] for one in container["env"]] == ["OKRSYNC_CONFIG", "FLEET_1"]
        assert container["image"] == "registry.example/okrsync:1"
        volumes = {one["name"]: one for one in pod["volumes"]}
        assert {one["name"] for one in container["volumeMounts"]} == set(volumes)
        paths = [one["mountPath"] for one in container["volumeMounts"]]
        assert len(set(paths)) == len(paths)
        # Every path of a YAML means the same file there.
        for wanted in (str(one.folder / "c00000.yaml"), "/run/secrets/notion", str(outside), str(one.folder)):
            assert wanted in paths, wanted
        assert {
            one["persistentVolumeClaim"]["claimName"]
            for one in volumes.values()
            if "persistentVolumeClaim" in one
        } <= claims
    assert pods["okrsync.yaml"]["containers"][0]["args"] == ["sync", "--due"]
    assert pods["okrsync-workers.yaml"]["containers"][0]["args"] == ["worker"]


def test_compose_takes_the_service(one: Fleet, capsys: Any, tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    export(capsys, "compose", "--to", str(tmp_path))
    takes("vendor.compose-spec", file)
    (service,) = parsed(file.read_text(encoding="utf-8"))["services"].values()
    assert service["read_only"] is True
    assert service["secrets"] == [{"source": "file-1", "target": "/run/secrets/notion"}]
    targets = {one["target"]: one.get("read_only", False) for one in service["volumes"]}
    assert targets == {str(one.folder): True, "/state": False}
    assert service["environment"]["OKRSYNC_CONFIG"] == str(one.folder)
    text = file.read_text(encoding="utf-8")
    assert "docker compose exec okrsync okrsync release COMPANY KR-1" in text
    assert f"and not sqlite:///{tmp_path / 'ledger.db'}" in text


def takes(schema: str, file: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_container_job_passes_names_and_no_secret(one: Fleet, capsys: Any, tmp_path: Path) -> None:
    env, said = tmp_path / "env", tmp_path / "said"
    env.write_text("FLEET_1='secret_token_1'\n")
    fake = tmp_path / "docker"
    fake.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" "FLEET_1 is $FLEET_1" >{shlex.quote(str(said))}\nexit 3\n'
    )
    fake.chmod(0o755)
    script = tmp_path / "okrsync-job.sh"
    script.write_text(export(capsys, "job", "--env-file", str(env)), encoding="utf-8")
    for words, last in (([], ["sync", "--due"]), (["release", "acme", "KR-1"], ["release", "acme", "KR-1"])):
        ended = subprocess.run(
            ["/bin/sh", script, *words], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False, cwd="/"
        )
        assert ended.returncode == 3
        lines = said.read_text(encoding="utf-8").splitlines()
        assert lines[-1] == "FLEET_1 is secret_token_1"
        assert lines[:-1][-len(last) :] == last
        assert "secret_token_1" not in lines[:-1]
        for mount in (
            f"{one.folder}:{one.folder}:ro",
            "/run/secrets:/run/secrets:ro",
            "okrsync-state:/state",
        ):
            assert mount in lines


def test_crontab_keeps_what_else_is_in_it(one: Fleet, capsys: Any, tmp_path: Path) -> None:
    """`crontab okrsync.cron` threw a person's other lines away."""
    kept = tmp_path / "kept"
    kept.write_text("0 1 * * * backup\n")
    fake = tmp_path / "crontab"
    fake.write_text(
        f"#!/bin/sh\ncase $1 in -l) cat {kept} ;; -) cat >{kept}.new; mv {kept}.new {kept} ;; esac\n"
    )
    fake.chmod(0o755)
    export(capsys, "cron", "--to", str(tmp_path))
    text = (tmp_path / "okrsync.cron").read_text(encoding="utf-8")
    commands = dict(re.findall(r"^# (Install|Remove).*?: (.*)$", text, flags=re.MULTILINE))

    def shell(command: str) -> None:
        subprocess.run(
            ["/bin/sh", "-c", command], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, cwd=tmp_path, check=True
        )

    for _ in range(2):
        shell(commands["Install"])
        assert kept.read_text(encoding="utf-8") == "0 1 * * * backup\n" + text
    shell(commands["Remove"])
    assert kept.read_text(encoding="utf-8") == "0 1 * * * backup\n"


KINDS = ["cron", "systemd", "launchd", "windows", "compose", "kubernetes", "job"]


def test_one_broken_yaml_and_one_without_a_schedule_stop_nobody(
    one: Fleet, capsys: Any, tmp_path: Path
) -> None:
    (one.folder / "draft.yaml").write_text("company: draft\nkey_results: [\n", encoding="utf-8")
    path = one.folder / "c00000.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('schedule: "0 7 * * *"\n', ""), encoding="utf-8")
    for kind in KINDS:
        assert main(["schedule", "export", "--format", kind, "--to", str(tmp_path / kind)], Context()) == 3
        complaint = capsys.readouterr().err
        assert "not in the files: draft: " in complaint
        assert "without a schedule, so never due: c00000" in complaint
        text = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / kind).iterdir())
        assert "FLEET_1" in text


def test_a_server_s_address_is_a_secret(one: Fleet, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKRSYNC_LEDGER", "postgresql://okrsync:hunter2@db/okrsync")
    for kind in KINDS:
        text = export(capsys, kind)
        assert "hunter2" not in text
        assert "OKRSYNC_LEDGER" in text
        assert "sqlite" not in text


@pytest.mark.parametrize("kind", ["cron", "kubernetes"])
def test_the_machines_own_webhook_is_named_and_not_shown(
    one: Fleet, capsys: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    assert "OKRSYNC_WEBHOOK" not in export(capsys, kind)
    monkeypatch.setenv("OKRSYNC_WEBHOOK", "https://hooks.example/secret_token")
    assert "OKRSYNC_WEBHOOK" in export(capsys, kind)


def test_an_unknown_format_is_refused(one: Fleet, capsys: Any) -> None:
    assert main(["schedule", "export", "--format", "nomad"], Context()) == 2
    assert "nomad" in capsys.readouterr().err
