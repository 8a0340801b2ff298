"""The routes of promotions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response

from cart_service.catalogue.errors import UnknownProduct
from cart_service.promotions.errors import PromotionCodeTaken, PromotionNotFound
from cart_service.promotions.model import CODE_PATTERN, PromotionStatus
from cart_service.promotions.requests import PromotionCreate
from cart_service.promotions.schemas import PromotionPage, PromotionWithUses, promotion_json
from cart_service.promotions.service import Promotions
from shared.errors import NotAuthenticated, PermissionDenied
from shared.http.identity import requires
from shared.http.pagination import CursorsDep, page_json
from shared.http.responses import JsonBytes, problem_responses
from shared.http.runtime import provided
from shared.security.identity import Scope

router = APIRouter(
    prefix="/promotions",
    tags=["Promotions"],
    dependencies=[Depends(requires(Scope.CATALOG_WRITE))],
    responses=problem_responses(NotAuthenticated, PermissionDenied),
)

PromotionsDep = Annotated[Promotions, Depends(provided(Promotions))]
PromotionCode = Annotated[
    str,
    Path(
        max_length=40,
        pattern=CODE_PATTERN,
        description="The `code` of a promotion. Case does not matter.",
        examples=["SPRING10"],
    ),
]
_EXAMPLE = {
    "code": "SPRING10",
    "description": "Ten per cent in spring",
    "kind": "percentage",
    "percent": 10,
    "minimum_spend": 2000,
    "categories": ["Kitchen"],
    "starts_at": "2026-03-01T00:00:00Z",
    "ends_at": "2126-06-01T00:00:00Z",
    "per_user_limit": 1,
    "total_limit": 1000,
}


@router.post(
    "",
    summary="Add a promotion",
    status_code=201,
    response_model=PromotionWithUses,
    responses=problem_responses(PromotionCodeTaken, UnknownProduct),
)
async def create_promotion(
    body: Annotated[PromotionCreate, Body(examples=[_EXAMPLE])], promotions: PromotionsDep, request: Request
) -> Response:
    """A code is never used again. Discounts are rounded once, half up, and the discounts of the lines add up
    to the total. The product of a free item has to exist, but it may be for sale later."""
    created = await promotions.create(body.draft(promotions.currency, promotions.now()))
    location = f"{request.url.path.rstrip('/')}/{created.promotion.code}"
    return JsonBytes.of(promotion_json(created), 201, {"Location": location})


@router.get("", summary="List promotions", response_model=PromotionPage)
async def list_promotions(
    promotions: PromotionsDep,
    cursors: CursorsDep,
    status: Annotated[PromotionStatus | None, Query(description="Only promotions with this status.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Most promotions on a page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=4096, description="`next_cursor` of the page before.")
    ] = None,
) -> Response:
    """The newest first. The list shows a change after about a second."""
    query = f"promotions:{status or ''}"
    page = await promotions.page(status, limit, cursors.decode(cursor, query))
    items = [promotion_json(promotions.details(promotion)) for promotion in page.items]
    return JsonBytes.of(page_json(items, page, cursors.encode(page.end, query)))


@router.get(
    "/{code}",
    summary="Show a promotion",
    response_model=PromotionWithUses,
    responses=problem_responses(PromotionNotFound),
)
async def get_promotion(code: PromotionCode, promotions: PromotionsDep) -> Response:
    """With the number of carts with its code, and of orders with it."""
    return JsonBytes.of(promotion_json(await promotions.get(code.upper())))


@router.post(
    "/{code}/end",
    summary="End a promotion",
    response_model=PromotionWithUses,
    responses=problem_responses(PromotionNotFound),
)
async def end_promotion(code: PromotionCode, promotions: PromotionsDep) -> Response:
    """At once and permanently. Carts with the code show that it has ended. Repeating it changes nothing."""
    return JsonBytes.of(promotion_json(await promotions.end(code.upper())))
