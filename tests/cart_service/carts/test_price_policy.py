from datetime import UTC, datetime, timedelta

import pytest

from cart_service.carts.lines import Pieces
from cart_service.carts.model import Cart
from cart_service.carts.operations import Acknowledge, apply_all
from cart_service.carts.price_policy import PricePolicy
from cart_service.carts.priced_cart import NoticeType, PricedCart
from cart_service.carts.priced_lines import Terms
from cart_service.carts.pricing import price
from cart_service.catalogue.model import CatalogueProduct, CatalogueStatus
from shared.clock import to_rfc3339

ADDED = datetime(2026, 1, 1, tzinfo=UTC)
AT = to_rfc3339(ADDED)
CART = Cart("ann").add("mug", 2, 1000, AT)


def mug(
    price: int = 1200, stock: int = 9, status: CatalogueStatus = CatalogueStatus.ACTIVE
) -> CatalogueProduct:
    return CatalogueProduct("mug", "Mug", None, price, stock, status, 1)


def priced(policy: str, product: CatalogueProduct, *, hours: float = 1, cart: Cart = CART) -> PricedCart:
    now = ADDED + timedelta(hours=hours)
    return price(cart, {"mug": product}, Terms("USD", PricePolicy.parse(policy), now))


@pytest.mark.parametrize(
    ("policy", "hours", "total"),
    [
        ("live", 0, 2400),
        ("freeze", 10_000, 2000),
        ("hold:48", 47.9, 2000),
        ("hold:48", 48, 2400),
    ],
)
def test_the_policy_says_which_price_counts(policy: str, hours: float, total: int) -> None:
    cart = priced(policy, mug(), hours=hours)
    (line,) = cart.lines
    assert cart.totals.total == total == 2 * line.unit_price
    assert (line.unit_price_now, line.unit_price_when_added) == (1200, 1000)


@pytest.mark.parametrize("policy", ["live", "freeze", "hold:2"])
def test_whichever_counts_a_notice_names_both_prices(policy: str) -> None:
    (notice,) = priced(policy, mug()).notices
    assert notice.type is NoticeType.PRICE_CHANGED
    assert "12.00 USD" in notice.message
    assert "10.00 USD" in notice.message


def test_only_a_hold_that_matters_ends_the_validity() -> None:
    assert priced("hold:48", mug()).valid_until == ADDED + timedelta(hours=48)
    assert priced("hold:48", mug(price=1000)).valid_until is None
    assert priced("hold:48", mug(), hours=49).valid_until is None
    assert priced("live", mug()).valid_until is None
    assert priced("freeze", mug()).valid_until is None


RISEN = to_rfc3339(ADDED + timedelta(hours=24))


def risen(quantity: int = 998) -> Cart:
    return Cart("ann").add("mug", 1, 1000, AT).add("mug", quantity, 3000, RISEN)


@pytest.mark.parametrize(
    ("policy", "hours", "total", "prices"),
    [
        ("live", 25, 999 * 3500, []),
        ("freeze", 10_000, 1000 + 998 * 3000, [(1, 1000), (998, 3000)]),
        ("hold:48", 25, 1000 + 998 * 3000, [(1, 1000), (998, 3000)]),
        ("hold:48", 48, 3500 + 998 * 3000, [(1, 3500), (998, 3000)]),
        ("hold:48", 72, 999 * 3500, []),
    ],
)
def test_pieces_added_later_cost_what_they_cost_then(policy: str, hours: float, total: int, prices) -> None:
    cart = priced(policy, mug(3500, stock=1000), hours=hours, cart=risen())
    (line,) = cart.lines
    assert cart.totals.total == line.line_total == total
    assert [(it.quantity, it.unit_price) for it in line.prices] == prices
    assert line.unit_price_when_added == 1000
    (notice,) = line.notices
    assert "35.00 USD" in notice.message
    assert "10.00 USD" in notice.message or hours == 48


def test_a_summary_is_valid_until_the_first_hold_of_the_line_ends() -> None:
    assert priced("hold:48", mug(3500), hours=25, cart=risen()).valid_until == ADDED + timedelta(hours=48)
    assert priced("hold:48", mug(3500), hours=49, cart=risen()).valid_until == ADDED + timedelta(hours=72)
    assert priced("hold:48", mug(3000), hours=25, cart=risen()).valid_until == ADDED + timedelta(hours=48)
    assert priced("freeze", mug(3500), hours=25, cart=risen()).valid_until is None


@pytest.mark.parametrize("now", [1000, 3000])
def test_a_notice_says_so_while_any_piece_has_another_price_than_now(now: int) -> None:
    (notice,) = priced("freeze", mug(now, stock=1000), cart=risen(1)).notices
    assert notice.message.endswith(
        "in this cart, which holds earlier prices, 1 for 10.00 USD, 1 for 30.00 USD each."
    )
    (notice,) = priced("live", mug(now, stock=1000), cart=risen(1)).notices
    assert notice.message.endswith(
        "it cost something else when it was added: 1 for 10.00 USD, 1 for 30.00 USD each."
    )


def test_acknowledging_gives_every_piece_the_price_of_now() -> None:
    later = to_rfc3339(ADDED + timedelta(hours=30))
    accepted = apply_all([Acknowledge()], risen(1), {"mug": mug(3500)}, later)
    assert accepted.lines["mug"].pieces == (Pieces(2, 3500, later),)
    assert priced("freeze", mug(4000), cart=accepted).totals.total == 7000


def test_a_gone_line_has_no_prices() -> None:
    (line,) = priced("freeze", mug(3500, status=CatalogueStatus.DELETED), cart=risen()).lines
    assert (line.line_total, line.prices, line.unit_price) == (0, (), 1000)


@pytest.mark.parametrize(
    "text", ["", "hold", "hold:0", "hold:-1", "hold:1.5", "hold:100000", "frozen", "LIVE"]
)
def test_other_policies_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a price policy"):
        PricePolicy.parse(text)


@pytest.mark.parametrize("policy", ["live", "freeze", "hold:2"])
@pytest.mark.parametrize(
    ("product", "quantity", "saved"),
    [
        (mug(), 2, 0),
        (mug(stock=1), 1, 0),
        (mug(stock=0), 0, 2),
        (mug(status=CatalogueStatus.ARCHIVED), 0, 0),
        (mug(status=CatalogueStatus.MISSING), 0, 0),
    ],
)
def test_acknowledging_settles_every_notice(
    policy: str, product: CatalogueProduct, quantity: int, saved: int
) -> None:
    later = to_rfc3339(ADDED + timedelta(hours=1))
    accepted = apply_all([Acknowledge()], CART, {"mug": product}, later)
    assert accepted.quantity_of("mug") == quantity
    assert sum(line.quantity for line in accepted.saved.values()) == saved
    cart = priced(policy, product, hours=2, cart=accepted)
    assert cart.notices == []
    assert cart.totals.total == quantity * 1200


def test_an_acknowledged_price_is_held_anew() -> None:
    later = to_rfc3339(ADDED + timedelta(hours=30))
    accepted = apply_all([Acknowledge()], CART, {"mug": mug()}, later)
    assert accepted.version > 0
    again = priced("hold:24", mug(price=5000), hours=50, cart=accepted)
    assert again.totals.total == 2400
    assert again.valid_until == ADDED + timedelta(hours=54)


def test_acknowledging_without_notices_changes_nothing() -> None:
    before = CART.after(Cart("ann"), AT)
    assert apply_all([Acknowledge()], before, {"mug": mug(price=1000)}, AT) is before
