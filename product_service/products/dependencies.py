"""Dependencies of the routes of products."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request

from product_service.products.service import CatalogueService
from shared.entity_tags import EntityTags
from shared.errors import NotAuthenticated, PermissionDenied, PreconditionRequired
from shared.http.etag import IfMatchRequiredDep
from shared.http.headers import PreferHeader
from shared.http.identity import requires
from shared.http.runtime import provided
from shared.security.identity import Identity, Scope

editor = requires(Scope.CATALOG_WRITE)


EditorDep = Annotated[Identity, Depends(editor)]


async def sees_hidden(request: Request) -> bool:
    """True for an editor of the catalogue. An invalid token counts as no token."""
    with suppress(NotAuthenticated, PermissionDenied):
        await editor(request)
        return True
    return False


async def expected_version(tags: IfMatchRequiredDep) -> EntityTags:
    """Raises `PreconditionRequired` without `If-Match`, so that nobody overwrites a change unseen."""
    if tags is None:
        raise PreconditionRequired("Send If-Match with the ETag of your last read of the product.")
    return tags


_prefer = PreferHeader(
    "Prefer", "`wait=search`: answer once the search sees the change (RFC 7240).", example="wait=search"
)


async def waits_for_search(prefer: Annotated[dict[str, str], Depends(_prefer)]) -> bool:
    return prefer.get("wait", "").lower() == "search"


CatalogueDep = Annotated[CatalogueService, Depends(provided(CatalogueService))]
SeesHiddenDep = Annotated[bool, Depends(sees_hidden)]
ExpectedDep = Annotated[EntityTags, Depends(expected_version)]
WaitsForSearchDep = Annotated[bool, Depends(waits_for_search)]
