"""The composition root: the only file that chooses adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from auth_service.accounts.administrator_store import ADMINISTRATORS, AdministratorsCodec
from auth_service.accounts.administrators import AdministratorRegister, Administrators
from auth_service.accounts.authentication import Authentication
from auth_service.accounts.breaches import BreachRanges, NoBreaches
from auth_service.accounts.known_devices import KnownDevices
from auth_service.accounts.password_rules import PasswordPolicy
from auth_service.accounts.passwords import ArgonPasswords
from auth_service.accounts.ports import (
    BreachedPasswords,
    EmailClaimRepository,
    Passwords,
    Throttle,
    UserRepository,
)
from auth_service.accounts.reauthentication import RecentSignIn
from auth_service.accounts.registration import Registration
from auth_service.accounts.removal import AccountRemoval
from auth_service.accounts.service import AccountService
from auth_service.accounts.store import EMAIL_CLAIMS, StoredEmailClaims
from auth_service.administration.service import AdministrationService
from auth_service.auditing import open_audited
from auth_service.browsers import AllowedOrigins
from auth_service.clients import ClientAddresses
from auth_service.codes.email_change import EmailChangeService
from auth_service.codes.removal import sweep_codes
from auth_service.codes.service import CodeService
from auth_service.codes.using import CodeUseService
from auth_service.export.service import ExportService
from auth_service.keys.model import SigningKeyring
from auth_service.keys.reload import KeyUpkeep
from auth_service.keys.service import KeyService
from auth_service.keys.signing import Es256Signer, Secrets
from auth_service.keys.store import SIGNING_KEYS, SigningKeyringCodec
from auth_service.limits import budgets_of, session_lives_of
from auth_service.mailing import Mailing, open_mailing
from auth_service.operator import OperatorService
from auth_service.security_log.ports import SecurityLogRepository
from auth_service.security_log.removal import sweep_security_logs
from auth_service.security_log.service import SecurityLogService
from auth_service.service import AuthService
from auth_service.sessions.ports import SessionRepository
from auth_service.sessions.removal import sweep_sessions
from auth_service.sessions.service import SessionService
from auth_service.sessions.tokens import AccessTokens, RefreshTokens, SessionTokens
from auth_service.settings import AuthSettings
from auth_service.sign_in.opening import SessionOpener
from auth_service.sign_in.service import SignInService
from auth_service.subscribers import subscribe
from auth_service.throttling import devices
from auth_service.throttling.devices import DeviceTokens
from auth_service.throttling.fallback import FallbackTallies
from auth_service.throttling.local_tallies import LocalTallies
from auth_service.throttling.redis_tallies import RedisTallies
from auth_service.throttling.service import SignInThrottle
from shared.aggregates.ports import Repository
from shared.aggregates.repository import AggregateRepository
from shared.backends import Backends, open_backends_within
from shared.clock import Clock, MillisecondClock, SystemClock
from shared.events.exports import ask_for_export

_BREACH_SECONDS = 1.0
"""The longest wait for the service of breached passwords. After it a password is accepted unchecked."""


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters of the use cases, ready for use."""

    users: UserRepository
    claims: EmailClaimRepository
    sessions: SessionRepository
    keyrings: Repository[SigningKeyring]
    administrators: Repository[Administrators]
    security_logs: SecurityLogRepository
    passwords: Passwords
    breached: BreachedPasswords
    throttle: Throttle
    mailing: Mailing


@asynccontextmanager
async def bootstrap(settings: AuthSettings, backends: Backends) -> AsyncIterator[AuthService]:
    """The use cases on these backends, with their subscribers and background work. Raises `WrongSecret` when
    AUTH_SECRET does not open the signing keys in the store."""
    clock, running = backends.clock, backends.tasks.running
    async with open_use_cases(settings, backends) as (service, adapters):
        await subscribe(backends.bus, service)
        every, rotation = settings.auth_key_reload_seconds, timedelta(days=settings.auth_key_rotation_days)
        upkeep = KeyUpkeep(service.keys, backends.bus, every, rotation)
        async with (
            running("auth-keys", upkeep.run()),
            running("auth-sweep", sweep_sessions(adapters.sessions, clock)),
            running("code-sweep", sweep_codes(adapters.mailing.expiring, clock)),
            running("security-log-sweep", sweep_security_logs(adapters.security_logs, clock)),
        ):
            yield service


@asynccontextmanager
async def open_use_cases(
    settings: AuthSettings, backends: Backends
) -> AsyncIterator[tuple[AuthService, Adapters]]:
    """The use cases and their adapters. Only the outboxes run. Raises `WrongSecret`."""
    async with open_adapters(settings, backends) as adapters:
        service = compose(settings, backends, adapters)
        await service.keys.load()
        await service.keys.publish()
        yield service, adapters


@asynccontextmanager
async def open_operator_tools(
    settings: AuthSettings, clock: Clock | None = None, *, patience_seconds: float = 15
) -> AsyncIterator[OperatorService]:
    """The operator's use cases, without HTTP. Raises `Unavailable` when the store or NATS does not answer
    within `patience_seconds`, and `WrongSecret`."""
    opened = open_backends_within(patience_seconds, settings, clock or SystemClock(), name="operator")
    async with opened as backends, open_use_cases(settings, backends) as (service, _):
        yield service.operator


