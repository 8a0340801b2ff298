"""Finds carts by the end of their life, and by their promo code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime

from cart_service.carts.model import Cart
from shared.aggregates.repository import AggregateRepository
from shared.clock import to_rfc3339
from shared.store.ports import Between, Equals, Query

_EXPIRES_AT = "expires_at"
_PAGE = 50
"""Carts read at a time: the largest are 200 KB each."""


class StoredCodeHolders:
    """A `CodeHolders`."""

    def __init__(self, carts: AggregateRepository[Cart]) -> None:
        self._carts = carts

    async def carts_with(self, code: str) -> AsyncIterator[Cart]:
        await self._carts.refresh()
        async for cart in self._carts.scan([Equals("promo_code", code)], batch=_PAGE):
            yield cart


class StoredExpiringCarts:
    """An `ExpiringCarts`."""

    def __init__(self, carts: AggregateRepository[Cart]) -> None:
        self._carts = carts

    async def expired(self, before: datetime, batch: int) -> AsyncIterator[Sequence[str]]:
        query = Query([Between(_EXPIRES_AT, below=to_rfc3339(before))], [_EXPIRES_AT], min(batch, _PAGE))
        while True:
            page = await self._carts.find(query)
            if page.items:
                yield [cart.owner for cart in page.items]
            if page.end is None:
                return
            query = replace(query, after=page.end)

    async def remove(self, owner: str, before: datetime) -> Cart | None:
        removed: list[Cart] = []

        def check(cart: Cart) -> None:
            if cart.expires_at is None or cart.expires_at >= to_rfc3339(before):
                raise _Alive
            removed[:] = [cart]

        try:
            gone = await self._carts.remove(owner, check, even_with_events=False)
        except _Alive:  # written or read since
            return None
        return removed[0] if gone else None


class _Alive(Exception):
    """The cart has not expired."""
