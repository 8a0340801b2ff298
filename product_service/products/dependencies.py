"""What routes ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from product_service.imports.service import ImportLine, ImportService
from product_service.imports.stream import Limits, read_chunks
from product_service.products.service import CatalogueService
from shared.errors import NotAuthenticated, PermissionDenied, PreconditionRequired
from shared.http.etag import EntityTags, IfMatchRequiredDep
from shared.http.identity import requires
from shared.http.media_type import require_media_type
from shared.http.pagination import CursorCodec
from shared.http.preferences import PreferHeader
from shared.http.runtime import use_cases
from shared.security.identity import Identity, Scope

NDJSON = "application/x-ndjson"

editor = requires(Scope.CATALOG_WRITE)


@dataclass(frozen=True, slots=True)
class ProductApi:
    """What `bootstrap` yields."""

    catalogue: CatalogueService
    imports: ImportService
    cursors: CursorCodec
    import_limits: Limits


async def product_api(request: Request) -> ProductApi:
    return use_cases(request, ProductApi)


ApiDep = Annotated[ProductApi, Depends(product_api)]
EditorDep = Annotated[Identity, Depends(editor)]


async def catalogue(api: ApiDep) -> CatalogueService:
    return api.catalogue


async def sees_hidden(request: Request) -> bool:
    """True for an editor of the catalogue. A token that is not good makes nobody worse off than none."""
    with suppress(NotAuthenticated, PermissionDenied):
        await editor(request)
        return True
    return False


async def expected_version(tags: IfMatchRequiredDep) -> EntityTags:
    """Raises `PreconditionRequired` without `If-Match`, so that nobody overwrites what he has not seen."""
    if tags is None:
        raise PreconditionRequired("Send If-Match with the ETag of the product as you have read it.")
    return tags


_prefer = PreferHeader(
    "Prefer", "`wait=search`: answer once the search sees the change (RFC 7240).", example="wait=search"
)


async def waits_for_search(prefer: Annotated[dict[str, str], Depends(_prefer)]) -> bool:
    return prefer.get("wait", "").lower() == "search"


async def import_chunks(request: Request, api: ApiDep) -> AsyncIterator[list[ImportLine]]:
    """The lines of an import as they arrive. Raises `UnsupportedMediaType`."""
    require_media_type(request, (NDJSON,))
    return read_chunks(request.stream(), api.import_limits, api.imports.currency)


CatalogueDep = Annotated[CatalogueService, Depends(catalogue)]
SeesHiddenDep = Annotated[bool, Depends(sees_hidden)]
ExpectedDep = Annotated[EntityTags, Depends(expected_version)]
WaitsForSearchDep = Annotated[bool, Depends(waits_for_search)]
ImportChunksDep = Annotated[AsyncIterator[list[ImportLine]], Depends(import_chunks)]
