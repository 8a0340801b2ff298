"""Mailed codes, and the change of the address."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from auth_service.accounts.dependencies import RECENT_SIGN_IN, ClientDep
from auth_service.accounts.errors import (
    AccountDisabled,
    AccountNotFound,
    EmailAlreadyRegistered,
    GuestsHaveNoAccount,
    NoPassword,
    WrongPassword,
)
from auth_service.accounts.reauthentication import Reauthenticate
from auth_service.accounts.schemas import UserPublic
from auth_service.administration.dependencies import ActorDep, UserId
from auth_service.browsers import BrowserDep, CrossSiteRequest, device_cookie
from auth_service.codes.email_change import EmailChangeService
from auth_service.codes.errors import InvalidCode
from auth_service.codes.model import CodePurpose
from auth_service.codes.schemas import (
    CodeCreate,
    CodeRequested,
    CodeUse,
    CodeUsed,
    EmailChange,
    EmailConfirmation,
    ResetCodeUse,
    SignInCodeUse,
    UnlockCodeUse,
    VerificationCodeUse,
)
from auth_service.codes.service import CodeService
from auth_service.codes.using import CodeUseService
from auth_service.sign_in.guest_tokens import guest_of
from auth_service.sign_in.routes import SignInDep, VerifierDep, no_store
from auth_service.sign_in.schemas import signed_in_answer
from shared.errors import NotAuthenticated, PermissionDenied, TooManyRequests
from shared.http.identity import CurrentUserDep, current_user, requires
from shared.http.responses import problem_responses
from shared.http.runtime import provided
from shared.security.identity import Scope

router = APIRouter(dependencies=[Depends(no_store)])

CodesDep = Annotated[CodeService, Depends(provided(CodeService))]
CodeUseDep = Annotated[CodeUseService, Depends(provided(CodeUseService))]
EmailChangeDep = Annotated[EmailChangeService, Depends(provided(EmailChangeService))]

_OWN_ACCOUNT = (NotAuthenticated, AccountNotFound, GuestsHaveNoAccount)


@router.post(
    "/codes",
    tags=["Codes"],
    status_code=202,
    summary="Ask for a code by mail",
    responses=problem_responses(TooManyRequests),
)
async def create_code(body: CodeCreate, client: ClientDep, codes: CodesDep) -> CodeRequested:
    """The code goes to the address if it has an account. The answer does not tell whether it has one. A code
    is valid for ten minutes, and works once. Another request within a minute, or after many, gets the code
    that was mailed last, and no other mail. After very many from one network unknown devices there get 429;
    those of a device with a `device_token` of the account count apart. On a local shop, `trolley mail show`
    prints the mail."""
    return CodeRequested.of(await codes.request(body.email, CodePurpose(body.purpose), client))


@router.post(
    "/codes/use",
    tags=["Codes"],
    summary="Use a mailed code",
    responses=problem_responses(NotAuthenticated, InvalidCode, AccountDisabled, CrossSiteRequest),
)
async def use_code(
    *,
    body: CodeUse,
    request: Request,
    response: Response,
    client: ClientDep,
    browser: BrowserDep,
    verifier: VerifierDep,
    codes: CodeUseDep,
    sign_in: SignInDep,
) -> CodeUsed:
    """`verify` marks the address as the owner's, and alone needs an access token of the account. `reset` sets
    the new password, ends every other session and opens one; an invalid password leaves the code usable.
    `sign_in` opens a session; if the address was never verified, it ends the other sessions and removes the
    password, because somebody else may have registered the address. After `reset` and `sign_in` at such
    an account earlier device tokens are void. `unlock` makes this device known. A request for a code has five
    tries. On a local shop, `trolley mail show` prints the mail with the code."""
    browser.require_own_page(body.mode)
    session, device_token, guest = None, None, guest_of(body.guest_token, verifier)
    given = body.given_for(CodePurpose(body.purpose))
    match body:
        case ResetCodeUse(new_password=new_password):
            session = await codes.reset(given, new_password, client, guest)
        case SignInCodeUse():
            session = await codes.sign_in(given, client, guest)
        case VerificationCodeUse():
            await codes.verify(given, client, await current_user(request))
        case UnlockCodeUse():
            device_token = await codes.unlock(given, client)
            if body.mode == "cookie":
                response.headers.append("Set-Cookie", device_cookie(device_token))
                device_token = None
    if session and body.mode == "cookie":
        await sign_in.end_replaced(browser.refresh_token)
    answer = signed_in_answer(response, session, body.mode) if session else None
    return CodeUsed(session=answer, device_token=device_token)


@router.post(
    "/users/{user_id}/reset",
    status_code=204,
    tags=["Administration"],
    summary="Mail an account a code for a new password",
    dependencies=[Depends(requires(Scope.USERS_ADMIN)), *RECENT_SIGN_IN],
    responses=problem_responses(NotAuthenticated, PermissionDenied, AccountNotFound, Reauthenticate),
)
async def send_user_reset(user_id: UserId, actor: ActorDep, codes: CodesDep) -> None:
    """The code goes to the account's address. Its owner asks for a reset on the page, and gives this code.
    The former password works until then. On a local shop, `trolley mail show` prints the mail."""
    await codes.send_reset(actor, user_id)


@router.post(
    "/email",
    tags=["Codes"],
    status_code=202,
    summary="Ask for a change of the e-mail address",
    dependencies=RECENT_SIGN_IN,
    responses=problem_responses(*_OWN_ACCOUNT, WrongPassword, NoPassword, Reauthenticate, TooManyRequests),
)
async def change_email(
    body: EmailChange, client: ClientDep, identity: CurrentUserDep, changes: EmailChangeDep
) -> CodeRequested:
    """A code goes to the new address; `/email/confirm` takes it. If the new address has an account already,
    its owner gets a mail that says so, and the answer is the same. Requests count for the account and for the
    new address, and not for the network. Editors and administrators need a recent sign-in. On a local shop,
    `trolley mail show` prints the mail."""
    return CodeRequested.of(await changes.request(identity, body.email, body.password, client))


@router.post(
    "/email/confirm",
    tags=["Codes"],
    summary="Change the e-mail address",
    dependencies=RECENT_SIGN_IN,
    responses=problem_responses(*_OWN_ACCOUNT, Reauthenticate, InvalidCode, EmailAlreadyRegistered),
)
async def confirm_email(
    body: EmailConfirmation, client: ClientDep, identity: CurrentUserDep, changes: EmailChangeDep
) -> UserPublic:
    """The account has the new address at once, and it is verified. The old address gets a notice. All
    sessions stay, and codes that were mailed before are void. On a local shop, `trolley mail show` prints
    the mail with the code."""
    return UserPublic.of(await changes.confirm(identity, body.code_id, body.code, client))
