"""Keep secrets out of every text: ``redact`` replaces them in each form in which they are sent.

A server may echo what it was sent: a token in an address, escaped in JSON, or inside the base64 of a Basic header. All
forms are found here, so that no connector has to know them.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

# A shorter secret is a word like any other, and replacing it would garble every text.
SHORTEST: Final = 6
_HIDDEN: Final = "***"
# What html.escape writes: its module loads all names of characters.
_IN_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_BEFORE: Final = re.compile(r"[A-Za-z0-9+/_-]")
_AFTER: Final = re.compile(r"[A-Za-z0-9+/_=%-]*")
# So many of the tokens that vendors give out for an hour are remembered; a process may run for months.
_MOST_PASSING: Final = 200

_lock = threading.Lock()
_secrets: dict[str, bool] = {}
# By their first letters, longest first. A text is walked through once, however many secrets there are.
_forms: dict[str, tuple[str, ...]] = {}
_encoded: set[str] = set()


def conceal(secret: str, *, passing: bool = False) -> None:
    """Never show ``secret`` from now on; one that is ``passing`` may be forgotten when many newer ones came."""
    if len(secret) < SHORTEST or secret in _secrets:
        return
    with _lock:
        _secrets[secret] = passing
        encoded = set(_in_base64(secret))
        _encoded.update(encoded)
        for form in {*_as_sent(secret), *encoded}:
            _index(form)
        if passing:
            _forget_oldest()


def redact(text: str) -> str:
    """``text`` with every secret that this process knows replaced by ``***``."""
    kept: list[str] = []
    end = 0
    for begin, after in _places(text):
        if begin >= end:
            kept += (text[end:begin], _HIDDEN)
        end = max(end, after)
    return "".join((*kept, text[end:])) if kept else text


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Where the secrets are, in order; a base64 text that holds one counts as a whole."""
    at = 0
    while at <= len(text) - SHORTEST:
        form = next((one for one in _forms.get(text[at : at + SHORTEST], ()) if text.startswith(one, at)), "")
        if not form:
            at += 1
            continue
        begin, after = at, at + len(form)
        if form in _encoded:
            found = _AFTER.match(text, after)
            after = found.end() if found else after
            while begin and _BEFORE.match(text, begin - 1):
                begin -= 1
        yield begin, after
        at = after


def _as_sent(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield secret.translate(_IN_HTML)
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)


def _in_base64(secret: str) -> Iterator[str]:
    """What of the secret is seen in the base64 of any text that holds it: three cases, by where in a triple it begins."""
    data = secret.encode()
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data).decode().rstrip("=")
        # The letters at either end also depend on the text beside the secret.
        core = whole[(0, 2, 3)[before] : len(whole) - bool((before + len(data)) % 3)]
        if len(core) >= SHORTEST:
            yield core
            yield core.translate(str.maketrans("+/", "-_"))
            yield quote(core, safe="")


def _index(form: str) -> None:
    start = form[:SHORTEST]
    there = {*_forms.get(start, ()), form}
    _forms[start] = tuple(sorted(there, key=len, reverse=True))


def _forget_oldest() -> None:
    passing = [secret for secret, passes in _secrets.items() if passes]
    for secret in passing[: max(0, len(passing) - _MOST_PASSING)]:
        del _secrets[secret]
        for form in {*_as_sent(secret), *_in_base64(secret)}:
            left = tuple(one for one in _forms.get(form[:SHORTEST], ()) if one != form)
            _encoded.discard(form)
            if left:
                _forms[form[:SHORTEST]] = left
            else:
                _forms.pop(form[:SHORTEST], None)
