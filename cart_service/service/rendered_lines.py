"""A line as JSON, made once and kept with it: most lines of a cart are as they were at the last answer."""

from __future__ import annotations

import orjson

from cart_service.domain.priced_lines import PricedLine


def cart_line_json(line: PricedLine) -> bytes:
    """As the whole cart shows it."""
    line.in_cart = orjson.dumps(
        {
            "product_id": line.product_id,
            "name": line.name,
            "image_url": line.image_url,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "unit_price_now": line.unit_price_now,
            "unit_price_when_added": line.unit_price_when_added,
            "prices": line.prices,
            "line_total": line.line_total,
            "discount": line.discount,
            "discount_explanation": line.discount_explanation,
            "availability": line.availability,
            "added_at": line.added_at,
        }
    )
    return line.in_cart


def summary_line_json(line: PricedLine) -> bytes:
    """As the summary shows it."""
    line.in_summary = orjson.dumps(
        {
            "product_id": line.product_id,
            "name": line.name,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "prices": line.prices,
            "line_total": line.line_total,
            "discount": line.discount,
            "discount_explanation": line.discount_explanation,
            "availability": line.availability,
        }
    )
    return line.in_summary
