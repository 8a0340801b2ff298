"""What a write costs, counted at the real store and the real cache."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from cart_service.bootstrap import bootstrap
from cart_service.domain.operations import AddItem, RemoveItem, SetQuantity
from cart_service.service import CartService, Write
from cart_service.settings import CartSettings
from shared.backends import open_backends
from shared.clock import SystemClock
from shared.ids import new_id
from tests.cart_service.conftest import Catalogue


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
async def carts(backend_settings: dict[str, Any], calls: Counter[str]):
    settings = CartSettings(**backend_settings)
    async with open_backends(settings, SystemClock(), name="cart") as backends:
        counted = replace(
            backends, stores=CountedStores(backends.stores, calls), cache=Counted(backends.cache, calls)
        )
        async with bootstrap(settings, counted) as carts:
            yield carts


async def test_a_hot_add_is_one_write_to_the_store_and_one_to_the_cache(
    carts: CartService, catalogue: Catalogue, calls: Counter[str]
) -> None:
    owner, mug = new_id(), await catalogue.put()
    await carts.write(Write(owner, [AddItem(mug, 1)]))
    calls.clear()
    await carts.write(Write(owner, [AddItem(mug, 1)]))
    assert {name: count for name, count in calls.items() if name != "find"} == {
        "replace": 1,
        "set_if_newer": 1,
    }


async def test_a_cached_summary_is_one_read_of_the_cache(
    carts: CartService, catalogue: Catalogue, calls: Counter[str]
) -> None:
    owner, mug = new_id(), await catalogue.put()
    await carts.write(Write(owner, [AddItem(mug, 1)]))
    calls.clear()
    await carts.summary(owner)
    assert {name: count for name, count in calls.items() if name != "find"} == {"get": 1}


async def test_what_changes_nothing_writes_nothing(
    carts: CartService, catalogue: Catalogue, calls: Counter[str]
) -> None:
    owner, mug = new_id(), await catalogue.put()
    await carts.write(Write(owner, [AddItem(mug, 2)]))
    calls.clear()
    for operation in (RemoveItem("absent"), SetQuantity(mug, 2)):
        await carts.write(Write(owner, [operation]))
    assert not calls.keys() & {"create", "replace", "delete", "set_if_newer"}
