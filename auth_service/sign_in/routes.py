"""Getting tokens: register, sign in, be a guest, refresh."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form

from auth_service.accounts.credentials import new_account
from auth_service.accounts.dependencies import ClientDep
from auth_service.accounts.errors import AccountDisabled, EmailAlreadyRegistered, InvalidCredentials
from auth_service.sessions.errors import InvalidRefreshToken, RefreshTokenReused
from auth_service.sign_in.dependencies import SignInServiceDep, no_store
from auth_service.sign_in.oauth_errors import TokenRequestRefused, as_oauth_error
from auth_service.sign_in.schemas import (
    LoginRequest,
    RefreshRequest,
    RegisterRequest,
    SignedInPublic,
    TokenForm,
    TokenPublic,
)
from shared.errors import TooManyRequests
from shared.http.responses import problem_responses
from shared.http.validation import errors_translated

router = APIRouter(tags=["Sign in"], dependencies=[Depends(no_store)])

_REFUSED = problem_responses(InvalidCredentials, AccountDisabled, TooManyRequests)


@router.post(
    "/register",
    status_code=201,
    summary="Create an account and sign in",
    responses=problem_responses(EmailAlreadyRegistered, TooManyRequests),
)
async def register(body: RegisterRequest, client: ClientDep, sessions: SignInServiceDep) -> SignedInPublic:
    """One account for an e-mail address, whatever its case. Of many requests at the same time one
    succeeds."""
    account = new_account(body.name, body.email, body.password)
    return SignedInPublic.of(await sessions.register(account, client))


@router.post("/login", summary="Sign in", responses=_REFUSED)
async def login(body: LoginRequest, client: ClientDep, sessions: SignInServiceDep) -> SignedInPublic:
    """An unknown address and a wrong password are answered the same, after the same work. Failures are
    counted per account and per client; too many answer 429."""
    return SignedInPublic.of(await sessions.login(body.email, body.password, client))


@router.post(
    "/token",
    summary="Sign in with an OAuth2 password form",
    responses=problem_responses(TokenRequestRefused, TooManyRequests),
)
@errors_translated(as_oauth_error)
async def create_token(
    form: Annotated[TokenForm, Form()], client: ClientDep, sessions: SignInServiceDep
) -> TokenPublic:
    """The password grant of OAuth 2.0, for tools that know no other way to sign in. The user name is the
    e-mail address. Errors have the member `error` of RFC 6749, section 5.2."""
    signed_in = await sessions.login(form.username, form.password, client)
    return TokenPublic(
        access_token=signed_in.access_token,
        expires_in=signed_in.expires_in,
        refresh_token=signed_in.refresh_token,
    )


@router.post(
    "/guest", status_code=201, summary="Start as a guest", responses=problem_responses(TooManyRequests)
)
async def create_guest(client: ClientDep, sessions: SignInServiceDep) -> SignedInPublic:
    """A guest can hold a cart, which can be merged into an account's later."""
    return SignedInPublic.of(await sessions.guest(client))


@router.post(
    "/refresh",
    summary="Exchange a refresh token for new tokens",
    responses=problem_responses(InvalidRefreshToken, RefreshTokenReused),
)
async def refresh(body: RefreshRequest, sessions: SignInServiceDep) -> SignedInPublic:
    """Each refresh token works once. One that is used again may be stolen: the session ends, for both
    users of it."""
    return SignedInPublic.of(await sessions.refresh(body.refresh_token))
