"""Use cases of the shop's operator, who has the secrets of the store and the keys, and need not sign in."""

from __future__ import annotations

from collections.abc import Iterable

from auth_service.accounts.administrators import AdministratorRegister
from auth_service.accounts.credentials import new_account
from auth_service.accounts.events import UserAccessChanged
from auth_service.accounts.model import User, existing
from auth_service.accounts.registration import Registration
from auth_service.accounts.service import AccountService
from auth_service.keys.model import KeyState, SigningKey
from auth_service.keys.service import KeyService
from auth_service.security_log.events import witnessed
from auth_service.security_log.model import OPERATOR
from auth_service.sessions.tokens import AccessTokens
from shared.aggregates.change import Change
from shared.clock import Clock
from shared.ids import new_id
from shared.security.identity import Role, Scope


class OperatorService:
    """The use cases of the operator's command line."""

    def __init__(
        self,
        registration: Registration,
        administrators: AdministratorRegister,
        *,
        accounts: AccountService,
        keys: KeyService,
        tokens: AccessTokens,
        clock: Clock,
    ) -> None:
        self._registration = registration
        self._administrators = administrators
        self._accounts = accounts
        self._keys = keys
        self._tokens = tokens
        self._clock = clock

    async def create_user(self, name: str, email: str, password: str, role: Role = Role.CUSTOMER) -> User:
        """Creates an account, such as that of the first administrator. Raises `InvalidInput`,
        `EmailAlreadyRegistered`, `StoreUnavailable`."""
        first = Role.EDITOR if role is Role.ADMIN else role
        user = await self._registration.create(new_account(name, email, password), first)
        return await self._make_admin(user.id) if role is Role.ADMIN else user

    async def set_password(self, email: str, password: str) -> None:
        """Ends every session of the account. Raises `AccountNotFound`, `InvalidInput`, `StoreUnavailable`."""
        await self._accounts.replace_password(email, password)

    async def _make_admin(self, user_id: str) -> User:
        """Only `AdministratorRegister` makes administrators, so that each is counted."""
        now = self._clock.now()

        def promote(user: User | None) -> Change[User, User]:
            changed = existing(user).with_access(Role.ADMIN, False, now)
            event = UserAccessChanged.of(changed, OPERATOR.id).to_event(now)
            return Change(changed, changed, [witnessed(event, OPERATOR)])

        return await self._administrators.update(user_id, promote)

    async def issue_operator_token(self, scopes: Iterable[Scope]) -> str:
        """An access token of the role `admin` with these scopes. Publishes the key first: services accept the
        token once they have seen the key. Raises `StoreUnavailable`, `BusUnavailable`."""
        await self._keys.publish()
        now = self._clock.now()
        return self._tokens.issue(
            OPERATOR.id,
            new_id(),
            Role.ADMIN,
            scopes,
            now,
            authenticated_at=now,
            expires_in=self._tokens.expires_in,
        )

    def list_keys(self) -> list[tuple[SigningKey, KeyState]]:
        """See `KeyService.all_keys`."""
        return self._keys.all_keys()

    async def revoke_key(self, kid: str) -> SigningKey:
        """See `KeyService.revoke`. Raises `NotFound`, `StoreUnavailable`, `BusUnavailable`."""
        return await self._keys.revoke(kid)

    async def rotate_keys(self) -> SigningKey:
        """See `KeyService.rotate`. Raises `StoreUnavailable`, `BusUnavailable`."""
        return await self._keys.rotate()
