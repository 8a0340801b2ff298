"""The composition root: the only file that chooses adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta

from auth_service.accounts.administration import AdministrationService
from auth_service.accounts.authentication import Authentication
from auth_service.accounts.credentials import checked, clean_password
from auth_service.accounts.model import User
from auth_service.accounts.passwords import ArgonPasswords
from auth_service.accounts.ports import EmailClaimRepository, Passwords, Throttle, UserRepository
from auth_service.accounts.registration import Registration
from auth_service.accounts.service import AccountService
from auth_service.accounts.store import EMAIL_CLAIMS, USERS, StoredEmailClaims, StoredUsers
from auth_service.clients import ClientAddresses
from auth_service.codes.email_change import EmailChangeService
from auth_service.codes.removal import sweep_codes
from auth_service.codes.service import CodeService
from auth_service.codes.using import CodeUseService
from auth_service.keys.model import SigningKeyring
from auth_service.keys.reload import reload_keys
from auth_service.keys.service import KeyService
from auth_service.keys.signing import Es256Signer, Secrets
from auth_service.keys.store import SIGNING_KEYS, SigningKeyringCodec
from auth_service.mailing import Mailing, open_mailing
from auth_service.operator import OperatorService
from auth_service.service import AuthService
from auth_service.sessions.model import SessionLives
from auth_service.sessions.ports import SessionRepository
from auth_service.sessions.removal import sweep_sessions
from auth_service.sessions.revocations import RevokingDelivery
from auth_service.sessions.service import SessionService
from auth_service.sessions.store import SESSIONS, StoredSessions
from auth_service.sessions.tokens import AccessTokens, RefreshTokens, SessionTokens
from auth_service.settings import AuthSettings
from auth_service.sign_in.opening import SessionOpener
from auth_service.sign_in.service import SignInService
from auth_service.throttling import devices
from auth_service.throttling.budgets import Budgets
from auth_service.throttling.devices import DeviceTokens
from auth_service.throttling.fallback import FallbackTallies
from auth_service.throttling.local_tallies import LocalTallies
from auth_service.throttling.redis_tallies import RedisTallies
from auth_service.throttling.service import SignInThrottle
from shared.aggregates.outbox import Outbox
from shared.aggregates.ports import Repository
from shared.aggregates.repository import AggregateRepository
from shared.backends import Backends, open_backends_within
from shared.clock import Clock, MillisecondClock, SystemClock
from shared.security.revocations import revocations_bucket


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters of the use cases, ready for use."""

    users: UserRepository
    claims: EmailClaimRepository
    sessions: SessionRepository
    keyrings: Repository[SigningKeyring]
    passwords: Passwords
    throttle: Throttle
    mailing: Mailing


@asynccontextmanager
async def bootstrap(settings: AuthSettings, backends: Backends) -> AsyncIterator[AuthService]:
    """The use cases on these backends, with their background work. Raises `WrongSecret` when AUTH_SECRET
    does not open the signing keys in the store."""
    async with open_adapters(settings, backends) as adapters:
        service = compose(settings, backends, adapters)
        await service.keys.load()
        await service.keys.publish()
        seconds = settings.auth_key_reload_seconds
        async with (
            backends.tasks.running("auth-keys", reload_keys(service.keys, backends.bus, seconds)),
            backends.tasks.running("auth-sweep", sweep_sessions(adapters.sessions, backends.clock)),
            backends.tasks.running("code-sweep", sweep_codes(adapters.mailing.expiring, backends.clock)),
        ):
            yield service


