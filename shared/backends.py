"""The backends of every service: the store, the bus, the cache and the verified identity of callers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from shared.cache.ports import Cache
from shared.cache.redis_cache import TIMEOUT_SECONDS, RedisCache
from shared.clock import Clock
from shared.errors import ShopError, Unavailable
from shared.events.ports import EventBus
from shared.health import HealthCheck
from shared.jetstream.connection import NatsSessions
from shared.jetstream.nats_bus import NatsEventBus
from shared.observability.logging import get_logger
from shared.security.keyring import Keyring
from shared.security.revocations import Revocations
from shared.security.verifier import TokenVerifier
from shared.settings import ServiceSettings
from shared.store.factory import StoreFactory, create_store_factory
from shared.tasks import BackgroundTasks

T = TypeVar("T")
Waiting = Callable[[str], None]

_EXPECTED = (ShopError, OSError)
_MOST_SURPRISES = 5

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Backends:
    """Connected, and shared by everything in the process. `bootstrap` builds the adapters from it."""

    settings: ServiceSettings
    stores: StoreFactory
    bus: EventBus
    nats: NatsSessions
    """Only for the replica's presence. Events go through `bus`."""
    cache: Cache
    clock: Clock
    verifier: TokenVerifier
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is asked to end. Work that is longer than a request should end then."""
    tasks: BackgroundTasks = field(default_factory=BackgroundTasks)
    """`bootstrap` starts the background tasks here."""


def create_verifier(settings: ServiceSettings, clock: Clock) -> TokenVerifier:
    """A verifier that knows no key yet."""
    return TokenVerifier(
        Keyring(),
        Revocations(settings, clock),
        clock,
        issuer=settings.auth_issuer,
        audience=settings.auth_audience,
    )


@asynccontextmanager
async def open_backends(
    settings: ServiceSettings,
    clock: Clock,
    *,
    name: str,
    verifier: TokenVerifier | None = None,
    waiting: Waiting = lambda _: None,
    draining: asyncio.Event | None = None,
    tasks: BackgroundTasks | None = None,
    cache_seconds: float = TIMEOUT_SECONDS,
) -> AsyncIterator[Backends]:
    """Connects to all backends, and tries until each answers. `waiting` gets the name of the one it waits
    for. Closes them in the opposite order. An operation on the cache takes at most `cache_seconds`.

    It does not wait for the cache: without the cache everything works, but slower.
    """
    verifier = verifier or create_verifier(settings, clock)
    tasks = tasks or BackgroundTasks()
    stores = create_store_factory(settings)
    cache = RedisCache(settings.redis_url.get_secret_value(), timeout_seconds=cache_seconds)
    bus = NatsEventBus(
        settings.nats_url.get_secret_value(),
        name=name,
        replicas=settings.nats_stream_replicas,
        tasks=tasks,
    )
    try:
        store_setting = "ELASTICSEARCH_URL" if settings.elasticsearch_url else "SQLITE_DIRECTORY"
        await retry_until_available(stores.ping, f"the store ({store_setting})", waiting)
        await retry_until_available(bus.start, "NATS (NATS_URL)", waiting)
        await retry_until_available(
            lambda: verifier.start(bus), "the signing keys in NATS (NATS_URL)", waiting
        )
        yield Backends(
            settings,
            stores,
            bus,
            bus.connection,
            cache,
            clock,
            verifier,
            draining or asyncio.Event(),
            tasks,
        )
    finally:
        await verifier.stop()
        await bus.close()
        await cache.close()
        await stores.close()


@asynccontextmanager
async def open_backends_within(
    seconds: float, settings: ServiceSettings, clock: Clock, *, name: str
) -> AsyncIterator[Backends]:
    """`open_backends` for a command, with a limit of waiting. Raises `Unavailable`, which names the backend
    that does not answer, and its setting. A command reads all of the cache and needs each answer, so it also
    waits that long for one: Redis may be busy for a moment."""
    waits_for = ["its start"]
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(seconds):
                backends = await stack.enter_async_context(
                    open_backends(settings, clock, name=name, waiting=waits_for.append, cache_seconds=seconds)
                )
        except TimeoutError as error:
            raise Unavailable(
                f"Waited {seconds:g} s for {waits_for[-1]}. Check that it runs and that the setting is right."
            ) from error
        yield backends


async def retry_until_available(attempt: Callable[[], Awaitable[T]], what: str, waiting: Waiting) -> T:
    """Tries until it works, with pauses that grow from a fifth of a second to five seconds. An unexpected
    kind of error is raised after some attempts, because waiting hardly repairs it."""
    waiting(what)
    surprises = 0

    def again(error: BaseException) -> bool:
        nonlocal surprises
        surprises += not isinstance(error, _EXPECTED)
        return isinstance(error, Exception) and surprises < _MOST_SURPRISES

    async def try_once() -> T:
        try:
            return await attempt()
        except Exception:
            _heed_cancellation()
            raise

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        reason = str(error) or type(error).__name__
        exc_info = None if isinstance(error, _EXPECTED) else error
        log.warning(f"waiting for {what}", reason=reason, exc_info=exc_info)

    retrying = AsyncRetrying(
        retry=retry_if_exception(again),
        wait=wait_exponential_jitter(multiplier=0.2, max=5, jitter=0.2),
        before_sleep=tell,
    )
    return await retrying(try_once)


def _heed_cancellation() -> None:
    """Raises `CancelledError` if the task was cancelled and the attempt swallowed that, as Python 3.11's
    `wait_for` does if its task ends at the same moment. Otherwise the attempts would never end."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def health_checks(backends: Backends, without_redis: str | None) -> list[HealthCheck]:
    """The store is required. Without NATS or Redis a service continues with its present knowledge.
    `without_redis` says what is missing then; it is None for a service that does not use Redis."""

    async def nats() -> str | None:
        return None if backends.bus.connected else "away; events wait, keys and logouts are those last seen"

    async def redis() -> str | None:
        return None if await backends.cache.ping() else f"away; {without_redis}"

    checks = [
        HealthCheck("store", backends.stores.ping, required=True),
        HealthCheck("nats", nats, required=False),
    ]
    return checks if without_redis is None else [*checks, HealthCheck("redis", redis, required=False)]
