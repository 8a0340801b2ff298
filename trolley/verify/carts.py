"""Checks of carts: their products, their announced versions and their cached summaries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from cart_service.bootstrap import OperatorTools
from cart_service.carts.model import Cart
from cart_service.carts.operations import ForgetProduct
from cart_service.carts.service import CartWrite
from cart_service.carts.store import CartCodec
from cart_service.carts.summaries import cache_key
from cart_service.carts.version_announcements import announced_version
from product_service.bootstrap import ProductStorage
from shared.aggregates.outbox_fields import split
from shared.cache.ports import Cache, CacheUnavailable
from shared.events.ports import Entry
from shared.store.ports import Query
from trolley.verify.findings import Finding

_PRODUCTS_AT_ONCE = 500
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class CartProducts:
    """Every product in a cart is known to the store, as a product or a deleted one, or to the bucket.

    A deleted product is not a disagreement: the line is shown as `gone`, and its owner decides. If neither
    knows a product, its lines are removed. If the store has no product at all, nothing is removed, because
    the products are lost and the carts are right.
    """

    carts: OperatorTools
    products: ProductStorage
    name: ClassVar[str] = "products of carts"

    async def keys(self) -> AsyncIterator[str]:
        await self.carts.carts.store.refresh()
        async for document in self.carts.carts.store.scan(batch=200):
            yield document.id

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        documents = await self.carts.carts.store.get_many(keys)
        carts = [CartCodec().from_document(it.id, split(it.body)[0]) for it in documents if it is not None]
        unknown = await self._unknown({id for cart in carts for id in _named(cart)})
        if not unknown:
            return []
        fixable = await self._has_products()
        wrong = [(cart.owner, sorted(unknown & _named(cart))) for cart in carts]
        return [
            Finding(self.name, owner, _unknown_text(ids, fixable), fixable) for owner, ids in wrong if ids
        ]

    async def fix(self, finding: Finding) -> None:
        cart = await self.carts.carts.repository.get(finding.what)
        if cart is None:
            return
        if unknown := await self._unknown(_named(cart)):
            operations = [ForgetProduct(id) for id in sorted(unknown)]
            await self.carts.service.writer.write(CartWrite(cart.owner, operations))

    async def _unknown(self, ids: Iterable[str]) -> set[str]:
        unknown: set[str] = set()
        rest = iter(ids)
        while some := list(islice(rest, _PRODUCTS_AT_ONCE)):
            entries = await asyncio.gather(*map(self.products.bucket.get, some))
            lacking = [id for id, entry in zip(some, entries, strict=True) if entry is None]
            documents = await self.products.store.get_many(lacking)
            unknown |= {id for id, document in zip(lacking, documents, strict=True) if document is None}
        return unknown

    async def _has_products(self) -> bool:
        return bool((await self.products.store.find(Query(limit=1))).documents)


def _named(cart: Cart) -> set[str]:
    return {*cart.lines, *cart.saved}


def _unknown_text(ids: Collection[str], fixable: bool) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    why_not = "" if fixable else "; the store has no product at all: restore the products, no line is removed"
    return f"has unknown products: {', '.join(islice(ids, _SHOWN))}{more}{why_not}"


@dataclass(frozen=True, slots=True)
class Announcements:
    """No announced version (bucket `cart_versions`) is newer than the cart in the store. If one is, a write
    was lost or the store was restored to an earlier state. Replicas would build each summary again until the
    entry expires, so it is deleted. The entry of a deleted cart is not a disagreement."""

    carts: OperatorTools
    name: ClassVar[str] = "announced versions"

    async def keys(self) -> AsyncIterator[str]:
        async for entry in self.carts.announcements.scan():
            yield entry.key

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        entries = await asyncio.gather(*map(self.carts.announcements.get, keys))
        documents = await self.carts.carts.store.get_many(keys)
        pairs = [(entry, it) for entry, it in zip(entries, documents, strict=True) if entry and it]
        found = [(entry.key, _compare(entry, it.body["version"])) for entry, it in pairs]
        return [Finding(self.name, owner, detail) for owner, detail in found if detail]

    async def fix(self, finding: Finding) -> None:
        if await self.look([finding.what]):
            await self.carts.announcements.delete(finding.what)


def _compare(entry: Entry, stored: int) -> str | None:
    try:
        announced = announced_version(entry)
    except (ValueError, KeyError, TypeError):
        return f"the entry (revision {entry.revision}) cannot be read"
    return f"version {announced} is announced, the cart is at {stored}" if announced > stored else None


@dataclass(frozen=True, slots=True)
class SummariesCheck:
    """The summaries that replicas serve from Redis are right. A summary that every replica refuses is not a
    disagreement. A wrong one is dropped, and the next request builds it again."""

    carts: OperatorTools
    cache: Cache
    name: ClassVar[str] = "cached summaries"

    async def keys(self) -> AsyncIterator[str]:
        prefix = cache_key("")
        async for key in self.cache.scan(prefix):
            yield key.removeprefix(prefix)

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        faults = await asyncio.gather(*map(self.carts.service.inspection.find_fault, keys))
        if not self.cache.available:
            raise CacheUnavailable("Redis does not answer any more (REDIS_URL).")
        return [Finding(self.name, owner, fault) for owner, fault in zip(keys, faults, strict=True) if fault]

    async def fix(self, finding: Finding) -> None:
        await self.carts.service.inspection.drop(finding.what)
