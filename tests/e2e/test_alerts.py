"""Alerts: each is sent once, only for what needs a person, and never holds a secret; the dead man's switch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from okrsync.alerts import company_runner
from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.fleet import CompanyRun, Stop, run_company
from okrsync.ledger import open_ledger
from okrsync.loopback import Fault, LoopbackServer, Receive, Scope, Send
from okrsync.testing import JumpClock
from tests.support.fleet import Fleet, fleet

NOTIFY = "notify: {{ping: {{env: PING_URL}}, webhook: {{env: HOOK_URL}}, kind: {kind}}}"


async def _thanks(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@dataclass
class Office:
    """A company with a webhook and a dead man's switch, both at ``server``."""

    fleet: Fleet
    server: LoopbackServer
    clock: JumpClock

    def sync(self, *words: str) -> int:
        return main(("sync", *(words or ("c00000",))), Context(clock=self.clock))

    @property
    def sent(self) -> list[Any]:
        return [json.loads(one.body) for one in self.server.requests if one.method == "POST"]

    @property
    def ids(self) -> list[str]:
        return [need["id"] for one in self.sent for need in one["needs"]]

    @property
    def pings(self) -> int:
        return self.server.count("^GET /ping/s3cret")

    def spoil(self, *, key_result: int, text: str) -> None:
        path = self.fleet.folder / "c00000.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        lines[key_result + 1] = f"{key_result},o{key_result},{text},Won"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def person_edits(self, value: int) -> None:
        self.fleet.notions[0].edit("c00000", "Key result 0 of c00000", "Current", value)


@pytest.fixture(params=["json"])
def office(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    server = LoopbackServer(_thanks)
    more = NOTIFY.format(kind=request.param)
    with fleet(tmp_path, 1, schedule="0 7 * * *", more=more) as made:
        made.move_in(monkeypatch)
        monkeypatch.setenv("HOOK_URL", f"{server.url}/hooks/s3cret")
        monkeypatch.setenv("PING_URL", f"{server.url}/ping/s3cret")
        yield Office(made, server, JumpClock(datetime.now(tz=UTC)))
    server.close()


def test_if_all_is_well_only_the_switch_is_pinged(office: Office) -> None:
    assert office.sync() == 0
    assert office.sync("--all") == 0
    assert office.sent == []
    assert office.pings == 2


def test_an_alert_is_sent_once_until_it_comes_back(office: Office, capsys: Any) -> None:
    office.sync()
    office.person_edits(120)
    assert office.sync() == 3
    (first,) = office.sent
    assert first["company"] == "c00000"
    assert first["needs"] == [
        {
            "id": first["needs"][0]["id"],
            "kind": "held",
            "subject": "KR-0",
            "text": first["needs"][0]["text"],
            "hint": "okrsync release c00000 KR-0",
        }
    ]
    assert "a person changed it" in first["needs"][0]["text"]
    office.person_edits(121)  # the same thing, whatever its numbers do
    assert office.sync() == 3
    assert office.sync("--all") == 3
    assert len(office.sent) == 1
    office.spoil(key_result=1, text="")  # another alert: only it is sent
    assert office.sync() == 3
    assert [one["subject"] for one in office.sent[1]["needs"]] == ["KR-1"]
    office.spoil(key_result=1, text="150")
    main(["release", "c00000"], Context(clock=office.clock))
    assert office.sync() == 0
    assert len(office.sent) == 2
    office.person_edits(120)  # it went away and comes back: sent again
    assert office.sync() == 3
    assert [one["subject"] for one in office.sent[2]["needs"]] == ["KR-0"]
    assert len(office.ids) == len(set(office.ids)) == 3  # and it is another alert
    assert office.pings == 7


@pytest.mark.parametrize("office", ["slack"], indirect=True)
def test_slack_gets_text_that_it_can_show(office: Office) -> None:
    path = office.fleet.folder / "c00000.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("company: c00000", "company: c00000\ntitle: <Acme> & Söhne"), encoding="utf-8"
    )
    office.sync()
    office.person_edits(120)
    office.sync()
    (sent,) = office.sent
    assert set(sent) == {"text"}
    lines = sent["text"].splitlines()
    assert lines[0] == "*&lt;Acme&gt; &amp; Söhne* needs a person"
    assert lines[1].startswith("• *KR-0* held: a person changed it")
    assert lines[2] == "    → okrsync release c00000 KR-0"


