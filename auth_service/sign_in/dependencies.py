"""Dependencies of the routes of signing in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from auth_service.sign_in.service import SignInService
from shared.http.runtime import use_cases


async def sessions(request: Request) -> SignInService:
    return use_cases(request, SignInService)


async def no_store(response: Response) -> None:
    """Answers with tokens are not kept by caches (RFC 6749, section 5.1)."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"


SignInServiceDep = Annotated[SignInService, Depends(sessions)]
