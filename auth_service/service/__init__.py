"""The use cases of accounts and sessions."""

from __future__ import annotations

from dataclasses import dataclass

from auth_service.service.accounts import AccountService
from auth_service.service.administration import AdministrationService
from auth_service.service.authentication import Authentication, Client
from auth_service.service.endings import Endings
from auth_service.service.keys import KeyPolicy, KeyService
from auth_service.service.operations import Operations
from auth_service.service.refresh_tokens import RefreshTokens
from auth_service.service.registration import Registration
from auth_service.service.sessions import SessionPolicy, SessionService
from auth_service.service.tokens import AccessTokens, SignedIn, TokenPolicy

__all__ = [
    "AccessTokens",
    "AccountService",
    "AdministrationService",
    "AuthService",
    "Authentication",
    "Client",
    "Endings",
    "KeyPolicy",
    "KeyService",
    "Operations",
    "RefreshTokens",
    "Registration",
    "SessionPolicy",
    "SessionService",
    "SignedIn",
    "TokenPolicy",
]


@dataclass(frozen=True, slots=True)
class AuthService:
    """All use cases, in groups: routes use the first five, the command line the last."""

    accounts: AccountService
    sessions: SessionService
    endings: Endings
    administration: AdministrationService
    keys: KeyService
    operations: Operations
