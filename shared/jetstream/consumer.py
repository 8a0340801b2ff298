"""A durable pull consumer on the stream of facts, shared by all replicas that name it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import nats.errors
import orjson
from nats.aio.msg import Msg

from shared.backoff import backoff
from shared.events.ports import BusUnavailable, EventHandler
from shared.jetstream.connection import NatsSessions
from shared.jetstream.delivery import MessageHandler, RetryPolicy
from shared.jetstream.durables import ensure_consumer
from shared.jetstream.requests import ApiError
from shared.jetstream.session import NatsSession
from shared.jetstream.streams import SHOP
from shared.observability.logging import get_logger
from shared.tasks import cancel_all

log = get_logger(__name__)

EXPIRES_SECONDS = 30
HEARTBEAT_SECONDS = 5
_NANOSECONDS = 1_000_000_000
_HEARTBEAT, _NO_MESSAGES, _EXPIRED = "100", "404", "408"


class _PullEnded(Exception):
    """The pull has to start again: the session ended, or the consumer was removed."""


class DurableConsumer:
    """Handles at most `concurrency` events at once in this replica. Their order is not kept."""

    def __init__(
        self,
        connection: NatsSessions,
        name: str,
        handlers: Mapping[str, EventHandler],
        policy: RetryPolicy,
        *,
        drain_seconds: float,
        concurrency: int = 32,
    ) -> None:
        self._connection = connection
        self._name = name
        self._subjects = list(handlers)
        self._policy = policy
        self._drain_seconds = drain_seconds
        self._concurrency = concurrency
        self._deliveries = MessageHandler(name, handlers, policy)
        self._working: dict[asyncio.Task[None], Msg] = {}
        self._slot_freed = asyncio.Event()
        self._pulling: list[asyncio.Task[None]] = []
        self._reporting: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Makes the consumer, or waits for it, and starts to pull. Raises `BusUnavailable`, and `ValueError`
        if the consumer is another account's and declared otherwise."""
        try:
            await self._ensure(self._connection.session, update=True)
        except ApiError as error:
            raise BusUnavailable(f"NATS refused the consumer {self._name}: {error}") from error
        tasks = self._connection.tasks
        self._pulling = [tasks.start(f"consumer-{self._name}", self._run())]
        self._reporting = [tasks.start(f"progress-{self._name}", self._report_progress())]

    async def stop(self) -> None:
        """Stops pulling, and gives running handlers `drain_seconds`. Events of the others come again."""
        await cancel_all(self._pulling)
        if self._working:
            await asyncio.wait(self._working, timeout=self._drain_seconds)
        await cancel_all([*self._working, *self._reporting])

    async def _ensure(self, session: NatsSession, *, update: bool) -> None:
        await ensure_consumer(session, self._name, self._subjects, self._policy, update=update)

    async def _run(self) -> None:
        delays = backoff()
        while True:
            session = await self._connection.next_session()
            try:
                await self._ensure(session, update=False)
                delays = backoff()
                await self._pull(session)
            except (BusUnavailable, ApiError, _PullEnded, nats.errors.Error) as error:
                log.info("consumer interrupted", consumer=self._name, reason=str(error))
                await asyncio.sleep(next(delays))
            except Exception:  # it must continue: no other task handles these events
                log.exception("consumer failed", consumer=self._name)
                await asyncio.sleep(next(delays))

    async def _pull(self, session: NatsSession) -> None:
        arrived: asyncio.Queue[Msg | None] = asyncio.Queue()

        def on_end() -> None:
            arrived.put_nowait(None)

        session.on_end(on_end)
        try:
            while True:
                wanted = await self._free_places()
                await self._pull_batch(session, arrived, wanted)
        finally:
            session.forget(on_end)

    async def _pull_batch(
        self, session: NatsSession, arrived: asyncio.Queue[Msg | None], wanted: int
    ) -> None:
        """Asks for `wanted` events, and handles them when they arrive.

        Each request has its own reply subject, because between two accounts the server remembers a request
        until its reply subject is given up.
        """

        async def on_arrival(message: Msg) -> None:
            arrived.put_nowait(message)

        inbox = session.client.new_inbox()
        subscription = await session.client.subscribe(inbox, cb=on_arrival)
        try:
            await self._receive(session, inbox, arrived, wanted)
        finally:
            with suppress(nats.errors.Error):
                await subscription.unsubscribe()

    async def _receive(
        self, session: NatsSession, inbox: str, arrived: asyncio.Queue[Msg | None], wanted: int
    ) -> None:
        subject = session.requests.subject(f"CONSUMER.MSG.NEXT.{SHOP}.{self._name}")
        await session.client.publish(subject, _request(wanted), inbox)
        while wanted:
            try:
                async with asyncio.timeout(2.5 * HEARTBEAT_SECONDS):
                    message = await arrived.get()
            except TimeoutError as error:
                raise _PullEnded("the server is silent") from error
            if message is None:
                raise _PullEnded("NATS is away")
            status = (message.headers or {}).get("Status")
            if status in (_NO_MESSAGES, _EXPIRED):
                return
            if status is None:
                wanted -= 1
                self._spawn(session, message)
            elif status != _HEARTBEAT:
                raise _PullEnded((message.headers or {}).get("Description", status))

    async def _free_places(self) -> int:
        while len(self._working) >= self._concurrency:
            self._slot_freed.clear()
            await self._slot_freed.wait()
        return self._concurrency - len(self._working)

    def _spawn(self, session: NatsSession, message: Msg) -> None:
        task = asyncio.create_task(self._deliveries.process(session, message))
        self._working[task] = message
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        del self._working[task]
        self._slot_freed.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("delivery failed", consumer=self._name, exc_info=error)

    async def _report_progress(self) -> None:
        """Reports the events under way, so the server does not give them to another replica."""
        while True:
            await asyncio.sleep(self._policy.ack_seconds / 3)
            for message in list(self._working.values()):
                with suppress(nats.errors.Error):
                    await message.in_progress()


def _request(batch: int) -> bytes:
    return orjson.dumps(
        {
            "batch": batch,
            "expires": EXPIRES_SECONDS * _NANOSECONDS,
            "idle_heartbeat": HEARTBEAT_SECONDS * _NANOSECONDS,
        }
    )
