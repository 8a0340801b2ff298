"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from product_service.products.model import Product, ProductStatus
from shared.aggregates.ports import Repository

Position = Sequence[str | int | float]
"""Where a page of a search ended: the sort values of its last product, as JSON carries them."""


class ProductRepository(Repository[Product], Protocol):
    """The products by id, tombstones included. Raises `StoreUnavailable` and `StoreOverloaded`."""

    async def get_many(self, ids: Sequence[str]) -> list[Product | None]: ...


class EventDelivery(Protocol):
    """The delivery of events and bucket entries, which goes on after a write was acknowledged."""

    async def flushed(self, document_id: str, timeout: float) -> bool:
        """Waits at most `timeout` seconds; True when nothing of the document is undelivered."""
        ...


class ProductEntryCounter(Protocol):
    """What carts know of products: an entry for each, deleted ones included."""

    async def count(self) -> int:
        """The number of entries. Raises `BusUnavailable`."""
        ...


class Sort(StrEnum):
    """The order of a list. A minus sign puts the highest first."""

    RELEVANCE = "relevance"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What to look for. `price_min` and `price_max` are inclusive, in minor units; `in_stock` False finds
    what is sold out; brand and category are compared whole, without regard to case and accents. Relevance
    without a text is the newest first."""

    text: str = ""
    category: str | None = None
    brand: str | None = None
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool | None = None
    status: ProductStatus = ProductStatus.ACTIVE
    sort: Sort = Sort.RELEVANCE


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of ids. `total` is exact up to 10,000 and a lower bound past that; `next` is None at the end."""

    ids: Sequence[str]
    total: int
    total_is_exact: bool
    next: Position | None


class ProductSearch(Protocol):
    """Finds products by words and by filters. Raises `StoreUnavailable`.

    A product matches a text when it has every word of it, whole or as the beginning of one of its own words,
    in its name, brand, SKU, categories, description or attributes; case and accents do not count, and letters
    and digits are words apart (`500ml` is `500 ml`). The name weighs most. Only when nothing matches so may
    words be misspelt, in every adapter: one edit in words of 3 to 5 letters, two in longer ones, a swap of
    neighbours counting as one, and never in the first letter. Of a text the first 16 words count; a text
    without any word finds nothing.

    Every order ends with the SKU, descending where it descends, so that pages neither repeat nor skip a
    product that did not change between them. A search sees a write once the store was refreshed: within about
    a second, or after `refresh`.
    """

    async def search(self, query: SearchQuery, limit: int, after: Position | None = None) -> Hits:
        """A page of what matches. `after` is the last page's `next` of the same query."""
        ...

    async def refresh(self) -> None:
        """Makes every write acknowledged before this call visible to `search`."""
        ...
