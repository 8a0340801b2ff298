"""What becomes of a guest's promo code in a merge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cart_service.domain.merging import MergeStrategy
from cart_service.domain.operations import AddItem
from cart_service.domain.promotions import Conditions, Percentage, Promotion
from cart_service.service import Write
from cart_service.service.merges import Merge
from tests.cart_service.memory import FirstSecond, Replica, Shop


@pytest.mark.parametrize("has", ["another code", "used it up"])
async def test_a_guests_code_is_lost_where_the_customer_cannot_have_it(
    shop: Shop, here: Replica, has: str
) -> None:
    service, kept = here.service, shop.kept
    once = Conditions(per_user_limit=1, total_limit=9)
    promotion = Promotion("SPRING", Percentage(10), once, "USD", "", FirstSecond().moment)
    kept.promotions |= {"SPRING": promotion, "OTHER": replace(promotion, code="OTHER")}
    if has == "another code":
        await service.promo_codes.put(Write("ann", ()), "OTHER")
    else:
        await service.promo_codes.redeem("SPRING", "ann", "order-1")
    await service.write(Write("guest", [AddItem("mug", 1)]))
    await service.promo_codes.put(Write("guest", ()), "SPRING")
    merged = await service.merge(Merge("ann", "guest", MergeStrategy.SUM))
    expected = "OTHER" if has == "another code" else None
    assert merged.written.cart.promo_code == expected
    assert kept.tallies["SPRING"].reserved == 0
