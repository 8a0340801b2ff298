"""Dependencies of the routes of sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from auth_service.sessions.service import SessionService
from shared.http.runtime import use_cases


async def endings(request: Request) -> SessionService:
    return use_cases(request, SessionService)


SessionServiceDep = Annotated[SessionService, Depends(endings)]
