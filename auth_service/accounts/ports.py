"""Ports of the use cases of accounts. Every operation that reads or writes raises `StoreUnavailable`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from auth_service.accounts.model import EmailClaim, User
from auth_service.clients import Client
from shared.aggregates.ports import AnnouncingRepository, ListPage, Repository
from shared.errors import Unavailable
from shared.security.identity import Role
from shared.store.ports import Position


class PasswordsOverloaded(Unavailable):
    """Too many passwords wait to be hashed."""

    code = "sign-in-overloaded"


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which accounts to list. Each condition that is not None has to hold. A text that is not an address is
    that of no account."""

    email: str | None = None
    email_prefix: str | None = None
    role: Role | None = None


class UserRepository(AnnouncingRepository[User], Protocol):
    async def page(self, wanted: UserFilter, limit: int, after: Position | None) -> ListPage[User]:
        """Accounts, the oldest first. Shows a change after about a second."""
        ...

    def administrators(self) -> AsyncIterator[User]:
        """Every enabled administrator, after every write acknowledged before this call."""
        ...


class GuestSession(Protocol):
    """The session of a guest."""

    @property
    def user_id(self) -> str: ...

    @property
    def created_at(self) -> datetime: ...


class GuestSessions(Protocol):
    """The sessions of guests. A guest has a session and no account."""

    async def get(self, id: str) -> GuestSession | None: ...


class EmailClaimRepository(Repository[EmailClaim], Protocol):
    async def release(self, id: str, user_id: str, claimed_at: datetime | None = None) -> None:
        """Frees the address, if that user has claimed it, and at that time if one is given."""
        ...


class Passwords(Protocol):
    """Slow hashes of passwords. The networks whose clients wait are served in turn; the operator's is empty.
    Raises `PasswordsOverloaded`."""

    async def hash(self, password: str, *, network: str = "") -> str: ...

    async def verify(self, password: str, password_hash: str | None, *, network: str = "") -> bool:
        """Whether the password matches. None or an empty hash takes the same work, and gives False."""
        ...

    def outdated(self, password_hash: str) -> bool:
        """Whether today's parameters are stronger than those of the hash."""
        ...


class BreachedPasswords(Protocol):
    """Passwords that are known from breaches of other sites."""

    async def contains(self, password: str) -> bool:
        """False also if nobody can say."""
        ...

    async def close(self) -> None: ...


class Throttle(Protocol):
    """Slows down those who guess passwords, without locking the owner out. Attempts of unknown devices count
    for the account, for the client's network, and for both. Those of a known device, and those of a signed-in
    owner, have budgets of their own, which no stranger can use up. Raises `TooManyRequests`, whose answer is
    the same whether the account exists or not."""

    def attempt(
        self, account: str, client: Client, *, known: str | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Encloses the check of a password. `account` is the claim id of the address, and `known` the id of
        the device if the account knows it. The attempt counts as a failure from its beginning, until the
        block succeeds, or raises `Unavailable` or `TooManyRequests` because nothing was checked."""
        ...

    def confirmation(self, session_id: str, client: Client) -> AbstractAsyncContextManager[None]:
        """Encloses the check of a password that a signed-in owner gives again."""
        ...

    async def sign_up(self, client: Client) -> None:
        """Counts a new account."""
        ...

    async def guest(self, client: Client) -> None:
        """Counts a new guest."""
        ...

    async def mail(self, account: str, client: Client, *, is_known: bool = False) -> bool:
        """Counts a request for a mailed code, and returns whether another mail may go to the account. Raises
        `TooManyRequests` if unknown devices at this network, or the known ones of the account there, have
        asked for too many."""
        ...

    async def change_mail(self, user_id: str, account: str) -> None:
        """Counts a code to the address of `account` for a signed-in owner, whose password was confirmed.
        Raises `TooManyRequests` if the owner has asked for too many, or the address has got too many."""
        ...
