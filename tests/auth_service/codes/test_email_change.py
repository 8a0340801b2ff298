"""Changing the address of an account."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import nats
import pytest
from nats.aio.msg import Msg

from auth_service.accounts.credentials import NewAccount, new_account
from auth_service.accounts.emails import claim_id
from auth_service.accounts.errors import EmailAlreadyRegistered, InvalidCredentials
from auth_service.accounts.model import EmailClaim
from auth_service.codes.errors import InvalidCode
from auth_service.codes.issuing import CodeHandle
from auth_service.service import AuthService
from auth_service.sessions.model import RefreshToken
from auth_service.sessions.tokens import SignedIn
from shared.aggregates.change import Change
from shared.security.identity import Identity, Role
from tests.auth_service.conftest import CLIENT, World
from tests.auth_service.gates import Gate
from tests.auth_service.mailed_codes import Codes
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.clock import MovableClock
from tests.support.mails import MailsInFolder
from tests.support.waiting import eventually


async def ask(person: Person, email: str, password: str = PASSWORD) -> httpx.Response:
    return await person.call("POST", "/email", {"email": email, "password": password})


async def confirm(person: Person, code_id: str, code: str) -> httpx.Response:
    return await person.call("POST", "/email/confirm", {"code_id": code_id, "code": code})


async def test_an_address_changes_by_a_code_to_the_new_one(codes: Codes, ana: Person) -> None:
    phone, new = await ana.login(), fresh_email()
    asked = await ask(ana, new)
    assert asked.status_code == 202
    assert (await ana.call("GET", "/me")).json()["email"] == ana.email
    code = await codes.mailed(new, "change_email")
    changed = await confirm(ana, asked.json()["code_id"], code)
    assert changed.status_code == 200
    assert (changed.json()["email"], changed.json()["email_verified"]) == (new, True)
    assert [await each.status() for each in (ana, phone)] == [200, 200]
    assert (await phone.refresh()).status_code == 200
    logins = [
        await codes.shop.post(f"{AUTH}/login", json={"email": email, "password": PASSWORD})
        for email in (ana.email, new)
    ]
    assert [login.status_code for login in logins] == [401, 200]
    await codes.mails.wait(ana.email, "was changed")
    again = {"name": "Bea", "email": ana.email, "password": PASSWORD}
    assert (await codes.shop.post(f"{AUTH}/register", json=again)).status_code == 201


async def test_no_address_is_published(codes: Codes, ana: Person, nats_url: str) -> None:
    client, new = await nats.connect(nats_url), fresh_email()
    heard: list[bytes] = []

    async def hear(message: Msg) -> None:
        heard.append(message.data)

    await client.subscribe(f"shop.*.*.{ana.id}", cb=hear)
    asked = await ask(ana, new)
    code = await codes.mailed(new, "change_email")
    assert (await confirm(ana, asked.json()["code_id"], code)).status_code == 200
    assert (await ana.call("DELETE", "/me", {"password": PASSWORD})).status_code == 204
    await eventually(lambda: any(b"user.deleted" in data for data in heard))
    assert any(b"user.email_changed" in data for data in heard)
    for word in (ana.email, new, code):
        assert word.encode() not in b"".join(heard)
    await client.close()


async def test_a_change_needs_the_password_and_an_account(codes: Codes, ana: Person) -> None:
    assert (await ask(ana, fresh_email(), "wrong horse battery")).status_code == 403
    assert (await ask(ana, "no address")).status_code == 422
    guest = (await codes.shop.post(f"{AUTH}/guest")).json()
    headers = {"Authorization": f"Bearer {guest['access_token']}"}
    for path, body in (
        ("/email", {"email": fresh_email(), "password": PASSWORD}),
        ("/email/confirm", {"code_id": "0" * 32, "code": "WDJB-MJHT"}),
    ):
        answer = await codes.shop.post(f"{AUTH}{path}", json=body, headers=headers)
        assert answer.json()["type"] == "urn:trolley:problem:guest-has-no-account"


async def test_the_owner_of_a_taken_address_is_told_and_nobody_else(codes: Codes, ana: Person) -> None:
    bea = await Person.registered(codes.shop)
    asked, free = await ask(ana, bea.email), await ask(ana, fresh_email())
    assert asked.status_code == free.status_code == 202
    assert asked.json().keys() == free.json().keys()
    assert asked.json()["expires_in"] == free.json()["expires_in"]
    await codes.mails.wait(bea.email, "has an account")
    assert codes.mails.all(bea.email, "Confirm your new address") == []


async def test_a_code_of_another_account_changes_nothing(codes: Codes, ana: Person) -> None:
    bea, new = await Person.registered(codes.shop), fresh_email()
    asked = await ask(ana, new)
    code = await codes.mailed(new, "change_email")
    answer = await confirm(bea, asked.json()["code_id"], code)
    assert answer.json()["type"] == "urn:trolley:problem:invalid-code"
    answer = await codes.use(asked.json()["code_id"], code, "verify", new, by=ana)
    assert answer.json()["type"] == "urn:trolley:problem:invalid-code"
    assert (await confirm(ana, asked.json()["code_id"], code)).status_code == 200


async def test_codes_from_before_the_change_are_void(codes: Codes, ana: Person) -> None:
    code_id = await codes.request(ana.email, "sign_in")
    code = await codes.mailed(ana.email, "sign_in")
    new = fresh_email()
    asked = await ask(ana, new)
    changing = await codes.mailed(new, "change_email")
    assert (await confirm(ana, asked.json()["code_id"], changing)).status_code == 200
    for email in (ana.email, new):
        answer = await codes.use(code_id, code, "sign_in", email)
        assert answer.json()["type"] == "urn:trolley:problem:invalid-code"


async def test_the_own_address_may_be_confirmed_and_is_verified(codes: Codes, ana: Person) -> None:
    asked = await ask(ana, ana.email)
    code = await codes.mailed(ana.email, "change_email")
    answer = (await confirm(ana, asked.json()["code_id"], code)).json()
    assert (answer["email"], answer["email_verified"]) == (ana.email, True)
    assert await (await ana.login()).status() == 200


# With one process whose adapters wait:


def identity_of(world: World, signed_in: SignedIn) -> Identity:
    token = RefreshToken.parse(signed_in.refresh_token)
    assert token is not None
    now = world.clock.now()
    return Identity(signed_in.user.id, token.session_id, Role.CUSTOMER, frozenset(), now, now)


async def asked_to_change(auth: AuthService, identity: Identity, new: str) -> CodeHandle:
    return await auth.email_change.request(identity, new, PASSWORD, CLIENT)


async def login(auth: AuthService, email: str) -> str:
    return (await auth.sign_in.login(email, PASSWORD, CLIENT)).user.id


async def test_of_two_accounts_that_change_to_one_address_one_wins(
    world: World, auth: AuthService, mails: MailsInFolder
) -> None:
    new = fresh_email()
    people = [
        identity_of(world, await auth.sign_in.register(new_account("Ana", fresh_email(), PASSWORD), CLIENT))
        for _ in range(2)
    ]
    handles = [await asked_to_change(auth, person, new) for person in people]
    await mails.wait(new, "Confirm your new address", count=2)
    codes = [world.adapters.mailing.derivation.code(*await code_ids(world, handle)) for handle in handles]
    results = await asyncio.gather(
        *(
            auth.email_change.confirm(person, handle.code_id, code, CLIENT)
            for person, handle, code in zip(people, handles, codes, strict=True)
        ),
        return_exceptions=True,
    )
    winners = [result.id for result in results if not isinstance(result, BaseException)]
    assert len(winners) == 1
    assert {type(result) for result in results if isinstance(result, BaseException)} == {
        EmailAlreadyRegistered
    }
    assert await login(auth, new) == winners[0]


async def code_ids(world: World, handle: CodeHandle) -> tuple[str, str]:
    request = await world.adapters.mailing.requests.get(handle.code_id)
    assert request is not None
    return request.codes_id, request.nonce


async def right_code(world: World, handle: CodeHandle) -> str:
    return world.adapters.mailing.derivation.code(*await code_ids(world, handle))


@pytest.mark.parametrize("step", ["claimed", "written", "confirmed"])
async def test_a_change_that_dies_between_its_steps_heals(
    world: World, auth: AuthService, clock: MovableClock, account: NewAccount, identity: Identity, step: str
) -> None:
    """The account has the one address or the other, and the remaining one is free for everybody."""
    new = fresh_email()
    handle = await asked_to_change(auth, identity, new)
    gates = {
        "claimed": Gate(world.adapters.users, "update"),
        "written": Gate(world.adapters.claims, "update", calls_to_pass=1),
        "confirmed": Gate(world.adapters.claims, "release"),
    }
    gate = gates[step]
    replaced = {"users" if step == "claimed" else "claims": gate}
    dying = await world.compose(**replaced)
    change = asyncio.create_task(
        dying.email_change.confirm(identity, handle.code_id, await right_code(world, handle), CLIENT)
    )
    await gate.reached.wait()
    change.cancel()
    await asyncio.gather(change, return_exceptions=True)
    clock.move(seconds=31)
    kept, left = (account.email, new) if step == "claimed" else (new, account.email)
    assert await login(auth, kept) == identity.user_id
    with pytest.raises(InvalidCredentials):
        await login(auth, left)
    with pytest.raises(EmailAlreadyRegistered):
        await auth.sign_in.register(replace(account, email=kept), CLIENT)
    other = await auth.sign_in.register(new_account("Bea", left, PASSWORD), CLIENT)
    assert await login(auth, left) == other.user.id
    assert await login(auth, kept) == identity.user_id


async def test_a_change_that_was_overtaken_gives_the_old_address_back(
    world: World, auth: AuthService, clock: MovableClock, account: NewAccount, identity: Identity
) -> None:
    new = fresh_email()
    handle = await asked_to_change(auth, identity, new)
    users = Gate(world.adapters.users, "update")
    slow = asyncio.create_task(
        (await world.compose(users=users)).email_change.confirm(
            identity, handle.code_id, await right_code(world, handle), CLIENT
        )
    )
    await users.reached.wait()
    clock.move(seconds=31)
    other = await auth.sign_in.register(new_account("Bea", new, PASSWORD), CLIENT)
    users.open()
    with pytest.raises(EmailAlreadyRegistered):
        await slow
    assert await login(auth, new) == other.user.id
    assert await login(auth, account.email) == identity.user_id


async def test_a_claim_that_was_left_behind_is_nobodys(
    world: World, auth: AuthService, account: NewAccount, identity: Identity
) -> None:
    left = fresh_email()
    claim = EmailClaim(identity.user_id, world.clock.now(), confirmed=True)
    await world.adapters.claims.update(claim_id(left), lambda _: Change(claim, None))
    with pytest.raises(InvalidCredentials):
        await login(auth, left)
    assert (await auth.sign_in.register(new_account("Bea", left, PASSWORD), CLIENT)).user.email == left


async def test_of_two_changes_of_one_account_one_wins(
    world: World, auth: AuthService, identity: Identity
) -> None:
    new = [fresh_email(), fresh_email()]
    handles = [await asked_to_change(auth, identity, email) for email in new]
    results = await asyncio.gather(
        *[
            auth.email_change.confirm(identity, handle.code_id, await right_code(world, handle), CLIENT)
            for handle in handles
        ],
        return_exceptions=True,
    )
    winners = [result for result in results if not isinstance(result, BaseException)]
    assert len(winners) == 1
    assert {type(it) for it in results if isinstance(it, BaseException)} == {InvalidCode}
    assert await login(auth, winners[0].email) == identity.user_id
