"""Administration of accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from auth_service.accounts.dependencies import AdministrationDep
from auth_service.accounts.errors import AccountNotFound, OwnAccount
from auth_service.accounts.schemas import UserAdministered, UserAdministeredPage, UserUpdate
from shared.errors import NotAuthenticated, PermissionDenied
from shared.http.identity import CurrentUserDep, requires
from shared.http.pagination import CursorsDep
from shared.http.responses import problem_responses
from shared.security.identity import Scope

router = APIRouter(
    prefix="/users",
    tags=["Administration"],
    dependencies=[Depends(requires(Scope.USERS_ADMIN))],
    responses=problem_responses(NotAuthenticated, PermissionDenied),
)

UserId = Annotated[
    str,
    Path(description="As in `id` of a user.", max_length=64, examples=["0198c1d2e3f47a5b8c9d0e1f2a3b4c5d"]),
]


@router.get("", summary="List accounts")
async def list_users(
    administration: AdministrationDep,
    cursors: CursorsDep,
    email: Annotated[
        str | None, Query(max_length=300, description="Only the account with this address.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Accounts on a page at most.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=4096, description="`next_cursor` of the page before.")
    ] = None,
) -> UserAdministeredPage:
    """The oldest first. The list shows a change after about a second."""
    query = f"users:{email or ''}"
    page = await administration.page(email, limit, cursors.decode(cursor, query))
    return UserAdministeredPage(
        items=[UserAdministered.of(user) for user in page.items],
        total=page.total,
        total_is_exact=page.total_is_exact,
        next_cursor=cursors.encode(page.end, query),
    )


@router.get("/{user_id}", summary="Show an account", responses=problem_responses(AccountNotFound))
async def get_user(user_id: UserId, administration: AdministrationDep) -> UserAdministered:
    """The account as of its last change."""
    return UserAdministered.of(await administration.get(user_id))


@router.patch(
    "/{user_id}",
    summary="Set an account's role, or disable it",
    responses=problem_responses(AccountNotFound, OwnAccount),
)
async def update_user(
    user_id: UserId, body: UserUpdate, actor: CurrentUserDep, administration: AdministrationDep
) -> UserAdministered:
    """A change signs the account out everywhere, so it takes effect at once."""
    return UserAdministered.of(await administration.change(actor, user_id, body.new_role, body.new_disabled))
