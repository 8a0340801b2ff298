"""What use cases need to know of products."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from cart_service.catalogue.model import CatalogueProduct
from shared.errors import Unavailable


class CatalogueUnavailable(Unavailable):
    """A product was never heard of here, and NATS cannot be asked. Nothing was written."""

    code = "catalogue-unavailable"


@dataclass(frozen=True, slots=True)
class CatalogueSnapshot:
    """Products as they were at one moment: each change up to `revision` of the catalogue is in."""

    products: Mapping[str, CatalogueProduct]
    revision: int


class Catalogue(Protocol):
    """The products as this replica has heard of them."""

    def known(self, ids: Collection[str]) -> CatalogueSnapshot:
        """Those of the products that are known at once."""
        ...

    async def load(self, ids: Collection[str]) -> CatalogueSnapshot:
        """All of the products, asked for where they are not known. Raises `CatalogueUnavailable`."""
        ...

    def unchanged_since(self, revision: int, ids: Callable[[], Collection[str]]) -> bool:
        """Whether this replica can tell that none of the products changed after that revision. `ids` is only
        called when it matters."""
        ...
