"""Prices with a promo code, as replicas know and forget promotions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from cart_service.carts.operations import AddItem
from cart_service.carts.rendering import render_cart
from cart_service.carts.service import CartWrite
from cart_service.promotions.model import Conditions, Percentage, Promotion
from tests.cart_service.memory import Replica, Shop
from tests.cart_service.memory_promotions import Faults

MINUTE = timedelta(minutes=1)


@pytest.fixture
def promotion(shop: Shop) -> Promotion:
    kept = Promotion("SPRING", Percentage(50), Conditions(), "USD", "", shop.clock.moment)
    shop.kept.promotions["SPRING"] = kept
    return kept


async def fill(replica: Replica) -> None:
    await replica.service.writer.write(CartWrite("ann", [AddItem("cup", 5)]))
    await replica.service.promo_codes.put(CartWrite("ann", ()), "SPRING")


async def read(replica: Replica) -> dict[str, Any]:
    return orjson.loads((await replica.service.summaries.get("ann")).body)


async def test_a_replica_that_has_not_heard_of_a_promotion_looks_for_it(
    here: Replica, there: Replica, promotion: Promotion
) -> None:
    await fill(here)
    assert (await read(there))["discount"] == 5
    assert orjson.loads(render_cart(await there.service.reader.read("ann")).body)["discount"] == 5


async def test_what_cannot_be_found_now_is_not_believed_for_long(
    shop: Shop, here: Replica, there: Replica, promotion: Promotion
) -> None:
    await fill(here)
    shop.kept.faults = Faults(after=0)
    assert (await read(there))["promo_code"]["reason"] == "ended"
    assert (await read(there))["discount"] == (await read(here))["discount"] == 5


async def test_a_cached_summary_ends_with_the_promotion(
    shop: Shop, here: Replica, promotion: Promotion
) -> None:
    timed = Conditions(ends_at=shop.clock.moment + MINUTE)
    shop.kept.promotions["SPRING"] = replace(promotion, conditions=timed)
    await fill(here)
    reads = here.carts.reads
    assert (await read(here))["discount"] == 5
    assert here.carts.reads == reads
    shop.clock.moment += MINUTE
    assert (await read(here))["promo_code"]["reason"] == "ended"


async def test_acknowledging_leaves_a_code_that_still_works(here: Replica, promotion: Promotion) -> None:
    await fill(here)
    written = await here.service.writer.acknowledge(CartWrite("ann", ()))
    assert written.cart.promo_code == "SPRING"


async def test_pricing_without_a_code_looks_for_no_promotion(shop: Shop, here: Replica) -> None:
    shop.kept.faults = Faults(after=0)
    await here.service.writer.write(CartWrite("ann", [AddItem("cup", 5)]))
    assert (await read(here))["promo_code"] is None
    assert shop.kept.faults.after == 0
