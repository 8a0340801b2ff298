"""Use cases of the shop's operator, who has the secrets of the store and the keys, and need not sign in."""

from __future__ import annotations

from collections.abc import Iterable

from auth_service.accounts.credentials import new_account
from auth_service.accounts.model import User
from auth_service.accounts.registration import Registration
from auth_service.accounts.service import AccountService
from auth_service.keys.model import SigningKey
from auth_service.keys.service import KeyService
from auth_service.sessions.tokens import AccessTokens
from shared.clock import Clock
from shared.ids import new_id
from shared.security.identity import Role, Scope

OPERATOR_ID = "operator"


class OperatorService:
    """The use cases of the operator's command line."""

    def __init__(
        self,
        registration: Registration,
        accounts: AccountService,
        keys: KeyService,
        tokens: AccessTokens,
        clock: Clock,
    ) -> None:
        self._registration = registration
        self._accounts = accounts
        self._keys = keys
        self._tokens = tokens
        self._clock = clock

    async def create_user(self, name: str, email: str, password: str, role: Role = Role.CUSTOMER) -> User:
        """Creates an account, such as that of the first administrator. Raises `InvalidInput`,
        `EmailAlreadyRegistered`, `StoreUnavailable`."""
        return await self._registration.create(new_account(name, email, password), role)

    async def set_password(self, email: str, password: str) -> None:
        """Ends every session of the account. Raises `AccountNotFound`, `InvalidInput`, `StoreUnavailable`."""
        await self._accounts.replace_password(email, password)

    async def issue_operator_token(self, scopes: Iterable[Scope]) -> str:
        """An access token of the role `admin` with these scopes. Publishes the key first: services accept the
        token once they have seen the key. Raises `StoreUnavailable`, `BusUnavailable`."""
        await self._keys.publish()
        now = self._clock.now()
        return self._tokens.issue(
            OPERATOR_ID,
            new_id(),
            Role.ADMIN,
            scopes,
            now,
            authenticated_at=now,
            expires_in=self._tokens.expires_in,
        )

    async def rotate_keys(self) -> SigningKey:
        """See `KeyService.rotate`. Raises `StoreUnavailable`, `BusUnavailable`."""
        return await self._keys.rotate()
