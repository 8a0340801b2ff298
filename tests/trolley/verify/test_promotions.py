"""Promotions against their entries."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from cart_service.promotions.model import Conditions, Percentage, Promotion, PromotionStatus
from shared.store.ports import Document
from tests.trolley.verify.shops import verify
from trolley.verify.shop import Shop

ENTRIES = "promotion entries"


async def add(shop: Shop, code: str = "SPRING") -> Document:
    draft = Promotion(code, Percentage(10), Conditions(), "USD", "", shop.clock.now())
    await shop.carts.service.promotions.create(draft)
    assert await shop.carts.promotions.outbox.deliver_pending(code)
    return await stored(shop, code)


async def stored(shop: Shop, code: str = "SPRING") -> Document:
    document = await shop.carts.promotions.store.get(code)
    assert document is not None
    return document


async def published(shop: Shop, code: str = "SPRING") -> dict[str, Any]:
    entry = await shop.promotion_entries.get(code)
    assert entry is not None
    body: dict[str, Any] = orjson.loads(entry.value or b"")
    return body


async def put(shop: Shop, **body: Any) -> None:
    await shop.promotion_entries.put("SPRING", orjson.dumps(body))


async def is_repaired(shop: Shop) -> None:
    """It is found, repaired, and not found again. The store and the bucket agree."""
    for outcome in ("found", "repaired"):
        result = await verify(shop, fix=outcome == "repaired")
        assert [it for it in result.findings if it[0] == ENTRIES] == [(ENTRIES, "SPRING", outcome)]
    assert (await verify(shop)).findings == []
    assert (await stored(shop)).body["definition"] == await published(shop)


async def status(shop: Shop) -> PromotionStatus:
    return (await shop.carts.service.promotions.get("SPRING")).status


async def test_promotions_that_agree_are_no_finding(shop: Shop) -> None:
    await add(shop)
    await add(shop, "SUMMER")
    assert (await verify(shop)).findings == []


@pytest.mark.parametrize("entry", [None, b"torn", b'{"version": 7}'])
async def test_an_entry_that_is_lost_or_unreadable_is_written_anew(shop: Shop, entry: bytes | None) -> None:
    await add(shop)
    if entry is None:
        await shop.promotion_entries.delete("SPRING")
    else:
        await shop.promotion_entries.put("SPRING", entry)
    await is_repaired(shop)


async def test_an_entry_that_missed_the_end_is_told_of_it(shop: Shop) -> None:
    await add(shop)
    before = await published(shop)
    await shop.carts.service.promotions.end("SPRING")
    assert await shop.carts.promotions.outbox.deliver_pending("SPRING")
    await put(shop, **before)
    await is_repaired(shop)
    assert (await published(shop))["ended_at"] is not None


async def test_an_end_that_was_told_stays_though_the_store_was_put_back(shop: Shop) -> None:
    before = await add(shop)
    await shop.carts.service.promotions.end("SPRING")
    assert await shop.carts.promotions.outbox.deliver_pending("SPRING")
    after = await stored(shop)
    await shop.carts.promotions.store.replace("SPRING", before.body, after.version)
    await is_repaired(shop)
    assert await status(shop) is PromotionStatus.ENDED
    assert (await published(shop))["version"] == 2


async def test_another_definition_of_the_same_version_gives_way_to_the_stores(shop: Shop) -> None:
    await add(shop)
    await put(shop, **{**await published(shop), "percent": 90})
    await is_repaired(shop)
    definition = await published(shop)
    assert (definition["percent"], definition["version"]) == (10, 2)


async def test_a_promotion_that_the_store_lost_is_taken_from_its_entry(shop: Shop) -> None:
    before = await add(shop)
    await shop.carts.promotions.store.delete("SPRING", before.version)
    await is_repaired(shop)
    assert (await stored(shop)).body["definition"] == before.body["definition"]
    assert await status(shop) is PromotionStatus.ACTIVE


async def test_an_unreadable_entry_of_no_promotion_is_removed(shop: Shop) -> None:
    await shop.promotion_entries.put("SPRING", b"torn")
    result = await verify(shop, fix=True)
    assert result.findings == [(ENTRIES, "SPRING", "repaired")]
    assert await shop.promotion_entries.get("SPRING") is None
