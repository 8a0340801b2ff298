"""Money: whole minor units (cents) of an ISO 4217 currency; never a float.

One rounding rule: a percentage is rounded half up (half a cent away from zero), once, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# ISO 4217, amendment 176: currencies whose minor unit is not a hundredth.
_DIGITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),  # noqa: SIM905 (reads better)
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class CurrencyMismatch(ValueError):
    """Amounts of different currencies cannot be added or compared."""


def minor_digits(currency: str) -> int:
    """Decimals of the currency's minor unit: 2 for USD, 0 for JPY, 3 for KWD."""
    return _DIGITS.get(currency, 2)


def percentage_of(amount: int, percent: int | Decimal) -> int:
    """`percent` hundredths of an amount in minor units, rounded half up."""
    return int((Decimal(amount) * percent / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def format_money(amount: int, currency: str) -> str:
    """`12.34 USD`, `1234 JPY`: for people, not for programs."""
    digits = minor_digits(currency)
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f} {currency}"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units. Arithmetic stays exact; currencies never mix."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.amount * count, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other).amount

    def percent(self, percent: int | Decimal) -> Money:
        """That many hundredths of it, rounded half up."""
        return Money(percentage_of(self.amount, percent), self.currency)

    def __str__(self) -> str:
        return format_money(self.amount, self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{other.currency} is not {self.currency}")
        return other
