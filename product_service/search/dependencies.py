"""Dependencies of the route of the search."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from product_service.search.service import SearchService
from shared.http.runtime import use_cases


async def search(request: Request) -> SearchService:
    return use_cases(request, SearchService)


SearchDep = Annotated[SearchService, Depends(search)]
