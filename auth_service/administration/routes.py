"""Administration of accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from auth_service.accounts.dependencies import RECENT_SIGN_IN
from auth_service.accounts.errors import AccountNotFound, EmailNotVerified, LastAdmin, OwnAccount
from auth_service.accounts.ports import UserFilter
from auth_service.accounts.reauthentication import Reauthenticate
from auth_service.accounts.schemas import UserAdministered, UserAdministeredPage, UserUpdate
from auth_service.administration.dependencies import ActorDep, AdministrationDep, UserId
from auth_service.sessions.errors import SessionNotFound
from auth_service.sessions.schemas import SessionList, SessionPublic
from shared.errors import NotAuthenticated, PermissionDenied
from shared.http.identity import CurrentUserDep, requires
from shared.http.pagination import CursorsDep
from shared.http.responses import problem_responses
from shared.security.identity import Role, Scope

router = APIRouter(
    prefix="/users",
    tags=["Administration"],
    dependencies=[Depends(requires(Scope.USERS_ADMIN))],
    responses=problem_responses(NotAuthenticated, PermissionDenied),
)

_NOT_FOUND = problem_responses(AccountNotFound)


@router.get("", summary="List accounts")
async def list_users(
    *,
    administration: AdministrationDep,
    cursors: CursorsDep,
    email: Annotated[
        str | None, Query(max_length=300, description="Only the account with this address.")
    ] = None,
    email_prefix: Annotated[
        str | None, Query(max_length=300, description="Only accounts whose address begins like this.")
    ] = None,
    role: Annotated[Role | None, Query(description="Only accounts with this role.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Accounts on a page at most.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=4096, description="`next_cursor` of the page before.")
    ] = None,
) -> UserAdministeredPage:
    """The oldest first. The list shows a change after about a second."""
    wanted = UserFilter(email, email_prefix, role)
    query = f"users:{email or ''}:{email_prefix or ''}:{role or ''}"
    page = await administration.page(wanted, limit, cursors.decode(cursor, query))
    return UserAdministeredPage(
        items=[UserAdministered.of(user) for user in page.items],
        total=page.total,
        total_is_exact=page.total_is_exact,
        next_cursor=cursors.encode(page.end, query),
    )


@router.get("/{user_id}", summary="Show an account", responses=_NOT_FOUND)
async def get_user(user_id: UserId, administration: AdministrationDep) -> UserAdministered:
    """The account as of its last change."""
    return UserAdministered.of(await administration.get(user_id))


@router.patch(
    "/{user_id}",
    summary="Set an account's role, or disable it",
    dependencies=RECENT_SIGN_IN,
    responses=problem_responses(AccountNotFound, OwnAccount, LastAdmin, EmailNotVerified, Reauthenticate),
)
async def update_user(
    user_id: UserId, body: UserUpdate, actor: ActorDep, administration: AdministrationDep
) -> UserAdministered:
    """A change signs the account out everywhere, so it takes effect at once. The shop keeps one enabled
    administrator. A customer gets more rights only with a verified address. Like every change here, it needs
    a recent sign-in of the administrator."""
    return UserAdministered.of(await administration.change(actor, user_id, body.new_role, body.new_disabled))


@router.delete(
    "/{user_id}",
    status_code=204,
    summary="Delete an account",
    dependencies=RECENT_SIGN_IN,
    responses=problem_responses(AccountNotFound, OwnAccount, LastAdmin, Reauthenticate),
)
async def delete_user(user_id: UserId, actor: ActorDep, administration: AdministrationDep) -> None:
    """As `DELETE /me` does: it cannot be undone. The shop keeps one enabled administrator."""
    await administration.delete(actor, user_id)


@router.get("/{user_id}/sessions", summary="List an account's devices", responses=_NOT_FOUND)
async def list_user_sessions(
    user_id: UserId, identity: CurrentUserDep, administration: AdministrationDep
) -> SessionList:
    """The oldest first."""
    found = await administration.sessions(user_id)
    return SessionList(items=[SessionPublic.of(session, identity.session_id) for session in found])


@router.delete(
    "/{user_id}/sessions",
    status_code=204,
    summary="Sign an account out everywhere",
    dependencies=RECENT_SIGN_IN,
    responses=problem_responses(AccountNotFound, Reauthenticate),
)
async def end_user_sessions(user_id: UserId, actor: ActorDep, administration: AdministrationDep) -> None:
    """Its access tokens stop working in every service within a second."""
    await administration.end_sessions(actor, user_id)


@router.delete(
    "/{user_id}/sessions/{session_id}",
    status_code=204,
    summary="Sign an account out on one device",
    dependencies=RECENT_SIGN_IN,
    responses=problem_responses(AccountNotFound, SessionNotFound, Reauthenticate),
)
async def end_user_session(
    user_id: UserId,
    session_id: Annotated[str, Path(description="As `/sessions` of the user lists it.", max_length=64)],
    actor: ActorDep,
    administration: AdministrationDep,
) -> None:
    """Its access token stops working in every service within a second."""
    await administration.end_sessions(actor, user_id, session_id)
