"""Write files for other schedulers: cron, systemd and Kubernetes.

All of them run ``okrsync sync --due`` every few minutes and leave zones, daylight saving and missed times to okrsync:
they understand these differently, and some not at all.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

MINUTES: Final = 5
"""Minutes between two checks of who is due, and so the longest delay of a company."""

GRACE: Final = 90
"""Seconds a run may take to stop: one request's longest wait, and the row being written."""

Format = Literal["cron", "systemd", "kubernetes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the files must name. ``variables`` and ``files`` are where the companies' secrets are read from.

    ``command`` starts okrsync, word by word; ``env_file`` holds the variables, unless the scheduler sets them.
    """

    command: Sequence[str]
    config: Path
    variables: Sequence[str]
    files: Sequence[Path]
    env_file: Path
    image: str


def deployment_files(kind: Format, deployment: Deployment) -> dict[str, str]:
    """The files by their names."""
    match kind:
        case "cron":
            return {"okrsync.cron": _cron(deployment)}
        case "systemd":
            return {"okrsync.service": _service(deployment), "okrsync.timer": _timer()}
        case "kubernetes":
            return {"okrsync.yaml": _kubernetes(deployment)}


def _cron(made: Deployment) -> str:
    words = shlex.join([*made.command, "sync", "--due"])
    env = shlex.quote(str(made.env_file))
    line = f"set -a; . {env}; exec {words}" if made.variables else f"exec {words}"
    escaped = line.replace("%", "\\%")  # to cron a bare % is the end of the line
    return "\n".join(
        [
            f"# okrsync every {MINUTES} minutes: it knows who is due, in which time zone. Install: crontab okrsync.cron",
            *_needed(made),
            "SHELL=/bin/sh",
            f"OKRSYNC_CONFIG={made.config}",
            f"*/{MINUTES} * * * * {escaped}",
            "",
        ]
    )


def _needed(made: Deployment) -> list[str]:
    lines = []
    if made.variables:
        lines.append(f"# {made.env_file} must set, readable by its owner only: {' '.join(made.variables)}")
    if made.files:
        lines.append(f"# These files must be there: {' '.join(map(str, made.files))}")
    return lines


def _service(made: Deployment) -> str:
    command = " ".join(_systemd_word(word) for word in [*made.command, "sync", "--due"])
    return "\n".join(
        [
            *_needed(made),
            "[Unit]",
            "Description=okrsync: sync the companies that are due",
            "Wants=network-online.target",
            "After=network-online.target",
            "",
            "[Service]",
            "Type=oneshot",
            f"ExecStart={command}",
            f"Environment={_systemd_word(f'OKRSYNC_CONFIG={made.config}')}",
            "Environment=OKRSYNC_LEDGER=sqlite:////var/lib/okrsync/ledger.db",
            f"EnvironmentFile=-{str(made.env_file).replace('%', '%%')}",
            "DynamicUser=yes",
            "StateDirectory=okrsync",
            "StateDirectoryMode=0700",
            f"TimeoutStopSec={GRACE}",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "ProtectHome=read-only",
            "PrivateTmp=yes",
            "PrivateDevices=yes",
            "ProtectKernelTunables=yes",
            "ProtectKernelModules=yes",
            "ProtectControlGroups=yes",
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
            "RestrictSUIDSGID=yes",
            "LockPersonality=yes",
            "",
        ]
    )


def _systemd_word(word: str) -> str:
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"' if plain != word or " " in word else word


def _timer() -> str:
    return "\n".join(
        [
            "[Unit]",
            "Description=okrsync: look who is due",
            "",
            "[Timer]",
            f"OnCalendar=*:0/{MINUTES}",
            "AccuracySec=1s",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )


def _kubernetes(made: Deployment) -> str:
    mounts = sorted({str(path.parent) for path in made.files})
    env = [
        f"                - {{name: {name}, valueFrom: {{secretKeyRef: {{name: okrsync, key: {name}}}}}}}"
        for name in made.variables
    ]
    return "\n".join(
        [
            "# Needs: kubectl create configmap okrsync --from-file=" + str(made.config),
            *(
                ["#        kubectl create secret generic okrsync --from-env-file=FILE"]
                if made.variables
                else []
            ),
            *(
                [f"#        kubectl create secret generic okrsync-files --from-file={mounts[0]}"]
                if mounts
                else []
            ),
            "#        and a PersistentVolumeClaim okrsync-state, or OKRSYNC_LEDGER naming a PostgreSQL server.",
            "apiVersion: batch/v1",
            "kind: CronJob",
            "metadata: {name: okrsync}",
            "spec:",
            f'  schedule: "*/{MINUTES} * * * *"',
            "  timeZone: Etc/UTC",
            "  concurrencyPolicy: Forbid",
            "  startingDeadlineSeconds: 200",
            "  successfulJobsHistoryLimit: 1",
            "  failedJobsHistoryLimit: 3",
            "  jobTemplate:",
            "    spec:",
            "      backoffLimit: 0",
            "      template:",
            "        spec:",
            "          restartPolicy: Never",
            f"          terminationGracePeriodSeconds: {GRACE}",
            "          automountServiceAccountToken: false",
            "          securityContext:",
            (
                "            {runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001, fsGroup: 10001,"
                " seccompProfile: {type: RuntimeDefault}}"
            ),
            "          containers:",
            "            - name: okrsync",
            f"              image: {made.image}",
            "              args: [sync, --due]",
            "              securityContext:",
            (
                "                {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false,"
                " capabilities: {drop: [ALL]}}"
            ),
            "              resources:",
            "                requests: {cpu: 100m, memory: 256Mi}",
            "                limits: {memory: 1Gi}",
            *(["              env:", *env] if env else []),
            "              volumeMounts:",
            "                - {name: config, mountPath: /config, readOnly: true}",
            "                - {name: state, mountPath: /state}",
            "                - {name: tmp, mountPath: /tmp}",
            *(
                f"                - {{name: files, mountPath: {mount}, readOnly: true}}"
                for mount in mounts[:1]
            ),
            "          volumes:",
            "            - {name: config, configMap: {name: okrsync}}",
            "            - {name: state, persistentVolumeClaim: {claimName: okrsync-state}}",
            "            - {name: tmp, emptyDir: {medium: Memory}}",
            *(["            - {name: files, secret: {secretName: okrsync-files}}"] if mounts else []),
            "",
        ]
    )
