"""The caller's own account."""

from __future__ import annotations

from fastapi import APIRouter

from auth_service.accounts.dependencies import AccountsDep, ClientDep, CurrentPasswordDep
from auth_service.accounts.errors import AccountNotFound, GuestsHaveNoAccount, WrongPassword
from auth_service.accounts.schemas import AccountDeletion, PasswordChange, ProfileUpdate, UserPublic
from shared.errors import FieldError, InvalidInput, NotAuthenticated, TooManyRequests
from shared.http.identity import CurrentUserDep
from shared.http.responses import problem_responses

router = APIRouter(tags=["Account"], responses=problem_responses(NotAuthenticated, AccountNotFound))


@router.get("/me", summary="Show the account")
async def get_me(identity: CurrentUserDep, accounts: AccountsDep) -> UserPublic:
    """Also for a guest, who has no e-mail address."""
    return UserPublic.of(await accounts.profile(identity))


@router.patch("/me", summary="Rename the account", responses=problem_responses(GuestsHaveNoAccount))
async def update_me(body: ProfileUpdate, identity: CurrentUserDep, accounts: AccountsDep) -> UserPublic:
    """A JSON merge patch (RFC 7396). The name shows at once; e-mail address and role stay."""
    return UserPublic.of(await accounts.rename(identity, body.new_name))


@router.delete(
    "/me",
    status_code=204,
    summary="Delete the account",
    responses=problem_responses(WrongPassword, GuestsHaveNoAccount, TooManyRequests),
)
async def delete_me(
    client: ClientDep,
    identity: CurrentUserDep,
    accounts: AccountsDep,
    password: CurrentPasswordDep,
    body: AccountDeletion | None = None,
) -> None:
    """For good: everything personal is erased, every session ends, the cart is removed, and the e-mail
    address is free again. Send the password in the body, or in `Current-Password` where something on the way
    drops the bodies of DELETE requests; the body counts where there are both."""
    given = body.password if body is not None else password
    if given is None:
        raise _password_missing()
    await accounts.delete(identity, given, client)


@router.post(
    "/password",
    status_code=204,
    summary="Change the password",
    responses=problem_responses(WrongPassword, GuestsHaveNoAccount, TooManyRequests),
)
async def change_password(
    body: PasswordChange, client: ClientDep, identity: CurrentUserDep, accounts: AccountsDep
) -> None:
    """Every other session of the account ends."""
    await accounts.change_password(identity, body.current_password, body.new_password, client)


def _password_missing() -> InvalidInput:
    message = "Send the account's password, here or in the header Current-Password."
    return InvalidInput("The password is missing.", errors=[FieldError("/password", message)])
