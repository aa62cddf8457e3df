"""What a file may make this machine do, and what a killed run leaves behind."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from okrsync.model import Cause
from okrsync_crm.files import cell_tags
from okrsync_crm.files.private_folder import private_folder
from tests.support.crm_exports import Exports, ask
from tests.support.spreadsheet_files import workbook

ROWS = ask(measure="count")


def changed(content: bytes, part: str, old: str, new: str) -> bytes:
    """A workbook with a text of one part replaced."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            text = source.read(name)
            copy.writestr(name, text.replace(old.encode(), new.encode()) if name == part else text)
    return target.getvalue()


@pytest.mark.parametrize("reference", ["ZZZZZZ2", "XFE2", "AAAA2"])
def test_there_is_no_column_beyond_excels_last(exports: Exports, reference: str) -> None:
    book = changed(
        workbook([["Id", "Amount"], [1, 5]]), "xl/worksheets/sheet1.xml", 'r="B2"', f'r="{reference}"'
    )
    exports.put("deals.xlsx", book)
    assert reference in exports.refusal(ROWS, Cause.DATA)


def test_the_last_column_is_one(exports: Exports) -> None:
    book = changed(workbook([["Id", "Amount"], [1, 5]]), "xl/worksheets/sheet1.xml", 'r="B2"', 'r="XFD2"')
    exports.put("deals.xlsx", book)
    assert "row 2" in exports.refusal(ROWS, Cause.DATA)


@pytest.mark.parametrize("row", ["1048577", "99999999999"])
def test_there_is_no_row_beyond_excels_last(exports: Exports, row: str) -> None:
    book = changed(workbook([["Id"], [1]]), "xl/worksheets/sheet1.xml", 'row r="2"', f'row r="{row}"')
    exports.put("deals.xlsx", book)
    assert "a sheet has rows 1 to 1048576" in exports.refusal(ROWS, Cause.DATA)


def test_a_cell_that_fills_the_memory_is_refused_early(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_tags, "LONGEST_TEXT", 50_000)
    book = workbook([["Id", "Note"], [1, "short"]])
    long = changed(book, "xl/worksheets/sheet1.xml", "short", "x" * 600_000)
    exports.put("deals.xlsx", long)
    assert "more than 50000 characters" in exports.refusal(ROWS, Cause.DATA)


def test_a_packed_file_is_unpacked_up_to_a_limit(exports: Exports) -> None:
    content = b"Id,Amount\n" + b"1,5\n" * 400_000
    exports.put("deals.csv.gz", gzip.compress(content))
    said = exports.refusal(ROWS, Cause.DATA, path="deals.csv.gz", limits={"unpacked_mb": 1})
    assert "deals.csv.gz is more than 1 MB → if the file is sound, raise limits: {unpacked_mb: ...}" in said
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("part.csv", content)
    exports.put("deals.zip", packed.getvalue())
    assert "limits: {unpacked_mb" in exports.refusal(
        ROWS, Cause.DATA, path="deals.zip", limits={"unpacked_mb": 1}
    )


def test_a_bomb_is_known_by_its_ratio(exports: Exports) -> None:
    exports.put("deals.csv.gz", gzip.compress(b"Id,Amount\n" + b"1,5\n" * 30_000_000))
    said = exports.refusal(ROWS, Cause.DATA, path="deals.csv.gz", limits={"ratio": 100})
    assert "more than 100 times its size when unpacked" in said


def test_rows_and_columns_have_limits(exports: Exports) -> None:
    exports.put("deals.csv", "Id,Amount\n1,5\n2,6\n3,7\n")
    assert "limits: {rows" in exports.refusal(ROWS, Cause.DATA, limits={"rows": 2})
    assert "limits: {columns" in exports.refusal(ROWS, Cause.DATA, limits={"columns": 1})
    assert exports.value(ROWS, limits={"rows": 3, "columns": 2}) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="locks of files are POSIX")
def test_folders_of_killed_runs_are_removed_and_those_of_running_ones_are_not(
    exports: Exports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setenv("TMPDIR", str(private))
    monkeypatch.setattr("tempfile.tempdir", str(private))
    killed = "import os; from okrsync_crm.files.private_folder import private_folder\nwith private_folder(): os._exit(9)"
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == 9
    (left,) = private.iterdir()
    exports.put("deals.csv", "Id\n1\n")
    with private_folder() as running:
        assert exports.value(ROWS, path="deals.csv") == 1
        assert list(private.iterdir()) == [running]
    assert left.name.startswith("okrsync-crm-")
    assert list(private.iterdir()) == []
