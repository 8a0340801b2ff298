from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart_service.carts.lines import Line
from cart_service.carts.model import Cart
from cart_service.carts.operations import AddItem, RestoreSaved, SaveForLater, UndoLast, apply_all
from cart_service.carts.records import MergedLine, MergeLimit, MergeOutcome, MergeStrategy
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from cart_service.limits import MAX_LINES, MAX_QUANTITY
from cart_service.merging.lines import merge_lines, merge_saved
from cart_service.merging.operations import BeginMerge, FinishMerge, TakeGuestCart

AT = "2026-01-01T00:00:00.000Z"
SUM = MergeStrategy.SUM
ids = st.sampled_from(["cup", "mug", "pot", "jug"])
quantities = st.integers(1, MAX_QUANTITY)


def product(
    id: str, stock: int = 10_000, status: CatalogueStatus = CatalogueStatus.ACTIVE
) -> CatalogueProduct:
    return CatalogueProduct(id, id, None, 100, stock, status, 1)


def lines(**quantities: int) -> dict[str, Line]:
    return {id: Line(id, quantity, 100, AT) for id, quantity in quantities.items()}


def merge(mine: int, guest: int, strategy: MergeStrategy, **fields) -> MergedLine:
    own = lines(mug=mine) if mine else {}
    products = {"mug": product("mug", **fields)}
    merged, (report,) = merge_lines(own, tuple(lines(mug=guest).values()), strategy, products)
    assert (merged["mug"].quantity if merged else 0) == report.quantity
    return report


@pytest.mark.parametrize(
    ("strategy", "both", "alone"),
    [("sum", 5, 3), ("max", 3, 3), ("mine", 2, 3), ("guest", 3, 3)],
)
def test_the_strategy_decides_about_what_is_in_both(strategy: str, both: int, alone: int) -> None:
    assert merge(2, 3, MergeStrategy(strategy)).quantity == both
    assert merge(0, 3, MergeStrategy(strategy)).quantity == alone


@pytest.mark.parametrize(
    ("mine", "stock", "quantity", "outcome"),
    [
        (0, 3, 3, MergeOutcome.ADDED),
        (2, 3, 3, MergeOutcome.CHANGED),
        (4, 3, 4, MergeOutcome.KEPT),
        (0, 0, 0, MergeOutcome.SKIPPED),
    ],
)
def test_stock_limits_what_is_added_and_takes_nothing_away(mine, stock, quantity, outcome) -> None:
    report = merge(mine, 9, SUM, stock=stock)
    assert (report.quantity, report.outcome, report.limited_by) == (quantity, outcome, MergeLimit.STOCK)


def test_a_line_is_held_to_its_limit() -> None:
    report = merge(600, 600, SUM)
    assert (report.quantity, report.limited_by) == (MAX_QUANTITY, MergeLimit.LINE_LIMIT)


def test_what_is_not_for_sale_is_not_taken_in() -> None:
    report = merge(0, 1, SUM, status=CatalogueStatus.ARCHIVED)
    assert (report.outcome, report.limited_by) == (MergeOutcome.SKIPPED, MergeLimit.NOT_FOR_SALE)


def test_a_full_cart_takes_no_further_line() -> None:
    full = lines(**{f"p{number}": 1 for number in range(MAX_LINES)})
    guest = (*lines(p0=1).values(), *lines(mug=1).values())
    merged, report = merge_lines(full, guest, SUM, {"p0": product("p0"), "mug": product("mug")})
    assert [(line.quantity, line.limited_by) for line in report] == [(2, None), (0, MergeLimit.CART_FULL)]
    assert len(merged) == MAX_LINES


@given(
    st.dictionaries(ids, quantities),
    st.dictionaries(ids, quantities),
    st.dictionaries(ids, st.integers(0, 1500), min_size=4),
    st.sampled_from(MergeStrategy),
)
def test_no_strategy_leaves_the_limits(mine, guest, stock, strategy) -> None:
    products = {id: product(id, stock.get(id, 0)) for id in ("cup", "mug", "pot", "jug")}
    merged, report = merge_lines(lines(**mine), tuple(lines(**guest).values()), strategy, products)
    assert {line.product_id for line in report} == set(guest)
    for id in {*mine, *guest}:
        quantity = merged[id].quantity if id in merged else 0
        before = mine.get(id, 0)
        assert quantity <= MAX_QUANTITY
        assert quantity <= max(before, products[id].stock) or strategy is MergeStrategy.GUEST
        if strategy is not MergeStrategy.GUEST:
            assert quantity >= before
        if id not in guest:
            assert quantity == before


