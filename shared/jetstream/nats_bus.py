"""The event bus on NATS JetStream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import orjson
from nats.aio.client import Client
from nats.js.api import StreamConfig
from prometheus_client import Counter

from shared.events.envelope import Event
from shared.events.ports import Answer, BucketConfig, BusUnavailable, EventHandler
from shared.jetstream.buckets import NatsBucket
from shared.jetstream.connection import NatsConnection
from shared.jetstream.consumer import DurableConsumer
from shared.jetstream.delivery import RetryPolicy
from shared.jetstream.durables import make_foreign_consumers
from shared.jetstream.listener import listen
from shared.jetstream.questions import answer, ask
from shared.jetstream.requests import ApiError
from shared.jetstream.session import MESSAGE_ID, NatsSession, write_message
from shared.jetstream.streams import bucket_stream, ensure_stream, shop_streams
from shared.observability.metrics import EVENTS_PUBLISHED
from shared.tasks import BackgroundTasks


@lru_cache(maxsize=256)
def _published(event_type: str) -> Counter:
    # Looking the label up costs more than counting.
    return EVENTS_PUBLISHED.labels(event_type)


class NatsEventBus:
    """An `EventBus`. `urls` are addresses separated by commas. NATS shows `name` for this replica.

    `start` makes one attempt. It raises `BusUnavailable`, which names `NATS_URL`, and may be called again.
    Later the bus reconnects by itself without end, and creates missing streams and buckets again. While NATS
    is away every operation fails at once. No operation takes longer than `request_seconds`.
    """

    def __init__(
        self,
        urls: str,
        *,
        name: str,
        replicas: int = 1,
        policy: RetryPolicy | None = None,
        request_seconds: float = 2.0,
        drain_seconds: float = 5.0,
        tasks: BackgroundTasks | None = None,
    ) -> None:
        self._replicas = replicas
        self._policy = policy or RetryPolicy()
        self._drain_seconds = drain_seconds
        self._streams: dict[str | None, StreamConfig] = {
            config.name: config for config in shop_streams(replicas)
        }
        self._prepared = False  # whether a session has been prepared
        self._consumers: list[DurableConsumer] = []
        self._connection = NatsConnection(
            urls, name, self._prepare, request_seconds, tasks or BackgroundTasks()
        )

    @property
    def connected(self) -> bool:
        return self._connection.connected

    @property
    def client(self) -> Client:
        """The present connection, for tests."""
        return self._connection.client

    @property
    def connection(self) -> NatsConnection:
        """For the code that works on sessions: dead letters, presence."""
        return self._connection

    async def start(self) -> None:
        await self._connection.start()

    async def close(self) -> None:
        """Gives running handlers `drain_seconds` to end, then leaves NATS."""
        consumers, self._consumers = self._consumers, []
        for consumer in consumers:
            await consumer.stop()
        await self._connection.close()

    async def reconnected(self) -> None:
        await (await self._connection.next_session()).wait_ended()
        await self._connection.next_session()

    async def publish(self, event: Event) -> None:
        headers = {MESSAGE_ID: event.id}
        if event.traceparent:
            headers["traceparent"] = event.traceparent
        payload = orjson.dumps(event.to_json())
        await write_message(self._connection.session, event.subject, payload, headers)
        _published(event.type).inc()

    async def subscribe(self, consumer: str, handlers: Mapping[str, EventHandler]) -> None:
        durable = DurableConsumer(
            self._connection, consumer, handlers, self._policy, drain_seconds=self._drain_seconds
        )
        await durable.start()
        self._consumers.append(durable)

    async def listen(
        self, handlers: Mapping[str, EventHandler], on_listening: Callable[[], None] = lambda: None
    ) -> None:
        await listen(self._connection, handlers, on_listening)

    async def ask(self, subject: str, question: bytes) -> bytes:
        return await ask(self._connection.session, subject, question)

    async def answer(self, subject: str, handler: Answer) -> None:
        await answer(self._connection, subject, handler)

    async def bucket(self, config: BucketConfig) -> NatsBucket:
        stream = bucket_stream(config, self._replicas)
        try:
            await ensure_stream(self._connection.session, stream)
        except ApiError as error:
            raise BusUnavailable(f"NATS refused the bucket {config.name}: {error}") from error
        self._streams[stream.name] = stream
        return NatsBucket(self._connection, config.name, direct=bool(stream.allow_direct))

    async def _prepare(self, session: NatsSession) -> None:
        for config in list(self._streams.values()):
            await ensure_stream(session, config)
        await make_foreign_consumers(session, self._policy, update=not self._prepared)
        self._prepared = True
