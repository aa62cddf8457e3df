"""Open a workbook by its relationships: its sheets, its shared texts and what its cell formats show."""

from __future__ import annotations

import codecs
import posixpath
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Final
from xml.parsers import expat
from xml.sax.saxutils import unescape

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync.spelling import did_you_mean
from okrsync_crm.cells.currencies import meant_by
from okrsync_crm.files import cell_tags
from okrsync_crm.refusal import bad_config

CHUNK: Final = 1 << 18
_DAY_FORMATS: Final = {14, 15, 16, 17, *range(27, 32), 34, 35, 36, *range(50, 59)}
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_LOCALE: Final = re.compile(r"\[\$([^\]]*)\]")
_TEXT: Final = re.compile(r'\s*<si><t(?: xml:space="preserve")?>([^<]*)</t>')
Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Data = Callable[[str], None]


def is_workbook(archive: zipfile.ZipFile) -> bool:
    return WorkbookParts(archive).workbook is not None


class UnusualXmlError(Exception):
    """A part is not as most programs write it: an XML parser must read it."""


class WorkbookParts:
    """Finds the parts of a workbook by its relationships: programs name them as they like."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self._names = {name.casefold().lstrip("/"): name for name in archive.namelist()}
        self.workbook = self._target("_rels/.rels", "", "officeDocument", only=("xml",)) or self._real(
            "xl/workbook.xml"
        )

    def elements(self, part: str | None) -> list[tuple[str, dict[str, str]]]:
        found: list[tuple[str, dict[str, str]]] = []
        if part is not None:
            with self.archive.open(part) as stream:
                parse(
                    stream,
                    lambda tag, attributes: found.append((tag, attributes)),
                    lambda _: None,
                    lambda _: None,
                )
        return found

    def by_kind(self, kind: str) -> str | None:
        """The part of the workbook with a kind of relationship: ``styles`` or ``sharedStrings``."""
        folder = posixpath.dirname(self.workbook or "")
        return self._target(self._relations(), folder, kind) or self._real(f"{folder}/{kind}.xml")

    def by_id(self) -> dict[str, str]:
        folder = posixpath.dirname(self.workbook or "")
        found = (
            (one["Id"], self._inside(folder, one["Target"])) for one in self._relationships(self._relations())
        )
        return {name: part for name, part in found if part is not None}

    def _relations(self) -> str:
        folder, base = posixpath.split(self.workbook or "")
        return f"{folder}/_rels/{base}.rels"

    def _relationships(self, part: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements(self._real(part)) if tag == "Relationship"]

    def _target(self, relations: str, folder: str, kind: str, only: tuple[str, ...] = ()) -> str | None:
        for one in self._relationships(relations):
            part = self._inside(folder, one.get("Target", ""))
            if one.get("Type", "").endswith(f"/{kind}") and part and (not only or part.endswith(only)):
                return part
        return None

    def _inside(self, folder: str, target: str) -> str | None:
        return self._real(posixpath.normpath(posixpath.join("/", folder, target)))

    def _real(self, part: str) -> str | None:
        return self._names.get(part.lstrip("/").casefold())


def parse(stream: IO[bytes], start: Start, end: End, data: Data) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse_doctype(*_: object) -> None:
        raise ValueError("a workbook has no document type; this one was made to do harm")

    def opened(tag: str, attributes: dict[str, str]) -> None:
        start(tag.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in attributes.items()})

    def closed(tag: str) -> None:
        end(tag.rpartition(" ")[2])

    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = data
    while chunk := stream.read(CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def sheets(parts: WorkbookParts) -> tuple[list[tuple[str, str, bool]], bool]:
    """Name, part and visibility of every sheet, and whether dates count from 1904."""
    by_id = parts.by_id()
    sheets = []
    is_1904 = False
    for tag, attributes in parts.elements(parts.workbook):
        if tag == "workbookPr":
            is_1904 = attributes.get("date1904", "0") in {"1", "true", "on"}
        elif tag == "sheet":
            if "chartsheet" in by_id[attributes["id"]]:
                continue
            visible = attributes.get("state", "visible") == "visible"
            sheets.append((attributes["name"], by_id[attributes["id"]], visible))
    return sheets, is_1904


def pick(sheets: list[tuple[str, str, bool]], wanted: str | None, name: str) -> str:
    titles = [title for title, _, _ in sheets]
    if wanted is not None:
        found = [part for title, part, _ in sheets if title.strip().casefold() == wanted.strip().casefold()]
        if not found:
            raise bad_config(
                f"{name} has no sheet {wanted!r}",
                hint=f"set sheet: {did_you_mean(wanted, titles)}",
            )
        return found[0]
    visible = [part for _, part, shown in sheets if shown]
    if not visible:
        raise NoValueError(Cause.EMPTY, f"{name} has no visible sheet")
    if len(visible) > 1:
        raise bad_config(
            f"{name} has several sheets: {', '.join(titles)}",
            hint="set sheet to one of them; in a command write --sheet NAME",
        )
    return visible[0]


def formats(parts: WorkbookParts) -> list[str]:
    """For every cell style what its numbers are: ``date``, ``time`` of a date, ``duration``, ``percent`` or nothing special.

    A currency that a style shows is given after ``money``.
    """
    codes: dict[int, str] = {}
    shapes: list[str] = []
    in_cells = False
    for tag, attributes in parts.elements(parts.by_kind("styles")):
        if tag == "numFmt":
            codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif tag in {"cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}:
            in_cells = tag == "cellXfs"
        elif tag == "xf" and in_cells:
            shapes.append(_shape(int(attributes.get("numFmtId", "0")), codes))
    return shapes


def _shape(number: int, codes: dict[int, str]) -> str:
    """A format with a year or a day shows a date; hours, minutes or seconds alone are a length of time."""
    code = codes.get(number)
    if code is None:
        built_in = {
            22: "time",
            9: "percent",
            10: "percent",
            **dict.fromkeys((18, 19, 20, 21, 32, 33, 45, 46, 47), "duration"),
        }
        return built_in.get(number, "date" if number in _DAY_FORMATS else "")
    bare = _QUOTED.sub("", code.split(";")[0]).lower()
    if "general" in bare:
        return ""
    if "[" in bare:
        return "duration"
    hours = bool({"h", "s"} & set(bare))
    if "y" in bare or "d" in bare or ("m" in bare and not hours):
        return "time" if hours else "date"
    if hours:
        return "duration"
    if "%" in bare:
        return "percent"
    sign = shown_currency(code)
    return f"money {sign}" if sign else ""


def shown_currency(code: str) -> str:
    """The one currency that a number's format shows: ``[$€-407]``, a sign, or a word between quotation marks."""
    section = code.split(";", maxsplit=1)[0]
    shown = [one.partition("-")[0] for one in _LOCALE.findall(section)]
    rest = _LOCALE.sub("", section)
    shown += re.findall(r'"([^"]*)"', rest)
    shown += [sign for sign in rest if unicodedata.category(sign) == "Sc"]
    tokens = dict.fromkeys("".join(one.split()) for one in shown)
    known = [token for token in tokens if meant_by(token)]
    return known[0] if len(known) == 1 else ""


