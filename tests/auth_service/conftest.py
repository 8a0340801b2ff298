"""The auth service on real backends, with cheap password hashes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth_service.accounts.credentials import NewAccount, new_account
from auth_service.bootstrap import Adapters, compose, open_adapters, open_operator_tools
from auth_service.clients import Client
from auth_service.main import create_app
from auth_service.service import AuthService
from auth_service.sessions.model import RefreshToken
from auth_service.sessions.tokens import SignedIn
from auth_service.settings import AuthSettings
from shared.backends import Backends, open_backends
from shared.security.identity import Identity, Role
from tests.auth_service.mailed_codes import Codes
from tests.auth_service.people import PASSWORD, Person, fresh_email
from tests.support.apps import running
from tests.support.clock import MovableClock
from tests.support.mails import MailsInFolder

MakeSettings = Callable[..., AuthSettings]


@pytest.fixture
def reuses_indices() -> bool:
    return True


@pytest.fixture
def auth_settings(backend_settings: dict[str, Any], tmp_path: Path) -> MakeSettings:
    """Settings on the test's backends; keywords replace single ones. A test that reloads keys sooner needs a
    NATS of its own (`nats_server`)."""

    def make(**replaced: Any) -> AuthSettings:
        cheap = {"auth_password_memory_kib": 64, "auth_password_iterations": 1, "auth_password_queue": 1000}
        # Tests share a Redis and come from one address.
        limits = {
            "auth_failures_per_network": 1_000_000,
            "auth_first_wait_seconds": 900,  # none is over before a slow test has looked
            "auth_sign_ups_per_minute": 0,
            "auth_guests_per_minute": 0,
            "auth_mails_per_network": 1_000_000,
            "auth_key_reload_seconds": 3600,  # a reload removes the key of the tests, which auth did not make
        }
        mails = {"mail_directory": tmp_path / "mail"}
        return AuthSettings(**{**mails, **backend_settings, **cheap, **limits, **replaced})

    return make


@pytest.fixture
def mails(tmp_path: Path) -> MailsInFolder:
    """The mails that the shop of this test has sent."""
    return MailsInFolder(tmp_path / "mail")


@pytest.fixture
async def shop(auth_settings: MakeSettings, fast: bool) -> AsyncIterator[httpx.AsyncClient]:
    """One replica of auth_service."""
    async with running(create_app(auth_settings(), fast=fast)) as client:
        yield client


@pytest.fixture
def codes(shop: httpx.AsyncClient, mails: MailsInFolder) -> Codes:
    return Codes(shop, mails)


@pytest.fixture
async def ana(shop: httpx.AsyncClient) -> Person:
    """A customer who has just registered."""
    return await Person.registered(shop)


@pytest.fixture
async def admin(shop: httpx.AsyncClient, auth_settings: MakeSettings) -> Person:
    """The first administrator, made as the operator makes one."""
    email = fresh_email()
    async with open_operator_tools(auth_settings()) as operator:
        await operator.create_user("Root", email, PASSWORD, Role.ADMIN)
    return await Person(shop, email, "", "", "").login()


CLIENT = Client("192.0.2.1", "a test")


@dataclass(frozen=True)
class World:
    """One process with its adapters. `compose` builds the use cases, with some adapters replaced."""

    settings: AuthSettings
    backends: Backends
    adapters: Adapters
    clock: MovableClock

    async def compose(self, **replaced: Any) -> AuthService:
        service = compose(self.settings, self.backends, replace(self.adapters, **replaced))
        await service.keys.load()
        return service


@asynccontextmanager
async def open_world(settings: AuthSettings, clock: MovableClock) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        backends = await stack.enter_async_context(open_backends(settings, clock, name="auth"))
        adapters = await stack.enter_async_context(open_adapters(settings, backends))
        yield World(settings, backends, adapters, clock)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def world(auth_settings: MakeSettings, clock: MovableClock) -> AsyncIterator[World]:
    async with open_world(auth_settings(), clock) as opened:
        yield opened


@pytest.fixture
async def auth(world: World) -> AuthService:
    return await world.compose()


@pytest.fixture
def account() -> NewAccount:
    """Checked input for a new account."""
    return new_account("Ana", fresh_email(), PASSWORD)


@pytest.fixture
async def signed_in(auth: AuthService, account: NewAccount) -> SignedIn:
    return await auth.sign_in.register(account, CLIENT)


@pytest.fixture
async def identity(auth: AuthService, world: World, signed_in: SignedIn) -> Identity:
    token = RefreshToken.parse(signed_in.refresh_token)
    assert token is not None
    now = world.clock.now()
    return Identity(signed_in.user.id, token.session_id, Role.CUSTOMER, frozenset(), now, now)
