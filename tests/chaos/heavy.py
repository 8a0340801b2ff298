"""The heaviest requests that are legal, of every kind."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from typing import Any

import httpx

from shared.ids import new_id
from tests.e2e.shops import Person, Shop

LINES = 500
PAGE = 100
BODY_BYTES = 1_000_000
STREAMS = 8
_WIDEST = "\N{GRINNING FACE}"


def large_product(number: int) -> dict[str, Any]:
    """As much as fits into a line of an import, of characters that take most memory."""
    return {
        "sku": f"LARGE-{number}",
        "name": f"Large {number} {_WIDEST * 150}",
        "description": _WIDEST * 5_000,
        "brand": _WIDEST * 100,
        "categories": ["large", *(f"{index} {_WIDEST * 50}" for index in range(10))],
        "attributes": {f"{index} {_WIDEST * 20}": _WIDEST * 400 for index in range(20)},
        "image_url": f"https://shop.example/{'x' * 1000}",
        "price": 100 + number,
        "currency": "USD",
        "stock": 1000,
        "status": "active",
    }


def small_product(number: int) -> dict[str, Any]:
    """One of those that fill carts."""
    name = f"Small {number} {_WIDEST * 100}"
    return {
        "sku": f"SMALL-{number}",
        "name": name,
        "image_url": f"https://shop.example/{'x' * 200}",
        "categories": ["small"],
        "price": 700,
        "currency": "USD",
        "stock": 10**6,
        "status": "active",
    }


def import_of(products: Iterable[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(product, ensure_ascii=False).encode() for product in products)


class HeavyLoad:
    """Clients that each send one kind of request after the other; `seen` tells how they ended."""

    def __init__(self, shop: Shop, admin: Person, products: list[str]) -> None:
        self.shop = shop
        self.admin = admin
        self.products = products
        self.seen: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self._stopped = False
        self._large = import_of(map(large_product, range(PAGE)))
        self._kinds: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
            "anonymous cart": self._anonymous_cart,
            "import": self._import,
            "page": self._page,
            "large body": self._large_body,
            "sign-in": self._sign_in,
            "registration": self._registration,
        }
        self._streams = AsyncExitStack()

    async def run(self, clients: int) -> None:
        """Until `stop`."""
        async with self._streams:
            await asyncio.gather(*(self._client(number) for number in range(clients)))

    def stop(self) -> None:
        self._stopped = True

    async def _client(self, number: int) -> None:
        kinds = list(self._kinds)
        for kind in itertools.islice(itertools.cycle(kinds), number, None):
            if self._stopped:
                return
            await self._note(kind, self._kinds[kind]())

    async def _note(self, kind: str, request: Awaitable[httpx.Response]) -> None:
        try:
            answer = await request
        except httpx.HTTPError as error:
            self.wrong[f"{kind}: {type(error).__name__}"] += 1
            return
        self.seen[f"{kind} {answer.status_code}"] += 1
        is_problem = answer.headers.get("content-type") == "application/problem+json"
        if not (
            answer.is_success or (is_problem and (answer.status_code < 500 or answer.status_code == 503))
        ):
            self.wrong[f"{kind}: {answer.status_code} {answer.text[:200]}"] += 1

    async def _anonymous_cart(self) -> httpx.Response:
        answer = await self.shop.client.post("/api/v1/auth/guest")
        if not answer.is_success:
            return answer
        guest = Person(self.shop.client, answer.json())
        adds = [{"op": "add", "product_id": id, "quantity": 1} for id in self.products]
        answer = await guest.call("PATCH", "/cart", json={"operations": adds})
        if answer.is_success:
            await self._note("cart", guest.call("GET", "/cart"))
            await self._note("summary", guest.call("GET", "/cart/summary"))
            for _ in range(STREAMS):
                await self._note("live cart", self._live_cart(guest))
        return answer

    async def _live_cart(self, guest: Person) -> httpx.Response:
        """Opened, and never read."""
        stream = self.shop.client.stream("GET", "/api/v1/cart/events", headers=guest.headers)
        answer = await self._streams.enter_async_context(stream)
        if not answer.is_success:
            await answer.aread()
        return answer

    async def _import(self) -> httpx.Response:
        headers = {"Content-Type": "application/x-ndjson"}
        return await self.admin.call("POST", "/products/import", content=self._large, headers=headers)

    async def _page(self) -> httpx.Response:
        return await self.shop.client.get("/api/v1/products", params={"limit": PAGE, "category": "large"})

    async def _large_body(self) -> httpx.Response:
        body = b'{"operations": [' + b" " * BODY_BYTES + b"]}"
        return await self.admin.call(
            "PATCH", "/cart", content=body, headers={"Content-Type": "application/json"}
        )

    async def _sign_in(self) -> httpx.Response:
        body = {"email": f"{new_id()}@example.com", "password": "correct horse battery staple"}
        return await self.shop.client.post("/api/v1/auth/login", json=body)

    async def _registration(self) -> httpx.Response:
        body = {"email": f"{new_id()}@example.com", "name": "Ann", "password": new_id() + _WIDEST * 64}
        return await self.shop.client.post("/api/v1/auth/register", json=body)
