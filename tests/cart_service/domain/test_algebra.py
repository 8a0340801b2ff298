"""The cart's algebra: which operations commute, what a batch is, and what totals are."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cart_service.domain.cart import Cart
from cart_service.domain.operations import (
    AddItem,
    ClearCart,
    Operation,
    RemoveItem,
    SetQuantity,
    apply_all,
)
from cart_service.domain.price_policy import PricePolicy
from cart_service.domain.pricing import Terms, price
from cart_service.domain.products import Product, ProductStatus

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
shelves = st.fixed_dictionaries({id: st.integers(0, 10**7) for id in IDS})


def shelf_at(prices: dict[str, int]) -> dict[str, Product]:
    return {id: Product(id, id, None, cost, 5, ProductStatus.ACTIVE, 1) for id, cost in prices.items()}


SHELF = shelf_at(dict.fromkeys(IDS, 100))


def holding(ids: list[str]) -> Cart:
    """A cart with two pieces of each, added when they cost half of what they cost now."""
    cheap = shelf_at(dict.fromkeys(IDS, 50))
    return apply_all([AddItem(id, 2) for id in ids], Cart("ann"), cheap, AT)


def one_by_one(operations: list[Operation], cart: Cart) -> Cart:
    """Each operation as a write of its own."""
    for operation in operations:
        cart = apply_all([operation], cart, SHELF, AT)
    return cart


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
    batch = apply_all(operations, holding(held), SHELF, AT)
    single = one_by_one(operations, holding(held))
    assert (
        batch.lines == single.lines
    )  # as mappings: what is taken out and put back in one batch keeps its place


@given(HELD, st.lists(anything, max_size=10))
def test_a_batch_is_one_version_or_none(held: list[str], operations: list[Operation]) -> None:
    before = holding(held)
    after = apply_all(operations, before, SHELF, AT)
    assert (after.version > before.version) == (after.lines != before.lines)
    assert len(after.recent) <= len(before.recent) + 1


@given(st.lists(anything, max_size=15), shelves)
def test_totals_are_the_sums_of_the_lines_at_any_price(
    operations: list[Operation], prices: dict[str, int]
) -> None:
    """Whatever was done to the cart, and whatever prices are now."""
    priced = price(one_by_one(operations, Cart("ann")), shelf_at(prices), TERMS)
    totals = priced.totals
    assert totals.subtotal == sum(prices[line.product_id] * line.quantity for line in priced.lines)
    assert totals.subtotal == sum(line.line_total for line in priced.lines)
    assert totals.discount == sum(line.discount for line in priced.lines)
    assert totals.total == totals.subtotal - totals.discount >= 0
    assert totals.item_count == sum(line.quantity for line in priced.cart.lines.values())
    assert totals.line_count == len(priced.cart.lines)
