"""The use cases of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from product_service.imports.service import ImportService
from product_service.imports.stream import ImportLimits
from product_service.products.service import CatalogueService
from shared.http.pagination import CursorCodec


@dataclass(frozen=True, slots=True)
class ProductService:
    """What `bootstrap` yields."""

    catalogue: CatalogueService
    imports: ImportService
    cursors: CursorCodec
    import_limits: ImportLimits
