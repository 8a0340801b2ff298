"""Money is exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import format_money, minor_digits, percentage_of

AMOUNTS = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("amount", "percent", "expected"),
    [
        (1000, 10, 100),
        (5, 10, 1),
        (4, 10, 0),
        (15, 10, 2),
        (25, 10, 3),
        (-5, 10, -1),
        (999, Decimal("12.5"), 125),
    ],
)
def test_percentages_are_rounded_half_up(amount: int, percent: int | Decimal, expected: int) -> None:
    assert percentage_of(amount, percent) == expected


@given(AMOUNTS)
def test_a_whole_stays_whole(amount: int) -> None:
    assert percentage_of(amount, 100) == amount
    assert percentage_of(amount, 0) == 0


@given(st.integers(0, 10**12), st.integers(0, 100))
def test_a_discount_never_exceeds_the_amount(amount: int, percent: int) -> None:
    assert 0 <= percentage_of(amount, percent) <= amount


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (123456, "USD", "1,234.56 USD"),
        (5, "EUR", "0.05 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (1234, "JPY", "1,234 JPY"),
        (1234, "KWD", "1.234 KWD"),
        (0, "USD", "0.00 USD"),
    ],
)
def test_money_for_people(amount: int, currency: str, text: str) -> None:
    assert format_money(amount, currency) == text


def test_the_minor_unit_depends_on_the_currency() -> None:
    assert [minor_digits(code) for code in ("USD", "JPY", "KWD")] == [2, 0, 3]
