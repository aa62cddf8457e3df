"""Units and numbers as people write them."""

from __future__ import annotations

import re
from datetime import timedelta

_SPAN = re.compile(r"(\d+)\s*([smhdw])")
_SPAN_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def span(text: str) -> timedelta:
    """``90s``, ``36h``, ``2d`` or ``1h 30m`` as a length of time. Raises ``ValueError`` for anything else."""
    parts = _SPAN.findall(text)
    if not parts or _SPAN.sub("", text).strip():
        raise ValueError(f"{text!r} is not a length of time; write 90s, 30m, 36h, 2d or 1w")
    return timedelta(seconds=sum(int(count) * _SPAN_SECONDS[letter] for count, letter in parts))
