"""A cart comes back from its document as it was."""

from __future__ import annotations

import orjson
import pytest

from cart_service.adapters.carts import CartCodec
from cart_service.domain.cart import Cart
from cart_service.domain.idempotency import UsedKey
from cart_service.domain.merge_operations import FinishHandover, HandOver, TakeIn
from cart_service.domain.merging import MergeStrategy
from cart_service.domain.operations import Acknowledge, AddItem, RemoveItem, SaveForLater, TakeBack, apply_all
from cart_service.domain.products import Product, ProductStatus
from cart_service.domain.promo_operations import PutPromoCode

AT = "2026-01-01T00:00:01.000Z"
SHELF = {id: Product(id, id, None, 100, 9, ProductStatus.ACTIVE, 1) for id in ("mug", "cup")}
DEARER = {id: Product(id, id, None, 150, 9, ProductStatus.ACTIVE, 2) for id in SHELF}

FILLING = [AddItem("mug", 2), AddItem("cup", 1), PutPromoCode("SPRING", 3)]
FILLED = apply_all(FILLING, Cart("ann", next_turn=3), SHELF, AT)
MOVED = apply_all([SaveForLater("mug"), Acknowledge()], FILLED.with_key("a", "f"), DEARER, AT)
KEY = UsedKey("k", "fingerprint")
HANDED = apply_all([HandOver("m1", "bob", MergeStrategy.MAX, frozenset(), KEY)], MOVED, SHELF, AT)
TAKEN_IN = apply_all([TakeIn("ann", HANDED.handover, MergeStrategy.MAX)], Cart("bob"), SHELF, AT)


@pytest.mark.parametrize(
    "cart",
    [
        FILLED,
        MOVED,
        HANDED,
        apply_all([FinishHandover("m1")], HANDED, SHELF, AT),
        TAKEN_IN,
        apply_all([TakeBack()], TAKEN_IN, SHELF, AT),
        apply_all([RemoveItem("cup")], FILLED, SHELF, AT),
    ],
)
def test_nothing_is_lost_on_the_way(cart: Cart) -> None:
    codec = CartCodec()
    stored = orjson.loads(orjson.dumps(codec.to_document(cart)))
    assert codec.from_document(cart.owner, stored) == cart
