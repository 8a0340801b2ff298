"""The connection to NATS. It reconnects without end, and is connected when it is ready for use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import nats.errors
from nats.aio.client import Client, Server

from shared.addresses import split_addresses, without_credentials
from shared.backoff import backoff
from shared.events.ports import BusUnavailable
from shared.jetstream.accounts import inbox_prefix
from shared.jetstream.requests import ApiError, Requests
from shared.jetstream.session import NatsSession
from shared.observability.logging import get_logger
from shared.tasks import BackgroundTasks, cancel_all

log = get_logger(__name__)

CONNECT_SECONDS = 2
CLOSE_SECONDS = 1
PING_SECONDS = 2  # after two pings without an answer the connection counts as lost
WATCH_SECONDS = 0.25
PATIENCE_SECONDS = 30.0
FORGIVING_SECONDS = 5.0  # a session that ended sooner is renewed after a pause
LONGEST_RETRY_SECONDS = 2.0

Prepare = Callable[[NatsSession], Awaitable[None]]


def choose_server(servers: Sequence[Server], _info: dict[str, Any]) -> tuple[Server, float]:
    """The server with the fewest attempts, after an exponential delay. This is a
    `nats.aio.client.ReconnectToServerHandler`."""
    server = min(servers, key=lambda each: each.reconnects)
    delays = backoff(most=LONGEST_RETRY_SECONDS)
    for _ in range(min(server.reconnects, 10)):
        next(delays)
    return server, next(delays)


def cut_socket(client: Client) -> None:
    """Closes the socket at once, even with unsent bytes. The client has no public method for that."""
    writer = getattr(client._transport, "_io_writer", None)
    if writer is not None:
        with suppress(AttributeError):  # of asyncio: the socket has just closed
            writer.transport.abort()


async def hang_up(client: Client) -> None:
    """Closes the connection within `CLOSE_SECONDS`. With a frozen server it would never end otherwise."""
    closing = asyncio.create_task(client.close())
    await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
    if not closing.done():
        cut_socket(client)
    await closing


class NatsSessions(Protocol):
    """Gives the present session."""

    @property
    def tasks(self) -> BackgroundTasks:
        """The tasks that last as long as the replica."""
        ...

    @property
    def session(self) -> NatsSession:
        """The present session. Raises `BusUnavailable` if there is none."""
        ...

    async def next_session(self) -> NatsSession:
        """The present session, or the next one when it is ready."""
        ...


class NatsConnection:
    """Keeps one client connected. `prepare` is awaited with each new session before others get it. It creates
    streams and buckets, so a NATS that came back empty has them before anyone uses it."""

    def __init__(
        self, urls: str, name: str, prepare: Prepare, request_seconds: float, tasks: BackgroundTasks
    ) -> None:
        self.tasks = tasks
        self._addresses = split_addresses(urls)
        self._name = name
        self._prepare = prepare
        self._request_seconds = request_seconds
        self._client = Client()
        self._coming: NatsSession | None = None  # the session being prepared or in use
        self._session: NatsSession | None = None
        self._ready = asyncio.Event()
        self._changed = asyncio.Event()
        self._last_error: Exception | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        return self._session is not None and not self._session.ended and self._client.is_connected

    @property
    def client(self) -> Client:
        return self._client

    @property
    def session(self) -> NatsSession:
        session = self._session
        if session is None or session.ended or not self._client.is_connected:
            raise BusUnavailable("NATS is away")
        return session

    async def next_session(self) -> NatsSession:
        while self._session is None or self._session.ended:
            self._ready.clear()  # otherwise this loop would not let other tasks run
            await self._ready.wait()
        return self._session

    async def start(self) -> None:
        """Makes one attempt to connect and to prepare. Raises `BusUnavailable`. After a success it reconnects
        by itself."""
        if self._keeper is not None:
            return
        try:
            await self._dial()
            session = await self._begin()
        except BaseException:
            await hang_up(self._client)
            raise
        self._keeper = self.tasks.start("nats-connection", self._keep(session))

    async def close(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        await cancel_all([keeper])
        self._end_session()
        await hang_up(self._client)

    @property
    def _where(self) -> str:
        return without_credentials(self._addresses)

    async def _dial(self) -> None:
        client = self._client = Client()
        try:
            await client.connect(**self._options())
        except (nats.errors.Error, OSError) as error:
            cause = self._last_error or error
            raise BusUnavailable(f"NATS does not answer at {self._where} (NATS_URL): {cause}") from error
        client.options["max_reconnect_attempts"] = -1  # one attempt at the start, without end later

    def _options(self) -> dict[str, Any]:
        return {
            "servers": self._addresses,
            "name": self._name,
            "inbox_prefix": inbox_prefix(self._addresses[0]),
            "no_echo": True,  # a publisher needs no copy
            "max_reconnect_attempts": 1,
            "reconnect_time_wait": 0.1,
            "connect_timeout": CONNECT_SECONDS,
            "ping_interval": PING_SECONDS,
            "max_outstanding_pings": 2,
            "pending_size": 0,  # while NATS is away, publishing fails at once
            "reconnect_to_server_handler": choose_server,
            "error_cb": self._on_error,
            "disconnected_cb": self._on_disconnected,
            "reconnected_cb": self._on_changed,
            "closed_cb": self._on_changed,
        }

    async def _begin(self) -> NatsSession:
        session = NatsSession(self._client, Requests(self._client, self._request_seconds))
        self._coming = session
        try:
            await session.requests.open()
            await self._prepare(session)
        except BaseException as error:
            session.end()
            await session.requests.close()
            if isinstance(error, (BusUnavailable, ApiError)):
                raise BusUnavailable(f"NATS at {self._where} (NATS_URL) is not ready: {error}") from error
            raise
        self._session = session
        self._ready.set()
        log.info("connected to NATS", servers=self._where)
        return session

    async def _keep(self, session: NatsSession) -> None:
        while True:
            try:
                await self._outlast(session)
                session = await self._renew()
            except Exception:  # it must continue: no other task reconnects
                log.exception("unexpected failure of the connection to NATS")
                session.end()
                await asyncio.sleep(WATCH_SECONDS)

    async def _outlast(self, session: NatsSession) -> None:
        began = asyncio.get_running_loop().time()
        await self._watch(session)
        await session.requests.close()
        log.warning("NATS is away", setting="NATS_URL", servers=self._where)
        if asyncio.get_running_loop().time() - began < FORGIVING_SECONDS:
            await asyncio.sleep(WATCH_SECONDS)

    async def _watch(self, session: NatsSession) -> None:
        """Waits until the session ends. The client reports a lost connection after it has closed the socket,
        and that waits for unsent bytes. If the server is frozen, it never ends, so the socket is cut here."""
        while not session.ended:
            try:
                async with asyncio.timeout(WATCH_SECONDS):
                    await session.wait_ended()
            except TimeoutError:
                if not self._client.is_connected:
                    session.end()
                    cut_socket(self._client)

    async def _renew(self) -> NatsSession:
        for delay in backoff(most=LONGEST_RETRY_SECONDS):
            self._changed.clear()
            try:
                if self._client.is_closed:
                    await self._dial()
                if self._client.is_connected:
                    return await self._begin()
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                await hang_up(self._client)  # the client may have given up: the next round connects again
            except BusUnavailable as error:
                log.warning("still without NATS", reason=error.detail)
                await asyncio.sleep(delay)
        raise AssertionError("backoff has no end")

    async def _on_error(self, error: Exception) -> None:
        self._last_error = error
        if "permissions violation" in str(error).lower():
            log.error("NATS refuses what this user may not do", reason=str(error), setting="NATS_URL")
        log.debug("NATS client error", error=repr(error))
        if self._client.is_reconnecting or self._client.is_connecting:
            cut_socket(self._client)  # the client opens the next socket without closing this one

    async def _on_disconnected(self) -> None:
        self._end_session()
        # Unsent messages have failed for their senders. Sent later, they could undo a newer write.
        self._client._pending.clear()
        self._client._pending_data_size = 0

    async def _on_changed(self) -> None:
        if self._client.is_closed:
            self._end_session()
        self._changed.set()

    def _end_session(self) -> None:
        if self._coming is not None:
            self._coming.end()
