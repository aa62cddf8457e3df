"""List what a person can break in Google Sheets and repair again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from okrsync.emulation import Mishap, outage
from okrsync.loopback import LoopbackServer
from okrsync_emulators.sheets.answers import Refusal
from okrsync_emulators.sheets.token import EMAIL, TokenServer


def mishaps(server: LoopbackServer, tokens: TokenServer) -> Sequence[Mishap]:
    def revoke() -> None:
        tokens.revoked.add(EMAIL)
        tokens.expire()

    def allow() -> None:
        tokens.revoked.discard(EMAIL)

    internal = Refusal(500, "INTERNAL", "Internal error encountered.")
    return [
        Mishap(id="revoked", label="The service account is deleted", begin=revoke, end=allow),
        outage(server, json.dumps(internal.body).encode()),
    ]
