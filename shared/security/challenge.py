"""What a client without a good token is told: `WWW-Authenticate` after RFC 6750, section 3."""

from __future__ import annotations

from shared.errors import NotAuthenticated, PermissionDenied
from shared.security.identity import Scope

_REALM = 'Bearer realm="trolley"'


def token_missing() -> NotAuthenticated:
    """No token was given: the challenge carries no error code then."""
    return NotAuthenticated(
        "Send an access token: `Authorization: Bearer …`. Sign in or ask for a guest session to get one.",
        headers={"WWW-Authenticate": _REALM},
    )


def invalid_token(detail: str) -> NotAuthenticated:
    """A token was given and is not (or no longer) good. `detail` is plain ASCII without quotes."""
    challenge = f'{_REALM}, error="invalid_token", error_description="{detail}"'
    return NotAuthenticated(detail, headers={"WWW-Authenticate": challenge})


def scope_missing(scope: Scope) -> PermissionDenied:
    """The token is good, and does not allow this."""
    challenge = f'{_REALM}, error="insufficient_scope", scope="{scope}"'
    return PermissionDenied(f"This needs the scope {scope}.", headers={"WWW-Authenticate": challenge})
