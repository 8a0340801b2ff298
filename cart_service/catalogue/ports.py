"""The port to the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from cart_service.catalogue.model import CatalogueProduct
from shared.errors import Unavailable


class CatalogueUnavailable(Unavailable):
    """This replica does not know a product, and NATS is not available. Nothing was written."""

    code = "catalogue-unavailable"


@dataclass(frozen=True, slots=True)
class CatalogueSnapshot:
    """Products at one moment. They include each change up to `revision` of the catalogue."""

    products: Mapping[str, CatalogueProduct]
    revision: int


class Catalogue(Protocol):
    """The products that this replica knows."""

    def known(self, ids: Collection[str]) -> CatalogueSnapshot:
        """The products that are in memory."""
        ...

    async def load(self, ids: Collection[str]) -> CatalogueSnapshot:
        """All of the products. It fetches unknown ones. Raises `CatalogueUnavailable`."""
        ...

    def unchanged_since(self, revision: int, ids: Callable[[], Collection[str]]) -> bool:
        """Whether it is certain that none of the products has changed after that revision. `ids` is called
        only if it is needed."""
        ...
