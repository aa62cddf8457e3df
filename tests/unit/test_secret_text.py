"""What people paste as a secret: cleaned if only one thing can be meant, else described without being shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from okrsync.errors import AccessError
from okrsync.settings import Passphrase, Secret

TOKEN = "ntn_Abc-123.xyz=="


@pytest.mark.parametrize(
    "pasted",
    [
        f"{TOKEN}\r\n",
        f"\ufeff{TOKEN}",
        f"\u200b{TOKEN}\u00a0",
        f'"{TOKEN}"',
        f" '{TOKEN}' \n",
        f"“{TOKEN}”",
        f"„{TOKEN}“",
        f"«{TOKEN}»",
        f"`{TOKEN}`",
        f"Bearer {TOKEN}",
        f"bearer  {TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        f'"Bearer {TOKEN}"',
        f'Bearer "{TOKEN}"',
        f"{TOKEN}\\n",
        f'"{TOKEN}\\r\\n"',
    ],
)
def test_what_surrounds_a_token_is_taken_off(pasted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", pasted)
    assert Secret(env="A_TOKEN").reveal() == TOKEN


@pytest.mark.parametrize(
    ("pasted", "seen"),
    [
        (f'"{TOKEN}', r'begins with a quotation mark \("\)'),
        (f"{TOKEN}”", r"ends with a quotation mark \(”\)"),
        (f"{TOKEN}\n{TOKEN}", "holds a line end inside"),
        (f"Basic {TOKEN}", "holds a blank inside"),
        ("ntn_\u200bAbc-123", "holds the invisible character ZERO WIDTH SPACE inside"),
        ("ntn_Аbc-123", "holds the character CYRILLIC CAPITAL LETTER A inside"),
        ("ntn_Abc\N{EN DASH}123", "holds the character EN DASH inside"),
        ("ntn_Abc\udce9123", "holds a byte that is not UTF-8 inside"),
        (f"NOTION_TOKEN={TOKEN}", "looks like NAME=value"),
        (f"export NOTION_TOKEN={TOKEN}", "looks like NAME=value"),
        ('""', "is empty"),
        ("\ufeff\n", "is empty"),
    ],
)
def test_what_is_no_token_is_described_and_not_shown(
    pasted: str, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN", pasted)
    with pytest.raises(AccessError, match=f"the environment variable A_TOKEN {seen}") as refused:
        Secret(env="A_TOKEN").reveal()
    assert "123" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_as_windows_saves_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(f"{TOKEN}\r\n".encode(encoding))
    assert Secret(file=path).reveal() == TOKEN


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_bytes(b"ntn_\xff\xfe")
    with pytest.raises(AccessError, match=f"file {path} is not UTF-8 text: save it as UTF-8"):
        Secret(file=path).reveal()


@pytest.mark.parametrize("password", ['"quoted"', "“so”", "Bearer of news", "A=b", "größer als € 5", "a\\n"])
def test_a_password_may_be_anything(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", f"\ufeff{password}\r\n")
    assert Passphrase(env="PASSWORD").reveal() == password
