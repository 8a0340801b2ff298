"""The route of uses that an order makes final."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from cart_service.carts.dependencies import PromoCodesDep
from cart_service.promotions.errors import (
    PromoCodeEnded,
    PromoCodeNotStarted,
    PromoCodeUsedByYou,
    PromoCodeUsedUp,
    PromotionNotFound,
)
from cart_service.promotions.requests import UseCreate
from cart_service.promotions.routes import PromotionCode
from cart_service.promotions.schemas import UsePublic
from shared.errors import NotAuthenticated, PermissionDenied
from shared.http.identity import requires
from shared.http.responses import JsonBytes, problem_responses
from shared.security.identity import Scope

router = APIRouter(
    prefix="/promotions",
    tags=["Promotions"],
    dependencies=[Depends(requires(Scope.CATALOG_WRITE))],
    responses=problem_responses(NotAuthenticated, PermissionDenied),
)


@router.post(
    "/{code}/uses",
    summary="Make a use final",
    response_model=UsePublic,
    responses=problem_responses(
        PromotionNotFound, PromoCodeNotStarted, PromoCodeEnded, PromoCodeUsedUp, PromoCodeUsedByYou
    ),
)
async def add_promotion_use(code: PromotionCode, body: UseCreate, promo_codes: PromoCodesDep) -> Response:
    """For whoever places orders: the use that the user's cart has reserved is final, and the code leaves the
    cart. Repeating it for the same order changes nothing. Where no use is reserved, one is taken now, as far
    as the limits allow."""
    return JsonBytes.of(await promo_codes.redeem(code.upper(), body.user_id, body.order_id))
