"""A cart's promo code in its price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cart_service.carts.priced_lines import PricedLine
from cart_service.catalogue.model import CatalogueProduct
from cart_service.promotions.discounts import Discount, DiscountableLine, Reason, discount_of
from cart_service.promotions.model import Promotion


@dataclass(frozen=True, slots=True)
class PricedPromoCode:
    """What the code on a cart does. `version` is that of its promotion, 0 where none is known; at
    `changes_at` time alone changes what it does."""

    code: str
    description: str
    discount: int
    reason: Reason | None
    message: str
    missing_spend: int | None
    version: int
    changes_at: datetime | None

    @property
    def counts(self) -> bool:
        return self.reason is None


def apply_promotion(
    code: str,
    promotion: Promotion | None,
    lines: Sequence[PricedLine],
    products: Mapping[str, CatalogueProduct],
    now: datetime,
) -> tuple[Sequence[PricedLine], PricedPromoCode]:
    """The lines with their discounts, and what the code does in all."""
    if promotion is None:
        message = f"The promotion of {code} is not known any more, so it takes nothing off."
        return lines, PricedPromoCode(code, "", 0, Reason.ENDED, message, None, 0, None)
    discount = discount_of(promotion, [_discountable(line, products) for line in lines], now)
    return _discounted(lines, discount), PricedPromoCode(
        code=code,
        description=promotion.description,
        discount=discount.total,
        reason=discount.reason,
        message=discount.message,
        missing_spend=discount.missing_spend,
        version=promotion.version,
        changes_at=promotion.changes_at(now),
    )


def _discounted(lines: Sequence[PricedLine], discount: Discount) -> Sequence[PricedLine]:
    why = discount.of_line
    return [
        replace(line, discount=off, discount_explanation=why, in_cart=None, in_summary=None) if off else line
        for line, off in zip(lines, discount.of_lines, strict=True)
    ]


def _discountable(line: PricedLine, products: Mapping[str, CatalogueProduct]) -> DiscountableLine:
    product = products[line.product_id]
    return DiscountableLine(
        product_id=line.product_id,
        quantity=line.quantity,
        unit_price=line.unit_price,
        line_total=line.line_total,
        categories=product.categories,
        gone=not product.for_sale,
        prices=tuple((it.quantity, it.unit_price) for it in line.prices),
    )
