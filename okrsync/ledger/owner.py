"""Name the process that holds a lease (``HOST:PID:START``), and tell whether it still runs.

START also holds the boot and the process namespace, because two containers can share a host name: only if both
are ours does a missing process count as ended. If the system shows neither, only the lease's end frees it.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

_PROC = Path("/proc")


def this_process() -> str:
    pid = os.getpid()
    birth, namespace = _birth(pid), _namespace()
    return f"{socket.gethostname()}:{pid}:{f'{birth}.{namespace}' if birth and namespace else '?'}"


def is_gone(owner: str) -> bool:
    """True only if ``owner`` was a process of this machine and certainly has ended. Zombies have ended."""
    host, pid, birth, namespace = _parts(owner)
    if host != socket.gethostname() or not namespace or namespace != _namespace() or not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it lives, and belongs to another user
    return _birth(pid) not in {birth, None}


def spoken(owner: str) -> str:
    """``owner`` in the words of a message."""
    host, pid, _, _ = _parts(owner)
    return f"process {pid} on {host}" if pid else owner


def _parts(owner: str) -> tuple[str, int, str, str]:
    host, _, rest = owner.partition(":")
    pid, _, start = rest.partition(":")
    birth, _, namespace = start.partition(".")
    return (host, int(pid), birth, namespace) if pid.isdecimal() else (owner, 0, "", "")


def _birth(pid: int) -> str | None:
    """When the process started, in clock ticks since the boot; empty for a zombie, None if the system does not show it."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may itself hold spaces and parentheses. Fields from there: see proc(5), state and starttime.
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]


def _namespace() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}.{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""
