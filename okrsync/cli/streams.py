"""Write to stdout and stderr: any text in any encoding, nothing that controls a terminal."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import sys
import unicodedata
from typing import Any, Final, TextIO

from okrsync.errors import ConfigError

# What steers a terminal or turns the reading direction round: C0 and C1 without tab and newline, and the bidirectional
# marks, embeddings and isolates. Names come from outside, and what they say must not be what a person sees elsewhere.
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_ERRORS: Final = "okrsync"
# Accents and joiners, which say nothing without the letter that they belong to.
_SILENT: Final = {"Mn", "Me", "Cf"}
# What okrsync prints itself, if anyascii would say something else with it or less.
_SPELLED: Final = {"→": "->", "≠": "!=", "±": "+/-", "✓": "ok", "×": "x", "¥": "JPY", "₽": "RUB"}
_SPELLED.update(zip("▁▂▃▄▅▆▇█", "_.,-=+*#", strict=True))


def prepare() -> None:
    """Have stdout and stderr spell what their encoding lacks. A handler that somebody chose for stdout is kept."""
    codecs.register_error(_ERRORS, _spelled)
    for stream, theirs in ((sys.stdout, {"strict", "surrogateescape"}), (sys.stderr, {"backslashreplace"})):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in theirs:
            stream.reconfigure(errors=_ERRORS)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(_ascii(one) for one in error.object[error.start : error.end]), error.end


def _ascii(character: str) -> str:
    from anyascii import anyascii

    return (
        _SPELLED.get(character)
        or anyascii(character)
        or ("" if unicodedata.category(character) in _SILENT else "?")
    )


def visible(text: str) -> str:
    """The text without characters that control a terminal or turn the direction of what follows."""
    return _UNSEEN.sub("", text)


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text for people."""
    _write(sys.stderr if err else sys.stdout, visible(text) + ("\n" if nl else ""))


def echo_file(text: str) -> None:
    """Print what is meant to be kept in a file: in UTF-8, which okrsync reads, whatever the encoding of stdout."""
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper) and not out.isatty():
        out.flush()
        out.reconfigure(encoding="utf-8")
    _write(out, visible(text) if out is not None and out.isatty() else text)


def json_line(data: Any, stream: TextIO | None, *, indent: int | None = None) -> str:
    """The data as JSON. What the stream cannot take, or a terminal would obey, is escaped, so that nothing is lost."""
    whole = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").startswith("utf")
    text = json.dumps(data, ensure_ascii=not whole, indent=indent)
    escaped = _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", escaped)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # as under pythonw
        return
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:  # the reader has seen enough, as in `okrsync status acme | head`
        _mute(stream)
    except OSError as error:
        _mute(stream)
        raise ConfigError(f"the output cannot be written: {error.strerror}") from error


class Guarded:
    """A stream as rich wants it, with what happens to `echo` happening to each write."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        _write(self._stream, text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _mute(stream: TextIO) -> None:
    """Let a stream go nowhere from here on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
