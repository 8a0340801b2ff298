"""A browser, and a shop to look at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.docs_page import DocsPage
from tests.e2e.shops import Shop, running_shop
from tests.support.chromium import running_chromium

PATIENCE_SECONDS = 120.0
OpenDocs = Callable[..., Awaitable[DocsPage]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    async with running_chromium() as started:
        yield started


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