def strings(parts: WorkbookParts) -> list[str]:
    """The shared texts, by pattern if they are as nearly all programs write them, else by an XML parser."""
    part = parts.by_kind("sharedStrings")
    if part is None:
        return []
    try:
        with parts.archive.open(part) as stream:
            return _quick_strings(stream)
    except (UnusualXmlError, ValueError):
        with parts.archive.open(part) as stream:
            return _parsed_strings(stream)


def _quick_strings(stream: IO[bytes]) -> list[str]:
    texts: list[str] = []
    rest, begun = "", False
    for chunk in decoded(stream):
        rest += chunk
        if not begun:
            head, found, first = rest.partition("<si>")
            if "<!" in head or (not found and len(rest) > CHUNK):
                raise UnusualXmlError
            rest, begun = (found + first, True) if found else (rest, False)
        *whole, rest = rest.split("</si>")
        read = [_TEXT.fullmatch(one) for one in whole]
        if None in read or len(rest) > cell_tags.LONGEST_TEXT:
            raise UnusualXmlError
        texts += [one[1] for one in read if one is not None]
    if rest.strip() not in {"</sst>", ""}:
        raise UnusualXmlError
    return [_unescaped(text) if "&" in text else text for text in texts]


def _unescaped(text: str) -> str:
    if "&#" in text:
        raise UnusualXmlError
    return unescape(text, {"&quot;": '"', "&apos;": "'"})


def decoded(stream: IO[bytes]) -> Iterator[str]:
    """The text of an XML part, its line ends as a parser gives them. Raises ``ValueError`` if it is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    while chunk := stream.read(CHUNK):
        text = decoder.decode(chunk)
        if "\r" in text or "\0" in text:
            raise UnusualXmlError
        yield text


def _parsed_strings(stream: IO[bytes]) -> list[str]:
    strings: list[str] = []
    text: list[str] = []
    reading, phonetic = False, 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal reading, phonetic
        if tag == "si":
            text.clear()
        elif tag == "rPh":
            phonetic += 1
        elif tag == "t":
            reading = not phonetic

    def end(tag: str) -> None:
        nonlocal reading, phonetic
        if tag == "t":
            reading = False
        elif tag == "rPh":
            phonetic -= 1
        elif tag == "si":
            strings.append("".join(text))

    def data(chunk: str) -> None:
        if reading:
            text.append(chunk)
            if len(text) * CHUNK > cell_tags.LONGEST_TEXT and sum(map(len, text)) > cell_tags.LONGEST_TEXT:
                raise ValueError(f"a text of more than {cell_tags.LONGEST_TEXT} characters")

    parse(stream, start, end, data)
    return strings
