"""The caller's own account."""

from __future__ import annotations

from fastapi import APIRouter

from auth_service.accounts.dependencies import RECENT_SIGN_IN, AccountsDep, ClientDep, CurrentPasswordDep
from auth_service.accounts.errors import (
    AccountNotFound,
    GuestsHaveNoAccount,
    LastAdmin,
    NoPassword,
    WrongPassword,
)
from auth_service.accounts.reauthentication import Reauthenticate
from auth_service.accounts.schemas import AccountDeletion, PasswordChange, ProfileUpdate, UserPublic
from auth_service.browsers import BrowserDep
from shared.errors import FieldError, InvalidInput, NotAuthenticated, TooManyRequests
from shared.http.identity import CurrentUserDep
from shared.http.responses import problem_responses

router = APIRouter(tags=["Account"], responses=problem_responses(NotAuthenticated, AccountNotFound))


@router.get("/me", summary="Show the account")
async def get_me(identity: CurrentUserDep, accounts: AccountsDep) -> UserPublic:
    """Also works for a guest, whose e-mail address is null."""
    return UserPublic.of(await accounts.profile(identity))


@router.patch("/me", summary="Rename the account", responses=problem_responses(GuestsHaveNoAccount))
async def update_me(
    body: ProfileUpdate, client: ClientDep, identity: CurrentUserDep, accounts: AccountsDep
) -> UserPublic:
    """A JSON merge patch (RFC 7396). The name changes at once; the e-mail address and the role stay."""
    return UserPublic.of(await accounts.rename(identity, body.new_name, client))


@router.delete(
    "/me",
    status_code=204,
    summary="Delete the account",
    dependencies=RECENT_SIGN_IN,
    responses=problem_responses(
        WrongPassword, NoPassword, GuestsHaveNoAccount, LastAdmin, Reauthenticate, TooManyRequests
    ),
)
async def delete_me(
    *,
    client: ClientDep,
    identity: CurrentUserDep,
    accounts: AccountsDep,
    password: CurrentPasswordDep,
    browser: BrowserDep,
    body: AccountDeletion | None = None,
) -> None:
    """This cannot be undone: it erases all personal data, ends every session, removes the cart and frees the
    e-mail address. The shop's last administrator cannot be deleted. Send the password in the body, or in
    `Current-Password` if a proxy drops the bodies of DELETE requests. The body counts if there are both."""
    given = body.password if body is not None else password
    if given is None:
        raise _password_missing()
    await accounts.delete(identity, given, client)
    browser.forget()
    browser.forget_device(identity.user_id)


@router.post(
    "/password",
    status_code=204,
    summary="Change the password",
    dependencies=RECENT_SIGN_IN,
    responses=problem_responses(
        WrongPassword, NoPassword, GuestsHaveNoAccount, Reauthenticate, TooManyRequests
    ),
)
async def change_password(
    body: PasswordChange, client: ClientDep, identity: CurrentUserDep, accounts: AccountsDep
) -> None:
    """Every other session of the account ends. Editors and administrators need a recent sign-in."""
    await accounts.change_password(identity, body.current_password, body.new_password, client)


def _password_missing() -> InvalidInput:
    message = "Send the account's password, here or in the header Current-Password."
    return InvalidInput(
        "The password is missing. Send it in the body or in Current-Password.",
        errors=[FieldError("/password", message)],
    )
