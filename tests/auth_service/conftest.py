"""The auth service on real backends, with cheap password hashes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from auth_service.main import create_app
from auth_service.settings import AuthSettings
from tests.auth_service.people import Person
from tests.support.apps import running

MakeSettings = Callable[..., AuthSettings]


@pytest.fixture
def auth_settings(backend_settings: dict[str, Any]) -> MakeSettings:
    """Settings on the test's backends; keywords replace single ones."""

    def make(**replaced: Any) -> AuthSettings:
        cheap = {"auth_password_memory_kib": 64, "auth_password_iterations": 1, "auth_password_queue": 1000}
        # Tests share a Redis and come from one address.
        limits = {"auth_failures_per_client": 1_000_000}
        return AuthSettings(**{**backend_settings, **cheap, **limits, **replaced})

    return make


@pytest.fixture
async def shop(auth_settings: MakeSettings) -> AsyncIterator[httpx.AsyncClient]:
    """One replica of auth_service."""
    async with running(create_app(auth_settings())) as client:
        yield client


@pytest.fixture
async def ana(shop: httpx.AsyncClient) -> Person:
    """A customer who has just registered."""
    return await Person.registered(shop)