@asynccontextmanager
async def open_operator_tools(
    settings: AuthSettings, clock: Clock | None = None, *, patience_seconds: float = 15
) -> AsyncIterator[OperatorService]:
    """The operator's use cases, without HTTP. Raises `Unavailable` when the store or NATS does not answer
    within `patience_seconds`, and `WrongSecret`."""
    opened = open_backends_within(patience_seconds, settings, clock or SystemClock(), name="operator")
    async with opened as backends, bootstrap(settings, backends) as service:
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
        tallies = RedisTallies(settings.redis_url.get_secret_value())
        stack.push_async_callback(tallies.close)
        throttle = SignInThrottle(_budgets(settings), FallbackTallies(tallies, LocalTallies()))
        delivery = RevokingDelivery(backends.bus, revocations_bucket(settings), backends.verifier.end)
        claims = StoredEmailClaims(await stores.open(EMAIL_CLAIMS))
        mailing = await open_mailing(settings, backends, claims)
        outboxes = [
            Outbox(deliver, clock=backends.clock) for deliver in (mailing.delivery(delivery), delivery)
        ]
        adapters = Adapters(
            users=StoredUsers(await stores.open(USERS), outboxes[0]),
            claims=claims,
            sessions=StoredSessions(await stores.open(SESSIONS), outboxes[1]),
            keyrings=AggregateRepository(await stores.open(SIGNING_KEYS), SigningKeyringCodec()),
            passwords=passwords,
            throttle=throttle,
            mailing=mailing,
        )
        for outbox in (*outboxes, *mailing.outboxes):
            await outbox.start(backends.tasks)
            stack.push_async_callback(outbox.close)
        yield adapters


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
    session_tokens = SessionTokens(tokens, refresh_tokens, _lives(settings))
    device_tokens = DeviceTokens(secrets.keys(devices.PURPOSE), clock)
    opener = SessionOpener(
        users=users,
        sessions=sessions,
        tokens=session_tokens,
        devices=device_tokens,
        clock=clock,
        sessions_per_user=settings.auth_sessions_per_user,
    )
    registration = Registration(users, adapters.claims, adapters.passwords, clock)
    authentication = Authentication(
        users, adapters.claims, adapters.passwords, adapters.throttle, device_tokens
    )
    session_service = SessionService(users, sessions, clock)
    accounts = AccountService(
        users=users,
        sessions=sessions,
        claims=adapters.claims,
        passwords=adapters.passwords,
        authentication=authentication,
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
        clock=clock,
    )
    return AuthService(
        accounts=accounts,
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
        administration=AdministrationService(users, clock),
        codes=codes,
        code_use=CodeUseService(
            codes=codes,
            users=users,
            passwords=adapters.passwords,
            check_password=_checked_password,
            opener=opener,
            devices=device_tokens,
            clock=clock,
        ),
        email_change=EmailChangeService(
            codes=codes, users=users, claims=adapters.claims, authentication=authentication, clock=clock
        ),
        keys=keys,
        operator=OperatorService(registration, accounts, keys, tokens, clock),
        addresses=ClientAddresses(settings.gateway_secret.get_secret_value()),
        devices=device_tokens,
    )


def _budgets(settings: AuthSettings) -> Budgets:
    return Budgets.of(
        failures_per_account=settings.auth_failures_per_account,
        failures_per_network=settings.auth_failures_per_network,
        failures_per_device=settings.auth_failures_per_device,
        first_wait=settings.auth_first_wait_seconds,
        longest_wait=settings.auth_longest_wait_seconds,
        sign_ups_per_minute=settings.auth_sign_ups_per_minute,
        guests_per_minute=settings.auth_guests_per_minute,
        mails_per_account=settings.auth_mails_per_account,
        mails_per_network=settings.auth_mails_per_network,
    )


def _lives(settings: AuthSettings) -> SessionLives:
    return SessionLives(
        idle=timedelta(seconds=settings.auth_session_seconds),
        absolute=timedelta(seconds=settings.auth_session_longest_seconds),
        admin=timedelta(seconds=settings.auth_admin_session_seconds),
        grace=timedelta(seconds=settings.auth_refresh_grace_seconds),
    )


async def _checked_password(password: str, _: User) -> str:
    return checked("/new_password", clean_password, password)
