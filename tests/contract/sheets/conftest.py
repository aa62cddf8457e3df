"""One emulated Google for a file of tests, as it was at the start for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from okrsync_emulators.sheets import SheetsEmulator
from tests.support.spreadsheet import World, renew, served


@pytest.fixture(scope="module")
def emulator() -> Iterator[SheetsEmulator]:
    with served() as emulator:
        yield emulator


@pytest.fixture
def world(emulator: SheetsEmulator, monkeypatch: pytest.MonkeyPatch) -> World:
    return renew(emulator, monkeypatch)
