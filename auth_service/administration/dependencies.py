"""Dependencies of the routes of administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from auth_service.accounts.dependencies import ClientDep
from auth_service.administration.service import AdministrationService
from auth_service.security_log.model import Actor
from shared.http.identity import CurrentUserDep
from shared.http.runtime import provided


async def actor(identity: CurrentUserDep, client: ClientDep) -> Actor:
    return Actor(identity.user_id, client)


UserId = Annotated[
    str,
    Path(description="As in `id` of a user.", max_length=64, examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d"]),
]
AdministrationDep = Annotated[AdministrationService, Depends(provided(AdministrationService))]
ActorDep = Annotated[Actor, Depends(actor)]
