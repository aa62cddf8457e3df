"""Mail and other addresses of Apprise: alerts and digests really arrive, at least once, with an id, and never in the way."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from okrsync.loopback import LoopbackServer
from tests.e2e.test_alerts import _thanks
from tests.support.mail import MailServer, text_of

NOTIFY = """
notify:
  to: [{env: OPS_MAIL}, {env: HOOK}]
  digest: "0 9 * * mon"
  owners:
    Anna: {to: {env: ANNA_MAIL}, of: [O-1]}
"""


@dataclass
class Company:
    """The demo with a mail server, a webhook of Apprise, and one owner."""

    desk: Any
    mail: MailServer
    hook: LoopbackServer
    seen: int = field(default=0)

    def sync(self, *words: str) -> Any:
        return self.desk.run("sync", *(words or ("demo",)))

    def wait(self, **much: float) -> None:
        self.desk.clock.jump(timedelta(**much).total_seconds())

    def mails(self, to: str) -> list[Any]:
        return [one for one in self.mail.mails if one["Received-For"] == f"{to}@acme.example"]

    @property
    def hooks(self) -> list[Any]:
        return [json.loads(one.body) for one in self.hook.requests]


@pytest.fixture
def acme(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    pytest.importorskip("apprise")
    mail, hook = MailServer(), LoopbackServer(_thanks)
    monkeypatch.setenv("OPS_MAIL", mail.url("ops@acme.example"))
    monkeypatch.setenv("ANNA_MAIL", mail.url("anna@acme.example"))
    monkeypatch.setenv("HOOK", hook.url.replace("http", "json") + "/s3cret-t0ken-of-hook")
    desk.edit_yaml("\nconnections:", f"{NOTIFY}\nconnections:")
    desk.edit_yaml("title: Acme Travel\n", "title: Acme <Travel>\n")
    desk.edit_yaml("title: Open bugs,", 'title: "Open <b>*bugs*</b>\\u202e",')
    yield Company(desk, mail, hook)
    mail.close()
    hook.close()


def test_an_alert_arrives_once_in_mail_and_webhook(acme: Company) -> None:
    assert acme.sync().code == 3
    (ops,) = acme.mails("ops")
    assert ops["Subject"] == "Acme ‹Travel›: KR-13 needs a person"
    text, html = text_of(ops), text_of(ops, "html")
    assert "KPI!B5 holds the error #REF!" in " ".join(text.split())
    assert "<b>KR-13</b> held" in html
    assert ops["X-Okrsync-Id"] in text
    (hook,) = acme.hooks
    assert hook["title"] == ops["Subject"]
    assert "KPI!B5 holds the error #REF!" in hook["message"]
    assert acme.mails("anna") == [], "KR-13 is not hers"
    assert acme.sync().code == 3
    acme.desk.notion.edit("Key results", "KR-1", "Current", 5)
    assert acme.sync().code == 3
    assert len(acme.mails("ops")) == len(acme.hooks) == 2, "one more alert, each sent once"
    (anna,) = acme.mails("anna")
    assert anna["Subject"] == "Acme ‹Travel›: KR-1 needs a person"
    assert "\u202e" not in text_of(anna)
    for key in ("KR-2", "KR-5"):
        acme.desk.notion.edit("Key results", key, "Current", 5)
    acme.sync()
    assert len(acme.mails("ops")) == 3, "two new alerts in one message"
    assert acme.mails("ops")[-1]["Subject"] == "Acme ‹Travel›: 2 things need a person"


def test_a_dead_mail_server_is_one_address_failing_with_its_reason(acme: Company) -> None:
    acme.mail.refusal = "554 5.7.1 no thanks, s3cret-t0ken-of-hook"
    ended = acme.sync()
    assert ended.code == 3
    assert "the address from environment variable OPS_MAIL (notify, to) did not take a message" in ended.err
    assert "554" in ended.err
    assert "no thanks" in ended.err
    assert "s3cret-t0ken" not in ended.err + ended.out
    assert acme.desk.table()["KR-1"]["Current"] == "72", "all was written"
    assert len(acme.hooks) == 1, "the other address got its own"
    acme.mail.refusal = ""
    acme.sync()
    assert (len(acme.mails("ops")), len(acme.hooks)) == (1, 1)
    acme.mail.close()
    acme.desk.notion.edit("Key results", "KR-1", "Current", 5)
    ended = acme.sync()
    assert ended.code == 3
    assert "refused" in ended.err.lower()
    assert len(acme.hooks) == 2


def test_a_digest_comes_once_per_time_whatever_runs(acme: Company) -> None:
    assert acme.sync().code == 3  # Monday, 07:00: notes where everything is
    before = len(acme.mail.mails), len(acme.hooks)
    acme.wait(hours=1)
    assert acme.sync("--all", "--due").code == 0, "08:00: nobody is due"
    acme.desk.sheets.edit("KPI", "2", "B", 60)
    acme.wait(hours=1)
    assert acme.sync("--all", "--due").code == 3, "09:00: a digest is due, and its numbers are fresh"
    ops = acme.mails("ops")[-1]
    assert ops["Subject"] == "Acme ‹Travel›: OKR digest"
    text = " ".join(text_of(ops).split())
    assert "KR-9 Net Promoter Score: ▲ 46 → 60" in text
    assert "O-3 Customers who recommend us: " in text
    assert "1 without data" in text
    assert "KR-13 Followers, since Mon 23 Nov 2026, 07:00: KPI!B5 holds the error #REF!" in text
    assert ops["X-Okrsync-Id"] in text
    assert (len(acme.mail.mails), len(acme.hooks)) == (before[0] + 1, before[1] + 1), (
        "nothing of Anna's moved"
    )
    for words in (("demo",), ("--all", "--due"), ("--all",)):
        acme.sync(*words)
    assert len(acme.mail.mails) == before[0] + 1
    acme.desk.edit_yaml('cell: "KPI!B5"', 'cell: "KPI!B2"')
    acme.wait(days=7)
    assert acme.sync("demo").code in {0, 3}
    again = acme.mails("ops")[-1]
    assert again["X-Okrsync-Id"] != ops["X-Okrsync-Id"]
    shown = acme.desk.run("notify", "digest", "demo")
    assert shown.code == 0


def test_a_digest_that_was_cut_short_is_sent_again_under_its_id(acme: Company) -> None:
    acme.sync()
    acme.desk.sheets.edit("KPI", "2", "B", 60)
    acme.wait(hours=3)
    acme.mail.refusal = "451 later"
    assert "451 later" in acme.sync().err
    acme.desk.sheets.edit("KPI", "2", "B", 61)
    acme.mail.refusal = ""
    count = len(acme.mails("ops"))
    acme.sync()
    (digest,) = acme.mails("ops")[count:]
    assert "46 → 60" in text_of(digest), "what was due then, as it was then"
    hooks = [one for one in acme.hooks if "digest" in one["title"]]
    assert len(hooks) == 1, "the address that had taken it gets no second one"


def test_a_kill_after_the_mail_was_taken_sends_it_twice_under_one_id(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = acme.desk.start("sync", "demo")
    acme.mail.after = lambda: os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    acme.mail.after = None
    assert len(acme.mails("ops")) == 1
    acme.sync()
    first, again = acme.mails("ops")
    assert first["X-Okrsync-Id"] == again["X-Okrsync-Id"]
    acme.sync()
    assert len(acme.mails("ops")) == 2


def test_a_preview_knows_since_when_something_is_held_although_nobody_was_notified(acme: Company) -> None:
    acme.desk.edit_yaml(NOTIFY, "\n")
    acme.sync()
    acme.wait(days=2)
    acme.sync()
    shown = acme.desk.run("notify", "digest", "demo").out
    assert "KR-13 Followers, since Mon 23 Nov 2026, 07:00: KPI!B5 holds the error #REF!" in shown


def test_every_address_can_be_tried(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = acme.desk.run("notify", "test", "demo")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "✓ to, environment variable OPS_MAIL  took the test message",
        "✓ to, environment variable HOOK  took the test message",
        "✓ owners, Anna, environment variable ANNA_MAIL  took the test message",
    ]
    assert "this is a test" in text_of(acme.mails("anna")[0])
    acme.mail.close()
    monkeypatch.setenv("HOOK", "json://hooks.example/s3cret-t0ken-of-hook")
    monkeypatch.setenv("ANNA_MAIL", "nonsense://x")
    ended = acme.desk.run("notify", "test", "demo")
    assert ended.code == 3
    assert "refused" in ended.out.lower()
    assert "write jsons:// instead of json://" in ended.out
    assert "is no address that Apprise can use" in ended.out
    assert "s3cret-t0ken" not in ended.out + ended.err
    monkeypatch.delenv("ANNA_MAIL")
    assert "ANNA_MAIL is not set" in acme.desk.run("validate", "demo").out


def test_the_machine_s_address_is_told_of_those_who_name_nobody(
    acme: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.desk.edit_yaml(NOTIFY, "\n")
    monkeypatch.setenv("OKRSYNC_NOTIFY", acme.mail.url("machine@acme.example"))
    acme.sync()
    (mail,) = acme.mails("machine")
    assert "KR-13" in mail["Subject"]
    (acme.desk.folder / "broken.yaml").write_text("a: [", encoding="utf-8")
    acme.sync("broken")
    assert acme.mails("machine")[1]["Subject"] == "broken: broken needs a person"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('digest: "9 mon"', "is no cron line"),
        ("of: [O-9]", "'O-9'"),
        ("to: ops@acme.example", "secrets stay out of this file"),
    ],
)
def test_mistakes_in_notify_are_named(acme: Company, wrong: str, said: str) -> None:
    right = {"digest": 'digest: "0 9 * * mon"', "of": "of: [O-1]", "to": "to: [{env: OPS_MAIL}, {env: HOOK}]"}
    acme.desk.edit_yaml(right[wrong.split(":", maxsplit=1)[0]], wrong)
    ended = acme.desk.run("validate", "demo")
    assert ended.code == 2
    assert said in ended.err + ended.out


@pytest.mark.parametrize(
    ("locale", "subject", "alert", "title", "held"),
    [
        (
            "de_DE",
            "Acme ‹Travel›: KR-13 braucht einen Menschen",
            "KR-13 zurückgehalten: Der Wert der Quelle ist nicht verwendbar. KPI!B5 enthält den Fehler #REF! → die Formel in dieser Zelle berichtigen",
            "Acme ‹Travel›: OKR-Überblick",
            "KR-13 Followers, seit Mo., 23. Nov. 2026, 07:00: Der Wert der Quelle ist nicht verwendbar. KPI!B5 enthält",
        ),
        (
            "ru_RU",
            "Acme ‹Travel›: KR-13 — нужен человек",
            "KR-13 задержано: Значение источника нельзя использовать. в KPI!B5 ошибка #REF! → исправьте формулу в этой ячейке",
            "Acme ‹Travel›: сводка по OKR",
            "KR-13 Followers, с пн, 23 нояб. 2026, 07:00: Значение источника нельзя использовать. в KPI!B5 ошибка",
        ),
    ],
    ids=["German", "Russian"],
)
def test_alerts_and_digests_are_in_the_company_s_language(
    acme: Company, locale: str, subject: str, alert: str, title: str, held: str
) -> None:
    acme.desk.edit_yaml("locale: en_US", f"locale: {locale}")
    acme.desk.edit_yaml('reach: "€3.5M"', "reach: 3500000")
    acme.sync()
    (mail,) = acme.mails("ops")
    assert mail["Subject"] == subject
    assert alert in " ".join(text_of(mail).split())
    acme.desk.sheets.edit("KPI", "2", "B", 60)
    acme.wait(hours=2)
    acme.sync()
    digest = acme.mails("ops")[-1]
    text = " ".join(text_of(digest).split())
    assert digest["Subject"] == title
    assert held in text
    assert "KR-9 Net Promoter Score: ▲ 46 → 60" in text
    for english in (
        "since",
        "Moved",
        "Objectives held",
        "on track",
        "progress",
        "data",
        "message",
        "holds",
        "fix",
    ):
        assert english not in text
    assert held.split(":", maxsplit=1)[0] in " ".join(acme.desk.run("notify", "digest", "demo").out.split())
