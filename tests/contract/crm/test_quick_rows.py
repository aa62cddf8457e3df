"""Rows of a sheet that are read by patterns say what an XML parser says; what is unusual goes to the parser."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from okrsync_crm.files import workbook as workbook_module
from okrsync_crm.files import workbook_parts
from okrsync_crm.files.quick_rows import QuickRows
from okrsync_crm.files.workbook_parts import UnusualXmlError
from tests.support.spreadsheet_files import workbook

ROWS = 300
STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="4"><xf numFmtId="0"/>'
    '<xf numFmtId="14"/><xf numFmtId="9"/><xf numFmtId="46"/></cellXfs></styleSheet>'
)
TEXTS = [
    "Id",
    "Stage",
    "Amount",
    "Closed",
    "Won",
    "Lost",
    'a "quoted" one',
    " Türkiye ",
    "5",
    "\ue002private",
]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first block has the header and is read row by row; the others are tried as a whole."""
    monkeypatch.setattr(workbook_parts, "CHUNK", 3_000)


def usual(number: int) -> str:
    return (
        f'<row r="{number}" spans="1:4" x14ac:dyDescent="0.25"><c r="A{number}"><v>{number}</v></c>'
        f'<c r="B{number}" t="s"><v>{4 + number % 2}</v></c><c r="C{number}" s="2"><v>{number / 7}</v></c>'
        f'<c r="D{number}" s="1"><v>{46_000 + number}</v></c></row>'
    )


def other(cells: str) -> Callable[[int], str]:
    return lambda number: f'<row r="{number}">{cells}</row>'.replace("#", str(number))


FORMS: dict[str, Callable[[int], str]] = {
    "usual": usual,
    "as many cells in other columns": other(
        '<c r="A#"><v>#</v></c><c r="B#" t="s"><v>4</v></c><c r="C#" s="2"><v>0.5</v></c><c r="E#" s="1"><v>46000</v></c>'
    ),
    "as many cells in other styles": other(
        '<c r="A#"><v>#</v></c><c r="B#" t="s"><v>4</v></c><c r="C#" s="1"><v>5</v></c><c r="D#" s="2"><v>0.5</v></c>'
    ),
    "other texts": lambda number: usual(number).replace("<v>4</v>", f"<v>{6 + number % 4}</v>"),
    "a blank cell": other('<c r="A#"><v>1</v></c><c r="B#" s="1"/><c r="C#"><v>2</v></c>'),
    "a cell left out": other('<c r="A#"><v>1</v></c><c r="C#"><v>2</v></c>'),
    "the first cell left out": other('<c r="B#" t="s"><v>4</v></c><c r="C#"><v>2</v></c>'),
    "a wider row": other('<c r="A#"><v>1</v></c><c r="F#"><v>2</v></c>'),
    "no row": lambda _: "",
    "a blank row": other(""),
    "a row without cells": lambda number: f'<row r="{number}" hidden="1"/>',
    "an error": other('<c r="A#"><v>1</v></c><c r="B#" t="e"><v>#DIV/0!</v></c>'.replace("#D", "\0D")),
    "a formula": other('<c r="A#"><f>1+1</f><v>2</v></c><c r="B#" t="str"><f>X()</f><v>Won</v></c>'),
    "a formula never calculated": other('<c r="A#"><v>1</v></c><c r="C#"><f>SUM(A1:A2)</f></c>'),
    "an empty result": other('<c r="A#"><v>1</v></c><c r="C#"><f>SUM(A1:A2)</f><v></v></c>'),
    "a shared formula": other('<c r="A#"><v>1</v></c><c r="C#"><f t="shared" si="0"/><v>3</v></c>'),
    "inline texts": other(
        '<c r="A#" t="inlineStr"><is><t>x</t></is></c><c r="B#" t="inlineStr"><is><t>Won</t></is></c>'
    ),
    "rich text": other('<c r="A#" t="inlineStr"><is><r><t>W</t></r><r><t>on</t></r></is></c>'),
    "an entity": other('<c r="A#" t="str"><v>A &amp; B &\x0065;</v></c>'),
    "a boolean": other('<c r="A#" t="b"><v>1</v></c><c r="B#" t="d"><v>2026-10-05</v></c>'),
    "a length of time": other('<c r="A#" s="3"><v>1.5</v></c><c r="B#" s="1"><v>-4</v></c>'),
    "large and small": other('<c r="A#"><v>1E-7</v></c><c r="B#"><v>12345678901234567890</v></c>'),
    "other attributes": other('<c r="A#" t="s" s="2" cm="1"><v>4</v></c><c vm="1" r="B#"><v>2</v></c>'),
    "a comment": other('<!-- <c r="B1"><v>9</v></c> --><c r="A#"><v>1</v></c>'),
    "cells in disorder": other('<c r="B#"><v>1</v></c><c r="A#"><v>2</v></c>'),
    "no references": other("<c><v>1</v></c><c><v>2</v></c>"),
    "line ends": other('\n  <c r="A#">\n<v>1</v></c>\n'),
}


def book(rows: str) -> bytes:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"><sheetData>'
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="s"><v>3</v></c></row>'
        f"{rows}</sheetData></worksheet>"
    )
    texts = "".join(f'<si><t xml:space="preserve">{text}</t></si>' for text in TEXTS)
    shared = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{texts}</sst>'
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook([["a"]]))) as source, zipfile.ZipFile(target, "w") as copy:
        changed = {"xl/worksheets/sheet1.xml": sheet, "xl/styles.xml": STYLES, "xl/sharedStrings.xml": shared}
        for name in {*source.namelist(), *changed}:
            copy.writestr(name, changed.get(name) or source.read(name))
    return target.getvalue()


def converted(content: bytes, folder: Path) -> tuple[str, list[int]]:
    target = folder / "sheet.csv"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        rows, _ = workbook_module.convert(archive, target, name="deals.xlsx", sheet=None, skip_rows=0)
    return target.read_text(encoding="utf-8"), list(rows)


@pytest.mark.parametrize("form", FORMS)
def test_patterns_say_what_the_parser_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    numbers = range(2, ROWS + 2)
    mixed = [
        FORMS[form](n).replace("\0", "#") if n % 7 == 3 or n in {2, ROWS + 1} else usual(n) for n in numbers
    ]
    alike = [FORMS[form](n).replace("\0", "#") for n in numbers]
    for rows in (mixed, alike):
        content = book("".join(rows))
        quick = converted(content, tmp_path)
        with monkeypatch.context() as patched:

            def refuse(*_: object) -> None:
                raise UnusualXmlError

            patched.setattr(QuickRows, "read", refuse)
            assert quick == converted(content, tmp_path)


def test_usual_rows_need_no_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(QuickRows, "_parsed", lambda _, text: parsed.append(text))
    rows_alone: list[str] = []
    row = QuickRows._row

    def noted(one: QuickRows, text: str) -> None:
        rows_alone.append(text)
        row(one, text)

    monkeypatch.setattr(QuickRows, "_row", noted)
    text, rows = converted(book("".join(map(usual, range(2, ROWS + 2)))), tmp_path)
    assert parsed == []
    assert len(rows_alone) < ROWS / 10
    assert rows == list(range(1, ROWS + 2))
    assert text.count("\n") == ROWS + 1
