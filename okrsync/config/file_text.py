"""Turn the bytes of a file into text, or say how to save it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from okrsync.errors import ConfigError

SAVE: Final = (
    "save it as UTF-8: in Notepad `File > Save as > Encoding: UTF-8`, in VS Code `Save with Encoding` in the "
    "status bar"
)
_OTHER_FILES: Final = {
    b"PK\x03\x04": "an Excel workbook, a Word document or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"{\\rtf": "a Rich Text document",
    b"%PDF": "a PDF",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
}
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
# YAML allows no control character but tab and line breaks; a zero-width or directional mark is never meant.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def read_text(path: Path, name: str) -> str:
    """The text of the file. Raises ``ConfigError`` with ``name`` for one that is missing or is no text in UTF-8."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        hint = (
            "okrsync init NAME writes a new one; look for a typing error in the name and for another folder"
        )
        raise ConfigError(f"there is no such file: {path.absolute()}", place=name, hint=hint) from error
    except IsADirectoryError as error:
        raise ConfigError("this is a folder", place=name, hint="name the YAML file in it") from error
    except OSError as error:
        hint = "let the user who runs okrsync read it"
        raise ConfigError(f"it cannot be read: {error.strerror}", place=name, hint=hint) from error
    return decoded(raw, name)


def decoded(raw: bytes, name: str) -> str:
    """The bytes as text. Raises ``ConfigError`` with the place of what is no text in UTF-8."""
    for start, what in _OTHER_FILES.items():
        if raw[:16].lstrip().lower().startswith(start.lower()):
            hint = "name a text file; okrsync init NAME writes one"
            raise ConfigError(f"this is {what}, not a YAML file", place=name, hint=hint)
    if raw.startswith(_UTF_16) or b"\0" in raw[:4]:
        raise ConfigError("this file is saved as UTF-16", place=name, hint=SAVE)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", errors="replace")
        byte = raw[error.start]
        said = f"this file is not saved as UTF-8: nothing there is written as the byte {byte:#04x}"
        if byte >= 0xA0:  # below, Windows and ISO differ
            said = f"this file is not saved as UTF-8, but in an older way that writes a letter as the byte {byte:#04x}"
        raise ConfigError(said, place=f"{name}:{_place(before)}", hint=SAVE) from error
    if (found := _UNSEEN.search(text)) is not None:
        said = f"there is a character here that cannot be seen (U+{ord(found[0]):04X})"
        hint = "delete it: write the words around it again by hand"
        raise ConfigError(said, place=f"{name}:{_place(text[: found.start()])}", hint=hint)
    return text


def _place(before: str) -> str:
    lines = re.split("\r\n|\r|\n", before)
    return f"{len(lines)}:{len(lines[-1]) + 1}"
