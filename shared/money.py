"""Amounts of money: whole minor units (cents) of an ISO 4217 currency, never a float.

One rounding rule: a percentage is rounded half up (half a cent away from zero), once, at the end.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# ISO 4217, amendment 176: currencies whose minor unit is not a hundredth.
_DIGITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),  # noqa: SIM905 (reads better)
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


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
