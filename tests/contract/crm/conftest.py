"""A folder of exports of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.crm_exports import Exports


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    return Exports(tmp_path)
