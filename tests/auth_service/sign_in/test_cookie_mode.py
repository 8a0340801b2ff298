"""Browsers keep the refresh token in a cookie that no script can read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx
import pytest

from auth_service.browsers import REFRESH_COOKIE
from auth_service.main import create_app
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.auth_service.sessions.test_routes import becomes_refused
from tests.support.apps import running
from tests.support.clock import MovableClock

PAGE = {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"}
COOKIE_MODE = {"mode": "cookie"}


def set_cookie(answer: httpx.Response) -> Morsel[str]:
    """The refresh cookie that the answer sets."""
    jars = [SimpleCookie(line) for line in answer.headers.get_list("set-cookie")]
    [morsel] = [jar[REFRESH_COOKIE] for jar in jars if REFRESH_COOKIE in jar]
    return morsel


def is_cleared(answer: httpx.Response) -> bool:
    morsel = set_cookie(answer)
    return (morsel.value, morsel["max-age"]) == ("", "0")


class Page:
    """A page with the cookies of one browser, which httpx would not send without TLS."""

    def __init__(self, shop: httpx.AsyncClient, token: str | None = None) -> None:
        self.shop = shop
        self.token = token

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        cookie = {"Cookie": f"theme=dark; {REFRESH_COOKIE}={self.token}"} if self.token is not None else {}
        sent = {**PAGE, **cookie, **headers}
        if body is None:
            answer = await self.shop.post(f"{AUTH}{path}", headers=sent)
        else:
            answer = await self.shop.post(f"{AUTH}{path}", json=body, headers=sent)
        if "set-cookie" in answer.headers:
            self.token = set_cookie(answer).value
        return answer

    async def sign_up(self) -> Person:
        email = fresh_email()
        answer = await self.post(
            "/register", {"name": "A", "email": email, "password": PASSWORD, **COOKIE_MODE}
        )
        return Person.of(self.shop, email, answer.json())


@pytest.fixture
def page(shop: httpx.AsyncClient) -> Page:
    return Page(shop)


async def test_every_way_to_sign_in_sets_the_cookie_and_shows_no_refresh_token(page: Page) -> None:
    email = fresh_email()
    account = {"name": "Ana", "email": email, "password": PASSWORD}
    answers = [
        await page.post("/register", {**account, **COOKIE_MODE}),
        await page.post("/login", {"email": email, "password": PASSWORD, **COOKIE_MODE}),
        await page.post("/guest", COOKIE_MODE),
        await page.post("/refresh"),
        await page.post("/refresh", {}),
        await page.post("/refresh", COOKIE_MODE),
    ]
    for answer in answers:
        cookie, body = set_cookie(answer), answer.json()
        assert answer.status_code in {200, 201}, answer.text
        assert (body["refresh_token"], body["device_token"]) == (None, None)
        assert cookie.value.partition(".")[2]
        assert cookie.value.rpartition(".")[2] not in answer.text
        assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "Lax")
        assert cookie["secure"]
        assert cookie["httponly"]
        assert 15_551_990 <= int(cookie["max-age"]) <= 15_552_000
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers["set-cookie"]) < 4096


async def test_without_the_mode_nothing_is_a_cookie(shop: httpx.AsyncClient, ana: Person) -> None:
    answers = [
        await shop.post(f"{AUTH}/login", json={"email": ana.email, "password": PASSWORD}),
        await shop.post(f"{AUTH}/login", json={"email": ana.email, "password": PASSWORD, "mode": "bearer"}),
        await shop.post(f"{AUTH}/guest"),
        await shop.post(f"{AUTH}/guest", json={"mode": "bearer"}),
        await ana.refresh(),
    ]
    for answer in answers:
        assert "set-cookie" not in answer.headers
        assert answer.json()["refresh_token"]


@pytest.mark.parametrize("mode", ["", "both", None, 7, ["cookie"]])
async def test_another_mode_is_refused(page: Page, mode: Any) -> None:
    answer = await page.post("/guest", {"mode": mode})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/mode")


async def test_a_session_moves_from_an_app_into_the_cookie(page: Page, ana: Person) -> None:
    answer = await page.post("/refresh", {"refresh_token": ana.refresh_token, **COOKIE_MODE})
    assert (answer.status_code, answer.json()["refresh_token"]) == (200, None)
    assert (await page.post("/refresh")).status_code == 200


async def test_a_session_does_not_leave_the_cookie(page: Page) -> None:
    """A hostile script could read the token of the answer."""
    await page.sign_up()
    answer = await page.post("/refresh", {"mode": "bearer"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/mode")
    assert "set-cookie" not in answer.headers
    assert (await page.post("/refresh")).status_code == 200


async def test_two_tabs_that_refresh_at_once_stay_signed_in(page: Page) -> None:
    await page.sign_up()
    answers = await asyncio.gather(*(Page(page.shop, page.token).post("/refresh") for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert len({set_cookie(answer).value for answer in answers}) == 1


async def test_a_new_sign_in_ends_the_session_that_it_replaces_in_the_browser(page: Page) -> None:
    first = await page.sign_up()
    phone = await first.login()
    body = {"email": first.email, "password": PASSWORD, **COOKIE_MODE}
    second = Person.of(page.shop, first.email, (await page.post("/login", body)).json())
    listed = (await second.call("GET", "/sessions")).json()["items"]
    assert [session["id"] for session in listed] == [phone.session_id, second.session_id]
    await becomes_refused(first)
    other = await page.sign_up()
    await becomes_refused(second)
    assert await other.status() == 200


async def test_a_sign_in_ends_no_guest_whose_cart_may_be_merged(page: Page) -> None:
    guest = Person.of(page.shop, "", (await page.post("/guest", COOKIE_MODE)).json())
    await page.sign_up()
    assert await guest.status() == 200


async def test_a_sign_in_that_fails_ends_nothing(page: Page) -> None:
    person = await page.sign_up()
    answer = await page.post("/login", {"email": person.email, "password": "wrong horse", **COOKIE_MODE})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert (await page.post("/refresh")).status_code == 200


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost.evil.example:5173"},
    {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "SAME-SITE"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-site"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_page_of_another_site_cannot_use_the_cookie(page: Page, headers: dict[str, str]) -> None:
    await page.sign_up()
    cookie = {"Cookie": f"{REFRESH_COOKIE}={page.token}"}
    answer = await page.shop.post(f"{AUTH}/refresh", headers={**cookie, **headers})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:trolley:problem:cross-site-request")
    assert "Origin" in answer.json()["detail"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_page_of_another_site_cannot_set_the_cookie(
    shop: httpx.AsyncClient, ana: Person, headers: dict[str, str]
) -> None:
    """It could sign a person in to an account of its own, and watch what they do there."""
    bodies: list[tuple[str, dict[str, str]]] = [
        ("/register", {"name": "A", "email": fresh_email(), "password": PASSWORD}),
        ("/login", {"email": ana.email, "password": PASSWORD}),
        ("/guest", {}),
        ("/refresh", {"refresh_token": ana.refresh_token}),
    ]
    for path, body in bodies:
        answer = await shop.post(f"{AUTH}{path}", json={**body, **COOKIE_MODE}, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:trolley:problem:cross-site-request")
        assert "set-cookie" not in answer.headers
    assert len((await ana.call("GET", "/sessions")).json()["items"]) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1:8080"},
        {"Origin": "http://shop.test", "Host": "shop.test"},
        {"Origin": "https://shop.test", "Host": "shop.test:443", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_a_page_of_the_shop_uses_the_cookie(page: Page, headers: dict[str, str]) -> None:
    await page.sign_up()
    cookie = {"Cookie": f"{REFRESH_COOKIE}={page.token}"}
    assert (await page.shop.post(f"{AUTH}/refresh", headers={**cookie, **headers})).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\u00ff", "x" * 4097, "a=b", '"quoted"'])
async def test_a_cookie_that_is_no_token_is_removed(shop: httpx.AsyncClient, token: str) -> None:
    headers = [(name.encode(), value.encode()) for name, value in PAGE.items()]
    cookie = f"{REFRESH_COOKIE}={token}".encode("latin-1")
    answer = await shop.post(f"{AUTH}/refresh", headers=[*headers, (b"Cookie", cookie)])
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:trolley:problem:invalid-refresh-token")
    assert is_cleared(answer)


async def test_two_cookies_of_the_name_are_none(page: Page) -> None:
    await page.sign_up()
    cookies = f"{REFRESH_COOKIE}={page.token}; {REFRESH_COOKIE}=other"
    answer = await page.shop.post(f"{AUTH}/refresh", headers={**PAGE, "Cookie": cookies})
    assert answer.status_code == 401
    assert is_cleared(answer)


async def test_without_a_cookie_nothing_is_removed(page: Page) -> None:
    answer = await page.post("/refresh")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


async def test_a_spent_cookie_is_removed_with_its_session(page: Page) -> None:
    await page.sign_up()
    thief = Page(page.shop, page.token)
    await page.post("/refresh")
    await page.post("/refresh")
    answer = await thief.post("/refresh")
    assert answer.json()["type"] == "urn:trolley:problem:refresh-token-reused"
    assert is_cleared(answer)
    assert is_cleared(await page.post("/refresh"))


@pytest.mark.parametrize("path", ["/logout", "/logout-all"])
async def test_signing_out_removes_the_cookie(page: Page, path: str) -> None:
    person = await page.sign_up()
    answer = await page.post(path, **person.headers)
    assert answer.status_code == 204
    assert is_cleared(answer)


async def test_deleting_the_account_removes_the_cookie(page: Page) -> None:
    person = await page.sign_up()
    headers = {**person.headers, **PAGE, "Cookie": f"{REFRESH_COOKIE}={page.token}"}
    answer = await page.shop.request("DELETE", f"{AUTH}/me", json={"password": PASSWORD}, headers=headers)
    assert answer.status_code == 204
    assert is_cleared(answer)


async def test_ending_another_session_keeps_the_cookie(page: Page) -> None:
    person = await page.sign_up()
    phone = await person.login()
    headers = {**person.headers, **PAGE, "Cookie": f"{REFRESH_COOKIE}={page.token}"}
    answers = [
        await page.shop.delete(f"{AUTH}/sessions/{session}", headers=headers)
        for session in (phone.session_id, person.session_id)
    ]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert "set-cookie" not in answers[0].headers
    assert is_cleared(answers[1])


async def test_the_cookie_lives_as_long_as_the_session_at_most(auth_settings: MakeSettings) -> None:
    clock = MovableClock(datetime(2026, 1, 1, tzinfo=UTC))
    settings = auth_settings(auth_session_longest_seconds=7200, auth_session_seconds=3600)
    async with running(create_app(settings, clock=clock)) as shop:
        page = Page(shop)
        await page.sign_up()
        clock.move(seconds=3000)
        answer = await page.post("/refresh")
        assert set_cookie(answer)["max-age"] == "4200"
        clock.move(seconds=3000)
        answer = await page.post("/refresh")
        assert set_cookie(answer)["max-age"] == "1200"
        clock.move(seconds=1000)
        answer = await page.post("/refresh")
        assert (answer.json()["expires_in"], set_cookie(answer)["max-age"]) == (200, "200")
        clock.move(seconds=200)
        assert is_cleared(await page.post("/refresh"))
