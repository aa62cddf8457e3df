"""Compares names as a person does: without case, Unicode form, spacing and look-alikes.

``folded`` is how column names are matched. ``alike`` goes further and serves only to notice that a file may hold one
value in two spellings; nothing is ever matched by it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

SPACES: Final = " \t\n\v\f\r\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u3000\ufeff"
_BETWEEN: Final = re.compile(r"[\s\u200b\ufeff_\-\u2010-\u2015./]+")
_LOOK_ALIKES: Final = str.maketrans("авекмнорстухіјѕёαβεηικμνορτυχ", "abekmhopctyxijseabehikmvoptyx")


def folded(name: str) -> str:
    """A column's name as it is compared: one Unicode form, single spaces, case folded."""
    return " ".join(unicodedata.normalize("NFC", name).strip(SPACES).split()).casefold()


@lru_cache(maxsize=200_000)
def alike(value: str) -> str:
    """What two spellings of one value have in common; two different values may have it in common too."""
    plain = unicodedata.normalize("NFKD", value).casefold()
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return _BETWEEN.sub("", letters).translate(_LOOK_ALIKES)
