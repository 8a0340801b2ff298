"""A store that fails between the steps, under real replicas."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from cart_service.bootstrap import bootstrap
from cart_service.carts.service import CartWrite
from cart_service.promotions.errors import PromoCodeUsedUp
from cart_service.promotions.model import Conditions, Percentage, Promotion
from cart_service.service import CartService
from cart_service.settings import CartSettings
from shared.backends import open_backends
from shared.clock import SystemClock
from shared.ids import new_id
from shared.store.ports import Json, StoreUnavailable
from tests.cart_service.promotion_requests import fresh_code

WRITES = {"promotion_claims", "promotion_tallies", "carts"}


class FailingWrites:
    """Counts the writes of what belongs to a use; the one that is due fails, before it happened or after."""

    def __init__(self) -> None:
        self.due: int | None = None
        self.is_written = False

    def strike(self) -> bool:
        if self.due is None:
            return False
        self.due -= 1
        return self.due < 0


class FailingStore:
    def __init__(self, inner: Any, faults: FailingWrites) -> None:
        self._inner = inner
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def create(self, id: str, body: Json) -> str:
        return await self._write(lambda: self._inner.create(id, body))

    async def replace(self, id: str, body: Json, expected_version: str) -> str:
        return await self._write(lambda: self._inner.replace(id, body, expected_version))

    async def _write(self, write: Any) -> str:
        fails = self._faults.strike()
        version: str = "" if fails and not self._faults.is_written else await write()
        if fails:
            raise StoreUnavailable("The store did not answer.")
        return version


class FailingStores:
    def __init__(self, inner: Any, faults: FailingWrites) -> None:
        self._inner = inner
        self._faults = faults

    async def open(self, collection: Any) -> Any:
        store = await self._inner.open(collection)
        return FailingStore(store, self._faults) if collection.name in WRITES else store


@pytest.fixture
def faults() -> FailingWrites:
    return FailingWrites()


@pytest.fixture
async def shaky_and_sound(
    backend_settings: dict[str, Any], faults: FailingWrites
) -> AsyncIterator[tuple[CartService, CartService]]:
    """A replica whose writes fail from the due one on (as if it was killed there), and another one."""
    settings = CartSettings(**backend_settings)

    @asynccontextmanager
    async def replica(faults: FailingWrites) -> AsyncIterator[CartService]:
        async with open_backends(settings, SystemClock(), name="cart") as backends:
            failing = replace(backends, stores=FailingStores(backends.stores, faults))
            async with bootstrap(settings, failing) as service:
                yield service

    async with AsyncExitStack() as stack:
        shaky = await stack.enter_async_context(replica(faults))
        sound = await stack.enter_async_context(replica(FailingWrites()))
        yield shaky, sound
        faults.due = None


async def uses_of(service: CartService, code: str) -> tuple[int, int]:
    uses = (await service.promotions.get(code)).uses
    assert uses is not None
    return uses.reserved, uses.final


async def limited(service: CartService) -> str:
    conditions = Conditions(total_limit=1)
    draft = Promotion(fresh_code(), Percentage(10), conditions, "USD", "", SystemClock().now())
    return (await service.promotions.create(draft)).promotion.code


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("due", range(4))
async def test_a_replica_that_dies_while_it_puts_a_code_leaves_no_second_use(
    shaky_and_sound: tuple[CartService, CartService], faults: FailingWrites, due: int, is_written: bool
) -> None:
    shaky, sound = shaky_and_sound
    code, ann, bob = await limited(sound), new_id(), new_id()
    faults.due, faults.is_written = due, is_written
    with pytest.raises(StoreUnavailable):
        await shaky.promo_codes.put(CartWrite(ann, ()), code)
    await sound.promo_codes.put(CartWrite(ann, ()), code)
    with pytest.raises(PromoCodeUsedUp):
        await sound.promo_codes.put(CartWrite(bob, ()), code)
    assert await uses_of(sound, code) == (1, 0)


@pytest.mark.parametrize("due", range(4))
async def test_a_replica_that_dies_while_an_order_is_placed_counts_it_once(
    shaky_and_sound: tuple[CartService, CartService], faults: FailingWrites, due: int
) -> None:
    shaky, sound = shaky_and_sound
    code, ann = await limited(sound), new_id()
    await shaky.promo_codes.put(CartWrite(ann, ()), code)
    faults.due = due
    with pytest.raises(StoreUnavailable):
        await shaky.promo_codes.redeem(code, ann, "order-1")
    await sound.promo_codes.redeem(code, ann, "order-1")
    assert await uses_of(sound, code) == (0, 1)
    with pytest.raises(PromoCodeUsedUp):
        await sound.promo_codes.redeem(code, new_id(), "order-2")
