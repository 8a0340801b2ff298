"""Revoking a token (RFC 7009) ends its session."""

from __future__ import annotations

from urllib.parse import urlencode

import httpx
import pytest

from auth_service.browsers import REFRESH_COOKIE
from auth_service.main import create_app
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, Person
from tests.auth_service.sessions.test_routes import becomes_refused
from tests.support.apps import running
from tests.support.tokens import TokenIssuer

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def revoke(shop: httpx.AsyncClient, token: str, **others: str) -> httpx.Response:
    return await shop.post(f"{AUTH}/revoke", data={"token": token, **others})


HINTS: list[dict[str, str]] = [
    {},
    {"token_type_hint": "refresh_token"},
    {"token_type_hint": "access_token"},
    {"token_type_hint": "saml2_assertion", "client_id": "an app", "client_secret": "x"},
]


@pytest.mark.parametrize("hint", HINTS)
@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_either_token_ends_its_session(
    ana: Person, auth_settings: MakeSettings, kind: str, hint: dict[str, str]
) -> None:
    phone = await ana.login()
    async with running(create_app(auth_settings())) as replica:
        answer = await revoke(replica, getattr(ana, kind), **hint)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["cache-control"] == "no-store"
        await becomes_refused(ana)
        await becomes_refused(ana.at(replica))
    assert (await ana.refresh()).status_code == 401
    assert (await phone.refresh()).status_code == 200
    assert [s["id"] for s in (await phone.call("GET", "/sessions")).json()["items"]] == [phone.session_id]
    assert (await revoke(ana.shop, getattr(ana, kind))).status_code == 200


async def test_a_spent_refresh_token_ends_its_session_too(ana: Person) -> None:
    newest = await (await ana.renewed()).renewed()
    assert (await revoke(ana.shop, ana.refresh_token)).status_code == 200
    assert (await newest.refresh()).status_code == 401
    await becomes_refused(newest)


async def test_a_guest_may_revoke(shop: httpx.AsyncClient) -> None:
    guest = Person.of(shop, "", (await shop.post(f"{AUTH}/guest")).json())
    assert (await revoke(shop, guest.refresh_token)).status_code == 200
    await becomes_refused(guest)


async def test_what_is_no_token_is_revoked_already(ana: Person) -> None:
    known, _, proof = ana.refresh_token.rpartition(".")
    forged = TokenIssuer().token(ana.id, session_id=ana.session_id)
    tokens = [
        *("x", "a.b.c", "é", "\x00", "x" * 4096, forged, f"{ana.access_token}x"),
        *(ana.session_id, f"{ana.session_id}.1.x", f"{known}1.{proof}", f"{ana.session_id}.x"),
    ]
    for token in tokens:
        answer = await revoke(ana.shop, token)
        assert (answer.status_code, answer.content) == (200, b"")
    assert await ana.status() == 200
    assert (await ana.refresh()).status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        "",
        "token=",
        "token_type_hint=refresh_token",
        "token=a&token=b",
        urlencode({"token": "x" * 4097}),
        urlencode({"token": "x", "token_type_hint": "x" * 101}),
        "token=%ff",
    ],
)
async def test_a_form_without_one_token_is_refused_in_the_words_of_oauth(
    shop: httpx.AsyncClient, form: str
) -> None:
    answer = await shop.post(f"{AUTH}/revoke", content=form, headers=FORM)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["type"] == "urn:trolley:problem:token-request-refused"


async def test_json_is_no_form(shop: httpx.AsyncClient) -> None:
    assert (await shop.post(f"{AUTH}/revoke", json={"token": "x"})).status_code == 415


async def test_the_cookie_of_the_session_goes_with_it(ana: Person) -> None:
    phone = await ana.login()
    cookie = {"Cookie": f"{REFRESH_COOKIE}={ana.refresh_token}"}
    answers = [
        await ana.shop.post(f"{AUTH}/revoke", data={"token": token}, headers=cookie)
        for token in ("x", phone.refresh_token, ana.access_token)
    ]
    assert ["set-cookie" in answer.headers for answer in answers] == [False, False, True]
    assert answers[2].headers["set-cookie"].startswith(f"{REFRESH_COOKIE}=; Max-Age=0;")
