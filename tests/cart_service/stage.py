"""A cart whose reading a test commands, with its clock and ended sessions, and live carts over it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cart_service.carts.model import Cart
from cart_service.carts.ports import Rendered
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.priced_cart import PricedCart
from cart_service.carts.priced_lines import Terms
from cart_service.carts.pricing import price
from cart_service.live.feed import CartStream, EndReason
from cart_service.live.service import LiveCarts, LiveLimits
from shared.security.identity import Identity, Role
from shared.tasks import BackgroundTasks, cancel_all

START = datetime(2026, 1, 1, tzinfo=UTC)


class Stage:
    """The cart has `version` and shows `products`; it is read when `gate` is open, or the next of `failures`
    is raised."""

    def __init__(self, limits: LiveLimits) -> None:
        self.version = 1
        self.products: list[str] = []
        self.promo_code: str | None = None
        self.valid_until: datetime | None = None
        self.failures: list[Exception] = []
        self.reads = 0
        self.reading = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.draining = asyncio.Event()
        self.ended: set[str] = set()
        self.moment = START
        self.live = LiveCarts(limits, self, self.ended.__contains__, self.read)
        tasks = BackgroundTasks()
        self._tasks = [
            tasks.start("live-carts", self.live.supervise()),
            tasks.start("live-carts-drain", self.live.drain(self.draining)),
        ]

    async def close(self) -> None:
        await cancel_all(self._tasks)
        await self.live.close()

    def now(self) -> datetime:
        return self.moment

    async def read(self, owner: str, about_to_price) -> PricedCart:
        self.reads += 1
        cart, valid_until = Cart(owner, version=self.version), self.valid_until
        about_to_price(self.products, self.promo_code)
        self.reading += 1
        await self.gate.wait()
        self.reading -= 1
        if self.failures:
            raise self.failures.pop()
        priced = price(cart, {}, Terms("USD", PricePolicy(), START))
        return replace(priced, valid_until=valid_until)

    def change(self, version: int) -> None:
        self.version = version
        self.live.cart_changed("ann", version)


def viewer(user_id: str = "ann", session_id: str = "phone", life: float = 600) -> Identity:
    until = START + timedelta(seconds=life)
    return Identity(user_id, session_id, Role.CUSTOMER, frozenset(), until, START)


async def shown(stream: CartStream) -> Rendered:
    async with asyncio.timeout(60):
        event = await stream.next()
    assert isinstance(event, Rendered), event
    return event


async def version_of(stream: CartStream) -> int:
    return (await shown(stream)).version


async def reason(stream: CartStream) -> EndReason:
    async with asyncio.timeout(60):
        event = await stream.next()
    assert isinstance(event, EndReason), event
    return event
