"""List what a person can break in Notion and repair again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from okrsync.emulation import Mishap, outage
from okrsync.loopback import LoopbackServer
from okrsync_emulators.notion import faults
from okrsync_emulators.notion.workspace import Workspace


def mishaps(server: LoopbackServer, workspace: Callable[[], Workspace]) -> Sequence[Mishap]:
    """``workspace`` is asked each time: a seed replaces it."""

    def share(*, shared: bool) -> None:
        with server.lock:
            for database in workspace().databases.values():
                database.shared = shared

    return [
        Mishap(
            id="unshared",
            label="The connection is removed from the databases",
            begin=lambda: share(shared=False),
            end=lambda: share(shared=True),
        ),
        outage(server, faults.internal().body),
    ]
