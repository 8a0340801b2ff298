"""The promo code of a cart."""

from __future__ import annotations

from fastapi import APIRouter, Response

from cart_service.carts.dependencies import CartChangesDep, PromoCodesDep
from cart_service.carts.responses import WRITE_ERRORS, written
from cart_service.carts.schemas import CartPublic
from cart_service.promotions.errors import (
    PromoCodeEnded,
    PromoCodeNotFound,
    PromoCodeNotStarted,
    PromoCodeUsedByYou,
    PromoCodeUsedUp,
)
from cart_service.promotions.requests import PromoCodePut
from shared.http.responses import problem_responses

router = APIRouter(prefix="/promo-code", tags=["Cart"])


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
    """In place of any other. A code that does not count for what is in the cart now is kept: `promo_code` in
    the cart says what it lacks. As long as it stands, one of its uses is reserved."""
    return await written(promo_codes.put(changes.write(), body.code))


@router.delete(
    "", summary="Take the promo code off the cart", response_model=CartPublic, responses=WRITE_ERRORS
)
async def remove_promo_code(changes: CartChangesDep, promo_codes: PromoCodesDep) -> Response:
    """Gives its use back; where there is none, nothing changes."""
    return await written(promo_codes.remove(changes.write()))
