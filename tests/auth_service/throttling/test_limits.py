"""New accounts and guests are limited, and limits hold without Redis."""

from __future__ import annotations

import httpx
import pytest

from auth_service.accounts.errors import InvalidCredentials
from auth_service.clients import Client
from auth_service.main import create_app
from auth_service.throttling.budgets import Budgets
from auth_service.throttling.fallback import FallbackTallies
from auth_service.throttling.local_tallies import LocalTallies
from auth_service.throttling.redis_tallies import RedisTallies
from auth_service.throttling.service import SignInThrottle
from shared.errors import TooManyRequests
from shared.ids import new_id
from shared.observability.metrics import REGISTRY
from tests.auth_service.attempts import (
    LIMITS,
    WRONG,
    attempt,
    verifications,
)
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.apps import running
from tests.support.servers import RedisServer
from tests.support.waiting import eventually


async def test_a_sign_in_ends_well_if_redis_ends_meanwhile(redis_server: RedisServer) -> None:
    tallies = RedisTallies(redis_server.url)
    budgets = Budgets.of(**{**LIMITS, "failures_per_device": 1})
    throttle, client = SignInThrottle(budgets, FallbackTallies(tallies, LocalTallies())), Client("192.0.2.1")
    async with throttle.attempt("ana", client):
        redis_server.kill()
    async with throttle.attempt("ana", client):
        pass
    with pytest.raises(InvalidCredentials):
        async with throttle.attempt("ana", client):
            raise InvalidCredentials
    with pytest.raises(TooManyRequests):
        async with throttle.attempt("ana", client):
            pass
    await tallies.close()


async def test_without_redis_each_replica_counts_alone(
    auth_settings: MakeSettings, redis_server: RedisServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """Before, everybody could try: an outage of the cache was a chance to guess."""
    settings = auth_settings(redis_url=redis_server.url, auth_failures_per_device=2)
    async with running(create_app(settings)) as shop:
        ana = await Person.registered(shop)
        redis_server.stop()
        before = REGISTRY.get_sample_value("auth_throttle_unavailable_total") or 0
        assert [(await attempt(shop, ana.email)).status_code for _ in range(3)] == [401, 401, 429]
        assert (await attempt(shop, ana.email, PASSWORD, device=ana.device_token)).status_code == 200
        assert (REGISTRY.get_sample_value("auth_throttle_unavailable_total") or 0) > before
        assert "this replica counts sign-ins alone" in capfd.readouterr().out
        redis_server.start()

        async def is_shared_again() -> bool:
            return (await attempt(shop, ana.email, PASSWORD)).status_code == 200

        await eventually(is_shared_again, every=0.1)
        assert "the throttle is back" in capfd.readouterr().out


@pytest.mark.parametrize("password", [WRONG, "short", "", "x" * 128])
async def test_unknown_address_and_wrong_password_cost_the_same(
    shop: httpx.AsyncClient, ana: Person, password: str
) -> None:
    costs = []
    for email in (ana.email, fresh_email(), f"no address {new_id()}"):
        before = verifications()
        await attempt(shop, email, password)
        costs.append(verifications() - before)
    assert costs == [1, 1, 1]


async def test_readiness_says_what_is_missing_without_redis(
    auth_settings: MakeSettings, redis_server: RedisServer
) -> None:
    async with running(create_app(auth_settings(redis_url=redis_server.url))) as shop:
        redis_server.kill()

        async def is_logged() -> bool:
            report = (await shop.get(f"{AUTH}/health/ready")).json()
            return "each replica counts alone" in str(report["checks"]["redis"]["detail"])

        await eventually(is_logged)
