"""Failed sign-ins are counted, and too many of them stopped."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from auth_service.main import create_app
from shared.ids import new_id
from shared.observability.metrics import REGISTRY
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.apps import running
from tests.support.servers import RedisServer
from tests.support.waiting import eventually

WRONG = "wrong horse battery"


async def attempt(
    shop: httpx.AsyncClient, email: str, password: str = WRONG, forwarded: str | None = None
) -> httpx.Response:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    body = {"email": email, "password": password}
    return await shop.post(f"{AUTH}/login", json=body, headers=headers)


def verifications() -> float:
    return REGISTRY.get_sample_value("auth_password_duration_seconds_count", {"operation": "verify"}) or 0


async def test_an_account_is_closed_after_too_many_failures(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_failures_per_account=3))) as shop:
        ana = await Person.registered(shop)
        codes = [(await attempt(shop, ana.email)).status_code for _ in range(4)]
        assert codes == [401, 401, 401, 429]
        refused = await attempt(shop, ana.email.upper(), PASSWORD)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 900
        assert (await Person.registered(shop)).shop is shop


async def test_of_attempts_at_the_same_time_no_more_are_looked_at_than_may_fail(
    auth_settings: MakeSettings,
) -> None:
    settings = auth_settings(auth_failures_per_account=3)
    async with running(create_app(settings)) as one, running(create_app(settings)) as other:
        ana = await Person.registered(one)
        before = verifications()
        answers = await asyncio.gather(*(attempt(shop, ana.email) for shop in (one, other) * 10))
        assert sorted(answer.status_code for answer in answers) == [401] * 3 + [429] * 17
        assert verifications() - before == 3


async def test_right_passwords_at_the_same_time_are_all_let_in(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_failures_per_account=2))) as shop:
        ana = await Person.registered(shop)
        answers = await asyncio.gather(*(attempt(shop, ana.email, PASSWORD) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize(("path", "body"), [("/guest", None), ("/register", {})])
async def test_a_client_makes_only_so_many_accounts_and_guests_in_a_minute(
    auth_settings: MakeSettings, path: str, body: dict[str, str] | None
) -> None:
    headers = {"X-Forwarded-For": new_id()}
    async with running(create_app(auth_settings(auth_sign_ups_per_minute=2))) as shop:
        for _ in range(2):
            assert (await shop.post(f"{AUTH}/guest", headers=headers)).status_code == 201
        filled = None if body is None else {"name": "Ana", "email": fresh_email(), "password": PASSWORD}
        refused = await shop.post(f"{AUTH}{path}", json=filled, headers=headers)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        elsewhere = {"X-Forwarded-For": new_id()}
        assert (await shop.post(f"{AUTH}/guest", headers=elsewhere)).status_code == 201


async def test_sign_ups_may_be_without_limit(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_sign_ups_per_minute=0))) as shop:
        assert (await shop.post(f"{AUTH}/guest")).status_code == 201


async def test_an_unknown_address_is_closed_as_well(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_failures_per_account=2))) as shop:
        email = fresh_email()
        assert [(await attempt(shop, email)).status_code for _ in range(3)] == [401, 401, 429]


async def test_the_right_password_is_never_counted(auth_settings: MakeSettings) -> None:
    async with running(create_app(auth_settings(auth_failures_per_account=2))) as shop:
        ana = await Person.registered(shop)
        assert {(await attempt(shop, ana.email, PASSWORD)).status_code for _ in range(5)} == {200}


async def test_an_account_opens_again_after_the_window(auth_settings: MakeSettings) -> None:
    settings = auth_settings(auth_failures_per_account=1, auth_failure_window_seconds=1)
    async with running(create_app(settings)) as shop:
        ana = await Person.registered(shop)
        await attempt(shop, ana.email)

        async def open_again() -> bool:
            return (await attempt(shop, ana.email, PASSWORD)).status_code == 200

        await eventually(open_again, every=0.1)


async def test_a_client_is_stopped_by_its_address_at_the_gateway(auth_settings: MakeSettings) -> None:
    ours, others = f"10.0.0.1-{new_id()}", f"10.0.0.2-{new_id()}"
    async with running(create_app(auth_settings(auth_failures_per_client=3))) as shop:
        claimed = [f"1.2.3.{number}, {ours}" for number in range(4)]
        codes = [(await attempt(shop, fresh_email(), forwarded=text)).status_code for text in claimed]
        assert codes == [401, 401, 401, 429]
        assert (await attempt(shop, fresh_email(), forwarded=f"{ours}, {others}")).status_code == 401


async def test_without_redis_everybody_may_try(
    auth_settings: MakeSettings, redis_server: RedisServer
) -> None:
    settings = auth_settings(redis_url=redis_server.url, auth_failures_per_account=1)
    async with running(create_app(settings)) as shop:
        ana = await Person.registered(shop)
        redis_server.stop()
        before = REGISTRY.get_sample_value("auth_throttle_unavailable_total") or 0
        assert [(await attempt(shop, ana.email)).status_code for _ in range(3)] == [401] * 3
        assert (await attempt(shop, ana.email, PASSWORD)).status_code == 200
        assert (REGISTRY.get_sample_value("auth_throttle_unavailable_total") or 0) > before


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
            return "are not counted" in str(report["checks"]["redis"]["detail"])

        await eventually(is_logged)
