"""Carts and summaries as JSON; the lines are kept ready."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import xxhash

from cart_service.carts.model import Cart
from cart_service.carts.priced_lines import PricedLine
from cart_service.carts.pricing import PricedCart, PricedPromoCode
from cart_service.carts.undo import Undo
from shared.clock import to_rfc3339

BYTES_OF_LINE, BYTES_OF_CHARACTER = 1000, 4
"""Memory of a priced line with its JSON, its notices, and each character of its name and its image's address.
Measured with tracemalloc, lines with 100 such characters took 920 bytes, and 1,350 with notices."""


def bytes_kept(priced: PricedCart) -> int:
    """The memory of what is kept with the cart's lines: how they were priced, and their JSON; estimated."""
    lines = [*priced.lines, *priced.saved]
    characters = sum([len(line.product.name) + len(line.product.image_url or "") for line in lines])
    return BYTES_OF_LINE * len(lines) + BYTES_OF_CHARACTER * characters


def _compact(value: dict[str, Any]) -> bytes:
    """As long as it has to be: what orjson gives keeps the 4 kB that it began with."""
    return bytes(memoryview(orjson.dumps(value)))


def cart_line_json(line: PricedLine) -> bytes:
    """As the whole cart shows it."""
    line.in_cart = _compact(
        {
            "product_id": line.product_id,
            "name": line.product.name,
            "image_url": line.product.image_url,
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
    line.in_summary = _compact(
        {
            "product_id": line.product_id,
            "name": line.product.name,
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


@dataclass(frozen=True, slots=True)
class Rendered:
    """`etag` is the opaque part of the ETag: the cart's version, then a digest of the body, so that what
    differs is not answered with 304. `version_in` reads the version back for `If-Match`, which asks
    about the cart alone."""

    body: bytes
    etag: str
    version: int

    @classmethod
    def of(cls, cart: Cart, value: Any) -> Rendered:
        body = orjson.dumps(value)
        digest = xxhash.xxh3_64_hexdigest(body)
        return cls(body, f"{cart.version}-{digest}", cart.version)


def version_in(opaque: str) -> int | None:
    """The cart's version in the ETag of a `Rendered`, or in a plain `"<version>"`; None in any other."""
    version, _, _ = opaque.partition("-")
    return int(version) if version.isascii() and version.isdigit() else None


def render_cart(priced: PricedCart) -> Rendered:
    """The whole cart, as `GET /` and every write answer it."""
    return Rendered.of(priced.cart, cart_json(priced))


def render_summary(priced: PricedCart) -> Rendered:
    """What a badge, a mini-cart or a checkout page needs."""
    items = [line.in_summary or summary_line_json(line) for line in priced.lines]
    return Rendered.of(priced.cart, _with_totals(priced, items))


def cart_json(priced: PricedCart) -> dict[str, Any]:
    """The cart as what orjson can write."""
    items = [line.in_cart or cart_line_json(line) for line in priced.lines]
    saved = [line.in_cart or cart_line_json(line) for line in priced.saved]
    return _with_totals(priced, items) | {
        "saved_for_later": _joined(saved),
        "undo": _undo_json(priced),
        "updated_at": priced.cart.updated_at,
    }


def _with_totals(priced: PricedCart, items: Sequence[bytes]) -> dict[str, Any]:
    totals = priced.totals
    return {
        "version": priced.cart.version,
        "items": _joined(items),
        "item_count": totals.item_count,
        "line_count": totals.line_count,
        "subtotal": totals.subtotal,
        "discount": totals.discount,
        "total": totals.total,
        "currency": totals.currency,
        "promo_code": priced.promo_code and _promo_code_json(priced.promo_code),
        "notices": priced.notices,
    }


def _joined(items: Sequence[bytes]) -> orjson.Fragment:
    return orjson.Fragment(b"[" + b",".join(items) + b"]")


def _promo_code_json(promo_code: PricedPromoCode) -> dict[str, Any]:
    return {
        "code": promo_code.code,
        "description": promo_code.description,
        "counts": promo_code.counts,
        "discount": promo_code.discount,
        "reason": promo_code.reason,
        "message": promo_code.message,
        "missing_spend": promo_code.missing_spend,
    }


def _undo_json(priced: PricedCart) -> dict[str, Any] | None:
    undo: Undo | None = priced.cart.undo
    if undo is None or priced.now >= undo.until:
        return None
    return {"operation": undo.operation, "until": to_rfc3339(undo.until)}


def differences_json(cart: Cart, versions: Collection[int]) -> list[dict[str, Any]] | None:
    """What changed since the newest of the versions a client named; None when that cannot be told."""
    differences = cart.differences_since(max(versions, default=-1))
    return None if differences is None else [asdict(difference) for difference in differences]
