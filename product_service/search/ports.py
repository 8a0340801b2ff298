"""What the search needs from outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from product_service.products.model import ProductStatus
from shared.aggregates.ports import ListPage
from shared.store.ports import Position


class Sort(StrEnum):
    """The order of a list. A minus sign puts the highest first."""

    RELEVANCE = "relevance"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """The text, the filters and the order. `price_min` and `price_max` are inclusive, in minor units;
    `in_stock` False finds sold-out products; brand and category are compared whole, without regard to case
    and accents. Relevance without a text is the newest first."""

    text: str = ""
    category: str | None = None
    brand: str | None = None
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool | None = None
    status: ProductStatus = ProductStatus.ACTIVE
    sort: Sort = Sort.RELEVANCE


class ProductSearch(Protocol):
    """Finds products by words and by filters. Raises `StoreUnavailable`.

    A product matches a text if its name, brand, SKU, categories, description or attributes contain every
    word of the text, whole or as the beginning of a word. Case and accents do not count, and letters and
    digits are separate words (`500ml` is `500 ml`). The name weighs most. If nothing matches, every adapter
    also accepts misspelt words: one edit in words of 3 to 5 letters, two in longer ones, and none in the
    first letter. A swap of neighbours is one edit. The first 16 words of a text count; a text without any
    word finds nothing.

    Every order ends with the SKU, descending where it descends, so that pages neither repeat nor skip a
    product that did not change between them. A search sees a write after the store was refreshed, which
    happens within about a second.
    """

    async def search(self, query: SearchQuery, limit: int, after: Position | None = None) -> ListPage[str]:
        """The ids of a page of matches. `after` is the `end` of the last page of the same query. The total is
        exact up to 10,000."""
        ...
