"""Many requests in flight over one reply subject, with the answers of JetStream's API.

nats-py has its own `request`. Here a write never waits for NATS: requests in flight fail at once when the
connection is lost, nothing is sent while NATS is away, and the number in flight is bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import Any

import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.events.ports import BusUnavailable
from shared.jetstream.accounts import WHOSE_ACCOUNT, api_subject

MAX_IN_FLIGHT = 8192


class NoStream(BusUnavailable):
    """The subject has no listener: its stream is missing, or JetStream has not started."""


class ApiError(Exception):
    """JetStream refused the request. `err_code` is its number of the reason."""

    def __init__(self, code: int, err_code: int, description: str) -> None:
        super().__init__(f"{description} (code {code}, error {err_code})")
        self.code = code
        self.err_code = err_code
        self.description = description


class Requests:
    """The requests of one session. They raise `BusUnavailable` if there is no answer within the timeout."""

    def __init__(self, client: Client, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self._inbox = client.new_inbox()
        self._waiting: dict[str, asyncio.Future[Msg]] = {}
        self._numbers = count()
        self._subscription: Subscription | None = None
        self._closed = False
        self.account = ""
        """The NATS account of this connection, once `open` has returned."""

    async def open(self) -> None:
        """Raises `BusUnavailable`."""
        self._subscription = await self._client.subscribe(f"{self._inbox}.*", cb=self._on_reply)
        answer = read_answer(await self.send(WHOSE_ACCOUNT))
        self.account = str(answer["data"]["account"])

    async def close(self) -> None:
        """Fails all requests in flight. They may or may not have arrived."""
        self._closed = True
        for future in self._waiting.values():
            _fail(future, "NATS went away before it answered")
        if self._subscription is not None:
            with suppress(nats.errors.Error):
                await self._subscription.unsubscribe()

    async def send(self, subject: str, payload: bytes = b"", headers: Mapping[str, str] | None = None) -> Msg:
        """Sends a request and returns the reply. Raises `NoStream` if nobody listens on the subject."""
        if self._closed or not self._client.is_connected:
            raise BusUnavailable("NATS is away")
        if len(self._waiting) >= MAX_IN_FLIGHT:
            raise BusUnavailable("too many requests wait for NATS; try again shortly")
        token = str(next(self._numbers))
        reply = await self._round_trip(token, subject, payload, headers)
        if not reply.data and reply.headers and reply.headers.get("Status") == "503":
            raise NoStream(f"no stream listens on {subject}")
        return reply

    async def _round_trip(
        self, token: str, subject: str, payload: bytes, headers: Mapping[str, str] | None
    ) -> Msg:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Msg] = loop.create_future()
        self._waiting[token] = future
        timer = loop.call_later(self._timeout, _fail, future, f"NATS did not answer in {self._timeout} s")
        try:
            await self._client.publish(
                subject, payload, reply=f"{self._inbox}.{token}", headers=dict(headers) if headers else None
            )
            return await future
        except (nats.errors.Error, OSError) as error:
            raise BusUnavailable(f"NATS did not take a message: {error}") from error
        finally:
            timer.cancel()
            del self._waiting[token]

    async def call(self, endpoint: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Calls JetStream's API. `endpoint` is the subject after `$JS.API.`. Raises `ApiError`."""
        reply = await self.send(self.subject(endpoint), b"" if body is None else orjson.dumps(body))
        return read_answer(reply)

    def subject(self, endpoint: str) -> str:
        """The subject of JetStream's API in the account that has the stream."""
        return api_subject(endpoint, self.account)

    async def _on_reply(self, message: Msg) -> None:
        future = self._waiting.get(message.subject.rpartition(".")[2])
        if future is not None and not future.done():
            future.set_result(message)


def read_answer(message: Msg) -> dict[str, Any]:
    """The JSON of an answer. Raises `ApiError` if it is a refusal."""
    answer: dict[str, Any] = orjson.loads(message.data)
    if error := answer.get("error"):
        raise ApiError(error["code"], error.get("err_code", 0), error.get("description", "refused"))
    return answer


def _fail(future: asyncio.Future[Msg], reason: str) -> None:
    if not future.done():
        future.set_exception(BusUnavailable(reason))
