"""Import Notion's client library and httpx without the command that httpx has for terminals.

If click and rich are installed, httpx loads that command and them: half of its own time to load.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

__all__ = ["HTTPResponseError", "RequestTimeoutError", "httpx", "notion_client"]

_COMMAND: Final = "httpx._main"


@contextmanager
def _without_command() -> Iterator[None]:
    """Let httpx find no command, as if click were not installed; a later import of it finds it."""
    if "httpx" in sys.modules:
        yield
        return
    modules = cast("dict[str, Any]", sys.modules)
    modules[_COMMAND] = None
    try:
        yield
    finally:
        del modules[_COMMAND]


with _without_command():
    import httpx
    import notion_client
    from notion_client.errors import HTTPResponseError, RequestTimeoutError
