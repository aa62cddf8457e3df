"""Compare the names of columns as a person does: without case, Unicode form and spacing."""

from __future__ import annotations

import unicodedata
from typing import Final

SPACES: Final = " \t\n\v\f\r\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u3000\ufeff"


def folded(name: str) -> str:
    """A column's name as it is compared: one Unicode form, single spaces, case folded."""
    return " ".join(unicodedata.normalize("NFC", name).strip(SPACES).split()).casefold()
