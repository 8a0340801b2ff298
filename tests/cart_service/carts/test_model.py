import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart_service.carts.errors import CartFull, IdempotencyKeyReused, LineLimitReached
from cart_service.carts.model import Cart
from cart_service.carts.records import REMEMBERED_KEYS
from cart_service.limits import MAX_LINES, MAX_QUANTITY

AT, LATER = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"
EMPTY = Cart("ann")
ids = st.sampled_from(["a", "b", "c", "d"])
steps = st.lists(st.tuples(st.sampled_from(["add", "set", "remove", "clear"]), ids, st.integers(0, 9)))


def take(cart: Cart, step: tuple[str, str, int]) -> Cart:
    kind, id, quantity = step
    if kind == "clear":
        return cart.clear()
    if kind == "remove":
        return cart.remove(id)
    return cart.add(id, quantity, 100, AT) if kind == "add" else cart.set(id, quantity, 100, AT)


def quantities(cart: Cart) -> dict[str, int]:
    return {id: line.quantity for id, line in cart.lines.items()}


@given(st.lists(st.tuples(ids, st.integers(1, 9)), max_size=8), st.randoms())
def test_any_order_of_adds_gives_the_same_quantities(adds: list[tuple[str, int]], random) -> None:
    shuffled = random.sample(adds, len(adds))
    carts = []
    for order in (adds, shuffled):
        cart = EMPTY
        for id, quantity in order:
            cart = cart.add(id, quantity, 100, AT)
        carts.append(quantities(cart))
    assert carts[0] == carts[1]


@given(steps)
def test_a_cart_behaves_as_a_mapping_of_quantities(steps: list[tuple[str, str, int]]) -> None:
    model: dict[str, int] = {}
    cart = EMPTY
    for kind, id, quantity in steps:
        cart = take(cart, (kind, id, quantity))
        if kind == "clear":
            model.clear()
        else:
            model[id] = {"add": model.get(id, 0) + quantity, "set": quantity}.get(kind, 0)
    assert quantities(cart) == {id: quantity for id, quantity in model.items() if quantity}


@given(steps)
def test_an_operation_leaves_the_cart_it_was_asked_of_alone(steps: list[tuple[str, str, int]]) -> None:
    cart = EMPTY
    for step in steps:
        before = dict(cart.lines)
        following = take(cart, step)
        assert dict(cart.lines) == before
        cart = following


@given(steps)
def test_the_version_counts_the_writes_that_changed_something(steps: list[tuple[str, str, int]]) -> None:
    cart, written = EMPTY, 0
    for step in steps:
        following = take(cart, step).after(cart, AT)
        if quantities(following) == quantities(cart):
            assert following is cart
        else:
            written += 1
        cart = following
        assert cart.version == written


def test_a_line_keeps_the_price_and_the_time_of_its_first_add() -> None:
    cart = EMPTY.add("a", 1, 100, AT).add("a", 2, 250, LATER).set("a", 9, 300, LATER)
    line = cart.lines["a"]
    assert (line.quantity, line.unit_price_when_added, line.added_at) == (9, 100, AT)


def test_lines_keep_the_order_of_adding() -> None:
    cart = EMPTY.add("b", 1, 1, AT).add("a", 1, 1, AT).add("b", 1, 1, AT)
    assert list(cart.lines) == ["b", "a"]


@pytest.mark.parametrize(
    "change",
    [
        lambda cart: cart.remove("b"),
        lambda cart: cart.set("a", 3, 500, LATER),
        lambda cart: cart.set("b", 0, 500, LATER),
        lambda cart: cart.clear().add("a", 3, 100, AT),
        lambda cart: cart.add("b", 1, 5, LATER).remove("b"),
    ],
)
def test_what_changes_no_quantity_makes_no_version(change) -> None:
    cart = EMPTY.add("a", 3, 100, AT).after(EMPTY, AT)
    assert change(cart).after(cart, LATER) is cart


def test_clearing_an_empty_cart_changes_nothing() -> None:
    assert EMPTY.clear() is EMPTY


def test_a_line_holds_up_to_its_limit() -> None:
    full = EMPTY.add("a", MAX_QUANTITY - 1, 100, AT).add("a", 1, 100, AT)
    assert full.quantity_of("a") == MAX_QUANTITY
    with pytest.raises(LineLimitReached) as refused:
        full.add("a", 1, 100, AT)
    assert refused.value.extra == {"product_id": "a", "quantity": MAX_QUANTITY, "limit": MAX_QUANTITY}


def test_a_cart_holds_up_to_its_limit_of_lines() -> None:
    cart = EMPTY
    for number in range(MAX_LINES):
        cart = cart.add(f"p{number}", 1, 100, AT)
    assert cart.add("p0", 1, 100, AT).quantity_of("p0") == 2
    with pytest.raises(CartFull) as refused:
        cart.add("one-more", 1, 100, AT)
    assert refused.value.extra == {"product_id": "one-more", "limit": MAX_LINES}


def test_a_used_key_is_known_again_with_its_request_only() -> None:
    cart = EMPTY.with_key("k", "f")
    assert cart.has_used("k", "f")
    assert not cart.has_used("other", "f")
    with pytest.raises(IdempotencyKeyReused):
        cart.has_used("k", "another request")


def test_the_oldest_key_is_forgotten_first() -> None:
    cart = EMPTY
    for number in range(REMEMBERED_KEYS + 1):
        cart = cart.with_key(str(number), "f")
    assert not cart.has_used("0", "f")
    assert all(cart.has_used(str(number), "f") for number in range(1, REMEMBERED_KEYS + 1))
