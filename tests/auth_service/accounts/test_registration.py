"""One account for an address, also when registrations are slow, die or race."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from auth_service.accounts.credentials import NewAccount
from auth_service.accounts.emails import claim_id
from auth_service.accounts.errors import EmailAlreadyRegistered, InvalidCredentials
from auth_service.accounts.model import EmailClaim
from auth_service.accounts.passwords import ArgonPasswords
from auth_service.accounts.ports import PasswordsOverloaded
from auth_service.clients import Client
from auth_service.service import AuthService
from auth_service.sessions.tokens import SignedIn
from shared.aggregates.change import Change
from shared.errors import InvalidInput
from shared.ids import new_id
from shared.observability.metrics import REGISTRY
from shared.security.identity import Identity
from tests.auth_service.conftest import CLIENT, World
from tests.auth_service.gates import Gate
from tests.support.clock import MovableClock


def hashes() -> float:
    return REGISTRY.get_sample_value("auth_password_duration_seconds_count", {"operation": "hash"}) or 0


async def leave_claim(world: World, account: NewAccount) -> None:
    """Leaves the claim of a registration that died before it wrote the account."""
    claim = EmailClaim(new_id(), world.clock.now())
    await world.adapters.claims.update(claim_id(account.email), lambda _: Change(claim, None))


async def claimant(world: World, account: NewAccount) -> str:
    """The id of the account that has, or is about to get, the address."""
    claim = await world.adapters.claims.get(claim_id(account.email))
    assert claim is not None
    return claim.user_id


async def login(auth: AuthService, account: NewAccount) -> SignedIn:
    return await auth.sign_in.login(account.email, account.password, Client("192.0.2.7"))


async def test_a_claim_without_an_account_holds_for_a_while_only(
    world: World, auth: AuthService, account: NewAccount
) -> None:
    await leave_claim(world, account)
    with pytest.raises(EmailAlreadyRegistered):
        await auth.sign_in.register(account, CLIENT)
    with pytest.raises(InvalidCredentials):
        await login(auth, account)
    world.clock.move(seconds=31)
    registered = await auth.sign_in.register(account, CLIENT)
    assert (await login(auth, account)).user.id == registered.user.id


async def test_of_many_who_take_a_claim_over_one_wins(
    world: World, auth: AuthService, account: NewAccount
) -> None:
    await leave_claim(world, account)
    world.clock.move(seconds=31)
    results = await asyncio.gather(
        *(auth.sign_in.register(account, CLIENT) for _ in range(20)), return_exceptions=True
    )
    winners = [result for result in results if isinstance(result, SignedIn)]
    assert len(winners) == 1
    assert {type(result) for result in results} == {SignedIn, EmailAlreadyRegistered}
    assert (await login(auth, account)).user.id == winners[0].user.id


async def test_a_registration_that_was_overtaken_fails_and_leaves_nothing(
    world: World, auth: AuthService, clock: MovableClock, account: NewAccount
) -> None:
    users = Gate(world.adapters.users, "update")
    slow = asyncio.create_task((await world.compose(users=users)).sign_in.register(account, CLIENT))
    await users.reached.wait()
    overtaken = await claimant(world, account)
    clock.move(seconds=31)
    winner = await auth.sign_in.register(account, CLIENT)
    users.open()
    with pytest.raises(EmailAlreadyRegistered):
        await slow
    assert (await login(auth, account)).user.id == winner.user.id
    shell = await world.adapters.users.get(overtaken)
    assert shell is not None
    assert (shell.deleted, shell.name, shell.email, shell.password_hash) == (True, "", "", "")


async def test_an_account_that_was_written_is_never_overtaken(
    world: World, auth: AuthService, clock: MovableClock, account: NewAccount
) -> None:
    users = Gate(world.adapters.users, "update", before=False)
    slow = asyncio.create_task((await world.compose(users=users)).sign_in.register(account, CLIENT))
    await users.reached.wait()
    clock.move(seconds=31)
    with pytest.raises(EmailAlreadyRegistered):
        await auth.sign_in.register(account, CLIENT)
    users.open()
    assert (await login(auth, account)).user.id == (await slow).user.id


async def test_one_who_takes_a_claim_over_has_it_while_its_password_is_hashed(
    world: World, auth: AuthService, clock: MovableClock, account: NewAccount
) -> None:
    """The claim comes before the hash, so it decides: the first one is late, although its hash is done."""
    users = Gate(world.adapters.users, "update")
    first = asyncio.create_task((await world.compose(users=users)).sign_in.register(account, CLIENT))
    await users.reached.wait()
    clock.move(seconds=31)
    passwords = Gate(world.adapters.passwords, "hash")
    second = asyncio.create_task((await world.compose(passwords=passwords)).sign_in.register(account, CLIENT))
    await passwords.reached.wait()
    users.open()
    with pytest.raises(EmailAlreadyRegistered):
        await first
    passwords.open()
    winner = await second
    assert (await login(auth, account)).user.id == winner.user.id


async def test_an_address_that_is_claimed_costs_no_hash(
    world: World, auth: AuthService, account: NewAccount
) -> None:
    passwords = Gate(world.adapters.passwords, "hash")
    first = asyncio.create_task((await world.compose(passwords=passwords)).sign_in.register(account, CLIENT))
    await passwords.reached.wait()
    before = hashes()
    with pytest.raises(EmailAlreadyRegistered):
        await auth.sign_in.register(account, CLIENT)
    assert hashes() == before
    passwords.open()
    assert (await first).user.email == account.email


async def test_a_registration_that_gets_no_hash_frees_the_address(
    world: World, auth: AuthService, account: NewAccount
) -> None:
    full = ArgonPasswords(1, 0, memory_kib=65_536, iterations=3)
    running = asyncio.create_task(full.hash("x"))
    await asyncio.sleep(0)
    with pytest.raises(PasswordsOverloaded):
        await (await world.compose(passwords=full)).sign_in.register(account, CLIENT)
    assert await world.adapters.claims.get(claim_id(account.email)) is None
    assert (await auth.sign_in.register(account, CLIENT)).user.email == account.email
    await running
    full.close()


async def test_a_registration_that_is_cancelled_frees_the_address(
    world: World, auth: AuthService, account: NewAccount
) -> None:
    passwords = Gate(world.adapters.passwords, "hash")
    gone = asyncio.create_task((await world.compose(passwords=passwords)).sign_in.register(account, CLIENT))
    await passwords.reached.wait()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert (await auth.sign_in.register(account, CLIENT)).user.email == account.email


async def test_a_password_that_others_would_guess_claims_nothing(
    world: World, auth: AuthService, account: NewAccount
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await auth.sign_in.register(replace(account, password="password1"), CLIENT)
    assert [error.pointer for error in refused.value.errors] == ["/password"]
    assert await world.adapters.claims.get(claim_id(account.email)) is None


async def test_an_account_deleted_before_its_confirmation_stays_deleted(
    world: World, auth: AuthService, clock: MovableClock, account: NewAccount
) -> None:
    """The slow one loses its claim after its account was already erased: there is nothing to withdraw."""
    claims = Gate(world.adapters.claims, "update", calls_to_pass=1)
    slow = asyncio.create_task((await world.compose(claims=claims)).sign_in.register(account, CLIENT))
    await claims.reached.wait()
    owner = await claimant(world, account)
    await world.adapters.users.update(
        owner, lambda user: Change(user.erased(clock.now()) if user else None, None)
    )
    await world.adapters.claims.release(claim_id(account.email), owner)
    erased = await world.adapters.users.get(owner)
    claims.open()
    with pytest.raises(EmailAlreadyRegistered):
        await slow
    assert await world.adapters.users.get(owner) == erased


async def test_only_the_claimant_frees_an_address(
    world: World, auth: AuthService, account: NewAccount
) -> None:
    await auth.sign_in.register(account, CLIENT)
    await world.adapters.claims.release(claim_id(account.email), "somebody else")
    with pytest.raises(EmailAlreadyRegistered):
        await auth.sign_in.register(account, CLIENT)


async def test_a_deletion_leaves_no_claim_of_the_address(
    world: World, auth: AuthService, account: NewAccount, identity: Identity
) -> None:
    await auth.accounts.delete(identity, account.password, CLIENT)
    assert await world.adapters.claims.get(claim_id(account.email)) is None
