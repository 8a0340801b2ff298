"""The export of everything that is kept about the caller."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from auth_service.accounts.dependencies import RECENT_SIGN_IN, ClientDep
from auth_service.accounts.errors import AccountNotFound
from auth_service.accounts.reauthentication import Reauthenticate
from auth_service.export.errors import ExportUnavailable
from auth_service.export.schemas import ExportPublic
from auth_service.export.service import ExportService
from auth_service.security_log.model import Actor
from shared.errors import NotAuthenticated
from shared.http.identity import CurrentUserDep
from shared.http.responses import problem_responses
from shared.http.runtime import provided

router = APIRouter(tags=["Account"])

ExportDep = Annotated[ExportService, Depends(provided(ExportService))]


@router.get(
    "/export",
    summary="Export everything that is kept about you",
    dependencies=RECENT_SIGN_IN,
    responses=problem_responses(NotAuthenticated, AccountNotFound, Reauthenticate, ExportUnavailable),
)
async def export_account(
    identity: CurrentUserDep, client: ClientDep, exports: ExportDep, response: Response
) -> ExportPublic:
    """The account, its devices, its security events, the cart and the uses of promo codes, as JSON (GDPR,
    articles 15 and 20). Every service is asked for its own part; if one does not answer, the answer is 503,
    because an export is complete or none. Guests can ask too."""
    export = await exports.export(identity, Actor(identity.user_id, client))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = 'attachment; filename="trolley-export.json"'
    return ExportPublic.of(export, identity.session_id)
