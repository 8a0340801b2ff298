"""How long codes live, how many are mailed, and what the store gives away."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from auth_service.accounts.credentials import NewAccount
from auth_service.clients import Client
from auth_service.codes.errors import InvalidCode
from auth_service.codes.issuing import CodeHandle
from auth_service.codes.model import CodePurpose
from auth_service.codes.removal import remove_expired_codes
from auth_service.codes.store import CODE_REQUESTS, MAILED_CODES
from auth_service.codes.using import GivenCode
from auth_service.service import AuthService
from auth_service.sessions.tokens import SignedIn
from shared.errors import TooManyRequests
from shared.ids import new_id
from tests.auth_service.conftest import CLIENT, MakeSettings, World, open_world
from tests.auth_service.people import fresh_email
from tests.support.clock import MovableClock
from tests.support.mails import MailsInFolder, code_in
from tests.support.waiting import eventually

SUBJECT = "sign in"


@pytest.fixture
def email(signed_in: SignedIn) -> str:
    """The address of an account."""
    return signed_in.user.email


async def ask(auth: AuthService, email: str, client: Client = CLIENT) -> CodeHandle:
    return await auth.codes.request(email, CodePurpose.SIGN_IN, client)


async def sign_in(auth: AuthService, handle: CodeHandle, code: str, email: str) -> SignedIn:
    return await auth.code_use.sign_in(GivenCode(handle.code_id, code, CodePurpose.SIGN_IN, email), CLIENT)


async def test_a_code_lives_for_ten_minutes(
    auth: AuthService, clock: MovableClock, mails: MailsInFolder, email: str
) -> None:
    handle = await ask(auth, email)
    code = await mails.code(email, SUBJECT)
    assert handle.expires_in == 600
    clock.move(seconds=601)
    with pytest.raises(InvalidCode):
        await sign_in(auth, handle, code, email)


async def test_a_code_works_until_then(
    auth: AuthService, clock: MovableClock, mails: MailsInFolder, email: str
) -> None:
    handle = await ask(auth, email)
    code = await mails.code(email, SUBJECT)
    clock.move(seconds=590)
    assert (await sign_in(auth, handle, code, email)).user.email == email


async def test_a_newer_code_leaves_the_older_one_valid(
    auth: AuthService, clock: MovableClock, mails: MailsInFolder, email: str
) -> None:
    """Somebody else may have asked for the newer one."""
    first = await ask(auth, email)
    code = await mails.code(email, SUBJECT)
    clock.move(seconds=61)
    second = await ask(auth, email)
    newer = await mails.code(email, SUBJECT, 2)
    assert code != newer
    with pytest.raises(InvalidCode):
        await sign_in(auth, second, code, email)
    assert (await sign_in(auth, first, code, email)).user.email == email


async def test_strangers_cause_few_mails_and_the_owner_still_gets_in(
    auth: AuthService, clock: MovableClock, mails: MailsInFolder, email: str
) -> None:
    """A request every 40 seconds for an hour, each from another network."""
    for number in range(90):
        await ask(auth, email, Client(f"198.51.100.{number}"))
        clock.move(seconds=40)
    handle = await ask(auth, email)

    async def settled() -> bool:
        newest = (await auth_codes(auth, handle))[1]
        return any(newest in str(mail) for mail in mails.all(email, SUBJECT))

    await eventually(settled)
    assert len(mails.all(email, SUBJECT)) <= 25
    _, code = await auth_codes(auth, handle)
    assert (await sign_in(auth, handle, code, email)).user.email == email


async def auth_codes(auth: AuthService, handle: CodeHandle) -> tuple[str, str]:
    """The id of the codes that the handle belongs to, and its code."""
    request = await auth.codes._requests.get(handle.code_id)
    assert request is not None
    return request.codes_id, auth.codes._derivation.code(request.codes_id, request.nonce)


async def test_one_network_asks_for_so_many_codes_and_no_more(
    auth_settings: MakeSettings, clock: MovableClock
) -> None:
    async with open_world(auth_settings(auth_mails_per_network=3), clock) as world:
        auth, client = await world.compose(), Client(f"2001:db8:{new_id()[-4:]}:{new_id()[-4:]}::1")
        for _ in range(3):
            await ask(auth, fresh_email(), client)
        with pytest.raises(TooManyRequests):
            await ask(auth, fresh_email(), client)


async def test_a_code_outlives_a_change_of_the_secret(
    auth_settings: MakeSettings, world: World, auth: AuthService, mails: MailsInFolder, email: str
) -> None:
    handle = await ask(auth, email)
    code = await mails.code(email, SUBJECT)
    changed = auth_settings(
        auth_secret="a new secret of a fair length",
        auth_secret_previous=world.settings.auth_secret.get_secret_value(),
    )
    async with open_world(changed, world.clock) as renewed:
        replica = await renewed.compose()
        assert (await sign_in(replica, handle, code, email)).user.email == email


async def test_the_store_gives_nobody_a_code_or_an_address(
    world: World, auth: AuthService, mails: MailsInFolder, email: str
) -> None:
    stranger = fresh_email()
    for address in (email, stranger):
        await ask(auth, address)
    code = code_in(await mails.wait(email, SUBJECT))
    for collection in (MAILED_CODES, CODE_REQUESTS):
        store = await world.backends.stores.open(collection)
        await store.refresh()
        documents = [document async for document in store.scan([])]
        assert documents
        kept = "".join(f"{document.id} {orjson.dumps(document.body).decode()}" for document in documents)
        for word in (email, stranger, code, code.replace("-", "")):
            assert word not in kept


async def test_expired_codes_are_removed(
    world: World, auth: AuthService, account: NewAccount, mails: MailsInFolder, email: str
) -> None:
    await ask(auth, email)
    await mails.wait(email, SUBJECT)
    world.clock.move(hours=2)

    async def left() -> int:
        await remove_expired_codes(world.adapters.mailing.expiring, world.clock)
        stores = [await world.backends.stores.open(each) for each in (MAILED_CODES, CODE_REQUESTS)]
        for store in stores:
            await store.refresh()
        return sum([len([document async for document in store.scan([])]) for store in stores])

    async def none_left() -> bool:
        return await left() == 0

    await eventually(none_left)


async def test_a_repeated_code_lives_as_long_as_its_own_request_says(
    auth: AuthService, clock: MovableClock, mails: MailsInFolder, email: str
) -> None:
    await ask(auth, email)
    clock.move(seconds=50)
    repeated = await ask(auth, email)
    assert timedelta(seconds=repeated.expires_in) == timedelta(minutes=10)
    code = await mails.code(email, SUBJECT)
    clock.move(seconds=595)
    assert (await sign_in(auth, repeated, code, email)).user.email == email
