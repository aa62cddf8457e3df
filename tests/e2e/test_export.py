"""``okrsync schedule export``: files that the real tools take."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.config.yamlfile import parse_yaml
from okrsync.schedules import schedule
from tests.support.fleet import Fleet, fleet

TEXTS = {"type": "array", "items": {"type": "string"}}
CONTAINER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "image", "args", "securityContext", "volumeMounts", "resources"],
    "properties": {
        "name": {"type": "string"},
        "image": {"type": "string"},
        "args": TEXTS,
        "resources": {
            "type": "object",
            "properties": {"requests": {}, "limits": {}},
            "additionalProperties": False,
        },
        "securityContext": {
            "type": "object",
            "additionalProperties": False,
            "required": ["readOnlyRootFilesystem", "allowPrivilegeEscalation", "capabilities"],
            "properties": {
                "readOnlyRootFilesystem": {"const": True},
                "allowPrivilegeEscalation": {"const": False},
                "capabilities": {"const": {"drop": ["ALL"]}},
            },
        },
        "env": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "valueFrom"],
                "properties": {
                    "name": {"type": "string"},
                    "valueFrom": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["secretKeyRef"],
                        "properties": {
                            "secretKeyRef": {
                                "type": "object",
                                "additionalProperties": False,
                                "required": ["name", "key"],
                                "properties": {"name": {"type": "string"}, "key": {"type": "string"}},
                            }
                        },
                    },
                },
            },
        },
        "volumeMounts": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "mountPath"],
                "properties": {
                    "name": {"type": "string"},
                    "mountPath": {"type": "string", "pattern": "^/"},
                    "readOnly": {"type": "boolean"},
                },
            },
        },
    },
}
POD = {
    "type": "object",
    "additionalProperties": False,
    "required": ["restartPolicy", "containers", "volumes", "securityContext"],
    "properties": {
        "restartPolicy": {"enum": ["Never", "OnFailure"]},  # what a Job allows
        "terminationGracePeriodSeconds": {"type": "integer", "minimum": 1},
        "automountServiceAccountToken": {"const": False},
        "securityContext": {
            "type": "object",
            "additionalProperties": False,
            "required": ["runAsNonRoot", "runAsUser"],
            "properties": {
                "runAsNonRoot": {"const": True},
                "runAsUser": {"type": "integer", "minimum": 1},
                "runAsGroup": {"type": "integer", "minimum": 1},
                "fsGroup": {"type": "integer", "minimum": 1},
                "seccompProfile": {"const": {"type": "RuntimeDefault"}},
            },
        },
        "containers": {"type": "array", "minItems": 1, "items": CONTAINER},
        "volumes": {
            "type": "array",
            "items": {"type": "object", "required": ["name"], "minProperties": 2, "maxProperties": 2},
        },
    },
}
# The part of batch/v1 CronJob that we use, with everything else refused: after the Kubernetes API reference, v1.
CRON_JOB = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {
        "apiVersion": {"const": "batch/v1"},
        "kind": {"const": "CronJob"},
        "metadata": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}},
        },
        "spec": {
            "type": "object",
            "additionalProperties": False,
            "required": ["schedule", "jobTemplate"],
            "properties": {
                "schedule": {"type": "string"},
                "timeZone": {"type": "string"},
                "concurrencyPolicy": {"enum": ["Allow", "Forbid", "Replace"]},
                "startingDeadlineSeconds": {"type": "integer", "minimum": 10},
                "successfulJobsHistoryLimit": {"type": "integer", "minimum": 0},
                "failedJobsHistoryLimit": {"type": "integer", "minimum": 0},
                "jobTemplate": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["spec"],
                    "properties": {
                        "spec": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["template"],
                            "properties": {
                                "backoffLimit": {"type": "integer", "minimum": 0},
                                "template": {
                                    "type": "object",
                                    "additionalProperties": False,
                                    "required": ["spec"],
                                    "properties": {"spec": POD},
                                },
                            },
                        }
                    },
                },
            },
        },
    },
}


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
        env={"OKRSYNC_CONFIG": config, "OKRSYNC_LEDGER": f"sqlite:///{tmp_path / 'ledger.db'}"},
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


def test_kubernetes_takes_the_cron_job(one: Fleet, capsys: Any) -> None:
    data = parse_yaml(export(capsys, "kubernetes", "--image", "registry.example/okrsync:1"), name="k8s").data
    Draft202012Validator.check_schema(CRON_JOB)
    assert list(Draft202012Validator(CRON_JOB).iter_errors(data)) == []
    pod = data["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"] == ["sync", "--due"]
    assert [one["name"] for one in container["env"]] == ["FLEET_1"]
    volumes = {one["name"] for one in pod["volumes"]}
    assert {one["name"] for one in container["volumeMounts"]} == volumes
    assert "/run/secrets" in {one["mountPath"] for one in container["volumeMounts"]}


@pytest.mark.parametrize("kind", ["cron", "kubernetes"])
def test_the_machines_own_webhook_is_named_and_not_shown(
    one: Fleet, capsys: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    assert "OKRSYNC_WEBHOOK" not in export(capsys, kind)
    monkeypatch.setenv("OKRSYNC_WEBHOOK", "https://hooks.example/secret_token")
    assert "OKRSYNC_WEBHOOK" in export(capsys, kind)


def test_an_unknown_format_is_refused(one: Fleet, capsys: Any) -> None:
    assert main(["schedule", "export", "--format", "windows"], Context()) == 2
    assert "windows" in capsys.readouterr().err
