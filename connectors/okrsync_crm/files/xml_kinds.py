"""Tell spreadsheets in XML from other files, without loading what reads them."""

from __future__ import annotations

import re
import zipfile
from typing import Final

_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument.spreadsheet"
_SPREADSHEET_ML: Final = re.compile(
    rb"<\?mso-application[^>]*Excel\.Sheet|urn:schemas-microsoft-com:office:spreadsheet"
)


def is_open_document(archive: zipfile.ZipFile) -> bool:
    return "mimetype" in archive.namelist() and archive.read("mimetype").decode(
        "ascii", "replace"
    ).startswith(_OPEN_DOCUMENT)


def is_spreadsheet_ml(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml") and _SPREADSHEET_ML.search(head) is not None
