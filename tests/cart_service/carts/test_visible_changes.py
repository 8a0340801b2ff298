"""Whatever a client can see of a cart is covered by its version, and an undo takes back the whole write."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cart_service.carts.errors import NothingToUndo
from cart_service.carts.model import Cart
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
    UndoLast,
    apply_all,
)
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.priced_lines import Terms
from cart_service.carts.pricing import price
from cart_service.carts.rendering import render_cart
from cart_service.carts.store import CartCodec
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from shared.clock import from_rfc3339, to_rfc3339
from shared.errors import ShopError

AT = "2026-01-01T00:00:00.000Z"
IDS = ["a", "b", "c"]
ids = st.sampled_from(IDS)
changes: st.SearchStrategy[Operation] = st.one_of(
    st.builds(AddItem, ids, st.integers(1, 400)),
    st.builds(SetQuantity, ids, st.integers(0, 3)),
    st.builds(RemoveItem, ids),
    st.builds(ClearCart),
    st.builds(SaveForLater, ids),
    st.builds(RestoreSaved, ids),
    st.builds(DiscardSaved, ids),
)
batches = st.one_of(
    st.lists(changes, min_size=1, max_size=4),
    st.sampled_from([[Acknowledge()], [UndoLast()]]),
)
policies = st.sampled_from(["live", "freeze", "hold:1"]).map(PricePolicy.parse)


@dataclass
class Step:
    """A write so many seconds after the one before, at this price of everything."""

    operations: list[Operation]
    seconds: int
    price: int


seconds, costs = st.sampled_from([0, 0, 1, 4000]), st.sampled_from([100, 120, 90])
steps = st.builds(Step, batches, seconds, costs)
FILLING = Step([AddItem(id, 2) for id in IDS], 1, 100)
SAVING = Step([SaveForLater("b"), SaveForLater("c")], 0, 100)
some = st.lists(changes, max_size=2)
removals = st.one_of(
    st.just(ClearCart()), st.builds(RemoveItem, ids), st.builds(SetQuantity, ids, st.just(0))
)
removing = st.tuples(some, removals, some).map(lambda parts: [*parts[0], parts[1], *parts[2]])
removing_steps = st.builds(Step, removing, seconds, costs)


def products_at(cost: int) -> dict[str, CatalogueProduct]:
    return {id: CatalogueProduct(id, id, None, cost, 5000, CatalogueStatus.ACTIVE, 1) for id in IDS}


def written(cart: Cart, operations: list[Operation], at: str, cost: int) -> Cart | None:
    """None where it is refused."""
    with suppress(ShopError):
        return apply_all(operations, cart, products_at(cost), at)
    return None


def visible(cart: Cart, policy: PricePolicy, at: str, cost: int) -> dict[str, Any]:
    """All that GET shows, save version and `updated_at`."""
    priced = price(cart, products_at(cost), Terms("USD", policy, from_rfc3339(at)))
    shown = orjson.loads(render_cart(priced).body)
    return {name: value for name, value in shown.items() if name not in ("version", "updated_at")}


@given(st.lists(steps, max_size=8), policies)
@example([Step([DiscardSaved("b")], 0, 100), Step([DiscardSaved("c")], 0, 100)], PricePolicy())
def test_what_looks_different_has_another_version_and_what_does_not_has_the_same(
    steps: list[Step], policy: PricePolicy
) -> None:
    cart, at = Cart("ann"), AT
    for step in [FILLING, SAVING, *steps]:
        at = to_rfc3339(from_rfc3339(at) + timedelta(seconds=step.seconds))
        after = written(cart, step.operations, at, step.price)
        if after is None:
            continue
        looks_different = any(
            visible(cart, policy, at, cost) != visible(after, policy, at, cost) for cost in (100, 120, 90)
        )
        assert after.version >= cart.version
        if looks_different:
            assert after.version > cart.version
        if after.version == cart.version:
            assert not looks_different
            assert after.undo is cart.undo
        cart = CartCodec().from_document("ann", orjson.loads(orjson.dumps(CartCodec().to_document(after))))
        assert cart == after


@given(st.lists(steps, max_size=3), removing_steps, policies)
def test_a_write_and_its_undo_leave_what_is_seen_as_it_was(
    before: list[Step], step: Step, policy: PricePolicy
) -> None:
    cart, at = Cart("ann"), AT
    for earlier in [FILLING, *before]:
        cart = written(cart, earlier.operations, at, earlier.price) or cart
        at = to_rfc3339(from_rfc3339(at) + timedelta(seconds=earlier.seconds))
    after = written(cart, step.operations, at, step.price)
    if after is None or after.undo is None or after.undo is cart.undo:
        return
    stored = CartCodec().from_document("ann", orjson.loads(orjson.dumps(CartCodec().to_document(after))))
    back = apply_all([UndoLast()], stored, products_at(step.price), at)
    for cost in (100, 120, 90):
        expected = visible(cart, policy, at, cost) | {"undo": None}
        assert visible(back, policy, at, cost) == expected
    assert back.version > after.version
    with pytest.raises(NothingToUndo):
        apply_all([UndoLast()], back, products_at(step.price), at)


@given(st.lists(steps, max_size=8), policies)
def test_lines_are_in_the_order_of_adding(steps: list[Step], policy: PricePolicy) -> None:
    cart, at = Cart("ann"), AT
    for step in steps:
        at = to_rfc3339(from_rfc3339(at) + timedelta(seconds=step.seconds))
        cart = written(cart, step.operations, at, step.price) or cart
        for lines in (cart.lines, cart.saved):
            ages = [line.added_at for line in lines.values()]
            assert ages == sorted(ages)


@given(st.lists(steps, max_size=10), policies, st.sampled_from([100, 120, 90]))
def test_prices_of_a_line_add_up_to_its_total(steps: list[Step], policy: PricePolicy, cost: int) -> None:
    cart, at = Cart("ann"), AT
    for step in steps:
        at = to_rfc3339(from_rfc3339(at) + timedelta(seconds=step.seconds))
        cart = written(cart, step.operations, at, step.price) or cart
    for item in visible(cart, policy, at, cost)["items"]:
        prices = item["prices"] or [{"quantity": item["quantity"], "unit_price": item["unit_price"]}]
        assert sum(it["quantity"] for it in prices) == item["quantity"]
        assert sum(it["quantity"] * it["unit_price"] for it in prices) == item["line_total"]
        assert prices[-1]["unit_price"] == item["unit_price"]
        assert len({it["unit_price"] for it in prices}) == len(prices)
