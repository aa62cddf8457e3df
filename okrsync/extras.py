"""Say how to install the libraries that only some companies need."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.metadata import requires


def install_command(extra: str) -> str:
    """The command that installs the libraries of ``extra`` for the Python that runs okrsync.

    It names the libraries, not ``okrsync[extra]``: okrsync is published nowhere, so a stranger who takes that name in a
    registry would be installed here. uv makes environments without pip.
    """
    wanted = [
        text.partition(";")[0].strip()
        for text in requires("okrsync") or ()
        if re.search(rf"extra == ['\"]{re.escape(extra)}['\"]", text)
    ]
    assert wanted, f"pyproject.toml declares no extra {extra!r}"
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    pip = (
        f"{python} -m pip install" if importlib.util.find_spec("pip") else f"uv pip install --python {python}"
    )
    return " ".join([pip, *(f'"{one}"' for one in wanted)])
