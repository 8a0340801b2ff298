"""What the shop keeps about a person: all of it is exported, and nothing is left after the deletion."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import redis.asyncio
from jose import jwt

import auth_service.main
import cart_service.main
import nats
from auth_service.bootstrap import open_operator_tools
from auth_service.settings import AuthSettings
from cart_service.settings import CartSettings
from shared.ids import new_id
from shared.security.identity import Role
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from tests.api.services import CHEAP, PATIENT
from tests.cart_service.conftest import Catalogue
from tests.support.apps import running
from tests.support.servers import NatsServer
from tests.support.waiting import eventually
from trolley.migration import COLLECTIONS

AUTH, CART = "/api/v1/auth", "/api/v1/cart"
ADDRESS = "192.0.2.77"
WORDS = {
    "name": "Wilhelmina Quackenbush",
    "email": "wilhelmina@quackenbush.example",
    "password": "zwetschgenknoedel mit zimt",
    "agent": "Quackenbush-Phone/9.1",
}
SOUGHT = [b"quackenbush", b"wilhelmina", b"zwetschgen", ADDRESS.encode()]


@dataclass
class Somebody:
    shop: Shop
    session: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.session["user"]["id"])

    @property
    def token(self) -> str:
        return str(self.session["access_token"])

    @property
    def session_id(self) -> str:
        return str(jwt.get_unverified_claims(self.token)["sid"])

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        client = self.shop.cart if path.startswith(CART) else self.shop.auth
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = self.shop.headers | {"Authorization": f"Bearer {self.token}"} | named
        return await client.request(method, path, json=body, headers=sent)


@dataclass
class Shop:
    """Auth and cart in this process, over one store, NATS and Redis of the test's own."""

    auth: httpx.AsyncClient
    cart: httpx.AsyncClient
    settings: dict[str, Any]
    nats_url: str
    redis_url: str
    headers: dict[str, str]

    async def sign(self, path: str, body: Any = None) -> Somebody:
        answer = await self.auth.post(f"{AUTH}{path}", json=body, headers=self.headers)
        assert answer.status_code in (200, 201), answer.text
        return Somebody(self, answer.json())

    async def admin(self) -> Somebody:
        settings = AuthSettings(**self.settings, **CHEAP)
        body = {"email": f"{new_id()}@example.com", "password": "correct horse battery"}
        async with open_operator_tools(settings) as operator:
            await operator.create_user("Root", body["email"], body["password"], Role.ADMIN)
        answer = await self.auth.post(f"{AUTH}/login", json=body)
        return Somebody(self, answer.json())

    async def knows(self, person: Somebody) -> None:
        """Waits until the cart knows the key of the tokens."""

        async def known() -> bool:
            return (await person.call("GET", CART)).status_code == 200

        await eventually(known)


@pytest.fixture
async def shop(
    store_settings: dict[str, Any], nats_server: NatsServer, redis_url: str
) -> AsyncIterator[Shop]:
    settings = {**store_settings, "nats_url": nats_server.url, "redis_url": redis_url}
    secret = {"gateway_secret": "the gateway's secret of a test"}
    auth = auth_service.main.create_app(AuthSettings(**settings, **secret, **CHEAP, **PATIENT))
    cart = cart_service.main.create_app(CartSettings(**settings, cart_events_tickets_per_minute=1000))
    headers = {
        "User-Agent": WORDS["agent"],
        "X-Forwarded-For": ADDRESS,
        "X-Gateway-Secret": secret["gateway_secret"],
    }
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(running(app)) for app in (auth, cart)]
        yield Shop(*clients, settings, nats_server.url, redis_url, headers)


ACCOUNT = {name: WORDS[name] for name in ("name", "email", "password")}
LOGIN = {name: WORDS[name] for name in ("email", "password")}


async def a_full_cart(person: Somebody, products: list[str]) -> None:
    for product in products:
        body = {"product_id": product, "quantity": 2}
        assert (await person.call("POST", f"{CART}/items", body)).status_code == 200
    operations = [{"op": "save", "product_id": products[0]}, {"op": "remove", "product_id": products[1]}]
    assert (await person.call("PATCH", CART, {"operations": operations})).status_code == 200


