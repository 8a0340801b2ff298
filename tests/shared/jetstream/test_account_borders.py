"""What a service cannot do to another one's streams and buckets, with a real NATS and `nats/nats.conf`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import product
from typing import Any

import orjson
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

from auth_service.subscribers import SECURITY_LOG_CONSUMER
from cart_service.subscribers import MERGES_CONSUMER, PROMO_CODES_CONSUMER, USERS_CONSUMER
from shared.clock import SystemClock
from shared.errors import NotAuthenticated
from shared.security.keyring import AUTH_KEYS, Keyring
from shared.security.revocations import Revocations
from shared.security.verifier import TokenVerifier
from shared.settings import ServiceSettings
from tests.shared.jetstream.accounts import SERVICES, Buses, Connect
from tests.support.events import an_event
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually


async def everything(operator: Client) -> dict[str, Any]:
    """The configuration and the messages of every stream, as the operator sees them."""
    found: dict[str, Any] = {}
    for api in ("$JS.API", "PRODUCTS.JS.API", "CART.JS.API"):
        answer = orjson.loads((await operator.request(f"{api}.STREAM.LIST", b"", timeout=20)).data)
        for stream in answer["streams"]:
            state = {name: stream["state"][name] for name in ("messages", "first_seq", "last_seq")}
            found[f"{api} {stream['config']['name']}"] = (stream["config"], state)
    return found


async def consumers_of_facts(operator: Client) -> dict[str, Any]:
    """The configuration of each consumer of the stream SHOP."""
    answer = orjson.loads((await operator.request("$JS.API.CONSUMER.LIST.SHOP", b"", timeout=20)).data)
    return {consumer["name"]: consumer["config"] for consumer in answer["consumers"]}


OF_AUTH = (
    "$KV.auth_keys.k",
    "$KV.auth_revocations.s",
    "shop.user.deleted.u",
    "shop.session.ended.s",
    "dead.auth-security-log.x",
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
    for _ in range(2 * len(FOREIGN[user])):  # what a pull finds
        await buses.cart.publish(an_event("cart.handed_over"))
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
        ("SHOP.JS.API.CONSUMER.INFO.SHOP.cart-merges", b""),
        ("SHOP.JS.API.CONSUMER.MSG.NEXT.SHOP.cart-merges", b'{"batch":1,"no_wait":true}'),
        ("$JS.ACK.SHOP.cart-merges.1.1.1.1.0", b'+NXT {"batch":1,"no_wait":true}'),
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


SHORT_LIVED = {"filter_subject": "shop.cart.handed_over.*", "inactive_threshold": 10**9}
CURIOUS = {"filter_subject": "shop.user.registered.*", "ack_policy": "explicit"}
PUSHING = {
    "filter_subject": "shop.cart.evil",
    "deliver_subject": "$KV.auth_keys.evil",
    "ack_policy": "none",
    "deliver_policy": "new",
}


@pytest.mark.parametrize("user", SERVICES)
async def test_no_service_makes_or_changes_a_consumer_of_a_stream_of_another_account(
    buses: Buses, user: str, connect: Connect
) -> None:
    """A permission names the consumer and not its settings, so whoever may create one may create any."""
    operator, client = await connect("operator"), await connect(user)
    before = await consumers_of_facts(operator)
    consumers = (USERS_CONSUMER, PROMO_CODES_CONSUMER, MERGES_CONSUMER, SECURITY_LOG_CONSUMER, "evil")
    for name, settings in product(consumers, (SHORT_LIVED, CURIOUS, PUSHING)):
        config = {"name": name, "durable_name": name, **settings}
        endpoints = (
            f"CONSUMER.CREATE.SHOP.{name}",
            f"CONSUMER.CREATE.SHOP.{name}.{settings['filter_subject']}",
            f"CONSUMER.DURABLE.CREATE.SHOP.{name}",
            "CONSUMER.CREATE.SHOP",
        )
        for action, api, endpoint in product(("", "create"), ("SHOP.JS.API", "$JS.API"), endpoints):
            body = {"stream_name": "SHOP", "config": config, "action": action}
            with suppress(NoRespondersError):
                await client.request(f"{api}.{endpoint}", orjson.dumps(body), timeout=20)
    assert await consumers_of_facts(operator) == before


async def test_a_consumer_that_is_gone_is_not_made_again_by_its_reader(
    buses: Buses, connect: Connect
) -> None:
    operator, client = await connect("operator"), await connect("cart")
    await operator.request(f"$JS.API.CONSUMER.DELETE.SHOP.{USERS_CONSUMER}", b"", timeout=20)
    await client.subscribe("$KV.auth_keys.evil")  # a consumer delivers only where somebody listens
    config = {"name": USERS_CONSUMER, "durable_name": USERS_CONSUMER, **PUSHING}
    body = orjson.dumps({"stream_name": "SHOP", "config": config})
    before = await everything(operator)
    with suppress(NoRespondersError):
        await client.request(f"SHOP.JS.API.CONSUMER.CREATE.SHOP.{USERS_CONSUMER}", body, timeout=20)
    assert USERS_CONSUMER not in await consumers_of_facts(operator)
    await client.request("shop.cart.evil", b"a forged key", timeout=20)
    assert (await everything(operator))["$JS.API KV_auth_keys"] == before["$JS.API KV_auth_keys"]


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
