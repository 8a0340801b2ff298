"""The products that a replica knows, from the bucket `products`."""

from __future__ import annotations

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable

import orjson
import structlog

from cart_service.catalogue.model import CatalogueProduct
from cart_service.catalogue.ports import CatalogueSnapshot, CatalogueUnavailable
from cart_service.changes import ChangeListener
from shared.bounded import BoundedMapping
from shared.events.ports import Bucket, BucketConfig, BusUnavailable, Entry, Watch

log = structlog.get_logger(__name__)


def product_of(entry: Entry, currency: str) -> CatalogueProduct:
    """The product of an entry. A deleted or unreadable one, or one in another currency, is a missing one."""
    if entry.value is None:
        return CatalogueProduct.missing(entry.key, entry.revision)
    try:
        body = orjson.loads(entry.value)
        if body["currency"] != currency:
            raise ValueError(f"its currency is {body['currency']}, the shop's is {currency}")
        return CatalogueProduct.from_entry(entry.key, body, entry.revision)
    except (KeyError, TypeError, ValueError) as error:
        log.warning("the entry of a product is not valid", product_id=entry.key, reason=str(error))
        return CatalogueProduct.missing(entry.key, entry.revision)


PRODUCTS = BucketConfig("products")
ATTEMPTS = 3
BYTES_OF_PRODUCT = 300


class CatalogueView:
    """Keeps the products used last, up to `capacity` or `most_bytes` of them. A watch keeps them up to date.
    The view fetches other products from the bucket.

    `revision` is that of the bucket: this replica knows each change up to it. The view also keeps the
    revision of the last change of each product, so that `unchanged_since` can check a summary without a read.
    Changes before `_floor` are unknown: they happened before the watch, in a gap of it, or were forgotten.
    After a gap `_floor` is None until it is needed, because the watch does not know its new position before.

    Each changed product, and each gap, is passed on to `changes` after the view shows it.
    """

    def __init__(
        self,
        bucket: Bucket,
        changes: ChangeListener,
        *,
        currency: str,
        capacity: int,
        most_bytes: int = 32 * 2**20,
    ) -> None:
        self._bucket = bucket
        self._currency = currency
        self._capacity = capacity
        self._listener = changes
        self._products: BoundedMapping[CatalogueProduct] = BoundedMapping(most_bytes, capacity)
        self._changes: OrderedDict[str, int] = OrderedDict()
        self._newest_change = 0
        self._floor: int | None = None
        self._gaps = 0
        self._fetches: dict[str, asyncio.Task[CatalogueProduct]] = {}
        self._watch: Watch | None = None

    async def start(self) -> None:
        """Starts to listen. Raises `BusUnavailable`."""
        self._watch = await self._bucket.watch(self._on_entry, replay=False, on_gap=self._on_gap)
        self._floor = self._watch.revision

    async def close(self) -> None:
        """Stops listening and fetching."""
        for task in self._fetches.values():
            task.cancel()
        if self._watch is not None:
            await self._watch.stop()

    @property
    def revision(self) -> int:
        return self._watch.revision if self._watch else 0

    def known(self, ids: Collection[str]) -> CatalogueSnapshot:
        known = ((id, self._products.get(id, is_use=False)) for id in ids)
        return CatalogueSnapshot({id: product for id, product in known if product is not None}, self.revision)

    async def load(self, ids: Collection[str]) -> CatalogueSnapshot:
        revision = self.revision  # before fetching: the answers may lack later changes
        snapshot = self.known(ids)
        missing = [id for id in ids if id not in snapshot.products]
        for id in snapshot.products:
            self._products.get(id)
        if not missing:
            return snapshot
        fetched = await self._fetch_all(missing)
        overtaken = [it.revision for it in fetched if it.revision < self._changes.get(it.id, 0)]
        return CatalogueSnapshot(
            {**snapshot.products, **{it.id: it for it in fetched}}, min([revision, *overtaken])
        )

    def unchanged_since(self, revision: int, ids: Callable[[], Collection[str]]) -> bool:
        if not self._trusted_from() <= revision <= self.revision:
            return False
        return revision >= self._newest_change or all(self._changes.get(id, 0) <= revision for id in ids())

    async def _fetch_all(self, ids: Iterable[str]) -> list[CatalogueProduct]:
        tasks = [self._fetches.get(id) or self._start_fetch(id) for id in ids]
        try:
            return await asyncio.gather(*(asyncio.shield(task) for task in tasks))
        except BusUnavailable as error:
            raise CatalogueUnavailable(
                "The catalogue is not available at the moment. Nothing was changed. Try again."
            ) from error

    def _start_fetch(self, id: str) -> asyncio.Task[CatalogueProduct]:
        task = asyncio.create_task(self._fetch(id))
        self._fetches[id] = task
        task.add_done_callback(lambda done: self._forget_fetch(id, done))
        return task

    def _forget_fetch(self, id: str, task: asyncio.Task[CatalogueProduct]) -> None:
        del self._fetches[id]
        if not task.cancelled():
            task.exception()  # marks the exception as retrieved, even if every waiting request was cancelled

    async def _fetch(self, id: str) -> CatalogueProduct:
        """Fetches again if the answer may lack a change that was announced meanwhile."""
        for _ in range(ATTEMPTS):
            gaps, known = self._gaps, self._changes.get(id, 0)
            entry = await self._bucket.get(id)
            product = product_of(entry, self._currency) if entry else CatalogueProduct.missing(id, known)
            if product.revision >= self._changes.get(id, 0):
                break
        else:
            return product
        if gaps == self._gaps:
            self._keep(product)
        return product

    def _keep(self, product: CatalogueProduct) -> None:
        self._products.put(product.id, product, _bytes_of(product))

    def _on_entry(self, entry: Entry) -> None:
        self._newest_change = max(self._newest_change, entry.revision)
        self._changes[entry.key] = entry.revision
        self._changes.move_to_end(entry.key)
        if len(self._changes) > self._capacity:
            _, forgotten = self._changes.popitem(last=False)
            self._floor = max(self._trusted_from(), forgotten)
        if entry.key in self._products:
            self._keep(product_of(entry, self._currency))
        self._listener.product_changed(entry.key)

    def _on_gap(self) -> None:
        log.warning("changes of the catalogue were missed; every product is fetched again")
        self._products.clear()
        self._changes.clear()
        self._newest_change = 0
        self._floor = None
        self._gaps += 1
        self._listener.everything_changed()

    def _trusted_from(self) -> int:
        if self._floor is None:
            self._floor = self.revision
        return self._floor


def _bytes_of(product: CatalogueProduct) -> int:
    """Its texts, and an estimate of the objects around them."""
    return BYTES_OF_PRODUCT + sum(map(sys.getsizeof, product.texts))