@pytest.mark.parametrize("office", ["slack"], indirect=True)
def test_a_chat_reads_the_company_s_language_and_a_program_the_engine_s(office: Office) -> None:
    path = office.fleet.folder / "c00000.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("timezone:", "locale: de_DE\ntimezone:"), encoding="utf-8")
    office.sync()
    office.person_edits(120)
    office.sync()
    first, second, third, last = office.sent[0]["text"].splitlines()
    assert first.endswith("braucht einen Menschen")
    assert second.startswith("• *KR-0* zurückgehalten: Der Wert eines Menschen bleibt stehen.")
    assert third.strip() == "ein Mensch hat die Zelle geändert, seit okrsync sie geschrieben hat"
    assert last == "    → okrsync release c00000 KR-0"
    path.write_text(path.read_text(encoding="utf-8").replace("kind: slack", "kind: json"), encoding="utf-8")
    office.spoil(key_result=1, text="")
    office.sync()
    (need,) = office.sent[1]["needs"]
    assert need["kind"] == "held"
    assert need["text"].isascii()


def test_a_failed_run_alerts_and_does_not_ping_the_switch(office: Office) -> None:
    office.sync()
    refused = Fault(where="", times=10**6, status=401, body=b'{"object":"error","code":"unauthorized"}')
    office.fleet.notions[0].server.faults.append(refused)
    assert office.sync() == 12
    assert office.sync("--all") == 12
    (sent,) = office.sent
    (need,) = sent["needs"]
    assert (need["kind"], need["subject"], sent["exit_code"]) == ("failed", "c00000", 12)
    assert "does not accept the token from environment variable FLEET_0" in need["text"]
    assert office.pings == 1
    office.fleet.notions[0].server.faults.clear()
    assert office.sync() == 0
    office.fleet.notions[0].server.faults.append(refused)
    assert office.sync() == 12
    assert len(office.sent) == 2


def test_what_was_held_is_not_sent_again_after_a_failed_run(office: Office) -> None:
    office.sync()
    office.person_edits(120)
    office.sync()
    office.fleet.notions[0].server.faults.append(Fault(where="", times=1, status=401, body=b"{}"))
    office.sync()
    office.sync()
    assert [one["needs"][0]["kind"] for one in office.sent] == ["held", "failed"]


def test_a_company_that_never_gets_to_its_end_is_stale(office: Office) -> None:
    office.sync()
    url = f"sqlite:///{office.fleet.folder / 'ledger.db'}"
    for day in range(1, 6):
        office.clock.jump(timedelta(days=1).total_seconds())
        with open_ledger(url, office.clock) as other, other.hold("c00000"):
            assert office.sync() == 11
        assert len(office.sent) == (1 if day >= 3 else 0)
    (need,) = office.sent[0]["needs"]
    assert need["kind"] == "stale"
    assert "no sync has finished since" in need["text"]
    assert office.sync() == 0
    assert len(office.sent) == 1


def test_a_webhook_that_was_down_gets_the_alerts_later(office: Office, capsys: Any) -> None:
    office.sync()
    office.person_edits(120)
    office.server.faults.append(Fault(where="^POST", times=4, status=503))
    assert office.sync() == 3
    said = capsys.readouterr().err
    assert "nobody was notified: the webhook of c00000 (address from environment variable HOOK_URL)" in said
    assert "it answered 503 after 4 tries" in said
    assert office.sync() == 3
    assert office.server.count("^POST") == 5
    assert len(set(office.ids)) == 1
    assert office.sync() == 3
    assert office.server.count("^POST") == 5


def test_a_kill_after_the_request_sends_it_twice_under_one_id(office: Office) -> None:
    office.sync()
    office.person_edits(120)
    started: list[subprocess.Popen[bytes]] = []
    known = threading.Event()

    def kill() -> None:
        assert known.wait(120)
        started[0].kill()

    office.server.faults.append(Fault(where="^POST", postlude=kill))
    words = [sys.executable, "-m", "okrsync", "sync", "c00000"]
    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
    ) as one:
        started.append(one)
        known.set()
        assert one.wait(120) == -signal.SIGKILL
    assert len(office.ids) == 1
    office.spoil(key_result=1, text="")
    assert office.sync() == 3
    (first, again, other) = office.ids
    assert first == again != other
    assert office.sync() == 3
    assert len(office.ids) == 3