async def test_an_export_has_what_every_service_keeps(shop: Shop) -> None:
    products = [await Catalogue(shop.nats_url).put() for _ in range(3)]
    person = await shop.sign("/register", ACCOUNT)
    await shop.knows(person)
    await a_full_cart(person, products)
    answer = await person.call("GET", f"{AUTH}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "attachment" in answer.headers["content-disposition"]
    export = answer.json()
    assert export["account"] == export["account"] | {
        "id": person.id,
        "name": WORDS["name"],
        "email": WORDS["email"],
        "email_verified": False,
        "role": "customer",
    }
    assert [session["user_agent"] for session in export["sessions"]] == [WORDS["agent"]]
    events = {event["type"]: event for event in export["security_events"]}
    assert events["user.exported"]["address"] == ADDRESS
    kept = export["services"]["cart"]["cart"]
    assert [line["product_id"] for line in kept["lines"]] == [products[2]]
    assert [line["product_id"] for line in kept["saved"]] == [products[0]]
    assert {line["product_id"] for line in kept["undo"]["lines"]} == set(products[:2])
    assert export["services"]["cart"]["promo_code_uses"] == []
    for secret in ("argon2", "hash", "digest", person.token, person.session["refresh_token"]):
        assert secret not in answer.text


async def test_a_guest_exports_the_cart(shop: Shop) -> None:
    guest = await shop.sign("/guest")
    await shop.knows(guest)
    product = await Catalogue(shop.nats_url).put()
    await guest.call("POST", f"{CART}/items", {"product_id": product})
    export = (await guest.call("GET", f"{AUTH}/export")).json()
    assert (export["account"]["email"], export["account"]["role"]) == (None, "guest")
    assert export["services"]["cart"]["cart"]["lines"][0]["product_id"] == product
    assert export["security_events"] == []


async def test_an_export_without_the_cart_is_refused_and_names_it(
    store_settings: dict[str, Any], nats_server: NatsServer, redis_url: str
) -> None:
    settings = {**store_settings, "nats_url": nats_server.url, "redis_url": redis_url}
    app = auth_service.main.create_app(AuthSettings(**settings, **CHEAP, **PATIENT))
    async with running(app) as client:
        session = (await client.post(f"{AUTH}/register", json=ACCOUNT)).json()
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        answer = await client.get(f"{AUTH}/export", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:trolley:problem:export-unavailable")
    assert answer.json()["service"] == "cart"
    assert answer.headers["retry-after"]


async def test_the_cart_of_a_guest_is_merged_after_the_sign_in_that_ended_the_guest(shop: Shop) -> None:
    guest = await shop.sign("/guest")
    await shop.knows(guest)
    product = await Catalogue(shop.nats_url).put()
    await guest.call("POST", f"{CART}/items", {"product_id": product})
    person = await shop.sign("/register", ACCOUNT | {"guest_token": guest.token})

    async def refused() -> bool:
        return (await guest.call("GET", CART)).status_code == 401

    await eventually(refused)
    merged = await person.call("POST", f"{CART}/merge", {"guest_token": guest.token})
    assert merged.status_code == 200, merged.text
    assert [line["product_id"] for line in merged.json()["cart"]["items"]] == [product]


async def test_the_cart_of_a_guest_who_signed_out_is_gone(shop: Shop) -> None:
    guest = await shop.sign("/guest")
    await shop.knows(guest)
    await guest.call("POST", f"{CART}/items", {"product_id": await Catalogue(shop.nats_url).put()})
    assert (await guest.call("POST", f"{AUTH}/logout")).status_code == 204

    async def gone() -> bool:
        return f"carts/{guest.id}" not in await documents(shop)

    await eventually(gone)


async def test_an_administrators_change_of_a_cart_is_in_the_owners_log(shop: Shop) -> None:
    admin, person = await shop.admin(), await shop.sign("/register", ACCOUNT)
    await shop.knows(admin)
    body = {"product_id": await Catalogue(shop.nats_url).put()}
    answer = await admin.call("POST", f"{CART}/items", body, On_Behalf_Of=person.id)
    assert answer.status_code == 200, answer.text

    async def told() -> list[str]:
        events = (await person.call("GET", f"{AUTH}/security-events")).json()["items"]
        return [event["by"] for event in events if event["type"] == "cart.changed_on_behalf"]

    assert await eventually(told) == [admin.id]


async def documents(shop: Shop) -> dict[str, Any]:
    """Every document, by its collection and id."""
    factory = create_store_factory(ServiceSettings(**shop.settings))
    found: dict[str, Any] = {}
    for collection in COLLECTIONS:
        store = await factory.open(collection)
        await store.refresh()
        found |= {f"{collection.name}/{it.id}": it.body async for it in store.scan()}
    await factory.close()
    return found


async def messages(shop: Shop) -> AsyncIterator[bytes]:
    """Every message of every stream, buckets and the record of requests included."""
    client = await nats.connect(shop.nats_url)
    jetstream = client.jetstream()
    for stream in await jetstream.streams_info():
        assert stream.config.name is not None
        for number in range(max(1, stream.state.first_seq), stream.state.last_seq + 1):
            try:
                message = await jetstream.get_msg(stream.config.name, number)
            except nats.js.errors.NotFoundError:
                continue
            yield message.subject.encode() + b" " + (message.data or b"") + str(message.headers).encode()
    await client.close()


async def cached(shop: Shop) -> AsyncIterator[bytes]:
    """Every key of Redis with its value, but for the tallies of the throttle, which expire."""
    client = redis.asyncio.from_url(shop.redis_url)
    async for key in client.scan_iter():
        yield key + b" " + (await client.dump(key) or b"")
    await client.aclose()


async def traces(shop: Shop, log: str) -> list[bytes]:
    """Whatever has a word of the person, wherever it is kept."""
    kept = [orjson.dumps([id, body]) for id, body in (await documents(shop)).items()]
    kept += [message async for message in messages(shop)]
    kept += [entry async for entry in cached(shop)]
    kept += log.encode().splitlines()
    directory = shop.settings.get("sqlite_directory")
    kept += [row async for row in _rows(directory)] if directory else []
    return [text for text in kept if any(word in text.lower() for word in SOUGHT)]


async def _rows(directory: Path) -> AsyncIterator[bytes]:
    """Every row of every table, those of the full-text index included."""
    for file in [*directory.iterdir()]:  # noqa: ASYNC240  (a few files)
        if file.suffix != ".sqlite3":
            continue
        with sqlite3.connect(file) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                for row in database.execute(f'SELECT * FROM "{table}"'):
                    yield repr(row).encode()


async def test_a_deleted_person_leaves_no_word_anywhere(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    products = [await Catalogue(shop.nats_url).put() for _ in range(3)]
    admin = await shop.admin()
    guest = await shop.sign("/guest")
    await shop.knows(guest)
    await guest.call("POST", f"{CART}/items", {"product_id": products[2]})
    person = await shop.sign("/register", ACCOUNT | {"guest_token": guest.token})
    await person.call("POST", f"{CART}/merge", {"guest_token": guest.token})
    await a_full_cart(person, products)
    await person.call("GET", f"{CART}/summary")
    phone, tablet = await shop.sign("/login", LOGIN), await shop.sign("/login", LOGIN)
    await shop.auth.post(f"{AUTH}/login", json=LOGIN | {"password": "wrong password"}, headers=shop.headers)
    await phone.call("PATCH", f"{AUTH}/me", {"name": WORDS["name"] + " II"})
    await phone.call("GET", f"{AUTH}/export")
    await tablet.call("POST", f"{AUTH}/logout")
    await admin.call("POST", f"{CART}/items", {"product_id": products[0]}, On_Behalf_Of=person.id)
    await admin.call("GET", f"{AUTH}/users?email={WORDS['email']}")
    await admin.call("PATCH", f"{AUTH}/users/{person.id}", {"role": "editor"})
    await admin.call("PATCH", f"{AUTH}/users/{person.id}", {"role": "customer"})
    last = await shop.sign("/login", LOGIN)
    assert await traces(shop, "")  # there is something to find
    deleted = await last.call("DELETE", f"{AUTH}/me", {"password": WORDS["password"]})
    assert deleted.status_code == 204, deleted.text
    log = ""

    async def forgotten() -> bool:
        nonlocal log
        log += capsys.readouterr().out
        left = await traces(shop, log)
        assert not left, left[:5]
        return True

    await eventually(forgotten)
    everything = await documents(shop)
    assert not any(id in everything for id in (f"carts/{person.id}", f"carts/{guest.id}"))
    shell = everything[f"users/{person.id}"]
    assert {name for name, value in shell.items() if value not in ("", [], None, False)} <= {
        *("role", "created_at", "updated_at", "version", "deleted", "credentials_version"),
        *("access_version", "pending_events", "pending_since"),
    }
    for product in products:  # nor what was in the cart, nor in that of the guest
        assert product not in orjson.dumps(everything).decode()