@asynccontextmanager
async def open_adapters(settings: AuthSettings, backends: Backends) -> AsyncIterator[Adapters]:
    """Opens the adapters that the settings choose, and closes them at the end."""
    async with AsyncExitStack() as stack:
        stores = backends.stores
        passwords = ArgonPasswords(
            settings.auth_password_workers,
            settings.auth_password_queue,
            memory_kib=settings.auth_password_memory_kib,
            iterations=settings.auth_password_iterations,
        )
        stack.enter_context(closing(passwords))
        breached = _breached_passwords(settings)
        stack.push_async_callback(breached.close)
        tallies = RedisTallies(settings.redis_url.get_secret_value())
        stack.push_async_callback(tallies.close)
        throttle = SignInThrottle(budgets_of(settings), FallbackTallies(tallies, LocalTallies()))
        claims = StoredEmailClaims(await stores.open(EMAIL_CLAIMS))
        mailing = await open_mailing(settings, backends, claims)
        audited = await open_audited(backends, mailing.notices)
        adapters = Adapters(
            users=audited.users,
            claims=claims,
            sessions=audited.sessions,
            keyrings=AggregateRepository(await stores.open(SIGNING_KEYS), SigningKeyringCodec()),
            administrators=AggregateRepository(await stores.open(ADMINISTRATORS), AdministratorsCodec()),
            security_logs=audited.security_logs,
            passwords=passwords,
            breached=breached,
            throttle=throttle,
            mailing=mailing,
        )
        for outbox in (*(outbox for _, outbox in audited.outboxes), *mailing.outboxes):
            await outbox.start(backends.tasks)
            stack.push_async_callback(outbox.close)
        yield adapters


def _breached_passwords(settings: AuthSettings) -> BreachedPasswords:
    url = settings.auth_breached_passwords_url
    return BreachRanges(url, timeout_seconds=_BREACH_SECONDS) if url else NoBreaches()


def compose(settings: AuthSettings, backends: Backends, adapters: Adapters) -> AuthService:
    """The use cases over these adapters. Call `keys.load` before any of them."""
    clock, users, sessions = MillisecondClock(backends.clock), adapters.users, adapters.sessions
    secrets = Secrets(
        settings.auth_secret.get_secret_value(), settings.auth_secret_previous.get_secret_value()
    )
    signer = Es256Signer(secrets)
    # Every replica looks for new keys within the lead. The overlap outlasts the last token of an old key.
    lead = timedelta(seconds=2 * settings.auth_key_reload_seconds)
    overlap = timedelta(seconds=settings.auth_access_token_seconds) + lead
    keys = KeyService(adapters.keyrings, signer, backends.bus, clock, lead=lead, overlap=overlap)
    tokens = AccessTokens(
        keys,
        signer,
        issuer=settings.auth_issuer,
        audience=settings.auth_audience,
        expires_in=settings.auth_access_token_seconds,
    )
    refresh_tokens = RefreshTokens(secrets.keys("trolley refresh tokens"))
    session_tokens = SessionTokens(tokens, refresh_tokens, session_lives_of(settings))
    device_tokens = DeviceTokens(secrets.keys(devices.PURPOSE), clock)
    opener = SessionOpener(
        users=users,
        sessions=sessions,
        tokens=session_tokens,
        devices=device_tokens,
        clock=clock,
        sessions_per_user=settings.auth_sessions_per_user,
    )
    policy = PasswordPolicy(settings.shop_name, adapters.breached)
    registration = Registration(users, adapters.claims, adapters.passwords, policy, clock)
    security_log = SecurityLogService(adapters.security_logs, clock)
    known_devices = KnownDevices(users, device_tokens)
    authentication = Authentication(
        users=users,
        claims=adapters.claims,
        passwords=adapters.passwords,
        throttle=adapters.throttle,
        devices=known_devices,
        policy=policy,
        log=security_log,
    )
    session_service = SessionService(users, sessions, clock)
    administrators = AdministratorRegister(users, adapters.administrators, clock)
    removal = AccountRemoval(users, adapters.claims, administrators, clock)
    accounts = AccountService(
        users=users,
        sessions=sessions,
        claims=adapters.claims,
        passwords=adapters.passwords,
        policy=policy,
        authentication=authentication,
        removal=removal,
        clock=clock,
    )
    mailing = adapters.mailing
    codes = CodeService(
        users=users,
        claims=adapters.claims,
        codes=mailing.codes,
        requests=mailing.requests,
        issuer=mailing.issuer,
        derivation=mailing.derivation,
        throttle=adapters.throttle,
        devices=known_devices,
        log=security_log,
        clock=clock,
    )
    return AuthService(
        accounts=accounts,
        recent_sign_in=RecentSignIn(clock, timedelta(seconds=settings.auth_recent_sign_in_seconds)),
        sign_in=SignInService(
            users=users,
            sessions=sessions,
            registration=registration,
            authentication=authentication,
            throttle=adapters.throttle,
            tokens=session_tokens,
            opener=opener,
            session_service=session_service,
            clock=clock,
        ),
        sessions=session_service,
        codes=codes,
        code_use=CodeUseService(
            codes=codes,
            users=users,
            passwords=adapters.passwords,
            policy=policy,
            opener=opener,
            sessions=session_service,
            devices=device_tokens,
            clock=clock,
        ),
        email_change=EmailChangeService(
            codes=codes, users=users, claims=adapters.claims, authentication=authentication, clock=clock
        ),
        administration=AdministrationService(users, sessions, administrators, removal, clock),
        security_log=security_log,
        export=ExportService(
            accounts, session_service, security_log, partial(ask_for_export, backends.bus), clock
        ),
        keys=keys,
        operator=OperatorService(
            registration, administrators, accounts=accounts, keys=keys, tokens=tokens, clock=clock
        ),
        addresses=ClientAddresses(settings.gateway_secret.get_secret_value()),
        origins=AllowedOrigins(settings.gateway_cors_origins),
    )
