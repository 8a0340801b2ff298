"""The list of products."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from product_service.products.dependencies import SeesHiddenDep, editor
from product_service.products.schemas import ProductPage
from product_service.search.dependencies import SearchDep
from product_service.search.schemas import ListParameters, page_json
from shared.errors import NotAuthenticated, PermissionDenied
from shared.http.pagination import CursorsDep
from shared.http.responses import JsonBytes, problem_responses

router = APIRouter(tags=["Products"])


@router.get(
    "/",
    summary="Search and list products",
    response_model=ProductPage,
    responses=problem_responses(NotAuthenticated, PermissionDenied),
)
async def list_products(
    request: Request,
    service: SearchDep,
    cursors: CursorsDep,
    sees_hidden: SeesHiddenDep,
    parameters: Annotated[ListParameters, Query()],
) -> Response:
    """Every product shows as of its last write; which products are in the list is known about a second after
    a write."""
    if parameters.ids is not None:
        found = await service.get_many(parameters.wanted_ids(), hidden=sees_hidden)
        return JsonBytes.of(page_json(found, None))
    if parameters.status != "active":
        await editor(request)
    query = parameters.query()
    list_name = repr(query)
    found = await service.search(query, parameters.limit, cursors.decode(parameters.cursor, list_name))
    return JsonBytes.of(page_json(found, cursors.encode(found.next, list_name)))
