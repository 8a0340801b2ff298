"""What use cases need to know of products."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from cart_service.catalogue.model import CatalogueProduct
from shared.errors import Unavailable


class CatalogueUnavailable(Unavailable):
    """This replica does not know a product, and NATS does not answer. Nothing was written."""

    code = "catalogue-unavailable"


@dataclass(frozen=True, slots=True)
class CatalogueSnapshot:
    """Products at one moment, with each change up to `revision` of the catalogue."""

    products: Mapping[str, CatalogueProduct]
    revision: int


class Catalogue(Protocol):
    """The products as this replica has heard of them."""

    def known(self, ids: Collection[str]) -> CatalogueSnapshot:
        """The products that are in memory."""
        ...

    async def load(self, ids: Collection[str]) -> CatalogueSnapshot:
        """All of the products; asks NATS for those that are not in memory. Raises `CatalogueUnavailable`."""
        ...

    def unchanged_since(self, revision: int, ids: Callable[[], Collection[str]]) -> bool:
        """Whether this replica knows that none of the products changed after that revision. `ids` is called
        only if needed."""
        ...
