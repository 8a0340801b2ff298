"""The last administrator stays, whoever tries and however many at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from auth_service.accounts.administrators import REGISTER_ID, Administrators
from auth_service.accounts.credentials import new_account
from auth_service.accounts.errors import LastAdmin
from auth_service.bootstrap import open_operator_tools
from auth_service.main import create_app
from auth_service.security_log.model import Actor
from auth_service.service import AuthService
from shared.security.identity import Role, Scope
from tests.auth_service.conftest import MakeSettings, World, open_world
from tests.auth_service.people import PASSWORD, Person, fresh_email
from tests.support.apps import running
from tests.support.clock import MovableClock

SOMEBODY = Actor("somebody")


async def make_admin(auth: AuthService) -> str:
    return (await auth.operator.create_user("Root", fresh_email(), PASSWORD, Role.ADMIN)).id


async def demote(auth: AuthService, user_id: str) -> None:
    await auth.administration.change(SOMEBODY, user_id, Role.CUSTOMER, None)


async def role_of(auth: AuthService, user_id: str) -> Role:
    return (await auth.administration.get(user_id)).role


class CrashingUsers:
    """Accounts that cannot be written: the replica dies between two writes."""

    def __init__(self, users: Any) -> None:
        self._users = users

    def __getattr__(self, name: str) -> Any:
        return getattr(self._users, name)

    async def update(self, _id: str, _change: Any) -> Any:
        raise ConnectionAbortedError


TAKE_AWAY = {
    "demote": lambda auth, admin: demote(auth, admin),
    "disable": lambda auth, admin: auth.administration.change(SOMEBODY, admin, None, True),
    "delete": lambda auth, admin: auth.administration.delete(SOMEBODY, admin),
}


@pytest.mark.parametrize("way", TAKE_AWAY)
async def test_nobody_takes_the_last_administrator_away(auth: AuthService, way: str) -> None:
    admin = await make_admin(auth)
    await auth.operator.create_user("Ed", fresh_email(), PASSWORD, Role.EDITOR)
    with pytest.raises(LastAdmin):
        await TAKE_AWAY[way](auth, admin)
    assert await role_of(auth, admin) is Role.ADMIN


async def test_a_disabled_administrator_does_not_count(auth: AuthService) -> None:
    first, second = await make_admin(auth), await make_admin(auth)
    await auth.administration.change(SOMEBODY, second, None, True)
    with pytest.raises(LastAdmin):
        await demote(auth, first)
    await auth.administration.change(SOMEBODY, second, None, False)
    await demote(auth, first)


async def test_a_hundred_administrators_are_demoted_at_once_and_one_is_left(
    world: World, auth: AuthService
) -> None:
    admins = [await make_admin(auth) for _ in range(100)]
    async with open_world(world.settings, MovableClock()) as elsewhere:
        replicas = [auth, await elsewhere.compose()]
        outcomes = await asyncio.gather(
            *(demote(replicas[place % 2], admin) for place, admin in enumerate(admins)),
            return_exceptions=True,
        )
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert [type(outcome) for outcome in refused] == [LastAdmin]
    roles = [await role_of(auth, admin) for admin in admins]
    assert roles.count(Role.ADMIN) == 1


async def test_a_hundred_administrators_who_demote_one_another_leave_one(
    shop: httpx.AsyncClient, auth_settings: MakeSettings
) -> None:
    settings = auth_settings()
    async with open_operator_tools(settings) as operator:
        admins = [await operator.create_user("Root", fresh_email(), PASSWORD, Role.ADMIN) for _ in range(100)]
        token = await operator.issue_operator_token(Scope)
    async with running(create_app(settings)) as there:
        people = [
            await Person(replica, admin.email, "", "", admin.id).login()
            for admin, replica in zip(admins, [shop, there] * 50, strict=True)
        ]
        answers = await asyncio.gather(
            *(
                person.call("PATCH", f"/users/{victim.id}", {"role": "customer"})
                for person, victim in zip(people, [*people[1:], people[0]], strict=True)
            )
        )
        assert {answer.status_code for answer in answers} <= {200, 401, 409}
        operator_ = replace(people[0], access_token=token)
        shown = [(await operator_.call("GET", f"/users/{admin.id}")).json() for admin in admins]
        left = [user["id"] for user in shown if user["role"] == "admin"]
        assert len(left) == 100 - sum(answer.status_code == 200 for answer in answers) >= 1
        # The operator can demote the others down to one, and no further.
        last = [await operator_.call("PATCH", f"/users/{user_id}", {"role": "customer"}) for user_id in left][
            -1
        ]
        assert (last.status_code, last.json()["type"]) == (409, "urn:trolley:problem:last-admin")


async def test_the_last_administrator_cannot_delete_the_own_account(
    shop: httpx.AsyncClient, auth_settings: MakeSettings
) -> None:
    async with open_operator_tools(auth_settings()) as operator:
        admin = await operator.create_user("Root", fresh_email(), PASSWORD, Role.ADMIN)
    person = await Person(shop, admin.email, "", "", admin.id).login()
    refused = await person.call("DELETE", "/me", {"password": PASSWORD})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:trolley:problem:last-admin")
    assert await person.status() == 200


async def test_a_crash_between_the_two_writes_of_a_demotion_heals(
    world: World, clock: MovableClock, auth: AuthService
) -> None:
    first, second = await make_admin(auth), await make_admin(auth)
    dying = await world.compose(users=CrashingUsers(world.adapters.users))
    with pytest.raises(ConnectionAbortedError):
        await demote(dying, first)
    assert await role_of(auth, first) is Role.ADMIN  # is one, and is not counted
    with pytest.raises(LastAdmin):
        await demote(auth, second)  # the demotion may be under way still
    clock.move(seconds=30)
    await demote(auth, second)
    with pytest.raises(LastAdmin):
        await demote(auth, first)


async def test_a_slow_demotion_cannot_take_the_last_one_after_it_was_given_up(
    world: World, clock: MovableClock, auth: AuthService
) -> None:
    first, second = await make_admin(auth), await make_admin(auth)
    may_write, waits = asyncio.Event(), asyncio.Event()

    class SlowUsers(CrashingUsers):
        async def update(self, id: str, change: Any) -> Any:
            waits.set()
            await may_write.wait()
            return await self._users.update(id, change)

    slow = await world.compose(users=SlowUsers(world.adapters.users))
    demotion = asyncio.create_task(demote(slow, first))
    await waits.wait()
    clock.move(seconds=30)
    await demote(auth, second)  # counts the first again
    may_write.set()
    with pytest.raises(LastAdmin):
        await demotion
    assert await role_of(auth, first) is Role.ADMIN


async def test_a_shop_of_an_earlier_release_gets_its_register(world: World, auth: AuthService) -> None:
    accounts = [new_account("Root", fresh_email(), PASSWORD) for _ in range(2)]
    first, second = [await _registration_of(auth).create(account, Role.ADMIN) for account in accounts]
    assert await world.adapters.administrators.get(REGISTER_ID) is None
    await demote(auth, first.id)
    with pytest.raises(LastAdmin):
        await demote(auth, second.id)
    register = await world.adapters.administrators.get(REGISTER_ID)
    assert register == Administrators(frozenset({second.id}))


def _registration_of(auth: AuthService) -> Any:
    return auth.operator._registration  # an earlier release wrote an administrator in one step


def test_a_demotion_in_between_keeps_a_promotion_from_counting() -> None:
    register = Administrators(frozenset({"a"})).join("b", "token")
    left = register.leave("b", MovableClock().now())
    assert left.joined("b", "token").ids == {"a"}
