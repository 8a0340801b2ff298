"""Identities of callers, and the refusals of a caller without a right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.errors import NotAuthenticated, PermissionDenied


class Role(StrEnum):
    """The role of a user. It decides the scopes of their tokens."""

    GUEST = "guest"
    CUSTOMER = "customer"
    ADMIN = "admin"


class Scope(StrEnum):
    """A right beyond the owner's own account and cart."""

    CATALOG_WRITE = "catalog:write"
    USERS_ADMIN = "users:admin"
    CART_ANY = "cart:any"


SCOPES_OF_ROLE: dict[Role, frozenset[Scope]] = {
    Role.GUEST: frozenset(),
    Role.CUSTOMER: frozenset(),
    Role.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller: `user_id` owns carts and accounts, `session_id` is what a logout ends."""

    user_id: str
    session_id: str
    role: Role
    scopes: frozenset[Scope]
    expires_at: datetime


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
