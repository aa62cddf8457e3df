"""Read a secret as a person meant it: remove what editors and shells add, refuse anything else.

Only what no secret of that kind can hold is removed. What is refused is described, never repeated.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Final

_BLANKS: Final = "\ufeff\u200b\u2060"
_QUOTES: Final = (
    "\"'`\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}"
    "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{SINGLE LOW-9 QUOTATION MARK}"
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
)
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BEARER: Final = re.compile(r"(?:authorization:\s*)?bearer\s+", re.IGNORECASE)
# Jira's tokens hold "=", too, but small letters before it.
_ASSIGNED: Final = re.compile(r"(?:export\s+)?[A-Z][A-Z0-9_]*=|export\s")


def decoded(data: bytes) -> str:
    """The text of a file, also as Windows saves it. Raises ``ValueError`` with what is wrong."""
    mark, encoding = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", "utf-8"))
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text: save it as UTF-8") from None


def stripped(text: str) -> str:
    """Without blanks, line ends and invisible characters at its ends; for passwords, which may hold all else."""
    before = None
    while text != before:
        before, text = text, text.strip().strip(_BLANKS)
    return text


def unquoted(text: str) -> str:
    """Without quotes around it. Raises ``ValueError`` if there is a quote at one end alone."""
    text = stripped(text)
    while len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        text = stripped(text[1:-1])
    for where, letter in (("begins", text[:1]), ("ends", text[-1:])):
        if letter and letter in _QUOTES:
            raise ValueError(
                f"{where} with a quotation mark ({letter}): one is missing, or it is one too many"
            )
    return text


def token(text: str) -> str:
    """A token, a key or an address: one word of plain letters. Raises ``ValueError`` with what else is seen."""
    before = None
    while text != before:
        before = text
        text = stripped(text)
        if found := _BEARER.match(text):
            text = text[found.end() :]
        text = unquoted(text)
        text = re.sub(r"(?:\\r)?\\n$", "", text)  # two letters, as some files of variables keep a line end
    if _ASSIGNED.match(text):
        raise ValueError("looks like NAME=value: keep only the part after the =")
    wrong = next((letter for letter in text if not "!" <= letter <= "~"), "")
    if wrong:
        raise ValueError(
            f"holds {_named(wrong)} inside: a token is one word of plain letters, digits and signs"
        )
    return text


def _named(letter: str) -> str:
    if letter in "\r\n":
        return "a line end"
    if letter.isspace():
        return "a blank"
    if "\udc80" <= letter <= "\udcff":
        return "a byte that is not UTF-8"
    kind = "the invisible character" if unicodedata.category(letter) in {"Cf", "Cc"} else "the character"
    return f"{kind} {unicodedata.name(letter, f'U+{ord(letter):04X}')}"
