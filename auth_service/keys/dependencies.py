"""Dependencies of the routes of keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from auth_service.keys.service import KeyService
from shared.http.runtime import use_cases


async def keys(request: Request) -> KeyService:
    return use_cases(request, KeyService)


KeysDep = Annotated[KeyService, Depends(keys)]
