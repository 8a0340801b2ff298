import pytest

from cart_service.carts.lines import Line
from cart_service.carts.model import Cart
from cart_service.carts.operations import (
    Acknowledge,
    AddItem,
    ClearCart,
    RemoveItem,
    SetQuantity,
    UndoLast,
    apply_all,
    fingerprint_of,
)
from cart_service.catalogue.errors import ProductNotForSale, UnknownProduct
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from cart_service.limits import MAX_LINES

AT = "2026-01-01T00:00:00.000Z"
MUG = CatalogueProduct("mug", "Mug", None, 1299, 5, CatalogueStatus.ACTIVE, 1)
CART = Cart("ann").add("mug", 2, 999, AT)


def with_status(status: CatalogueStatus) -> dict[str, CatalogueProduct]:
    return {"mug": CatalogueProduct("mug", "Mug", None, 1299, 5, status, 2)}


def test_add_takes_the_price_of_the_moment() -> None:
    cart = AddItem("mug", 2).apply(Cart("ann"), {"mug": MUG}, AT)
    assert cart.lines["mug"].quantity == 2
    assert cart.lines["mug"].unit_price_when_added == 1299


def test_more_than_the_stock_is_accepted() -> None:
    assert AddItem("mug", 50).apply(CART, {"mug": MUG}, AT).quantity_of("mug") == 52


def test_set_adds_a_line_that_is_not_there() -> None:
    cart = SetQuantity("mug", 3).apply(Cart("ann"), {"mug": MUG}, AT)
    assert cart.lines["mug"].unit_price_when_added == 1299


@pytest.mark.parametrize("operation", [AddItem("mug", 1), SetQuantity("mug", 3)])
@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (CatalogueStatus.DRAFT, UnknownProduct),
        (CatalogueStatus.DELETED, UnknownProduct),
        (CatalogueStatus.MISSING, UnknownProduct),
        (CatalogueStatus.ARCHIVED, ProductNotForSale),
    ],
)
def test_more_of_what_is_not_for_sale_is_refused(operation, status, refusal) -> None:
    with pytest.raises(refusal) as refused:
        operation.apply(CART, with_status(status), AT)
    assert refused.value.extra == {"product_id": "mug"}


def test_fewer_of_what_is_not_for_sale_is_accepted() -> None:
    assert SetQuantity("mug", 1).apply(CART, with_status(CatalogueStatus.DELETED), AT).quantity_of("mug") == 1


def test_removing_asks_nothing_of_the_catalogue() -> None:
    for operation in (RemoveItem("mug"), SetQuantity("mug", 0), ClearCart()):
        assert operation.products_of(CART) == ()
        assert operation.apply(CART, {}, AT).lines == {}


@pytest.mark.parametrize("number_saved", [0, MAX_LINES])
def test_what_is_out_of_stock_leaves_the_lines_even_where_no_more_can_be_saved(number_saved: int) -> None:
    full = Cart("ann", saved={f"p{number}": Line(f"p{number}", 1, 1, AT) for number in range(number_saved)})
    cart = full.add("mug", 2, 1299, AT).after(full, AT)
    products = {"mug": CatalogueProduct("mug", "Mug", None, 1299, 0, CatalogueStatus.ACTIVE, 2)}
    accepted = apply_all([Acknowledge()], cart, products, AT)
    assert accepted.lines == {}
    assert ("mug" in accepted.saved) is (number_saved == 0)
    if number_saved:
        assert apply_all([UndoLast()], accepted, products, AT).lines == cart.lines


def test_what_is_out_of_stock_is_not_lost_to_a_lines_limit() -> None:
    cart = Cart("ann").add("mug", 600, 1299, AT).save("mug").add("mug", 600, 1299, AT)
    products = {"mug": CatalogueProduct("mug", "Mug", None, 1299, 0, CatalogueStatus.ACTIVE, 2)}
    accepted = apply_all([Acknowledge()], cart, products, AT)
    assert (accepted.lines, accepted.saved) == ({}, cart.saved)
    assert apply_all([UndoLast()], accepted, products, AT).lines == cart.lines


def test_adding_asks_for_the_product() -> None:
    for operation in (AddItem("mug", 1), SetQuantity("mug", 1)):
        assert operation.products_of(CART) == ("mug",)


def test_a_fingerprint_tells_requests_apart() -> None:
    requests = [
        [AddItem("mug", 1)],
        [AddItem("mug", 2)],
        [AddItem("cup", 1)],
        [SetQuantity("mug", 1)],
        [RemoveItem("mug")],
        [ClearCart()],
        [AddItem("mug", 1), ClearCart()],
    ]
    assert len({fingerprint_of(request) for request in requests}) == len(requests)
    assert fingerprint_of([AddItem("mug", 1)]) == fingerprint_of([AddItem("mug", 1)])
