from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync_notion.addresses import database_id, page_id

ID = "1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9"
BARE = ID.replace("-", "")
VIEW = "ffffffffffffffffffffffffffffffff"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        BARE,
        ID.upper(),
        f"  {BARE}\n",
        f"https://www.notion.so/{BARE}",
        f"https://www.notion.so/acme/Key-Results-2026-{BARE}?v={VIEW}&pvs=4",
        f"https://www.notion.so/acme/Key-Results-{ID}",
        f"https://notion.so/acme/{BARE}#{VIEW}",
        f"https://app.notion.com/p/{BARE}",
        f"https://app.notion.com/p/acme/OKR-{BARE}?v={VIEW}",
        f"https://acme.notion.site/Company-OKRs-{BARE}?v={VIEW}",
        f"https://acme.notion.site/{BARE}/",
        f"https://www.notion.so/acme/{BARE}?v={VIEW}&p={VIEW}&pm=s",
        f"https://www.notion.so/acme/%D0%9A%D0%BB%D1%8E%D1%87%D0%B8-{BARE}",
        f"https://www.notion.so/acme/cafe-deadbeef-{BARE}",
        f"notion://www.notion.so/acme/{BARE}",
        f"collection://{ID}",
        f"www.notion.so/acme/OKR-{BARE}",
    ],
)
def test_every_spelling_of_an_address_means_the_same_database(text: str) -> None:
    assert database_id(text) == ID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Key results",
        "https://www.notion.so/acme",
        f"https://www.notion.so/acme?v={VIEW}",
        f"https://www.notion.so/x{BARE}",
        BARE[:-1],
        BARE + "0",
        "https://docs.google.com/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit",
    ],
)
def test_what_is_no_address_has_no_id(text: str) -> None:
    assert database_id(text) is None


def test_a_row_open_beside_the_table_is_the_page() -> None:
    text = f"https://www.notion.so/acme/{VIEW}?v={VIEW}&p={BARE}&pm=s"
    assert page_id(text) == ID
    assert database_id(text) == "ffffffff-ffff-ffff-ffff-ffffffffffff"


def test_a_plain_address_is_the_page_too() -> None:
    assert page_id(f"https://app.notion.com/p/Open-bugs-{BARE}") == ID


@given(st.uuids(), st.text("abcdef-0123456789Key", max_size=20))
def test_any_title_before_an_id_changes_nothing(identity: object, title: str) -> None:
    assert database_id(f"https://www.notion.so/acme/{title}-{str(identity).replace('-', '')}") == str(
        identity
    )
