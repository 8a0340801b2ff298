"""Auth and cart in one process, a person with recognisable words, and a search for them everywhere."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import nats
import orjson
import redis.asyncio
from jose import jwt

from auth_service.bootstrap import open_operator_tools
from auth_service.settings import AuthSettings
from shared.ids import new_id
from shared.security.identity import Role
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from tests.api.services import CHEAP
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


ACCOUNT = {name: WORDS[name] for name in ("name", "email", "password")}
LOGIN = {name: WORDS[name] for name in ("email", "password")}


async def a_full_cart(person: Somebody, products: list[str]) -> None:
    for product in products:
        body = {"product_id": product, "quantity": 2}
        assert (await person.call("POST", f"{CART}/items", body)).status_code == 200
    operations = [{"op": "save", "product_id": products[0]}, {"op": "remove", "product_id": products[1]}]
    assert (await person.call("PATCH", CART, {"operations": operations})).status_code == 200


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
    """Every key of Redis with its value. The throttle counts for the address of a network, and not for a
    person; its counts expire."""
    client = redis.asyncio.from_url(shop.redis_url)
    async for key in client.scan_iter():
        if key.startswith(b"auth:{throttle}:"):
            assert await client.pttl(key) != -1, key
        else:
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
