"""The services on a real NATS, each with its own account."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import httpx
import orjson
import pytest

from auth_service.subscribers import SECURITY_LOG_CONSUMER
from cart_service.subscribers import MERGES_CONSUMER, PROMO_CODES_CONSUMER, USERS_CONSUMER
from shared.events.envelope import Event
from shared.events.ports import BusUnavailable
from shared.jetstream.delivery import RetryPolicy
from shared.jetstream.nats_bus import NatsEventBus
from shared.security.keyring import AUTH_KEYS
from tests.shared.jetstream.accounts import PRODUCTS, Buses, Connect
from tests.support.events import Recorder, Seen, an_event, running_bus
from tests.support.servers import NatsServerOfShop
from tests.support.waiting import eventually


async def test_each_service_hears_what_it_needs_of_the_others(buses: Buses) -> None:
    deleted = Recorder()
    await buses.cart.subscribe(USERS_CONSUMER, {"shop.user.deleted.*": deleted})
    keys, prices = Seen(), Seen()
    key_bucket = await buses.cart.bucket(AUTH_KEYS)
    await key_bucket.watch(keys.on_entry, replay=True)
    await (await buses.cart.bucket(PRODUCTS)).watch(prices.on_entry, replay=False)
    assert keys.pairs == [("first", b'{"version":1}')]

    auth_keys, entries = await buses.auth.bucket(AUTH_KEYS), await buses.products.bucket(PRODUCTS)
    for number in range(20):
        await auth_keys.put(f"key{number}", b"value")
        await entries.put(f"product{number}", b"price")
    await auth_keys.delete("key3")
    gone = an_event("user.deleted")
    await buses.auth.publish(gone)

    await eventually(lambda: len(keys.entries) == 22 and len(prices.entries) == 20)
    assert keys.pairs[-1] == ("key3", None)
    assert keys.is_ordered
    assert prices.is_ordered
    await eventually(lambda: deleted.ids == [gone.id])
    found = await (await buses.cart.bucket(PRODUCTS)).get("product7")
    assert found is not None
    assert found.value == b"price"
    assert await (await buses.cart.bucket(PRODUCTS)).get("unknown") is None


async def test_replicas_hear_each_others_events_and_deletions_as_they_happen(
    buses: Buses, server: NatsServerOfShop
) -> None:
    heard, listening = Recorder(), asyncio.Event()
    async with running_bus(server.url_of("cart")) as other:
        handlers = {"shop.cart.updated.*": heard, "shop.user.deleted.*": heard}
        task = asyncio.create_task(other.listen(handlers, listening.set))
        await listening.wait()
        events = [an_event("cart.updated"), an_event("user.deleted")]
        await buses.cart.publish(events[0])
        await buses.auth.publish(events[1])
        await eventually(lambda: set(heard.ids) >= {event.id for event in events})
        task.cancel()


async def test_what_was_missed_while_nats_was_away_is_read_afterwards(
    buses: Buses, server: NatsServerOfShop
) -> None:
    seen = Seen()
    watch = await (await buses.cart.bucket(AUTH_KEYS)).watch(seen.on_entry, replay=True)
    server.kill()
    await eventually(lambda: not watch.connected)
    server.start()
    await eventually(lambda: buses.auth.connected)
    async with running_bus(server.url_of("auth")) as auth:
        await (await auth.bucket(AUTH_KEYS)).put("second", b"2")
    await eventually(lambda: ("second", b"2") in seen.pairs)
    assert seen.is_ordered


async def test_a_service_says_what_nats_does_not_let_it_do(
    buses: Buses, capfd: pytest.CaptureFixture[str]
) -> None:
    await buses.cart.client.publish("$KV.auth_keys.evil", b"key")
    output: list[str] = []

    def is_said() -> bool:
        output.append(capfd.readouterr().out)
        said = "".join(output)
        return "NATS refuses what this user may not do" in said and "$kv.auth_keys.evil" in said

    await eventually(is_said)


@pytest.mark.parametrize("password", ["", "wrong"])
async def test_nobody_comes_in_without_a_password(server: NatsServerOfShop, password: str) -> None:
    for user in ("auth", "products", "cart", "operator"):
        url = server.url.replace("//", f"//{user}:{password}@" if password else "//")
        # The server says why and hangs up, and the hanging up may overtake the reason.
        with pytest.raises(BusUnavailable, match=r"Authorization Violation|reset by peer"):
            await NatsEventBus(url, name="test").start()


@pytest.mark.parametrize(
    ("user", "consumer", "type"),
    [
        ("cart", USERS_CONSUMER, "user.deleted"),
        ("cart", PROMO_CODES_CONSUMER, "cart.promo_code_dropped"),
        ("cart", MERGES_CONSUMER, "cart.handed_over"),
        ("auth", SECURITY_LOG_CONSUMER, "cart.changed_on_behalf"),
    ],
)
async def test_every_consumer_of_a_service_works_and_buries(
    buses: Buses, server: NatsServerOfShop, user: str, consumer: str, type: str, connect: Connect
) -> None:
    async def fail(_event: Event) -> None:
        raise ValueError("not today")

    async with running_bus(server.url_of(user), policy=RetryPolicy(delays=())) as bus:
        await bus.subscribe(consumer, {f"shop.{type}.*": fail})
        await (buses.auth if type.startswith("user.") else buses.cart).publish(an_event(type))
        operator = await connect("operator")

        async def is_buried() -> bool:
            answer = await operator.request("$JS.API.STREAM.INFO.SHOP_DEAD", b"", timeout=20)
            return bool(orjson.loads(answer.data)["state"]["messages"] == 1)

        await eventually(is_buried)


async def test_nats_forgets_requests_that_were_answered(buses: Buses, server: NatsServerOfShop) -> None:
    """Between accounts it keeps a request for as long as its reply subject has a listener."""
    recorder = Recorder()
    await buses.cart.subscribe(MERGES_CONSUMER, {"shop.cart.handed_over.*": recorder})
    for _ in range(30):
        await buses.cart.publish(event := an_event("cart.handed_over"))
        await eventually(lambda event=event: event.id in recorder.ids)

    async def are_forgotten() -> bool:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{server.monitoring_url}/accountz", params={"acc": "SHOP"})
        return len(answer.json()["account_detail"].get("responses") or ()) < 10

    await eventually(are_forgotten)


async def test_services_recover_when_nats_comes_back_without_its_data(
    buses: Buses, server: NatsServerOfShop, tmp_path: Path
) -> None:
    """Only the owner makes a stream and its consumers again; the others wait for them."""
    seen, merges = Seen(), Recorder()
    await buses.cart.subscribe(MERGES_CONSUMER, {"shop.cart.handed_over.*": merges})
    await (await buses.cart.bucket(AUTH_KEYS)).watch(seen.on_entry, replay=True, on_gap=seen.on_gap)
    services = (buses.auth, buses.products, buses.cart)
    server.kill()
    await eventually(lambda: not any(bus.connected for bus in services))
    shutil.rmtree(tmp_path / "jetstream")
    server.start()
    await eventually(lambda: all(bus.connected for bus in services))
    await (await buses.auth.bucket(AUTH_KEYS)).put("again", b"value")
    await eventually(lambda: ("again", b"value") in seen.pairs)
    assert seen.gaps == [1]
    await buses.cart.publish(event := an_event("cart.handed_over"))
    await eventually(lambda: merges.ids == [event.id])
