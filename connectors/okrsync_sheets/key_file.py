"""Read the JSON of a Google credential, also as shells, files of variables and secret stores leave it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from okrsync import secret_text
from okrsync.redaction import conceal
from okrsync.settings import Secret

_SENT = ("private_key", "refresh_token", "client_secret")


class KeyFile(Secret):
    """A secret that is a JSON object; ``reveal`` gives it in one spelling, whatever was done to it on its way."""

    def contents(self) -> dict[str, Any]:
        """The object. Raises ``AccessError``."""
        found: dict[str, Any] = json.loads(self.reveal())
        return found

    def _cleaned(self, text: str) -> str:
        text = secret_text.unquoted(text)
        if not text:
            return ""
        found = next((info for one in _readings(text) if (info := _object(one)) is not None), None)
        if found is None:
            raise ValueError(_seen(text))
        if isinstance(key := found.get("private_key"), str):
            found["private_key"] = key.replace("\\r", "").replace("\\n", "\n")
        for name in _SENT:
            if isinstance(part := found.get(name), str):
                conceal(part)
        return json.dumps(found)


def _readings(text: str) -> Iterator[str]:
    """What the text may have been before it was encoded or escaped."""
    yield text
    yield text.replace("\\n", "\n")
    yield text.replace('\\"', '"').replace("\\\\", "\\")
    try:
        yield base64.b64decode("".join(text.split()), validate=True).decode("utf-8-sig")
    except (binascii.Error, ValueError):
        return


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text, strict=False)  # real line ends inside the key are as good as escaped ones
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _seen(text: str) -> str:
    if text.startswith("-----BEGIN"):
        seen = "holds the private key alone"
    elif re.fullmatch(r"[\w~./\\:$ -]{1,200}\.json", text):
        return "is the name of a file and not its content: write {file: …} instead of {env: …}"
    elif "\N{LEFT DOUBLE QUOTATION MARK}" in text or "\N{RIGHT DOUBLE QUOTATION MARK}" in text:
        seen = "holds typographic quotation marks, as word processors make them"
    elif not text.startswith("{"):
        seen = "does not begin with {"
    elif not text.endswith("}"):
        seen = "does not end with }: it is cut"
    else:
        seen = "is damaged"
    return (
        f"is not the JSON of a Google credential: it {seen}; put the whole key file there, as Google makes it"
    )