def test_what_is_saved_is_taken_in_as_far_as_it_fits() -> None:
    full = lines(**{f"p{number}": 1 for number in range(MAX_LINES)})
    merged = merge_saved(full, (*lines(mug=1).values(), *lines(p0=3).values()))
    assert (len(merged), merged["p0"].quantity) == (MAX_LINES, 3)


GUEST = Cart("guest").add("mug", 3, 100, AT)
PRODUCTS = {id: product(id) for id in ("cup", "mug", "pot", "jug")}


def begin_merge(
    cart: Cart, merge_id: str = "m1", to: str = "ann", undone: frozenset[str] = frozenset()
) -> Cart:
    return apply_all([BeginMerge(merge_id, to, SUM, undone)], cart, {}, AT)


def take(cart: Cart, guest: Cart) -> Cart:
    return apply_all([TakeGuestCart("guest", guest.pending_merge, SUM)], cart, PRODUCTS, AT)


def test_a_merge_begins_once() -> None:
    begun = begin_merge(GUEST)
    assert begun.lines == {}
    assert begin_merge(begun, "m2", "bob") is begun


def test_a_pending_merge_is_taken_in_once() -> None:
    once = take(Cart("ann"), begin_merge(GUEST))
    assert once.quantity_of("mug") == 3
    assert take(once, begin_merge(GUEST)) is once


def test_once_done_it_is_not_taken_in_again() -> None:
    done = apply_all([FinishMerge("m1")], begin_merge(GUEST), {}, AT)
    assert take(Cart("ann"), done).lines == {}
    assert apply_all([FinishMerge("m1")], done, {}, AT) is done


def test_what_came_later_needs_another_merge() -> None:
    done = apply_all([FinishMerge("m1")], begin_merge(GUEST), {}, AT)
    later = begin_merge(apply_all([AddItem("cup", 1)], done, PRODUCTS, AT), "m2")
    assert later.pending_merge is not None
    assert [line.product_id for line in later.pending_merge.lines] == ["cup"]


def test_an_undone_merge_can_be_made_again() -> None:
    done = apply_all([FinishMerge("m1")], begin_merge(GUEST), {}, AT)
    cart = apply_all([UndoLast()], take(Cart("ann").add("mug", 1, 90, AT), begin_merge(GUEST)), PRODUCTS, AT)
    assert cart.quantity_of("mug") == 1
    assert [record.is_undone for record in cart.merges] == [True]
    assert begin_merge(done, "m2", "bob", frozenset({"m1"})) is done
    again = begin_merge(done, "m2", "ann", frozenset({"m1"}))
    assert take(cart, again).quantity_of("mug") == 4


def test_what_the_guest_adds_after_an_undone_merge_is_more_of_it() -> None:
    done = apply_all([FinishMerge("m1")], begin_merge(GUEST), {}, AT)
    cart = apply_all([UndoLast()], take(Cart("ann"), begin_merge(GUEST)), PRODUCTS, AT)
    more = apply_all([AddItem("mug", 1), AddItem("cup", 1)], done, PRODUCTS, AT)
    merged = take(cart, begin_merge(more, "m2", undone=frozenset({"m1"})))
    assert {id: line.quantity for id, line in merged.lines.items()} == {"mug": 4, "cup": 1}


@pytest.mark.parametrize("move", [[SaveForLater("mug")], [SaveForLater("mug"), AddItem("mug", 1)]])
def test_an_undone_merge_takes_its_pieces_back_from_where_they_are(move) -> None:
    merged = take(Cart("ann").add("mug", 1, 90, AT), begin_merge(GUEST))
    undone = apply_all([UndoLast()], apply_all(move, merged, PRODUCTS, AT), PRODUCTS, AT)
    added = len(move) - 1
    assert undone.quantity_of("mug") + undone.saved["mug"].quantity == 1 + added


def test_what_it_saved_for_later_is_taken_back_after_it_was_restored() -> None:
    merged = take(Cart("ann"), begin_merge(GUEST.save("mug")))
    undone = apply_all([UndoLast()], apply_all([RestoreSaved("mug")], merged, PRODUCTS, AT), PRODUCTS, AT)
    assert (undone.lines, undone.saved) == ({}, {})


def test_a_merge_that_changes_nothing_is_remembered() -> None:
    own = Cart("ann").add("mug", 5, 90, AT).after(Cart("ann"), AT)
    pending = TakeGuestCart("guest", begin_merge(GUEST).pending_merge, MergeStrategy.MINE)
    assert pending.pending is not None
    cart = apply_all([pending], own.set("mug", 999, 90, AT), PRODUCTS, AT)
    assert cart.find_merge("m1")
