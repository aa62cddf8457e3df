"""Workbooks: cells keep their types, and an error or a formula without a result is never an empty cell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from okrsync.model import PERCENT, Cause, Window
from tests.support.crm_exports import QUARTER, USD, ZONE, Exports, ask

AMOUNT = ask(measure="sum", field="Amount", unit=USD)


def workbook(*rows: Sequence[object], title: str = "Deals") -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return book


def put(exports: Exports, book: openpyxl.Workbook, name: str = "deals.xlsx") -> None:
    written = io.BytesIO()
    book.save(written)
    exports.put(name, written.getvalue())


HEADER = ["Id", "Stage", "Amount", "Closed"]


def test_types_come_from_the_cells_not_from_the_dialect(exports: Exports) -> None:
    book = workbook(
        HEADER,
        [1, "Won", 1234.5, date(2026, 10, 1)],
        [2, "Won", 0.1 + 0.2, datetime(2026, 12, 31, 23, 59)],  # noqa: DTZ001 - a cell knows no zone
        [3, "Won", "1.000,25", date(2026, 12, 31)],
        [4, "Lost", 7, date(2027, 1, 1)],
        [5, "Won", None, None],
        [12345678901, True, 1, None],
    )
    put(exports, book)
    keys = {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y", "key": "Id"}
    won = {"Stage": "Won"}
    assert exports.value(ask(measure="sum", field="Amount", where=won), **keys) == Decimal("2235.05")
    assert exports.value(ask(measure="count", date="Closed", window=QUARTER), **keys) == 3
    assert exports.value(ask(measure="count", where={"Stage": True}), **keys) == 1
    assert exports.value(ask(measure="count", where={"Id": 12345678901}), **keys) == 1
    assert exports.value(ask(measure="count", where={"Id": "12345678901"}), **keys) == 1
    assert exports.value(ask(measure="count_distinct", field="Stage"), **keys) == 3


def test_midnight_of_a_time_is_a_time_and_a_date_is_a_day(exports: Exports) -> None:
    book = workbook(["From", "To"], [datetime(2026, 10, 1), datetime(2026, 10, 1, 12, 30)])  # noqa: DTZ001 - a cell knows no zone
    put(exports, book)
    question = ask(measure="duration", start="From", end="To", unit="hours")
    assert exports.value(question) == Decimal("12.5")
    book = workbook(["From", "To"], [date(2026, 10, 1), datetime(2026, 10, 2, 12, 30)])  # noqa: DTZ001 - a cell knows no zone
    put(exports, book)
    assert exports.value(question) == 24


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!"])
def test_an_error_cell_is_not_empty(exports: Exports, error: str) -> None:
    put(
        exports,
        workbook(
            HEADER, [1, "Won", 5, None], [2, "Won", error, None], [3, error, 5, None], [4, "Lost", 1, None]
        ),
    )
    reason = exports.refusal(ask(measure="sum", field="Amount", where={"Stage": "Won"}), Cause.DATA)
    assert f"deals.xlsx, row 3: Amount is the error {error}" in reason
    assert f"deals.xlsx, row 4: Stage is the error {error}" in reason
    assert exports.value(ask(measure="sum", field="Amount", where={"Id": [1, 4]})) == 6
    assert exports.value(ask(measure="count")) == 4


def test_an_error_cell_is_not_something_else(exports: Exports) -> None:
    put(exports, workbook(HEADER, [1, "Won", 5, None], [2, "#N/A", 5, None], [3, "Lost", 1, None]))
    question = ask(measure="count", where={"Stage": {"not": "Lost"}})
    assert "row 3: Stage is the error #N/A" in exports.refusal(question, Cause.DATA)
    assert exports.value(question, max_bad_rows=1) == 1


def test_a_formula_never_calculated_is_not_empty(exports: Exports) -> None:
    put(exports, workbook(HEADER, [1, "Won", 5, None], [2, "Won", "=C2*2", None]))
    reason = exports.refusal(AMOUNT, Cause.DATA)
    assert "deals.xlsx, row 3: Amount is a formula that was never calculated" in reason


def test_dates_since_1904(exports: Exports) -> None:
    book = workbook(HEADER, [1, "Won", 5, date(2026, 10, 1)], [2, "Won", 5, date(2026, 9, 30)])
    book.epoch = CALENDAR_MAC_1904
    put(exports, book)
    assert exports.value(ask(measure="sum", field="Id", date="Closed", window=QUARTER)) == 1


def test_a_date_without_its_format_is_a_number_and_refused(exports: Exports) -> None:
    put(exports, workbook(HEADER, [1, "Won", 5, 46300]))
    assert "Closed is “46300”" in exports.refusal(
        ask(measure="count", date="Closed", window=QUARTER), Cause.DATA
    )
    put(exports, workbook(HEADER, [1, "Won", date(2026, 10, 1), None]))
    assert "Amount is “2026-10-01”" in exports.refusal(AMOUNT, Cause.DATA)


def test_percent_cells(exports: Exports) -> None:
    book = workbook(["Chance"], [0.25], [0.75])
    sheet = book.active
    assert sheet is not None
    for row in (2, 3):
        sheet.cell(row, 1).number_format = "0.0%"
    put(exports, book)
    assert exports.value(ask(measure="mean", field="Chance", unit=PERCENT)) == 50
    assert exports.value(ask(measure="mean", field="Chance")) == Decimal("0.5")
    assert exports.value(ask(measure="count", where={"Chance": {"gt": 50}})) == 1


def test_the_sheet_is_named_or_the_only_one_to_be_seen(exports: Exports) -> None:
    book = workbook(["Amount"], [1])
    other = book.create_sheet("Old deals")
    other.append(["Amount"])
    other.append([2])
    put(exports, book)
    assert "several sheets: Deals, Old deals → set sheet" in exports.refusal(AMOUNT, Cause.CONFIG)
    assert exports.value(AMOUNT, sheet="old deals") == 2
    assert (
        "has no sheet 'Leads' → set sheet: did you mean 'Deals'? There are 'Deals' and 'Old deals'"
        in exports.refusal(AMOUNT, Cause.CONFIG, sheet="Leads")
    )
    other.sheet_state = "hidden"
    put(exports, book)
    assert exports.value(AMOUNT) == 1
    exports.put("plain.csv", "Amount\n1\n")
    assert "has no sheet" in exports.refusal(AMOUNT, Cause.CONFIG, path="plain.csv", sheet="Deals")


def test_rows_keep_their_numbers_and_footers_are_cut(exports: Exports) -> None:
    book = workbook(
        ["Report"],
        [],
        ["Id", "Amount"],
        [1, 5],
        [],
        [2, "two\nlines"],
        [],
        ["Grand Totals (2 records)", 7],
        ["Confidential Information - Do Not Distribute"],
    )
    put(exports, book)
    keys = {"dialect": "salesforce", "skip_rows": 2}
    assert exports.value(ask(measure="count"), **keys) == 2
    assert "deals.xlsx, row 6: Amount is “two\nlines”" in exports.refusal(AMOUNT, Cause.DATA, **keys)


def test_a_cell_beyond_the_header_is_named_by_its_row(exports: Exports) -> None:
    put(exports, workbook(["Id", "Amount"], ["a\nb", 1], [2, 2, "what is this"]))
    assert "deals.xlsx, row 3: Expected Number of Columns: 2 Found: 3" in exports.refusal(AMOUNT, Cause.DATA)


@pytest.mark.parametrize("rows", [[], [["Id", "Amount"]]])
def test_a_workbook_without_rows_is_no_zero(exports: Exports, rows: list[list[str]]) -> None:
    put(exports, workbook(*rows))
    exports.refusal(ask(measure="count"), Cause.EMPTY)


# ---- by hand: what openpyxl does not write ---------------------------------------------------------------------

RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="x" Target="{target}"/></Relationships>'
BOOK = '<workbook xmlns="{ns}" xmlns:r="{rel}"><workbookPr/><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = """<styleSheet xmlns="{ns}"><numFmts><numFmt numFmtId="164" formatCode="[$-409]d/m/yy\\ h:mm;@"/>
<numFmt numFmtId="165" formatCode="&quot;days&quot; 0"/><numFmt numFmtId="166" formatCode="[h]:mm:ss"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/></cellXfs></styleSheet>"""


def by_hand(
    rows: str, *, strings: str = "", target: str = "worksheets/s.xml", ns: str = NS, prolog: str = ""
) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("xl/workbook.xml", BOOK.format(ns=ns, rel=REL))
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS.format(target=target))
        archive.writestr("xl/styles.xml", STYLES.format(ns=ns))
        archive.writestr(
            "xl/worksheets/s.xml",
            f'{prolog}<worksheet xmlns="{ns}"><sheetData>{rows}</sheetData></worksheet>',
        )
        if strings:
            archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{ns}">{strings}</sst>')
    return written.getvalue()


HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>Id</t></is></c><c r="B1" t="inlineStr"><is><r><t>Am</t></r><r><t>ount</t></r></is></c></row>'


def cells(second: str, first: str = "<v>1</v>") -> str:
    return f'{HEAD}<row r="2"><c r="A2">{first}</c>{second}</row>'


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="B2"><v>5</v></c>', "5"),
        ('<c r="B2"><v>1.5E3</v></c>', "1500"),
        ('<c r="B2"><v>0.30000000000000004</v></c>', "0.3"),
        ('<c r="B2" t="n" s="3"><v>5</v></c>', "5"),
        ('<c r="B2" s="4"><v>0.5</v></c>', "0.5"),
        ('<c r="B2"><f>A2*5</f><v>5</v></c>', "5"),
        ('<c r="B2" t="str"><f>"5"</f><v>5</v></c>', "5"),
        ("<c><v>5</v></c>", "5"),
        ('<c r="B2" t="inlineStr"><is><t>5</t><rPh sb="0" eb="1"><t>9</t></rPh></is></c>', "5"),
    ],
)
def test_numbers_of_all_kinds(exports: Exports, cell: str, value: str) -> None:
    exports.put("deals.xlsx", by_hand(cells(cell)))
    assert exports.value(ask(measure="sum", field="Amount")) == Decimal(value)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ('<c r="B2" t="e"><v>#NAME?</v></c>', "the error #NAME?"),
        ('<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "the error #DIV/0!"),
        ('<c r="B2"><f>A2</f></c>', "never calculated"),
        ('<c r="B2"><f t="shared" si="0"/><v></v></c>', "never calculated"),
        ('<c r="B2" t="b"><v>1</v></c>', "“TRUE”"),
        ('<c r="B2" s="1"><v>99999999</v></c>', "a date that no calendar has"),
        ('<c r="B2" t="inlineStr"><is><t>\ue0025</t></is></c>', "a private character"),
    ],
)
def test_cells_that_hold_no_number(exports: Exports, cell: str, says: str) -> None:
    exports.put("deals.xlsx", by_hand(cells(cell)))
    assert says in exports.refusal(ask(measure="sum", field="Amount"), Cause.DATA)


def test_a_formula_whose_text_is_empty_is_empty(exports: Exports) -> None:
    exports.put("deals.xlsx", by_hand(cells('<c r="B2" t="str"><f>""</f><v></v></c>')))
    exports.refusal(ask(measure="sum", field="Amount"), Cause.EMPTY)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ('<c r="B2" s="1"><v>46300</v></c>', datetime(2026, 10, 5, tzinfo=ZONE)),
        ('<c r="B2" s="2"><v>46300.5</v></c>', datetime(2026, 10, 5, 12, tzinfo=ZONE)),
        ('<c r="B2" t="d"><v>2026-10-05T12:00:00</v></c>', datetime(2026, 10, 5, 12, tzinfo=ZONE)),
    ],
)
def test_moments_of_all_kinds(exports: Exports, cell: str, moment: datetime) -> None:
    exports.put("deals.xlsx", by_hand(cells(cell)))
    second = timedelta(seconds=1)
    for start, found in ((moment, 1), (moment + second, 0), (moment - second, 0)):
        window = Window(start=start, end=start + second)
        assert exports.value(ask(measure="count", date="Amount", window=window)) == found


def test_shared_strings_and_absolute_parts_and_the_strict_namespace(exports: Exports) -> None:
    strings = "<si><t>Id</t></si><si><r><t>Amo</t></r><r><t>unt</t></r><rPh><t>x</t></rPh></si><si><t xml:space='preserve'> Won </t></si>"
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row><row r="3"><c r="A3" t="s"><v>2</v></c><c r="B3"><v>5</v></c></row>'
    for ns in (NS, "http://purl.oclc.org/ooxml/spreadsheetml/main"):
        exports.put("deals.xlsx", by_hand(rows, strings=strings, target="/xl/worksheets/s.xml", ns=ns))
        assert exports.value(ask(measure="sum", field="Amount", where={"Id": "Won"})) == 5


@pytest.mark.parametrize(
    "content",
    [
        by_hand('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'),
        by_hand("<row"),
        by_hand(cells('<c r="B2"><v>five</v></c>')),
        by_hand(cells(""), target="worksheets/none.xml"),
        by_hand(cells(""), prolog='<!DOCTYPE x [<!ENTITY a "b">]>'),
        by_hand(cells('<c r="B2"><v>5</v></c>'))[:400],
    ],
)
def test_a_damaged_workbook_is_refused(exports: Exports, content: bytes) -> None:
    exports.put("deals.xlsx", content)
    assert "damaged" in exports.refusal(ask(measure="count"), Cause.DATA)
