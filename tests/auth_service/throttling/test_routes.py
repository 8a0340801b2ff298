"""Failed sign-ins are slowed down, and the owner gets in."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from auth_service.main import create_app
from shared.ids import new_id
from tests.auth_service.attempts import (
    GATEWAY,
    attempt,
    exhaust,
    fresh_address,
    fresh_network,
    throttled,
    verifications,
)
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.apps import running
from tests.support.waiting import eventually


async def test_unknown_devices_wait_after_too_many_failures_at_one_account(
    auth_settings: MakeSettings,
) -> None:
    async with running(create_app(auth_settings(auth_failures_per_account=3))) as shop:
        ana = await Person.registered(shop)
        await exhaust(shop, ana.email, 3)
        before = throttled("account")
        refused = await attempt(shop, ana.email.upper(), PASSWORD)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 900
        assert refused.json()["type"].endswith("sign-in-throttled")
        assert "/codes" in refused.json()["detail"]
        assert throttled("account") == before + 1
        assert (await Person.registered(shop)).shop is shop


async def test_one_network_waits_at_one_account_before_all_others(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_failures_per_device=3))) as shop:
        ana, network = await Person.registered(shop), fresh_network()
        codes = [
            (await attempt(shop, ana.email, address=f"{network}::{host}")).status_code for host in range(4)
        ]
        assert codes == [401, 401, 401, 429]
        assert (await attempt(shop, ana.email, PASSWORD, address=f"{fresh_network()}::1")).status_code == 200


async def test_a_known_device_is_untouched_by_the_failures_of_others(auth_settings: MakeSettings) -> None:
    settings = auth_settings(auth_failures_per_account=2, auth_failures_per_network=2)
    address = fresh_address()
    async with running(create_app(settings)) as shop:
        ana, ben = await Person.registered(shop), await Person.registered(shop)
        await exhaust(shop, ana.email, 2)
        for _ in range(3):
            await attempt(shop, fresh_email(), address=address)
        assert (await attempt(shop, ana.email, PASSWORD, address=address)).status_code == 429
        known = await attempt(shop, ana.email, PASSWORD, address=address, device=ana.device_token)
        assert known.status_code == 200
        # The token of another account, a forged one and an altered one are those of unknown devices.
        for device in (ben.device_token, f"{ana.id}.{new_id()}.1772357400.AAAA", f"{ana.device_token}A"):
            refused = await attempt(shop, ana.email, PASSWORD, address=address, device=device)
            assert refused.status_code == 429


async def test_a_browser_is_known_by_its_cookie(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_failures_per_account=1))) as shop:
        ana = await Person.registered(shop)
        await exhaust(shop, ana.email, 1)
        cookie = {"Cookie": f"__Host-trolley-device={ana.device_token}", "Sec-Fetch-Site": "same-origin"}
        body = {"email": ana.email, "password": PASSWORD, "mode": "cookie"}
        answer = await shop.post(f"{AUTH}/login", json=body, headers=cookie)
        assert answer.status_code == 200
        set_cookies = [value for value in answer.headers.get_list("set-cookie") if "device" in value]
        assert len(set_cookies) == 1
        name, *attributes = set_cookies[0].split("; ")
        assert name.startswith("__Host-trolley-device=")
        assert set(attributes) == {"Max-Age=31536000", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"}


async def test_a_deleted_account_takes_its_device_out_of_the_browser(shop: httpx.AsyncClient) -> None:
    ana, ben, eve = [await Person.registered(shop) for _ in range(3)]
    cleared = []
    for person, device in ((eve, ben.device_token), (ana, ana.device_token)):
        headers = {**person.headers, "Cookie": f"__Host-trolley-device={device}"}
        answer = await shop.request("DELETE", f"{AUTH}/me", json={"password": PASSWORD}, headers=headers)
        assert answer.status_code == 204
        cleared.append(answer.headers.get_list("set-cookie"))
    kept, [cookie] = cleared
    assert kept == []
    assert cookie.startswith("__Host-trolley-device=; Max-Age=0; ")


async def test_a_stolen_device_waits_and_the_owners_other_one_does_not(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_failures_per_device=3))) as shop:
        ana = await Person.registered(shop)
        phone = await ana.login()
        assert phone.device_token != ana.device_token
        address = fresh_address()
        codes = [
            (await attempt(shop, ana.email, address=address, device=phone.device_token)).status_code
            for _ in range(4)
        ]
        assert codes == [401, 401, 401, 429]
        answer = await attempt(shop, ana.email, PASSWORD, device=ana.device_token)
        assert answer.status_code == 200


async def test_a_success_frees_the_device_and_not_the_account(auth_settings: MakeSettings) -> None:
    settings = auth_settings(auth_failures_per_account=4, auth_failures_per_device=2)
    async with running(create_app(settings)) as shop:
        ana, address = await Person.registered(shop), fresh_address()
        for _ in range(3):
            assert (await attempt(shop, ana.email, device=ana.device_token)).status_code == 401
            assert (await attempt(shop, ana.email, PASSWORD, device=ana.device_token)).status_code == 200
        for _ in range(4):
            assert (await attempt(shop, ana.email, address=address)).status_code == 401
            right = await attempt(shop, ana.email, PASSWORD, address=address)
        assert right.status_code == 429


async def test_of_attempts_at_the_same_time_no_more_are_looked_at_than_may_fail(
    auth_settings: MakeSettings,
) -> None:
    settings = auth_settings(auth_failures_per_device=3)
    async with running(create_app(settings)) as one, running(create_app(settings)) as other:
        ana = await Person.registered(one)
        before = verifications()
        answers = await asyncio.gather(*(attempt(shop, ana.email) for shop in (one, other) * 10))
        assert sorted(answer.status_code for answer in answers) == [401] * 3 + [429] * 17
        assert verifications() - before == 3


@pytest.mark.parametrize("is_known", [True, False])
async def test_right_passwords_at_the_same_time_are_all_let_in(
    auth_settings: MakeSettings, is_known: bool
) -> None:
    settings = auth_settings(auth_failures_per_device=1, auth_failures_per_account=1)
    async with running(create_app(settings)) as one, running(create_app(settings)) as other:
        ana = await Person.registered(one)
        device = ana.device_token if is_known else None
        tries = [attempt(shop, ana.email, PASSWORD, device=device) for shop in (one, other) * 10]
        assert {answer.status_code for answer in await asyncio.gather(*tries)} == {200}


async def test_right_passwords_given_again_at_the_same_time_are_all_taken(
    auth_settings: MakeSettings,
) -> None:
    settings = auth_settings(auth_failures_per_device=1)
    async with running(create_app(settings)) as one, running(create_app(settings)) as other:
        ana = await Person.registered(one)
        at_replicas = [ana.at(shop) for shop in (one, other) * 5]
        same = {"current_password": PASSWORD, "new_password": "short"}
        confirmations: list[Any] = [person.call("POST", "/password", same) for person in at_replicas]
        sign_ins: list[Any] = [attempt(shop, ana.email, PASSWORD) for shop in (one, other) * 5]
        refreshes: list[Any] = [person.refresh() for person in at_replicas]
        answers = await asyncio.gather(*confirmations, *sign_ins, *refreshes)
        assert {answer.status_code for answer in answers[:10]} == {422}
        assert {answer.status_code for answer in answers[10:]} == {200}


async def test_an_unknown_address_is_slowed_down_as_well_and_the_answers_are_the_same(
    auth_settings: MakeSettings,
) -> None:
    async with running(create_app(auth_settings(auth_failures_per_account=2))) as shop:
        ana = await Person.registered(shop)
        refusals = []
        for email in (ana.email, fresh_email()):
            await exhaust(shop, email, 2)
            answer = await attempt(shop, email)
            document = {
                name: value for name, value in answer.json().items() if name not in ("request_id", "instance")
            }
            refusals.append((answer.status_code, document))
        assert refusals[0][0] == 429
        assert refusals[0] == refusals[1]


async def test_the_right_password_is_never_counted(auth_settings: MakeSettings) -> None:
    settings = auth_settings(auth_failures_per_account=1, auth_failures_per_device=1)
    async with running(create_app(settings)) as shop:
        ana = await Person.registered(shop)
        assert {(await attempt(shop, ana.email, PASSWORD)).status_code for _ in range(5)} == {200}


async def test_an_account_opens_again_after_the_wait(auth_settings: MakeSettings) -> None:
    settings = auth_settings(auth_failures_per_device=1, auth_longest_wait_seconds=0.5)
    async with running(create_app(settings)) as shop:
        ana = await Person.registered(shop)
        await attempt(shop, ana.email)

        async def open_again() -> bool:
            return (await attempt(shop, ana.email, PASSWORD)).status_code == 200

        await eventually(open_again, every=0.1)


async def test_a_network_with_many_failures_does_not_shut_out_its_neighbours(
    auth_settings: MakeSettings,
) -> None:
    settings = auth_settings(auth_failures_per_network=5)
    async with running(create_app(settings)) as shop:
        ana, address = await Person.registered(shop), fresh_address()
        for _ in range(20):
            assert (await attempt(shop, fresh_email(), address=address)).status_code == 401
        mistyped = await attempt(shop, ana.email, address=address)
        assert mistyped.status_code == 401
        assert (await attempt(shop, ana.email, PASSWORD, address=address)).status_code == 429
        ben = await Person.registered(shop)
        assert (await attempt(shop, ben.email, PASSWORD, address=address)).status_code == 200


async def test_a_network_that_tries_account_after_account_waits_at_all_of_them(
    auth_settings: MakeSettings,
) -> None:
    settings = auth_settings(auth_failures_per_network=1)
    async with running(create_app(settings)) as shop:
        network = fresh_network()
        codes = [
            (await attempt(shop, fresh_email(), address=f"{network}::{host}")).status_code
            for host in range(20)
        ]
        assert codes == [401] * 10 + [429] * 10
        ana = await Person.registered(shop)
        assert (await attempt(shop, ana.email, PASSWORD, address=f"{fresh_network()}::1")).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "setting"),
    [("/guest", None, "auth_guests_per_minute"), ("/register", {}, "auth_sign_ups_per_minute")],
)
async def test_a_network_makes_only_so_many_accounts_and_guests_in_a_minute(
    auth_settings: MakeSettings, path: str, body: dict[str, str] | None, setting: str
) -> None:
    async def sign_up(address: str) -> httpx.Response:
        filled = None if body is None else {"name": "Ana", "email": fresh_email(), "password": PASSWORD}
        headers = {**GATEWAY, "X-Forwarded-For": address}
        return await shop.post(f"{AUTH}{path}", json=filled, headers=headers)

    network = fresh_network()
    async with running(create_app(auth_settings(**{setting: 2}))) as shop:
        for host in range(2):
            assert (await sign_up(f"{network}::{host}")).status_code == 201
        refused = await sign_up(f"{network}::3")
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert (await sign_up(f"{fresh_network()}::1")).status_code == 201


async def test_past_the_sign_ups_nobody_hears_whether_an_address_is_taken(
    auth_settings: MakeSettings,
) -> None:
    async with running(create_app(auth_settings(auth_sign_ups_per_minute=2))) as shop:
        headers = {**GATEWAY, "X-Forwarded-For": f"{fresh_network()}::1"}
        taken = fresh_email()

        async def register(email: str) -> httpx.Response:
            body = {"name": "Ana", "email": email, "password": PASSWORD}
            return await shop.post(f"{AUTH}/register", json=body, headers=headers)

        assert [(await register(taken)).status_code for _ in range(2)] == [201, 409]
        refusals = [await register(email) for email in (taken, fresh_email())]
        assert [answer.status_code for answer in refusals] == [429, 429]
