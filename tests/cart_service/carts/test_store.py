"""A cart comes back from its document as it was."""

from __future__ import annotations

import orjson
import pytest

from cart_service.carts.lines import Line
from cart_service.carts.model import Cart
from cart_service.carts.operations import (
    Acknowledge,
    AddItem,
    ClearCart,
    RemoveItem,
    SaveForLater,
    UndoLast,
    apply_all,
)
from cart_service.carts.promo_operations import PutPromoCode
from cart_service.carts.records import MergeStrategy, UsedKey
from cart_service.carts.store import CartCodec
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from cart_service.merging.operations import BeginMerge, FinishMerge, TakeGuestCart

AT, LATER = "2026-01-01T00:00:01.000Z", "2026-01-01T00:00:02.000Z"
PRODUCTS = {id: CatalogueProduct(id, id, None, 100, 9, CatalogueStatus.ACTIVE, 1) for id in ("mug", "cup")}
DEARER = {id: CatalogueProduct(id, id, None, 150, 9, CatalogueStatus.ACTIVE, 2) for id in PRODUCTS}

FILLING = [AddItem("mug", 2), AddItem("cup", 1), PutPromoCode("SPRING", 3)]
FILLED = apply_all(FILLING, Cart("ann", next_turn=3), PRODUCTS, AT)
MOVED = apply_all([SaveForLater("mug"), Acknowledge()], FILLED.with_key("a", "f"), DEARER, AT)
LAYERED = apply_all([AddItem("mug", 3)], FILLED, DEARER, LATER)
KEY = UsedKey("k", "fingerprint")
BEGUN = apply_all([BeginMerge("m1", "bob", MergeStrategy.MAX, frozenset(), KEY)], MOVED, PRODUCTS, AT)
MERGED = apply_all([TakeGuestCart("ann", BEGUN.pending_merge, MergeStrategy.MAX)], Cart("bob"), PRODUCTS, AT)


@pytest.mark.parametrize(
    "cart",
    [
        FILLED,
        MOVED,
        BEGUN,
        apply_all([FinishMerge("m1")], BEGUN, PRODUCTS, AT),
        MERGED,
        apply_all([UndoLast()], MERGED, PRODUCTS, AT),
        apply_all([RemoveItem("cup")], FILLED, PRODUCTS, AT),
        LAYERED,
        apply_all([ClearCart(), AddItem("cup", 1)], LAYERED, DEARER, LATER),
    ],
)
def test_nothing_is_lost_on_the_way(cart: Cart) -> None:
    codec = CartCodec()
    stored = orjson.loads(orjson.dumps(codec.to_document(cart)))
    assert codec.from_document(cart.owner, stored) == cart
    assert list(codec.from_document(cart.owner, stored).lines) == list(cart.lines)


FORMER = {
    "version": 7,
    "updated_at": LATER,
    "lines": [["pot", 3, 100, LATER], ["mug", 2, 100, AT], ["cup", 1, 150, AT, LATER]],
    "used_keys": [["k", "f"]],
    "recent": [{"mug": 0}],
    "undo": {
        "operation": "merge",
        "at": AT,
        "lines": [["pan", 4, 90, AT], ["mug", -1, 100, AT]],
        "saved": [["cup", 1, 150, AT, LATER]],
        "merge_id": "m1",
    },
}


def test_a_cart_of_the_former_schema_is_read() -> None:
    cart = CartCodec().from_document("ann", orjson.loads(orjson.dumps(FORMER)))
    assert list(cart.lines) == ["mug", "cup", "pot"]
    assert cart.lines["cup"] == Line("cup", 1, 150, AT, LATER)
    back = apply_all([UndoLast()], cart, PRODUCTS, LATER)
    assert {id: line.quantity for id, line in back.lines.items()} == {"mug": 1, "cup": 1, "pot": 3, "pan": 4}
    assert back.lines["pan"] == Line("pan", 4, 90, AT)
    assert back.saved == {"cup": Line("cup", 1, 150, AT, LATER)}
