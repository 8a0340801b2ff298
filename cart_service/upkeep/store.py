"""Carts by the end of their life, and by their promo code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from cart_service.carts.model import Cart
from cart_service.carts.store import CartCodec
from shared.aggregates.outbox_fields import split
from shared.aggregates.repository import AggregateRepository
from shared.clock import to_rfc3339
from shared.store.ports import Between, DocumentStore, Equals, Query

_HOLDERS_A_PAGE = 50
"""Carts read at a time: the largest are 200 KB each."""


class StoredCodeHolders:
    """A `CodeHolders`."""

    def __init__(self, carts: DocumentStore) -> None:
        self._carts = carts

    async def carts_with(self, code: str) -> AsyncIterator[Cart]:
        await self._carts.refresh()
        async for document in self._carts.scan([Equals("promo_code", code)], batch=_HOLDERS_A_PAGE):
            fields, _ = split(document.body)
            yield CartCodec().from_document(document.id, fields)


_EXPIRES_AT = "expires_at"
_PAGE = 50
"""Carts found at a time, which come whole: the largest are 200 KB each."""


class StoredExpiringCarts:
    """An `ExpiringCarts`."""

    def __init__(self, store: DocumentStore, carts: AggregateRepository[Cart]) -> None:
        self._store = store
        self._carts = carts

    async def expired(self, before: datetime, batch: int) -> AsyncIterator[Sequence[str]]:
        query = Query([Between(_EXPIRES_AT, below=to_rfc3339(before))], [_EXPIRES_AT], min(batch, _PAGE))
        while True:
            found = await self._store.find(query)
            if found.documents:
                yield [document.id for document in found.documents]
            if found.next_after is None:
                return
            query = Query(query.conditions, query.sort, query.limit, found.next_after)

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
