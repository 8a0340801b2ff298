"""A stream's messages in order, pushed over one ordered consumer.

A feed belongs to one session. It breaks if the session ends, if a message is missing, or if the server's
heartbeats stop. Its reader then opens the next one at the same place. (The ordered consumer of nats-py starts
again without a report, and gives up if that fails once.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.events.ports import BusUnavailable
from shared.jetstream.requests import ApiError
from shared.jetstream.session import NatsSession

HEARTBEAT_SECONDS = 2
_SILENCE_SECONDS = 2.5 * HEARTBEAT_SECONDS
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message of a stream. `sequence` is its number there. `is_last` says that no further one waits."""

    subject: str
    sequence: int
    data: bytes
    headers: Mapping[str, str] | None
    is_last: bool = False


OnMessage = Callable[[StoredMessage], None]


class Feed:
    """Passes every message on, in order, until it breaks. Use it once: `open`, `wait_broken`, `close`."""

    def __init__(self, session: NatsSession, stream: str, on_message: OnMessage) -> None:
        self._session = session
        self._stream = stream
        self._on_message = on_message
        self._inbox = session.client.new_inbox()
        self._consumer: str | None = None
        self._subscription: Subscription | None = None
        self._received = 0
        self._last_heard = 0.0
        self._broken = asyncio.Event()

    async def open(self, start: Mapping[str, Any]) -> int:
        """Starts at `start` (a consumer's `deliver_policy` and its parameters). Returns the number of waiting
        messages. Raises `BusUnavailable` or `ApiError`."""
        self._session.on_end(self._broken.set)
        self._last_heard = asyncio.get_running_loop().time()
        try:
            self._subscription = await self._session.client.subscribe(self._inbox, cb=self._on_arrival)
        except nats.errors.Error as error:
            raise BusUnavailable("NATS is away") from error
        answer = await self._session.requests.call(
            f"CONSUMER.CREATE.{self._stream}",
            {"stream_name": self._stream, "config": {**self._settings(), **start}},
        )
        self._consumer = answer["name"]
        return int(answer["num_pending"])

    async def wait_broken(self) -> None:
        """Returns when messages may be missing."""
        loop = asyncio.get_running_loop()
        while not self._broken.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._broken.wait()
            if loop.time() - self._last_heard > _SILENCE_SECONDS:
                self._broken.set()

    async def close(self) -> None:
        self._broken.set()
        self._session.forget(self._broken.set)
        if self._subscription is not None:
            with suppress(nats.errors.Error):
                await self._subscription.unsubscribe()
        if self._consumer is not None and not self._session.ended:
            with suppress(BusUnavailable, ApiError):  # the server removes an unused consumer later
                await self._session.requests.call(f"CONSUMER.DELETE.{self._stream}.{self._consumer}")

    def _settings(self) -> dict[str, Any]:
        return {
            "deliver_subject": self._inbox,
            "ack_policy": "none",
            "max_deliver": 1,
            "flow_control": True,
            "idle_heartbeat": HEARTBEAT_SECONDS * _NANOSECONDS,
            "inactive_threshold": 30 * _NANOSECONDS,
            "mem_storage": True,
            "num_replicas": 1,
        }

    async def _on_arrival(self, message: Msg) -> None:
        self._last_heard = asyncio.get_running_loop().time()
        if self._broken.is_set():
            return
        headers = message.headers or {}
        if "Status" in headers:
            await self._on_control(message, headers)
        elif message.metadata.sequence.consumer == self._received + 1:
            self._received += 1
            self._on_message(_stored(message))
        else:
            self._broken.set()

    async def _on_control(self, message: Msg, headers: Mapping[str, str]) -> None:
        """Handles a heartbeat, which names the last sent message, or a request of flow control."""
        if int(headers.get("Nats-Last-Consumer", self._received)) != self._received:
            self._broken.set()
        answer_to = message.reply or headers.get("Nats-Consumer-Stalled")
        if answer_to:
            with suppress(nats.errors.Error):
                await self._session.client.publish(answer_to)


def _stored(message: Msg) -> StoredMessage:
    metadata = message.metadata
    is_last = metadata.num_pending == 0
    return StoredMessage(message.subject, metadata.sequence.stream, message.data, message.headers, is_last)
