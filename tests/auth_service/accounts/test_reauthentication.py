"""Editors' and administrators' sensitive changes need a recent sign-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from auth_service.bootstrap import open_operator_tools
from auth_service.main import create_app
from shared.security.identity import Role
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import PASSWORD, Person, fresh_email
from tests.support.apps import running
from tests.support.clock import MovableClock

CHANGES: list[tuple[str, str, Any]] = [
    ("PATCH", "/users/x", {"role": "editor"}),
    ("DELETE", "/users/x", None),
    ("DELETE", "/users/x/sessions", None),
    ("DELETE", "/users/x/sessions/x", None),
    ("POST", "/password", {"current_password": PASSWORD, "new_password": "another long horse battery"}),
    ("DELETE", "/me", {"password": PASSWORD}),
]
OWN = [change for change in CHANGES if "/users" not in change[1]]


@pytest.fixture
async def aged(auth_settings: MakeSettings, clock: MovableClock) -> AsyncIterator[httpx.AsyncClient]:
    """A replica with a clock that the test moves."""
    async with running(create_app(auth_settings(), clock=clock)) as client:
        yield client


async def somebody(shop: httpx.AsyncClient, settings: MakeSettings, role: Role) -> Person:
    email = fresh_email()
    async with open_operator_tools(settings()) as operator:
        await operator.create_user("Root", email, PASSWORD, role)
    return await Person(shop, email, "", "", "").login()


async def later(person: Person, clock: MovableClock, seconds: float) -> Person:
    """The same session with a fresh access token."""
    clock.move(seconds=seconds)
    return replace(person, access_token=(await person.refresh()).json()["access_token"])


async def test_an_old_sign_in_of_an_administrator_changes_nothing(
    aged: httpx.AsyncClient, auth_settings: MakeSettings, clock: MovableClock
) -> None:
    admin = await later(await somebody(aged, auth_settings, Role.ADMIN), clock, 901)
    for method, path, body in CHANGES:
        answer = await admin.call(method, path, body)
        assert answer.status_code == 403, path
        assert answer.json()["type"] == "urn:trolley:problem:reauthenticate"
        assert answer.json()["max_age"] == 900
        challenge = answer.headers["www-authenticate"]
        assert 'error="insufficient_user_authentication"' in challenge
        assert 'max_age="900"' in challenge
    assert (await admin.call("GET", "/users")).status_code == 200
    fresh = await admin.login()
    assert (await fresh.call("PATCH", "/users/x", {"role": "editor"})).status_code == 404


async def test_an_editor_is_asked_for_the_own_account(
    aged: httpx.AsyncClient, auth_settings: MakeSettings, clock: MovableClock
) -> None:
    editor = await later(await somebody(aged, auth_settings, Role.EDITOR), clock, 901)
    for method, path, body in OWN:
        assert (await editor.call(method, path, body)).json()["type"] == "urn:trolley:problem:reauthenticate"


async def test_a_recent_sign_in_is_enough(
    aged: httpx.AsyncClient, auth_settings: MakeSettings, clock: MovableClock
) -> None:
    admin = await later(await somebody(aged, auth_settings, Role.ADMIN), clock, 850)
    assert (await admin.call("PATCH", "/users/x", {"role": "editor"})).status_code == 404


async def test_a_customer_is_never_asked(aged: httpx.AsyncClient, clock: MovableClock) -> None:
    ana = await later(await Person.registered(aged), clock, 100_000)
    assert (await ana.call("DELETE", "/me", {"password": PASSWORD})).status_code == 204
