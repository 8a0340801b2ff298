"""A page that leaves its session to the browser, in a real browser and through the real gateway. The page has
the script of docs/frontend.md as it stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, contextmanager
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from shared.ids import new_id
from tests.e2e.shops import Shop, running_shop
from tests.e2e.test_frontend_page import ADDRESS, COOKIE, PASSWORD, PageHandler, scripts
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

REFRESH_COOKIE = "__Host-trolley-refresh"
STATUS = "path => call(path).then(answer => answer.status)"
SEND = """([address, path, body, mode]) => fetch(address + '/api/v1/auth' + path, {method: 'POST', mode,
    credentials: 'include', body,
    headers: body ? {'Content-Type': mode === 'cors' ? 'application/json' : 'text/plain'} : {}})
    .then(answer => answer.type + ' ' + answer.status, () => 'blocked')"""


class Pages:
    """Servers of pages. Each has an origin of its own."""

    def __init__(self) -> None:
        self._handler = type("Handler", (PageHandler,), {})
        self.own = ThreadingHTTPServer(("127.0.0.1", 0), self._handler)
        self.foreign = ThreadingHTTPServer(("127.0.0.1", 0), self._handler)

    def url(self, server: ThreadingHTTPServer, host: str = "localhost") -> str:
        return f"http://{host}:{server.server_port}"

    def show(self, content: str) -> None:
        """What every page shows from now on."""
        self._handler.content = content.encode()


@contextmanager
def served_pages() -> Any:
    pages = Pages()
    with ExitStack() as stack:
        for server in (pages.own, pages.foreign):
            Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        yield pages


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pages() -> AsyncIterator[Pages]:
    with served_pages() as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cookie_shop(
    browser: Browser, pages: Pages, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shop]:
    """A shop with two replicas of auth, which only the pages of one origin may call."""
    settings = {"GATEWAY_CORS_ORIGINS": pages.url(pages.own)}
    async with running_shop(tmp_path_factory.mktemp("shop") / ".data", settings, auth=2) as started:
        script = scripts()[COOKIE].replace(ADDRESS, address_of(started))
        pages.show(f"<!doctype html><title>Shop</title><script>{script}</script>")
        yield started


def address_of(shop: Shop) -> str:
    """The shop on the same host as the pages, so that both are one site."""
    return f"http://localhost:{shop.stack.gateway_port}"


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context()
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(context: BrowserContext, pages: Pages, cookie_shop: Shop) -> Callable[[], Any]:
    async def open_page(url: str = "") -> Page:
        page = await context.new_page()
        await page.goto(url or pages.url(pages.own))
        return page

    return open_page


@pytest_asyncio.fixture(loop_scope="session")
async def tab(open_tab: Callable[..., Any]) -> Page:
    """A tab that is signed in as somebody new."""
    page: Page = await open_tab()
    body = {"name": "Ann", "email": f"{new_id()}@example.com", "password": PASSWORD}
    await page.evaluate("body => signIn('/auth/register', body)", body)
    return page


async def refresh_token(context: BrowserContext) -> str | None:
    """What the browser keeps."""
    kept = {cookie["name"]: cookie for cookie in await context.cookies()}
    cookie = kept.get(REFRESH_COOKIE)
    assert cookie is None or (cookie["httpOnly"] and cookie["secure"] and cookie["sameSite"] == "Lax")
    return cookie["value"] if cookie else None


async def status(page: Page, path: str = "/auth/me") -> int:
    return int(await page.evaluate(STATUS, path))


async def test_a_page_signs_in_and_no_script_reads_the_token(
    tab: Page, context: BrowserContext, open_tab: Callable[..., Any], cookie_shop: Shop
) -> None:
    token = await refresh_token(context)
    assert token
    assert await status(tab) == 200
    assert await status(tab, "/cart") == 200
    docs = await open_tab(f"{address_of(cookie_shop)}/docs")
    for page in (tab, docs):
        assert "trolley" not in await page.evaluate("document.cookie")
    everything = await tab.evaluate("JSON.stringify([current, {...localStorage}, {...sessionStorage}])")
    assert token not in everything
    assert '"refresh_token":null' in everything


async def test_a_reload_keeps_the_user_signed_in(tab: Page) -> None:
    email = await tab.evaluate("current.user.email")
    for _ in range(2):
        await tab.reload()
        assert await tab.evaluate("current") is None
        assert await status(tab) == 200
        assert await tab.evaluate("current.user.email") == email


async def test_a_mistyped_password_keeps_the_session(tab: Page) -> None:
    script = """async () => {
        const before = current;
        const body = { email: before.user.email, password: 'a mistyped password' };
        const error = await signIn('/auth/login', body).catch(error => error);
        return [error.status, current === before];
    }"""
    assert await tab.evaluate(script) == [401, True]


async def test_two_tabs_that_refresh_at_once_stay_signed_in(
    tab: Page, open_tab: Callable[..., Any], context: BrowserContext
) -> None:
    other = await open_tab()
    many = "() => Promise.all(Array.from({length: 5}, () => refresh())).then(() => current.user.id)"
    for _ in range(3):
        users = await asyncio.gather(*(page.evaluate(many) for page in (tab, other)))
        assert users[0] == users[1]
    assert await refresh_token(context)
    for page in (tab, other):
        await page.evaluate("refresh()")
        assert await status(page) == 200


async def test_signing_out_ends_every_tab(
    tab: Page, open_tab: Callable[..., Any], context: BrowserContext
) -> None:
    other = await open_tab()
    assert await status(other) == 200
    left = await tab.evaluate("call('/auth/logout', {method: 'POST'}).then(answer => answer.status)")
    assert left == 204
    assert await refresh_token(context) is None

    async def is_out() -> bool:
        known = "fetch(SHOP + '/auth/me', {headers: {Authorization: `Bearer ${current.access_token}`}})"
        return bool(await other.evaluate(f"{known}.then(answer => answer.status === 401)"))

    await eventually(is_out)
    assert await other.evaluate("refresh().catch(problem => problem.status)") == 401
    for page in (tab, other):
        await page.reload()
        assert await status(page) == 401


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["same site", "another site"])
async def test_a_page_of_another_origin_gets_nothing(
    tab: Page,
    open_tab: Callable[..., Any],
    pages: Pages,
    context: BrowserContext,
    cookie_shop: Shop,
    host: str,
) -> None:
    """It cannot read, renew or end the session, nor put one of its own into the browser."""
    token = await refresh_token(context)
    foreign = await open_tab(pages.url(pages.foreign, host))
    email = f"{new_id()}@example.com"
    await cookie_shop.register(email)
    login = f'{{"email": "{email}", "password": "{PASSWORD}", "mode": "cookie"}}'
    for path, body in (("/refresh", ""), ("/refresh", '{"mode": "cookie"}'), ("/login", login)):
        for mode in ("cors", "no-cors"):
            answer = await foreign.evaluate(SEND, [address_of(cookie_shop), path, body, mode])
            assert answer in ("blocked", "opaque 0"), (path, mode)
    assert await refresh_token(context) == token
    assert await status(tab) == 200
    await tab.evaluate("refresh()")
    assert await tab.evaluate("current.user.email") != email
