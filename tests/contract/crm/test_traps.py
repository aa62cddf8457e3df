"""Exports as they really come: footers, marks, cut-off ends. What is not whole is refused; it is never a smaller number."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from okrsync.model import Cause
from tests.support.crm_exports import QUARTER, USD, Exports, ask

ROWS = ask(measure="count")
AMOUNT = ask(measure="sum", field="Amount")


# ---- empty -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", codecs.BOM_UTF8, b"Id,Amount\n", b"Id,Amount", b"Id,Amount\n\n\n", b"Id,Amount\n,\n,\n"],
)
def test_a_file_without_rows_is_no_zero(exports: Exports, content: bytes) -> None:
    exports.put("deals.csv", content)
    for question in (ROWS, AMOUNT):
        (answer,) = exports.read(question)
        exports.refusal(question, Cause.EMPTY)
        assert not hasattr(answer, "value")


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><html><body>Sign in</body></html>",
        b"\n <html>\n<meta charset=windows-1251>\xe0\xe1",
        codecs.BOM_UTF8 + b"<table><tr><td>Id</td></tr></table>",
    ],
)
def test_a_web_page_is_no_export(exports: Exports, content: bytes) -> None:
    exports.put("deals.xls", content)
    assert "deals.xls is a web page (HTML), not an export" in exports.refusal(ROWS, Cause.DATA)


def test_an_old_workbook_is_refused_by_its_name(exports: Exports) -> None:
    exports.put("deals.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "an old XLS or a workbook with a password" in exports.refusal(ROWS, Cause.DATA)


# ---- cut off ---------------------------------------------------------------------------------------------------


def test_an_open_quote_is_never_a_smaller_number(exports: Exports) -> None:
    exports.put("deals.csv", 'Id,Note,Amount\n1,a,1\n2,"b,2\n3,c,3\n4,d,4\n')
    reason = exports.refusal(ROWS, Cause.DATA, max_bad_rows=100)
    assert "deals.csv, line 3: a quotation mark is opened and never closed" in reason


def test_two_open_quotes_do_not_make_a_pair(exports: Exports) -> None:
    exports.put("deals.csv", 'Id,Note,Amount\n1,a,1\n2,"b,2\n3,c,3\n4,"d,4\n5,e,5\n')
    assert "deals.csv, line 3" in exports.refusal(ROWS, Cause.DATA, max_bad_rows=100)


def test_a_quote_inside_bare_text_is_text(exports: Exports) -> None:
    exports.put("deals.csv", 'Id,Note,Amount\n1,5" pipe,1\n2,"6"" pipe",2\n')
    assert exports.value(AMOUNT) == 3
    assert exports.value(ask(measure="count", where={"Note": '5" pipe'})) == 1


def test_a_last_line_cut_off_is_named(exports: Exports) -> None:
    exports.put("deals.csv", "Id,Note,Amount\n1,a,1\n2,b,2\n3,c")
    reason = exports.refusal(AMOUNT, Cause.DATA)
    assert "deals.csv, line 4: Expected Number of Columns: 3 Found: 2 (“3,c”)" in reason


def test_a_last_line_cut_off_in_a_quote_is_named(exports: Exports) -> None:
    exports.put("deals.csv", 'Id,Note,Amount\n1,a,1\n2,"b')
    assert "deals.csv, line 3" in exports.refusal(AMOUNT, Cause.DATA, max_bad_rows=5)


def test_a_file_cut_off_inside_a_character_is_named(exports: Exports) -> None:
    exports.put("deals.csv", "Id,Note\n1,ü".encode()[:-1])
    assert "ends in the middle of a character (byte 10)" in exports.refusal(ROWS, Cause.DATA)


def test_a_delimiter_too_many_is_named(exports: Exports) -> None:
    exports.put("deals.csv", "Id,Note,Amount\n1,a,1\n2,b,c,2\n")
    assert "deals.csv, line 3: Expected Number of Columns: 3 Found: 4 (“2,b,c,2”)" in exports.refusal(
        ROWS, Cause.DATA
    )


def test_a_file_that_is_still_being_written_is_left_alone(exports: Exports) -> None:
    file = exports.put("deals.csv", "Id\n1\n")

    class Growing(codecs.IncrementalDecoder):
        """A code page during whose reading somebody else writes."""

        def decode(self, data: Any, final: bool = False) -> str:
            if final:
                file.write_bytes(file.read_bytes() + b"2\n")
            return bytes(data).decode("ascii")

    def search(name: str) -> codecs.CodecInfo | None:
        if name != "growing":
            return None
        return codecs.CodecInfo(
            codecs.ascii_encode, codecs.ascii_decode, incrementaldecoder=Growing, name=name
        )

    codecs.register(search)
    try:
        assert "deals.csv is still being written" in exports.refusal(
            ROWS, Cause.UNAVAILABLE, encoding="growing"
        )
    finally:
        codecs.unregister(search)


# ---- what stands around the rows -------------------------------------------------------------------------------

SALESFORCE = """\
"Opportunity ID","Amount","Close Date","Notes"
"006A","1,000.50","10/5/2026","line 1

