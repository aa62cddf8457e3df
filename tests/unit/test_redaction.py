"""A secret is hidden in each form in which it may be sent, and nothing else is."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync import redaction
from okrsync.redaction import SHORTEST, conceal, redact

SECRET = 'pa55+word/with "all" \\of=them&é'


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without the secrets that other tests of this process made known."""
    for name in ("_secrets", "_forms", "_encoded"):
        monkeypatch.setattr(redaction, name, type(getattr(redaction, name))())


@pytest.mark.parametrize(
    "sent",
    [
        str,
        lambda one: json.dumps({"token": one}),
        lambda one: json.dumps({"token": one}, ensure_ascii=False),
        repr,
        quote,
        lambda one: quote(one, safe=""),
        quote_plus,
        lambda one: base64.b64encode(one.encode()).decode(),
        lambda one: base64.urlsafe_b64encode(f"a@acme.example:{one}".encode()).decode(),
        lambda one: quote(base64.b64encode(f"bot@acme.example:{one}".encode()).decode()),
    ],
)
def test_every_form_is_hidden(sent: Callable[[str], str]) -> None:
    conceal(SECRET)
    text = redact(f"refused: {sent(SECRET)} (again)")
    assert text.startswith("refused: ")
    assert text.endswith(" (again)")
    assert "***" in text
    assert len(text) < len("refused: ***") + len(" (again)") + len('{"token": ""}') + 1


@given(name=st.text(max_size=12), secret=st.text(min_size=8, max_size=60))
def test_a_basic_header_is_hidden_whoever_signs_in(name: str, secret: str) -> None:
    try:
        header = base64.b64encode(f"{name}:{secret}".encode()).decode()
    except UnicodeEncodeError:
        return
    conceal(secret)
    assert redact(f"Authorization: Basic {header}!") in {"Authorization: Basic ***!", "Authorization: ***!"}


def test_what_is_no_secret_stays() -> None:
    conceal("s3cret-of-acme")
    for text in ("", "s3cret", "s3cret-of-acm", "Berlin", base64.b64encode(b"s3cret-of-another").decode()):
        assert redact(text) == text
    assert (
        redact("s3cret-of-acmes3cret-of-acme and on") == "*** and on"
        or redact("s3cret-of-acmes3cret-of-acme and on") == "****** and on"
    )


def test_a_word_is_no_secret() -> None:
    conceal("word"[: SHORTEST - 1])
    assert redact("a word") == "a word"


def test_of_the_tokens_of_an_hour_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_MOST_PASSING", 3)
    conceal("kept-for-ever")
    before = len(redaction._forms)
    for hour in range(20):
        conceal(f"{hour}-ya29.passing", passing=True)
    assert redact("kept-for-ever 0-ya29.passing 19-ya29.passing") == "*** 0-ya29.passing ***"
    assert len(redaction._forms) < before + 60
