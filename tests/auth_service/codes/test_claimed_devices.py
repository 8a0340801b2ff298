"""Who takes over an account that somebody else registered is rid of that person's device tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from auth_service.accounts.credentials import NewAccount
from auth_service.bootstrap import open_operator_tools
from auth_service.codes.model import CodePurpose
from auth_service.codes.using import GivenCode
from auth_service.keys.signing import Secrets
from auth_service.main import create_app
from auth_service.service import AuthService
from auth_service.throttling.devices import PURPOSE, DeviceTokens
from tests.auth_service.attempts import GATEWAY, attempt, fresh_address
from tests.auth_service.conftest import CLIENT, MakeSettings, World
from tests.auth_service.gates import Gate
from tests.auth_service.mailed_codes import Codes
from tests.auth_service.people import AUTH, PASSWORD, Person
from tests.support.apps import running
from tests.support.mails import MailsInFolder

NEW = "staple horse battery"
WAYS = [("sign_in", {}), ("reset", {"new_password": NEW})]


@pytest.fixture
async def shop(auth_settings: MakeSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A shop where an unknown device may fail once, and known ones once more each."""
    settings = auth_settings(auth_failures_per_account=1, auth_failures_per_device=1)
    async with running(create_app(settings)) as client:
        yield client


async def is_known(shop: httpx.AsyncClient, email: str, token: str) -> bool:
    """Whether the account knows the device, after strangers used up the account's budget."""
    await attempt(shop, email)
    return (await attempt(shop, email, device=token)).status_code == 401


@pytest.mark.parametrize(("purpose", "more"), WAYS)
async def test_device_tokens_from_before_a_claim_are_void(
    codes: Codes, ana: Person, purpose: str, more: dict[str, str]
) -> None:
    strangers = [ana.device_token, *[(await ana.login()).device_token for _ in range(2)]]
    answer = await codes.through(ana.email, purpose, **more)
    assert answer.status_code == 200
    for token in strangers:
        assert not await is_known(codes.shop, ana.email, token)
    assert await is_known(codes.shop, ana.email, answer.json()["session"]["device_token"])


@pytest.mark.parametrize(("purpose", "more"), WAYS)
async def test_device_tokens_of_a_verified_account_stay(
    codes: Codes, ana: Person, purpose: str, more: dict[str, str]
) -> None:
    assert (await codes.through(ana.email, "verify", by=ana)).status_code == 200
    assert (await codes.through(ana.email, purpose, **more)).status_code == 200
    assert await is_known(codes.shop, ana.email, ana.device_token)


async def test_device_tokens_stay_when_the_signed_in_owner_verifies(codes: Codes, ana: Person) -> None:
    assert (await codes.through(ana.email, "verify", by=ana)).status_code == 200
    assert await is_known(codes.shop, ana.email, ana.device_token)


async def test_device_tokens_of_sign_ins_after_a_claim_count(codes: Codes, ana: Person) -> None:
    assert (await codes.through(ana.email, "reset", new_password=NEW)).status_code == 200
    again = await attempt(codes.shop, ana.email, NEW, device=ana.device_token)
    unlocked = await codes.through(ana.email, "unlock")
    for token in (again.json()["device_token"], unlocked.json()["device_token"]):
        assert await is_known(codes.shop, ana.email, token)


async def test_a_void_device_token_asks_for_codes_as_a_stranger(
    auth_settings: MakeSettings, codes: Codes, ana: Person
) -> None:
    answer = await codes.through(ana.email, "sign_in")
    owners = answer.json()["session"]["device_token"]
    async with running(create_app(auth_settings(auth_mails_per_network=1))) as shop:
        body, address = {"email": ana.email, "purpose": "sign_in"}, fresh_address()

        async def status(token: str) -> int:
            headers = {**GATEWAY, "X-Forwarded-For": address, "Device-Token": token}
            sent = await shop.post(f"{AUTH}/codes", json=body, headers=headers)
            return sent.status_code

        tokens = ("of nobody", ana.device_token, owners)
        assert [await status(token) for token in tokens] == [202, 429, 202]


async def test_the_password_before_the_claim_opens_nothing(codes: Codes, ana: Person) -> None:
    assert (await codes.through(ana.email, "sign_in")).status_code == 200
    refused = await attempt(codes.shop, ana.email, PASSWORD, device=ana.device_token)
    assert refused.status_code == 401


async def test_the_operators_new_password_voids_device_tokens_of_an_unverified_account(
    auth_settings: MakeSettings, codes: Codes, ana: Person
) -> None:
    ben = await Person.registered(codes.shop)
    assert (await codes.through(ben.email, "verify", by=ben)).status_code == 200
    async with open_operator_tools(auth_settings()) as operator:
        for person in (ana, ben):
            await operator.set_password(person.email, NEW)
    known = [await is_known(codes.shop, each.email, each.device_token) for each in (ana, ben)]
    assert known == [False, True]


async def test_an_own_new_password_keeps_the_devices(codes: Codes, ana: Person) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert (await ana.call("POST", "/password", body)).status_code == 204
    assert await is_known(codes.shop, ana.email, ana.device_token)


async def test_a_sign_in_under_way_during_a_claim_gets_no_device_token_that_counts(
    auth: AuthService, world: World, mails: MailsInFolder, account: NewAccount
) -> None:
    """A stranger's session is open, and the claim comes before the token is made."""
    await auth.sign_in.register(account, CLIENT)
    gate = Gate(world.adapters.sessions, "update")
    slow = await world.compose(sessions=gate)
    stranger = asyncio.create_task(slow.sign_in.login(account.email, account.password, CLIENT))
    await gate.reached.wait()
    handle = await auth.codes.request(account.email, CodePurpose.SIGN_IN, CLIENT)
    code = await mails.code(account.email, "sign in")
    given = GivenCode(handle.code_id, code, CodePurpose.SIGN_IN, account.email)
    owner = await auth.code_use.sign_in(given, CLIENT)
    gate.open()
    tokens = [(await stranger).device_token, owner.device_token]
    secret = world.settings.auth_secret.get_secret_value()
    devices = DeviceTokens(Secrets(secret).keys(PURPOSE), world.clock)
    user = await world.adapters.users.get(owner.user.id)
    assert user
    assert [devices.read(token, user) is not None for token in tokens] == [False, True]
