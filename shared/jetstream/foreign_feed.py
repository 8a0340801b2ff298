"""The messages of a stream of another account, in order.

The reader creates no consumer, because a consumer could be told to deliver to any subject of that account. It
reads message by message instead. News of the stream wake it. It also looks by itself: news may be lost.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import nats.errors
import orjson
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.events.ports import BusUnavailable
from shared.jetstream.entries import parse_headers
from shared.jetstream.feed import OnMessage, StoredMessage
from shared.jetstream.requests import ApiError
from shared.jetstream.session import NatsSession
from shared.observability.logging import get_logger

_LOOK_SECONDS = 0.5
_PAUSES = (0.002, 0.01, 0.05)
_NOT_FOUND = 404

log = get_logger(__name__)


class ForeignFeed:
    """Passes every message on, in order, until it breaks. It is used like a `Feed`, and reads during
    `wait_broken`. With `direct` it reads from any copy of the stream; `bucket_stream` decides that."""

    def __init__(
        self, session: NatsSession, stream: str, subjects: str, on_message: OnMessage, *, direct: bool
    ) -> None:
        self._session = session
        self._stream = stream
        self._subjects = subjects
        self._on_message = on_message
        self._read = self._read_direct if direct else self._read_from_leader
        self._next = 1
        self._news = asyncio.Event()
        self._broken = asyncio.Event()
        self._subscription: Subscription | None = None

    async def open(self, start: Mapping[str, Any]) -> int:
        """Passes the present messages on. Returns 0: none of them waits. Raises `BusUnavailable` or
        `ApiError`."""
        self._session.on_end(self._broken.set)
        self._next = int(start.get("opt_start_seq", 1))
        try:
            self._subscription = await self._session.client.subscribe(self._subjects, cb=self._on_news)
        except nats.errors.Error as error:
            raise BusUnavailable("NATS is away") from error
        await self._catch_up()
        return 0

    async def wait_broken(self) -> None:
        """Passes further messages on. Returns when messages may be missing."""
        try:
            while not self._broken.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await self._news.wait()
                await self._heed_news()
        except (BusUnavailable, ApiError) as error:
            log.info("feed interrupted", stream=self._stream, reason=str(error))
            self._broken.set()

    async def close(self) -> None:
        self._broken.set()
        self._session.forget(self._broken.set)
        if self._subscription is not None:
            with suppress(nats.errors.Error):
                await self._subscription.unsubscribe()

    async def _heed_news(self) -> None:
        """Reads, and again after a moment if there was nothing: news may arrive before they are stored."""
        for pause in (*_PAUSES, None) if self._news.is_set() else (None,):
            if await self._catch_up() or pause is None:
                return
            await asyncio.sleep(pause)

    async def _catch_up(self) -> bool:
        """Passes all present messages on. Returns whether there was one."""
        self._news.clear()
        before = self._next
        while not self._broken.is_set() and (message := await self._read()) is not None:
            self._next = message.sequence + 1
            self._on_message(message)
        return self._next > before

    async def _on_news(self, _message: Msg) -> None:
        self._news.set()

    @property
    def _wanted(self) -> Mapping[str, Any]:
        return {"seq": self._next, "next_by_subj": self._subjects}

    async def _read_direct(self) -> StoredMessage | None:
        requests = self._session.requests
        subject = requests.subject(f"DIRECT.GET.{self._stream}")
        reply = await requests.send(subject, orjson.dumps(self._wanted))
        headers = reply.headers or {}
        if "Nats-Sequence" in headers:
            return StoredMessage(headers["Nats-Subject"], int(headers["Nats-Sequence"]), reply.data, headers)
        if headers.get("Status") != str(_NOT_FOUND):
            raise BusUnavailable(f"NATS refused to read {self._stream}: {headers.get('Status', '')}")
        return None

    async def _read_from_leader(self) -> StoredMessage | None:
        try:
            answer = await self._session.requests.call(f"STREAM.MSG.GET.{self._stream}", self._wanted)
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return None
            raise
        message = answer["message"]
        headers = parse_headers(base64.b64decode(message.get("hdrs", "")))
        return StoredMessage(
            message["subject"], message["seq"], base64.b64decode(message.get("data", "")), headers
        )
