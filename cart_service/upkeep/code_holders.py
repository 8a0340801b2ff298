"""Carts by their promo code."""

from __future__ import annotations

from collections.abc import AsyncIterator

from cart_service.carts.model import Cart
from cart_service.carts.store import CartCodec
from shared.aggregates.outbox_fields import split
from shared.store.ports import DocumentStore, Equals

_PAGE = 50
"""Carts read at a time: the largest are 200 KB each."""


class StoredCodeHolders:
    """A `CodeHolders`."""

    def __init__(self, carts: DocumentStore) -> None:
        self._carts = carts

    async def carts_with(self, code: str) -> AsyncIterator[Cart]:
        await self._carts.refresh()
        async for document in self._carts.scan([Equals("promo_code", code)], batch=_PAGE):
            fields, _ = split(document.body)
            yield CartCodec().from_document(document.id, fields)
