from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart_service.carts.errors import CartFull, NothingToUndo
from cart_service.carts.model import Cart
from cart_service.carts.operations import (
    AddItem,
    ClearCart,
    DiscardSaved,
    RemoveItem,
    RestoreSaved,
    SaveForLater,
    SetQuantity,
    UndoLast,
    apply_all,
)
from cart_service.carts.undo import UNDO_WINDOW, Undo, Undoable
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from cart_service.limits import MAX_LINES
from shared.clock import from_rfc3339, to_rfc3339

AT = "2026-01-01T00:00:00.000Z"
LATER = "2026-01-01T00:00:01.000Z"
IDS = ("cup", "mug", "pot")
PRODUCTS = {id: CatalogueProduct(id, id.title(), None, 100, 50, CatalogueStatus.ACTIVE, 1) for id in IDS}
DEARER = {id: replace(product, price=150) for id, product in PRODUCTS.items()}


def write(cart: Cart, *operations, at: str = AT) -> Cart:
    return apply_all(operations, cart, PRODUCTS, at)


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
    back = write(removed, UndoLast())
    assert quantities(back) == quantities(FULL)
    assert back.lines["mug"] == FULL.lines["mug"]
    assert back.undo is None
    assert back.version == FULL.version + 2


def test_what_came_since_stays() -> None:
    removed = write(FULL, ClearCart())
    since = write(removed, AddItem("mug", 5), AddItem("pot", 1))
    assert quantities(write(since, UndoLast())) == {"cup": 1, "mug": 7, "pot": 1}


@pytest.mark.parametrize(
    "batch",
    [
        [RemoveItem("mug"), AddItem("pot", 3), AddItem("cup", 1)],
        [ClearCart(), AddItem("mug", 2)],
        [ClearCart(), AddItem("mug", 1)],
        [SetQuantity("cup", 7), RemoveItem("mug"), AddItem("mug", 4), RemoveItem("mug"), AddItem("mug", 1)],
        [SaveForLater("mug"), RemoveItem("cup")],
        [SaveForLater("mug"), AddItem("mug", 4), DiscardSaved("mug"), AddItem("pot", 1)],
    ],
)
def test_a_write_is_taken_back_whole(batch) -> None:
    batch = write(FULL, *batch, at=LATER)
    back = write(batch, UndoLast(), at=LATER)
    assert (back.lines, back.saved) == (FULL.lines, FULL.saved)
    assert list(back.lines) == list(FULL.lines)


def test_pieces_added_since_stay_on_top_of_the_pieces_before() -> None:
    cleared = write(FULL, ClearCart(), AddItem("mug", 2), at=LATER)
    since = apply_all([AddItem("mug", 3)], cleared, DEARER, LATER)
    mug = write(since, UndoLast(), at=LATER).lines["mug"]
    assert [(it.quantity, it.unit_price) for it in mug.pieces] == [(2, 100), (3, 150)]
    assert mug.added_at == AT


def test_pieces_removed_since_stay_removed() -> None:
    batch = write(FULL, RemoveItem("cup"), SetQuantity("mug", 9))
    less = write(batch, SetQuantity("mug", 8))
    assert quantities(write(less, UndoLast())) == {"cup": 1, "mug": 1}
    assert quantities(write(write(batch, SetQuantity("mug", 3)), UndoLast())) == {"cup": 1}


def test_of_what_the_write_had_added_only_later_pieces_stay() -> None:
    batch = write(FULL, RemoveItem("cup"), AddItem("pot", 2))
    since = apply_all([AddItem("pot", 1)], batch, DEARER, LATER)
    pot = write(since, UndoLast(), at=LATER).lines["pot"]
    assert [(it.quantity, it.unit_price) for it in pot.pieces] == [(1, 150)]


@pytest.mark.parametrize("moved", [[SaveForLater("pot")], [SaveForLater("pot"), AddItem("pot", 1)]])
def test_what_the_write_had_added_goes_also_from_where_it_was_moved(moved) -> None:
    batch = write(FULL, RemoveItem("cup"), AddItem("pot", 2))
    back = write(write(batch, *moved), UndoLast())
    assert back.quantity_of("pot") + sum(line.quantity for line in back.saved.values()) == len(moved) - 1


def test_of_more_saved_pieces_only_those_of_the_write_go() -> None:
    saved = write(FULL, SaveForLater("mug"))
    batch = write(saved, RemoveItem("cup"), AddItem("mug", 1))
    back = write(write(batch, SaveForLater("mug")), UndoLast())
    assert (quantities(back), back.saved["mug"].quantity) == ({"cup": 1}, 2)


