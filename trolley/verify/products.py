"""Products against their entries in the bucket `products`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

import orjson

from product_service.bootstrap import ProductStorage
from product_service.products.events import ProductUpdated
from product_service.products.model import Product
from product_service.products.store import ProductCodec
from shared.aggregates.change import Change
from shared.aggregates.outbox_fields import split
from shared.clock import Clock
from shared.events.ports import Entry, WrongRevision
from shared.events.projections import put_if_newer
from shared.store.ports import Document
from trolley.verify.entries import body_of, disagreement, is_under_way, version_of
from trolley.verify.findings import Finding

_DELIVERY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ProductEntriesCheck:
    """Every product has an entry of its version. A missing or older entry is written, as product_service does
    it; that also fills a bucket that NATS lost.

    An entry that is newer than the store, or differs at the same version, means that the store was restored
    to an earlier state. The store is right, but listeners keep the greatest version and clients hold ETags of
    it. So the product gets a version after the entry's, and is announced.
    """

    products: ProductStorage
    clock: Clock
    pending_seconds: float
    name: ClassVar[str] = "product entries"

    async def keys(self) -> AsyncIterator[str]:
        await self.products.store.refresh()
        async for document in self.products.store.scan():
            yield document.id

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        entries = await asyncio.gather(*map(self.products.bucket.get, keys))
        documents = await self.products.store.get_many(keys)
        pairs = zip(documents, entries, strict=True)
        judged = [(it.id, self._judge(it, entry)) for it, entry in pairs if it is not None]
        return [Finding(self.name, id, detail) for id, detail in judged if detail]

    async def fix(self, finding: Finding) -> None:
        id = finding.what
        product, entry = await self.products.products.get(id), await self.products.bucket.get(id)
        if product is None or _disagreement(product, entry) is None:
            return
        if version_of(entry) < product.version:
            value = orjson.dumps(product.entry())
            await put_if_newer(self.products.bucket, id, value, product.version)
        else:
            await self._raise_version(id, version_of(entry))

    def _judge(self, document: Document, entry: Entry | None) -> str | None:
        fields, pending = split(document.body)
        if is_under_way(pending, self.clock, self.pending_seconds):
            return None
        return _disagreement(ProductCodec().from_document(document.id, fields), entry)

    async def _raise_version(self, id: str, version: int) -> None:
        def change(before: Product | None) -> Change[Product, None]:
            if before is None or before.version > version:
                return Change(None, None)
            now = self.clock.now()
            after = before.past(version, now)
            return Change(after, None, [ProductUpdated.of(after).to_event(now)])

        await self.products.products.update(id, change)
        await self.products.outbox.flushed(id, _DELIVERY_SECONDS)


@dataclass(frozen=True, slots=True)
class OrphanEntries:
    """Every entry has a product, or its status is `deleted`. Another entry gets that status and version 0, so
    a later product of this SKU, which begins at version 1, replaces it."""

    products: ProductStorage
    currency: str
    name: ClassVar[str] = "entries without product"

    async def keys(self) -> AsyncIterator[str]:
        async for entry in self.products.bucket.scan():
            yield entry.key

    async def look(self, keys: Sequence[str]) -> list[Finding]:
        documents = await self.products.store.get_many(keys)
        orphans = [key for key, document in zip(keys, documents, strict=True) if document is None]
        entries = await asyncio.gather(*map(self.products.bucket.get, orphans))
        return [
            Finding(self.name, entry.key, f"the entry of version {version_of(entry)} has no product")
            for entry in entries
            if entry is not None and body_of(entry).get("status") != "deleted"
        ]

    async def fix(self, finding: Finding) -> None:
        bucket = self.products.bucket
        entry = await bucket.get(finding.what)
        if entry is None or await self.products.products.get(entry.key) is not None:
            return
        blank = {"name": entry.key, "image_url": None, "price": 0, "currency": self.currency, "stock": 0}
        body = {**blank, **body_of(entry), "id": entry.key, "version": 0, "status": "deleted"}
        with suppress(WrongRevision):  # another writer was faster; the check that follows sees the result
            await bucket.update(entry.key, orjson.dumps(body), entry.revision)
        product = await self.products.products.get(entry.key)
        if product is not None:  # it was created just now, and its entry may be overwritten
            await put_if_newer(bucket, entry.key, orjson.dumps(product.entry()), product.version)


def _disagreement(product: Product, entry: Entry | None) -> str | None:
    return disagreement(product.version, product.entry(), entry)
