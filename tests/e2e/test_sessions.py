"""Sessions through the gateway, with two replicas of auth."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from shared.ids import new_id
from tests.e2e.shops import Shop
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

AUTH = "/api/v1/auth"
COOKIE = "__Host-trolley-refresh"
PAGE = {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"}


async def signed_in(shop: Shop, **more: Any) -> httpx.Response:
    body = {"name": "Ann", "email": f"{new_id()}@example.com", "password": "staple battery horse", **more}
    answer = await shop.client.post(f"{AUTH}/register", json=body, headers=PAGE)
    assert answer.status_code == 201, answer.text
    return answer


async def refresh(shop: Shop, token: str) -> httpx.Response:
    return await shop.client.post(f"{AUTH}/refresh", json={"refresh_token": token})


async def test_fifty_parallel_refreshes_and_their_repeats_make_one_family(own_shop: Shop) -> None:
    first = (await signed_in(own_shop)).json()["refresh_token"]
    answers = await asyncio.gather(*(refresh(own_shop, first) for _ in range(50)))
    answers += await asyncio.gather(*(refresh(own_shop, first) for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 60
    [second] = {answer.json()["refresh_token"] for answer in answers}
    third = (await refresh(own_shop, second)).json()

    assert (await refresh(own_shop, first)).status_code == 401  # two generations old
    token = {"Authorization": f"Bearer {third['access_token']}"}

    async def is_refused_everywhere() -> bool:
        paths = [f"{AUTH}/me", "/api/v1/cart"] * 10  # the gateway takes one replica after the other
        answers = await asyncio.gather(*(own_shop.client.get(path, headers=token) for path in paths))
        return all(answer.status_code == 401 for answer in answers)

    await eventually(is_refused_everywhere)
    assert (await refresh(own_shop, third["refresh_token"])).status_code == 401


async def test_a_page_keeps_its_session_in_the_cookie_alone(own_shop: Shop) -> None:
    answer = await signed_in(own_shop, mode="cookie")
    assert answer.json()["refresh_token"] is None
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert answer.headers["access-control-allow-credentials"] == "true"
    for _ in range(3):
        cookie = {"Cookie": next(line for line in answer.headers.get_list("set-cookie") if COOKIE in line)}
        assert "; Secure; HttpOnly; SameSite=Lax" in cookie["Cookie"]
        cookie = {"Cookie": cookie["Cookie"].partition(";")[0]}
        answer = await own_shop.client.post(f"{AUTH}/refresh", headers={**PAGE, **cookie})
        assert (answer.status_code, answer.json()["refresh_token"]) == (200, None)
    own_page = {"Origin": str(own_shop.client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert (await own_shop.client.post(f"{AUTH}/refresh", headers={**own_page, **cookie})).status_code == 200
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert (await own_shop.client.post(f"{AUTH}/refresh", headers={**foreign, **cookie})).status_code == 403


async def test_a_revoked_token_is_refused_through_the_gateway(own_shop: Shop) -> None:
    session = (await signed_in(own_shop)).json()
    answer = await own_shop.client.post(f"{AUTH}/revoke", data={"token": session["refresh_token"]})
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await refresh(own_shop, session["refresh_token"])).status_code == 401
