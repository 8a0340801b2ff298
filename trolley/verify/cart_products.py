"""Carts that name products which the shop knows nothing of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from itertools import islice

from cart_service.bootstrap import OperatorTools
from cart_service.carts.model import Cart
from cart_service.carts.operations import ForgetProduct
from cart_service.carts.service import CartWrite
from cart_service.carts.store import CartCodec
from product_service.bootstrap import ProductStorage
from shared.aggregates.outbox_fields import split
from shared.store.ports import Query
from trolley.verify.findings import Finding

_AT_ONCE = 500
_NAMED = 5


class CartProducts:
    """Every product in a cart is known: to the store, as a product or a deleted one, or to the bucket.

    A deleted product is not a disagreement: the line is shown as `gone`, and its owner decides. If neither
    knows a product, it probably never existed, and its lines are removed. If the store has no product at all,
    nothing is removed: then the products are lost, and the carts are right.
    """

    name = "products of carts"

    def __init__(self, carts: OperatorTools, products: ProductStorage) -> None:
        self._carts = carts
        self._products = products

    async def keys(self) -> AsyncIterator[str]:
        await self._carts.carts.store.refresh()
        async for document in self._carts.carts.store.scan(batch=200):
            yield document.id

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        documents = await self._carts.carts.store.get_many(keys)
        carts = [CartCodec().from_document(it.id, split(it.body)[0]) for it in documents if it is not None]
        unknown = await self._unknown({id for cart in carts for id in _named(cart)})
        if not unknown:
            return []
        fixable = await self._has_products()
        wrong = [(cart.owner, sorted(unknown & _named(cart))) for cart in carts]
        return [Finding(self.name, owner, _detail(ids, fixable), fixable) for owner, ids in wrong if ids]

    async def fix(self, finding: Finding) -> None:
        cart = await self._carts.carts.repository.get(finding.what)
        if cart is None:
            return
        if unknown := await self._unknown(_named(cart)):
            operations = [ForgetProduct(id) for id in sorted(unknown)]
            await self._carts.service.writer.write(CartWrite(cart.owner, operations))

    async def _unknown(self, ids: Iterable[str]) -> set[str]:
        unknown: set[str] = set()
        rest = iter(ids)
        while some := list(islice(rest, _AT_ONCE)):
            entries = await asyncio.gather(*map(self._products.bucket.get, some))
            lacking = [id for id, entry in zip(some, entries, strict=True) if entry is None]
            documents = await self._products.store.get_many(lacking)
            unknown |= {id for id, document in zip(lacking, documents, strict=True) if document is None}
        return unknown

    async def _has_products(self) -> bool:
        return bool((await self._products.store.find(Query(limit=1))).documents)


def _named(cart: Cart) -> set[str]:
    return {*cart.lines, *cart.saved}


def _detail(ids: Collection[str], fixable: bool) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    why_not = "" if fixable else "; the store has no product at all: restore them, nothing is removed"
    return f"names what nobody knows: {', '.join(islice(ids, _NAMED))}{more}{why_not}"
