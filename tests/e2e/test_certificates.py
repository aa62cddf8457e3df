"""Every vendor behind a proxy with a private certificate authority: one variable is enough, and a refusal is said once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.inspecting_proxy import Authority, InspectingProxy, running

# A process of its own: certificates are trusted once for a whole process.
COMMAND = """
import sys
from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.sandbox import PRESENT
from okrsync.testing import JumpClock
clock = JumpClock(PRESENT)
code = main(sys.argv[1:], Context(clock=clock))
print("waited", sum(clock.slept), file=sys.stderr)
sys.exit(code)
"""
VENDORS = ("jira", "sheets", "notion")


@pytest.fixture
def proxy(desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InspectingProxy]:
    """The demo company with every server outside this machine, behind the proxy."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    servers = {f"{name}.okrsync.example": desk.stage.emulators[name].server.url for name in VENDORS}
    key = json.loads(desk.sheets.secret())
    key["token_uri"] = "https://oauth.okrsync.example/token"
    monkeypatch.setenv("DEMO_GOOGLE_CREDENTIALS", json.dumps(key))
    for host, url in servers.items():
        desk.edit_yaml(url, f"https://{host}")
    (export,) = (tmp_path / "exports").glob("*.csv")
    desk.edit_yaml("exports/deals-*.csv", f"https://crm.okrsync.example/{export.name}")
    made = InspectingProxy(
        authority=Authority.new(folder),
        backends={**servers, "oauth.okrsync.example": desk.sheets.server.url},
        files={"crm.okrsync.example": export.read_bytes()},
    )
    for name in (
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "NO_PROXY",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    with running(made):
        monkeypatch.setenv("HTTPS_PROXY", made.url)
        yield made


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=dict(os.environ),
    )


def waited(ended: subprocess.CompletedProcess[str]) -> float:
    (found,) = re.findall(r"^waited (\S+)$", ended.stderr, re.MULTILINE)
    return float(found)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_one_variable_is_enough_for_all_vendors(
    proxy: InspectingProxy, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(proxy.authority.file))
    ended = command("sync", "demo")
    assert ended.returncode == 3, ended.stderr
    assert "Written: 69 cells" in ended.stdout
    assert set(proxy.asked) == {*proxy.backends, *proxy.files}


def test_an_unknown_authority_is_reported_once_with_its_reason(desk: Any, proxy: InspectingProxy) -> None:
    ended = command("doctor", "demo")
    assert "Traceback" not in ended.stderr
    for host in ("jira", "oauth", "notion", "crm"):
        assert f"the certificate of {host}.okrsync.example is not trusted here" in ended.stdout
        assert proxy.asked.count(f"{host}.okrsync.example") <= 2
    assert "unable to get local issuer certificate" in ended.stdout
    assert f"through the proxy {proxy.url.removeprefix('http://')} (from HTTPS_PROXY)" in ended.stdout
    assert "SSL_CERT_FILE" in ended.stdout
    assert waited(ended) == 0
    assert desk.stage.requests == 0


def test_an_expired_certificate(proxy: InspectingProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.authority.file))
    proxy.expired = True
    ended = command("sync", "demo")
    assert ended.returncode == 3
    assert "certificate has expired" in ended.stderr
    assert waited(ended) == 0


@pytest.mark.parametrize(("status", "code"), [(407, 12), (403, 3)])
def test_a_proxy_that_refuses_is_named(
    desk: Any, proxy: InspectingProxy, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    proxy.refusal = status
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("http://", "http://okrsync:pa55word@"))
    ended = command("doctor", "demo")
    shown = f"the proxy {proxy.url.removeprefix('http://')} (from HTTPS_PROXY)"
    assert ended.stdout.count(shown) >= 4
    assert "pa55word" not in ended.stdout + ended.stderr
    assert waited(ended) == 0
    assert command("sync", "demo").returncode == code
    assert desk.stage.requests == 0


def test_a_proxy_s_page_is_not_blamed_on_the_account(
    proxy: InspectingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.authority.file))
    proxy.page = 403
    ended = command("doctor", "demo")
    assert ended.stdout.count("web page") == 3
    assert "something between okrsync and Notion answered 403" in ended.stdout
    for blame in ("account", "accept", "may not", "not shared", "credential is in"):
        assert blame not in ended.stdout
    assert waited(ended) == 0
    assert command("sync", "demo").returncode == 3


def test_certificates_that_are_not_there(proxy: InspectingProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    ended = command("sync", "demo")
    assert ended.returncode == 2
    assert "REQUESTS_CA_BUNDLE names /nowhere/ca.pem, which does not exist" in ended.stderr
    assert proxy.asked == []


def test_a_socks_proxy_needs_packages(proxy: InspectingProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    ended = command("sync", "demo")
    assert ended.returncode == 2
    assert "ALL_PROXY names a SOCKS proxy" in ended.stderr
    assert proxy.asked == []