def test_an_answer_that_was_lost_tells_it_twice_under_one_id(office: Office) -> None:
    office.sync()
    office.person_edits(120)
    office.server.faults.append(Fault(where="^POST", cut="after"))
    assert office.sync() == 3
    assert len(office.ids) == 2
    assert len(set(office.ids)) == 1


@pytest.fixture
def machine(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office whose machine has a webhook of its own."""
    monkeypatch.setenv("OKRSYNC_WEBHOOK", f"{office.server.url}/machine/s3cret")
    monkeypatch.setenv("OKRSYNC_WEBHOOK_KIND", "json")
    return office


def test_an_unreadable_yaml_alerts_the_machine_s_webhook(machine: Office, capsys: Any) -> None:
    path = machine.fleet.folder / "c00000.yaml"
    text = path.read_text(encoding="utf-8")
    machine.sync()
    for _ in range(2):  # it is fixed, and broken again
        path.write_text(text.replace("timezone", "timezoen"), encoding="utf-8")
        sent = len(machine.sent)
        assert machine.sync("--due") == 2
        assert machine.sync() == 2
        (need,) = machine.sent[sent]["needs"]
        assert (need["kind"], need["subject"]) == ("failed", "c00000")
        assert "c00000.yaml" in need["text"]
        assert "timezoen" in need["text"]
        assert len(machine.sent) == sent + 1
        path.write_text(text, encoding="utf-8")
        assert machine.sync() == 0
    assert machine.server.count("^POST /machine/s3cret") == 2
    assert machine.server.count("^POST") == 2
    assert len(set(machine.ids)) == 2
    assert "s3cret" not in "".join(capsys.readouterr())


def test_a_scheduler_alerts_of_a_yaml_that_was_broken_before_it_started(machine: Office) -> None:
    (machine.fleet.folder / "c00000.yaml").write_text("company: [", encoding="utf-8")
    words = [sys.executable, "-m", "okrsync", "schedule", "run", "--look", "0.1"]
    with (machine.fleet.folder / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, env=dict(os.environ))
        try:
            for _ in range(2400):
                if machine.sent:
                    break
                threading.Event().wait(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 0
        finally:
            process.kill()
            process.wait()
    (need,) = machine.sent[0]["needs"]
    assert (need["kind"], need["subject"]) == ("failed", "c00000")
    assert "c00000.yaml:1:" in need["text"]
    assert "c00000: misconfigured" in (machine.fleet.folder / "log").read_text(encoding="utf-8")


def test_the_machine_s_webhook_is_for_those_who_name_none(machine: Office) -> None:
    path = machine.fleet.folder / "c00000.yaml"
    text = path.read_text(encoding="utf-8")
    machine.sync()
    machine.person_edits(120)
    machine.sync()
    assert machine.server.count("^POST /machine") == 0
    assert machine.server.count("^POST /hooks") == 1
    path.write_text(text.replace("webhook: {env: HOOK_URL}, ", ""), encoding="utf-8")
    machine.spoil(key_result=1, text="")
    machine.sync()
    assert machine.server.count("^POST /machine") == 1
    assert machine.pings == 3


def test_a_mistyped_name_alerts_nobody(machine: Office, capsys: Any) -> None:
    assert machine.sync("c00001") == 2
    assert machine.sync("c00001", "c00000") == 2
    assert machine.sent == []
    assert "there is no company 'c00001'" in capsys.readouterr().err


def test_without_an_address_a_yaml_that_cannot_be_read_is_only_said(office: Office, capsys: Any) -> None:
    path = office.fleet.folder / "c00000.yaml"
    path.write_text("company: [", encoding="utf-8")
    assert office.sync() == 2
    assert "c00000.yaml:1" in capsys.readouterr().err
    assert office.server.count() == 0


def test_the_machine_s_address_may_be_in_a_file(
    machine: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "hook").write_text(f"{machine.server.url}/from-file/s3cret\n", encoding="utf-8")
    monkeypatch.setenv("OKRSYNC_WEBHOOK_FILE", str(tmp_path / "hook"))
    (machine.fleet.folder / "c00000.yaml").write_text("company: [", encoding="utf-8")
    assert machine.sync() == 2
    assert machine.server.count("^POST /from-file/s3cret") == 1


def test_a_webhook_that_asks_for_time_gets_it(office: Office) -> None:
    office.sync()
    office.person_edits(120)
    office.clock.slept.clear()
    office.server.faults.append(Fault(where="^POST", status=429, headers={"Retry-After": "7"}))
    assert office.sync() == 3
    # In short turns, so that it can be stopped: seven seconds, and nothing else to wait for.
    assert sum(office.clock.slept) == pytest.approx(7)
    assert len(office.sent) == 2  # the refused one and the taken one


def test_a_dead_address_is_an_error_that_names_no_secret(office: Office, capsys: Any) -> None:
    office.sync()
    office.server.faults.append(Fault(where="^GET", times=10**6, status=404))
    assert office.sync() == 12
    assert (
        "the ping of c00000 (address from environment variable PING_URL) answered 404"
        in capsys.readouterr().err
    )
    office.server.faults.clear()
    office.server.faults.append(Fault(where="^GET", times=10**6, cut="before"))
    assert office.sync("--all", "--json") == 3
    said = capsys.readouterr()
    assert "no answer (ConnectionError) after 4 tries" in said.out
    assert "s3cret" not in said.out + said.err


@pytest.mark.parametrize("address", ["http://hooks.example/s3cret", "ftp://127.0.0.1/s3cret", "s3cret"])
def test_an_address_that_is_not_encrypted_is_not_used(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: Any, address: str
) -> None:
    monkeypatch.setenv("PING_URL", address)
    assert office.sync() == 2
    said = capsys.readouterr().err
    assert "is no https address" in said
    assert "c00000.yaml:5:1" in said
    assert "s3cret" not in said


def test_a_missing_address_is_said_by_validate_and_stops_no_sync(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.delenv("PING_URL")
    assert main(["validate", "c00000"], Context()) == 0
    assert "not here: notify, ping: the environment variable PING_URL is not set" in capsys.readouterr().out
    assert office.sync() == 12
    assert office.fleet.shown() == office.fleet.expected()


def test_secrets_of_notify_are_references(office: Office, capsys: Any) -> None:
    path = office.fleet.folder / "c00000.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("{env: HOOK_URL}", "https://hooks.example/s3cret"), encoding="utf-8")
    assert main(["validate", "c00000"], Context()) == 2
    assert "secrets stay out of this file" in capsys.readouterr().err


def test_no_alert_holds_a_secret(office: Office) -> None:
    office.sync()
    office.person_edits(120)
    office.sync()
    office.fleet.notions[0].server.faults.append(
        Fault(
            where="",
            times=10**6,
            status=400,
            body=b'{"object":"error","code":"validation_error","message":"secret_token_0"}',
        )
    )
    office.sync()
    sent = b"".join(one.body for one in office.server.requests)
    assert len(office.sent) == 2
    assert b"secret_token_0" not in sent
    assert b"s3cret" not in sent


def test_a_stop_before_the_alerts_leaves_them_to_the_next_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, real = Stop(), run_company

    def then_stop(*arguments: Any, **named: Any) -> CompanyRun:
        ended = real(*arguments, **named)
        stop.set()
        return ended

    office.sync()
    office.person_edits(120)
    with open_ledger(f"sqlite:///{office.fleet.folder / 'ledger.db'}", office.clock) as ledger:
        monkeypatch.setattr(company_runner, "run_company", then_stop)
        clock = stop.clock(office.clock)
        ended = Context().runner(stop.ledger(ledger), clock).run("c00000")
    assert ended.code == 3
    assert ended.report is not None
    assert (office.sent, office.pings) == ([], 1)
    monkeypatch.setattr(company_runner, "run_company", real)
    assert office.sync() == 3
    assert (len(office.sent), office.pings) == (1, 2)
