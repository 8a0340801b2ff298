"""What the routes of sessions ask for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from auth_service.sessions.service import Endings
from shared.http.runtime import use_cases


async def endings(request: Request) -> Endings:
    return use_cases(request, Endings)


EndingsDep = Annotated[Endings, Depends(endings)]
