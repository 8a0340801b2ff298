"""A stranger on the owner's network who asks for many codes keeps the owner from none."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from auth_service.main import create_app
from auth_service.settings import AuthSettings
from tests.auth_service.attempts import GATEWAY, attempt, fresh_address
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.mailed_codes import Codes
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.apps import running
from tests.support.mails import MailsInFolder

FLOOD = 60
DEFAULT = AuthSettings.model_fields["auth_mails_per_network"].default


async def ask(shop: httpx.AsyncClient, email: str, address: str, device: str = "") -> httpx.Response:
    headers = {**GATEWAY, "X-Forwarded-For": address, **({"Device-Token": device} if device else {})}
    return await shop.post(f"{AUTH}/codes", json={"email": email, "purpose": "sign_in"}, headers=headers)


async def change(owner: Person, address: str, email: str | None = None) -> httpx.Response:
    headers = {**GATEWAY, **owner.headers, "X-Forwarded-For": address}
    body = {"email": email or fresh_email(), "password": PASSWORD}
    return await owner.shop.post(f"{AUTH}/email", json=body, headers=headers)


async def flooded(shop: httpx.AsyncClient, emails: list[str]) -> str:
    """The address of a network from which a stranger has asked for codes to these addresses."""
    address = fresh_address()
    answers = await asyncio.gather(*(ask(shop, email, address) for email in emails))
    assert {answer.status_code for answer in answers} == {202}
    return address


@pytest.mark.parametrize("is_aimed", [False, True])
async def test_sixty_codes_of_a_stranger_keep_no_new_device_out(
    auth_settings: MakeSettings, mails: MailsInFolder, is_aimed: bool
) -> None:
    async with running(create_app(auth_settings(auth_mails_per_network=DEFAULT))) as shop:
        ana = await Person.registered(shop)
        address = await flooded(shop, [ana.email if is_aimed else fresh_email() for _ in range(FLOOD)])
        for _ in range(11):
            await attempt(shop, ana.email, address=address)
        assert (await attempt(shop, ana.email, PASSWORD, address=address)).status_code == 429
        asked = await ask(shop, ana.email, address)
        assert asked.status_code == 202, asked.text
        codes = Codes(shop, mails)
        code = await codes.mailed(ana.email, "sign_in")
        used = await codes.use(asked.json()["code_id"], code, "sign_in", ana.email)
        assert used.status_code == 200, used.text


async def test_a_known_device_asks_for_codes_where_strangers_have_asked_for_too_many(
    auth_settings: MakeSettings,
) -> None:
    async with running(create_app(auth_settings(auth_mails_per_network=3))) as shop:
        ana, ben = await Person.registered(shop), await Person.registered(shop)
        address = await flooded(shop, [fresh_email() for _ in range(3)])
        assert (await ask(shop, ana.email, address)).status_code == 429
        assert [(await ask(shop, ana.email, address, ana.device_token)).status_code for _ in range(4)] == [
            *([202] * 3),
            429,
        ]
        for email, device in ((ana.email, ben.device_token), (fresh_email(), ana.device_token)):
            assert (await ask(shop, email, address, device)).status_code == 429


async def test_codes_for_known_devices_do_not_count_for_the_network(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_mails_per_network=1))) as shop:
        ana, address = await Person.registered(shop), fresh_address()
        assert (await ask(shop, ana.email, address, ana.device_token)).status_code == 202
        assert (await ask(shop, fresh_email(), address)).status_code == 202


async def test_past_the_networks_codes_no_answer_tells_who_has_an_account(
    auth_settings: MakeSettings,
) -> None:
    async with running(create_app(auth_settings(auth_mails_per_network=3))) as shop:
        ana = await Person.registered(shop)
        address = await flooded(shop, [fresh_email() for _ in range(3)])
        refusals = [await ask(shop, email, address) for email in (ana.email, fresh_email())]
        assert {answer.status_code for answer in refusals} == {429}
        assert len({answer.json()["type"] for answer in refusals}) == 1


async def test_a_signed_in_owner_changes_the_address_where_strangers_have_asked_for_too_many(
    auth_settings: MakeSettings,
) -> None:
    settings = auth_settings(auth_mails_per_network=3, auth_mails_per_account=2)
    async with running(create_app(settings)) as shop:
        ana = await Person.registered(shop)
        address = await flooded(shop, [fresh_email() for _ in range(3)])
        answers = [await change(ana, address) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 300


async def test_changes_of_an_address_do_not_count_for_the_network(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_mails_per_network=1))) as shop:
        ana, address = await Person.registered(shop), fresh_address()
        assert [(await change(ana, address)).status_code for _ in range(2)] == [202, 202]
        assert (await ask(shop, fresh_email(), address)).status_code == 202


async def test_many_accounts_do_not_fill_one_mailbox(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_mails_per_account=1))) as shop:
        address, victim = fresh_address(), fresh_email()
        people = [await Person.registered(shop) for _ in range(11)]
        answers = [await change(each, address, victim) for each in people]
        assert [answer.status_code for answer in answers] == [202] * 10 + [429]
