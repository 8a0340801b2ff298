"""What a write and a look cost, counted at the real store, the real cache and the real bus."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from cart_service.bootstrap import bootstrap
from cart_service.carts.operations import AddItem, RemoveItem, SetQuantity
from cart_service.carts.service import CartWrite
from cart_service.carts.store import CARTS
from cart_service.service import CartService
from cart_service.settings import CartSettings
from shared.backends import open_backends
from shared.clock import SystemClock
from shared.ids import new_id
from shared.observability.metrics import REGISTRY
from tests.cart_service.conftest import Catalogue
from tests.support.stores import batches, operations
from tests.support.waiting import eventually


class Counted:
    """Passes every call on, and counts it by its method's name."""

    def __init__(self, inner: Any, calls: Counter[str]) -> None:
        self._inner = inner
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._calls[name] += 1
            return found(*arguments, **named)

        return call


class CountedStores:
    def __init__(self, inner: Any, calls: Counter[str]) -> None:
        self._inner = inner
        self._calls = calls

    async def open(self, collection: Any) -> Any:
        return Counted(await self._inner.open(collection), self._calls)


@pytest.fixture
def calls() -> Counter[str]:
    return Counter()


@pytest.fixture
async def service(backend_settings: dict[str, Any], calls: Counter[str]):
    settings = CartSettings(**backend_settings)
    async with open_backends(settings, SystemClock(), name="cart") as backends:
        counted = replace(
            backends,
            stores=CountedStores(backends.stores, calls),
            cache=Counted(backends.cache, calls),
            bus=Counted(backends.bus, calls),
        )
        async with bootstrap(settings, counted) as built:
            yield built


def pipelines() -> float:
    """Round trips to Redis of this process."""
    return REGISTRY.get_sample_value("cache_batch_items_count") or 0.0


async def test_a_hot_add_is_one_write_one_pipeline_and_one_event(
    service: CartService, catalogue: Catalogue, calls: Counter[str]
) -> None:
    owner, mug = new_id(), await catalogue.put()
    await service.writer.write(CartWrite(owner, [AddItem(mug, 1)]))
    for quantity in (2, 3, 4):
        await eventually(lambda: calls["publish"] == 1)
        calls.clear()
        requests, items = batches(CARTS, "write"), operations(CARTS, "write")
        reads, trips = operations(CARTS, "read"), pipelines()
        written = await service.writer.write(CartWrite(owner, [AddItem(mug, 1)]))
        assert written.cart.lines[mug].quantity == quantity
        assert (batches(CARTS, "write"), operations(CARTS, "write")) == (requests + 1, items + 1)
        assert (operations(CARTS, "read"), pipelines()) == (reads, trips + 1)
        await eventually(lambda: calls["publish"] == 1)
        assert seen(calls) == {"replace": 1, "set_if_newer": 1, "publish": 1}


def seen(calls: Counter[str]) -> dict[str, int]:
    """Without what the relay looks for again and again, and what only makes the service."""
    return {name: count for name, count in calls.items() if name not in {"find", "bucket", "subscribe"}}


async def test_a_cached_summary_is_one_read_of_the_cache(
    service: CartService, catalogue: Catalogue, calls: Counter[str]
) -> None:
    owner, mug = new_id(), await catalogue.put()
    await service.writer.write(CartWrite(owner, [AddItem(mug, 1)]))
    await eventually(lambda: calls["publish"] == 1)
    calls.clear()
    trips = pipelines()
    await service.summaries.get(owner)
    assert seen(calls) == {"get": 1}
    assert pipelines() == trips + 1


async def test_what_changes_nothing_writes_nothing(
    service: CartService, catalogue: Catalogue, calls: Counter[str]
) -> None:
    owner, mug = new_id(), await catalogue.put()
    await service.writer.write(CartWrite(owner, [AddItem(mug, 2)]))
    await eventually(lambda: calls["publish"] == 1)
    calls.clear()
    for operation in (RemoveItem("absent"), SetQuantity(mug, 2)):
        await service.writer.write(CartWrite(owner, [operation]))
    assert not calls.keys() & {"create", "replace", "delete", "set_if_newer", "publish"}
