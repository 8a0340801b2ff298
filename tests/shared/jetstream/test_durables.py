"""Who makes the durable consumers, with a real NATS and `nats/nats.conf`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import nats
import orjson
import pytest
from nats.aio.client import Client

from cart_service.main import create_app
from cart_service.settings import CartSettings
from cart_service.subscribers import MERGES_CONSUMER, USERS_CONSUMER
from shared.events.ports import BusUnavailable
from shared.jetstream.durables import FOREIGN_CONSUMERS
from shared.jetstream.nats_bus import NatsEventBus
from tests.shared.jetstream.accounts import Buses, Connect
from tests.support.apps import running
from tests.support.events import Recorder, an_event, running_bus
from tests.support.servers import NatsServer, NatsServerOfShop
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

MERGES = "shop.cart.handed_over.*"
OF_A_FORMER_RELEASE = {
    "name": MERGES_CONSUMER,
    "durable_name": MERGES_CONSUMER,
    "filter_subjects": [MERGES],
    "deliver_policy": "all",
    "ack_policy": "explicit",
    "ack_wait": 30_000_000_000,
    "max_deliver": 17,
    "max_ack_pending": 5000,
}


async def call(client: Client, endpoint: str, body: Any = None) -> dict[str, Any]:
    payload = b"" if body is None else orjson.dumps(body)
    answer: dict[str, Any] = orjson.loads((await client.request(f"$JS.API.{endpoint}", payload, 20)).data)
    assert "error" not in answer
    return answer


async def subjects_of_consumers(client: Client) -> dict[str, set[str]]:
    consumers = (await call(client, "CONSUMER.LIST.SHOP"))["consumers"]
    return {it["name"]: _subjects(it["config"]) for it in consumers}


def _subjects(config: dict[str, Any]) -> set[str]:
    """NATS writes a single subject as `filter_subject`."""
    return {*config.get("filter_subjects", ())} or {config["filter_subject"]}


async def test_what_the_cart_subscribes_to_is_what_auth_makes_for_it(
    nats_server: NatsServer, redis_url: str, tmp_path: Path
) -> None:
    """In a NATS without accounts the cart makes its consumers itself."""
    await TokenIssuer().publish_key(nats_server.url)
    settings = CartSettings(
        elasticsearch_url="",
        sqlite_directory=tmp_path / "store",
        nats_url=nats_server.url,
        redis_url=redis_url,
    )
    async with running(create_app(settings)):
        client = await nats.connect(nats_server.url)
        made = await subjects_of_consumers(client)
        await client.close()
    assert made == {name: set(subjects) for name, subjects in FOREIGN_CONSUMERS.items()}


async def test_auth_makes_the_consumers_before_their_readers_come(
    server: NatsServerOfShop, connect: Connect
) -> None:
    async with running_bus(server.url_of("auth")):
        operator = await connect("operator")
        made = await subjects_of_consumers(operator)
    assert made == {name: set(subjects) for name, subjects in FOREIGN_CONSUMERS.items()}


@pytest.mark.parametrize(
    ("consumer", "subject"), [(USERS_CONSUMER, "shop.user.registered.*"), ("cart-unknown", MERGES)]
)
async def test_a_reader_whose_subjects_differ_from_the_declaration_does_not_start(
    buses: Buses, consumer: str, subject: str
) -> None:
    with pytest.raises(ValueError, match=rf"consumer {consumer} .*FOREIGN_CONSUMERS") as refusal:
        await buses.cart.subscribe(consumer, {subject: Recorder()})
    assert subject in str(refusal.value)


async def test_a_reader_waits_for_its_consumer(
    buses: Buses, server: NatsServerOfShop, connect: Connect
) -> None:
    operator = await connect("operator")
    await call(operator, f"CONSUMER.DELETE.SHOP.{MERGES_CONSUMER}")
    recorder = Recorder()
    subscribing = asyncio.create_task(buses.cart.subscribe(MERGES_CONSUMER, {MERGES: recorder}))
    async with running_bus(server.url_of("auth")):
        await subscribing
    await buses.cart.publish(event := an_event("cart.handed_over"))
    await eventually(lambda: recorder.ids == [event.id])


async def test_a_consumer_of_a_former_release_keeps_its_place(
    buses: Buses, server: NatsServerOfShop, connect: Connect
) -> None:
    operator = await connect("operator")
    await call(operator, f"CONSUMER.DELETE.SHOP.{MERGES_CONSUMER}")
    body = {"stream_name": "SHOP", "config": OF_A_FORMER_RELEASE}
    await call(operator, f"CONSUMER.CREATE.SHOP.{MERGES_CONSUMER}", body)
    handled, waiting = an_event("cart.handed_over"), an_event("cart.handed_over")
    await buses.cart.publish(handled)
    await buses.cart.publish(waiting)
    pull = await operator.jetstream().pull_subscribe_bind(MERGES_CONSUMER, "SHOP")
    await (await pull.fetch(1, timeout=20))[0].ack_sync(timeout=20)
    before = await call(operator, f"CONSUMER.INFO.SHOP.{MERGES_CONSUMER}")
    recorder = Recorder()
    async with running_bus(server.url_of("auth")):
        after = await call(operator, f"CONSUMER.INFO.SHOP.{MERGES_CONSUMER}")
        await buses.cart.subscribe(MERGES_CONSUMER, {MERGES: recorder})
        await eventually(lambda: waiting.id in recorder.ids)
    assert [after[key] for key in ("created", "config", "ack_floor")] == [
        before[key] for key in ("created", "config", "ack_floor")
    ]
    assert recorder.ids == [waiting.id]


async def test_auth_says_how_to_replace_a_consumer_that_it_cannot_correct(
    buses: Buses, server: NatsServerOfShop, connect: Connect
) -> None:
    operator = await connect("operator")
    await call(operator, f"CONSUMER.DELETE.SHOP.{MERGES_CONSUMER}")
    pushing = {**OF_A_FORMER_RELEASE, "deliver_subject": "somewhere", "deliver_policy": "new"}
    body = {"stream_name": "SHOP", "config": pushing}
    await call(operator, f"CONSUMER.CREATE.SHOP.{MERGES_CONSUMER}", body)
    with pytest.raises(BusUnavailable, match=r"nats consumer rm SHOP cart-merges"):
        await NatsEventBus(server.url_of("auth"), name="test", request_seconds=20.0).start()
    await call(operator, f"CONSUMER.DELETE.SHOP.{MERGES_CONSUMER}")
    async with running_bus(server.url_of("auth")):
        assert (await subjects_of_consumers(operator))[MERGES_CONSUMER] == {MERGES}


async def test_a_new_auth_sets_the_subjects_and_an_older_one_does_not_undo_them(
    buses: Buses, server: NatsServerOfShop, connect: Connect
) -> None:
    operator = await connect("operator")
    newer = {**OF_A_FORMER_RELEASE, "filter_subjects": [MERGES, "shop.cart.emptied.*"]}
    body = {"stream_name": "SHOP", "config": newer}
    await call(operator, f"CONSUMER.CREATE.SHOP.{MERGES_CONSUMER}", body)
    buses.auth.connection.session.end()  # as when it reconnects
    await eventually(lambda: buses.auth.connected)
    assert (await subjects_of_consumers(operator))[MERGES_CONSUMER] == {MERGES, "shop.cart.emptied.*"}
    async with running_bus(server.url_of("auth")):
        assert (await subjects_of_consumers(operator))[MERGES_CONSUMER] == {MERGES}
