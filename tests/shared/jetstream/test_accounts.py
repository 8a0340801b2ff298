"""What the users of the services may do in NATS, against a real server with `nats/nats.conf`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

import nats
from cart_service.subscribers import MERGES_CONSUMER, PROMO_CODES_CONSUMER, USERS_CONSUMER
from shared.clock import SystemClock
from shared.errors import NotAuthenticated
from shared.events.ports import BucketConfig, BusUnavailable
from shared.jetstream.delivery import RetryPolicy
from shared.jetstream.nats_bus import NatsEventBus
from shared.security.keyring import AUTH_KEYS, Keyring
from shared.security.revocations import Revocations, revocations_bucket
from shared.security.verifier import TokenVerifier
from shared.settings import ServiceSettings
from tests.support.events import Recorder, Seen, an_event, running_bus
from tests.support.servers import NatsServerOfShop
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

PRODUCTS = BucketConfig("products")
VERSIONS = BucketConfig("cart_versions", ttl_seconds=900)
REVOCATIONS = revocations_bucket(ServiceSettings())
SERVICES = ["products", "cart"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServerOfShop]:
    server = NatsServerOfShop(tmp_path)
    server.start()
    yield server
    server.stop()


class Buses:
    """The bus of each service, with its streams and buckets, each with one entry or fact."""

    def __init__(self, server: NatsServerOfShop) -> None:
        self.server = server
        self.auth: NatsEventBus
        self.products: NatsEventBus
        self.cart: NatsEventBus

    async def open(self, stack: AsyncExitStack) -> None:
        self.auth = await stack.enter_async_context(running_bus(self.server.url_of("auth")))
        self.products = await stack.enter_async_context(running_bus(self.server.url_of("products")))
        self.cart = await stack.enter_async_context(running_bus(self.server.url_of("cart")))
        for bus, config in (
            (self.auth, AUTH_KEYS),
            (self.auth, REVOCATIONS),
            (self.products, PRODUCTS),
            (self.cart, VERSIONS),
        ):
            await (await bus.bucket(config)).put("first", b'{"version":1}')
        await self.auth.publish(an_event("user.registered"))
        await self.products.publish(an_event("product.updated"))
        await self.cart.publish(an_event("cart.updated"))
        await self.cart.subscribe(USERS_CONSUMER, {"shop.user.deleted.*": Recorder()})


@pytest.fixture
async def buses(server: NatsServerOfShop) -> AsyncIterator[Buses]:
    async with AsyncExitStack() as stack:
        buses = Buses(server)
        await buses.open(stack)
        yield buses


Connect = Callable[[str], Awaitable[Client]]


@pytest.fixture
def errors() -> list[str]:
    """What NATS reported to the clients of `connect`."""
    return []


@pytest.fixture
async def connect(server: NatsServerOfShop, errors: list[str]) -> AsyncIterator[Connect]:
    """Connects as a user, with a bare client that keeps to no rules."""

    async def on_error(error: Exception) -> None:
        errors.append(str(error))

    async with AsyncExitStack() as stack:

        async def connect_as(user: str) -> Client:
            client = await nats.connect(server.url_of(user), error_cb=on_error, allow_reconnect=False)
            stack.push_async_callback(client.close)
            return client

        yield connect_as


async def test_each_service_hears_what_it_needs_of_the_others(buses: Buses) -> None:
    deleted = Recorder()
    await buses.cart.subscribe(MERGES_CONSUMER, {"shop.user.deleted.*": deleted})
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
        await eventually(lambda: set(heard.ids) == {event.id for event in events})
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


async def everything(operator: Client) -> dict[str, Any]:
    """The configuration and the messages of every stream, as the operator sees them."""
    found: dict[str, Any] = {}
    for api in ("$JS.API", "PRODUCTS.JS.API", "CART.JS.API"):
        answer = orjson.loads((await operator.request(f"{api}.STREAM.LIST", b"", timeout=20)).data)
        for stream in answer["streams"]:
            state = {name: stream["state"][name] for name in ("messages", "first_seq", "last_seq")}
            found[f"{api} {stream['config']['name']}"] = (stream["config"], state)
    return found


OF_AUTH = (
    "$KV.auth_keys.k",
    "$KV.auth_revocations.s",
    "shop.user.deleted.u",
    "shop.session.ended.s",
    "dead.auth.x",
)
FOREIGN = {
    "cart": [*OF_AUTH, "$KV.products.p", "shop.product.deleted.p", "dead.products.x"],
    "products": [
        *OF_AUTH,
        "$KV.cart_versions.c",
        "shop.cart.updated.c",
        "shop.promotion.created.p",
        "dead.cart.x",
    ],
    "auth": [
        "$KV.products.p",
        "$KV.cart_versions.c",
        "shop.product.deleted.p",
        "shop.cart.updated.c",
        "dead.cart.x",
        "_INBOX_operator.x.1",
    ],
}
OWN = {
    "cart": ("cart_versions", "shop.cart.updated.x"),
    "products": ("products", "shop.product.updated.x"),
    "auth": ("auth_keys", "shop.user.registered.x"),
}


@pytest.mark.parametrize("user", FOREIGN)
async def test_nothing_that_belongs_to_another_service_can_be_written(
    buses: Buses, user: str, connect: Connect, errors: list[str]
) -> None:
    operator, client = await connect("operator"), await connect(user)
    before = await everything(operator)
    for subject in FOREIGN[user]:
        await client.publish(subject, b'{"version":9}')
    await client.flush(20)
    assert await everything(operator) == before
    refused = {"$KV.auth_keys.k", "$KV.auth_revocations.s", "shop.user.deleted.u"} & {*FOREIGN[user]}
    for subject in refused:
        await eventually(lambda subject=subject: any(subject.lower() in error for error in errors))


@pytest.mark.parametrize("user", SERVICES)
async def test_no_answer_goes_to_a_subject_of_another_service(
    buses: Buses, user: str, connect: Connect
) -> None:
    """A request names the subject of its answer. NATS does not ask whether the asker may publish there."""
    operator, client = await connect("operator"), await connect(user)
    bucket, fact = OWN[user]
    key = f"$KV.{bucket}.evil"
    await client.request(key, b"a forged value", timeout=20)
    await client.request(fact, b"a forged fact", timeout=20)
    await operator.subscribe(">")  # a consumer delivers only where somebody listens
    before = await everything(operator)
    requests = [
        (f"$JS.API.DIRECT.GET.KV_{bucket}.{key}", b""),
        (f"$JS.API.DIRECT.GET.KV_{bucket}", orjson.dumps({"last_by_subj": key})),
        (f"$JS.API.STREAM.MSG.GET.KV_{bucket}", orjson.dumps({"last_by_subj": key})),
        (f"$JS.API.STREAM.INFO.KV_{bucket}", b""),
        ("SHOP.JS.API.STREAM.INFO.SHOP", b""),
        ("SHOP.JS.API.DIRECT.GET.KV_auth_keys", b'{"seq":1}'),
        ("SHOP.JS.API.STREAM.MSG.GET.KV_auth_keys", b'{"seq":1}'),
        ("SHOP.JS.API.CONSUMER.MSG.NEXT.SHOP.cart", b'{"batch":5,"no_wait":true}'),
        ("PRODUCTS.JS.API.DIRECT.GET.KV_products.$KV.products.first", b""),
        (fact, b"answered"),
    ]
    wrote = 0
    for target in FOREIGN[user]:
        for subject, body in requests:
            await client.publish(subject, body, reply=target)
            wrote += subject == fact
    await client.flush(20)
    await client.request(f"$JS.API.STREAM.INFO.KV_{bucket}", b"", timeout=20)
    after = await everything(operator)
    shop = after.pop("$JS.API SHOP")[1]["messages"]
    assert shop == before.pop("$JS.API SHOP")[1]["messages"] + wrote
    assert after == before


async def test_no_consumer_delivers_to_a_subject_of_another_service(buses: Buses, connect: Connect) -> None:
    operator, client = await connect("operator"), await connect("cart")
    await operator.subscribe(">")
    await client.request("shop.cart.updated.x", b"a forged value", timeout=20)
    before = await everything(operator)
    for number, target in enumerate(FOREIGN["cart"]):
        config = {
            "name": (name := f"evil{number}" if number else PROMO_CODES_CONSUMER),
            "durable_name": name,
            "deliver_subject": target,
            "filter_subject": "shop.cart.>",
            "ack_policy": "none",
            "deliver_policy": "all",
        }
        body = orjson.dumps({"stream_name": "SHOP", "config": config})
        for api in ("SHOP.JS.API", "$JS.API"):
            await client.publish(f"{api}.CONSUMER.CREATE.SHOP.{name}", body, reply="_INBOX.nobody")
    await client.flush(20)
    await asyncio.gather(*(operator.request("$JS.API.INFO", b"", timeout=20) for _ in range(10)))
    assert await everything(operator) == before


@pytest.mark.parametrize("user", [*SERVICES, "auth"])
async def test_no_stream_of_another_service_can_be_changed_or_removed(
    buses: Buses, user: str, connect: Connect
) -> None:
    operator, client = await connect("operator"), await connect(user)
    own = {"cart": "CART", "products": "PRODUCTS", "auth": "SHOP"}[user]
    before = await everything(operator)
    streams = {
        "SHOP": ["SHOP", "SHOP_DEAD", "KV_auth_keys", "KV_auth_revocations"],
        "PRODUCTS": ["KV_products"],
        "CART": ["KV_cart_versions"],
    }
    config = {"name": "", "subjects": ["other.>"], "max_msgs": 1}
    for account, names in streams.items():
        for name in names:
            for api in {f"{account}.JS.API", "$JS.API"} - ({"$JS.API"} if account == own else set()):
                for action, body in [
                    ("STREAM.DELETE", {}),
                    ("STREAM.PURGE", {}),
                    ("STREAM.UPDATE", {**config, "name": name}),
                    ("STREAM.CREATE", {**config, "name": name}),
                    ("STREAM.MSG.DELETE", {"seq": 1}),
                    ("STREAM.SNAPSHOT", {"deliver_subject": "_INBOX.x"}),
                ]:
                    await client.publish(f"{api}.{action}.{name}", orjson.dumps(body), reply="_INBOX.nobody")
                for consumer in (USERS_CONSUMER, MERGES_CONSUMER):
                    await client.publish(
                        f"{api}.CONSUMER.DELETE.{name}.{consumer}", b"", reply="_INBOX.nobody"
                    )
    if user == "auth":  # what it makes itself, it cannot empty either
        for action in ("DELETE", "PURGE"):
            await client.publish(f"$JS.API.STREAM.{action}.SHOP", b"", reply="_INBOX.nobody")
    await client.flush(20)
    await operator.request("$JS.API.INFO", b"", timeout=20)
    after = {name: state for name, state in (await everything(operator)).items() if name in before}
    assert after == before
    info = await operator.request(f"$JS.API.CONSUMER.INFO.SHOP.{USERS_CONSUMER}", b"", timeout=20)
    assert orjson.loads(info.data)["name"] == USERS_CONSUMER


@pytest.mark.parametrize("user", SERVICES)
async def test_nobody_hears_what_is_not_meant_for_it(buses: Buses, user: str, connect: Connect) -> None:
    client = await connect(user)
    heard: list[str] = []

    async def on_message(message: Msg) -> None:
        heard.append(message.subject)

    for subject in (">", "_INBOX.>", "_INBOX_auth.>", "_INBOX_operator.>", "$JS.>", "$SYS.>"):
        await client.subscribe(subject, cb=on_message)
    await client.flush(20)
    keys = await buses.auth.bucket(AUTH_KEYS)
    await keys.put("heard", b"value")
    assert await keys.get("heard")
    await buses.auth.publish(an_event("user.registered"))
    await buses.auth.publish(an_event("session.ended"))
    other = buses.products if user == "cart" else buses.cart
    await other.publish(an_event("product.updated" if user == "cart" else "cart.updated"))
    await eventually(lambda: "$KV.auth_keys.heard" in heard)
    await client.flush(20)
    own = {"cart": "cart", "products": "product"}[user]
    facts = {subject.split(".")[1] for subject in heard if subject.startswith("shop.")}
    assert facts <= {own}
    assert not [subject for subject in heard if subject.startswith(("_INBOX_auth", "_INBOX_operator"))]


@pytest.mark.parametrize("user", SERVICES)
async def test_no_verifier_takes_a_token_of_a_key_that_auth_did_not_make(
    buses: Buses, user: str, connect: Connect
) -> None:
    forger, issuer = TokenIssuer(), TokenIssuer()
    client = await connect(user)
    value, forged = orjson.dumps(forger.public_jwk), f"$KV.auth_keys.{forger.kid}"
    bucket, _ = OWN[user]
    await client.publish(forged, value)
    await client.request(f"$KV.{bucket}.{forger.kid}", value, timeout=20)
    await client.publish(f"$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.{forger.kid}", b"", reply=forged)
    await client.publish("$KV.auth_revocations.session-1", b'{"revoked_at":"2026-01-01T00:00:00Z"}')
    await client.flush(20)
    await (await buses.auth.bucket(AUTH_KEYS)).put(issuer.kid, orjson.dumps(issuer.public_jwk))
    settings, clock = ServiceSettings(), SystemClock()
    for bus in (buses.auth, buses.products, buses.cart):
        verifier = TokenVerifier(
            Keyring(), Revocations(settings, clock), clock, issuer="trolley", audience="trolley"
        )
        await verifier.start(bus)
        assert verifier.verify(issuer.token(session_id="session-1")).user_id == "user-1"
        with pytest.raises(NotAuthenticated):
            verifier.verify(forger.token())
        await verifier.stop()


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
        with pytest.raises(BusUnavailable, match="Authorization Violation"):
            await NatsEventBus(url, name="test").start()


@pytest.mark.parametrize("consumer", [USERS_CONSUMER, PROMO_CODES_CONSUMER, MERGES_CONSUMER])
async def test_every_consumer_of_the_cart_works_and_buries(
    buses: Buses, server: NatsServerOfShop, consumer: str, connect: Connect
) -> None:
    async def fail(_event: Any) -> None:
        raise ValueError("not today")

    async with running_bus(server.url_of("cart"), policy=RetryPolicy(delays=())) as bus:
        await bus.subscribe(f"{consumer}", {"shop.cart.handed_over.*": fail})
        await buses.cart.publish(an_event("cart.handed_over"))
        operator = await connect("operator")

        async def is_buried() -> bool:
            answer = await operator.request("$JS.API.STREAM.INFO.SHOP_DEAD", b"", timeout=20)
            return bool(orjson.loads(answer.data)["state"]["messages"] == 1)

        await eventually(is_buried)


async def test_nats_forgets_requests_that_were_answered(buses: Buses, server: NatsServerOfShop) -> None:
    """Between accounts it keeps a request for as long as its reply subject has a listener."""
    recorder = Recorder()
    await buses.cart.subscribe(PROMO_CODES_CONSUMER, {"shop.cart.*.*": recorder})
    for _ in range(30):
        await buses.cart.publish(event := an_event("cart.updated"))
        await eventually(lambda event=event: event.id in recorder.ids)

    async def are_forgotten() -> bool:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{server.monitoring_url}/accountz", params={"acc": "SHOP"})
        return len(answer.json()["account_detail"].get("responses") or ()) < 10

    await eventually(are_forgotten)
