"""An answer that is none, of one source: that source is held, the others are written, and nothing is a bug."""

from __future__ import annotations

import tracemalloc
import zlib
from functools import cache
from typing import Any

import pytest

from okrsync.loopback import Fault

DEEP = ('{"a":' * 100_000).encode()
TOKENS = {
    "a page": b"<html>sign in</html>",
    "null": b"null",
    "a list": b"[]",
    "a number": b"5",
    "nothing": b"",
    "no token": b"{}",
    "a token that is null": b'{"access_token": null, "expires_in": 3599}',
    "a token that is a list": b'{"access_token": ["x"], "expires_in": 3599}',
    "an end that is empty": b'{"access_token": "ya29.x", "expires_in": ""}',
    "an end that is a list": b'{"access_token": "ya29.x", "expires_in": []}',
    "an end far away": b'{"access_token": "ya29.x", "expires_in": 1e300}',
    "deep": DEEP,
    "not UTF-8": b'{"access_token": "\xff"}',
}


def broken(desk: Any, where: str, body: bytes) -> None:
    headers = {"content-type": "text/html" if body.startswith(b"<") else "application/json"}
    desk.sheets.server.faults.append(Fault(where=where, times=999, status=200, headers=headers, body=body))


def held_alone(desk: Any) -> None:
    """Every number of Jira and of the exports was written, none of the spreadsheet."""
    ended = desk.run("sync", "demo")
    assert ended.code in {3, 12}, ended.err
    assert "Traceback" not in ended.err
    table = desk.table()
    assert table["KR-1"]["Current"] == "72"
    assert table["KR-5"]["Current"] != ""
    assert {table[kr]["Current"] for kr in ("KR-9", "KR-10", "KR-11", "KR-12", "KR-13")} == {""}


@pytest.mark.parametrize("body", TOKENS.values(), ids=TOKENS.keys())
def test_a_token_server_that_gives_no_token(desk: Any, body: bytes) -> None:
    broken(desk, "POST /token", body)
    held_alone(desk)


@pytest.mark.parametrize(
    "body", [b"<html>sign in</html>", b"null", b"{}", b'{"valueRanges": 7}', DEEP, b"\xff"]
)
def test_a_spreadsheet_that_answers_with_something_else(desk: Any, body: bytes) -> None:
    broken(desk, "GET /v4/", body)
    held_alone(desk)
    assert desk.run("doctor", "demo").code == 3


def test_a_number_of_thousands_of_digits_from_jira_is_no_bug(desk: Any) -> None:
    headers, body = {"content-type": "application/json"}, b'{"total":' + b"9" * 6000 + b"}"
    desk.jira.server.faults.append(Fault(where="search", times=999, status=200, headers=headers, body=body))
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "the answer has not the shape of Jira's answers (it is no JSON)" in ended.out + ended.err
    assert desk.table()["KR-5"]["Current"] != ""


def test_a_page_that_asks_to_sign_in_says_nothing_of_the_token(desk: Any) -> None:
    """A portal or a proxy answers 401 with a page; Notion and Jira refuse in JSON."""
    page = {"content-type": "text/html; charset=utf-8"}
    for emulator, where, name in (
        (desk.jira, "search", "http://127.0.0.1"),
        (desk.notion, "/query", "Notion"),
    ):
        emulator.server.faults[:] = [
            Fault(where=where, times=999, status=401, headers=page, body=b"<html>sign in</html>")
        ]
        ended = desk.run("plan", "demo")
        assert ended.code == 3
        assert f"something between okrsync and {name}" in ended.out + ended.err
        assert "token" not in ended.err
        emulator.server.faults.clear()


MB = 1024 * 1024


@cache
def bomb(form: int = 31) -> bytes:
    """A JSON text of 200 MB in a fifth of a megabyte; ``form`` is zlib's: 31 is gzip, 15 and -15 are deflate."""
    engine = zlib.compressobj(wbits=form)
    parts = [
        engine.compress(b'{"a": "'),
        *(engine.compress(b"x" * MB) for _ in range(200)),
        engine.compress(b'"}'),
    ]
    return b"".join(parts) + engine.flush()


