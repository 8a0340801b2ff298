"""What the routes of promotions ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from cart_service.promotions.service import Promotions
from shared.http.runtime import use_cases


async def promotions(request: Request) -> Promotions:
    return use_cases(request, Promotions)


PromotionsDep = Annotated[Promotions, Depends(promotions)]
