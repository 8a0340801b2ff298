from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart_service.domain.cart import Cart
from cart_service.domain.errors import NothingToUndo
from cart_service.domain.operations import (
    AddItem,
    ClearCart,
    DiscardSaved,
    RemoveItem,
    SaveForLater,
    SetQuantity,
    TakeBack,
    apply_all,
)
from cart_service.domain.products import Product, ProductStatus
from cart_service.domain.undo import UNDO_WINDOW, Undoable
from shared.clock import from_rfc3339, to_rfc3339

AT = "2026-01-01T00:00:00.000Z"
IDS = ("cup", "mug", "pot")
SHELF = {id: Product(id, id.title(), None, 100, 50, ProductStatus.ACTIVE, 1) for id in IDS}


def write(cart: Cart, *operations, at: str = AT) -> Cart:
    return apply_all(operations, cart, SHELF, at)


def quantities(cart: Cart) -> dict[str, int]:
    return {id: line.quantity for id, line in cart.lines.items()}


FULL = write(Cart("ann"), AddItem("cup", 1), AddItem("mug", 2))


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (ClearCart(), Undoable.CLEAR),
        (RemoveItem("mug"), Undoable.REMOVE),
        (SetQuantity("mug", 0), Undoable.REMOVE),
    ],
)
def test_a_removal_is_taken_back(operation, kind) -> None:
    removed = write(FULL, operation)
    assert removed.undo is not None
    assert removed.undo.operation is kind
    back = write(removed, TakeBack())
    assert quantities(back) == quantities(FULL)
    assert back.lines["mug"] == FULL.lines["mug"]
    assert back.undo is None
    assert back.version == FULL.version + 2


def test_what_came_since_stays() -> None:
    removed = write(FULL, ClearCart())
    since = write(removed, AddItem("mug", 5), AddItem("pot", 1))
    assert quantities(write(since, TakeBack())) == {"cup": 1, "mug": 7, "pot": 1}


def test_only_what_a_batch_removed_comes_back() -> None:
    batch = write(FULL, RemoveItem("mug"), AddItem("pot", 3), AddItem("cup", 1))
    assert quantities(write(batch, TakeBack())) == {"cup": 2, "mug": 2, "pot": 3}


def test_what_a_batch_removed_comes_back_also_where_it_was_added_anew() -> None:
    batch = write(FULL, ClearCart(), AddItem("mug", 1))
    assert batch.undo is not None
    assert batch.undo.operation is Undoable.CLEAR
    assert quantities(write(batch, TakeBack())) == {"cup": 1, "mug": 3}


def test_each_removal_of_a_batch_comes_back() -> None:
    saved = write(FULL, SaveForLater("mug"), AddItem("mug", 4))
    batch = write(saved, RemoveItem("mug"), DiscardSaved("mug"), AddItem("mug", 1), RemoveItem("mug"))
    back = write(batch, TakeBack())
    assert (quantities(back), back.saved["mug"].quantity) == ({"cup": 1, "mug": 5}, 2)


def test_a_line_saved_for_later_was_not_removed() -> None:
    saved = write(FULL, SaveForLater("mug"), RemoveItem("cup"))
    assert saved.undo is not None
    assert [line.product_id for line in saved.undo.lines] == ["cup"]


def test_a_discarded_line_is_saved_again() -> None:
    discarded = write(write(FULL, SaveForLater("mug")), DiscardSaved("mug"))
    assert not discarded.saved
    assert write(discarded, TakeBack()).saved == {"mug": FULL.lines["mug"]}


def test_no_more_pieces_come_back_than_a_line_may_have() -> None:
    removed = write(write(FULL, SetQuantity("mug", 900)), RemoveItem("mug"))
    assert write(write(removed, AddItem("mug", 200)), TakeBack()).quantity_of("mug") == 999


@pytest.mark.parametrize("cart", [Cart("ann"), FULL, write(write(FULL, ClearCart()), TakeBack())])
def test_without_a_removal_there_is_nothing_to_undo(cart: Cart) -> None:
    with pytest.raises(NothingToUndo):
        write(cart, TakeBack())


def test_removing_nothing_leaves_the_last_removal_undoable() -> None:
    removed = write(write(FULL, RemoveItem("mug")), RemoveItem("mug"))
    assert quantities(write(removed, TakeBack())) == quantities(FULL)


def test_after_24_hours_it_is_too_late() -> None:
    removed = write(FULL, ClearCart())
    end = from_rfc3339(AT) + UNDO_WINDOW
    assert write(removed, TakeBack(), at=to_rfc3339(end - timedelta(seconds=1))).lines
    with pytest.raises(NothingToUndo):
        write(removed, TakeBack(), at=to_rfc3339(end))


@given(
    st.dictionaries(st.sampled_from(IDS), st.integers(1, 50)),
    st.lists(st.sampled_from(IDS), min_size=1),
    st.lists(st.tuples(st.sampled_from(IDS), st.integers(1, 9))),
)
def test_undo_commutes_with_later_adds(start, removed, adds) -> None:
    cart = write(Cart("ann"), *(AddItem(id, quantity) for id, quantity in start.items()))
    less = write(cart, *(RemoveItem(id) for id in removed))
    if less.undo is None:
        return
    later = [AddItem(id, quantity) for id, quantity in adds]
    assert quantities(write(write(less, *later), TakeBack())) == quantities(
        write(write(less, TakeBack()), *later)
    )
