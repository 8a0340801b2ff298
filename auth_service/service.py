"""The use cases of accounts and sessions."""

from __future__ import annotations

from dataclasses import dataclass

from auth_service.accounts.administration import AdministrationService
from auth_service.accounts.service import AccountService
from auth_service.keys.service import KeyService
from auth_service.operations import OperatorService
from auth_service.sessions.service import SessionService
from auth_service.sign_in.service import SignInService


@dataclass(frozen=True, slots=True)
class AuthService:
    """All use cases, in groups. Routes use the first five, the command line uses the last."""

    accounts: AccountService
    sign_in: SignInService
    sessions: SessionService
    administration: AdministrationService
    keys: KeyService
    operations: OperatorService
