import pytest

from cart_service.carts.errors import CartFull, LineLimitReached, NotInCart
from cart_service.carts.model import Cart
from cart_service.limits import MAX_LINES

AT = "2026-01-01T00:00:00.000Z"
CART = Cart("ann").add("mug", 2, 100, AT).after(Cart("ann"), AT)


def test_saving_moves_the_line_with_its_price() -> None:
    saved = CART.save("mug")
    assert saved.lines == {}
    assert saved.saved == CART.lines
    assert saved.after(CART, AT).version == CART.version + 1


def test_restoring_moves_it_back() -> None:
    assert CART.save("mug").restore("mug").lines == CART.lines


def test_pieces_on_both_sides_add_up() -> None:
    both = CART.save("mug").add("mug", 997, 90, AT)
    assert both.save("mug").saved["mug"].quantity == 999
    assert both.restore("mug").quantity_of("mug") == 999


def test_more_than_a_line_may_have_is_refused_instead_of_lost() -> None:
    both = CART.save("mug").add("mug", 998, 90, AT)
    for move in (both.save, both.restore):
        with pytest.raises(LineLimitReached):
            move("mug")


def test_what_is_not_there_cannot_be_moved() -> None:
    for move in (CART.save, CART.restore):
        with pytest.raises(NotInCart) as refused:
            move("cup")
        assert refused.value.extra == {"product_id": "cup"}


def test_what_is_saved_has_as_many_lines_as_a_cart() -> None:
    cart = CART
    for number in range(MAX_LINES):
        cart = cart.add(f"p{number}", 1, 1, AT).save(f"p{number}")
    with pytest.raises(CartFull):
        cart.save("mug")


def test_clearing_leaves_what_is_saved() -> None:
    assert CART.save("mug").add("cup", 1, 1, AT).clear().saved == CART.lines
