"""Routes that give tokens: register, sign in, start as a guest, refresh."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from auth_service.accounts.credentials import new_account
from auth_service.accounts.dependencies import ClientDep
from auth_service.accounts.errors import (
    AccountDisabled,
    EmailAlreadyRegistered,
    InvalidCredentials,
    PasswordTooWeak,
)
from auth_service.browsers import Browser, BrowserDep, CrossSiteRequest, cookie_cleared_on_refusal
from auth_service.sessions.errors import InvalidRefreshToken, RefreshTokenReused
from auth_service.sign_in.guest_tokens import guest_of
from auth_service.sign_in.oauth_errors import TokenRequestRefused, as_oauth_error
from auth_service.sign_in.schemas import (
    GuestRequest,
    LoginRequest,
    RefreshRequest,
    RegisterRequest,
    RevocationForm,
    SignedInPublic,
    TokenForm,
    TokenPublic,
    signed_in_answer,
)
from auth_service.sign_in.service import SignInService
from auth_service.throttling.errors import SignInThrottled
from shared.errors import InvalidInput, TooManyRequests
from shared.http.responses import problem_responses
from shared.http.runtime import provided, runtime_of
from shared.http.validation import errors_translated
from shared.security.verifier import TokenVerifier

NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def no_store(response: Response) -> None:
    """Tells caches to keep no answer with tokens (RFC 6749, section 5.1)."""
    response.headers.update(NOT_STORED)


async def verifier(request: Request) -> TokenVerifier:
    return runtime_of(request).verifier


router = APIRouter(dependencies=[Depends(no_store)])

VerifierDep = Annotated[TokenVerifier, Depends(verifier)]
SignInDep = Annotated[SignInService, Depends(provided(SignInService))]

_REFUSED = problem_responses(
    InvalidCredentials, AccountDisabled, PasswordTooWeak, SignInThrottled, CrossSiteRequest
)


@router.post(
    "/register",
    tags=["Sign in"],
    status_code=201,
    summary="Create an account and sign in",
    responses=problem_responses(EmailAlreadyRegistered, TooManyRequests, CrossSiteRequest),
)
async def register(
    *,
    body: RegisterRequest,
    response: Response,
    client: ClientDep,
    browser: BrowserDep,
    sign_in: SignInDep,
    verifier: VerifierDep,
) -> SignedInPublic:
    """An e-mail address has one account, in upper or lower case. Of many requests at the same time one
    succeeds. With `guest_token` the guest's session ends; an expired one does no harm."""
    browser.require_own_page(body.mode)
    guest = guest_of(body.guest_token, verifier)
    account = new_account(body.name, body.email, body.password)
    signed_in = await sign_in.register(account, client, guest)
    if body.mode == "cookie":
        await sign_in.end_replaced(browser.refresh_token)
    return signed_in_answer(response, signed_in, body.mode)


@router.post("/login", tags=["Sign in"], summary="Sign in", responses=_REFUSED)
async def login(
    *,
    body: LoginRequest,
    response: Response,
    client: ClientDep,
    browser: BrowserDep,
    sign_in: SignInDep,
    verifier: VerifierDep,
) -> SignedInPublic:
    """An unknown address and a wrong password get the same answer, after the same work. Failures count for
    the account, for the client's network and for both. After too many of them an unknown device gets 429, and
    a code by e-mail lets it in. A device that sends the `device_token` of an earlier sign-in is known: only
    its own failures count. With `guest_token` the guest's session ends; an expired one does no harm."""
    browser.require_own_page(body.mode)
    guest = guest_of(body.guest_token, verifier)
    signed_in = await sign_in.login(body.email, body.password, client, guest)
    if body.mode == "cookie":
        await sign_in.end_replaced(browser.refresh_token)
    return signed_in_answer(response, signed_in, body.mode)


@router.post(
    "/token",
    tags=["Sign in"],
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
    "/guest",
    tags=["Sign in"],
    status_code=201,
    summary="Start as a guest",
    responses=problem_responses(TooManyRequests, CrossSiteRequest),
)
async def create_guest(
    response: Response,
    client: ClientDep,
    browser: BrowserDep,
    sign_in: SignInDep,
    body: GuestRequest | None = None,
) -> SignedInPublic:
    """A guest can fill a cart, and merge it into an account's cart later."""
    mode = body.mode if body else "bearer"
    browser.require_own_page(mode)
    return signed_in_answer(response, await sign_in.guest(client), mode)


@router.post(
    "/refresh",
    tags=["Sign in"],
    summary="Get new tokens with a refresh token",
    responses=problem_responses(InvalidRefreshToken, RefreshTokenReused, CrossSiteRequest),
)
async def refresh(
    response: Response, browser: BrowserDep, sign_in: SignInDep, body: RefreshRequest | None = None
) -> SignedInPublic:
    """Each exchange makes the next refresh token of the session. The one before it gets the newest one too,
    for 30 seconds: two tabs may refresh at once, and an answer may be lost. Any older token may be stolen, so
    it ends the session. Without `refresh_token` in the body the cookie counts, and the answer is in cookie
    mode."""
    body = body or RefreshRequest()
    if body.refresh_token is not None:
        browser.require_own_page(body.mode)
        return signed_in_answer(response, await sign_in.refresh(body.refresh_token), body.mode)
    token = _token_of_cookie(browser, body)
    with cookie_cleared_on_refusal():
        return signed_in_answer(response, await sign_in.refresh(token), "cookie")


def _token_of_cookie(browser: Browser, body: RefreshRequest) -> str:
    token = browser.refresh_token
    if token is None:
        raise InvalidRefreshToken("The request has no refresh token. Send it in the body, or sign in.")
    if body.mode == "bearer" and "mode" in body.model_fields_set:
        raise InvalidInput.at("/mode", "A session in a cookie stays there. Send cookie, or leave it out.")
    browser.require_own_page()
    return token


@router.post(
    "/revoke",
    tags=["Sessions"],
    summary="Revoke a token",
    response_class=Response,
    responses=problem_responses(TokenRequestRefused),
)
@errors_translated(as_oauth_error)
async def revoke(
    form: Annotated[RevocationForm, Form()],
    client: ClientDep,
    browser: BrowserDep,
    sign_in: SignInDep,
    verifier: VerifierDep,
) -> None:
    """Ends the session of a refresh token or an access token (RFC 7009). Whoever has the token may revoke it;
    no sign-in is needed. The answer is the same for a token that is not valid, which needs no revocation."""
    session_id = await sign_in.revoke(form.token, verifier, client)
    if session_id is not None:
        browser.forget(session_id)
