"""One emulated Notion for a file of tests, as it was at the start for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.notion_workspace import Desk, desk_with


@pytest.fixture(scope="module")
def shared_desk() -> Iterator[Desk]:
    yield from desk_with()


@pytest.fixture
def desk(shared_desk: Desk) -> Desk:
    shared_desk.reset()
    return shared_desk
