"""What a cart can tell of how it differs from what a client knows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart_service.carts.differences import Differing, FieldDifference, differences
from cart_service.carts.errors import NotInCart
from cart_service.carts.lines import UnitPrice
from cart_service.carts.model import REMEMBERED_WRITES, Cart
from cart_service.carts.operations import (
    Acknowledge,
    AddItem,
    ClearCart,
    DiscardSaved,
    Operation,
    RemoveItem,
    RestoreSaved,
    SaveForLater,
    SetQuantity,
    apply_all,
)
from cart_service.carts.promo_operations import PutPromoCode, RemovePromoCode
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from shared.clock import from_rfc3339, to_rfc3339


@dataclass(frozen=True, slots=True)
class PutCode(Operation):
    """A code that comes by whichever turn is next."""

    code: str

    def apply(self, cart: Cart, products: Mapping[str, CatalogueProduct], at: str, /) -> Cart:
        counting = cart.with_turns(at)
        return PutPromoCode(self.code, counting.next_turn).apply(counting, products, at)


AT = "2026-01-01T00:00:00.000Z"
EMPTY = Cart("ann")
IDS = ["a", "b", "c"]
ids = st.sampled_from(IDS)
operations: st.SearchStrategy[Operation] = st.one_of(
    st.builds(AddItem, ids, st.integers(1, 3)),
    st.builds(SetQuantity, ids, st.integers(0, 3)),
    st.builds(RemoveItem, ids),
    st.builds(ClearCart),
    st.builds(SaveForLater, ids),
    st.builds(RestoreSaved, ids),
    st.builds(DiscardSaved, ids),
    st.builds(Acknowledge),
    st.builds(PutCode, st.sampled_from(["SPRING", "SUMMER"])),
    st.builds(RemovePromoCode),
)
batches = st.lists(st.tuples(st.lists(operations, min_size=1, max_size=3), st.integers(100, 102)), max_size=9)


def products_at(price: int) -> dict[str, CatalogueProduct]:
    return {id: CatalogueProduct(id, id, None, price, 50, CatalogueStatus.ACTIVE, 1) for id in IDS}


def write(cart: Cart, *operations: Operation, price: int = 100) -> Cart:
    """A second after the one before, or in the very same cart where the operation is refused."""
    at = from_rfc3339(cart.updated_at or AT) + timedelta(seconds=1)
    try:
        return apply_all(operations, cart, products_at(price), to_rfc3339(at))
    except NotInCart:
        return cart


def shown(cart: Cart) -> dict[tuple[str | None, Differing], Any]:
    """Every field that a client sees."""
    fields: dict[tuple[str | None, Differing], Any] = {(None, Differing.PROMO_CODE): cart.promo_code}
    for place, lines in (("", cart.lines), ("saved_", cart.saved)):
        for id, line in lines.items():
            fields[id, Differing(place + "quantity")] = line.quantity
            fields[id, Differing(place + "unit_price_when_added")] = line.unit_price_when_added
            fields[id, Differing(place + "added_at")] = line.added_at
            fields[id, Differing(place + "prices")] = (
                tuple(UnitPrice(it.quantity, it.unit_price) for it in line.layers) or None
            )
    return fields


def expected(then: Cart, now: Cart) -> set[FieldDifference]:
    before, after = shown(then), shown(now)
    quantities = {
        (id, field): (before.get((id, field), 0), after.get((id, field), 0))
        for id, field in {*before, *after}
        if field.endswith("quantity")
    }
    others = {
        mark: (before[mark], after[mark])
        for mark in before.keys() & after.keys()
        if not mark[1].endswith("quantity")
    }
    pairs = (quantities | others).items()
    return {FieldDifference(*mark, *pair) for mark, pair in pairs if pair[0] != pair[1]}


@given(batches)
def test_any_remembered_version_is_compared_field_by_field(
    batches: list[tuple[list[Operation], int]],
) -> None:
    history = [EMPTY]
    for batch, price in batches:
        following = write(history[-1], *batch, price=price)
        if following.version != history[-1].version:
            assert following.differences_since(history[-1].version)
            history.append(following)
    present = history[-1]
    for then in history[-REMEMBERED_WRITES - 1 :]:
        found = present.differences_since(then.version)
        assert found is not None
        assert set(found) == expected(then, present)
        assert len(found) == len(set(found))


@given(batches)
def test_what_is_remembered_is_json(batches: list[tuple[list[Operation], int]]) -> None:
    cart = EMPTY
    for batch, price in batches:
        cart = write(cart, *batch, price=price)
    assert orjson.loads(orjson.dumps(cart.recent)) == list(cart.recent)


@pytest.mark.parametrize(
    ("operations", "price", "found"),
    [
        ([AddItem("a", 1)], 100, {("a", "quantity", 1, 2)}),
        ([SaveForLater("a")], 100, {("a", "quantity", 1, 0), ("a", "saved_quantity", 0, 1)}),
        ([Acknowledge()], 150, {("a", "unit_price_when_added", 100, 150)}),
        (
            [AddItem("a", 1)],
            150,
            {
                ("a", "quantity", 1, 2),
                ("a", "prices", None, (UnitPrice(1, 100), UnitPrice(1, 150))),
            },
        ),
        ([PutCode("SPRING")], 100, {(None, "promo_code", None, "SPRING")}),
    ],
)
def test_a_difference_names_the_field(operations, price, found) -> None:
    before = write(EMPTY, AddItem("a", 1))
    after = write(before, *operations, price=price)
    listed = after.differences_since(before.version)
    assert listed is not None
    assert {(it.product_id, str(it.field), it.then, it.now) for it in listed} == found


def test_a_line_that_was_replaced_by_one_that_looks_the_same_differs_in_its_age() -> None:
    before = write(EMPTY, AddItem("a", 1))
    after = write(before, ClearCart(), AddItem("a", 1))
    (listed,) = after.differences_since(before.version) or ()
    assert listed == FieldDifference("a", Differing.ADDED_AT, before.updated_at, after.updated_at)


def test_what_was_changed_back_is_no_difference() -> None:
    before = write(EMPTY, AddItem("a", 1))
    assert write(write(before, AddItem("a", 1)), SetQuantity("a", 1)).differences_since(before.version) == ()


def test_they_are_unknown_for_versions_of_long_ago_or_of_the_future() -> None:
    cart = write(EMPTY, AddItem("a", 1))
    first = cart.version
    for _ in range(REMEMBERED_WRITES):
        cart = write(cart, AddItem("a", 1))
    assert cart.differences_since(first) == (
        FieldDifference("a", Differing.QUANTITY, 1, REMEMBERED_WRITES + 1),
    )
    assert write(cart, AddItem("a", 1)).differences_since(first) is None
    assert cart.differences_since(cart.version) == ()
    assert cart.differences_since(cart.version + 1) is None


def test_a_write_of_many_lines_is_not_remembered_line_by_line() -> None:
    full = EMPTY
    for number in range(REMEMBERED_WRITES + 1):
        full = full.add(f"p{number}", 1, 100, AT)
    full = full.after(EMPTY, AT)
    more = full.clear().after(full, AT)
    assert more.differences_since(1) is None
    cleared = full.remove("p0").after(full, AT)
    assert cleared.differences_since(1) == (FieldDifference("p0", Differing.QUANTITY, 1, 0),)


@given(batches, batches)
def test_changes_tell_the_lines_of_one_cart_from_those_of_another(first, second) -> None:
    before = EMPTY
    for batch, price in first:
        before = write(before, *batch, price=price)
    after = before
    for batch, price in second:
        after = write(after, *batch, price=price)
    listed = {
        it.product_id: (it.quantity_then, it.quantity_now) for it in differences(before.lines, after.lines)
    }
    for id in itertools.chain(before.lines, after.lines):
        then, now = before.quantity_of(id), after.quantity_of(id)
        assert listed.get(id, (then, then)) == (then, now)
