"""What goes on without Redis and without NATS."""

from __future__ import annotations

from typing import Any

import pytest

from cart_service.main import create_app
from cart_service.settings import CartSettings
from tests.cart_service.conftest import Catalogue, Customer
from tests.support.apps import running
from tests.support.servers import NatsServer, RedisServer
from tests.support.waiting import eventually
from trolley.local.ports import free_port


@pytest.fixture
def settings(tmp_path, nats_server: NatsServer, redis_server: RedisServer) -> dict[str, Any]:
    return {
        "elasticsearch_url": "",
        "sqlite_directory": tmp_path / "store",
        "nats_url": nats_server.url,
        "redis_url": redis_server.url,
    }


@pytest.fixture
def private_catalogue(nats_server: NatsServer) -> Catalogue:
    return Catalogue(nats_server.url)


@pytest.fixture
async def token_issuer(_issuer, nats_server: NatsServer):
    await _issuer.publish_key(nats_server.url)
    return _issuer


@pytest.fixture
async def bob(settings, token_issuer):
    async with running(create_app(CartSettings(**settings))) as client:
        yield Customer(client, {"Authorization": token_issuer.issue("bob")}, "bob")


async def test_without_redis_nothing_fails(
    bob: Customer, private_catalogue: Catalogue, redis_server: RedisServer
) -> None:
    mug = await private_catalogue.put()
    await bob.add(mug)
    redis_server.kill()
    for quantity in (2, 3):
        assert (await bob.add(mug)).json()["item_count"] == quantity
        assert (await bob.call("GET", "/summary")).json()["item_count"] == quantity
    redis_server.start()

    async def is_back() -> bool:
        answer = await bob.call("GET", "/health/ready")
        return answer.json()["checks"]["redis"]["status"] == "ok"

    await eventually(is_back)
    assert (await bob.call("GET", "/summary")).json()["item_count"] == 3


async def test_a_replica_without_redis_is_not_behind_one_with_it(
    bob: Customer, private_catalogue: Catalogue, settings
) -> None:
    mug = await private_catalogue.put()
    await bob.add(mug)
    cut_off = settings | {"redis_url": f"redis://127.0.0.1:{free_port()}/0"}
    async with running(create_app(CartSettings(**cut_off))) as client:
        for quantity in (2, 3, 4):
            assert (await bob.at(client).add(mug)).json()["item_count"] == quantity
            assert (await bob.call("GET", "/summary")).json()["item_count"] == quantity


async def test_without_nats_known_products_can_be_bought(
    bob: Customer, private_catalogue: Catalogue, nats_server: NatsServer
) -> None:
    mug, unseen = await private_catalogue.put(), await private_catalogue.put()
    await bob.add(mug)
    nats_server.stop()
    assert (await bob.add(mug)).json()["item_count"] == 2
    assert (await bob.call("GET", "/summary")).json()["item_count"] == 2
    refused = await bob.add(unseen)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["type"].endswith("catalogue-unavailable")
    assert (await bob.call("GET")).json()["line_count"] == 1
    nats_server.start()

    async def is_back() -> bool:
        return (await bob.add(unseen)).status_code == 200

    await eventually(is_back)


async def test_a_cart_can_be_cleared_before_its_products_are_known(
    bob: Customer, private_catalogue: Catalogue, settings, nats_server: NatsServer
) -> None:
    await bob.add(await private_catalogue.put())
    async with running(create_app(CartSettings(**settings))) as fresh:
        nats_server.stop()
        at_fresh = bob.at(fresh)
        assert (await at_fresh.call("GET")).status_code == 503
        assert (await at_fresh.call("GET", "/summary")).status_code == 200
        assert (await at_fresh.call("DELETE")).json()["items"] == []