Total"
"006B","2,000.00","11/30/2026",""
"""
FOOTER = """\

"Grand Totals ({rows} records)"

"Closed Deals Q4"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
"Confidential Information - Do Not Distribute"
"Generated By:  Jane Doe  11/22/2026 3:00 AM"
"Acme"
"""


def test_a_report_of_salesforce(exports: Exports) -> None:
    exports.put("deals.csv", SALESFORCE + FOOTER.format(rows=2))
    keys = {"dialect": "salesforce", "date_format": "%m/%d/%Y"}
    question = ask(measure="sum", field="Amount", unit=USD, date="Close Date", window=QUARTER)
    reading = exports.reading(question, **keys)
    assert (float(reading.value), reading.evidence.rows) == (3000.5, 2)
    exports.put("deals.csv", SALESFORCE + FOOTER.format(rows=3))
    assert "says it has 3 rows, but 2 were found" in exports.refusal(question, Cause.DATA, **keys)
    exports.put("deals.csv", SALESFORCE + FOOTER.format(rows=2))
    assert "line 8" in exports.refusal(question, Cause.DATA, date_format="%m/%d/%Y", thousands=",")


def test_the_last_rows_note_is_no_footer(exports: Exports) -> None:
    header, *_ = SALESFORCE.splitlines(keepends=True)
    exports.put("deals.csv", header + '"006A","1","10/5/2026","first\n\nTotal"\n' + FOOTER.format(rows=1))
    assert exports.value(AMOUNT, dialect="salesforce") == 1
    assert (
        exports.value(ask(measure="count", where={"Notes": {"contains": "Total"}}), dialect="salesforce") == 1
    )


@pytest.mark.parametrize("footer", ["Acme\n", "006C\nCopyright (c) 2000-2026 salesforce.com, inc.\n"])
def test_a_row_is_not_lost_to_a_footer(exports: Exports, footer: str) -> None:
    """A line that only looks lonely is cut below a known line alone; above it, it may be a row cut short."""
    exports.put("deals.csv", SALESFORCE + footer)
    assert "Expected Number of Columns: 4 Found: 1" in exports.refusal(ROWS, Cause.DATA, dialect="salesforce")


def test_a_row_that_begins_like_a_footer_is_a_row(exports: Exports) -> None:
    exports.put("deals.csv", "Name,Amount\nTotal,1\nacme,2\n")
    assert exports.value(AMOUNT, dialect="salesforce") == 3


def test_null_words_are_empty(exports: Exports) -> None:
    exports.put("deals.csv", "Id,Amount\n1,#N/A\n2,5\n")
    assert exports.value(AMOUNT, dialect="salesforce") == 5
    exports.refusal(AMOUNT, Cause.DATA)


def test_lines_above_the_header_are_skipped_as_told(exports: Exports) -> None:
    exports.put("deals.csv", "Report of today\nfor Ann\n\nId,Amount\n1,5\n2,?\n")
    assert exports.value(ROWS, skip_rows=2) == 2
    assert "deals.csv, line 6: Amount" in exports.refusal(AMOUNT, Cause.DATA, skip_rows=2)
    exports.refusal(AMOUNT, Cause.CONFIG)


def test_excels_separator_line(exports: Exports) -> None:
    exports.put("deals.csv", "sep=;\r\nId;Amount\r\n1;5\r\n2;?\r\n")
    assert exports.value(ROWS, delimiter=";") == 2
    assert "deals.csv, line 4: Amount is “?”" in exports.refusal(AMOUNT, Cause.DATA, delimiter=";")
    assert "says sep=; but delimiter is ',' → set delimiter: ';'" in exports.refusal(ROWS, Cause.CONFIG)


def test_a_wrong_delimiter_is_told_from_a_missing_column(exports: Exports) -> None:
    exports.put("deals.csv", "Id;Amount\n1;5\n")
    reason = exports.refusal(AMOUNT, Cause.CONFIG)
    assert "the whole header is one column, 'Id;Amount' → set delimiter: ';'" in reason


def test_a_delimiter_at_the_end_of_every_line(exports: Exports) -> None:
    exports.put("deals.csv", "ID;Amount;\n1;10;\n2;20;\n")
    assert exports.value(AMOUNT, delimiter=";") == 30
    exports.put("deals.csv", "ID;Amount;\n1;10;\n2;note;20\n")
    assert "deals.csv, line 3: a column without a name holds “20”" in exports.refusal(
        ROWS, Cause.DATA, delimiter=";"
    )


def test_lines_of_delimiters_are_no_rows(exports: Exports) -> None:
    exports.put("deals.csv", "Id,Amount\n1,10\n,\n2,20\n,\n,\n")
    assert exports.value(ROWS) == 2


def test_columns_with_one_name_are_refused_only_where_they_are_used(exports: Exports) -> None:
    exports.put("deals.csv", "Id,Amount,cid, amount \n1,10,a,1\n")
    assert "deals.csv has 2 columns named 'Amount' (columns 2 and 4)" in exports.refusal(AMOUNT, Cause.CONFIG)
    assert exports.value(ask(measure="count", where={"cid": "a"})) == 1


def test_names_of_columns_survive_white_space_and_case(exports: Exports) -> None:
    exports.put("deals.csv", codecs.BOM_UTF8 + "\u00a0Deal  AMOUNT \n5\n".encode())
    assert exports.value(ask(measure="sum", field="Deal Amount")) == 5


def test_names_and_values_never_become_sql(exports: Exports) -> None:
    hostile = """x'); DROP TABLE t; --"$p0"""
    exports.put("deals.csv", '"{0}",Amount\n"{0}",1\ny,2\n'.format(hostile.replace('"', '""')))
    assert exports.value(ask(measure="count", where={hostile: hostile})) == 1
    exports.put("it's.csv", "Amount\n1\n")
    assert exports.value(AMOUNT, path="it's.csv") == 1


