"""Import gspread's HTTP client without what gspread loads to sign a person in with a browser.

That is a third of gspread's time to load (oauthlib and what needs it), and okrsync signs in without a browser.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

__all__ = ["HTTPClient"]

_FLOW: Final = "google_auth_oauthlib.flow"


@contextmanager
def _without_flow() -> Iterator[None]:
    """Let gspread find an empty flow, unless the real one is loaded; a later import gets the real one."""
    if _FLOW in sys.modules:
        yield
        return
    flow = ModuleType(_FLOW)
    vars(flow)["InstalledAppFlow"] = None
    sys.modules[_FLOW] = flow
    try:
        yield
    finally:
        del sys.modules[_FLOW]


with _without_flow():
    from gspread.http_client import HTTPClient
