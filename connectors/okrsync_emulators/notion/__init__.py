"""Emulate a Notion workspace on this machine: Notion's API at ``/v1``, a page for people at ``/``.

What Notion does is taken from its documentation, its official client's types and recorded traffic; where none of these
says, a comment starts with ``Unknown``.
"""

from __future__ import annotations

from okrsync_emulators.notion.service import NotionEmulator
from okrsync_emulators.notion.workspace import Behaviour

__all__ = ["Behaviour", "NotionEmulator"]
