"""A cart and its summary as JSON bytes, made once and sent as they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from cart_service.domain.cart import Cart
from cart_service.domain.pricing import PricedCart


@dataclass(frozen=True, slots=True)
class Rendered:
    """`etag` changes with the cart's version and with anything the catalogue says about its lines."""

    body: bytes
    etag: str
    version: int


def etag_of(priced: PricedCart) -> str:
    """The opaque part of a cart's ETag: its version, then what the catalogue says, so that a new price is
    never answered with 304. `version_in` reads it back for `If-Match`, which asks about the cart alone."""
    return f"{priced.cart.version}-{priced.catalogue_state:x}"


def version_in(opaque: str) -> int | None:
    """The cart's version in an ETag of `etag_of`, or in a plain `"<version>"`; None in any other."""
    version, _, _ = opaque.partition("-")
    return int(version) if version.isascii() and version.isdigit() else None


def render_cart(priced: PricedCart) -> Rendered:
    """The whole cart, as `GET /` and every write answer it."""
    return Rendered(orjson.dumps(cart_json(priced)), etag_of(priced), priced.cart.version)


def render_summary(priced: PricedCart) -> Rendered:
    """What a badge, a mini-cart or a checkout page needs."""
    items = [
        {
            "product_id": line.product_id,
            "name": line.name,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "line_total": line.line_total,
            "discount": line.discount,
            "availability": line.availability,
        }
        for line in priced.lines
    ]
    return Rendered(orjson.dumps(_with_totals(priced, items)), etag_of(priced), priced.cart.version)


def cart_json(priced: PricedCart) -> dict[str, Any]:
    """The cart as what orjson can write."""
    return _with_totals(priced, priced.lines) | {"updated_at": priced.cart.updated_at}


def _with_totals(priced: PricedCart, items: Sequence[Any]) -> dict[str, Any]:
    totals = priced.totals
    return {
        "version": priced.cart.version,
        "items": items,
        "item_count": totals.item_count,
        "line_count": totals.line_count,
        "subtotal": totals.subtotal,
        "discount": totals.discount,
        "total": totals.total,
        "currency": totals.currency,
        "notices": priced.notices,
    }


def differences_json(cart: Cart, versions: Collection[int]) -> list[dict[str, Any]] | None:
    """What changed since the newest of the versions a client named; None when that cannot be told."""
    differences = cart.differences_since(max(versions, default=-1))
    return None if differences is None else [asdict(difference) for difference in differences]
