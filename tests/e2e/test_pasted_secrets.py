"""Secrets as people paste them, through the real command line and the real client libraries."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from okrsync.loopback import Fault

HELD = 3  # the demo holds one number on purpose
TOKENS = ("DEMO_JIRA_TOKEN", "DEMO_NOTION_TOKEN")
ALL = (*TOKENS, "DEMO_GOOGLE_CREDENTIALS")


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("around", ["\ufeff{}\r\n", '"{}"', "“{}”", "Bearer {}"])
def test_a_token_with_what_editors_add_works(
    desk: Any, monkeypatch: pytest.MonkeyPatch, name: str, around: str
) -> None:
    monkeypatch.setenv(name, around.format(os.environ[name]))
    ended = desk.run("sync", "demo")
    assert (ended.code, ended.err) == (HELD, f"okrsync: the ledger is {desk.folder / 'ledger.db'}\n")


def cut_in_base64(text: str) -> str:
    return base64.encodebytes(text.encode()).decode()


def unfolded(text: str) -> str:
    info = json.loads(text)
    key = info["private_key"]
    return json.dumps(info | {"private_key": "KEY"}).replace("KEY", key)


@pytest.mark.parametrize(
    "mangled",
    [
        lambda text: f"\ufeff{text}\n",
        lambda text: f"'{text}'",
        json.dumps,
        lambda text: json.dumps(json.loads(text), indent=2).replace("\n", "\\n"),
        lambda text: text.replace("\\n", "\\\\n"),
        unfolded,
        cut_in_base64,
    ],
)
def test_a_key_file_with_what_shells_add_works(
    desk: Any, monkeypatch: pytest.MonkeyPatch, mangled: Callable[[str], str]
) -> None:
    monkeypatch.setenv("DEMO_GOOGLE_CREDENTIALS", mangled(os.environ["DEMO_GOOGLE_CREDENTIALS"]))
    ended = desk.run("sync", "demo")
    assert (ended.code, ended.err) == (HELD, f"okrsync: the ledger is {desk.folder / 'ledger.db'}\n")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("around", ['"{}', "{}”", "ü{}"])
def test_what_is_not_clear_stops_the_run_with_the_variable_s_name(
    desk: Any, monkeypatch: pytest.MonkeyPatch, name: str, around: str
) -> None:
    secret = os.environ[name]
    monkeypatch.setenv(name, around.format(secret))
    for command in ("sync", "plan", "doctor"):
        ended = desk.run(command, "demo")
        assert ended.code == (HELD if command == "doctor" else 12)
        shown = ended.out + ended.err
        assert f"the environment variable {name} " in shown
        assert secret[:8] not in shown
        assert "Traceback" not in shown
    assert desk.writes == 0


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ("“type”: “service_account”", "typographic quotation marks"),
        ("/run/secrets/google.json", "is the name of a file and not its content"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "holds the private key alone"),
        ('{"type": "service_account", "private_key": "-----BEGIN', "it is cut"),
        ('{"type": ' + "[" * 100_000 + "}", "is damaged"),
        ('{"installed": {"client_id": "x"}}', "holds an OAuth client"),
        ('{"type": "service_account", "token_uri": "http://evil.example/token"}', "unencrypted"),
    ],
)
def test_what_is_no_key_file_is_described(
    desk: Any, monkeypatch: pytest.MonkeyPatch, content: str, seen: str
) -> None:
    monkeypatch.setenv("DEMO_GOOGLE_CREDENTIALS", content)
    ended = desk.run("sync", "demo")
    assert ended.code == 12
    assert seen in ended.out + ended.err
    assert "DEMO_GOOGLE_CREDENTIALS" in ended.out + ended.err


def echo(emulator: Any, where: str, form: str) -> None:
    """Every answer is a 400 that repeats what was sent."""
    headers = {"content-type": "application/json"}
    body = json.dumps(
        {"errorMessages": [form], "message": form, "code": "validation_error", "object": "error"}
    )
    emulator.server.faults.append(
        Fault(where=where, times=99, status=400, headers=headers, body=body.encode())
    )


def test_a_server_that_repeats_the_credential_does_not_spread_it(desk: Any) -> None:
    jira, notion = (os.environ[name] for name in TOKENS)
    basic = base64.b64encode(f"bot@acme.example:{jira}".encode()).decode()
    echo(desk.jira, "/rest/", f"bad header: Basic {basic}")
    echo(desk.notion, "/v1/", f"bad header: Bearer {notion}")
    for words in (("sync", "demo"), ("plan", "demo", "--json"), ("doctor", "demo")):
        shown = desk.run(*words)
        text = shown.out + shown.err
        assert "***" in text
        for secret in (basic, jira, notion):
            assert secret not in text


def test_a_token_server_that_repeats_what_it_was_sent(desk: Any) -> None:
    desk.run("doctor", "demo")
    (sent,) = [one for one in desk.sheets.server.requests if one.path == "/token"][-1:]
    desk.sheets.server.faults.append(
        Fault(
            where="POST /token",
            times=99,
            status=400,
            headers={"content-type": "application/json"},
            body=json.dumps({"error": "invalid_grant", "error_description": sent.body.decode()}).encode(),
        )
    )
    shown = desk.run("doctor", "demo")
    assert "invalid_grant" in shown.out
    assert "assertion=***" in shown.out
