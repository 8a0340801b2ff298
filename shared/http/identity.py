"""The caller, as a dependency of routes.

The dependencies are objects, because FastAPI reads the security scheme of an operation from them. A call
costs one look-up of a header and one of the token.
"""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from shared.http.headers import headers_of
from shared.security.identity import Identity, Scope, invalid_token, scope_missing, token_missing
from shared.security.verifier import TokenVerifier

SCHEME_NAME = "AccessToken"


class CurrentUser(SecurityBase):
    """Gives the `Identity` of the bearer token. Raises `NotAuthenticated`, or `PermissionDenied`."""

    def __init__(self, scope: Scope | None = None) -> None:
        self.scheme_name = SCHEME_NAME
        self.model = HTTPBearer(bearerFormat="JWT", description="The access token of a session.")
        self.scope = scope

    async def __call__(self, request: Request) -> Identity:
        verifier = cast(TokenVerifier, request.scope["app"].state.runtime.verifier)
        identity = verifier.verify(bearer_token(request))
        if self.scope is not None and self.scope not in identity.scopes:
            raise scope_missing(self.scope)
        return identity


def bearer_token(request: Request) -> str:
    """The token of the `Authorization` header (RFC 6750, section 2.1). Raises `NotAuthenticated`."""
    scheme, _, token = headers_of(request).get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise token_missing()
    token = token.strip()
    if not token or not token.isascii():
        raise invalid_token("The access token is not a JSON Web Token. Sign in to get one.")
    return token


current_user = CurrentUser()
CurrentUserDep = Annotated[Identity, Depends(current_user)]


def requires(scope: Scope) -> CurrentUser:
    """A dependency that also gives the `Identity`: `Annotated[Identity, Depends(requires(Scope.…))]`."""
    return CurrentUser(scope)
