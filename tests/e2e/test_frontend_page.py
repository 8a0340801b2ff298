"""The scripts of docs/frontend.md, as they stand, on a page of another origin in a real browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from shared.ids import new_id
from tests.e2e.shops import Shop, running_on
from tests.support.mails import MailsInFolder
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

DOCUMENT = Path(__file__).parents[2] / "docs" / "frontend.md"
ADDRESS = "http://localhost:3000"
PASSWORD = "correct horse battery staple"
BEARER, COOKIE, SIGN_OUT, GUEST, CODES, LIVE = range(6)
"""The numbers of the scripts."""


def scripts() -> list[str]:
    found = re.findall(r"```js\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert len(found) == 6
    return found


class PageHandler(BaseHTTPRequestHandler):
    """Serves one page that has the scripts in it."""

    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@contextmanager
def served_page(mode: int, shop_url: str) -> Iterator[str]:
    """The address of a page with the scripts of that mode, which call the shop at `shop_url`."""
    joined = "\n".join(scripts()[number] for number in (mode, SIGN_OUT, GUEST, CODES, LIVE))
    content = f"<!doctype html><title>Shop</title><script>{joined.replace(ADDRESS, shop_url)}</script>"
    handler = type("Handler", (PageHandler,), {"content": content.encode()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A shop of these tests' own, with the default origins; one of them breaks a part of it."""
    async with running_on("sqlite", tmp_path_factory.mktemp("shop") / ".data") as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page_url(shop: Shop) -> AsyncIterator[str]:
    """A page at another port, with the scripts, which call the shop of the tests."""
    with served_page(BEARER, shop.stack.base_url) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context()
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, page_url: str) -> Page:
    """The page, signed in as somebody new."""
    page = await context.new_page()
    await page.goto(page_url)
    body = {"name": "Ann", "email": f"{new_id()}@example.com", "password": PASSWORD}
    await page.evaluate("body => signIn('/auth/register', body)", body)
    return page


async def some_product(shop: Shop) -> str:
    found = await shop.client.get("/api/v1/products?in_stock=true&limit=1")
    return str(found.json()["items"][0]["id"])


async def add(page: Page, product: str) -> int:
    script = """product => call('/cart/items', {method: 'POST', headers: JSON_TYPE,
        body: JSON.stringify({product_id: product})}).then(answer => answer.status)"""
    return int(await page.evaluate(script, product))


async def test_the_scripts_are_short() -> None:
    assert max(len(script.splitlines()) for script in scripts()) <= 25


async def test_a_page_of_another_origin_reads_answers_and_their_headers(page: Page, shop: Shop) -> None:
    script = """async product => {
        const answer = await call('/cart/items', {
            method: 'POST',
            headers: {...JSON_TYPE, 'Idempotency-Key': crypto.randomUUID(), 'X-Request-Id': 'from-a-page',
                traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=b'},
            body: JSON.stringify({product_id: product}),
        });
        const read = name => answer.headers.get(name);
        return [answer.status, read('ETag'), read('X-Request-Id'), (await answer.json()).item_count];
    }"""
    status, etag, request_id, count = await page.evaluate(script, await some_product(shop))
    assert (status, request_id, count) == (200, "from-a-page", 1)
    assert re.fullmatch('"[0-9]+-[0-9a-f]+(-gzip)?"', etag)


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/products/a%2Fb", 404), ("/products/p1%00", 400)]
)
async def test_a_page_of_another_origin_reads_problems(page: Page, path: str, status: int) -> None:
    script = """path => call(path, {headers: {'X-Request-Id': 'abc-123'}}).then(async answer =>
        [answer.status, answer.headers.get('X-Request-Id'), await answer.json()])"""
    told, request_id, problem = await page.evaluate(script, path)
    assert (told, request_id, problem["request_id"]) == (status, "abc-123", "abc-123")


async def test_a_refused_sign_in_tells_why(page: Page) -> None:
    script = "body => signIn('/auth/login', body).catch(error => [error.status, error.detail])"
    status, detail = await page.evaluate(script, {"email": "nobody@example.com", "password": PASSWORD})
    assert status == 401
    assert detail


async def test_a_mistyped_password_keeps_the_guest_and_the_cart(page: Page, shop: Shop) -> None:
    email = await sign_out(page)
    await page.evaluate("() => signIn('/auth/guest', {})")
    assert await add(page, await some_product(shop)) == 200
    script = """async body => {
        const token = session().access_token;
        const error = await signIn('/auth/login', body).catch(error => error);
        const cart = await call('/cart');
        return [error.status, session()?.access_token === token, (await cart.json()).item_count];
    }"""
    assert await page.evaluate(script, {"email": email, "password": "mistyped"}) == [401, True, 1]


async def sign_out(page: Page) -> str:
    """The address of the account."""
    script = "() => { const { email } = session().user; return signOut().then(() => email); }"
    return str(await page.evaluate(script))


