"""Mark typed cells by private characters, since ``1234.5`` is a number in any dialect."""

from __future__ import annotations

from typing import Final

ERROR: Final = "\ue000"  # then the error, such as #DIV/0!
DATE: Final = "\ue001"  # then ISO 8601, with a time only if the cell has one
NUMBER: Final = "\ue002"  # then digits with a decimal point
UNCACHED: Final = "\ue003"  # a formula whose result was never calculated
PERCENT: Final = "\ue004"  # then the fraction: 0.37 for a cell that shows 37 %
DURATION: Final = "\ue005"  # then whole milliseconds, for a cell whose format shows a length of time
MONEY: Final = "\ue006"  # then digits, a blank and the currency that the cell's format shows
TAGS: Final = ERROR + DATE + NUMBER + UNCACHED + PERCENT + DURATION + MONEY
LAST_COLUMN: Final = 16_384
LAST_ROW: Final = 1_048_576
LONGEST_TEXT: Final = 4_000_000
"""Excel stops at 32,767 characters; what is far beyond was made to fill a machine's memory."""


def plain_text(text: str) -> str:
    # A text that begins like a tag would be taken for a number; no CRM writes private characters.
    return ERROR + "a private character" if text[:1] in set(TAGS) else text
