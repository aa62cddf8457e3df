"""Keep the ledger in SQLite or PostgreSQL. Only ``open_ledger`` loads what talks to them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from okrsync.ports import Clock

if TYPE_CHECKING:
    from okrsync.ledger.store import SqlLedger

__all__ = ["open_ledger"]


def open_ledger(
    url: str | None,
    clock: Clock,
    *,
    owner: str | None = None,
    ttl: timedelta = timedelta(seconds=60),
    interval: timedelta = timedelta(seconds=15),
) -> SqlLedger:
    """The ledger at ``url``, created or brought up to date if needed. Close it, or use it in ``with``.

    None is SQLite in the user's state folder; else ``sqlite:///PATH`` or ``postgresql://USER:PASSWORD@HOST/NAME``.
    ``owner`` names the holder of leases; by default it is this process, which lets others see that it has died. A
    lease that is not renewed lives ``ttl``; it is renewed every ``interval`` of real time, and its times are the
    clock's in SQLite and the server's in PostgreSQL.

    Raises ``ConfigError`` if the URL or the file cannot be a ledger, or a newer program wrote it; ``AccessError`` if
    the server refuses us, ``Unavailable`` if it does not answer.
    """
    from okrsync.ledger.lease import Terms
    from okrsync.ledger.location import opened
    from okrsync.ledger.owner import this_process
    from okrsync.ledger.store import SqlLedger

    database = opened(url)
    return SqlLedger(
        database,
        Terms(database=database, clock=clock, owner=owner or this_process(), ttl=ttl, interval=interval),
    )
