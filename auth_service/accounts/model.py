"""A user's account, and the claim that makes its e-mail address unique."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from auth_service.accounts.errors import AccountNotFound
from shared.security.identity import Role


@dataclass(frozen=True, slots=True)
class User:
    """An account, as a value: every change gives a new one with the next `version`.

    `sessions` are the ids of the sessions that are signed in, oldest first. Any other session has ended, even
    if its own document says otherwise, so one write of this document ends all sessions. `credentials_version`
    counts changes of the password and the address, so a sign-in with old ones fails if they change meanwhile.
    `access_version` counts changes of `role`, `disabled` and `deleted`; see `AdministratorRegister`. Device
    tokens that were made under credentials before the version `devices_from` do not count. A deleted account
    stays as an empty shell without personal data.
    """

    id: str
    name: str
    email: str
    password_hash: str
    role: Role
    created_at: datetime
    updated_at: datetime
    version: int = 1
    credentials_version: int = 1
    disabled: bool = False
    deleted: bool = False
    sessions: tuple[str, ...] = ()
    email_verified: bool = False
    access_version: int = 1
    devices_from: int = 0

    @property
    def is_administrator(self) -> bool:
        """Whether it can administrate: a disabled administrator cannot."""
        return self.role is Role.ADMIN and not self.disabled and not self.deleted

    def signed_in(self, session_id: str, limit: int, now: datetime) -> tuple[User, tuple[str, ...]]:
        """The user with one more session, and the ids of the oldest sessions, which end to keep the
        `limit`."""
        sessions = (*self.sessions, session_id)
        ended, kept = sessions[:-limit], sessions[-limit:]
        return self._changed(now, sessions=kept), ended

    def signed_out(self, now: datetime, *, keep: str | None = None) -> tuple[User, tuple[str, ...]]:
        """The user without sessions except `keep`, and the ids of the sessions that ended."""
        kept = tuple(id for id in self.sessions if id == keep)
        return self._changed(now, sessions=kept), tuple(id for id in self.sessions if id != keep)

    def without_sessions(self, ended: Collection[str], now: datetime) -> User:
        return self._changed(now, sessions=tuple(id for id in self.sessions if id not in ended))

    def without_session(self, session_id: str, now: datetime) -> User:
        return self.without_sessions([session_id], now)

    def renamed(self, name: str, now: datetime) -> User:
        return self._changed(now, name=name)

    def rehashed(self, password_hash: str) -> User:
        """The same password under newer parameters."""
        return replace(self, password_hash=password_hash)

    def with_password(self, password_hash: str, now: datetime) -> User:
        return self._changed(
            now, password_hash=password_hash, credentials_version=self.credentials_version + 1
        )

    def without_password(self, now: datetime) -> User:
        """The account without a password, which signs in by a mailed code."""
        return self.with_password("", now)

    def without_devices(self, now: datetime) -> User:
        """The account under its present credentials, which knows no device from before them."""
        return self._changed(now, devices_from=self.credentials_version)

    def with_verified_email(self, now: datetime) -> User:
        """The account, after its owner has proved to read its mails."""
        return self if self.email_verified else self._changed(now, email_verified=True)

    def with_email(self, email: str, now: datetime) -> User:
        """The account with another address, which its owner has proved to read. The address is a credential,
        so codes and sign-ins under way that began with the former one fail."""
        return self._changed(
            now, email=email, email_verified=True, credentials_version=self.credentials_version + 1
        )

    def with_access(self, role: Role, disabled: bool, now: datetime) -> User:
        return self._access_changed(now, role=role, disabled=disabled)

    def with_access_confirmed(self, now: datetime) -> User:
        """The same access as the next `access_version`, so a slow change of the former one fails."""
        return self._access_changed(now)

    def erased(self, now: datetime) -> User:
        """The shell that stays, without personal data and sessions."""
        return self._access_changed(
            now, name="", email="", email_verified=False, password_hash="", deleted=True, sessions=()
        )

    def _access_changed(self, now: datetime, **changes: Any) -> User:
        return self._changed(now, access_version=self.access_version + 1, **changes)

    def _changed(self, now: datetime, **changes: Any) -> User:
        return replace(self, updated_at=now, version=self.version + 1, **changes)


def existing(user: User | None) -> User:
    """The account. Raises `AccountNotFound` if there is none, or it was deleted."""
    if user is None or user.deleted:
        raise AccountNotFound
    return user


def is_live(user: User | None) -> TypeGuard[User]:
    """Whether the account exists and is not deleted."""
    return user is not None and not user.deleted


def guest(id: str, created_at: datetime) -> User:
    """The user of a guest session. A guest has no account."""
    return User(id, "Guest", "", "", Role.GUEST, created_at, created_at)


REGISTRATION_TIMEOUT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class EmailClaim:
    """`user_id` has, or is about to get, the account of this address.

    A registration claims the address, hashes the password, writes the account and then confirms the claim. If
    it fails before the account is written, it frees the address. If it dies in between, another registration
    may take the claim over. Each step is a compare-and-swap write of the claim, so a registration that was
    overtaken fails to confirm, and an address never has two accounts.
    """

    user_id: str
    claimed_at: datetime
    confirmed: bool = False

    def registration_is_over(self, now: datetime) -> bool:
        """Whether the registration has finished or timed out. If there is no account by then, another
        registration may take the claim over."""
        return self.confirmed or now - self.claimed_at >= REGISTRATION_TIMEOUT

    def confirm(self) -> EmailClaim:
        return replace(self, confirmed=True)
