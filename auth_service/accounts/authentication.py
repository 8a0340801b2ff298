"""Checking the password of an account."""

from __future__ import annotations

from dataclasses import dataclass

from auth_service.accounts.emails import claim_id, email_or_none
from auth_service.accounts.errors import InvalidCredentials, NoPassword, WrongPassword
from auth_service.accounts.known_devices import KnownDevices
from auth_service.accounts.model import User, is_live
from auth_service.accounts.password_rules import PasswordPolicy, given_password
from auth_service.accounts.ports import (
    EmailClaimRepository,
    Passwords,
    PasswordsOverloaded,
    Throttle,
    UserRepository,
)
from auth_service.clients import Client
from auth_service.security_log.events import FailureReason
from auth_service.security_log.service import SecurityLogService
from shared.security.identity import Role

_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Verified:
    """An account whose password was right. `rehashed` is a hash with today's parameters if they are stronger
    than those of the stored hash. `is_for_privileged` says whether an editor may have this password."""

    user: User
    rehashed: str | None
    is_for_privileged: bool


class Authentication:
    """Checks passwords, and limits the number of attempts. An unknown address takes the same work, counts as
    much and gets the same answer as a wrong password."""

    def __init__(
        self,
        *,
        users: UserRepository,
        claims: EmailClaimRepository,
        passwords: Passwords,
        throttle: Throttle,
        devices: KnownDevices,
        policy: PasswordPolicy,
        log: SecurityLogService,
    ) -> None:
        self._users = users
        self._claims = claims
        self._passwords = passwords
        self._throttle = throttle
        self._devices = devices
        self._log = log
        self._policy = policy

    async def sign_in(self, email: str, password: str, client: Client) -> Verified:
        """Raises `InvalidCredentials`, `TooManyRequests`, `PasswordsOverloaded`."""
        address = email_or_none(email)
        account = claim_id(address or email)
        known = await self._devices.find(address, client)
        user: User | None = None
        try:
            async with self._throttle.attempt(account, client, known=known):
                user = await self._find(address) if address else None
                if not await self._matches(user, password, client) or user is None:
                    raise InvalidCredentials
        except InvalidCredentials:
            await self._log.record_failure(user.id if user else None, account, client, "wrong_password")
            raise
        given = given_password(password)
        words = {"name": user.name, "email": user.email}
        return Verified(
            user,
            await self._rehashed(user, given, client),
            is_for_privileged=self._policy.fault(given, Role.ADMIN, **words) is None,
        )

    async def confirm(self, user: User, password: str, client: Client, session_id: str) -> None:
        """Checks the password that the user gives again in this session. Raises `WrongPassword`,
        `NoPassword`, or another error of `sign_in`."""
        if not user.password_hash:
            raise NoPassword
        try:
            async with self._throttle.confirmation(session_id, client):
                if not await self._matches(user, password, client):
                    raise WrongPassword
        except WrongPassword:
            await self.record_failure(user, client, "not_confirmed")
            raise

    async def record_failure(self, user: User, client: Client, why: FailureReason) -> None:
        """Tells the owner in the security log."""
        await self._log.record_failure(user.id, "", client, why)

    async def _matches(self, user: User | None, password: str, client: Client) -> bool:
        network, stored = client.network, user.password_hash if user else None
        try:
            return await self._passwords.verify(given_password(password), stored, network=network)
        except ValueError:  # not a possible password: the same work, and False
            return await self._passwords.verify("", None, network=network)

    async def _rehashed(self, user: User, password: str, client: Client) -> str | None:
        if not self._passwords.outdated(user.password_hash):
            return None
        try:
            return await self._passwords.hash(password, network=client.network)
        except PasswordsOverloaded:  # it waits for another sign-in
            return None

    async def _find(self, email: str) -> User | None:
        claim = await self._claims.get(claim_id(email))
        # An unknown address needs the same reads as a known one, so that both take the same time.
        user = await self._users.get(claim.user_id if claim else _NOBODY)
        return user if is_live(user) and user.email == email else None
