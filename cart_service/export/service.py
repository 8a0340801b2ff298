"""What the cart keeps about a user."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cart_service.carts.lines import Line
from cart_service.carts.model import Cart
from cart_service.carts.ports import CartRepository
from cart_service.carts.records import MergeRecord, PendingMerge
from cart_service.carts.undo import ChangedLine, Undo
from cart_service.promotions.claims import Claim
from cart_service.promotions.ports import ClaimRepository
from shared.clock import to_rfc3339

Json = dict[str, Any]


class CartExport:
    def __init__(self, carts: CartRepository, claims: ClaimRepository) -> None:
        self._carts = carts
        self._claims = claims

    async def data_of(self, user_id: str) -> Json:
        """The cart with everything it remembers, and the uses of promo codes. Raises `StoreUnavailable`."""
        cart = await self._carts.get(user_id)
        await self._claims.refresh()
        claims = [claim async for claim in self._claims.of_owner(user_id)]
        return {"cart": _cart(cart) if cart else None, "promo_code_uses": [_use(claim) for claim in claims]}


def _cart(cart: Cart) -> Json:
    return {
        "version": cart.version,
        "updated_at": cart.updated_at,
        "expires_at": cart.expires_at,
        "lines": _lines(cart.lines.values()),
        "saved": _lines(cart.saved.values()),
        "promo_code": cart.promo_code,
        "undo": _undo(cart.undo) if cart.undo else None,
        "merges": [_merge(merge) for merge in cart.merges],
        "merged_into": _pending(cart.pending_merge) if cart.pending_merge else None,
        "recent_changes": list(cart.recent),
        "idempotency_keys": [used.key for used in cart.used_keys],
    }


def _lines(lines: Iterable[Line]) -> list[Json]:
    return [_line(line) for line in lines]


def _line(line: Line) -> Json:
    pieces = [{"quantity": it.quantity, "unit_price": it.unit_price, "since": it.since} for it in line.pieces]
    return {
        "product_id": line.product_id,
        "quantity": line.quantity,
        "added_at": line.added_at,
        "pieces": pieces,
    }


def _undo(undo: Undo) -> Json:
    return {
        "operation": undo.operation.value,
        "at": undo.at,
        "lines": [_changed(line) for line in undo.lines],
        "saved": [_changed(line) for line in undo.saved],
        "merge_id": undo.merge_id,
    }


def _changed(line: ChangedLine) -> Json:
    return {
        "product_id": line.product_id,
        "before": _line(line.before) if line.before else None,
        "quantity_after": line.quantity_after,
    }


def _merge(merge: MergeRecord) -> Json:
    return {
        "merge_id": merge.merge_id,
        "guest": merge.guest,
        "strategy": merge.strategy.value,
        "at": merge.at,
        "is_undone": merge.is_undone,
    }


def _pending(merge: PendingMerge) -> Json:
    return {
        "merge_id": merge.merge_id,
        "to": merge.to,
        "at": merge.at,
        "is_done": merge.is_done,
        "lines": _lines(merge.lines),
        "saved": _lines(merge.saved),
        "promo_code": merge.promo_code,
    }


def _use(claim: Claim) -> Json:
    return {
        "code": claim.code,
        "state": claim.state.value,
        "orders": [order.order_id for order in claim.orders],
        "order_count": claim.final,
        "changed_at": to_rfc3339(claim.changed_at) if claim.changed_at else None,
    }