PLACES = {"notion": "/query", "jira": "search", "sheets": "GET /v4/", "token": "POST /token"}


@pytest.mark.parametrize("place", PLACES)
def test_an_answer_that_becomes_huge_is_given_up_at_the_limit(
    desk: Any, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("OKRSYNC_ANSWER_MB", "8")
    server = getattr(desk, "sheets" if place == "token" else place).server
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    server.faults.append(Fault(where=PLACES[place], times=99, status=200, headers=headers, body=bomb()))
    tracemalloc.start()
    try:
        ended = desk.run("sync", "demo")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    said = " ".join((ended.out + ended.err).split())
    assert ended.code == 3, said
    assert "the answer has more than 8 MB when it is unpacked, and larger ones are not read" in said
    assert "OKRSYNC_ANSWER_MB" in said
    assert peak < 100 * MB  # several are read side by side, and libraries are loaded; one bomb alone is 200
    if place == "notion":
        assert desk.writes == 0
        assert server.count("/query") == 1, "it is not asked again: it would be as large"
    else:
        assert desk.table()["KR-5"]["Current"] != ""


@pytest.mark.parametrize(
    ("packing", "form"), [("gzip", 31), ("deflate", 15), ("deflate", -15), ("gzip, gzip", 31)]
)
def test_every_packing_is_counted(
    desk: Any, monkeypatch: pytest.MonkeyPatch, packing: str, form: int
) -> None:
    monkeypatch.setenv("OKRSYNC_ANSWER_MB", "8")
    body = bomb(form)
    if "," in packing:
        engine = zlib.compressobj(wbits=form)
        body = engine.compress(body) + engine.flush()
    headers = {"content-type": "application/json", "content-encoding": packing}
    for server, where in ((desk.notion.server, "/query"), (desk.jira.server, "search")):
        server.faults.append(Fault(where=where, times=99, status=200, headers=headers, body=body))
    ended = desk.run("doctor", "demo")
    said = " ".join(ended.out.split())
    assert ended.code == 3
    assert said.count("the answer has more than 8 MB") >= 2


def test_an_answer_below_the_limit_is_read_in_every_packing(desk: Any) -> None:
    """The emulator's own answer to the first question, packed as a server may pack it."""
    for packing, form in (("gzip", 31), ("deflate", 15), ("deflate", -15)):
        engine = zlib.compressobj(wbits=form)
        text = b'{"object": "user", "id": "x", "type": "bot", "bot": {"workspace_name": "Packed"}}'
        body = engine.compress(text) + engine.flush()
        headers = {"content-type": "application/json", "content-encoding": packing}
        desk.notion.server.faults.append(Fault(where="/users/me", status=200, headers=headers, body=body))
        assert "of Packed" in desk.run("doctor", "demo").out


@pytest.mark.parametrize("given", ["much", "0", "-5", "1.5"])
def test_a_limit_that_is_no_number_is_said(desk: Any, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("OKRSYNC_ANSWER_MB", given)
    ended = desk.run("sync", "demo")
    assert ended.code == 2
    assert f"OKRSYNC_ANSWER_MB is {given!r}, which is no number of megabytes" in ended.err


@pytest.mark.parametrize(
    ("packing", "body", "words"),
    [
        ("gzip", b"no gzip at all", "the answer cannot be unpacked (Error -3"),
        (
            "br",
            b"x",
            "the answer cannot be unpacked (an answer in the encoding 'br', which nobody asked for)",
        ),
        ("gzip", bomb()[:1000], "the answer is not Notion's, but something that is no JSON"),
    ],
)
def test_an_answer_that_cannot_be_unpacked_is_no_answer(
    desk: Any, packing: str, body: bytes, words: str
) -> None:
    headers = {"content-type": "application/json", "content-encoding": packing}
    desk.notion.server.faults.append(Fault(where="/query", times=99, status=200, headers=headers, body=body))
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert words in " ".join(ended.err.split())
    assert desk.writes == 0
