"""What a program shows on a terminal."""

from __future__ import annotations

import os


def shown_on(terminal: int) -> str:
    """All that comes out of a pseudo-terminal until its other side is closed; the terminal is closed then."""
    shown = b""
    try:
        while piece := os.read(terminal, 4096):
            shown += piece
    except OSError:
        pass  # Linux says so at the end of a terminal's output
    os.close(terminal)
    return shown.decode()
