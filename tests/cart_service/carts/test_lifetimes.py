from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cart_service.carts.lifetimes import Lifetimes
from cart_service.carts.model import Cart, OwnerKind
from cart_service.carts.operations import AddItem, ClearCart, apply_all
from cart_service.carts.records import MergeStrategy
from cart_service.carts.undo import UNDO_WINDOW
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from cart_service.merging.operations import BeginMerge, FinishMerge

AT = "2026-01-01T00:00:00.000Z"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PRODUCTS = {"mug": CatalogueProduct("mug", "Mug", None, 100, 5, CatalogueStatus.ACTIVE, 1)}
LIVES = Lifetimes()
FULL = apply_all([AddItem("mug", 1)], Cart("guest", owner_kind=OwnerKind.GUEST), PRODUCTS, AT)
MERGING = apply_all([BeginMerge("m1", "ann", MergeStrategy.SUM, frozenset())], FULL, PRODUCTS, AT)
MERGED = apply_all([FinishMerge("m1")], MERGING, PRODUCTS, AT)


@pytest.mark.parametrize(
    ("cart", "life"),
    [
        (FULL, LIVES.guest),
        (replace(FULL, owner_kind=OwnerKind.USER), LIVES.user),
        (Cart("ann"), LIVES.empty),
        (apply_all([ClearCart()], FULL, PRODUCTS, AT), UNDO_WINDOW),
        (MERGING, LIVES.guest),
        (MERGED, UNDO_WINDOW + LIVES.empty),
        (apply_all([AddItem("mug", 1)], MERGED, PRODUCTS, AT), LIVES.guest),
    ],
    ids=["guest", "user", "empty", "cleared", "merging", "merged", "merged and filled anew"],
)
def test_a_cart_is_kept_as_long_as_it_can_be_missed(cart: Cart, life: timedelta) -> None:
    assert LIVES.end_of(cart, NOW) - NOW == life


def test_a_merged_cart_outlives_the_time_in_which_the_merge_can_be_undone() -> None:
    assert LIVES.end_of(MERGED, NOW) > NOW + UNDO_WINDOW
