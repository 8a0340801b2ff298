"""Handles a message. After a failure it asks for another attempt, or makes a dead letter."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import nats.errors
import orjson
from nats.aio.msg import Msg

from shared.backoff import backoff
from shared.errors import Unavailable
from shared.events.envelope import Event
from shared.events.ports import BusUnavailable, EventHandler
from shared.jetstream.dead_letters import REQUEUED_FOR, bury
from shared.jetstream.session import NatsSession
from shared.observability.logging import get_logger
from shared.observability.metrics import EVENTS_HANDLED
from shared.observability.tracing import continue_trace, mark_failed

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`delays` are the seconds between attempts. The event becomes a dead letter after the attempt that
    follows the last delay.

    If a replica reports nothing about an event for `ack_seconds`, another one gets the event. If a handler
    raises `Unavailable`, it is called again, within the same attempt, for `outage_seconds`. So a store that
    is away for a while makes no dead letters.
    """

    delays: tuple[float, ...] = (0.5, 2, 10, 30, 120, 300)
    ack_seconds: float = 30
    outage_seconds: float = 600

    @property
    def attempts(self) -> int:
        return len(self.delays) + 1

    @property
    def max_deliver(self) -> int:
        """The most deliveries by the server. It is greater than `attempts`, so an event comes again for its
        dead letter if that could not be written, or if each attempt ended its replica."""
        return self.attempts + 10


def matches(pattern: str, subject: str) -> bool:
    wanted, tokens = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted.pop()
        if len(tokens) <= len(wanted):
            return False
        tokens = tokens[: len(wanted)]
    return len(wanted) == len(tokens) and all(w in ("*", t) for w, t in zip(wanted, tokens, strict=True))


def find_handler(handlers: Mapping[str, EventHandler], subject: str) -> EventHandler | None:
    """The handler of the first pattern that matches."""
    return next((handler for pattern, handler in handlers.items() if matches(pattern, subject)), None)


class MessageHandler:
    """Handles the messages that a consumer pulls."""

    def __init__(self, consumer: str, handlers: Mapping[str, EventHandler], policy: RetryPolicy) -> None:
        self._consumer = consumer
        self._handlers = handlers
        self._policy = policy

    async def process(self, session: NatsSession, message: Msg) -> None:
        """Handles the message and answers it. If NATS is away, the answer is lost and the message repeats."""
        with suppress(BusUnavailable, nats.errors.Error):
            await self._process(session, message)

    async def _process(self, session: NatsSession, message: Msg) -> None:
        if (message.headers or {}).get(REQUEUED_FOR, self._consumer) != self._consumer:
            await message.ack()  # requeued for another consumer; this one has handled it before
            return
        if message.metadata.num_delivered > self._policy.attempts:
            await self._give_up(session, message, "no attempt came to an end")
            return
        try:
            event = Event.from_json(orjson.loads(message.data))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            await self._give_up(session, message, f"undecodable: {error!r}")
            return
        await self._handle(session, message, event)

    async def _handle(self, session: NatsSession, message: Msg, event: Event) -> None:
        with continue_trace(event.traceparent, f"handle {event.type}", self._attributes(message, event)):
            try:
                await self._call(message, event)
            except Exception as error:
                mark_failed(error)
                await self._fail(session, message, event, error)
            else:
                await message.ack()
                self._count("handled")

    def _attributes(self, message: Msg, event: Event) -> dict[str, str]:
        """https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/"""
        return {
            "messaging.system": "nats",
            "messaging.operation.type": "process",
            "messaging.destination.name": message.subject,
            "messaging.consumer.group.name": self._consumer,
            "messaging.message.id": event.id,
        }

    async def _call(self, message: Msg, event: Event) -> None:
        handler = find_handler(self._handlers, message.subject)
        if handler is None:
            raise LookupError(f"no handler for {message.subject}")
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._policy.outage_seconds
        for delay in backoff(0.1, 5):
            try:
                await handler(event)
            except Unavailable as error:
                if loop.time() > give_up_at:
                    raise
                log.info("event waits", consumer=self._consumer, event_id=event.id, reason=error.detail)
                await asyncio.sleep(delay)
            else:
                return

    async def _fail(self, session: NatsSession, message: Msg, event: Event, error: Exception) -> None:
        attempt = message.metadata.num_delivered
        log.error(
            "event failed",
            consumer=self._consumer,
            event_id=event.id,
            type=event.type,
            attempt=attempt,
            exc_info=error,
        )
        if attempt >= self._policy.attempts:
            await self._give_up(session, message, repr(error))
        else:
            await message.nak(delay=self._policy.delays[attempt - 1])
            self._count("retried")

    async def _give_up(self, session: NatsSession, message: Msg, reason: str) -> None:
        await bury(session, message, self._consumer, reason)
        await message.ack()
        self._count("dead")
        log.error("dead letter", consumer=self._consumer, subject=message.subject, reason=reason)

    def _count(self, outcome: str) -> None:
        EVENTS_HANDLED.labels(self._consumer, outcome).inc()
