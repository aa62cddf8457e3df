from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from okrsync.errors import AccessError
from okrsync.machine import Machine
from okrsync.redaction import redact
from okrsync.settings import FOLDER, Secret, Span, Strict


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


@pytest.mark.parametrize("name", ["notion_token", "NOTION_TOKEN", "Notion_Token"])
def test_no_variable_replaces_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = tmp_path / name
    path.write_text("of-this-company", encoding="utf-8")
    monkeypatch.setenv("NOTION_TOKEN", "of-another-company")
    monkeypatch.setenv("notion_token", "of-a-third-company")
    assert Model.model_validate({"token": {"file": str(path)}}).token.reveal() == "of-this-company"


def test_no_variable_replaces_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "of-another-company")
    with pytest.raises(AccessError, match="the environment variable acme_token is not set"):
        Model.model_validate({"token": {"env": "acme_token"}}).token.reveal()


def test_no_file_replaces_another_one(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("of-another-company", encoding="utf-8")
    with pytest.raises(AccessError, match=f"file {tmp_path}/KEY does not exist"):
        Model.model_validate({"token": {"file": f"{tmp_path}/KEY"}}).token.reveal()


@pytest.mark.parametrize("name", ["../secrets/token", "~/secrets/token"])
def test_a_file_starts_from_the_yaml_s_folder_or_from_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_text("s3cret-of-acme", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir("/")
    model = Model.model_validate({"token": {"file": name}}, context={FOLDER: tmp_path / "config"})
    (tmp_path / "config").mkdir()
    assert model.token.reveal() == "s3cret-of-acme"


def test_a_missing_file_is_named_with_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = Model.model_validate({"token": {"file": "google.json"}}, context={FOLDER: Path("config")})
    with pytest.raises(AccessError, match=f"file {tmp_path}/config/google.json does not exist"):
        model.token.reveal()


def test_a_folder_is_no_secret(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="cannot be read"):
        Model.model_validate({"token": {"file": str(tmp_path)}}).token.reveal()


@pytest.mark.parametrize("pasted", ["$TOKEN", "${TOKEN}", "A=b", "-----BEGIN PRIVATE KEY-----", "a\0b", ""])
def test_what_is_no_name_of_a_variable_is_refused_and_not_repeated(pasted: str) -> None:
    with pytest.raises(ValidationError, match="env is the name of an environment variable") as refused:
        Model.model_validate({"token": {"env": pasted}})
    assert not pasted or pasted not in str(refused.value)


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
def test_no_file_holds_a_secret(bad: object) -> None:
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
