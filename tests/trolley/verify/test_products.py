"""Products against their entries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest

from product_service.products.model import product_id_of
from shared.ids import new_id
from tests.product_service.catalogues import draft, fresh_sku
from tests.trolley.verify.shops import Result, ShopWriter, verify
from trolley.verify.findings import ConsistencyCheck, FindingTally
from trolley.verify.products import OrphanEntries
from trolley.verify.shop import Shop

ENTRIES, ORPHANS = "product entries", "entries without product"


async def put(shop: Shop, key: str, **body: object) -> None:
    await shop.products.bucket.put(key, orjson.dumps(body))


async def test_what_agrees_is_no_finding(shop: Shop, writer: ShopWriter) -> None:
    for _ in range(3):
        await writer.product()
    result = await verify(shop)
    assert result.findings == []
    assert result.tallies[ENTRIES].looked_at == result.tallies[ORPHANS].looked_at == 3


async def test_an_empty_bucket_is_refilled_as_it_was(shop: Shop, writer: ShopWriter) -> None:
    products = [await writer.product() for _ in range(5)]
    before = [await writer.entry(product.id) for product in products]
    for product in products:
        await shop.products.bucket.delete(product.id)
    reported = await verify(shop)
    assert sorted(reported.findings) == sorted((ENTRIES, product.id, "found") for product in products)
    assert await writer.entry(products[0].id) is None
    repaired = await verify(shop, fix=True)
    assert sorted(repaired.findings) == sorted((ENTRIES, product.id, "repaired") for product in products)
    assert [await writer.entry(product.id) for product in products] == before
    assert (await verify(shop)).findings == []


async def test_an_older_or_unreadable_entry_is_written_anew(shop: Shop, writer: ShopWriter) -> None:
    old, torn = await writer.product(), await writer.product()
    behind = await writer.entry(old.id)
    await writer.reprice(old.id, 99)
    assert behind is not None
    await put(shop, old.id, **behind)
    await shop.products.bucket.put(torn.id, b"\xff")
    result = await verify(shop, fix=True)
    assert sorted(result.findings) == sorted((ENTRIES, id, "repaired") for id in (old.id, torn.id))
    entry = await writer.entry(old.id)
    assert entry is not None
    assert (entry["version"], entry["price"]) == (2, 99)
    assert await writer.entry(torn.id) == torn.entry()


@pytest.mark.parametrize("version", [1, 7])
async def test_a_store_put_back_goes_on_after_the_versions_that_were_told(
    shop: Shop, writer: ShopWriter, version: int
) -> None:
    product = await writer.product(price=500)
    await put(shop, product.id, **{**product.entry(), "version": version, "price": 1})
    assert (await verify(shop)).findings == [(ENTRIES, product.id, "found")]
    assert (await verify(shop, fix=True)).findings == [(ENTRIES, product.id, "repaired")]
    entry, stored = await writer.entry(product.id), await shop.products.products.get(product.id)
    assert entry is not None
    assert stored is not None
    assert (entry["version"], entry["price"]) == (version + 1, 500)
    assert stored.version == version + 1
    assert stored.details == product.details
    assert (await verify(shop)).findings == []


async def test_an_entry_without_a_product_says_deleted_and_gives_way_to_a_new_one(
    shop: Shop, writer: ShopWriter
) -> None:
    product = await writer.product()
    document = await writer.document(product.id)
    await shop.products.store.delete(product.id, document.version)
    await shop.products.bucket.put("nonsense", b"[1]")
    result = await verify(shop, fix=True)
    assert sorted(result.findings) == sorted((ORPHANS, id, "repaired") for id in (product.id, "nonsense"))
    entry = await writer.entry(product.id)
    assert entry == {**product.entry(), "status": "deleted", "version": 0}
    assert (await verify(shop)).findings == []
    await shop.products.bucket.put(product_id_of("A-1"), orjson.dumps({"version": 9, "status": "active"}))
    await verify(shop, fix=True)
    again = await writer.product()
    assert (await writer.entry(again.id)) == again.entry()


@dataclass
class BucketOfRivals:
    """A bucket in which another writer acts right before each update."""

    bucket: Any
    rival: Callable[[], Awaitable[object]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bucket, name)

    async def update(self, key: str, value: bytes, revision: int) -> int:
        await self.rival()
        return await self.bucket.update(key, value, revision)


async def test_a_product_that_comes_while_its_old_entry_is_repaired_wins(
    shop: Shop, writer: ShopWriter
) -> None:
    wanted = draft(fresh_sku())
    await put(shop, wanted.id, version=9, status="active", name="Old")
    rivals = BucketOfRivals(shop.products.bucket, lambda: writer.add(wanted))
    check = OrphanEntries(replace(shop.products, bucket=rivals), shop.currency)
    (finding,) = await check.look([wanted.id])
    await check.fix(finding)
    product = await shop.products.products.get(wanted.id)
    assert product is not None
    assert await writer.entry(wanted.id) == product.entry()


async def test_an_entry_that_somebody_else_repairs_meanwhile_is_left_alone(
    shop: Shop, writer: ShopWriter
) -> None:
    await put(shop, "orphan", version=9, status="active", name="Old")
    rivals = BucketOfRivals(
        shop.products.bucket, lambda: put(shop, "orphan", version=9, status="deleted", name="Rival's")
    )
    check = OrphanEntries(replace(shop.products, bucket=rivals), shop.currency)
    (finding,) = await check.look(["orphan"])
    await check.fix(finding)
    entry = await writer.entry("orphan")
    assert entry is not None
    assert entry["name"] == "Rival's"


async def test_what_is_under_way_is_no_finding(shop: Shop, writer: ShopWriter) -> None:
    """A product whose entry is written between the first check and the second."""
    product = await writer.product()
    await shop.products.bucket.delete(product.id)
    looked = asyncio.Event()

    class Watching(Result):
        def looked(self, check: ConsistencyCheck, tally: FindingTally) -> None:
            super().looked(check, tally)
            looked.set()

    async def deliver_late() -> None:
        await looked.wait()
        await shop.products.bucket.put(product.id, orjson.dumps(product.entry()))

    late = asyncio.create_task(deliver_late())
    result = await verify(shop, second_look_seconds=1, result=Watching())
    await late
    assert result.findings == []


async def test_a_product_whose_events_wait_is_left_to_its_outbox_at_first(
    shop: Shop, writer: ShopWriter
) -> None:
    product = await writer.product()
    document = await writer.document(product.id)
    event = {
        "id": new_id(),
        "time": shop.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    body = {**document.body, "version": 2, "pending_events": [event], "pending_since": event["time"]}
    await shop.products.store.replace(product.id, body, document.version)
    assert (await verify(shop)).findings == []
    assert (ENTRIES, product.id, "found") in (await verify(shop, pending_seconds=0)).findings


async def test_many_more_than_a_page_are_repaired(shop: Shop, writer: ShopWriter) -> None:
    products = await asyncio.gather(*(writer.product() for _ in range(450)))
    await asyncio.gather(*(shop.products.bucket.delete(product.id) for product in products))
    result = await verify(shop, fix=True)
    assert result.tallies[ENTRIES].found == result.tallies[ENTRIES].repaired == 450
    assert (await verify(shop)).findings == []
