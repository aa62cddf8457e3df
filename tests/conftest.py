"""Settings of all tests: a loaded machine is no reason for a property to fail. And the browser of those with pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("okrsync", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("okrsync")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium: ``tests.support.browser.page(browser)`` opens a page in it."""
    from tests.support.browser import browsing

    with browsing() as started:
        yield started
