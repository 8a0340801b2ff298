"""The cart's algebra: which operations commute, what a batch is, and what totals are."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cart_service.carts.errors import NotInCart
from cart_service.carts.lines import Lines
from cart_service.carts.model import Cart
from cart_service.carts.operations import (
    AddItem,
    ClearCart,
    DiscardSaved,
    Operation,
    RemoveItem,
    RestoreSaved,
    SaveForLater,
    SetQuantity,
    UndoLast,
    apply_all,
)
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.priced_lines import Terms
from cart_service.carts.pricing import price
from cart_service.carts.records import MergeStrategy
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from cart_service.merging.operations import BeginMerge, FinishMerge, TakeGuestCart
from cart_service.promotions.model import Benefit, Conditions, FixedAmount, FreeItem, Percentage, Promotion

AT = "2026-01-01T00:00:00.000Z"
TERMS = Terms("USD", PricePolicy(), datetime(2026, 1, 1, 12, tzinfo=UTC))
IDS = ["a", "b", "c", "d", "e"]
HELD = st.lists(st.sampled_from(IDS), unique=True)

ids = st.sampled_from(IDS)
quantities = st.integers(1, 20)
adds = st.builds(AddItem, ids, quantities)
anything = st.one_of(
    adds,
    st.builds(SetQuantity, ids, st.integers(0, 20)),
    st.builds(RemoveItem, ids),
    st.builds(ClearCart),
)
moves = st.one_of(st.builds(SaveForLater, ids), st.builds(RestoreSaved, ids))
anything_moved = st.one_of(anything, moves, st.builds(DiscardSaved, ids))
strategies = st.sampled_from(MergeStrategy)
benefits: st.SearchStrategy[Benefit] = st.one_of(
    st.builds(Percentage, st.integers(1, 100)),
    st.builds(FixedAmount, st.integers(1, 10**6)),
    st.builds(FreeItem, ids, st.integers(1, 9)),
)
shelves = st.fixed_dictionaries({id: st.integers(0, 10**7) for id in IDS})


def products_at(prices: dict[str, int]) -> dict[str, CatalogueProduct]:
    return {
        id: CatalogueProduct(id, id, None, cost, 10_000, CatalogueStatus.ACTIVE, 1)
        for id, cost in prices.items()
    }


PRODUCTS = products_at(dict.fromkeys(IDS, 100))


def holding(ids: list[str]) -> Cart:
    """A cart with two pieces of each, added when they cost half of what they cost now."""
    cheap = products_at(dict.fromkeys(IDS, 50))
    return apply_all([AddItem(id, 2) for id in ids], Cart("ann"), cheap, AT)


def one_by_one(operations: list[Operation], cart: Cart) -> Cart:
    """Each operation as a write of its own; what is refused changes nothing."""
    for operation in operations:
        with suppress(NotInCart):
            cart = apply_all([operation], cart, PRODUCTS, AT)
    return cart


def pieces(lines: Lines) -> Counter[str]:
    return Counter({id: line.quantity for id, line in lines.items()})


def merge(cart: Cart, guest: Cart, strategy: MergeStrategy, merge_id: str) -> tuple[Cart, Cart]:
    """The guest's cart and the customer's after it."""
    undone = frozenset(record.merge_id for record in cart.merges if record.is_undone)
    begun = apply_all([BeginMerge(merge_id, "ann", strategy, undone)], guest, PRODUCTS, AT)
    merged = apply_all([TakeGuestCart("guest", begun.pending_merge, strategy)], cart, PRODUCTS, AT)
    return apply_all([FinishMerge(merge_id)], begun, PRODUCTS, AT), merged


@given(HELD, st.lists(adds, max_size=10), st.randoms())
def test_adds_of_any_products_commute(held: list[str], operations: list[Operation], random) -> None:
    shuffled = random.sample(operations, len(operations))
    assert one_by_one(operations, holding(held)).lines == one_by_one(shuffled, holding(held)).lines


@given(HELD, st.data(), st.randoms())
def test_operations_on_different_products_commute(held: list[str], data, random) -> None:
    operations = [
        data.draw(
            st.one_of(
                st.builds(AddItem, st.just(id), quantities),
                st.builds(SetQuantity, st.just(id), st.integers(0, 20)),
                st.just(RemoveItem(id)),
            )
        )
        for id in data.draw(st.lists(ids, unique=True))
    ]
    shuffled = random.sample(operations, len(operations))
    assert one_by_one(operations, holding(held)).lines == one_by_one(shuffled, holding(held)).lines


@given(HELD, st.lists(anything, max_size=10))
def test_a_batch_is_its_operations_one_by_one(held: list[str], operations: list[Operation]) -> None:
    batch = apply_all(operations, holding(held), PRODUCTS, AT)
    single = one_by_one(operations, holding(held))
    assert (
        batch.lines == single.lines
    )  # as mappings: what is taken out and put back in one batch keeps its place


@given(HELD, st.lists(anything, max_size=10))
def test_a_batch_is_one_version_or_none(held: list[str], operations: list[Operation]) -> None:
    before = holding(held)
    after = apply_all(operations, before, PRODUCTS, AT)
    assert (after.version > before.version) == (after.lines != before.lines)
    assert len(after.recent) <= len(before.recent) + 1


@given(st.lists(anything_moved, max_size=15), shelves, benefits)
def test_totals_are_the_sums_of_the_lines_at_any_price(
    operations: list[Operation], prices: dict[str, int], benefit: Benefit
) -> None:
    """Whatever was done to the cart, whatever prices are now, and whatever a code takes off."""
    promotion = Promotion("SPRING", benefit, Conditions(), "USD", "", TERMS.now)
    cart = one_by_one(operations, Cart("ann")).with_promo_code("SPRING", 1)
    priced = price(cart, products_at(prices), replace(TERMS, promotion=promotion))
    totals = priced.totals
    assert totals.subtotal == sum(prices[line.product_id] * line.quantity for line in priced.lines)
    assert totals.subtotal == sum(line.line_total for line in priced.lines)
    assert totals.discount == sum(line.discount for line in priced.lines)
    assert totals.total == totals.subtotal - totals.discount >= 0
    assert totals.item_count == sum(line.quantity for line in priced.cart.lines.values())
    assert totals.line_count == len(priced.cart.lines)
    if benefit == Percentage(100) or (isinstance(benefit, FixedAmount) and benefit.amount >= totals.subtotal):
        assert totals.total == 0
    if priced.lines and totals.subtotal >= 100 and not isinstance(benefit, FreeItem):
        assert totals.discount > 0
    if isinstance(benefit, FreeItem):
        free = min(priced.cart.quantity_of(benefit.product_id), benefit.quantity)
        assert totals.discount == free * prices[benefit.product_id]


@given(st.lists(anything, max_size=10), st.lists(moves, max_size=10))
def test_saving_and_restoring_conserves_every_piece(made: list[Operation], moved: list[Operation]) -> None:
    cart = one_by_one(made, Cart("ann"))
    after = one_by_one(moved, cart)
    assert pieces(after.lines) + pieces(after.saved) == pieces(cart.lines) + pieces(cart.saved)


@given(st.lists(anything_moved, max_size=8), st.lists(anything_moved, max_size=8), strategies)
def test_a_merge_conserves_every_piece_and_undone_it_leaves_the_cart_as_it_was(
    mine: list[Operation], theirs: list[Operation], strategy: MergeStrategy
) -> None:
    cart, guest = one_by_one(mine, Cart("ann")), one_by_one(theirs, Cart("guest"))
    begun, merged = merge(cart, guest, strategy, "m1")
    assert (begun.lines, begun.saved) == ({}, {})
    if strategy is MergeStrategy.SUM:
        assert pieces(merged.lines) == pieces(cart.lines) + pieces(guest.lines)
    assert merged.lines.keys() == cart.lines.keys() | guest.lines.keys()
    assert merged.saved.keys() == cart.saved.keys() | guest.saved.keys()
    if (merged.lines, merged.saved) != (cart.lines, cart.saved):
        undone = one_by_one([UndoLast()], merged)
        assert (undone.lines, undone.saved) == (cart.lines, cart.saved)


@given(
    st.lists(anything_moved, max_size=8),
    st.lists(adds, min_size=1, max_size=8),
    st.lists(adds, max_size=5),
    st.lists(moves, max_size=3),
)
def test_merged_undone_and_merged_again_it_is_there_once(
    mine: list[Operation], theirs: list[Operation], later: list[Operation], moved: list[Operation]
) -> None:
    """Also where pieces were moved before the undo, and where the guest adds more before the second merge."""
    cart, guest = one_by_one(mine, Cart("ann")), one_by_one(theirs, Cart("guest"))
    begun, merged = merge(cart, guest, MergeStrategy.SUM, "m1")
    undone = one_by_one([UndoLast()], one_by_one(moved, merged))
    begun, again = merge(undone, one_by_one(later, begun), MergeStrategy.SUM, "m2")
    brought = pieces(one_by_one(later, guest).lines)
    assert pieces(undone.lines) + pieces(undone.saved) == pieces(cart.lines) + pieces(cart.saved)
    assert pieces(again.lines) == pieces(undone.lines) + brought
