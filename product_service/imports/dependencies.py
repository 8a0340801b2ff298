"""Dependencies of the route of imports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from product_service.imports.service import ImportLine, ImportService
from product_service.imports.stream import ImportLimits, read_chunks
from shared.http.media_type import require_media_type
from shared.http.runtime import provided, use_cases

NDJSON = "application/x-ndjson"


ImportsDep = Annotated[ImportService, Depends(provided(ImportService))]


async def import_chunks(request: Request, service: ImportsDep) -> AsyncIterator[list[ImportLine]]:
    """The lines of an import as they arrive. Raises `UnsupportedMediaType`."""
    require_media_type(request, (NDJSON,))
    return read_chunks(request.stream(), use_cases(request, ImportLimits), service.currency)


ImportChunksDep = Annotated[AsyncIterator[list[ImportLine]], Depends(import_chunks)]
