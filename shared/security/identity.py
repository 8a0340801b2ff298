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
    EDITOR = "editor"
    ADMIN = "admin"


class Scope(StrEnum):
    """A right beyond the owner's own account and cart."""

    CATALOG_WRITE = "catalog:write"
    USERS_ADMIN = "users:admin"
    CART_ANY = "cart:any"
    ORDERS_WRITE = "orders:write"


SCOPES_OF_ROLE: dict[Role, frozenset[Scope]] = {
    Role.GUEST: frozenset(),
    Role.CUSTOMER: frozenset(),
    Role.EDITOR: frozenset({Scope.CATALOG_WRITE}),
    Role.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller: `user_id` owns carts and accounts, `session_id` is what a logout ends. `authenticated_at`
    is when the user last proved who they are: by a password or a code, not by a refresh token."""

    user_id: str
    session_id: str
    role: Role
    scopes: frozenset[Scope]
    expires_at: datetime
    authenticated_at: datetime


_REALM = NotAuthenticated.default_headers["WWW-Authenticate"]


def token_missing() -> NotAuthenticated:
    """The request has no token. The challenge has no error code then (RFC 6750, section 3.1)."""
    return NotAuthenticated(
        "Send an access token: `Authorization: Bearer …`. Sign in or ask for a guest session to get one."
    )


def invalid_token(detail: str) -> NotAuthenticated:
    """The token is not valid, or not any more. `detail` is plain ASCII without quotes."""
    challenge = f'{_REALM}, error="invalid_token", error_description="{detail}"'
    return NotAuthenticated(detail, headers={"WWW-Authenticate": challenge})


def scope_missing(scope: Scope) -> PermissionDenied:
    """The token is valid, but lacks this scope."""
    challenge = f'{_REALM}, error="insufficient_scope", scope="{scope}"'
    return PermissionDenied(
        f"This needs the scope {scope}. Sign in to an account that has it.",
        headers={"WWW-Authenticate": challenge},
    )
