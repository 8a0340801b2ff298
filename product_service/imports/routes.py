"""The route of imports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from product_service.imports.schemas import ImportResult
from product_service.imports.service import ImportLine, ImportService
from product_service.imports.stream import ImportLimits, read_chunks
from product_service.products.dependencies import CatalogueDep, EditorDep, WaitsForSearchDep
from product_service.products.routes import preference
from shared.errors import PayloadTooLarge, UnsupportedMediaType
from shared.http.body_limit import body_limit
from shared.http.media_type import require_media_type
from shared.http.responses import JsonBytes, problem_responses
from shared.http.runtime import provided, use_cases

router = APIRouter(tags=["Products"])

NDJSON = "application/x-ndjson"

_IMPORT_LIMIT = 2**40
"""The import counts its bytes itself (PRODUCTS_IMPORT_TOTAL_BYTES), and reports what it took before."""
_IMPORT_EXAMPLE = (
    '{"sku": "KIT-1014", "name": "Crêpe Pan 28 cm with Spreader", "description": "A flat, low-rimmed pancake'
    ' pan with a beechwood spreader and a turning spatula.", "brand": "Petit Foyer", "categories":'
    ' ["Kitchen", "Cookware"], "price": 3650, "stock": 36,'
    ' "attributes": {"diameter_cm": 28, "induction": true}}\n'
)
_IMPORT_BODY = {
    "requestBody": {
        "required": True,
        "content": {NDJSON: {"schema": {"type": "string"}, "example": _IMPORT_EXAMPLE}},
    }
}


ImportsDep = Annotated[ImportService, Depends(provided(ImportService))]


async def import_chunks(request: Request, service: ImportsDep) -> AsyncIterator[list[ImportLine]]:
    """The lines of an import as they arrive. Raises `UnsupportedMediaType`."""
    require_media_type(request, (NDJSON,))
    return read_chunks(request.stream(), use_cases(request, ImportLimits), service.currency)


ImportChunksDep = Annotated[AsyncIterator[list[ImportLine]], Depends(import_chunks)]


@router.post(
    "/import",
    summary="Add or replace products in bulk",
    response_model=ImportResult,
    responses=problem_responses(PayloadTooLarge, UnsupportedMediaType),
    openapi_extra=_IMPORT_BODY,
)
@body_limit(_IMPORT_LIMIT, streams=True)
async def import_products(
    _editor: EditorDep,
    chunks: ImportChunksDep,
    service: ImportsDep,
    catalogue: CatalogueDep,
    waits: WaitsForSearchDep,
) -> Response:
    """A stream of lines. Each line is a whole product, as for adding one, and its SKU identifies the product.
    A bad line is reported and stops nothing. An error that ends the import early has a `report` of the lines
    before it. Every line is taken whole or not at all, so sending all of them again is harmless."""
    report = await service.run(chunks)
    return JsonBytes.of(report.to_json(), headers=await preference(catalogue, waits))
