"""The scripts of docs/frontend.md for accounts, in both modes, where the session is not there or goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route

from shared.ids import new_id
from tests.e2e.shops import Shop, running_on
from tests.e2e.test_frontend_page import BEARER, COOKIE, PASSWORD, served_page
from tests.support.mails import MailsInFolder
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

REFRESH = "**/api/v1/auth/refresh"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with running_on("sqlite", tmp_path_factory.mktemp("shop") / ".data") as started:
        yield started


@pytest.fixture(scope="module", params=[BEARER, COOKIE], ids=["bearer", "cookie"])
def page_url(request: pytest.FixtureRequest, shop: Shop) -> Iterator[str]:
    """A page of the shop's site."""
    with served_page(request.param, f"http://localhost:{shop.stack.gateway_port}") as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, page_url: str) -> AsyncIterator[Page]:
    """The page of a visitor, who has no session."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(page_url)
    yield page
    await context.close()


def somebody() -> dict[str, str]:
    return {"name": "Ann", "email": f"{new_id()}@example.com", "password": PASSWORD}


async def start_as_guest(page: Page) -> str:
    """Their access token."""
    return str(await page.evaluate("() => signIn('/auth/guest', {}).then(kept => kept.access_token)"))


async def register(page: Page) -> dict[str, str]:
    """Signs the page in. Returns what `/auth/login` takes."""
    account = somebody()
    await page.evaluate("account => signIn('/auth/register', account)", account)
    return {"email": account["email"], "password": PASSWORD}


async def end_elsewhere(page: Page, shop: Shop) -> None:
    token = await page.evaluate("() => session().access_token")
    headers = {"Authorization": f"Bearer {token}"}
    ended = await shop.client.post("/api/v1/auth/logout", headers=headers)
    assert ended.status_code == 204
    await eventually(lambda: is_refused(shop.client, headers))


async def is_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> bool:
    paths = ("/api/v1/auth/me", "/api/v1/cart")
    return all([(await client.get(path, headers=headers)).status_code == 401 for path in paths])


async def sign_in_with_cart(page: Page, path: str, body: dict[str, str]) -> list[Any]:
    """What the merge answered, and who is signed in."""
    script = """([path, body]) => signInWithCart(path, body)
        .then(merged => [merged && merged.status, session().user.email])"""
    return list(await page.evaluate(script, [path, body]))


@pytest.mark.parametrize("path", ["/auth/register", "/auth/login"])
async def test_a_guest_whose_session_ended_elsewhere_signs_in(page: Page, shop: Shop, path: str) -> None:
    body = somebody()
    if path == "/auth/login":
        await shop.register(body["email"], body["password"])
        del body["name"]
    await start_as_guest(page)
    await end_elsewhere(page, shop)
    assert await sign_in_with_cart(page, path, body) == [None, body["email"]]
    assert await page.evaluate("() => call('/cart').then(answer => answer.status)") == 200


async def test_a_visitor_without_a_session_signs_in(page: Page) -> None:
    account = somebody()
    assert await sign_in_with_cart(page, "/auth/register", account) == [None, account["email"]]


async def test_somebody_who_is_no_guest_changes_the_account(page: Page) -> None:
    await register(page)
    account = somebody()
    assert await sign_in_with_cart(page, "/auth/register", account) == [None, account["email"]]


async def test_a_guest_signs_in_while_no_refresh_is_answered(page: Page) -> None:
    await start_as_guest(page)
    await page.route(REFRESH, lambda route: route.abort())
    account = somebody()
    assert await sign_in_with_cart(page, "/auth/register", account) == [200, account["email"]]


@pytest.mark.parametrize("page_url", [BEARER], indirect=True)
async def test_a_late_refusal_does_not_end_a_newer_session(page: Page, shop: Shop) -> None:
    await start_as_guest(page)
    await end_elsewhere(page, shop)
    account, signed_in = somebody(), asyncio.Event()

    async def after_the_sign_in(route: Route) -> None:
        answer = await route.fetch()
        await signed_in.wait()
        await route.fulfill(response=answer)

    await page.route(REFRESH, after_the_sign_in)
    async with page.expect_request(REFRESH):
        await page.evaluate("() => { window.late = call('/cart').then(answer => answer.status); }")
    await page.evaluate("account => signIn('/auth/register', account)", account)
    signed_in.set()
    assert await page.evaluate("() => late") == 200
    assert await page.evaluate("() => session()?.user.email") == account["email"]


async def test_a_mistyped_password_keeps_the_guest(page: Page) -> None:
    login = await register(page)
    await page.evaluate("() => signOut()")
    await start_as_guest(page)
    script = """body => signInWithCart('/auth/login', body)
        .catch(error => [error.status, error.message === error.detail, session().user.role])"""
    assert await page.evaluate(script, {**login, "password": "mistyped"}) == [401, True, "guest"]
    assert await sign_in_with_cart(page, "/auth/login", login) == [200, login["email"]]


async def test_a_call_answers_401_after_the_session_has_ended_elsewhere(page: Page, shop: Shop) -> None:
    await register(page)
    await end_elsewhere(page, shop)
    script = """async () => {
        const answers = [await call('/cart'), await call('/cart'), await call('/products?limit=1')];
        return [...answers.map(answer => answer.status), session(), (await answers[0].json()).status];
    }"""
    assert await page.evaluate(script) == [401, 401, 200, None, 401]


async def test_a_call_of_a_visitor_is_answered(page: Page) -> None:
    script = "() => Promise.all(['/cart', '/products?limit=1'].map(path => call(path).then(a => a.status)))"
    assert await page.evaluate(script) == [401, 200]


async def test_a_call_that_cannot_be_refreshed_now_rejects_and_keeps_the_session(page: Page) -> None:
    await register(page)
    await page.route(REFRESH, lambda route: route.abort())
    script = """async () => {
        const kept = {...session(), access_token: 'expired'};
        if (typeof current === 'undefined') localStorage.setItem('session', JSON.stringify(kept));
        else current = kept;
        const error = await call('/cart').catch(error => error);
        return [error instanceof Error, error.message !== '', session()?.access_token];
    }"""
    assert await page.evaluate(script) == [True, True, "expired"]
    await page.unroute(REFRESH)
    assert await page.evaluate("() => call('/cart').then(answer => answer.status)") == 200


async def test_a_reloaded_page_does_not_take_a_lost_answer_for_a_sign_out(page: Page) -> None:
    await register(page)
    await page.reload()
    await page.route("**/api/v1/auth/**", lambda route: route.abort())
    assert await page.evaluate("() => call('/products?limit=1').then(answer => answer.status)") == 200
    script = "() => call('/auth/me').then(answer => answer.status, error => error.name)"
    assert await page.evaluate(script) == "TypeError"
    await page.unroute("**/api/v1/auth/**")
    assert await page.evaluate("() => call('/auth/me').then(answer => answer.status)") == 200


async def test_signing_out_ends_the_session_and_forgets_it(page: Page, shop: Shop) -> None:
    await register(page)
    token = await page.evaluate("() => session().access_token")
    assert await page.evaluate("() => signOut().then(() => session())") is None
    await eventually(lambda: is_refused(shop.client, {"Authorization": f"Bearer {token}"}))
    assert await page.evaluate("() => call('/cart').then(answer => answer.status)") == 401
    assert "__Host-trolley-refresh" not in [cookie["name"] for cookie in await page.context.cookies()]
    await page.reload()
    assert await page.evaluate("() => call('/auth/me').then(answer => answer.status)") == 401


async def test_whoever_is_signed_out_may_sign_out(page: Page, shop: Shop) -> None:
    assert await page.evaluate("() => signOut().then(() => session())") is None
    await register(page)
    await end_elsewhere(page, shop)
    assert await page.evaluate("() => signOut().then(() => session())") is None


async def test_a_sign_out_that_does_not_reach_the_shop_rejects_and_forgets(page: Page) -> None:
    await register(page)
    script = "() => signOut().catch(error => [error.name, session()])"
    await page.context.set_offline(True)
    assert await page.evaluate(script) == ["TypeError", None]
    await page.context.set_offline(False)
    assert (
        await page.evaluate("() => signOut().then(() => call('/auth/me')).then(answer => answer.status)")
        == 401
    )


async def test_a_device_stays_known_after_a_sign_out(page: Page, page_url: str) -> None:
    login = await register(page)
    await page.evaluate("() => signOut()")
    async with page.expect_request(
        lambda request: request.method == "POST" and request.url.endswith("/auth/login")
    ) as asked:
        await page.evaluate("login => signIn('/auth/login', login)", login)
    sent = await (await asked.value).all_headers()
    assert "device-token" in sent or "__Host-trolley-device=" in sent["cookie"]


async def test_a_code_of_somebody_whose_session_ended_elsewhere(page: Page, shop: Shop) -> None:
    """One to sign in is mailed; that to verify the address asks for a sign-in."""
    email = (await register(page))["email"]
    await end_elsewhere(page, shop)
    code_id = await page.evaluate("email => askForCode(email, 'sign_in')", email)
    assert code_id
    use = {"code_id": code_id, "email": email, "code": "WDJB-MJHT", "purpose": "verify"}
    refusal = "use => useCode(use).catch(error => [error.status, error.message])"
    status, message = await page.evaluate(refusal, use)
    assert status == 401
    assert "Sign in" in message


async def test_a_page_changes_the_address(page: Page, shop: Shop) -> None:
    await register(page)
    new = f"{new_id()}@example.com"
    asked = await page.evaluate("body => post('/auth/email', body)", {"email": new, "password": PASSWORD})
    code = await MailsInFolder(shop.stack.directory / "mail").code(new, "")
    confirmed = {"code_id": asked["code_id"], "code": code}
    user = await page.evaluate("body => post('/auth/email/confirm', body)", confirmed)
    assert (user["email"], user["email_verified"]) == (new, True)
    assert await page.evaluate("() => call('/auth/me').then(answer => answer.json())") == user


async def test_a_live_cart_of_nobody_is_null(page: Page, shop: Shop) -> None:
    script = "() => new Promise(resolve => { const leave = followCart(cart => resolve([cart])); })"
    assert await page.evaluate(script) == [None]
    await register(page)
    await end_elsewhere(page, shop)
    assert await page.evaluate(script) == [None]


async def test_a_mailed_code_lets_a_new_device_in_while_strangers_guess(page: Page, shop: Shop) -> None:
    account = somebody()
    await shop.client.post("/api/v1/auth/register", json=account)
    login = {"email": account["email"], "password": PASSWORD}
    for _ in range(12):
        await shop.client.post("/api/v1/auth/login", json=login | {"password": "a wrong guess"})
    refused = "login => signIn('/auth/login', login).catch(error => error.status)"
    assert await page.evaluate(refused, login) == 429
    use = {"email": account["email"], "purpose": "unlock"}
    use["code_id"] = await page.evaluate("email => askForCode(email, 'unlock')", account["email"])
    mails = MailsInFolder(shop.stack.directory / "mail")
    use["code"] = await mails.code(account["email"], "new device")
    use["mode"] = await page.evaluate("() => typeof current === 'undefined' ? 'bearer' : 'cookie'")
    await page.evaluate("use => useCode(use)", use)
    signed_in = "login => signIn('/auth/login', login).then(kept => kept.user.email)"
    assert await page.evaluate(signed_in, login) == account["email"]
