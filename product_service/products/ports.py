"""What the use cases of products need from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from product_service.products.model import Product
from shared.aggregates.ports import AnnouncingRepository


class ProductRepository(AnnouncingRepository[Product], Protocol):
    """The products by id, tombstones included. Raises `StoreUnavailable` and `StoreOverloaded`."""

    async def get_many(self, ids: Sequence[str]) -> list[Product | None]: ...

    async def refresh(self) -> None:
        """Makes every write acknowledged before this call visible to the search."""
        ...


class ProductEntryCounter(Protocol):
    """The entries in the bucket `products`, those of deleted products included."""

    async def count(self) -> int:
        """The number of entries. Raises `BusUnavailable`."""
        ...
