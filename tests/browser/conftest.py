"""A browser, and a shop to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.docs_page import DocsPage
from tests.e2e.shops import Shop, running_shop

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_SECONDS = 120.0
OpenDocs = Callable[..., Awaitable[DocsPage]]


def chromium() -> str:
    """Where Chromium is. Skips where there is none, and fails there in CI."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None and "CI" not in os.environ:
        pytest.skip("Chromium is not installed (on Debian: apt install chromium)")
    assert found, "Chromium is not installed"
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        await started.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A shop of the tests' own with the demo catalogue."""
    async with running_shop(tmp_path_factory.mktemp("shop") / ".data") as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def open_docs(browser: Browser, shop: Shop) -> AsyncIterator[OpenDocs]:
    """Opens the page in a browser window of its own, with settings of playwright's `new_context`."""
    contexts = []

    async def open_page(path: str = "/docs", **settings: Any) -> DocsPage:
        contexts.append(await browser.new_context(**settings))
        docs = DocsPage(await contexts[-1].new_page(), shop.client)
        await docs.open(path)
        return docs

    yield open_page
    for context in contexts:
        await context.close()
