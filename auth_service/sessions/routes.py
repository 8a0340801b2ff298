"""Signing out, and the devices that are signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from auth_service.accounts.dependencies import ClientDep
from auth_service.browsers import BrowserDep
from auth_service.sessions.errors import SessionNotFound
from auth_service.sessions.schemas import SessionList, SessionPublic
from auth_service.sessions.service import SessionService
from shared.errors import NotAuthenticated
from shared.http.identity import CurrentUserDep
from shared.http.responses import problem_responses
from shared.http.runtime import provided

router = APIRouter(tags=["Sessions"], responses=problem_responses(NotAuthenticated))

SessionsDep = Annotated[SessionService, Depends(provided(SessionService))]


@router.post("/logout", status_code=204, summary="Sign out on this device")
async def logout(
    identity: CurrentUserDep, client: ClientDep, browser: BrowserDep, sessions: SessionsDep
) -> None:
    """The access token stops working in every service within a second. The session's cookie is removed. The
    cart of a guest is deleted, because nobody can come back to it."""
    await sessions.logout(identity, client)
    browser.forget(identity.session_id)


@router.post("/logout-all", status_code=204, summary="Sign out on every device")
async def logout_all(
    identity: CurrentUserDep, client: ClientDep, browser: BrowserDep, sessions: SessionsDep
) -> None:
    """Every access token of the account stops working in every service within a second. The cookie of this
    browser is removed."""
    await sessions.logout_all(identity, client)
    browser.forget()


@router.get("/sessions", summary="List the devices that are signed in")
async def list_sessions(identity: CurrentUserDep, sessions: SessionsDep) -> SessionList:
    """The oldest first, without pages, because there are at most a few dozen."""
    found = await sessions.sessions(identity)
    return SessionList(items=[SessionPublic.of(session, identity.session_id) for session in found])


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    summary="Sign out on another device",
    responses=problem_responses(SessionNotFound),
)
async def end_session(
    session_id: Annotated[str, Path(description="As `/sessions` lists it.", max_length=64)],
    identity: CurrentUserDep,
    client: ClientDep,
    browser: BrowserDep,
    sessions: SessionsDep,
) -> None:
    """Its access token stops working in every service within a second."""
    await sessions.end(identity, session_id, client)
    browser.forget(session_id)
