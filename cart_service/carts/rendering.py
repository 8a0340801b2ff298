"""Carts and summaries as JSON. Each priced line keeps its JSON, because most answers repeat most lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import xxhash

from cart_service.carts.differences import FieldDifference
from cart_service.carts.model import Cart
from cart_service.carts.ports import Rendered
from cart_service.carts.priced_cart import PricedCart, PricedLine, PricedPromoCode
from cart_service.carts.schemas import CartItemPublic, SummaryItemPublic
from shared.clock import to_rfc3339


@dataclass(slots=True)
class _LineJson:
    """What `PricedLine.rendered` keeps; empty until it is asked for."""

    in_cart: bytes = b""
    in_summary: bytes = b""


def _begin(line: PricedLine) -> _LineJson:
    line.rendered = begun = _LineJson()
    return begun


def _in_cart(line: PricedLine) -> bytes:
    line.rendered.in_cart = made = CartItemPublic.json_of(line)
    return made


def _in_summary(line: PricedLine) -> bytes:
    line.rendered.in_summary = made = SummaryItemPublic.json_of(line)
    return made


def _cart_items(lines: Sequence[PricedLine]) -> orjson.Fragment:
    return _joined([(line.rendered or _begin(line)).in_cart or _in_cart(line) for line in lines])


def _summary_items(lines: Sequence[PricedLine]) -> orjson.Fragment:
    return _joined([(line.rendered or _begin(line)).in_summary or _in_summary(line) for line in lines])


def _joined(items: Sequence[bytes]) -> orjson.Fragment:
    return orjson.Fragment(b"[" + b",".join(items) + b"]")


def render_cart(priced: PricedCart) -> Rendered:
    """The whole cart, as `GET /` and every write answer it."""
    return _rendered(priced.cart, cart_json(priced))


def render_summary(priced: PricedCart) -> Rendered:
    """What a badge, a mini-cart or a checkout page needs."""
    return _rendered(priced.cart, _with_totals(priced, _summary_items(priced.lines)))


def _rendered(cart: Cart, value: dict[str, Any]) -> Rendered:
    """The ETag is the cart's version and a digest of the body, so a 304 never stands for another body.
    `If-Match` reads the version back (`EntityTags.numbers`)."""
    body = orjson.dumps(value)
    return Rendered(body, f"{cart.version}-{xxhash.xxh3_64_hexdigest(body)}", cart.version)


def cart_json(priced: PricedCart) -> dict[str, Any]:
    """The cart as what orjson can write."""
    return _with_totals(priced, _cart_items(priced.lines)) | {
        "saved_for_later": _cart_items(priced.saved),
        "undo": _undo_json(priced),
        "updated_at": priced.cart.updated_at,
    }


def _with_totals(priced: PricedCart, items: orjson.Fragment) -> dict[str, Any]:
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
        "promo_code": priced.promo_code and _promo_code_json(priced.promo_code),
        "notices": priced.notices,
    }


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
    undo = priced.cart.undo
    if undo is None or priced.now >= undo.until:
        return None
    return {"operation": undo.operation, "until": to_rfc3339(undo.until)}


def differences_json(differences: Sequence[FieldDifference] | None) -> list[dict[str, Any]] | None:
    """None if they are unknown."""
    return None if differences is None else [asdict(difference) for difference in differences]