# ---- packed ----------------------------------------------------------------------------------------------------


def test_the_parts_in_a_zip_are_one_export(exports: Exports) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("hubspot-1.csv", "Record ID,Amount\n1,10\n")
        archive.writestr("hubspot-2.csv", "Record ID,Amount\n2,20\n3,?\n")
    exports.put("deals.zip", packed.getvalue())
    assert exports.value(ROWS, key="Record ID") == 3
    assert "deals.zip/hubspot-2.csv, line 3: Amount is “?”" in exports.refusal(AMOUNT, Cause.DATA)
    exports.put("deals.zip", packed.getvalue()[:-40])
    assert "cut off, damaged" in exports.refusal(ROWS, Cause.DATA)


def test_a_gzipped_file(exports: Exports) -> None:
    whole = gzip.compress(b"Id,Amount\n1,10\n")
    exports.put("deals.csv.gz", whole)
    assert exports.value(AMOUNT) == 10
    exports.put("deals.csv.gz", whole[:-6])
    assert "cut off or damaged" in exports.refusal(AMOUNT, Cause.DATA)


def test_age_is_said_in_words_a_person_uses(exports: Exports) -> None:
    for age, said in (
        (timedelta(minutes=50), "50 min"),
        (timedelta(hours=30), "30 h"),
        (timedelta(days=12), "12 d"),
    ):
        exports.put("deals.csv", "Id\n1\n", age=age)
        assert f"deals.csv is {said} old" in exports.refusal(ROWS, Cause.DATA, stale_after="1m")
