from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from okrsync.errors import AccessError
from okrsync.settings import Machine, Secret, Span, Strict, redact


class Model(Strict):
    token: Secret
    stale_after: Span | None = None


def test_a_secret_is_read_from_the_environment_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", " s3cret-of-acme \n")
    model = Model.model_validate({"token": {"env": "A_TOKEN"}})
    assert "s3cret-of-acme" not in repr(model)
    assert model.token.reveal() == "s3cret-of-acme"
    assert "s3cret-of-acme" not in repr(model)
    assert redact("the token is s3cret-of-acme.") == "the token is ***."


@pytest.mark.parametrize("shadow", [False, True])
def test_a_secret_is_read_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shadow: bool) -> None:
    path = tmp_path / "google.json"
    path.write_text("{}\n", encoding="utf-8")
    if shadow:
        monkeypatch.setenv("google.json", "not this one")
    assert Model.model_validate({"token": {"file": str(path)}}).token.reveal() == "{}"


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ({"env": "NOT_SET"}, "the environment variable NOT_SET is not set"),
        ({"env": "EMPTY"}, "the environment variable EMPTY is empty"),
        ({"file": "/nowhere/token"}, "the secret's file /nowhere/token does not exist"),
    ],
)
def test_a_missing_secret_says_which(
    reference: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPTY", " ")
    with pytest.raises(AccessError, match=said):
        Model.model_validate({"token": reference}).token.reveal()


@pytest.mark.parametrize("bad", ["abc", {}, {"env": "A", "file": "b"}, {"var": "A"}])
def test_a_secret_stands_in_no_file(bad: object) -> None:
    with pytest.raises(ValidationError):
        Model.model_validate({"token": bad})


@pytest.mark.parametrize(("text", "span"), [("90s", 90), ("1h 30m", 5400), ("2d", 172800), ("1w", 604800)])
def test_a_span(text: str, span: int) -> None:
    model = Model.model_validate({"token": {"env": "A"}, "stale_after": text})
    assert model.stale_after == timedelta(seconds=span)


@pytest.mark.parametrize("text", ["soon", "2 days and a bit", "", "d"])
def test_no_span(text: str) -> None:
    with pytest.raises(ValidationError, match="is not a length of time"):
        Model.model_validate({"token": {"env": "A"}, "stale_after": text})


def test_the_machine_s_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKRSYNC_LEDGER", "postgresql://okrsync:pa55word@db/okrsync")
    monkeypatch.setenv("OKRSYNC_CONFIG", "/etc/okrsync")
    machine = Machine()
    assert machine.config == Path("/etc/okrsync")
    assert "pa55word" not in repr(machine)
