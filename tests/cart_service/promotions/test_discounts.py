"""Discounts, to the minor unit."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart_service.promotions.discounts import DiscountableLine, Reason, allocated, category_key, discount_of
from cart_service.promotions.model import Benefit, Conditions, FixedAmount, FreeItem, Percentage, Promotion
from shared.text import name_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def promotion(benefit: Benefit, **conditions: object) -> Promotion:
    return Promotion("SPRING", benefit, Conditions(**conditions), "USD", "", NOW)  # type: ignore[arg-type]


def line(
    id: str = "mug", quantity: int = 1, price: int = 1000, *categories: str, gone: bool = False
) -> DiscountableLine:
    return DiscountableLine(id, quantity, price, 0 if gone else quantity * price, categories, gone)


IDS = ["mug", "cup", "pot", "pan"]
prices = st.one_of(st.integers(0, 50), st.integers(0, 10**9))
lines = st.lists(
    st.builds(
        lambda id, quantity, price, categories, gone: line(id, quantity, price, *categories, gone=gone),
        st.sampled_from(IDS),
        st.integers(1, 999),
        prices,
        st.lists(st.sampled_from(["Kitchen", "Books"])),
        st.booleans(),
    ),
    max_size=30,
)
benefits = st.one_of(
    st.builds(Percentage, st.integers(1, 100)),
    st.builds(FixedAmount, st.integers(1, 10**12)),
    st.builds(FreeItem, st.sampled_from(IDS), st.integers(1, 999)),
)
promotions = st.builds(
    lambda benefit, minimum, categories: promotion(benefit, minimum_spend=minimum, categories=categories),
    benefits,
    st.one_of(st.just(0), prices),
    st.sampled_from([(), ("kitchen",), ("BOOKS", "Kitchen")]),
)


@given(promotions, lines)
def test_line_discounts_add_up_and_stay_within_their_lines(
    offer: Promotion, cart: list[DiscountableLine]
) -> None:
    discount = discount_of(offer, cart, NOW)
    assert sum(discount.of_lines) == discount.total
    assert len(discount.of_lines) == len(cart)
    assert all(0 <= off <= it.line_total for off, it in zip(discount.of_lines, cart, strict=True))
    assert discount.counts or discount.total == 0
    assert discount_of(offer, cart, NOW) == discount


@given(promotions, lines, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_no_total(
    offer: Promotion, cart: list[DiscountableLine], shuffler: random.Random
) -> None:
    shuffled = list(cart)
    shuffler.shuffle(shuffled)
    one, other = discount_of(offer, cart, NOW), discount_of(offer, shuffled, NOW)
    assert (one.total, one.reason, one.missing_spend) == (other.total, other.reason, other.missing_spend)


@given(st.integers(1, 100), lines)
def test_a_percentage_is_rounded_once_half_up(percent: int, cart: list[DiscountableLine]) -> None:
    discount = discount_of(promotion(Percentage(percent)), cart, NOW)
    exact = Decimal(sum(it.line_total for it in cart)) * percent / 100
    assert discount.total == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.lists(st.integers(0, 10**9), max_size=40), st.data())
def test_no_share_is_a_unit_away_from_its_proportion(bases: list[int], data: st.DataObject) -> None:
    subtotal = sum(bases)
    total = data.draw(st.integers(0, subtotal))
    shares = allocated(total, bases)
    assert sum(shares) == total
    for share, base in zip(shares, bases, strict=True):
        assert abs(share * subtotal - total * base) < max(subtotal, 1)


def test_ties_go_to_the_earlier_line() -> None:
    assert allocated(2, [100, 100, 100]) == (1, 1, 0)
    assert allocated(1, [1, 2, 1]) == (0, 1, 0)


def test_half_a_cent_is_rounded_up() -> None:
    assert discount_of(promotion(Percentage(50)), [line(price=1)], NOW).total == 1
    assert discount_of(promotion(Percentage(33)), [line(price=1), line("cup", price=1)], NOW).total == 1


def test_a_fixed_amount_is_never_more_than_what_counts() -> None:
    cart = [line("mug", 1, 300, "Kitchen"), line("atlas", 1, 9000, "Books")]
    discount = discount_of(promotion(FixedAmount(500), categories=("kitchen",)), cart, NOW)
    assert discount.of_lines == (300, 0)


@pytest.mark.parametrize(("quantity", "off"), [(1, 250), (2, 500), (5, 500)])
def test_free_pieces_are_those_in_the_cart(quantity: int, off: int) -> None:
    cart = [line("pot", 1, 4000), line("mug", quantity, 250)]
    discount = discount_of(promotion(FreeItem("mug", 2)), cart, NOW)
    assert discount.of_lines == (0, off)
    assert "SPRING" in discount.message


@pytest.mark.parametrize("cart", [[line("pot")], [line("pot"), line("mug", gone=True)]])
def test_a_free_item_has_to_be_in_the_cart(cart: list[DiscountableLine]) -> None:
    discount = discount_of(promotion(FreeItem("mug", 2)), cart, NOW)
    assert (discount.reason, discount.total) == (Reason.FREE_ITEM_MISSING, 0)
    assert "mug" in discount.message


def test_categories_are_compared_without_case_and_accents() -> None:
    cart = [line("mug", 1, 1000, "CAFÉ"), line("cup", 1, 1000, "Coffee")]
    discount = discount_of(promotion(Percentage(10), categories=("Cafe",)), cart, NOW)
    assert discount.of_lines == (100, 0)


@pytest.mark.parametrize(
    ("wanted", "present"),
    [("Home & Garden", "home garden"), ("Smorrebrod", "Smørrebrød"), ("Wash-up", "WASH UP"), ("***", "***")],
)
def test_categories_are_compared_as_the_catalogues_filter_does(wanted: str, present: str) -> None:
    offer = promotion(Percentage(10), categories=(wanted,))
    assert discount_of(offer, [line("mug", 1, 1000, present)], NOW).total == 100
    assert category_key(wanted) == category_key(present) == name_key(present)


FIXED, FREE = FixedAmount(300), FreeItem("mug", 2)


@pytest.mark.parametrize(
    ("benefit", "cart", "message", "of_line"),
    [
        (FIXED, [line()], "3.00 USD off with SPRING.", "3.00 USD off with SPRING."),
        (
            FIXED,
            [line(), line("cup")],
            "3.00 USD off with SPRING.",
            "A share of the 3.00 USD off with SPRING.",
        ),
        (
            FIXED,
            [line("mug", 1, 100)],
            "1.00 USD off with SPRING: all that counts for it, of up to 3.00 USD.",
            "1.00 USD off with SPRING.",
        ),
        (Percentage(15), [line(), line("cup")], "15 % off with SPRING.", "15 % off with SPRING."),
        (FREE, [line("mug", 5)], "2 pieces free with SPRING.", "2 pieces free with SPRING."),
        (FREE, [line("mug", 1)], "1 piece free with SPRING, of up to 2.", "1 piece free with SPRING."),
    ],
)
def test_messages_say_what_the_code_does_to_this_cart(benefit, cart, message, of_line) -> None:
    discount = discount_of(promotion(benefit), cart, NOW)
    assert (discount.message, discount.of_line) == (message, of_line)


@pytest.mark.parametrize("benefit", [Percentage(10), FIXED, FREE])
def test_a_code_that_comes_to_nothing_does_not_promise_anything(benefit: Benefit) -> None:
    discount = discount_of(promotion(benefit), [line("mug", 1, 0)], NOW)
    assert discount.message == "SPRING counts, and comes to 0.00 USD off this cart."


@pytest.mark.parametrize(
    ("benefit", "cart", "message"),
    [
        (
            Percentage(10),
            [line("mug", 1, 100, "Books")],
            "Nothing in the cart counts for SPRING, which is for Kitchen, Bath or Garden.",
        ),
        (
            Percentage(10),
            [line("mug", 1, 1000, "Bath")],
            "10 % off Kitchen, Bath or Garden with SPRING.",
        ),
        (
            FREE,
            [line("pot", 1, 1000, "Bath")],
            "Add product mug to the cart: up to 2 pieces free with SPRING.",
        ),
        (
            FREE,
            [line("pot", 1, 1000, "Bath"), line(gone=True)],
            "Product mug is not for sale any more, so SPRING takes nothing off.",
        ),
    ],
)
def test_messages_name_what_the_code_is_for(benefit, cart, message) -> None:
    offer = promotion(benefit, categories=("Kitchen", "Bath", "Garden"))
    assert discount_of(offer, cart, NOW).message == message


def test_the_dearest_pieces_are_free() -> None:
    mugs = DiscountableLine("mug", 4, 1200, 4400, prices=((2, 1000), (2, 1200)))
    assert discount_of(promotion(FreeItem("mug", 3)), [mugs], NOW).of_lines == (3400,)


def test_minimum_spend_says_how_much_is_missing_of_what_counts() -> None:
    offer = promotion(Percentage(10), minimum_spend=2000, categories=("Kitchen",))
    cart = [line("mug", 1, 1500, "Kitchen"), line("atlas", 1, 9000, "Books")]
    discount = discount_of(offer, cart, NOW)
    assert (discount.reason, discount.missing_spend) == (Reason.MINIMUM_SPEND, 500)
    assert discount.message == "Spend 5.00 USD more on Kitchen to use SPRING."
    assert discount_of(offer, [line("mug", 2, 1000, "Kitchen")], NOW).total == 200


@pytest.mark.parametrize("cart", [[], [line(gone=True)], [line("atlas", 1, 10, "Books")]])
def test_without_eligible_lines_nothing_counts(cart: list[DiscountableLine]) -> None:
    discount = discount_of(promotion(Percentage(10), categories=("Kitchen",)), cart, NOW)
    assert discount.reason is Reason.NO_ELIGIBLE_ITEMS


def test_what_costs_nothing_still_counts() -> None:
    discount = discount_of(promotion(Percentage(10)), [line(price=0)], NOW)
    assert (discount.counts, discount.total) == (True, 0)


def test_time_decides() -> None:
    offer = promotion(Percentage(10), starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    moments = [NOW, NOW + HOUR, NOW + 2 * HOUR]
    reasons = [discount_of(offer, [line()], moment).reason for moment in moments]
    assert reasons == [Reason.NOT_STARTED, None, Reason.ENDED]
