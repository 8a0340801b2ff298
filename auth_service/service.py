"""The use cases of auth_service, in groups."""

from __future__ import annotations

from dataclasses import dataclass

from auth_service.accounts.reauthentication import RecentSignIn
from auth_service.accounts.service import AccountService
from auth_service.administration.service import AdministrationService
from auth_service.browsers import AllowedOrigins
from auth_service.clients import ClientAddresses
from auth_service.codes.email_change import EmailChangeService
from auth_service.codes.service import CodeService
from auth_service.codes.using import CodeUseService
from auth_service.export.service import ExportService
from auth_service.keys.service import KeyService
from auth_service.operator import OperatorService
from auth_service.security_log.service import SecurityLogService
from auth_service.sessions.service import SessionService
from auth_service.sign_in.service import SignInService


@dataclass(frozen=True, slots=True)
class AuthService:
    """Routes use all groups but `operator`, which the operator's command line uses."""

    accounts: AccountService
    recent_sign_in: RecentSignIn
    sign_in: SignInService
    sessions: SessionService
    administration: AdministrationService
    codes: CodeService
    code_use: CodeUseService
    email_change: EmailChangeService
    security_log: SecurityLogService
    export: ExportService
    keys: KeyService
    operator: OperatorService
    addresses: ClientAddresses
    origins: AllowedOrigins
