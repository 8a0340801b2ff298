"""Routes that give tokens: register, sign in, start as a guest, refresh."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from auth_service.accounts.credentials import new_account
from auth_service.accounts.dependencies import ClientDep
from auth_service.accounts.errors import AccountDisabled, EmailAlreadyRegistered, InvalidCredentials
from auth_service.sessions.errors import InvalidRefreshToken, RefreshTokenReused
from auth_service.sign_in.oauth_errors import TokenRequestRefused, as_oauth_error
from auth_service.sign_in.schemas import (
    GuestRequest,
    LoginRequest,
    RefreshRequest,
    RegisterRequest,
    SignedInPublic,
    TokenForm,
    TokenPublic,
    signed_in_answer,
)
from auth_service.sign_in.service import SignInService
from auth_service.throttling.errors import SignInThrottled
from shared.errors import TooManyRequests
from shared.http.responses import problem_responses
from shared.http.runtime import provided
from shared.http.validation import errors_translated


async def no_store(response: Response) -> None:
    """Tells caches to keep no answer with tokens (RFC 6749, section 5.1)."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"


router = APIRouter(tags=["Sign in"], dependencies=[Depends(no_store)])

SignInDep = Annotated[SignInService, Depends(provided(SignInService))]

_REFUSED = problem_responses(InvalidCredentials, AccountDisabled, SignInThrottled)


@router.post(
    "/register",
    status_code=201,
    summary="Create an account and sign in",
    responses=problem_responses(EmailAlreadyRegistered, TooManyRequests),
)
async def register(
    body: RegisterRequest, response: Response, client: ClientDep, sign_in: SignInDep
) -> SignedInPublic:
    """An e-mail address has one account, in upper or lower case. Of many requests at the same time one
    succeeds."""
    account = new_account(body.name, body.email, body.password)
    return signed_in_answer(response, await sign_in.register(account, client), body.mode)


@router.post("/login", summary="Sign in", responses=_REFUSED)
async def login(
    body: LoginRequest, response: Response, client: ClientDep, sign_in: SignInDep
) -> SignedInPublic:
    """An unknown address and a wrong password get the same answer, after the same work. Failures count for
    the account, for the client's network and for both. After too many of them an unknown device gets 429, and
    a code by e-mail lets it in. A device that sends the `device_token` of an earlier sign-in is known: only
    its own failures count."""
    return signed_in_answer(response, await sign_in.login(body.email, body.password, client), body.mode)


@router.post(
    "/token",
    summary="Sign in with an OAuth2 password form",
    responses=problem_responses(TokenRequestRefused, SignInThrottled),
)
@errors_translated(as_oauth_error)
async def create_token(
    form: Annotated[TokenForm, Form()], client: ClientDep, sign_in: SignInDep
) -> TokenPublic:
    """The password grant of OAuth 2.0, for tools that have no other way to sign in. The user name is the
    e-mail address. Errors have the member `error` of RFC 6749, section 5.2."""
    return TokenPublic.model_validate(await sign_in.login(form.username, form.password, client))


@router.post(
    "/guest", status_code=201, summary="Start as a guest", responses=problem_responses(TooManyRequests)
)
async def create_guest(
    response: Response, client: ClientDep, sign_in: SignInDep, body: GuestRequest | None = None
) -> SignedInPublic:
    """A guest can fill a cart, and merge it into an account's cart later."""
    mode = body.mode if body else "bearer"
    return signed_in_answer(response, await sign_in.guest(client), mode)


@router.post(
    "/refresh",
    summary="Exchange a refresh token for new tokens",
    responses=problem_responses(InvalidRefreshToken, RefreshTokenReused),
)
async def refresh(body: RefreshRequest, response: Response, sign_in: SignInDep) -> SignedInPublic:
    """Each refresh token works once. If one is used again, it may be stolen, so the session ends for both
    users."""
    return signed_in_answer(response, await sign_in.refresh(body.refresh_token), body.mode)
