"""Find the ids inside Notion's addresses, in every spelling that people copy.

``https://www.notion.so/acme/Key-Results-<id>?v=<view>``, ``https://app.notion.com/p/<id>``, ``https://acme.notion.site/...``,
``collection://<id>`` and a bare id, with or without dashes. Notion's own client knows only the first of them.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

_DASHED: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# The id ends a path segment; a title may precede it, joined by a dash.
_ENDS_WITH_ID: Final = re.compile(rf"(?:^|-)({_DASHED}|[0-9a-f]{{32}})$")


def database_id(text: str) -> str | None:
    """The id of the database or data source that ``text`` is the address of, dashed and in lower case; None for none.

    The view (``?v=``) and a row that is open beside the table (``?p=``) are not the database.
    """
    parts = urlsplit(text.strip())
    segments = [*unquote(parts.path).split("/"), parts.netloc] if parts.scheme else [unquote(parts.path)]
    return _last_id(segments)


def beside(text: str) -> str | None:
    """The id of what is open beside the page or table that ``text`` is the address of (``?p=``); None for nothing."""
    return _last_id(parse_qs(urlsplit(text.strip()).query).get("p", []))


def page_id(text: str) -> str | None:
    """The id of the page that ``text`` is the address of; a page open beside its table (``?p=``) comes first."""
    return beside(text) or database_id(text)


def _last_id(segments: list[str]) -> str | None:
    found = [match[1] for part in segments if (match := _ENDS_WITH_ID.search(part.strip().lower()))]
    return _dashed(found[-1]) if found else None


def _dashed(text: str) -> str:
    digits = text.replace("-", "")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
