"""The list of products."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from product_service.products.dependencies import SeesHiddenDep, editor
from product_service.products.model import Product
from product_service.products.schemas import ProductPage, public
from product_service.search.schemas import ListParameters
from product_service.search.service import SearchService
from shared.aggregates.ports import ListPage
from shared.errors import NotAuthenticated, PermissionDenied
from shared.http.pagination import CursorsDep, page_json
from shared.http.responses import JsonBytes, problem_responses
from shared.http.runtime import provided

router = APIRouter(tags=["Products"])

SearchDep = Annotated[SearchService, Depends(provided(SearchService))]


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
    """Each product is as of its last write. A write takes about a second to change which products are in the
    list, and their order."""
    if parameters.ids is not None:
        return _answer(await service.get_many(parameters.wanted_ids(), hidden=sees_hidden), None)
    if parameters.status != "active":
        await editor(request)
    query = parameters.query()
    list_name = repr(query)
    page = await service.search(query, parameters.limit, cursors.decode(parameters.cursor, list_name))
    return _answer(page, cursors.encode(page.end, list_name))


def _answer(page: ListPage[Product], next_cursor: str | None) -> JsonBytes:
    return JsonBytes.of(page_json([public(product) for product in page.items], page, next_cursor))
