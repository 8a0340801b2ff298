"""The use cases of the catalogue, in groups."""

from __future__ import annotations

from dataclasses import dataclass

from product_service.imports.service import ImportService
from product_service.imports.stream import ImportLimits
from product_service.products.service import CatalogueService
from product_service.search.service import SearchService


@dataclass(frozen=True, slots=True)
class ProductService:
    """What `bootstrap` yields."""

    search: SearchService
    catalogue: CatalogueService
    imports: ImportService
    import_limits: ImportLimits