@pytest.mark.parametrize("path", ["/auth/login", "/auth/register"])
async def test_a_guest_takes_the_cart_into_the_account(page: Page, shop: Shop, path: str) -> None:
    email = await sign_out(page)
    await page.evaluate("() => signIn('/auth/guest', {})")
    assert await add(page, await some_product(shop)) == 200
    body = {"email": email if path == "/auth/login" else f"{new_id()}@example.com", "password": PASSWORD}
    script = """async ([path, body]) => {
        const merged = await signInWithCart(path, body);
        const cart = await call('/cart');
        return [merged.status, session().user.email, (await cart.json()).item_count];
    }"""
    named = body if path == "/auth/login" else {"name": "Bea", **body}
    assert await page.evaluate(script, [path, named]) == [200, body["email"], 1]


async def code_for(shop: Shop, email: str, about: str) -> str:
    return await MailsInFolder(shop.stack.directory / "mail").code(email, about)


async def test_a_page_signs_in_by_a_mailed_code(page: Page, shop: Shop) -> None:
    email = await sign_out(page)
    code_id = await page.evaluate("email => askForCode(email, 'sign_in')", email)
    use = {"code_id": code_id, "email": email, "code": await code_for(shop, email, "sign in")}
    script = """async use => {
        const opened = await signIn('/auth/codes/use', {...use, purpose: 'sign_in'});
        const me = await call('/auth/me');
        return [opened.user.email, (await me.json()).email];
    }"""
    assert await page.evaluate(script, use) == [email, email]


async def test_a_page_verifies_the_address_of_the_user(page: Page, shop: Shop) -> None:
    email = await page.evaluate("() => session().user.email")
    code_id = await page.evaluate("email => askForCode(email, 'verify')", email)
    use = {"code_id": code_id, "email": email, "code": await code_for(shop, email, "")}
    script = """async use => {
        const used = await useCode({...use, purpose: 'verify'});
        const me = await call('/auth/me');
        return [used.session, (await me.json()).email_verified];
    }"""
    assert await page.evaluate(script, use) == [None, True]


async def test_a_page_makes_its_device_known_by_a_mailed_code(page: Page, shop: Shop) -> None:
    email = await sign_out(page)
    code_id = await page.evaluate("email => askForCode(email, 'unlock')", email)
    use = {"code_id": code_id, "email": email, "code": await code_for(shop, email, "new device")}
    used = await page.evaluate("use => useCode({...use, purpose: 'unlock'})", use)
    assert used["session"] is None
    assert used["device_token"]
    assert await page.evaluate("() => localStorage.device") == used["device_token"]


async def test_two_tabs_and_many_calls_refresh_once(
    context: BrowserContext, page: Page, page_url: str
) -> None:
    other = await context.new_page()
    await other.goto(page_url)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(f"{request.method} {urlsplit(request.url).path}"))
    await page.evaluate(
        """() => localStorage.setItem('session', JSON.stringify({...session(), access_token: 'expired'}))"""
    )
    many = "() => Promise.all([1, 2, 3, 4].map(() => call('/cart').then(answer => answer.status)))"
    first = page.evaluate_handle(many)
    second = other.evaluate_handle(many)
    assert [await (await handle).json_value() for handle in (first, second)] == [[200] * 4] * 2
    assert asked.count("POST /api/v1/auth/refresh") == 1


FOLLOW = "() => { window.carts = []; window.leave = followCart(cart => carts.push(cart)); }"


async def counts(page: Page) -> list[int | None]:
    """How many pieces each of the carts held that the page was shown; None for signed out."""
    shown: list[int | None] = await page.evaluate("() => carts.map(cart => cart && cart.item_count)")
    return shown


def tickets_of(context: BrowserContext) -> list[dict[str, list[str]]]:
    """The queries of all live carts that are opened from now on."""
    queries: list[dict[str, list[str]]] = []

    def note(request: Any) -> None:
        address = urlsplit(request.url)
        if address.path.endswith("/cart/events"):
            queries.append(parse_qs(address.query))

    context.on("request", note)
    return queries


async def test_a_live_cart_shows_each_change_and_the_end_of_the_session(page: Page, shop: Shop) -> None:
    product = await some_product(shop)
    await page.evaluate(FOLLOW)
    for count in (0, 1, 2):
        await eventually(lambda count=count: shows(page, [*range(count + 1)]))
        assert await add(page, product) == 200
    await page.evaluate("() => call('/auth/logout', {method: 'POST'})")
    await eventually(lambda: shows(page, [0, 1, 2, 3, None]))


async def shows(page: Page, expected: list[int | None]) -> bool:
    return await counts(page) == expected


async def test_a_live_cart_resumes_with_a_new_ticket(context: BrowserContext, page: Page, shop: Shop) -> None:
    product, queries = await some_product(shop), tickets_of(context)
    await page.evaluate(FOLLOW)
    await eventually(lambda: shows(page, [0]))
    await shop.stack.restart("cart")
    await eventually(lambda: len(queries) > 1 and is_open(page))
    assert await add(page, product) == 200
    await eventually(lambda: shows(page, [0, 1]))
    assert len({query["ticket"][0] for query in queries}) == len(queries)
    assert queries[-1]["last_event_id"][0]
    log = (shop.stack.directory / "access.log").read_text()
    assert "cart-events@file" in log
    assert not any(query["ticket"][0] in log for query in queries)


async def is_open(page: Page) -> bool:
    return bool(await page.evaluate("() => call('/cart').then(answer => answer.ok)"))
