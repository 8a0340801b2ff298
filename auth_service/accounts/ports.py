"""What the use cases need from outside. Everything that reads or writes raises `StoreUnavailable`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from auth_service.accounts.claims import EmailClaim
from auth_service.accounts.model import User
from auth_service.keys.model import Keyring, SigningKey
from auth_service.sessions.model import Session
from shared.aggregates.coalescing import Change
from shared.errors import Unavailable

A = TypeVar("A")
R = TypeVar("R")


class PasswordsOverloaded(Unavailable):
    """More passwords wait to be hashed than will be in reasonable time."""

    code = "sign-in-overloaded"


class Repository(Protocol[A]):
    """Aggregates of one kind."""

    async def get(self, id: str) -> A | None:
        """As of the last acknowledged write by any replica."""
        ...

    async def update(self, id: str, change: Callable[[A | None], Change[A, R]]) -> R:
        """Applies `change` to the newest state, again and again until no other write came between. What
        `change` raises is raised, and nothing is written."""
        ...


class Announcing(Repository[A], Protocol[A]):
    """A repository whose changes carry events."""

    async def delivered(self, id: str, timeout_seconds: float) -> bool:
        """Waits until every event of this aggregate is delivered. False when that takes longer: they
        follow."""
        ...


Position = Sequence[str | int | None]
"""Where a page of a list ends."""


@dataclass(frozen=True, slots=True)
class UserPage:
    """`total` is a lower bound unless it is exact; `end` is None on the last page."""

    users: Sequence[User]
    total: int
    total_is_exact: bool
    end: Position | None


class Cursors(Protocol):
    """Makes positions into what clients can hold and cannot forge."""

    def encode(self, position: Position, query: str) -> str: ...

    def decode(self, cursor: str, query: str) -> Position:
        """Raises `InvalidInput` for anything but a cursor of this query."""
        ...


class Users(Announcing[User], Protocol):
    async def page(self, email: str | None, limit: int, after: Position | None) -> UserPage:
        """Accounts, the oldest first, or the one with that address. Sees a change after about a second."""
        ...


class Sessions(Announcing[Session], Protocol):
    async def get_many(self, ids: Sequence[str]) -> list[Session | None]: ...

    async def remove_expired(self, before: datetime, batch: int) -> int:
        """Removes the sessions that expired before then, that many at a time; gives how many it removed."""
        ...


class EmailClaims(Repository[EmailClaim], Protocol):
    async def release(self, id: str, user_id: str) -> None:
        """Frees the address, if that user is who claims it."""
        ...


class Keyrings(Repository[Keyring], Protocol): ...


class Passwords(Protocol):
    """Slow hashes of passwords. Raises `PasswordsOverloaded`."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """With None it does the same work on a hash that no password has, and is False."""
        ...

    def outdated(self, password_hash: str) -> bool:
        """Made with other parameters than those of today."""
        ...


class Throttle(Protocol):
    """Counts failed sign-ins per account and per client address, and sign-ups per client address. It lets
    through what it cannot count."""

    def attempt(self, account: str, client: str) -> AbstractAsyncContextManager[None]:
        """Around the look at a password. It is a failure, and counts from the beginning, unless the block
        ends, or raises `Unavailable`: then nobody looked. Raises `TooManyRequests` after too many."""
        ...

    async def sign_up(self, client: str) -> None:
        """A new account or guest. Raises `TooManyRequests` after too many."""
        ...


class TokenSigner(Protocol):
    """Holds the secret that seals private keys."""

    def generate(self, active_from: datetime) -> SigningKey: ...

    def open(self, key: SigningKey) -> None:
        """Makes the key ready to sign. Raises `WrongSecret` when it was sealed with another secret."""
        ...

    def sign(self, key: SigningKey, claims: Mapping[str, Any]) -> str:
        """A compact JWS (RFC 7515), with the key's id in its header."""
        ...


class KeyPublisher(Protocol):
    """Where verifiers find the public keys."""

    async def publish(self, current: Sequence[SigningKey], retired: Sequence[SigningKey]) -> None:
        """Makes the current keys known, and the retired ones unknown. Raises `BusUnavailable`."""
        ...
