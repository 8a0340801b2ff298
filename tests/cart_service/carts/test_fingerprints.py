"""Fingerprints are stored in carts, so a later release has to give the same ones."""

import pytest

from cart_service.carts.operations import (
    Acknowledge,
    AddItem,
    ClearCart,
    DiscardSaved,
    ForgetProduct,
    Operation,
    RemoveItem,
    RestoreSaved,
    SaveForLater,
    SetQuantity,
    UndoLast,
    fingerprint_of,
)
from cart_service.carts.promo_operations import (
    BeginPromoTurns,
    DropEndedPromoCode,
    PutPromoCode,
    RedeemPromoCode,
    RemovePromoCode,
)
from cart_service.carts.records import MergeStrategy, UsedKey
from cart_service.merging.operations import BeginMerge, FinishMerge, TakeGuestCart

KEY = UsedKey("k", "f")
RECORDED = {
    AddItem("mug", 2): "e237c49b6ee940e830ff0525",
    SetQuantity("mug", 3): "1a785b2f2da12b4092348262",
    RemoveItem("mug"): "1f48aededeea1f9407342a28",
    ClearCart(): "1b2568d791ee9e2e6418ed0b",
    SaveForLater("mug"): "baa77951197100e09d650d68",
    RestoreSaved("mug"): "658c45f2054e0777bd976f99",
    DiscardSaved("mug"): "22b161e91b601d6ad49d1dd2",
    ForgetProduct("mug"): "278fdb59ccc2bd43ccc1cc3a",
    UndoLast(): "134b9b441d60d68b25b07a83",
    Acknowledge(): "da2934cd5e0f255bdf68171e",
    BeginPromoTurns(): "698a401f2b092c945f6e841d",
    PutPromoCode("SPRING10", 7): "cbdd4c2bd47e419036bf5b1a",
    RemovePromoCode(): "687e5079784b35191577820d",
    RedeemPromoCode("SPRING10", 7): "1c0fdd784a9366558394cc9d",
    DropEndedPromoCode(lambda _code: True): "b5871ce8a9c9cb354efdc020",
    BeginMerge("m1", "ann", MergeStrategy.SUM, frozenset({"m0"}), KEY): "82314d49e2871016f1c13c71",
    FinishMerge("m1"): "6ce5596c2995923b395d8ca0",
    TakeGuestCart("guest", None, MergeStrategy.MAX): "7b26902a2df2371c9fa765ed",
}


@pytest.mark.parametrize(("operation", "recorded"), RECORDED.items())
def test_fingerprints_stay_as_recorded(operation: Operation, recorded: str) -> None:
    assert fingerprint_of([operation]) == recorded


def test_a_batch_keeps_its_fingerprint() -> None:
    assert fingerprint_of([AddItem("mug", 2), ClearCart()]) == "2692a45b20d606536eee7df2"


def test_every_operation_has_a_recorded_fingerprint() -> None:
    recorded = {type(operation).__name__ for operation in RECORDED}
    kinds = [kind for kind in Operation.__subclasses__() if kind.__module__.startswith("cart_service.")]
    assert recorded == {kind.__name__ for kind in kinds}
