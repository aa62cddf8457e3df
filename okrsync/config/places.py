"""Check the names of time zones, locales and companies, and say which one was meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from zoneinfo import TZPATH, available_timezones

from okrsync.spelling import did_you_mean

COMPANY_NAME: Final = "[a-z0-9][a-z0-9_-]*"
# Zones of the tz database that are no place and have no summer time: half of the year every midnight would be an hour
# off for a company in the place beside them.
_NO_SUMMER_TIME: Final = {"EST": "America/New_York", "MST": "America/Denver"}
_FIXED: Final = re.compile(r"(UTC|GMT|Z)?\s*[+-]\s*\d{1,2}(:?\d\d)?")
# What people call a zone, and no zone of the tz database is called.
_SPOKEN: Final = {
    **dict.fromkeys(("EDT", "ET", "EASTERN STANDARD TIME"), "America/New_York"),
    **dict.fromkeys(("CST", "CDT", "CT", "CENTRAL STANDARD TIME"), "America/Chicago"),
    **dict.fromkeys(("MDT", "MT", "MOUNTAIN STANDARD TIME"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT", "PT", "PACIFIC STANDARD TIME"), "America/Los_Angeles"),
    **dict.fromkeys(("BST", "GMT STANDARD TIME"), "Europe/London"),
    **dict.fromkeys(("CEST", "MEZ", "MESZ", "W. EUROPE STANDARD TIME"), "Europe/Berlin"),
    **dict.fromkeys(("MSK", "RUSSIAN STANDARD TIME"), "Europe/Moscow"),
    **dict.fromkeys(("IST", "INDIA STANDARD TIME"), "Asia/Kolkata"),
    **dict.fromkeys(("JST", "TOKYO STANDARD TIME"), "Asia/Tokyo"),
    **dict.fromkeys(("AEST", "AEDT"), "Australia/Sydney"),
}


def zone_name(text: str) -> str:
    """The name of a time zone that is a place. Raises ``ValueError`` with the name that was meant, if one is near."""
    if _listed(text) or text in (known := available_timezones()):
        return text
    if _FIXED.fullmatch(text):
        hint = "write the name of a place, which knows when its summer time begins: Europe/Berlin"
        raise ValueError(f"{text!r} is a distance from Greenwich\n  → {hint}")
    if text.upper() in _SPOKEN:
        raise ValueError(f"there is no time zone {text!r}\n  → did you mean {_SPOKEN[text.upper()]!r}?")
    city = text.strip().replace(" ", "_").casefold()
    places = sorted(
        name for name in known if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    )
    same = [name for name in places if city in {name.casefold(), name.casefold().rsplit("/", 1)[1]}]
    hint = f"did you mean {same[0]!r}?" if same else _near(text, places)
    raise ValueError(f"there is no time zone {text!r}\n  → {hint}")


def _listed(text: str) -> bool:
    """Whether the machine's tz database has the place under exactly this name; False decides nothing.

    The list of all names reads each of 600 files, at each start.
    """
    parts = text.split("/")
    if len(parts) == 1 or parts[0] in {"posix", "right"}:
        return False
    for root in TZPATH:
        file = Path(root)
        for part in parts:
            # Some file systems find a name in another case too: what they list is what it is called.
            if not file.is_dir() or part not in {one.name for one in file.iterdir()}:
                break
            file /= part
        else:
            return file.is_file() and file.read_bytes().startswith(b"TZif")
    return False


def zone_warning(text: str) -> str:
    """What a person may not have meant by the name of a time zone that exists; empty for nothing."""
    if text not in _NO_SUMMER_TIME and not text.startswith(("Etc/GMT+", "Etc/GMT-")):
        return ""
    place = f", such as {_NO_SUMMER_TIME[text]}" if text in _NO_SUMMER_TIME else ""
    return f"the time zone {text} has no summer time; if the company's place has, write its name{place}"


def _near(text: str, places: list[str]) -> str:
    said = did_you_mean(text.replace(" ", "_"), places)
    return said if said.startswith("did") else "write a continent and a city, such as Europe/Berlin"


def locale_name(text: str) -> str:
    """The locale as Babel spells it. Raises ``ValueError`` with the one that was meant, if one is near."""
    from babel import Locale, UnknownLocaleError

    clean = text.partition(".")[0].replace("-", "_")
    try:
        Locale.parse(clean)
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"there is no locale {text!r}\n  → {_meant_locale(clean)}") from None
    return clean


def _meant_locale(text: str) -> str:
    from babel import Locale

    word = text.partition("_")[0].casefold()
    for name in (
        "en_US",
        "en_GB",
        "de_DE",
        "fr_FR",
        "es_ES",
        "it_IT",
        "pt_BR",
        "nl_NL",
        "pl_PL",
        "ru_RU",
        "tr_TR",
    ):
        locale = Locale.parse(name)
        called = {str(locale.get_language_name(one) or "").casefold() for one in ("en", name)}
        if word in called or word == locale.language:
            return f"did you mean {name!r}? It is a language and a country"
    return "write a language and a country, such as de_DE or en_US"


def one_name(file: Path, company: str) -> str:
    """How a file and the company in it get one name; the file's is only proposed if a company may be called so."""
    rename = f"rename the file to {company}{file.suffix}"
    written = f"write company: {file.stem}, or {rename}" if re.fullmatch(COMPANY_NAME, file.stem) else rename
    return f"{written}; two files of one company would share what okrsync remembers"
