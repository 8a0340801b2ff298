"""Many full carts that are written one after the other: a replica keeps each for its next write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from cart_service.carts.model import Cart
from cart_service.carts.store import CARTS, CartCodec
from shared.clock import SystemClock, to_rfc3339
from shared.settings import ServiceSettings
from shared.store.factory import create_store_factory
from tests.chaos.heavy import LINES, import_of, small_product
from tests.chaos.test_memory import ids_of, peak_mib, service_memory_mib
from tests.e2e.shops import Person, Shop, running_shop

pytestmark = [pytest.mark.chaos, pytest.mark.asyncio(loop_scope="session")]

OWNERS = 1000
"""Without a bound their carts would take more than a container has."""
CLIENTS = 8


async def store_full_carts(shop: Shop, owners: Sequence[str], products: Sequence[str]) -> None:
    """As if each had been filled by its owner, which would take much longer."""
    now = to_rfc3339(SystemClock().now())
    full = Cart("")
    for id in products:
        full = full.add(id, 1, 700, now)
    document = {**CartCodec().to_document(full), "version": 1, "updated_at": now}
    directory = Path(shop.stack.environment["SQLITE_DIRECTORY"])
    factory = create_store_factory(ServiceSettings(sqlite_directory=directory))
    try:
        carts = await factory.open(CARTS)
        for owner in owners:
            await carts.create(owner, document)
    finally:
        await factory.close()


class Impersonator(Person):
    """An administrator who writes in an owner's name."""

    def __init__(self, client: httpx.AsyncClient, session: dict[str, Any], owner: str) -> None:
        super().__init__(client, session)
        self._owner = owner

    @property
    def headers(self) -> dict[str, str]:
        return {**super().headers, "On-Behalf-Of": self._owner}


async def write_each(people: Iterator[Person], product: str) -> None:
    for person in people:
        assert len((await person.add(product))["items"]) == LINES


async def test_full_carts_of_many_owners_leave_a_replica_within_its_memory(tmp_path: Path) -> None:
    async with running_shop(tmp_path / ".data") as shop:
        admin = await shop.admin()
        headers = {"Content-Type": "application/x-ndjson", "Prefer": "wait=search"}
        body = import_of(map(small_product, range(LINES)))
        await admin.call("POST", "/products/import", content=body, headers=headers)
        products = await ids_of(shop, "small")
        owners = [f"{number:032x}" for number in range(OWNERS)]
        await store_full_carts(shop, owners, products)
        people = (Impersonator(shop.client, admin.session, owner) for owner in owners)
        await asyncio.gather(*(write_each(people, products[0]) for _ in range(CLIENTS)))
        peak = peak_mib(shop, "cart")
    print(f"peak in MiB: {peak}")
    assert peak < service_memory_mib()