def test_a_write_that_undoes_itself_leaves_the_earlier_removal_undoable() -> None:
    removed = write(FULL, RemoveItem("mug"), at=LATER)
    nothing = write(removed, AddItem("pot", 1), RemoveItem("pot"), at=LATER)
    assert nothing is removed
    assert write(nothing, UndoLast(), at=LATER).lines == FULL.lines


def test_removing_what_the_same_write_added_is_no_removal() -> None:
    added = write(FULL, AddItem("pot", 1), RemoveItem("pot"), AddItem("cup", 1))
    assert added.undo is None


def test_what_is_saved_for_later_makes_no_loss_of_what_the_write_added() -> None:
    saved = write(FULL, SaveForLater("cup"))
    removed = write(saved, RemoveItem("mug"))
    batch = write(removed, AddItem("cup", 1), RemoveItem("cup"), AddItem("cup", 1), at=LATER)
    assert batch.undo == removed.undo
    assert quantities(write(batch, UndoLast())) == {"cup": 1, "mug": 2}


def test_an_undo_that_changes_no_line_is_a_version_too() -> None:
    """Of a merge that brought a promo code alone, which was taken off since."""
    merged = replace(FULL, undo=Undo(Undoable.MERGE, AT, promo_turn=5))
    undone = write(merged, UndoLast())
    assert (undone.version, undone.undo) == (FULL.version + 1, None)
    assert undone.differences_since(FULL.version) == ()


def test_taking_back_a_whole_cart_for_another_fits() -> None:
    some = [AddItem(f"p{number}", 1) for number in range(MAX_LINES)]
    others = [AddItem(f"q{number}", 1) for number in range(MAX_LINES)]
    products = {it.product_id: replace(PRODUCTS["mug"], id=it.product_id) for it in [*some, *others]}
    full = apply_all(some, Cart("ann"), products, AT)
    other = apply_all([ClearCart(), *others], full, products, LATER)
    assert apply_all([UndoLast()], other, products, LATER).lines == full.lines
    with pytest.raises(CartFull):
        apply_all(
            [AddItem("q0", 1), UndoLast()], apply_all([ClearCart()], full, products, AT), products, LATER
        )


def test_lines_come_back_in_the_order_of_adding() -> None:
    cart = write(Cart("ann"), AddItem("pot", 1), AddItem("cup", 1), AddItem("mug", 1))
    moved = write(write(cart, SaveForLater("pot")), RemoveItem("cup"))
    undone = write(moved, UndoLast(), at=LATER)
    assert list(undone.lines) == ["cup", "mug"]
    assert list(write(undone, RestoreSaved("pot"), at=LATER).lines) == ["pot", "cup", "mug"]


def test_a_discarded_line_is_saved_again() -> None:
    discarded = write(write(FULL, SaveForLater("mug")), DiscardSaved("mug"))
    assert not discarded.saved
    assert write(discarded, UndoLast()).saved == {"mug": FULL.lines["mug"]}


def test_no_more_pieces_come_back_than_a_line_may_have() -> None:
    removed = write(write(FULL, SetQuantity("mug", 900)), RemoveItem("mug"))
    assert write(write(removed, AddItem("mug", 200)), UndoLast()).quantity_of("mug") == 999


@pytest.mark.parametrize("cart", [Cart("ann"), FULL, write(write(FULL, ClearCart()), UndoLast())])
def test_without_a_removal_there_is_nothing_to_undo(cart: Cart) -> None:
    with pytest.raises(NothingToUndo):
        write(cart, UndoLast())


def test_removing_nothing_leaves_the_last_removal_undoable() -> None:
    removed = write(write(FULL, RemoveItem("mug")), RemoveItem("mug"))
    assert quantities(write(removed, UndoLast())) == quantities(FULL)


def test_after_24_hours_it_is_too_late() -> None:
    removed = write(FULL, ClearCart())
    end = from_rfc3339(AT) + UNDO_WINDOW
    assert write(removed, UndoLast(), at=to_rfc3339(end - timedelta(seconds=1))).lines
    with pytest.raises(NothingToUndo):
        write(removed, UndoLast(), at=to_rfc3339(end))


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
    assert quantities(write(write(less, *later), UndoLast())) == quantities(
        write(write(less, UndoLast()), *later)
    )
