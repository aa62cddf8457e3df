"""Output never fails for an encoding, and what comes from outside does not control a terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from okrsync.cli import main
from okrsync.cli.context import Context
from tests.e2e.conftest import KILLABLE
from tests.support.sources import modules

ENCODINGS = ("cp1252", "cp437", "ascii", "utf-8")
COMMANDS = (
    ("plan", "demo"),
    ("status", "demo"),
    ("doctor", "demo"),
    ("explain", "demo", "KR-6"),
    ("explain", "demo", "KR-99"),
    ("history", "demo"),
    ("history", "demo", "--csv"),
    ("validate",),
    ("connectors", "jira"),
    ("adopt", "demo"),
    ("sync", "demo"),
    ("sync", "demo", "--json"),
    ("status", "demo", "--json"),
)
# Typed by a person into Notion: a title for the window, a cleared screen, colours, a bell, text from right to left.
HOSTILE = "Open \x1b]0;owned\x07\x1b[2J\x1b[31mbugs\u202e\u2066\x9b31m ok"


def printed(
    desk: Any, words: tuple[str, ...], encoding: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, bytes]:
    """The exit code, and the bytes that reach a file under an encoding."""
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    err = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        code = main(words, Context(clock=desk.clock, connectors=desk.connectors))
    for stream in (out, err):
        stream.flush()
    assert isinstance(out.buffer, io.BytesIO)
    assert isinstance(err.buffer, io.BytesIO)
    return code, out.buffer.getvalue() + err.buffer.getvalue()


def test_every_command_ends_alike_under_every_encoding(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.notion.edit("Key results", "Open bugs", "Name", "Ошибки “offen” 目標 → 0")
    desk.run("sync", "demo")
    desk.notion.edit("Key results", "KR-1", "Current", 70)
    desk.run("sync", "demo")
    for words in COMMANDS:
        ended = {encoding: printed(desk, words, encoding, monkeypatch) for encoding in ENCODINGS}
        assert {code for code, _ in ended.values()} == {ended["utf-8"][0]}, words
        for encoding, (_, text) in ended.items():
            assert text, words
            assert b"bug in okrsync" not in text
            text.decode("utf-8" if "--csv" in words else encoding)
        if "--json" in words:
            # What goes to stderr, such as the ledger's name, comes after the one object.
            objects = [json.JSONDecoder().raw_decode(text.decode(one)) for one, (_, text) in ended.items()]
            assert len({json.dumps(data) for data, _ in objects}) == 1
    _, plan = printed(desk, ("plan", "demo"), "ascii", monkeypatch)
    assert b"-> okrsync release demo KR-1" in plan


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_a_sync_into_a_log_under_another_encoding(desk: Any, settings: dict[str, str]) -> None:
    """As under Windows' scheduler, whose redirected output is cp1252, and in a container without a locale."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("LC_")} | settings
    ended = subprocess.run(
        [sys.executable, "-c", KILLABLE, "sync", "demo"], env=environment, capture_output=True, check=False
    )
    assert ended.returncode == 3, ended.stderr
    assert b"Written: 69 cells in 15 rows" in ended.stdout
    assert b"bug" not in ended.stderr


def test_what_is_meant_as_a_file_is_utf_8_whatever_the_encoding(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for encoding in ENCODINGS:
        code, text = printed(desk, ("init", "--example"), encoding, monkeypatch)
        assert code == 0
        assert "Gefährdet" in text.decode()


def test_a_name_of_a_file_that_is_no_text_is_shown(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = printed(desk, ("plan", os.fsdecode(b"no\xff.yaml")), "utf-8", monkeypatch)
    assert code == 2
    assert b"no?.yaml" in text


def test_a_handler_that_somebody_chose_is_kept(desk: Any) -> None:
    environment = dict(os.environ) | {"PYTHONIOENCODING": "ascii:xmlcharrefreplace"}
    ended = subprocess.run(
        [sys.executable, "-c", KILLABLE, "plan", "demo"], env=environment, capture_output=True, check=False
    )
    assert b"&#8594;" in ended.stdout


def test_every_sign_that_we_print_has_a_spelling() -> None:
    """Letters aside, which are other languages' and spelled by sound."""
    import ast
    import unicodedata

    from okrsync.cli.streams import _ascii

    texts = [
        node.value
        for path, tree in modules().items()
        if "/render/" in path or "/cli/" in path or "/sync/" in path
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    signs = {
        one for text in texts for one in text if unicodedata.category(one)[0] in "PSZ" and not one.isascii()
    }
    assert "→" in signs
    assert {one for one in signs if _ascii(one) in {"", "?"}} <= set("\u2028\u2029")


def test_what_a_person_typed_does_not_control_the_terminal(desk: Any) -> None:
    desk.notion.edit("Key results", "Open bugs", "Name", HOSTILE)
    desk.run("sync", "demo")
    desk.notion.edit("Key results", "KR-1", "Source", HOSTILE)
    for words in COMMANDS:
        ended = desk.run(*words)
        shown = ended.out + ended.err
        for unwanted in "\x1b\x07\x9b\u202e\u2066":
            assert unwanted not in shown, words
    assert "owned" in desk.run("plan", "demo").out
    assert HOSTILE in json.dumps(desk.run("plan", "demo", "--json").json, ensure_ascii=False).replace(
        "\\u001b", "\x1b"
    ).replace("\\u0007", "\x07")


def test_no_text_from_outside_controls_the_terminal(desk: Any) -> None:
    """A summary in Jira, a cell of a sheet, a cell of an export, and the names of two files."""
    hostile = HOSTILE.replace("\x9b", "")
    desk.jira.world.issue("APP-155").values["summary"] = hostile
    desk.sheets.edit("KPI", "NPS", "Now", hostile)
    (export,) = (desk.folder / "exports").glob("*.csv")
    text = export.read_text(encoding="utf-8").replace("Won", f"Won{hostile}")
    export.with_name("deals-2026-11-22\x1b[2Jx.csv").write_text(text, encoding="utf-8")
    export.unlink()
    (desk.folder / "evil\x1b[31m.yaml").write_text(f"company: {hostile}", encoding="utf-8")
    every = (
        *COMMANDS,
        ("explain", "demo", "KR-2", "--limit", "3"),
        ("validate", "evil\x1b[31m"),
        ("status", hostile),
    )
    seen = ""
    for words in every:
        ended = desk.run(*words)
        seen += ended.out + ended.err
        for unwanted in "\x1b\x07\u202e\u2066":
            assert unwanted not in ended.out + ended.err, words
    assert "KPI!B2" in seen
    assert "evil[31m" in seen
    assert "summary Open" in seen


def test_a_reader_that_has_seen_enough_changes_no_exit_code(desk: Any) -> None:
    """`okrsync sync demo | head -1`"""
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(
            [sys.executable, "-c", KILLABLE, "sync", "demo"],
            env=dict(os.environ),
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)
    assert ended.returncode == 3
    assert ended.stderr == f"okrsync: the ledger is {desk.folder / 'ledger.db'}\n".encode()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_full_disk_is_no_bug(desk: Any) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        ended = subprocess.run(
            [sys.executable, "-c", KILLABLE, "status", "demo"],
            env=dict(os.environ),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert ended.returncode == 2
    assert b"\nokrsync: the output cannot be written: No space left" in ended.stderr
