"""The promo code of a cart, and the use of it that an order makes final."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from cart_service.carts.dependencies import CartChangesDep, PromoCodesDep
from cart_service.carts.responses import WRITE_ERRORS, written
from cart_service.carts.schemas import CartPublic
from cart_service.promotions.errors import (
    PromoCodeEnded,
    PromoCodeNotFound,
    PromoCodeNotStarted,
    PromoCodeUsedByYou,
    PromoCodeUsedUp,
    PromotionNotFound,
)
from cart_service.promotions.requests import PromoCodePut, UseCreate
from cart_service.promotions.routes import PromotionCode
from cart_service.promotions.schemas import UsePublic
from shared.errors import NotAuthenticated, PermissionDenied
from shared.http.identity import requires
from shared.http.responses import JsonBytes, problem_responses
from shared.security.identity import Scope

router = APIRouter(prefix="/promo-code", tags=["Cart"])
uses_router = APIRouter(
    prefix="/promotions",
    tags=["Promotions"],
    dependencies=[Depends(requires(Scope.ORDERS_WRITE))],
    responses=problem_responses(NotAuthenticated, PermissionDenied),
)


@router.put(
    "",
    summary="Put a promo code on the cart",
    response_model=CartPublic,
    responses=WRITE_ERRORS
    | problem_responses(
        PromoCodeNotFound, PromoCodeNotStarted, PromoCodeEnded, PromoCodeUsedUp, PromoCodeUsedByYou
    ),
)
async def put_promo_code(body: PromoCodePut, changes: CartChangesDep, promo_codes: PromoCodesDep) -> Response:
    """It replaces any other code. A code that does not count for the present lines is kept: `promo_code` in
    the cart says what is missing. While the code is on the cart, one of its uses is reserved."""
    return await written(promo_codes.put(changes.write(), body.code))


@router.delete(
    "", summary="Take the promo code off the cart", response_model=CartPublic, responses=WRITE_ERRORS
)
async def remove_promo_code(changes: CartChangesDep, promo_codes: PromoCodesDep) -> Response:
    """Gives its use back. If there is no code, nothing changes."""
    return await written(promo_codes.remove(changes.write()))


@uses_router.post(
    "/{code}/uses",
    summary="Make a use final",
    response_model=UsePublic,
    responses=problem_responses(
        PromotionNotFound, PromoCodeNotStarted, PromoCodeEnded, PromoCodeUsedUp, PromoCodeUsedByYou
    ),
)
async def add_promotion_use(code: PromotionCode, body: UseCreate, promo_codes: PromoCodesDep) -> Response:
    """For the system that places orders; needs the scope `orders:write`. The use that the user's cart has
    reserved becomes final, and the code leaves the cart. A repeat for the same order changes nothing. If no
    use is reserved, one is taken now, if the limits allow it."""
    return JsonBytes.of(await promo_codes.redeem(code.upper(), body.user_id, body.order_id))
