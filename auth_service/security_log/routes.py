"""The owner's log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from auth_service.security_log.schemas import SecurityEventList, SecurityEventPublic
from auth_service.security_log.service import SecurityLogService
from shared.errors import NotAuthenticated
from shared.http.identity import CurrentUserDep
from shared.http.responses import problem_responses
from shared.http.runtime import provided

router = APIRouter(tags=["Account"], responses=problem_responses(NotAuthenticated))

SecurityLogDep = Annotated[SecurityLogService, Depends(provided(SecurityLogService))]


@router.get("/security-events", summary="List what happened to the account")
async def list_security_events(
    identity: CurrentUserDep, log: SecurityLogDep, response: Response
) -> SecurityEventList:
    """Sign-ins, failed ones, changes and ended sessions of the last 180 days, at most 200, with who did it
    and from where. Repeated failures, names and exports from one network within an hour are one entry. At
    most 50 entries are failures, so failures push out nothing else. Of too many entries of one kind, the
    oldest become one, or those of one hour do; `count` and `since` tell of all of them. An entry may come a
    moment after what it tells. A guest has none."""
    response.headers["Cache-Control"] = "no-store"
    return SecurityEventList(
        items=[SecurityEventPublic.of(entry) for entry in await log.entries(identity.user_id)]
    )
