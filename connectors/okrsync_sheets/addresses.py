"""Read where a spreadsheet is: its address as copied from the browser, or its id alone. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from okrsync_sheets.a1 import Area

_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_PATH: Final = re.compile(r"/spreadsheets/(?:u/\d+/)?d/([^/]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A spreadsheet, and the tab (``gid``) that its address points to, if it points to one."""

    id: str
    gid: int | None = None


def parse(text: str) -> Link:
    """The spreadsheet that ``text`` names. Raises ``ValueError`` with what to write instead."""
    text = text.strip()
    if _ID.fullmatch(text):
        return Link(id=text)
    if "://" not in text and "docs.google.com" not in text:
        raise ValueError(f"{text!r} is not a spreadsheet: paste its address from the browser, or its id")
    parts = urlsplit(text if "://" in text else f"https://{text}")
    asked = parse_qs(parts.query)
    if "/d/e/" in parts.path:
        raise ValueError(
            "this is the address of a published copy; open the spreadsheet itself and copy the address from there"
        )
    found = _PATH.search(parts.path)
    identity = found[1] if found else next(iter(asked.get("id", [])), "")
    if not _ID.fullmatch(identity):
        raise ValueError(
            f"{text!r} holds no spreadsheet id: it looks like docs.google.com/spreadsheets/d/ID/edit"
        )
    gid = next(iter(parse_qs(parts.fragment).get("gid", []) + asked.get("gid", [])), "")
    return Link(id=identity, gid=int(gid) if gid.isascii() and gid.isdigit() else None)


def web(spreadsheet: str, area: Area | None = None, gid: int | None = None) -> str:
    """The address that a person can open; it leads to the cell if its tab's ``gid`` is known."""
    place = f"#gid={gid}" if gid is not None else ""
    if place and area is not None:
        place += f"&range={area.shown.rpartition('!')[2]}"
    return f"https://docs.google.com/spreadsheets/d/{spreadsheet}/edit{place}"
