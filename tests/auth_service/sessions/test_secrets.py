"""The secret changes while people are signed in, and nobody is signed out."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from auth_service.keys.signing import WrongSecret
from auth_service.main import create_app
from auth_service.settings import AuthSettings
from tests.auth_service.conftest import CLIENT, MakeSettings, open_world
from tests.auth_service.people import Person
from tests.support.apps import running
from tests.support.clock import MovableClock

OLD, NEW = "the old secret of a fair length", "the new secret of a fair length"


async def start(stack: AsyncExitStack, settings: AuthSettings) -> httpx.AsyncClient:
    return await stack.enter_async_context(running(create_app(settings)))


async def test_a_secret_changes_from_replica_to_replica_and_nobody_is_signed_out(
    auth_settings: MakeSettings,
) -> None:
    """As `docs/operating.md` says: first every replica reads both secrets, then every one uses the new."""
    steps = [
        {"auth_secret": OLD},
        {"auth_secret": OLD, "auth_secret_previous": NEW},
        {"auth_secret": NEW, "auth_secret_previous": OLD},
        {"auth_secret": NEW},
    ]
    async with AsyncExitStack() as stack:
        first = await start(stack, auth_settings(**steps[0]))
        second = await start(stack, auth_settings(**steps[0]))
        ana = await Person.registered(first)
        for step in steps[1:]:
            for _ in range(2):
                first, second = second, await start(stack, auth_settings(**step))
                # Both are asked at once with one token, so one of them gives the token that the other made.
                answers = await asyncio.gather(ana.at(first).refresh(), ana.at(second).refresh())
                assert [answer.status_code for answer in answers] == [200, 200], step
                renewed = {answer.json()["refresh_token"] for answer in answers}
                assert len(renewed) == 1
                ana = Person.of(second, ana.email, answers[0].json())
                assert [await ana.at(shop).status() for shop in (first, second)] == [200, 200]
        assert (await ana.at(first).refresh()).status_code == 200


async def test_whoever_refreshed_meanwhile_does_not_need_the_previous_secret(
    auth_settings: MakeSettings, clock: MovableClock
) -> None:
    async with open_world(auth_settings(auth_secret=OLD), clock) as world:
        auth = await world.compose()
        awake, asleep = await auth.sign_in.guest(CLIENT), await auth.sign_in.guest(CLIENT)
    changing = auth_settings(auth_secret=NEW, auth_secret_previous=OLD)
    async with open_world(changing, clock) as world:
        auth = await world.compose()
        await auth.keys.publish()
        await world.backends.verifier.start(world.backends.bus)
        assert world.backends.verifier.verify(awake.access_token).user_id == awake.user.id
        awake = await auth.sign_in.refresh(awake.refresh_token)
    async with open_world(auth_settings(auth_secret=NEW), clock) as world:
        auth = await world.compose()
        assert (await auth.sign_in.refresh(awake.refresh_token)).user.id == awake.user.id
        with pytest.raises(Exception, match="unknown"):
            await auth.sign_in.refresh(asleep.refresh_token)


async def test_the_token_before_the_newest_works_across_the_change(
    auth_settings: MakeSettings, clock: MovableClock
) -> None:
    """The answer of a refresh is lost, and its repeat reaches a replica that has the new secret already."""
    async with open_world(auth_settings(auth_secret=OLD), clock) as world:
        auth = await world.compose()
        first = await auth.sign_in.guest(CLIENT)
        lost = await auth.sign_in.refresh(first.refresh_token)
    async with open_world(auth_settings(auth_secret=NEW, auth_secret_previous=OLD), clock) as world:
        auth = await world.compose()
        again = await auth.sign_in.refresh(first.refresh_token)
        assert again.refresh_token == lost.refresh_token
        newest = await auth.sign_in.refresh(again.refresh_token)
        assert (await auth.sign_in.refresh(lost.refresh_token)).refresh_token == newest.refresh_token


async def test_keys_are_sealed_again_with_the_new_secret(
    auth_settings: MakeSettings, clock: MovableClock
) -> None:
    async with open_world(auth_settings(auth_secret=OLD), clock) as world:
        auth = await world.compose()
        await auth.keys.rotate()
        before = await world.adapters.keyrings.get("current")
    async with open_world(auth_settings(auth_secret=NEW), clock) as world:
        with pytest.raises(WrongSecret, match="AUTH_SECRET_PREVIOUS"):
            await world.compose()
    async with open_world(auth_settings(auth_secret=NEW, auth_secret_previous=OLD), clock) as world:
        await world.compose()
        after = await world.adapters.keyrings.get("current")
        await world.compose()
        assert await world.adapters.keyrings.get("current") == after  # once is enough
    assert before is not None
    assert after is not None
    assert [key.kid for key in after.keys] == [key.kid for key in before.keys]
    assert {key.sealed for key in after.keys}.isdisjoint({key.sealed for key in before.keys})
    async with open_world(auth_settings(auth_secret=NEW), clock) as world:
        await world.compose()
    async with open_world(auth_settings(auth_secret=OLD), clock) as world:
        with pytest.raises(WrongSecret):
            await world.compose()


async def test_an_empty_previous_secret_opens_nothing(
    auth_settings: MakeSettings, clock: MovableClock
) -> None:
    async with open_world(auth_settings(auth_secret=OLD, auth_secret_previous=""), clock) as world:
        auth = await world.compose()
        guest = await auth.sign_in.guest(CLIENT)
        assert (await auth.sign_in.refresh(guest.refresh_token)).user.id == guest.user.id
