from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cart_service.carts.model import Cart
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.priced_cart import Availability, NoticeType
from cart_service.carts.priced_lines import Terms
from cart_service.carts.pricing import price
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus

AT = "2026-01-01T00:00:00.000Z"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TERMS = Terms("USD", PricePolicy(), NOW)


def product(id: str = "mug", **fields) -> CatalogueProduct:
    usual = {"name": "Mug", "image_url": None, "price": 1000, "stock": 5, "revision": 7}
    return CatalogueProduct(**{"id": id, "status": CatalogueStatus.ACTIVE, **usual, **fields})


def one_line(quantity: int, at_price: int, product: CatalogueProduct):
    cart = Cart("ann").add(product.id, quantity, at_price, AT)
    return price(cart, {product.id: product}, TERMS)


products = st.builds(
    product,
    price=st.integers(0, 10**7),
    stock=st.integers(0, 2000),
    status=st.sampled_from(list(CatalogueStatus)),
    revision=st.integers(0, 10**6),
)


@given(st.lists(st.tuples(products, st.integers(1, 999), st.integers(0, 10**7)), max_size=6))
def test_totals_are_the_sums_of_the_lines(lines: list[tuple[CatalogueProduct, int, int]]) -> None:
    cart, catalogue = Cart("ann"), {}
    for number, (template, quantity, then) in enumerate(lines):
        id = f"p{number}"
        catalogue[id] = product(
            id,
            price=template.price,
            stock=template.stock,
            status=template.status,
            revision=template.revision,
        )
        cart = cart.add(id, quantity, then, AT)
    priced = price(cart, catalogue, TERMS)
    totals = priced.totals
    counted = [line for line in priced.lines if line.availability is not Availability.GONE]
    assert totals.subtotal == sum(line.line_total for line in priced.lines)
    assert totals.subtotal == sum(line.unit_price * line.quantity for line in counted)
    assert totals.total == totals.subtotal - totals.discount
    assert totals.item_count == sum(line.quantity for line in counted)
    assert totals.line_count == len(priced.lines) == len(lines)
    noticed = {notice.product_id for notice in priced.notices}
    assert noticed >= {
        line.product_id for line in priced.lines if line.availability is not Availability.IN_STOCK
    }


def test_an_undisturbed_line_has_no_notice() -> None:
    priced = one_line(5, 1000, product())
    assert priced.lines[0].availability is Availability.IN_STOCK
    assert priced.notices == []


def test_a_changed_price_is_noticed_and_counted() -> None:
    priced = one_line(2, 900, product())
    assert [notice.type for notice in priced.notices] == [NoticeType.PRICE_CHANGED]
    assert "10.00" in priced.notices[0].message
    assert "9.00" in priced.notices[0].message
    assert priced.totals.total == 2000
    assert priced.lines[0].unit_price_when_added == 900


def test_a_short_line_counts_in_full() -> None:
    priced = one_line(6, 1000, product())
    assert priced.lines[0].availability is Availability.SHORT
    assert [(it.type, it.product_id) for it in priced.notices] == [(NoticeType.STOCK_SHORT, "mug")]
    assert priced.notices[0].message == "Only 5 of Mug are in stock; the cart asks for 6."
    assert priced.totals.item_count == 6


def test_a_sold_out_line_is_short() -> None:
    notice = one_line(1, 1000, product(stock=0)).notices[0]
    assert notice.message == "Mug is not in stock; the cart asks for 1."


def test_a_gone_line_costs_nothing_and_keeps_its_old_price() -> None:
    priced = one_line(2, 900, product(status=CatalogueStatus.DELETED, stock=0))
    line = priced.lines[0]
    assert (line.availability, line.unit_price, line.line_total) == (Availability.GONE, 900, 0)
    assert [notice.type for notice in priced.notices] == [NoticeType.PRODUCT_GONE]
    assert (priced.totals.total, priced.totals.item_count, priced.totals.line_count) == (0, 0, 1)
