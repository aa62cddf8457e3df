"""Headless Chromium for tests of pages: Debian's, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The program. Where there is none the test is skipped, and fails under CI, which must have one."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "NOT TESTED: there is no Chromium on this machine; on Debian: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser. It is ended with the tests of one module: while Playwright runs, nothing else may run asyncio."""
    with sync_playwright() as playwright:
        # Root may not use Chromium's own sandbox, and CI is root.
        started = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


@contextmanager
def page(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page in a context of its own. ``options`` are Playwright's: ``viewport``, ``color_scheme``, ``locale``.

    A request that leaves this machine fails the test, and so does an error in the page's own script.
    """
    faults: list[str] = []
    context = browser.new_context(**options)
    try:
        opened = context.new_page()
        opened.set_default_timeout(60_000)
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on(
            "request",
            lambda one: (
                None
                if one.url.startswith(("file:", "data:", "blob:", "http://127.0.0.1", "http://localhost"))
                else faults.append(one.url)
            ),
        )
        yield opened
        assert not faults
    finally:
        context.close()


def violations(opened: Page) -> list[str]:
    """What axe has against the page: each rule and the elements that break it."""
    found: list[dict[str, Any]] = Axe().run(opened).response["violations"]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]
