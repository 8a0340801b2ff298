"""Who is calling, as the verified access token says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an identity may do."""

    GUEST = "guest"
    CUSTOMER = "customer"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a token may do beyond its owner's own account and cart."""

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
