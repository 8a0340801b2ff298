"""What the route of merges asks for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from cart_service.merging.service import CartMerger
from shared.http.runtime import use_cases


async def cart_merger(request: Request) -> CartMerger:
    return use_cases(request, CartMerger)


CartMergerDep = Annotated[CartMerger, Depends(cart_merger)]
