"""A light load of all kinds of requests, as careful clients send them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from shared.ids import new_id
from tests.compose.engine import PATIENCE_SECONDS, Engine
from tests.compose.tally import Tally
from tests.e2e.shops import Person, Shop
from tests.support.waiting import eventually

SHOPPERS = 6
PAUSE_SECONDS = 0.1
"""Between two requests of a shopper."""
STREAM_SECONDS = 2.0
PASSWORD = "correct horse battery staple"
ADMIN = "boss@example.com"
CUSTOMER = {"email": "ann@example.com", "password": PASSWORD}


class Shopper:
    """Somebody with a cart. What was accepted must be in it once, whatever died meanwhile."""

    def __init__(self, person: Person, added: str, set_to: str, looked_at: str) -> None:
        self.person = person
        self.added, self.set_to, self.looked_at = added, set_to, looked_at
        self.accepted: Counter[str] = Counter()
        self.key = new_id()
        """Of the add under way: it is sent until it is accepted."""


class Load:
    """Shoppers, an administrator, a reader whose summary is cached, and a live cart."""

    def __init__(self, client: httpx.AsyncClient, tally: Tally) -> None:
        self.tally = tally
        self.gateway_is_away = False
        self._client = client
        self._shop = Shop(client, None)
        self._stopped = asyncio.Event()
        self._kinds: dict[str, Callable[[Shopper], Awaitable[None]]] = {
            "list products": lambda _: self._get("list products", "/products?limit=5"),
            "search": lambda _: self._get("search", "/products?q=coffee"),
            "product": lambda who: self._get("product", f"/products/{who.looked_at}"),
            "add": self._add,
            "cart": lambda who: self._send("cart", who.person, "GET", "/cart"),
            "set quantity": self._set_quantity,
            "me": lambda who: self._send("me", who.person, "GET", "/auth/me"),
            "guest": lambda _: self._post("guest", "/auth/guest", None),
            "sign in": lambda _: self._post("sign in", "/auth/login", CUSTOMER),
            "keys": lambda _: self._get("keys", "/auth/.well-known/jwks.json"),
            "summary": lambda _: self._send("summary", self._reader, "GET", "/cart/summary"),
            "price": self._change_price,
            "docs": lambda _: self._request("docs", "GET", "/docs"),
        }

    @property
    def kinds(self) -> set[str]:
        return {*self._kinds, "live cart"}

    @classmethod
    @asynccontextmanager
    async def on(cls, engine: Engine) -> AsyncIterator[Load]:
        """At work until the block ends; then every add under way is accepted, and in its cart once."""
        async with httpx.AsyncClient(base_url=engine.base_url, timeout=60) as client:
            load = cls(client, Tally())
            await load._prepare(engine)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(load._watch_cart())
                for shopper in load.shoppers:
                    tasks.create_task(load._shop_for(shopper))
                try:
                    yield load
                finally:
                    load._stopped.set()
            await load._prove_carts()

    async def _prove_carts(self) -> None:
        """Every accepted write is in its cart, once."""
        for shopper in self.shoppers:
            cart = await shopper.person.get("/cart")
            found = {item["product_id"]: item["quantity"] for item in cart["items"]}
            assert found == shopper.accepted, f"accepted {dict(shopper.accepted)}, found {found}"

    async def _prepare(self, engine: Engine) -> None:
        create = ("users", "create", "--email", ADMIN, "--admin", "--password-stdin")
        await engine.trolley(*create, stdin=PASSWORD)
        answer = await self._client.get("/api/v1/products", params={"limit": SHOPPERS + 2, "in_stock": True})
        added, set_to, *others = [item["id"] for item in answer.raise_for_status().json()["items"]]
        await self._shop.register(**CUSTOMER)
        self._admin = await self._shop.login(ADMIN, PASSWORD)
        self._reader = await self._shop.guest()
        await self._reader.add(added)
        self.shoppers = [Shopper(await self._shop.guest(), added, set_to, other) for other in others]

    async def _shop_for(self, shopper: Shopper) -> None:
        while not self._stopped.is_set():
            for visit in self._kinds.values():
                await visit(shopper)
                await asyncio.sleep(PAUSE_SECONDS)
        await eventually(lambda: self._is_accepted(shopper), PATIENCE_SECONDS, every=PAUSE_SECONDS)

    async def _add(self, shopper: Shopper) -> None:
        await self._is_accepted(shopper)

    async def _is_accepted(self, shopper: Shopper) -> bool:
        body, headers = {"product_id": shopper.added, "quantity": 1}, {"Idempotency-Key": shopper.key}
        answer = await self._send("add", shopper.person, "POST", "/cart/items", json=body, headers=headers)
        if answer is None or not answer.is_success:
            return False
        shopper.accepted[shopper.added] += 1
        shopper.key = new_id()
        return True

    async def _set_quantity(self, shopper: Shopper) -> None:
        """Repeated by the next one: the last that was accepted counts."""
        wanted = shopper.accepted[shopper.set_to] % 9 + 1
        path = f"/cart/items/{shopper.set_to}"
        while not self._stopped.is_set() or shopper.accepted[shopper.set_to] == 0:
            answer = await self._send("set quantity", shopper.person, "PUT", path, json={"quantity": wanted})
            if answer is not None and answer.is_success:
                shopper.accepted[shopper.set_to] = wanted
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _change_price(self, shopper: Shopper) -> None:
        path = f"/products/{shopper.looked_at}"
        known = await self._get("product", path)
        if known is None or not known.is_success:
            return
        price, condition = known.json()["price"] % 1000 + 1, {"If-Match": known.headers["ETag"]}
        await self._send("price", self._admin, "PATCH", path, json={"price": price}, headers=condition)

    async def _watch_cart(self) -> None:
        """A live cart that is opened again whenever it ends."""
        path, headers = "/api/v1/cart/events", self._reader.headers
        while not self._stopped.is_set():
            started, is_open = time.monotonic(), False
            try:
                async with self._client.stream("GET", path, headers=headers) as answer:
                    is_open = answer.is_success
                    if not is_open:
                        await answer.aread()
                    seconds = time.monotonic() - started
                    self.tally.answered("live cart", answer, seconds, opening=self.gateway_is_away)
                    await _read_for_a_while(answer)
            except httpx.TransportError as error:
                if not is_open:  # one that is cut off is opened again, and that is all
                    self.tally.unanswered("live cart", error, is_expected=self.gateway_is_away)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _get(self, kind: str, path: str) -> httpx.Response | None:
        return await self._request(kind, "GET", f"/api/v1{path}")

    async def _post(self, kind: str, path: str, body: Any) -> httpx.Response | None:
        return await self._request(kind, "POST", f"/api/v1{path}", json=body)

    async def _send(
        self, kind: str, person: Person, method: str, path: str, **options: Any
    ) -> httpx.Response | None:
        headers = {**person.headers, **options.pop("headers", {})}
        return await self._request(kind, method, f"/api/v1{path}", headers=headers, **options)

    async def _request(self, kind: str, method: str, url: str, **options: Any) -> httpx.Response | None:
        """None where no answer came."""
        started = time.monotonic()
        try:
            answer = await self._client.request(method, url, **options)
        except httpx.TransportError as error:
            self.tally.unanswered(kind, error, is_expected=self.gateway_is_away)
            return None
        seconds = time.monotonic() - started
        self.tally.answered(kind, answer, seconds, opening=self.gateway_is_away)
        return answer


async def _read_for_a_while(answer: httpx.Response) -> None:
    """Until it ends, or for so long that others are opened, too."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STREAM_SECONDS):
            async for _ in answer.aiter_bytes():
                pass
