"""The prices of a line's pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cart_service.carts.lines import MAX_PRICES, Line, Pieces, in_order, together, with_line
from cart_service.carts.model import Cart

AT, LATER = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"
EMPTY = Cart("ann")
adds = st.lists(st.tuples(st.integers(1, 9), st.sampled_from([90, 100, 110])), min_size=1, max_size=9)


def prices(line: Line) -> list[tuple[int, int]]:
    return [(it.quantity, it.unit_price) for it in line.pieces]


def value(line: Line) -> int:
    return sum(it.quantity * it.unit_price for it in line.pieces)


def mugs(*added: tuple[int, int]) -> Line:
    cart = EMPTY
    for quantity, price in added:
        cart = cart.add("mug", quantity, price, AT)
    return cart.lines["mug"]


@given(adds)
def test_each_piece_has_the_price_of_its_add(added) -> None:
    line = mugs(*added)
    assert line.quantity == sum(quantity for quantity, _ in added)
    assert value(line) == sum(quantity * price for quantity, price in added)
    assert line.unit_price_when_added == added[0][1]


@given(adds, st.integers(1, 9), st.sampled_from([90, 100, 110]))
def test_less_after_more_leaves_the_line_as_it_was(added, more: int, price: int) -> None:
    line = mugs(*added)
    cart = EMPTY.set("mug", line.quantity, 100, AT)
    cart = Cart("ann", lines=with_line(cart.lines, line)).add("mug", more, price, AT)
    assert cart.set("mug", line.quantity, 0, AT).lines["mug"] == line


def test_pieces_added_last_go_first() -> None:
    line = mugs((1, 100), (2, 120), (3, 90))
    assert prices(line.first(4)) == [(1, 100), (2, 120), (1, 90)]
    assert prices(line.first(1)) == [(1, 100)]
    assert line.last(4) == (Pieces(1, 120, AT), Pieces(3, 90, AT))
    assert prices(line.only_last(3)) == [(3, 90)]


def test_a_hold_begins_with_the_last_piece_at_a_price() -> None:
    cart = EMPTY.add("mug", 1, 100, AT).add("mug", 1, 100, LATER)
    assert cart.lines["mug"].pieces == (Pieces(2, 100, LATER),)
    assert cart.lines["mug"].added_at == AT


def test_no_line_has_more_than_so_many_prices_and_none_gets_dearer() -> None:
    added = [(number % 7 + 1, 1000 + number) for number in range(3 * MAX_PRICES)]
    line, paid = mugs(*added), sum(quantity * price for quantity, price in added)
    assert len(line.layers) == MAX_PRICES
    assert line.quantity == sum(quantity for quantity, _ in added)
    assert paid - line.quantity * 2 * MAX_PRICES < value(line) <= paid
    assert prices(line)[-1] == added[-1]


def test_a_price_that_goes_up_and_down_is_kept_to_the_minor_unit() -> None:
    added = [(1, 100 + number % 2) for number in range(10 * MAX_PRICES)]
    assert value(mugs(*added)) == sum(price for _, price in added)


def test_saving_and_restoring_keeps_every_price_and_the_older_place() -> None:
    cart = EMPTY.add("mug", 1, 100, AT).save("mug").add("cup", 1, 5, LATER).add("mug", 2, 120, LATER)
    back = cart.restore("mug")
    assert prices(back.lines["mug"]) == [(2, 120), (1, 100)]
    assert (list(back.lines), back.lines["mug"].added_at) == (["mug", "cup"], AT)
    assert back.lines["mug"].pieces[0].since == LATER


def test_lines_of_two_carts_are_in_the_order_of_adding() -> None:
    mine, theirs = (
        EMPTY.add("mug", 1, 100, AT).lines,
        EMPTY.add("cup", 1, 100, "2025-01-01T00:00:00.000Z").lines,
    )
    assert list(with_line(mine, theirs["cup"])) == ["cup", "mug"]
    assert list(in_order([*mine.values(), *theirs.values()])) == ["cup", "mug"]
    assert together(None, mine["mug"]) is mine["mug"]
