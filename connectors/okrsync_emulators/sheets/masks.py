"""Parse and apply field masks of Google's APIs: ``a,b(c,d/e)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Mask = dict[str, "Mask"]


def parse(text: str) -> Mask:
    """A mask as nested names; ``*`` and an empty branch mean everything below. Raises ``ValueError``."""
    mask, rest = _list(text)
    if rest:
        raise ValueError(text)
    return mask


def _list(text: str) -> tuple[Mask, str]:
    mask: Mask = {}
    while True:
        text = _item(text, mask)
        if not text.startswith(","):
            return mask, text
        text = text[1:]


def _item(text: str, mask: Mask) -> str:
    length = next((index for index, letter in enumerate(text) if letter in ",()/."), len(text))
    name, text = text[:length].strip(), text[length:]
    if not name:
        raise ValueError(text)
    below = mask.setdefault(name, {})
    if text[:1] in {"/", "."}:
        return _item(text[1:], below)
    if text.startswith("("):
        inner, rest = _list(text[1:])
        if not rest.startswith(")"):
            raise ValueError(rest)
        below.update(inner)
        return rest[1:]
    return text


def unknown(mask: Mask, known: Mapping[str, Any], path: str = "") -> str:
    """The first path of ``mask`` that ``known`` (nested names; empty: anything below) does not hold, else empty."""
    for name, below in mask.items():
        here = f"{path}.{name}" if path else name
        if name == "*":
            continue
        if name not in known:
            return here
        if known[name] and (found := unknown(below, known[name], here)):
            return found
    return ""


def apply(mask: Mask, data: Any) -> Any:
    """``data`` without what the mask leaves out; lists are masked item by item."""
    if not mask or "*" in mask:
        return data
    if isinstance(data, list):
        return [apply(mask, item) for item in data]
    if not isinstance(data, dict):
        return data
    return {name: apply(mask[name], value) for name, value in data.items() if name in mask}
